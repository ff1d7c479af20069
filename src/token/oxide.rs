//! The engine for RFC 6749: the only module that names `oxide_auth`.
//!
//! Its state machines run here over closures of ours: the closures read, spend
//! and store inside the caller's transaction, the machines decide the order of
//! steps and make their own checks of client, redirection URI and scope on top
//! of ours. They see a synthetic request of a client that is authenticated
//! already and grants that never end: client authentication and time are ours.
//! No code, token or secret is handed to them. What they get wrong, and how it
//! is made up for, stands in docs/adr/0003-oxide-auth.md; the grant types of
//! `token::grants` and `token::codes` are the callers.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use oxide_auth::code_grant::error::AccessTokenErrorType;
use oxide_auth::code_grant::{accesstoken, authorization, client_credentials, refresh};
use oxide_auth::primitives::grant::{Extensions, Grant};
use oxide_auth::primitives::issuer::{IssuedToken, RefreshedToken, TokenType};
use oxide_auth::primitives::registrar::{BoundClient, ExactUrl, PreGrant, RegisteredUrl};
use oxide_auth::primitives::scope::Scope as EngineScope;

use self::synthetic::{SYNTHETIC, Synthetic};
use crate::protocol::{ErrorCode, Scope};

mod synthetic;

/// Stands where the engine wants a redirection URI and the grant has none.
const NOWHERE: &str = "urn:menshen:none";
/// Expiry is decided by our clock, before and after.
const FAR_AHEAD: DateTime<Utc> = DateTime::<Utc>::MAX_UTC;

/// Why a machine did not reach its end.
#[derive(Debug)]
pub(super) enum Stop<E> {
    /// One of our closures said no, or the store failed.
    Ours(E),
    /// The engine itself refused.
    Engine(ErrorCode),
}

/// What the engine compares and carries of a grant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts<'a> {
    /// To whom it was given.
    pub client: &'a str,
    /// Where its code was sent; none for a refresh.
    pub redirect_uri: Option<&'a str>,
    /// What was granted.
    pub scope: &'a Scope,
}

impl Facts<'_> {
    fn grant<E>(&self) -> Result<Grant, Stop<E>> {
        let redirect_uri = registered(self.redirect_uri.unwrap_or(NOWHERE))?.into_url();
        Ok(Grant {
            owner_id: SYNTHETIC.to_owned(),
            client_id: self.client.to_owned(),
            scope: to_engine(self.scope)?,
            redirect_uri,
            until: FAR_AHEAD,
            extensions: Extensions::new(),
        })
    }
}

/// Runs the authorization machine (RFC 6749 §4.1.1) over a request that our own
/// checks passed, and gives the scope it bound.
pub(super) fn authorize<E>(asked: Facts<'_>) -> Result<Scope, Stop<E>> {
    let request = Synthetic::new(asked.client, "code", asked.redirect_uri, Some(asked.scope));
    let mut machine = authorization::Authorization::new(&request);
    let mut input = authorization::Input::None;
    loop {
        input = match machine.advance(input) {
            authorization::Output::Bind { client_id, redirect_uri } => {
                let redirect_uri = redirect_uri.ok_or(Stop::Engine(ErrorCode::InvalidRequest))?;
                let redirect_uri = Cow::Owned(RegisteredUrl::Exact(redirect_uri));
                let bound_client = BoundClient { client_id: Cow::Owned(client_id), redirect_uri };
                authorization::Input::Bound { request: &request, bound_client }
            }
            authorization::Output::Extend => authorization::Input::Extended(Extensions::new()),
            authorization::Output::Negotiate { bound_client, scope } => {
                let scope = scope.ok_or(Stop::Engine(ErrorCode::InvalidScope))?;
                authorization::Input::Negotiated { pre_grant: pre_grant(bound_client, scope), state: None }
            }
            authorization::Output::Ok { pre_grant, .. } => return from_engine(&pre_grant.scope),
            authorization::Output::Err(_) => return Err(Stop::Engine(ErrorCode::InvalidRequest)),
        };
    }
}

