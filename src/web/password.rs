//! `/password`: the forced change before a sign-in goes on.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Payload;

use super::context::{Context, INTERACTION};
use super::pages::{Failing, Form, PageError, PasswordChangePage, PasswordPolicy};
use super::{people, respond, routes};
use crate::base::Secret;
use crate::flow::{PasswordChange, PasswordRefused, PasswordView, PostedPassword};

/// `GET /password`.
pub async fn get(context: Context) -> HttpResponse {
    let Some(name) = context.interaction() else {
        return context.failing(Failing::TxExpired);
    };
    match context.app.flow.password_view(context.visit.clone(), name).await {
        Ok(view) => page(&context, StatusCode::OK, &view, None),
        Err(error) => context.failed(&error),
    }
}

/// `POST /password`.
pub async fn post(context: Context, payload: Payload) -> HttpResponse {
    let form = match context.form(payload).await {
        Ok(form) => form,
        Err(answer) => return answer,
    };
    let text = |name| form.optional(name).unwrap_or_default().to_owned();
    let posted = PostedPassword {
        interaction: text(INTERACTION),
        csrf: text("csrf"),
        password: Secret::new(text("new_password")),
        again: Secret::new(text("new_password_again")),
    };
    match context.app.flow.change_password(context.visit.clone(), posted).await {
        Ok(PasswordChange::Done(answer)) => respond::answer(&context, answer),
        Ok(PasswordChange::Again(view, why)) => {
            page(&context, StatusCode::UNPROCESSABLE_ENTITY, &view, Some(refused(why)))
        }
        Err(error) => context.failed(&error),
    }
}

fn page(context: &Context, status: StatusCode, view: &PasswordView, error: Option<PageError>) -> HttpResponse {
    let page = PasswordChangePage {
        chrome: context.chrome(Some(&view.view)),
        form: Form {
            action: routes::PASSWORD.to_owned(),
            interaction: Some(view.view.interaction.clone()),
            csrf: view.view.csrf.clone(),
            error,
        },
        person: people::person(&view.facts),
        username: people::username(&view.facts),
        policy: PasswordPolicy::of(&context.app.config.password),
    };
    context.page(status, &page, view.view.redirect_uri.as_deref())
}

/// Why a new password was refused, as a page says it.
pub(super) fn refused(why: PasswordRefused) -> PageError {
    match why {
        PasswordRefused::Same => PageError::PasswordSame,
        PasswordRefused::Mismatch => PageError::PasswordMismatch,
        PasswordRefused::Weak(weakness) => weakness.into(),
    }
}
