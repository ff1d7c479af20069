//! The pages that people see: plain structs, rendered to a `String`.
//!
//! `web` fills a struct, picks the status and the headers ([`super::csp`]) and
//! sends what [`Page::render`] gives. Nothing here reads a request, a store or
//! a clock. Texts live in `text`, in both languages; templates in `templates/`
//! escape every value (there is no `safe` filter), and the ids in them are
//! public contract.

pub mod locale;
pub mod mask;

mod account;
mod bindings;
mod chooser;
mod chrome;
mod consent;
mod enrolment;
mod failure;
mod login;
mod logout;
mod people;
mod problem;
mod refusal;
mod sessions;
mod sms;
mod text;
mod upstream;

pub use account::{AgreementsPage, AppsPage, GrantedApp, PasswordChangePage, PasswordPolicy};
pub use bindings::{BindingRow, BindingsPage};
pub use chooser::{ChooserFace, ChooserPage, ChooserRow, MismatchPage};
pub use chrome::{Chrome, Form, MethodLink, Place, WebLink};
pub use consent::{ConsentPage, ScopeLine, Trust};
pub use enrolment::{
    CodeFor, CodePage, ResetDonePage, ResetNamePage, ResetPasswordPage, SignUpDetailsPage, SignUpKnownPage,
    SignUpPhonePage,
};
pub use failure::{ErrorPage, Failing, FormPostPage};
pub use locale::Locale;
pub use login::{
    Agreement, Agreements, ChooseAccountPage, IamAccount, IamNamePage, IamPasswordPage, LoginFace, LoginPage,
    ReauthPage, Remember,
};
pub use logout::{LogoutPage, SignedOutPage};
pub use people::{Entry, EntryState, Person};
pub use problem::{Field, PageError, whole_seconds};
pub use sessions::{SessionRow, SessionsPage};
pub use sms::{RowLabel, SmsAccountPage, SmsCodePage, SmsPhonePage, SmsRow};
pub use upstream::{BindAsk, BindPage, OneTapPage, UpstreamPage, UpstreamProblem};

/// Something that becomes an HTML document.
pub trait Page {
    /// The whole document.
    fn render(&self) -> String;
}

impl<T: askama::Template> Page for T {
    fn render(&self) -> String {
        // Writing text and numbers into a String cannot fail; should a template
        // ever hold something that can, an empty page is safer than half of one.
        askama::Template::render(self).unwrap_or_else(|error| {
            tracing::error!(%error, "a page could not be rendered");
            String::new()
        })
    }
}
