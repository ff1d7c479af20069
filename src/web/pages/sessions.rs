//! Where an account is signed in.

use askama::Template;

use super::chooser::used;
use super::chrome::{Chrome, Form};
use super::locale::Locale;
use super::people::{EntryState, Person};
use super::{text, upstream};
use crate::authn::Provider;
use crate::base::Timestamp;

/// One place where the account is signed in.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// What its "sign out" button sends.
    pub handle: String,
    /// Browser and system, as far as they can be told.
    pub device: Option<String>,
    /// It is the browser that looks.
    pub here: bool,
    /// What it is good for.
    pub state: EntryState,
    /// Address at the sign-in.
    pub address: String,
    /// The country that it is in, where that is known.
    pub country: Option<String>,
    /// The login method's name.
    pub method: String,
    /// When the person proved who they are.
    pub signed_in_at: Timestamp,
    /// Seconds since its last use.
    pub idle: u64,
}

impl SessionRow {
    fn device(&self, locale: Locale) -> &str {
        self.device.as_deref().unwrap_or(text::of(locale).chooser.unknown_device)
    }

    fn used(&self, locale: Locale) -> String {
        used(locale, Some(self.idle))
    }

    /// The method in words; one that has none here goes by its name.
    fn method(&self, locale: Locale) -> &str {
        let t = &text::of(locale).login;
        match self.method.as_str() {
            "password" => t.account_title,
            "sub_account" => t.sub_title,
            "iam_user" => text::of(locale).iam.title,
            "sms" => text::of(locale).sms.title,
            "one_tap" => text::of(locale).upstream.one_tap,
            vendor @ ("wechat" | "alipay" | "taobao") => upstream::name(Provider::of(vendor), locale),
            other if other.starts_with("oidc.") => upstream::name(Provider::Oidc, locale),
            other => other,
        }
    }

    /// `2026-03-01 08:15 UTC`.
    fn moment(&self) -> String {
        let text = self.signed_in_at.to_string();
        match (text.get(..10), text.get(11..16)) {
            (Some(day), Some(time)) => format!("{day} {time} UTC"),
            _ => text,
        }
    }
}

/// `/me/sessions`. Posts `sign_out=<handle>`, `sign_out_others=1` or
/// `sign_out_everywhere=1`.
#[derive(Clone, Debug, Template)]
#[template(path = "sessions.html")]
pub struct SessionsPage {
    /// The frame.
    pub chrome: Chrome,
    /// Where to, guarded by what.
    pub form: Form,
    /// Whose places these are.
    pub person: Person,
    /// The places, last used first.
    pub rows: Vec<SessionRow>,
    /// To `/me/bindings` of this account.
    pub bindings_href: String,
    /// To `/me/apps` of this account.
    pub apps_href: String,
    /// Back to `/accounts`.
    pub back_href: String,
}
