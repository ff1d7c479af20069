//! `/consent` and `/terms`: what the person says yes or no to.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Payload;

use super::context::{Context, INTERACTION};
use super::login_pages::documents;
use super::pages::{AgreementsPage, ConsentPage, Failing, Form, PageError, ScopeLine, Trust, WebLink};
use super::{people, respond, routes};
use crate::domain::Resource;
use crate::flow::{ConsentView, Decision, TermsView, View};
use crate::protocol::{RawParams, Scope};

/// `GET /consent`.
pub async fn get(context: Context) -> HttpResponse {
    let Some(name) = context.interaction() else {
        return context.failing(Failing::TxExpired);
    };
    match context.app.flow.consent_view(context.visit.clone(), name).await {
        Ok(view) => context.page(StatusCode::OK, &page(&context, &view), Some(&view.redirect_uri)),
        Err(error) => context.failed(&error),
    }
}

/// `POST /consent`.
pub async fn post(context: Context, payload: Payload) -> HttpResponse {
    let form = match context.form(payload).await {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    let (name, csrf, decision) = posted(&form);
    respond::outcome(&context, context.app.flow.consent(context.visit.clone(), name, csrf, decision).await)
}

/// `GET /terms`.
pub async fn terms(context: Context) -> HttpResponse {
    let Some(name) = context.interaction() else {
        return context.failing(Failing::TxExpired);
    };
    match context.app.flow.terms_view(context.visit.clone(), name).await {
        Ok(view) => terms_page(&context, StatusCode::OK, &view, None),
        Err(error) => context.failed(&error),
    }
}

/// `POST /terms`.
pub async fn post_terms(context: Context, payload: Payload) -> HttpResponse {
    let form = match context.form(payload).await {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    let (name, csrf, decision) = posted(&form);
    if decision == Decision::Approve && form.optional("agree").is_none() {
        return match context.app.flow.terms_view(context.visit.clone(), name).await {
            Ok(view) => terms_page(&context, StatusCode::UNPROCESSABLE_ENTITY, &view, Some(PageError::AgreeRequired)),
            Err(error) => context.failed(&error),
        };
    }
    respond::outcome(&context, context.app.flow.accept_terms(context.visit.clone(), name, csrf, decision).await)
}

fn posted(form: &RawParams) -> (String, String, Decision) {
    let text = |name| form.optional(name).unwrap_or_default().to_owned();
    let decision = if form.optional("decision").is_some() { Decision::Deny } else { Decision::Approve };
    (text(INTERACTION), text("csrf"), decision)
}

fn page(context: &Context, view: &ConsentView) -> ConsentPage {
    let client = view.view.client.as_ref();
    let link = |address: Option<&String>| address.and_then(|address| WebLink::parse(address));
    ConsentPage {
        chrome: context.chrome(Some(&view.view)),
        form: form(&view.view, routes::CONSENT, None),
        client_name: client.map(|client| client.name.clone()).unwrap_or_default(),
        trust: trust(client.is_some_and(|client| client.first_party)),
        person: people::person(&view.facts),
        scopes: scope_lines(&view.scope, &view.resources),
        destination: host(&view.redirect_uri),
        policy: link(client.and_then(|client| client.policy_uri.as_ref())),
        terms: link(client.and_then(|client| client.tos_uri.as_ref())),
        switch_href: Some(respond::of_interaction(routes::ACCOUNTS, &view.view.interaction)),
    }
}

fn terms_page(context: &Context, status: StatusCode, view: &TermsView, error: Option<PageError>) -> HttpResponse {
    let locale = context.locale(&view.view.ui_locales);
    let page = AgreementsPage {
        chrome: context.chrome(Some(&view.view)),
        form: form(&view.view, routes::TERMS, error),
        person: people::person(&view.facts),
        documents: documents(context, locale),
    };
    context.page(status, &page, view.view.redirect_uri.as_deref())
}

fn form(view: &View, action: &str, error: Option<PageError>) -> Form {
    Form { action: action.to_owned(), interaction: Some(view.interaction.clone()), csrf: view.csrf.clone(), error }
}

/// Whether we vouch for a client's name.
pub(super) const fn trust(first_party: bool) -> Trust {
    if first_party { Trust::FirstParty } else { Trust::ThirdParty }
}

/// What a scope asks for, in its order; an API's scopes name their API.
pub(super) fn scope_lines(scope: &Scope, resources: &[Resource]) -> Vec<ScopeLine> {
    scope
        .iter()
        .map(|token| match resources.iter().find(|resource| resource.scopes.contains(token)) {
            Some(resource) => ScopeLine::of_resource(token, resource.id.as_str()),
            None => ScopeLine::of_identity(token),
        })
        .collect()
}

/// The host that an address belongs to, or its scheme for an app's own.
fn host(address: &str) -> String {
    let url = url::Url::parse(address).ok();
    let named = url.as_ref().and_then(|url| url.host_str().or(Some(url.scheme())));
    named.unwrap_or_default().to_owned()
}
