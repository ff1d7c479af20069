//! What a step answers, and why one fails.

use thiserror::Error;

use crate::authn::AuthnError;
use crate::base::Secret;
use crate::domain::RedirectAnswer;
use crate::domain::client::RedirectRefused;
use crate::store::StoreError;

/// What a step decided, and the cookie that goes with it.
pub struct Answer {
    /// Where the person goes.
    pub outcome: Outcome,
    /// The browser's new cookie, when it changed.
    pub cookie: Option<Secret<String>>,
}

/// Where the person goes.
pub enum Outcome {
    /// Back to the client, with a code or an error.
    Return(RedirectAnswer),
    /// To a page of ours; 303.
    Page(Destination),
    /// To an address of the configuration or of a client's registration; 303.
    Leave(String),
}

/// Pages of ours that a step can lead to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Destination {
    /// A login page of an interaction.
    Login {
        /// Which method's page.
        page: super::LoginPage,
        /// The interaction's name.
        interaction: String,
    },
    /// Sign-up in an interaction.
    SignUp(String),
    /// A forgotten password.
    Reset(String),
    /// The page that binds an upstream identity to an account.
    Bind(String),
    /// The chooser of an interaction.
    Choose(String),
    /// The new terms.
    Terms(String),
    /// The forced change of a password.
    ChangePassword(String),
    /// The consent page.
    Consent(String),
    /// On with the interaction.
    Resume(String),
    /// The accounts of this browser, with no interaction.
    Accounts,
    /// Where one account of this browser is signed in, by its handle there.
    Sessions(String),
    /// The applications that such an account authorised.
    Apps(String),
    /// What is bound to such an account.
    Bindings(String),
}

/// What a page has to say instead of what was asked for.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum Problem {
    /// Unknown client or unregistered redirect target: one text for both.
    #[error("client_id or redirect_uri is not right: {0}")]
    Client(ClientProblem),
    /// The parameters cannot be read at all.
    #[error("the request cannot be read")]
    Unreadable,
    /// The interaction is over, or was never this browser's.
    #[error("the interaction is gone")]
    Gone {
        /// The request that starts it again, when it is known to be this
        /// browser's.
        restart: Option<String>,
    },
    /// The form was not ours: its token, or where it came from.
    #[error("a form without a good token")]
    Forged,
    /// The page shows what is not so any more: look again.
    #[error("the page is stale")]
    Stale,
    /// Somebody came back from a vendor with a state that is not this browser's
    /// and method's, or is late or used.
    #[error("a state that is not good")]
    BadState {
        /// Where it can be tried again, when it was this browser's.
        again: Option<Destination>,
    },
    /// An upstream identity waited too long for its account, or does not wait.
    #[error("nothing waits to be bound")]
    NothingToBind {
        /// Where it can be tried again.
        again: Option<Destination>,
    },
    /// Nobody is signed in in this browser.
    #[error("nobody is signed in")]
    SignedOut,
    /// Nobody may make an account by themselves.
    #[error("registration is switched off")]
    SignUpOff,
    /// The client takes certain kinds or owners alone, and no account made here would be one.
    #[error("the client takes no account that is made now")]
    NewcomerRefused {
        /// The login page, where the methods leave one.
        again: Option<Destination>,
    },
    /// The client, or the owner of the account, takes no sign-in by this method.
    #[error("a login method that is not allowed")]
    MethodRefused {
        /// The page of one that is, if there is any.
        again: Option<Destination>,
    },
    /// No such page.
    #[error("no such page")]
    NotFound,
}

/// Which it was, for our log alone.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum ClientProblem {
    /// No such client.
    #[error("unknown client")]
    Unknown,
    /// Its redirect target is not right.
    #[error(transparent)]
    Redirect(#[from] RedirectRefused),
}

/// Why a step could not be done.
#[derive(Debug, Error)]
pub enum FlowError {
    /// A page says so.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Authentication could not look at the form.
    #[error(transparent)]
    Authn(#[from] AuthnError),
    /// What an interaction holds cannot be written or read.
    #[error("an interaction does not serialise")]
    Serialise,
}
