//! `/me/bindings`: vendors' identities that are bound to an account.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Payload;

use super::context::Context;
use super::login::refuse;
use super::pages::{BindingRow, BindingsPage, Failing, PageError};
use super::{own, people, respond, routes};
use crate::flow::{BindingEntry, BindingsView, UnbindRefused};

/// `GET /me/bindings`.
pub async fn get(context: Context) -> HttpResponse {
    let view = context.app.flow.bindings_view(context.visit.clone(), own::account(&context)).await;
    own::show(&context, view, |context, view| page(context, view, None)).await
}

/// `POST /me/bindings`.
pub async fn post(context: Context, payload: Payload) -> HttpResponse {
    let (form, guard) = match own::posted(&context, payload).await {
        Ok(posted) => posted,
        Err(refused) => return refused,
    };
    let Some(binding) = form.optional("unbind").map(str::to_owned) else {
        return context.failing(Failing::BadRequest);
    };
    match context.app.flow.unbind(context.visit.clone(), guard, binding).await {
        Ok(Ok(answer)) => respond::answer(&context, answer),
        Ok(Err(refused)) => again(&context, refused).await,
        Err(error) => own::failed(&context, &error).await,
    }
}

/// The page as it is, with the reason.
async fn again(context: &Context, refused: UnbindRefused) -> HttpResponse {
    let error = match refused {
        UnbindRefused::Gone => PageError::NotBound,
        UnbindRefused::LastWayIn => PageError::LastWayIn,
    };
    let view = context.app.flow.bindings_view(context.visit.clone(), own::account(context)).await;
    match view {
        Ok(view) => refuse(context.page(StatusCode::OK, &page(context, &view, Some(error)), None), error),
        Err(error) => own::failed(context, &error).await,
    }
}

fn page(context: &Context, view: &BindingsView, error: Option<PageError>) -> BindingsPage {
    let (now, language) = (context.visit.now, context.locale(&[]).language());
    let (proof, entries) = &view.content;
    let row = |entry: &BindingEntry| BindingRow {
        handle: entry.handle.clone(),
        method: entry.method.clone(),
        label: context.app.flow.label_of(&entry.method, language).map(str::to_owned),
        name: entry.name.clone(),
        since: entry.since,
        idle: entry.last_used.map(|used| now.since(used).as_secs()),
    };
    BindingsPage {
        chrome: context.chrome(None),
        form: own::form(view, routes::BINDINGS, error),
        person: people::person(&view.facts),
        rows: entries.iter().map(row).collect(),
        proof: *proof,
        sessions_href: respond::of_account(routes::SESSIONS, &view.account),
        apps_href: respond::of_account(routes::APPS, &view.account),
        back_href: routes::ACCOUNTS.to_owned(),
    }
}