/// Runs the access token machine (RFC 6749 §4.1.3). `issue` is called with the
/// granted scope once the engine has compared client and redirection URI.
pub(super) fn exchange<T, E>(
    presenter: &str,
    redirect_uri: &str,
    bought: Facts<'_>,
    issue: impl FnOnce(Scope) -> Result<T, E>,
) -> Result<T, Stop<E>> {
    let request = Synthetic::new(presenter, "authorization_code", Some(redirect_uri), None);
    let mut machine = accesstoken::AccessToken::new(&request);
    let (mut input, mut issue, mut issued) = (accesstoken::Input::None, Some(issue), None);
    loop {
        input = match machine.advance(input) {
            accesstoken::Output::Authenticate { .. } => accesstoken::Input::Authenticated,
            accesstoken::Output::Recover { .. } => accesstoken::Input::Recovered(Some(Box::new(bought.grant()?))),
            accesstoken::Output::Extend { .. } => accesstoken::Input::Extended { access_extensions: Extensions::new() },
            accesstoken::Output::Issue { grant } => {
                let issue = issue.take().ok_or(Stop::Engine(ErrorCode::ServerError))?;
                issued = Some(issue(from_engine(&grant.scope)?).map_err(Stop::Ours)?);
                accesstoken::Input::Issued(IssuedToken::without_refresh(SYNTHETIC.to_owned(), FAR_AHEAD))
            }
            accesstoken::Output::Ok(_) => return issued.ok_or(Stop::Engine(ErrorCode::ServerError)),
            accesstoken::Output::Err(error) => return Err(refused_access(*error)),
        };
    }
}

/// Runs the refresh machine (RFC 6749 §6). `issue` is called with the scope of
/// the new access token: what was asked for, or all that was granted.
pub(super) fn refresh<T, E>(
    presenter: &str,
    asked: Option<&Scope>,
    bought: Facts<'_>,
    issue: impl FnOnce(Scope) -> Result<T, E>,
) -> Result<T, Stop<E>> {
    let request = Synthetic::new(presenter, "refresh_token", None, asked);
    let mut machine = refresh::Refresh::new(&request);
    let (mut input, mut issue, mut issued) = (refresh::Input::None, Some(issue), None);
    loop {
        input = match machine.advance(input) {
            refresh::Output::Unauthenticated { .. } => {
                refresh::Input::Authenticated { scope: refresh::Request::scope(&request) }
            }
            refresh::Output::RecoverRefresh { .. } => refresh::Input::Recovered {
                scope: refresh::Request::scope(&request),
                grant: Some(Box::new(bought.grant()?)),
            },
            refresh::Output::Refresh { grant, .. } => {
                let issue = issue.take().ok_or(Stop::Engine(ErrorCode::ServerError))?;
                issued = Some(issue(from_engine(&grant.scope)?).map_err(Stop::Ours)?);
                refresh::Input::Refreshed(RefreshedToken {
                    token: SYNTHETIC.to_owned(),
                    refresh: None,
                    until: FAR_AHEAD,
                    token_type: TokenType::Bearer,
                })
            }
            refresh::Output::Ok(_) => return issued.ok_or(Stop::Engine(ErrorCode::ServerError)),
            refresh::Output::Err(error) => return Err(refused_refresh(error)),
        };
    }
}

