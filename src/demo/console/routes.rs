//! The console's routes.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{Error, HttpRequest, HttpResponse};
use openidconnect::core::CoreAuthPrompt;

use super::pages::{FrontPage, HomePage, TroublePage};
use super::relying_party::Wish;
use super::session::Tool;
use super::trouble::Trouble;
use super::visit::{Visit, is_from_own_page, see_other, text};
use super::{Console, back_channel};
use crate::demo::{STYLESHEET, api, data};

static LOGO: &str = include_str!("../../../templates/demo/console.svg");
/// Longest `login_hint` that a link may carry, in bytes.
const MAX_HINT: usize = 254;

/// Everything the console answers.
pub fn routes(console: Arc<Console>) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
    move |app: &mut ServiceConfig| {
        let guarded = web::scope("")
            .app_data(Data::from(Arc::clone(&console)))
            .wrap(from_fn(at_the_door))
            .route("/", web::get().to(front))
            .route("/report", web::get().to(report))
            .route("/sign-in", web::get().to(sign_in))
            .route(data::CONSOLE_CALLBACK, web::get().to(console_callback))
            .route(data::REPORT_CALLBACK, web::get().to(report_callback))
            .route("/call-api", web::post().to(call_api))
            .route("/refresh", web::post().to(refresh))
            .route("/sign-out", web::post().to(sign_out))
            .route(data::CONSOLE_BACK_CHANNEL, web::post().to(back_channel::console))
            .route(data::REPORT_BACK_CHANNEL, web::post().to(back_channel::report))
            .route("/report/leave", web::post().to(leave_report))
            .route("/assets/console.css", web::get().to(|| asset("text/css; charset=utf-8", STYLESHEET)))
            .route("/assets/console.svg", web::get().to(|| asset("image/svg+xml; charset=utf-8", LOGO)));
        app.service(guarded);
    }
}

/// Sends a browser that came by another name (127.0.0.1) to ours, refuses posts
/// from elsewhere, and puts the headers on that every answer has.
async fn at_the_door(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let console = request.app_data::<Data<Console>>().cloned();
    let Some(console) = console else { return Ok(next.call(request).await?.map_into_boxed_body()) };
    let host = text(request.headers(), &header::HOST);
    let own_host = host.is_some_and(|host| console.origin.strip_prefix("http://") == Some(host));
    let is_safe = request.method().is_safe();
    let mut answer = if !own_host && is_safe {
        request.into_response(see_other(&format!("{}/", console.origin), None)).map_into_boxed_body()
    } else if !own_host || (!is_safe && !is_from_own_page(request.headers(), &console.origin)) {
        request.into_response(HttpResponse::Forbidden().body("This form was not sent from this site.\n"))
    } else {
        next.call(request).await?.map_into_boxed_body()
    };
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; \
         form-action 'self' {}",
        console.provider.issuer()
    );
    let headers = answer.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    Ok(answer)
}

fn asset(content_type: &'static str, body: &'static str) -> Ready<HttpResponse> {
    ready(HttpResponse::Ok().content_type(content_type).body(body))
}

#[expect(clippy::needless_pass_by_value, reason = "actix hands extractors over by value")]
fn front(request: HttpRequest, console: Data<Console>) -> Ready<HttpResponse> {
    let visit = Visit::of(&request);
    let comes_back = visit.params.optional("state").is_some();
    // Who comes back from a sign-out is not shown another account as if it were theirs.
    if let Some(home) = home(&visit, &console, Tool::Console).filter(|_| !comes_back) {
        return ready(home);
    }
    let returned = visit.params.optional("state");
    let signed_out = console.sessions.with(visit.cookie.as_deref(), |session| {
        returned.is_some() && session.signing_out.take_if(|state| Some(state.as_str()) == returned).is_some()
    });
    let others = console.sessions.with(visit.cookie.as_deref(), |session| session.everybody(Tool::Console));
    let page = FrontPage {
        frame: visit.frame(),
        signed_out: signed_out == Some(true),
        others: others.unwrap_or_default(),
        api: console.api.clone(),
        phone: console.phone.clone(),
    };
    ready(visit.page(StatusCode::OK, &page))
}

