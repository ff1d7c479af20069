//! What upstream methods share: what an app brought is used once, and what a
//! vendor told becomes progress.

use crate::authn::attempt::Attempt;
use crate::authn::authenticator::{Method, Progress};
use crate::authn::form::Form;
use crate::authn::provider::Provider;
use crate::authn::rejection::{AuthnError, Rejection};
use crate::authn::upstream::Upstream;
use crate::connectors::{Class, UpstreamIdentity, VendorError};
use crate::domain::{AuditEvent, AuditKind, Outcome};

/// What an app brought.
pub(super) enum Brought<'a> {
    /// Something that was never seen here before.
    Fresh(&'a str),
    /// Nothing, or something that was.
    Refused(Rejection),
}

/// The code or token in `field`, used up: it is traded once, whatever comes of it.
pub(super) async fn brought<'a>(
    upstream: &Upstream,
    attempt: &Attempt<'_>,
    method: Method,
    form: &'a Form,
    field: &'static str,
) -> Result<Brought<'a>, AuthnError> {
    let token = match form.required(field) {
        Ok(token) => token,
        Err(rejection) => return Ok(Brought::Refused(rejection)),
    };
    if upstream.use_once(method.name, token, attempt.now).await? {
        return Ok(Brought::Fresh(token));
    }
    Ok(Brought::Refused(Rejection::UpstreamExpired { provider: Provider::of(method.name) }))
}

/// Recognises whom a vendor named; what it did not say is written down, and told
/// to the person in a few classes.
pub(super) async fn settle(
    upstream: &Upstream,
    attempt: &Attempt<'_>,
    method: Method,
    told: Result<UpstreamIdentity, VendorError>,
) -> Result<Progress, AuthnError> {
    match told {
        Ok(identity) => upstream.recognise(attempt, method, &identity).await,
        Err(error) => failed(upstream, attempt, method, &error).await,
    }
}

/// Writes down that a vendor named nobody.
pub(super) async fn failed(
    upstream: &Upstream,
    attempt: &Attempt<'_>,
    method: Method,
    error: &VendorError,
) -> Result<Progress, AuthnError> {
    let rejection = refused(method, error);
    let mut event = AuditEvent::new(AuditKind::Login, Outcome::Refused);
    event.client = attempt.client.cloned();
    upstream.note(attempt, event.because(format!("{}: {error}", method.name))).await?;
    Ok(rejection.into())
}

/// What a person is told of a vendor's error, and an operator in the log.
pub(super) fn refused(method: Method, error: &VendorError) -> Rejection {
    let provider = Provider::of(method.name);
    match error.class() {
        Class::CodeSpent => {
            tracing::warn!(method = method.name, %error, "a code or token that its vendor does not take");
            Rejection::UpstreamExpired { provider }
        }
        Class::Cancelled => Rejection::UpstreamCancelled { provider },
        Class::Misconfigured => {
            tracing::error!(method = method.name, %error, "a vendor refuses our credentials or settings");
            Rejection::UpstreamUnavailable { provider }
        }
        Class::Unavailable | Class::Throttled { .. } | Class::BadNumber | Class::Malformed => {
            tracing::warn!(method = method.name, %error, "a vendor gave no answer that helps");
            Rejection::UpstreamUnavailable { provider }
        }
    }
}
