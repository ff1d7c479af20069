//! The login pages: `/login`, `/login/sms`, `/login/sub`, `/login/iam` and
//! `/login/iam/{account}`.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Path, Payload};

use super::context::{Context, INTERACTION, retry_after};
use super::login_pages::{Refused, render};
use super::pages::{Failing, PageError, UpstreamProblem};
use super::{native, respond, sms};
use crate::authn;
use crate::domain::browser::Stay;
use crate::flow::{FlowError, Landing, LoginPage, PostedLogin, PostedPage, Problem, Submission};
use crate::protocol::RawParams;

/// `GET /login`.
pub async fn account(context: Context) -> HttpResponse {
    show(context, LoginPage::Account, None).await
}

/// `GET /login/sms`.
pub async fn sms(context: Context) -> HttpResponse {
    show(context, LoginPage::Sms, None).await
}

/// `GET /login/sub`.
pub async fn sub_account(context: Context) -> HttpResponse {
    show(context, LoginPage::SubAccount, None).await
}

/// `GET /login/iam`.
pub async fn iam(context: Context) -> HttpResponse {
    show(context, LoginPage::Iam, None).await
}

/// `GET /login/iam/{account}`.
pub async fn iam_of(context: Context, account: Path<String>) -> HttpResponse {
    show(context, LoginPage::Iam, Some(account.into_inner())).await
}

/// `POST /login`.
pub async fn post_account(context: Context, payload: Payload) -> HttpResponse {
    submit(context, payload, LoginPage::Account, None).await
}

/// `POST /login/sms`.
pub async fn post_sms(context: Context, payload: Payload) -> HttpResponse {
    submit(context, payload, LoginPage::Sms, None).await
}

/// `POST /login/sub`.
pub async fn post_sub_account(context: Context, payload: Payload) -> HttpResponse {
    submit(context, payload, LoginPage::SubAccount, None).await
}

/// `POST /login/iam`.
pub async fn post_iam(context: Context, payload: Payload) -> HttpResponse {
    submit(context, payload, LoginPage::Iam, None).await
}

/// `POST /login/iam/{account}`.
pub async fn post_iam_of(context: Context, payload: Payload, account: Path<String>) -> HttpResponse {
    submit(context, payload, LoginPage::Iam, Some(account.into_inner())).await
}

async fn show(context: Context, page: LoginPage, account: Option<String>) -> HttpResponse {
    // A method that is switched off has no page; the account page is where everything begins.
    if page != LoginPage::Account && context.app.flow.registry.find(page.method()).is_none() {
        return context.failing(Failing::NotFound);
    }
    let Some(name) = context.interaction() else {
        return begin_own(&context).await;
    };
    match context.app.flow.login_view(context.visit.clone(), page, name).await {
        Ok(view) => render(&context, page, account.as_deref(), &view, None),
        // Many links lead to the account page: who comes there goes on to what there is.
        Err(FlowError::Problem(Problem::MethodRefused { again: Some(there) })) if page == LoginPage::Account => {
            context.see_other(&respond::path(&there), None)
        }
        Err(error) => context.failed(&error),
    }
}

/// A page opened by itself (a bookmark, a link of an owner): an interaction of
/// our own, and the same page again.
pub(super) async fn begin_own(context: &Context) -> HttpResponse {
    begin_at(context, context.request.path(), Landing::default()).await
}

/// An interaction of our own at the login page of this path, that ends at `landing`.
pub(super) async fn begin_at(context: &Context, path: &str, landing: Landing) -> HttpResponse {
    let restart = context.request.path().to_owned();
    match context.app.flow.open_own(context.visit.clone(), restart, landing).await {
        Ok((name, answer)) => {
            let cookie = answer.cookie.as_ref().map(|cookie| cookie.expose().as_str());
            context.see_other(&respond::of_interaction(path, &name), cookie)
        }
        Err(error) => context.failed(&error),
    }
}

