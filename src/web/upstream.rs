//! Logins at vendors: `/login/{wechat,alipay,taobao}`, `/login/oidc/{name}`, their
//! callbacks, and the posts of native apps.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Path, Payload};

use super::context::{Context, retry_after};
use super::login::{begin_own, posted, refuse, status};
use super::login_pages::method_links;
use super::pages::{Failing, Form, OneTapPage, PageError, UpstreamPage};
use super::{csp, native, people, respond, routes};
use crate::authn::{Panel, Provider, Rejection, RejectionClass, Route};
use crate::flow::{DepartureView, LoginPage, LoginView, Submission};

/// Seconds after which a vendor that did not answer may be tried again.
const VENDOR_WAIT: u64 = 30;

/// `GET /login/wechat`.
pub async fn wechat(context: Context) -> HttpResponse {
    show(&context, LoginPage::WeChat).await
}

/// `GET /login/wechat/callback`.
pub async fn wechat_callback(context: Context) -> HttpResponse {
    arrive(&context, LoginPage::WeChat).await
}

/// `POST /login/wechat/app`.
pub async fn wechat_app(context: Context, payload: Payload) -> HttpResponse {
    app(&context, payload, LoginPage::WeChat).await
}

/// `GET /login/alipay`.
pub async fn alipay(context: Context) -> HttpResponse {
    show(&context, LoginPage::Alipay).await
}

/// `GET /login/alipay/callback`.
pub async fn alipay_callback(context: Context) -> HttpResponse {
    arrive(&context, LoginPage::Alipay).await
}

/// `POST /login/alipay/app`.
pub async fn alipay_app(context: Context, payload: Payload) -> HttpResponse {
    app(&context, payload, LoginPage::Alipay).await
}

/// `GET /login/taobao`.
pub async fn taobao(context: Context) -> HttpResponse {
    show(&context, LoginPage::Taobao).await
}

/// `GET /login/taobao/callback`.
pub async fn taobao_callback(context: Context) -> HttpResponse {
    arrive(&context, LoginPage::Taobao).await
}

/// `POST /login/taobao/app`.
pub async fn taobao_app(context: Context, payload: Payload) -> HttpResponse {
    app(&context, payload, LoginPage::Taobao).await
}

/// `GET /login/one-tap`: says that it is for our app, and what there is instead.
pub async fn one_tap(context: Context) -> HttpResponse {
    show(&context, LoginPage::OneTap).await
}

/// `POST /login/one-tap`.
pub async fn post_one_tap(context: Context, payload: Payload) -> HttpResponse {
    app(&context, payload, LoginPage::OneTap).await
}

/// `GET /login/oidc/{name}`.
pub async fn oidc(context: Context, name: Path<String>) -> HttpResponse {
    match LoginPage::of_provider(&context.app.flow.registry, &name) {
        Some(page) => show(&context, page).await,
        None => context.failing(Failing::NotFound),
    }
}

/// `GET /login/oidc/{name}/callback`.
pub async fn oidc_callback(context: Context, name: Path<String>) -> HttpResponse {
    match LoginPage::of_provider(&context.app.flow.registry, &name) {
        Some(page) => arrive(&context, page).await,
        None => context.failing(Failing::NotFound),
    }
}

async fn show(context: &Context, page: LoginPage) -> HttpResponse {
    let Some(name) = context.interaction() else {
        return begin_own(context).await;
    };
    match context.app.flow.departure(context.visit.clone(), page, name).await {
        Ok(view) => render(context, page, &view, None),
        Err(error) => context.failed(&error),
    }
}

async fn arrive(context: &Context, page: LoginPage) -> HttpResponse {
    if !context.readable {
        return context.failing(Failing::BadState);
    }
    match context.app.flow.arrive(context.visit.clone(), page, context.query.clone()).await {
        Ok(submission) => Box::pin(submitted(context, page, submission)).await,
        Err(error) => context.failed(&error),
    }
}

