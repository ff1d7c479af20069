//! Turns what `flow` decided into HTTP: 303 everywhere, a page for `form_post`.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::SET_COOKIE;
use url::form_urlencoded::Serializer;

use super::context::{Context, INTERACTION};
use super::pages::{FormPostPage, Page};
use super::{csp, routes};
use crate::base::Secret;
use crate::domain::RedirectAnswer;
use crate::flow::{Answer, Destination, FlowError, Outcome};
use crate::protocol::ResponseMode;

/// The answer to a step that was done, or the page that says why it was not.
pub fn outcome(context: &Context, done: Result<Answer, FlowError>) -> HttpResponse {
    match done {
        Ok(answer) => self::answer(context, answer),
        Err(error) => context.failed(&error),
    }
}

/// The answer to a step that was done.
pub fn answer(context: &Context, answer: Answer) -> HttpResponse {
    let cookie = answer.cookie.as_ref().map(Secret::expose).map(String::as_str);
    match answer.outcome {
        Outcome::Return(returned) => to_client(context, &returned, cookie),
        Outcome::Page(destination) => context.see_other(&path(&destination), cookie),
        Outcome::Leave(address) => context.see_other(&address, cookie),
    }
}

fn to_client(context: &Context, returned: &RedirectAnswer, cookie: Option<&str>) -> HttpResponse {
    match returned.target.mode() {
        ResponseMode::Query => context.see_other(&returned.response.query_url(returned.target.uri()), cookie),
        ResponseMode::FormPost => {
            let uri = returned.target.uri();
            let fields = returned.response.form_fields();
            let page = FormPostPage {
                chrome: context.frame(context.locale(&[])),
                action: uri.to_owned(),
                parameters: fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            };
            let mut response = context.html(StatusCode::OK, page.render(), &csp::form_post(uri));
            if let Some(value) = cookie
                && let Ok(value) = context.app.cookie.set(value).parse()
            {
                response.headers_mut().append(SET_COOKIE, value);
            }
            response
        }
    }
}

/// The path of one of our pages.
#[must_use]
pub fn path(destination: &Destination) -> String {
    match destination {
        Destination::Login { page, interaction } => of_interaction(&page.path(), interaction),
        Destination::Reset(interaction) => of_interaction(routes::RESET, interaction),
        Destination::Bind(interaction) => of_interaction(routes::LOGIN_BIND, interaction),
        Destination::Choose(interaction) => of_interaction(routes::ACCOUNTS, interaction),
        Destination::Terms(interaction) => of_interaction(routes::TERMS, interaction),
        Destination::ChangePassword(interaction) => of_interaction(routes::PASSWORD, interaction),
        Destination::Consent(interaction) => of_interaction(routes::CONSENT, interaction),
        Destination::SignUp(interaction) => of_interaction(routes::SIGN_UP, interaction),
        Destination::Resume(interaction) => of_interaction(routes::RESUME, interaction),
        Destination::Accounts => routes::ACCOUNTS.to_owned(),
        Destination::Sessions(account) => of_account(routes::SESSIONS, account),
        Destination::Bindings(account) => of_account(routes::BINDINGS, account),
        Destination::Apps(account) => of_account(routes::APPS, account),
    }
}

/// A page of one account of this browser.
#[must_use]
pub fn of_account(path: &str, account: &str) -> String {
    format!("{path}?account={account}")
}

/// A page of an interaction.
#[must_use]
pub fn of_interaction(path: &str, interaction: &str) -> String {
    let query = Serializer::new(String::new()).append_pair(INTERACTION, interaction).finish();
    format!("{path}?{query}")
}
