//! What every page has around its content, and every form inside it.

use url::Url;
use url::form_urlencoded::Serializer;

use super::locale::Locale;
use super::problem::{Field, PageError};
use super::text::{self, Texts};
use crate::authn::Provider;
use crate::web::assets;

/// The frame of a page: its language, the client it serves, its links.
#[derive(Clone, Debug)]
pub struct Chrome {
    locale: Locale,
    brand: Option<String>,
    client: Option<String>,
    language_href: Option<String>,
    help: Option<WebLink>,
}

impl Chrome {
    /// A frame in this language, for no client, without a language link.
    pub fn new(locale: Locale) -> Self {
        Self { locale, brand: None, client: None, language_href: None, help: None }
    }

    /// Names the product, as the operator configured it for this language.
    #[must_use]
    pub fn branded(mut self, name: impl Into<String>) -> Self {
        self.brand = Some(name.into());
        self
    }

    /// Names the client that the person is signing in to.
    #[must_use]
    pub fn serving(mut self, client_name: impl Into<String>) -> Self {
        self.client = Some(client_name.into());
        self
    }

    /// Adds the link to the other language: this page again, by GET, with the
    /// same query. Leave it out where the query is not to be trusted.
    #[must_use]
    pub fn at(mut self, path: &str, query: &[(&str, &str)]) -> Self {
        let kept = query.iter().filter(|(name, _)| *name != "ui_locales");
        let query = Serializer::new(String::new())
            .extend_pairs(kept)
            .append_pair("ui_locales", self.locale.other().tag())
            .finish();
        self.language_href = Some(format!("{path}?{query}"));
        self
    }

    /// Adds a link to the operator's help page, in the same place on every page.
    #[must_use]
    pub fn with_help(mut self, link: WebLink) -> Self {
        self.help = Some(link);
        self
    }

    /// The language of the page.
    pub fn locale(&self) -> Locale {
        self.locale
    }

    pub(super) fn t(&self) -> &'static Texts {
        text::of(self.locale)
    }

    pub(super) fn brand(&self) -> &str {
        self.brand.as_deref().unwrap_or(self.t().common.brand)
    }

    pub(super) fn client(&self) -> Option<&str> {
        self.client.as_deref()
    }

    pub(super) fn language_href(&self) -> Option<&str> {
        self.language_href.as_deref()
    }

    pub(super) fn help(&self) -> Option<&WebLink> {
        self.help.as_ref()
    }

    #[expect(clippy::unused_self, reason = "templates reach it as a property of the frame")]
    pub(super) fn stylesheet(&self) -> &'static str {
        assets::stylesheet_url()
    }

    #[expect(clippy::unused_self, reason = "templates reach it as a property of the frame")]
    pub(super) fn logo(&self) -> &'static str {
        assets::logo_url()
    }
}

/// What every form of ours carries: where it goes, what guards it, and why it
/// was refused the last time.
#[derive(Clone, Debug, Default)]
pub struct Form {
    /// The path (with query, if any) that it is posted to.
    pub action: String,
    /// The interaction it belongs to; `None` on pages outside of one.
    pub interaction: Option<String>,
    /// The token against forged posts, of this interaction or browser.
    pub csrf: String,
    /// Why the page is shown again.
    pub error: Option<PageError>,
}

impl Form {
    /// Whether this field is what was wrong.
    pub(super) fn blames(&self, field: Field) -> bool {
        self.error.is_some_and(|error| error.fields().contains(&field))
    }

    /// Whether the keyboard should start here: at the first field that was
    /// wrong, else at the first that is to be filled in.
    pub(super) fn starts_at(&self, field: Field, otherwise: Field) -> bool {
        self.error.and_then(|error| error.fields().last().copied()).unwrap_or(otherwise) == field
    }
}

/// Where on the card a way of signing in has its link.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// A tab above the form.
    Tab,
    /// The corner of the card: a panel to scan.
    Corner,
    /// A button below the form: it leads to a vendor.
    Button,
    /// A link below the form: another entrance of ours.
    Entrance,
}

/// A link to another way of signing in.
#[derive(Clone, Debug)]
pub struct MethodLink {
    pub(super) href: String,
    pub(super) label: String,
    pub(super) current: bool,
    pub(super) place: Place,
}

impl MethodLink {
    /// A link with a label of its own, as a connector's configuration gives it.
    pub fn new(place: Place, href: impl Into<String>, label: impl Into<String>) -> Self {
        Self { href: href.into(), label: label.into(), current: false, place }
    }

    /// To `/login`: account and password.
    pub fn account(locale: Locale, href: impl Into<String>) -> Self {
        Self::new(Place::Tab, href, text::of(locale).login.account_title)
    }

    /// To `/login/sms`.
    pub fn sms(locale: Locale, href: impl Into<String>) -> Self {
        Self::new(Place::Tab, href, text::of(locale).sms.tab)
    }

    /// To `/login/sub`.
    pub fn sub_account(locale: Locale, href: impl Into<String>) -> Self {
        Self::new(Place::Entrance, href, text::of(locale).login.sub_title)
    }

    /// To `/login/iam`.
    pub fn iam(locale: Locale, href: impl Into<String>) -> Self {
        Self::new(Place::Entrance, href, text::of(locale).iam.title)
    }

    pub(super) fn is_at(&self, place: Place) -> bool {
        self.place == place
    }

    /// To the page of a vendor.
    pub fn vendor(locale: Locale, provider: Provider, href: impl Into<String>) -> Self {
        let place = if provider == Provider::WeChat { Place::Corner } else { Place::Button };
        Self::new(place, href, super::upstream::name(provider, locale))
    }

    /// Marks the page that the person is on.
    #[must_use]
    pub fn current(mut self) -> Self {
        self.current = true;
        self
    }
}

/// An address from outside that a page may link to: `http` or `https`, nothing
/// that runs code.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WebLink(String);

impl WebLink {
    /// `None` unless it is an absolute `http` or `https` URL.
    pub fn parse(address: &str) -> Option<Self> {
        let url = Url::parse(address).ok()?;
        matches!(url.scheme(), "http" | "https").then(|| Self(url.into()))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_link_keeps_the_transaction_and_asks_for_the_other_language() {
        let chrome = Chrome::new(Locale::ZhCn).at("/login", &[("interaction", "i&\"1"), ("ui_locales", "zh-CN")]);
        assert_eq!(chrome.language_href(), Some("/login?interaction=i%26%221&ui_locales=en"));
    }

    #[test]
    fn a_link_from_outside_runs_no_code() {
        for wrong in ["javascript:alert(1)", " java\tscript:alert(1)", "data:text/html,x", "//evil.example", "/x"] {
            assert_eq!(WebLink::parse(wrong), None, "{wrong}");
        }
        assert_eq!(WebLink::parse("https://a.example/x").unwrap().as_str(), "https://a.example/x");
    }
}
