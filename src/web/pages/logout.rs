//! The pages on which somebody leaves.

use askama::Template;

use super::chrome::{Chrome, Form, WebLink};
use super::people::{Entry, Person};

/// `/logout`: asked before anything ends.
///
/// Posts `account=<handle>`, `account=all` or `account=app`. With one account
/// signed in and no client there is nothing to choose, and its handle is posted
/// as it is.
#[derive(Clone, Debug, Template)]
#[template(path = "logout.html")]
pub struct LogoutPage {
    /// The frame.
    pub chrome: Chrome,
    /// Where to, guarded by what.
    pub form: Form,
    /// Who is signed in, in this browser.
    pub entries: Vec<Entry>,
    /// Handle of the account that is meant (`logout_hint`); else the first.
    pub preselected: Option<String>,
    /// Name of the client that may be left alone, with everybody still signed in.
    pub app: Option<String>,
    /// Where "cancel" leads, still signed in.
    pub cancel_href: Option<String>,
}

impl LogoutPage {
    /// Whether there is nothing to choose.
    fn is_plain(&self) -> bool {
        self.entries.len() == 1 && self.app.is_none()
    }

    fn is_preselected(&self, entry: &Entry) -> bool {
        match &self.preselected {
            Some(handle) => *handle == entry.handle,
            None => self.entries.first().is_some_and(|first| first.handle == entry.handle),
        }
    }
}

/// After a sign-out that returns to no client.
#[derive(Clone, Debug, Template)]
#[template(path = "signed_out.html")]
pub struct SignedOutPage {
    /// The frame.
    pub chrome: Chrome,
    /// Who left; empty when nobody was signed in.
    pub people: Vec<Person>,
    /// Who is still signed in, in this browser.
    pub remaining: usize,
    /// What is loaded to let clients know.
    pub frames: Vec<WebLink>,
    /// Back to the client, if it has an address for that.
    pub return_to: Option<WebLink>,
    /// To sign in again.
    pub sign_in_href: String,
}
