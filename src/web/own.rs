//! What `/me/…` pages share: whose page it is, its form, and where somebody goes
//! who is not signed in.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Payload;

use super::context::Context;
use super::login::begin_at;
use super::pages::{Form, Page, PageError};
use super::{respond, routes};
use crate::flow::{Answer, FlowError, Landing, OwnForm, OwnPage, Problem};
use crate::protocol::RawParams;

/// The account that the address names.
pub(super) fn account(context: &Context) -> Option<String> {
    context.query.optional("account").map(str::to_owned)
}

/// The page, or the way to sign in.
pub(super) async fn show<T, P: Page>(
    context: &Context,
    viewed: Result<OwnPage<T>, FlowError>,
    page: impl FnOnce(&Context, &OwnPage<T>) -> P,
) -> HttpResponse {
    match viewed {
        Ok(view) => context.page(StatusCode::OK, &page(context, &view), None),
        Err(error) => failed(context, &error).await,
    }
}

/// Reads a posted form, and what guards it.
pub(super) async fn posted(context: &Context, payload: Payload) -> Result<(RawParams, OwnForm), HttpResponse> {
    let form = context.form(payload).await?;
    let csrf = form.optional("csrf").unwrap_or_default().to_owned();
    Ok((form, OwnForm { csrf, account: account(context) }))
}

/// The answer to a form, or the way to sign in.
pub(super) async fn done(context: &Context, done: Result<Answer, FlowError>) -> HttpResponse {
    match done {
        Ok(answer) => respond::answer(context, answer),
        Err(error) => failed(context, &error).await,
    }
}

/// Whoever is signed out signs in and is back; all else is a page that says so.
pub(super) async fn failed(context: &Context, error: &FlowError) -> HttpResponse {
    if !matches!(error, FlowError::Problem(Problem::SignedOut)) {
        return context.failed(error);
    }
    let landing = match context.request.path() {
        routes::APPS => Landing::Apps,
        routes::BINDINGS => Landing::Bindings,
        _ => Landing::Sessions,
    };
    begin_at(context, routes::LOGIN, landing).await
}

/// The page's form.
pub(super) fn form<T>(view: &OwnPage<T>, path: &str, error: Option<PageError>) -> Form {
    Form { action: respond::of_account(path, &view.account), interaction: None, csrf: view.csrf.clone(), error }
}
