//! `/login/bind`: attaching a vendor's identity to an account.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Payload;

use super::context::Context;
use super::login::{posted_page, refuse, status};
use super::pages::{BindAsk, BindPage, Entry, EntryState, Failing, Form, PageError, mask};
use super::{people, respond, routes};
use crate::authn;
use crate::flow::{BindEntry, BindStage, BindSubmission, BindView, SignUpPolicy};

/// `GET /login/bind`.
pub async fn get(context: Context) -> HttpResponse {
    let Some(name) = context.interaction() else {
        return context.failing(Failing::TxExpired);
    };
    match context.app.flow.bind_view(context.visit.clone(), name).await {
        Ok(view) => page(&context, view, None, ""),
        Err(error) => context.failed(&error),
    }
}

/// `POST /login/bind`.
pub async fn post(context: Context, payload: Payload) -> HttpResponse {
    let form = match context.form(payload).await {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    match Box::pin(context.app.flow.bind(context.visit.clone(), posted_page(&form))).await {
        Ok(BindSubmission::Done(answer)) => respond::answer(&context, answer),
        Ok(BindSubmission::Again(view, rejection)) => {
            page(&context, *view, Some((&rejection).into()), form.optional(authn::form::PHONE).unwrap_or_default())
        }
        Err(error) => context.failed(&error),
    }
}

fn page(context: &Context, view: BindView, error: Option<PageError>, typed: &str) -> HttpResponse {
    let own = &view.login.view;
    let html = BindPage {
        chrome: context.chrome(Some(own)),
        form: Form {
            action: routes::LOGIN_BIND.to_owned(),
            interaction: Some(own.interaction.clone()),
            csrf: own.csrf.clone(),
            error,
        },
        provider: view.provider,
        name: view.name,
        ask: ask(view.stage, typed, &own.interaction),
        bindings_href: routes::BINDINGS.to_owned(),
        cancel_href: respond::of_interaction(&view.page.path(), &own.interaction),
    };
    let response = context.page(error.map_or(StatusCode::OK, status), &html, own.redirect_uri.as_deref());
    match error {
        Some(error) => refuse(response, error),
        None => response,
    }
}

fn ask(stage: BindStage, typed: &str, interaction: &str) -> BindAsk {
    match stage {
        BindStage::Phone => BindAsk::Phone { typed: typed.to_owned() },
        BindStage::Code { phone } => BindAsk::Code { to: mask::phone(&phone) },
        BindStage::Nobody { phone, sign_up } => BindAsk::Nobody {
            phone: mask::phone(&phone),
            sign_up_href: (sign_up == SignUpPolicy::Open)
                .then(|| respond::of_interaction(routes::SIGN_UP, interaction)),
        },
        BindStage::NoneFree => BindAsk::NoneFree,
        BindStage::Accounts(entries) => {
            let entry = |entry: BindEntry| Entry {
                person: people::person(&entry.facts),
                handle: entry.handle,
                state: EntryState::Active,
            };
            BindAsk::Accounts(entries.into_iter().map(entry).collect())
        }
    }
}
