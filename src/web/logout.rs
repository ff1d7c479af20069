//! `/logout`: OpenID Connect RP-Initiated Logout 1.0, and the person's own.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Payload;
use url::form_urlencoded::Serializer;

use super::accounts::clear_site_data;
use super::context::Context;
use super::pages::{Entry, Failing, Form, LogoutPage, Page, SignedOutPage, WebLink};
use super::{csp, csrf, people, routes};
use crate::flow::{FlowError, LoggedOut, LogoutChoice, LogoutRequest, LogoutView};
use crate::protocol::RawParams;

/// `GET /logout`.
pub async fn get(context: Context) -> HttpResponse {
    let params = context.query.clone();
    if !context.readable {
        return context.failing(Failing::BadRequest);
    }
    request(&context, params).await
}

/// `POST /logout`: the confirm page's form, or a client's request by POST.
pub async fn post(context: Context, payload: Payload) -> HttpResponse {
    let form = match context.body(payload).await {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    let Some(token) = form.optional("csrf").map(str::to_owned) else {
        return request(&context, form).await;
    };
    if !csrf::is_own_origin(&context.request, &context.app.origin) {
        return context.failing(Failing::CrossSite);
    }
    let choice = match form.optional("account") {
        Some("all") => LogoutChoice::All,
        Some("app") => LogoutChoice::App,
        Some(handle) => LogoutChoice::One(handle.to_owned()),
        None => return context.failing(Failing::BadRequest),
    };
    let asked = match LogoutRequest::parse(&context.query) {
        Ok(asked) => asked,
        Err(problem) => return context.failed(&FlowError::from(problem)),
    };
    let everybody = choice == LogoutChoice::All;
    let done = context.app.flow.confirm_logout(context.visit.clone(), asked.clone(), token, choice).await;
    let done_well = done.is_ok();
    let mut response = finish(&context, &asked, done);
    if everybody && done_well {
        clear_site_data(&mut response);
    }
    response
}

async fn request(context: &Context, params: RawParams) -> HttpResponse {
    let asked = match LogoutRequest::parse(&params) {
        Ok(asked) => asked,
        Err(problem) => return context.failed(&FlowError::from(problem)),
    };
    let done = context.app.flow.logout(context.visit.clone(), asked.clone()).await;
    finish(context, &asked, done)
}

fn finish(context: &Context, asked: &LogoutRequest, done: Result<LoggedOut, FlowError>) -> HttpResponse {
    match done {
        Ok(LoggedOut::Return(address)) => context.see_other(&address, None),
        Ok(LoggedOut::Confirm(view)) => confirm(context, asked, &view),
        Ok(LoggedOut::Shown(view)) => {
            let page = SignedOutPage {
                chrome: context.chrome(None),
                people: view.people.iter().map(people::person).collect(),
                remaining: view.remaining,
                return_to: view.return_to.as_deref().and_then(WebLink::parse),
                frames: view.frames.iter().filter_map(|address| WebLink::parse(address)).collect(),
                sign_in_href: routes::LOGIN.to_owned(),
            };
            context.html(StatusCode::OK, page.render(), &csp::signed_out(&view.frames))
        }
        Err(error) => context.failed(&error),
    }
}

fn confirm(context: &Context, asked: &LogoutRequest, view: &LogoutView) -> HttpResponse {
    let chrome = context.frame(context.locale(&[])).at(routes::LOGOUT, &carried(asked));
    let page = LogoutPage {
        chrome: match &view.client_name {
            Some(name) => chrome.serving(name),
            None => chrome,
        },
        form: Form { action: action(asked), interaction: None, csrf: view.csrf.clone(), error: None },
        entries: view
            .entries
            .iter()
            .map(|entry| Entry {
                handle: entry.handle.clone(),
                person: people::person(&entry.facts),
                state: entry.state.into(),
            })
            .collect(),
        preselected: view.preselected.clone(),
        app: view.client_name.clone().filter(|_| view.app_alone),
        cancel_href: Some(routes::ACCOUNTS.to_owned()),
    };
    context.page(StatusCode::OK, &page, asked.redirect_uri.as_deref())
}

/// The request's own parameters.
fn carried(asked: &LogoutRequest) -> Vec<(&'static str, &str)> {
    let pairs = [
        ("id_token_hint", &asked.id_token_hint),
        ("logout_hint", &asked.logout_hint),
        ("client_id", &asked.client_id),
        ("post_logout_redirect_uri", &asked.redirect_uri),
        ("state", &asked.state),
    ];
    pairs.into_iter().filter_map(|(name, value)| value.as_deref().map(|value| (name, value))).collect()
}

/// The form's target carries the request along; it is checked again there.
fn action(asked: &LogoutRequest) -> String {
    let query = Serializer::new(String::new()).extend_pairs(carried(asked)).finish();
    if query.is_empty() { routes::LOGOUT.to_owned() } else { format!("{}?{query}", routes::LOGOUT) }
}
