//! `/authorize` and `/authorize/resume` (RFC 6749 §3.1, OIDC Core §3.1.2).

use actix_web::HttpResponse;
use actix_web::web::Payload;
use url::form_urlencoded::Serializer;

use super::context::Context;
use super::pages::Failing;
use super::{native, respond, routes};
use crate::protocol::RawParams;

/// Bytes of a restart link that are kept; a longer request cannot be begun
/// again from our page and has to be begun at the client.
const MAX_RESTART: usize = 8 * 1024;
/// Bytes of a query that a POST is turned into.
const MAX_QUERY: usize = 12 * 1024;

/// `GET /authorize`.
pub async fn get(context: Context) -> HttpResponse {
    if !context.readable {
        return context.failing(Failing::BadRequest);
    }
    let params = context.query.clone();
    begin(&context, params).await
}

/// `POST /authorize`. From another site it comes without the browser's cookie
/// (SameSite=Lax), so it goes on by a GET, which brings the cookie along.
pub async fn post(context: Context, payload: Payload) -> HttpResponse {
    let posted = match context.body(payload).await {
        Ok(posted) => posted,
        Err(refused) => return refused,
    };
    if !context.readable {
        return context.failing(Failing::BadRequest);
    }
    let params = context.query.clone().merge(posted);
    let query = encoded(&params);
    if context.visit.cookie.is_none() && query.len() <= MAX_QUERY {
        return context.see_other(&format!("{}?{query}", routes::AUTHORIZE), None);
    }
    begin(&context, params).await
}

/// `GET /authorize/resume`.
pub async fn resume(context: Context) -> HttpResponse {
    match context.interaction() {
        Some(name) => respond::outcome(&context, context.app.flow.resume(context.visit.clone(), name).await),
        None => context.failing(Failing::TxExpired),
    }
}

async fn begin(context: &Context, params: RawParams) -> HttpResponse {
    let query = encoded(&params);
    let restart = if query.len() <= MAX_RESTART { format!("{}?{query}", routes::AUTHORIZE) } else { String::new() };
    let client_id = params.optional("client_id").unwrap_or_default().to_owned();
    let begun = context.app.flow.begin(context.visit.clone(), params, restart).await;
    match &begun {
        Ok(answer) if native::wants_json(&context.request) => {
            match context.app.flow.native_view(context.visit.clone(), &client_id, answer).await {
                Ok(Some(view)) => native::login(context, &view, answer),
                Ok(None) => respond::outcome(context, begun),
                Err(error) => context.failed(&error),
            }
        }
        Ok(_) | Err(_) => respond::outcome(context, begun),
    }
}

fn encoded(params: &RawParams) -> String {
    Serializer::new(String::new()).extend_pairs(params.iter()).finish()
}
