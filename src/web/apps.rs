//! `/me/apps`: the clients that an account let in.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Payload;

use super::consent::{scope_lines, trust};
use super::context::Context;
use super::pages::{AppsPage, Failing, Form, GrantedApp};
use super::{people, respond, routes};
use crate::flow::{AppsView, FlowError, Problem};

/// `GET /me/apps`.
pub async fn get(context: Context) -> HttpResponse {
    let account = context.query.optional("account").map(str::to_owned);
    match context.app.flow.apps_view(context.visit.clone(), account).await {
        Ok(view) => context.page(StatusCode::OK, &page(&context, &view), None),
        Err(FlowError::Problem(Problem::SignedOut)) => context.see_other(routes::LOGIN, None),
        Err(error) => context.failed(&error),
    }
}

/// `POST /me/apps`.
pub async fn post(context: Context, payload: Payload) -> HttpResponse {
    let form = match context.form(payload).await {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    let Some(app) = form.optional("revoke").map(str::to_owned) else {
        return context.failing(Failing::BadRequest);
    };
    let csrf = form.optional("csrf").unwrap_or_default().to_owned();
    let account = context.query.optional("account").map(str::to_owned);
    match context.app.flow.revoke_app(context.visit.clone(), csrf, account, app).await {
        Err(FlowError::Problem(Problem::SignedOut)) => context.see_other(routes::LOGIN, None),
        done => respond::outcome(&context, done),
    }
}

fn page(context: &Context, view: &AppsView) -> AppsPage {
    AppsPage {
        chrome: context.chrome(None),
        form: Form {
            action: format!("{}?account={}", routes::APPS, view.account),
            interaction: None,
            csrf: view.csrf.clone(),
            error: None,
        },
        person: people::person(&view.facts),
        apps: view
            .apps
            .iter()
            .map(|app| GrantedApp {
                handle: app.handle.clone(),
                client_name: app.name.clone(),
                trust: trust(app.first_party),
                scopes: scope_lines(&app.scope, &[]),
                granted_at: app.since,
            })
            .collect(),
        revoked: None,
        back_href: Some(routes::ACCOUNTS.to_owned()),
    }
}
