//! `/reset`: a new password for whoever forgot theirs, page by page.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Payload;

use super::context::Context;
use super::login::{begin_own, posted_page, refuse};
use super::pages::{
    ChooseAccountPage, CodeFor, CodePage, Failing, Form, Page, PageError, PasswordPolicy, ResetDonePage, ResetNamePage,
    ResetPasswordPage, mask,
};
use super::password::refused as password_refused;
use super::{people, respond, routes};
use crate::authn;
use crate::domain::ContactKind;
use crate::flow::{ResetPolicy, ResetRefused, ResetStage, ResetSubmission, ResetView};
use crate::protocol::RawParams;

/// `GET /reset`.
pub async fn get(context: Context) -> HttpResponse {
    let Some(name) = context.interaction() else {
        return begin_own(&context).await;
    };
    match context.app.flow.reset_view(context.visit.clone(), name).await {
        Ok(view) => page(&context, &view, None),
        Err(error) => context.failed(&error),
    }
}

/// `GET /.well-known/change-password`: where password managers send people who
/// want another password (W3C, "A Well-Known URL for Changing Passwords").
pub async fn change_password(context: Context) -> HttpResponse {
    match context.app.flow.settings.reset {
        ResetPolicy::Open => context.see_other(routes::RESET, None),
        ResetPolicy::Closed => context.failing(Failing::NotFound),
    }
}

/// `POST /reset`.
pub async fn post(context: Context, payload: Payload) -> HttpResponse {
    let form = match context.form(payload).await {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    match context.app.flow.reset(context.visit.clone(), posted_page(&form)).await {
        Ok(ResetSubmission::Done(answer)) => respond::answer(&context, answer),
        Ok(ResetSubmission::Again(view, why)) => {
            let error = match why {
                ResetRefused::Rejected(rejection) => (&rejection).into(),
                ResetRefused::Password(why) => password_refused(why),
            };
            refuse(page(&context, &view, Some((error, &form))), error)
        }
        Err(error) => context.failed(&error),
    }
}

fn page(context: &Context, view: &ResetView, refused: Option<(PageError, &RawParams)>) -> HttpResponse {
    let chrome = context.chrome(Some(&view.view));
    let form = Form {
        action: routes::RESET.to_owned(),
        interaction: Some(view.view.interaction.clone()),
        csrf: view.view.csrf.clone(),
        error: refused.map(|(error, _)| error),
    };
    let send = |page: &dyn Page| context.page(StatusCode::OK, page, view.view.redirect_uri.as_deref());
    let of_interaction = |path| respond::of_interaction(path, &view.view.interaction);
    match &view.stage {
        ResetStage::Name => {
            let typed = refused.and_then(|(_, form)| form.optional(authn::form::USERNAME));
            let username = typed.or(view.view.typed.as_deref()).unwrap_or_default().to_owned();
            send(&ResetNamePage { chrome, form, username, sign_in_href: of_interaction(routes::LOGIN) })
        }
        ResetStage::Code { to, kind } => {
            let to = match kind {
                Some(ContactKind::Phone) => mask::phone(to),
                Some(ContactKind::Email) => mask::email(to),
                None => to.clone(),
            };
            send(&CodePage { chrome, form, purpose: CodeFor::Reset, to })
        }
        ResetStage::Choose { entries } => {
            let entries = entries.iter().map(people::choice).collect();
            send(&ChooseAccountPage { chrome, form, entries, back_href: Some(of_interaction(routes::LOGIN)) })
        }
        ResetStage::Password { facts } => send(&ResetPasswordPage {
            chrome,
            form,
            person: people::person(facts),
            username: people::username(facts),
            policy: PasswordPolicy::of(&context.app.config.password),
        }),
        ResetStage::Done => send(&ResetDonePage { chrome, sign_in_href: of_interaction(routes::RESUME) }),
    }
}
