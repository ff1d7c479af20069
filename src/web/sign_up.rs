//! `/signup`: a new account, page by page.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Payload;

use super::context::Context;
use super::login::{begin_own, posted_page, refuse};
use super::login_pages::documents;
use super::pages::{
    Agreements, CodeFor, CodePage, Form, Page, PageError, PasswordPolicy, SignUpDetailsPage, SignUpKnownPage,
    SignUpPhonePage, mask,
};
use super::{people, respond, routes};
use crate::authn::form::AGREE;
use crate::flow::{SignUpRefused, SignUpStage, SignUpSubmission, SignUpView};
use crate::protocol::RawParams;

/// `GET /signup`.
pub async fn get(context: Context) -> HttpResponse {
    let Some(name) = context.interaction() else {
        return begin_own(&context).await;
    };
    match context.app.flow.sign_up_view(context.visit.clone(), name).await {
        Ok(view) => page(&context, &view, None),
        Err(error) => context.failed(&error),
    }
}

/// `POST /signup`.
pub async fn post(context: Context, payload: Payload) -> HttpResponse {
    let form = match context.form(payload).await {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    match context.app.flow.sign_up(context.visit.clone(), posted_page(&form)).await {
        Ok(SignUpSubmission::Done(answer)) => respond::answer(&context, answer),
        Ok(SignUpSubmission::Again(view, refused)) => {
            let error = error(&refused);
            refuse(page(&context, &view, Some((error, &form))), error)
        }
        Err(error) => context.failed(&error),
    }
}

fn error(refused: &SignUpRefused) -> PageError {
    match refused {
        SignUpRefused::Rejected(rejection) => rejection.into(),
        SignUpRefused::Weak(weakness) => (*weakness).into(),
        SignUpRefused::Full { most } => PageError::PhoneFull { most: *most },
    }
}

fn page(context: &Context, view: &SignUpView, refused: Option<(PageError, &RawParams)>) -> HttpResponse {
    let chrome = context.chrome(Some(&view.view));
    let form = Form {
        action: routes::SIGN_UP.to_owned(),
        interaction: Some(view.view.interaction.clone()),
        csrf: view.view.csrf.clone(),
        error: refused.map(|(error, _)| error),
    };
    let typed = |name| refused.and_then(|(_, form)| form.optional(name)).unwrap_or_default().to_owned();
    let sign_in_href = respond::of_interaction(routes::LOGIN, &view.view.interaction);
    let send = |page: &dyn Page| context.page(StatusCode::OK, page, view.view.redirect_uri.as_deref());
    match &view.stage {
        SignUpStage::Phone => {
            let kept = view.view.typed.as_ref().filter(|typed| refused.is_none() && !typed.contains('@'));
            let phone = kept.cloned().unwrap_or_else(|| typed("phone"));
            send(&SignUpPhonePage { chrome, form, phone, sign_in_href })
        }
        SignUpStage::Code { phone } => {
            send(&CodePage { chrome, form, purpose: CodeFor::SignUp, to: mask::phone(phone) })
        }
        SignUpStage::Known { phone, count, entries, full } => send(&SignUpKnownPage {
            chrome,
            form,
            phone: mask::phone(phone),
            count: *count,
            entries: entries.iter().map(people::choice).collect(),
            full: *full,
            sign_in_href,
        }),
        SignUpStage::Details { phone } => {
            let locale = context.locale(&view.view.ui_locales);
            let agreements = Agreements { documents: documents(context, locale), ticked: !typed(AGREE).is_empty() };
            let policy = PasswordPolicy::of(&context.app.config.password);
            send(&SignUpDetailsPage { chrome, form, phone: mask::phone(phone), policy, agreements })
        }
    }
}
