//! `/accounts`: the chooser of an interaction, or the accounts of this browser.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Payload;

use super::context::{Context, INTERACTION};
use super::pages::{AccountsPage, ChooseAccountPage, Failing, Form};
use super::{people, respond, routes};
use crate::flow::{AccountsAction, LoginPage};
use crate::protocol::RawParams;

/// `GET /accounts`.
pub async fn get(context: Context) -> HttpResponse {
    match context.interaction() {
        Some(name) => choose(context, name).await,
        None => manage(context).await,
    }
}

/// `POST /accounts`.
pub async fn post(context: Context, payload: Payload) -> HttpResponse {
    let form = match context.form(payload).await {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    let csrf = form.optional("csrf").unwrap_or_default().to_owned();
    let visit = context.visit.clone();
    let flow = &context.app.flow;
    match (form.optional(INTERACTION), form.optional("account"), action(&form)) {
        (Some(name), Some(handle), _) => {
            let chosen = flow.choose(visit, name.to_owned(), csrf, handle.to_owned()).await;
            respond::outcome(&context, chosen)
        }
        (None, _, Some(action)) => respond::outcome(&context, flow.manage_accounts(visit, csrf, action).await),
        (Some(_), None, _) | (None, _, None) => context.failing(Failing::BadRequest),
    }
}

fn action(form: &RawParams) -> Option<AccountsAction> {
    let named = |name| form.optional(name).map(str::to_owned);
    let all = form.optional("sign_out_all").map(|_| AccountsAction::SignOutAll);
    all.or_else(|| named("sign_out").map(AccountsAction::SignOut))
        .or_else(|| named("remove").map(AccountsAction::Remove))
}

async fn choose(context: Context, name: String) -> HttpResponse {
    match context.app.flow.choice_view(context.visit.clone(), name).await {
        Ok(choice) => {
            let back = respond::of_interaction(respond::login_path(LoginPage::Account), &choice.view.interaction);
            let page = ChooseAccountPage {
                chrome: context.chrome(Some(&choice.view)),
                form: Form {
                    action: routes::ACCOUNTS.to_owned(),
                    interaction: Some(choice.view.interaction.clone()),
                    csrf: choice.view.csrf.clone(),
                    error: None,
                },
                entries: choice.entries.iter().map(people::choice).collect(),
                back_href: Some(format!("{back}&other=1")),
            };
            context.page(StatusCode::OK, &page, choice.view.redirect_uri.as_deref())
        }
        Err(error) => context.failed(&error),
    }
}

async fn manage(context: Context) -> HttpResponse {
    match context.app.flow.accounts_view(context.visit.clone()).await {
        Ok(view) => {
            let page = AccountsPage {
                chrome: context.chrome(None),
                form: Form {
                    action: routes::ACCOUNTS.to_owned(),
                    interaction: None,
                    csrf: view.csrf.clone(),
                    error: None,
                },
                entries: view.entries.iter().map(people::account).collect(),
                add_href: routes::LOGIN.to_owned(),
                apps_href: (!view.entries.is_empty()).then(|| routes::APPS.to_owned()),
            };
            context.page(StatusCode::OK, &page, None)
        }
        Err(error) => context.failed(&error),
    }
}