/// Runs the client credentials machine (RFC 6749 §4.4). `negotiate` is our
/// registrar: it gets the scope that was asked for and gives the one granted.
pub(super) fn client_credentials<E>(
    client: &str,
    asked: Option<&Scope>,
    negotiate: impl FnOnce(Option<Scope>) -> Result<Scope, E>,
) -> Result<Scope, Stop<E>> {
    let request = Synthetic::new(client, "client_credentials", None, asked);
    let mut machine = client_credentials::ClientCredentials::new(&request);
    let (mut input, mut negotiate) = (client_credentials::Input::None, Some(negotiate));
    loop {
        input = match machine.advance(input) {
            client_credentials::Output::Authenticate { .. } => client_credentials::Input::Authenticated,
            client_credentials::Output::Binding { client_id } => {
                let redirect_uri = Cow::Owned(registered(NOWHERE)?);
                let bound_client = BoundClient { client_id: Cow::Owned(client_id.to_owned()), redirect_uri };
                client_credentials::Input::Bound { bound_client }
            }
            client_credentials::Output::Extend => client_credentials::Input::Extended { extensions: Extensions::new() },
            client_credentials::Output::Negotiate { bound_client, scope } => {
                let negotiate = negotiate.take().ok_or(Stop::Engine(ErrorCode::ServerError))?;
                let scope = scope.map(|scope| from_engine(&scope)).transpose()?;
                let scope = to_engine(&negotiate(scope).map_err(Stop::Ours)?)?;
                client_credentials::Input::Negotiated { pre_grant: pre_grant(bound_client, scope) }
            }
            client_credentials::Output::Ok { pre_grant, .. } => return from_engine(&pre_grant.scope),
            client_credentials::Output::Err(error) => return Err(refused_credentials(*error)),
        };
    }
}

fn pre_grant(client: &BoundClient<'_>, scope: EngineScope) -> PreGrant {
    PreGrant {
        client_id: client.client_id.clone().into_owned(),
        redirect_uri: client.redirect_uri.clone().into_owned(),
        scope,
    }
}

fn registered<E>(uri: &str) -> Result<RegisteredUrl, Stop<E>> {
    let exact = ExactUrl::new(uri.to_owned()).map_err(|_unparsable| Stop::Engine(ErrorCode::InvalidRequest))?;
    Ok(RegisteredUrl::Exact(exact))
}

/// The engine keeps scopes in a hash set; ours are sorted, so they leave sorted.
fn from_engine<E>(scope: &EngineScope) -> Result<Scope, Stop<E>> {
    Scope::parse(&scope.to_string()).map_err(|error| Stop::Engine(error.code()))
}

fn to_engine<E>(scope: &Scope) -> Result<EngineScope, Stop<E>> {
    scope.to_string().parse().map_err(|_malformed| Stop::Engine(ErrorCode::InvalidScope))
}

fn refused_access<E>(error: accesstoken::Error) -> Stop<E> {
    match error {
        accesstoken::Error::Invalid(mut described) => Stop::Engine(code(described.description().kind())),
        accesstoken::Error::Unauthorized(..) => Stop::Engine(ErrorCode::InvalidClient),
        accesstoken::Error::Primitive(_) => Stop::Engine(ErrorCode::ServerError),
    }
}

fn refused_refresh<E>(error: refresh::Error) -> Stop<E> {
    match error {
        refresh::Error::Invalid(mut described) => Stop::Engine(code(described.description().kind())),
        refresh::Error::Unauthorized(..) => Stop::Engine(ErrorCode::InvalidClient),
        refresh::Error::Primitive => Stop::Engine(ErrorCode::ServerError),
    }
}

fn refused_credentials<E>(error: client_credentials::Error) -> Stop<E> {
    match error {
        client_credentials::Error::Invalid(mut described) => Stop::Engine(code(described.description().kind())),
        client_credentials::Error::Unauthorized(..) => Stop::Engine(ErrorCode::InvalidClient),
        client_credentials::Error::Ignore | client_credentials::Error::Primitive(_) => {
            Stop::Engine(ErrorCode::ServerError)
        }
    }
}

const fn code(kind: AccessTokenErrorType) -> ErrorCode {
    match kind {
        AccessTokenErrorType::InvalidRequest => ErrorCode::InvalidRequest,
        AccessTokenErrorType::InvalidClient => ErrorCode::InvalidClient,
        AccessTokenErrorType::InvalidGrant => ErrorCode::InvalidGrant,
        AccessTokenErrorType::UnauthorizedClient => ErrorCode::UnauthorizedClient,
        AccessTokenErrorType::UnsupportedGrantType => ErrorCode::UnsupportedGrantType,
        AccessTokenErrorType::InvalidScope => ErrorCode::InvalidScope,
    }
}
