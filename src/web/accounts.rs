//! `/accounts`: the chooser of an interaction, or the accounts of this browser.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::Payload;

use super::context::{Context, INTERACTION};
use super::pages::{ChooseAccountPage, ChooserFace, ChooserPage, ChooserRow, Failing, Form, MismatchPage, PageError};
use super::{people, respond, routes};
use crate::flow::{AccountsAction, Choosing, Destination, FlowError, LoginPage, Problem};
use crate::protocol::RawParams;

/// `GET /accounts`.
pub async fn get(context: Context) -> HttpResponse {
    match context.interaction() {
        Some(name) => choose(context, name, None).await,
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
    let (visit, flow) = (context.visit.clone(), &context.app.flow);
    let name = form.optional(INTERACTION).map(str::to_owned);
    match (name, pressed(&form)) {
        (Some(name), Some(Pressed::Account(handle))) => {
            match flow.choose(visit, name.clone(), csrf, handle).await {
                // A row that is gone, or never was: the chooser as it is now.
                Err(FlowError::Problem(Problem::Stale)) => choose(context, name, Some(StatusCode::BAD_REQUEST)).await,
                done => respond::outcome(&context, done),
            }
        }
        (None, Some(Pressed::Account(handle))) => {
            respond::outcome(&context, flow.open_account(visit, csrf, handle).await)
        }
        (Some(name), Some(Pressed::Cancel)) => respond::outcome(&context, flow.leave_chooser(visit, name, csrf).await),
        (name, Some(Pressed::Manage(action))) => {
            let everybody = action == AccountsAction::SignOutAll;
            let done = flow.manage_accounts(visit, name, csrf, action).await;
            let mut response = respond::outcome(&context, done);
            if everybody && response.status() == StatusCode::SEE_OTHER {
                clear_site_data(&mut response);
            }
            response
        }
        (Some(name), None) => choose(context, name, Some(StatusCode::UNPROCESSABLE_ENTITY)).await,
        (None, Some(Pressed::Cancel) | None) => context.failing(Failing::BadRequest),
    }
}

/// The button that was pressed.
enum Pressed {
    Account(String),
    Manage(AccountsAction),
    Cancel,
}

fn pressed(form: &RawParams) -> Option<Pressed> {
    let named = |name| form.optional(name).map(str::to_owned);
    let all = form.optional("sign_out_all").map(|_| AccountsAction::SignOutAll);
    let action = all
        .or_else(|| named("sign_out").map(AccountsAction::SignOut))
        .or_else(|| named("remove").map(AccountsAction::Remove));
    let cancel = || form.optional("cancel").map(|_| Pressed::Cancel);
    action.map(Pressed::Manage).or_else(|| named("account").map(Pressed::Account)).or_else(cancel)
}

/// Whatever this browser kept of our pages goes, now that everybody left. Not
/// the cookies: browsers would clear those of every host of the domain, and with
/// them the sessions of relying parties.
pub(super) fn clear_site_data(response: &mut HttpResponse) {
    let value = HeaderValue::from_static("\"cache\", \"storage\"");
    response.headers_mut().insert(HeaderName::from_static("clear-site-data"), value);
}

async fn choose(context: Context, name: String, again: Option<StatusCode>) -> HttpResponse {
    let choice = match context.app.flow.choice_view(context.visit.clone(), name).await {
        Ok(choice) => choice,
        // Nothing to choose here (any more): the interaction knows what comes instead.
        Err(FlowError::Problem(Problem::Stale)) => {
            let resume = context.interaction().map(|name| respond::path(&Destination::Resume(name)));
            return match resume {
                Some(path) if context.request.method().is_safe() => context.see_other(&path, None),
                Some(_) | None => context.failed(&Problem::Stale.into()),
            };
        }
        Err(error) => return context.failed(&error),
    };
    let status = again.unwrap_or(StatusCode::OK);
    let (chrome, redirect_uri) = (context.chrome(Some(&choice.view)), choice.view.redirect_uri.as_deref());
    let form = Form {
        action: routes::ACCOUNTS.to_owned(),
        interaction: Some(choice.view.interaction.clone()),
        csrf: choice.view.csrf.clone(),
        error: again.map(|_| PageError::SelectRequired),
    };
    let login = respond::of_interaction(&LoginPage::Account.path(), &choice.view.interaction);
    let other = format!("{login}&other=1");
    let face = match &choice.choosing {
        Choosing::Shortlist => {
            let entries = choice.entries.iter().map(people::choice).collect();
            let page = ChooseAccountPage { chrome, form, entries, back_href: Some(other) };
            return context.page(status, &page, redirect_uri);
        }
        Choosing::Mismatch(facts) => {
            let page = MismatchPage { chrome, form, person: people::person(facts), other_href: other };
            return context.page(status, &page, redirect_uri);
        }
        Choosing::Browser => ChooserFace::Choose,
        Choosing::Full(facts) => ChooserFace::Full(Box::new(people::person(facts))),
    };
    let now = context.visit.now;
    let rows = choice.entries.iter().enumerate().map(|(place, entry)| ChooserRow {
        entry: people::choice(entry),
        idle: entry.last_used.map(|used| now.since(used).as_secs()),
        focused: place == 0,
    });
    let page = ChooserPage { chrome, form, face, rows: rows.collect(), add_href: other };
    context.page(status, &page, redirect_uri)
}

async fn manage(context: Context) -> HttpResponse {
    match context.app.flow.accounts_view(context.visit.clone()).await {
        Ok(view) => {
            let now = context.visit.now;
            let rows = view.entries.iter().map(|entry| ChooserRow {
                entry: people::account(entry),
                idle: Some(now.since(entry.last_used).as_secs()),
                focused: false,
            });
            let page = ChooserPage {
                chrome: context.chrome(None),
                form: Form {
                    action: routes::ACCOUNTS.to_owned(),
                    interaction: None,
                    csrf: view.csrf.clone(),
                    error: None,
                },
                face: ChooserFace::Manage {
                    apps_href: routes::APPS.to_owned(),
                    sessions_href: routes::SESSIONS.to_owned(),
                    bindings_href: routes::BINDINGS.to_owned(),
                },
                rows: rows.collect(),
                add_href: routes::LOGIN.to_owned(),
            };
            context.page(StatusCode::OK, &page, None)
        }
        Err(error) => context.failed(&error),
    }
}
