//! The chooser, inside an interaction and as the page of this browser's
//! accounts, and what may come instead of it.

use askama::Template;

use super::chrome::{Chrome, Form};
use super::locale::Locale;
use super::people::{Entry, Person};
use super::problem::wait;
use super::text;
use crate::domain::PrincipalKind;

/// One account of the chooser.
#[derive(Clone, Debug)]
pub struct ChooserRow {
    /// Who, and what it is good for.
    pub entry: Entry,
    /// Seconds since its last use.
    pub idle: Option<u64>,
    /// The keyboard starts here.
    pub focused: bool,
}

impl ChooserRow {
    fn used(&self, locale: Locale) -> String {
        used(locale, self.idle)
    }
}

/// When something was used last, in words; empty where that is not known.
pub(super) fn used(locale: Locale, idle: Option<u64>) -> String {
    let t = &text::of(locale).chooser;
    match idle {
        None => String::new(),
        Some(0..60) => t.used_now.to_owned(),
        Some(seconds @ 60..7_200) => t.used.fill(&wait(locale, seconds.next_multiple_of(60))),
        Some(seconds @ 7_200..172_800) => t.used.fill(&t.hours.fill(&(seconds / 3_600).to_string())),
        Some(seconds) => t.used.fill(&t.days.fill(&(seconds / 86_400).to_string())),
    }
}

/// Why the chooser is shown.
#[derive(Clone, Debug)]
pub enum ChooserFace {
    /// An interaction goes on with the account that is chosen.
    Choose,
    /// `/accounts` on its own.
    Manage {
        /// To `/me/apps`.
        apps_href: String,
        /// To `/me/sessions`.
        sessions_href: String,
        /// To `/me/bindings`.
        bindings_href: String,
    },
    /// The browser holds as many accounts as it can; this one waits for room.
    Full(Box<Person>),
}

/// `/accounts`: the accounts and the IAM users of this browser.
///
/// Posts `account=<handle>`, `sign_out=<handle>`, `remove=<handle>`,
/// `sign_out_all=1` or `cancel=1`.
#[derive(Clone, Debug, Template)]
#[template(path = "chooser.html")]
pub struct ChooserPage {
    /// The frame.
    pub chrome: Chrome,
    /// Where to, guarded by what.
    pub form: Form,
    /// Why.
    pub face: ChooserFace,
    /// Everybody, the one in focus first.
    pub rows: Vec<ChooserRow>,
    /// To a login page, to add somebody.
    pub add_href: String,
}

impl ChooserPage {
    /// Main and sub-accounts, then IAM users: each group that has somebody.
    fn groups(&self) -> Vec<(&'static str, &'static str, Vec<&ChooserRow>)> {
        let t = &self.chrome.t().chooser;
        let of = |iam: bool| {
            let own = |row: &&ChooserRow| (row.entry.person.kind == PrincipalKind::IamUser) == iam;
            self.rows.iter().filter(own).collect::<Vec<_>>()
        };
        let groups = [("accounts", t.accounts, of(false)), ("iam-users", t.iam_users, of(true))];
        groups.into_iter().filter(|(_, _, rows)| !rows.is_empty()).collect()
    }

    fn is_choice(&self) -> bool {
        matches!(self.face, ChooserFace::Choose)
    }

    fn newcomer(&self) -> Option<&Person> {
        match &self.face {
            ChooserFace::Full(person) => Some(person),
            ChooserFace::Choose | ChooserFace::Manage { .. } => None,
        }
    }

    /// The pages of one account, by what they are called.
    fn links(&self) -> Vec<(&str, &'static str)> {
        let t = self.chrome.t();
        match &self.face {
            ChooserFace::Manage { apps_href, sessions_href, bindings_href } if !self.rows.is_empty() => vec![
                (sessions_href, t.chooser.sessions_title),
                (bindings_href, t.bindings.title),
                (apps_href, t.accounts.apps),
            ],
            ChooserFace::Choose | ChooserFace::Full(_) | ChooserFace::Manage { .. } => Vec::new(),
        }
    }

    fn anybody_live(&self) -> bool {
        self.rows.iter().any(|row| row.entry.state.is_live())
    }
}

/// Somebody signed in who is not whom the client wants. Posts `cancel=1`.
#[derive(Clone, Debug, Template)]
#[template(path = "mismatch.html")]
pub struct MismatchPage {
    /// The frame.
    pub chrome: Chrome,
    /// Where to, guarded by what.
    pub form: Form,
    /// Who signed in.
    pub person: Person,
    /// To the login page, for the right account.
    pub other_href: String,
}