async fn submit(context: Context, payload: Payload, page: LoginPage, account: Option<String>) -> HttpResponse {
    let form = match context.form(payload).await {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    if page == LoginPage::Sms && sms::is_mixed(&form) {
        return context.failing(Failing::BadRequest);
    }
    let field = if page == LoginPage::Sms { authn::form::PHONE } else { authn::form::USERNAME };
    let typed = form.optional(field).unwrap_or_default().to_owned();
    match context.app.flow.login(context.visit.clone(), page, posted(&form, account.as_deref())).await {
        Ok(Submission::Done(answer)) => respond::answer(&context, answer),
        Ok(Submission::Again(view, rejection)) => {
            let refused = Refused { error: (&rejection).into(), typed: &typed, form: &form };
            if native::wants_json(&context.request) {
                return refuse(native::refused(StatusCode::OK, refused.error.code()), refused.error);
            }
            refuse(render(&context, page, account.as_deref(), &view, Some(&refused)), refused.error)
        }
        Err(error) => context.failed(&error),
    }
}

pub(super) fn posted(form: &RawParams, account: Option<&str>) -> PostedLogin {
    let fields = fields(form);
    PostedLogin {
        interaction: form.optional(INTERACTION).unwrap_or_default().to_owned(),
        csrf: form.optional("csrf").unwrap_or_default().to_owned(),
        fields: match account {
            Some(account) => fields.or(authn::form::ACCOUNT, account),
            None => fields,
        },
        stay: if form.optional("remember").is_some() { Stay::Extended } else { Stay::Usual },
    }
}

/// A form of a page that is no login method.
pub(super) fn posted_page(form: &RawParams) -> PostedPage {
    PostedPage {
        interaction: form.optional(INTERACTION).unwrap_or_default().to_owned(),
        csrf: form.optional("csrf").unwrap_or_default().to_owned(),
        fields: fields(form),
    }
}

fn fields(form: &RawParams) -> authn::Form {
    authn::Form::new(form.iter().map(|(name, value)| (name.to_owned(), value.to_owned())))
}

/// A page that refuses a form: with its status, and how long to wait.
pub(super) fn refuse(mut response: HttpResponse, error: PageError) -> HttpResponse {
    *response.status_mut() = status(error);
    if let PageError::Locked { retry_after: seconds }
    | PageError::Busy { retry_after: seconds }
    | PageError::CodeCooldown { retry_after: seconds }
    | PageError::CodeQuota { retry_after: seconds } = error
    {
        retry_after(&mut response, seconds);
    }
    response
}

/// The status of a refused form (contract: "Pages").
pub(super) const fn status(error: PageError) -> StatusCode {
    match error {
        PageError::BadCredentials
        | PageError::BadCode
        | PageError::PrincipalDisabled { .. }
        | PageError::OwnerSuspended
        | PageError::ConsoleDenied
        | PageError::IpDenied
        | PageError::PasswordExpiredHard => StatusCode::UNAUTHORIZED,
        PageError::Locked { .. } | PageError::CodeCooldown { .. } | PageError::CodeQuota { .. } => {
            StatusCode::TOO_MANY_REQUESTS
        }
        PageError::Busy { .. } => StatusCode::SERVICE_UNAVAILABLE,
        PageError::NotBound => StatusCode::CONFLICT,
        PageError::Upstream(problem, _) => match problem {
            UpstreamProblem::Cancelled => StatusCode::OK,
            UpstreamProblem::Expired => StatusCode::UNAUTHORIZED,
            UpstreamProblem::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            UpstreamProblem::Conflict => StatusCode::CONFLICT,
            UpstreamProblem::Taken | UpstreamProblem::HasAnother | UpstreamProblem::BindExpired => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
        },
        PageError::AgreeRequired
        | PageError::SelectRequired
        | PageError::Missing(_)
        | PageError::EmailRequired
        | PageError::PhoneRequired
        | PageError::BadUsername
        | PageError::PasswordTooShort { .. }
        | PageError::PasswordTooLong { .. }
        | PageError::PasswordWeak
        | PageError::PasswordCommon
        | PageError::PasswordOwnWords
        | PageError::PhoneFull { .. }
        | PageError::LastWayIn
        | PageError::PasswordSame
        | PageError::PasswordMismatch => StatusCode::UNPROCESSABLE_ENTITY,
    }
}