#[expect(clippy::needless_pass_by_value, reason = "actix hands extractors over by value")]
fn report(request: HttpRequest, console: Data<Console>) -> Ready<HttpResponse> {
    let visit = Visit::of(&request);
    ready(home(&visit, &console, Tool::Report).unwrap_or_else(|| see_other("/", None)))
}

/// The page of somebody who is signed in.
fn home(visit: &Visit, console: &Console, tool: Tool) -> Option<HttpResponse> {
    let cookie = visit.cookie.as_deref();
    let seat = console.sessions.with(cookie, |session| session.seated(tool, visit.seat()).cloned()).flatten()?;
    let mut others = console.sessions.with(cookie, |session| session.everybody(tool)).unwrap_or_default();
    others.retain(|other| other.handle != seat.handle);
    let page = HomePage {
        frame: visit.frame(),
        tool,
        handle: seat.handle,
        signed_in: seat.signed_in,
        others,
        api: console.api.clone(),
        phone: console.phone.clone(),
    };
    Some(visit.page(StatusCode::OK, &page))
}

async fn sign_in(request: HttpRequest, console: Data<Console>) -> HttpResponse {
    let visit = Visit::of(&request);
    let tool = if visit.params.optional("tool") == Some("report") { Tool::Report } else { Tool::Console };
    let wish = Wish {
        prompt: match visit.params.optional("prompt") {
            Some("login") => Some(CoreAuthPrompt::Login),
            Some("consent") => Some(CoreAuthPrompt::Consent),
            Some("none") => Some(CoreAuthPrompt::None),
            Some("select_account") => Some(CoreAuthPrompt::SelectAccount),
            Some(_) | None => None,
        },
        login_hint: visit.params.optional("login_hint").filter(|hint| hint.len() <= MAX_HINT).map(str::to_owned),
        principal_type: visit.params.optional("kind").and_then(|kind| (kind == "iam_user").then_some("iam_user")),
        ui_locale: Some(visit.locale.tag()),
    };
    let pending = console.sessions.draw(tool);
    match console.party(tool).authorize(&wish, &pending).await {
        Ok(to) => {
            let cookie = console.sessions.open(visit.cookie.as_deref(), |session| session.begin(pending));
            see_other(to.as_str(), cookie.as_deref())
        }
        Err(trouble) => in_trouble(&visit, tool, trouble),
    }
}

async fn console_callback(request: HttpRequest, console: Data<Console>) -> HttpResponse {
    callback(&Visit::of(&request), &console, Tool::Console).await
}

async fn report_callback(request: HttpRequest, console: Data<Console>) -> HttpResponse {
    callback(&Visit::of(&request), &console, Tool::Report).await
}

/// The authorization response.
async fn callback(visit: &Visit, console: &Console, tool: Tool) -> HttpResponse {
    let landing = match tool {
        Tool::Console => "/",
        Tool::Report => "/report",
    };
    let cookie = visit.cookie.as_deref();
    match answered(visit, console, tool).await {
        Ok(signed_in) => {
            let renamed = console.sessions.rename(cookie);
            let fresh = console.sessions.secret().chars().take(12).collect::<String>();
            let handle = console.sessions.with(renamed.as_deref(), |session| session.seat(tool, signed_in, fresh));
            let handle = handle.as_deref().filter(|_| tool == Tool::Console);
            see_other(&at_seat(landing, handle), renamed.as_deref())
        }
        // The back button leads here again: there is nothing to tell somebody who is in.
        Err(Trouble::NotAsked) if home(visit, console, tool).is_some() => see_other(landing, None),
        Err(trouble) => in_trouble(visit, tool, trouble),
    }
}

/// Checks the answer (RFC 6749 §4.1.2, RFC 9207 §2.4) and trades its code.
async fn answered(visit: &Visit, console: &Console, tool: Tool) -> Result<super::session::SignedIn, Trouble> {
    let state = visit.params.optional("state").ok_or(Trouble::NotAsked)?;
    let taken = console.sessions.with(visit.cookie.as_deref(), |session| session.take(tool, state));
    let pending = taken.flatten().ok_or(Trouble::NotAsked)?;
    if visit.params.optional("iss") != Some(console.provider.issuer()) {
        return Err(Trouble::OtherIssuer);
    }
    if let Some(error) = visit.params.optional("error") {
        let description = visit.params.optional("error_description").map(str::to_owned);
        return Err(Trouble::Refused { error: error.to_owned(), description });
    }
    let code = visit.params.optional("code").ok_or(Trouble::NotAsked)?;
    console.party(tool).redeem(code, &pending).await
}

