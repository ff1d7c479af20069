//! `/me/apps`: the clients that an account let in.

use actix_web::HttpResponse;
use actix_web::web::Payload;

use super::consent::{scope_lines, trust};
use super::context::Context;
use super::pages::{AppsPage, Failing, GrantedApp};
use super::{own, people, routes};
use crate::flow::AppsView;

/// `GET /me/apps`.
pub async fn get(context: Context) -> HttpResponse {
    let view = context.app.flow.apps_view(context.visit.clone(), own::account(&context)).await;
    own::show(&context, view, page).await
}

/// `POST /me/apps`.
pub async fn post(context: Context, payload: Payload) -> HttpResponse {
    let (form, guard) = match own::posted(&context, payload).await {
        Ok(posted) => posted,
        Err(refused) => return refused,
    };
    let Some(app) = form.optional("revoke").map(str::to_owned) else {
        return context.failing(Failing::BadRequest);
    };
    own::done(&context, context.app.flow.revoke_app(context.visit.clone(), guard, app).await).await
}

fn page(context: &Context, view: &AppsView) -> AppsPage {
    AppsPage {
        chrome: context.chrome(None),
        form: own::form(view, routes::APPS, None),
        person: people::person(&view.facts),
        apps: view
            .content
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