async fn app(context: &Context, payload: Payload, page: LoginPage) -> HttpResponse {
    let form = match context.form(payload).await {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    match context.app.flow.app_login(context.visit.clone(), page, posted(&form, None)).await {
        Ok(submission) => Box::pin(submitted(context, page, submission)).await,
        Err(error) => context.failed(&error),
    }
}

async fn submitted(context: &Context, page: LoginPage, submission: Submission) -> HttpResponse {
    match submission {
        Submission::Done(answer) => respond::answer(context, answer),
        Submission::Again(login, rejection) => again(context, page, *login, &rejection).await,
    }
}

/// The page that the person left from, with the reason why it did not work.
/// Where a vendor does not answer, it is not asked anew for this page.
async fn again(context: &Context, page: LoginPage, login: LoginView, rejection: &Rejection) -> HttpResponse {
    if native::wants_json(&context.request) {
        let error = PageError::from(rejection);
        return waiting(refuse(native::refused(StatusCode::OK, error.code()), error));
    }
    if rejection.class() == RejectionClass::Unavailable {
        let view = DepartureView { login, route: Ok(None) };
        return render(context, page, &view, Some(rejection));
    }
    match context.app.flow.departure(context.visit.clone(), page, login.view.interaction).await {
        Ok(view) => render(context, page, &view, Some(rejection)),
        Err(error) => context.failed(&error),
    }
}

/// The page of the one tap, in a browser: the way to a message instead.
fn in_app(context: &Context, view: &LoginView, refused: Option<&Rejection>) -> HttpResponse {
    let own = &view.view;
    let error: Option<PageError> = refused.map(PageError::from);
    let methods = method_links(context, own, LoginPage::OneTap);
    let taken = |page: &LoginPage| *page == LoginPage::Sms && own.methods.allow(page.method());
    let sms = LoginPage::all(&context.app.flow.registry).find(taken);
    let html = OneTapPage {
        chrome: context.chrome_at(Some(own), &LoginPage::OneTap.path()),
        form: Form { action: String::new(), interaction: None, csrf: String::new(), error },
        methods,
        sms_href: sms.map(|page| respond::of_interaction(&page.path(), &own.interaction)),
    };
    let response = context.page(error.map_or(StatusCode::OK, status), &html, own.redirect_uri.as_deref());
    waiting(response)
}

/// A vendor that does not answer may be tried again in a while.
fn waiting(mut response: HttpResponse) -> HttpResponse {
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        retry_after(&mut response, VENDOR_WAIT);
    }
    response
}

fn render(context: &Context, page: LoginPage, view: &DepartureView, refused: Option<&Rejection>) -> HttpResponse {
    if page == LoginPage::OneTap {
        return in_app(context, &view.login, refused);
    }
    let route = view.route.as_ref().ok().and_then(Option::as_ref);
    let error: Option<PageError> = refused.or(view.route.as_ref().err()).map(PageError::from);
    let panel = route.and_then(|route| route.panel.as_ref());
    let own = &view.login.view;
    let here = respond::of_interaction(&page.path(), &own.interaction);
    let locale = context.locale(&own.ui_locales);
    let html = UpstreamPage {
        chrome: context.chrome_at(Some(own), &page.path()),
        form: Form { action: String::new(), interaction: Some(own.interaction.clone()), csrf: own.csrf.clone(), error },
        methods: method_links(context, own, page),
        provider: Provider::of(page.method()),
        label: context.app.flow.label_of(page.method(), locale.language()).map(str::to_owned),
        link: route.map(|route: &Route| route.link.clone()),
        panel: panel.map(|panel| panel.src.clone()),
        again_href: here,
        tiles: view.login.tiles.iter().map(people::choice).collect(),
        tiles_action: routes::ACCOUNTS.to_owned(),
        again: view.login.expected.as_ref().map(people::person),
    };
    let policy = csp::panel(own.redirect_uri.as_deref(), panel.map(|panel: &Panel| panel.origin.as_str()));
    waiting(context.html(error.map_or(StatusCode::OK, status), super::pages::Page::render(&html), &policy))
}