async fn call_api(request: HttpRequest, console: Data<Console>) -> HttpResponse {
    let visit = Visit::of(&request);
    let cookie = visit.cookie.as_deref();
    let token = console.sessions.with(cookie, |session| {
        session.seated(Tool::Console, visit.seat()).map(|seat| seat.signed_in.access_token.clone())
    });
    let Some(token) = token.flatten() else { return see_other("/", None) };
    let url = format!("{}{}", console.api, api::PATH);
    match console.provider.http().call_api(&url, token.expose()).await {
        Ok(answer) => {
            console.sessions.with(cookie, |session| {
                if let Some(seat) = session.seated(Tool::Console, visit.seat()) {
                    seat.signed_in.api_answer = Some(answer);
                }
            });
            see_other(&format!("{}#api", at_seat("/", visit.seat())), None)
        }
        Err(error) => in_trouble(&visit, Tool::Console, Trouble::provider("API", &error)),
    }
}

async fn refresh(request: HttpRequest, console: Data<Console>) -> HttpResponse {
    let visit = Visit::of(&request);
    let cookie = visit.cookie.as_deref();
    let held = console.sessions.with(cookie, |session| {
        let seat = session.seated(Tool::Console, visit.seat())?;
        let token = seat.signed_in.refresh_token.take()?;
        Some((seat.signed_in.clone(), token))
    });
    let Some((before, token)) = held.flatten() else { return see_other("/", None) };
    let renewed = console.party(Tool::Console).refresh(&before, token.expose()).await;
    console.sessions.with(cookie, |session| match &renewed {
        Ok(renewed) => {
            if let Some(seat) = session.seated(Tool::Console, visit.seat()) {
                seat.signed_in = renewed.clone();
            }
        }
        // Nobody answered: the token may still be good.
        Err(Trouble::Provider) => {
            if let Some(seat) = session.seated(Tool::Console, visit.seat()) {
                seat.signed_in.refresh_token = Some(token);
            }
        }
        Err(_) => {
            session.leave(Tool::Console, visit.seat());
        }
    });
    match renewed {
        Ok(_) => see_other(&at_seat("/", visit.seat()), None),
        Err(trouble) => in_trouble(&visit, Tool::Console, trouble),
    }
}

/// RP-initiated logout: out here first, then at the provider.
async fn sign_out(request: HttpRequest, console: Data<Console>) -> HttpResponse {
    let visit = Visit::of(&request);
    let state = console.sessions.secret();
    let left = console.sessions.with(visit.cookie.as_deref(), |session| {
        session.signing_out = Some(state.clone());
        session.leave(Tool::Console, visit.seat())
    });
    let Some(signed_in) = left.flatten() else { return see_other("/", None) };
    match console.party(Tool::Console).sign_out(&signed_in.id_token, state).await {
        Ok(Some(to)) => see_other(to.as_str(), None),
        Ok(None) => see_other("/", None),
        Err(trouble) => in_trouble(&visit, Tool::Console, trouble),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "actix hands extractors over by value")]
fn leave_report(request: HttpRequest, console: Data<Console>) -> Ready<HttpResponse> {
    let visit = Visit::of(&request);
    console.sessions.with(visit.cookie.as_deref(), |session| session.leave(Tool::Report, None));
    ready(see_other("/", None))
}

/// A page of the account that sits under this handle.
fn at_seat(page: &str, handle: Option<&str>) -> String {
    handle.map_or_else(|| page.to_owned(), |handle| format!("{page}?as={handle}"))
}

/// A kind page for what went wrong.
fn in_trouble(visit: &Visit, tool: Tool, trouble: Trouble) -> HttpResponse {
    let status = match &trouble {
        Trouble::Provider => StatusCode::BAD_GATEWAY,
        Trouble::NotAsked | Trouble::OtherIssuer | Trouble::Proof => StatusCode::BAD_REQUEST,
        Trouble::Refused { .. } | Trouble::Ended => StatusCode::OK,
    };
    visit.page(status, &TroublePage { frame: visit.frame(), tool, trouble })
}
