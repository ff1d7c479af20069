//! `/me/sessions`: where an account is signed in.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Payload;

use super::context::Context;
use super::pages::{Failing, Form, SessionRow, SessionsPage};
use super::{people, respond, routes};
use crate::domain::user_agent;
use crate::flow::{FlowError, Problem, SessionsAction, SessionsView};

/// `GET /me/sessions`.
pub async fn get(context: Context) -> HttpResponse {
    let account = context.query.optional("account").map(str::to_owned);
    match context.app.flow.sessions_view(context.visit.clone(), account).await {
        Ok(view) => context.page(StatusCode::OK, &page(&context, &view), None),
        Err(FlowError::Problem(Problem::SignedOut)) => context.see_other(routes::LOGIN, None),
        Err(error) => context.failed(&error),
    }
}

/// `POST /me/sessions`.
pub async fn post(context: Context, payload: Payload) -> HttpResponse {
    let form = match context.form(payload).await {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    let everywhere = form.optional("sign_out_everywhere").map(|_| SessionsAction::EndEverywhere);
    let others = everywhere.or_else(|| form.optional("sign_out_others").map(|_| SessionsAction::EndOthers));
    let one = || form.optional("sign_out").map(|handle| SessionsAction::End(handle.to_owned()));
    let Some(action) = others.or_else(one) else {
        return context.failing(Failing::BadRequest);
    };
    let csrf = form.optional("csrf").unwrap_or_default().to_owned();
    let account = context.query.optional("account").map(str::to_owned);
    match context.app.flow.end_sessions(context.visit.clone(), csrf, account, action).await {
        Err(FlowError::Problem(Problem::SignedOut)) => context.see_other(routes::LOGIN, None),
        done => respond::outcome(&context, done),
    }
}

fn page(context: &Context, view: &SessionsView) -> SessionsPage {
    let now = context.visit.now;
    let language = context.locale(&[]).language();
    let rows = view.entries.iter().map(|entry| SessionRow {
        handle: entry.handle.clone(),
        device: user_agent::described(&entry.place.user_agent),
        here: entry.here,
        state: entry.state.into(),
        address: entry.place.address.clone(),
        country: context.app.countries.name(&entry.place.address, language),
        method: entry.place.method.clone(),
        signed_in_at: entry.place.auth_time,
        idle: now.since(entry.place.last_seen_at).as_secs(),
    });
    SessionsPage {
        chrome: context.chrome(None),
        form: Form {
            action: format!("{}?account={}", routes::SESSIONS, view.account),
            interaction: None,
            csrf: view.csrf.clone(),
            error: None,
        },
        person: people::person(&view.facts),
        rows: rows.collect(),
        apps_href: format!("{}?account={}", routes::APPS, view.account),
        back_href: routes::ACCOUNTS.to_owned(),
    }
}
