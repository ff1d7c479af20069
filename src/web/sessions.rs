//! `/me/sessions`: where an account is signed in.

use actix_web::HttpResponse;
use actix_web::web::Payload;

use super::context::Context;
use super::pages::{Failing, SessionRow, SessionsPage};
use super::{own, people, respond, routes};
use crate::domain::user_agent;
use crate::flow::{SessionsAction, SessionsView};

/// `GET /me/sessions`.
pub async fn get(context: Context) -> HttpResponse {
    let view = context.app.flow.sessions_view(context.visit.clone(), own::account(&context)).await;
    own::show(&context, view, page).await
}

/// `POST /me/sessions`.
pub async fn post(context: Context, payload: Payload) -> HttpResponse {
    let (form, guard) = match own::posted(&context, payload).await {
        Ok(posted) => posted,
        Err(refused) => return refused,
    };
    let everywhere = form.optional("sign_out_everywhere").map(|_| SessionsAction::EndEverywhere);
    let others = everywhere.or_else(|| form.optional("sign_out_others").map(|_| SessionsAction::EndOthers));
    let one = || form.optional("sign_out").map(|handle| SessionsAction::End(handle.to_owned()));
    let Some(action) = others.or_else(one) else {
        return context.failing(Failing::BadRequest);
    };
    own::done(&context, context.app.flow.end_sessions(context.visit.clone(), guard, action).await).await
}

fn page(context: &Context, view: &SessionsView) -> SessionsPage {
    let now = context.visit.now;
    let language = context.locale(&[]).language();
    let rows = view.content.iter().map(|entry| SessionRow {
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
        form: own::form(view, routes::SESSIONS, None),
        person: people::person(&view.facts),
        rows: rows.collect(),
        bindings_href: respond::of_account(routes::BINDINGS, &view.account),
        apps_href: respond::of_account(routes::APPS, &view.account),
        back_href: routes::ACCOUNTS.to_owned(),
    }
}
