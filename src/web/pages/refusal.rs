//! What a refusal of a lower floor is called on a page.

use super::account::PasswordPolicy;
use super::problem::{Field, PageError, whole_seconds};
use super::upstream::UpstreamProblem;
use crate::authn::password_policy::Weakness;
use crate::authn::{Provider, Rejection};

impl From<Weakness> for PageError {
    fn from(weakness: Weakness) -> Self {
        match weakness {
            Weakness::TooShort { least } => {
                Self::PasswordTooShort { min: usize::try_from(least).unwrap_or(usize::MAX) }
            }
            Weakness::TooLong => Self::PasswordTooLong { max: PasswordPolicy::MAX_CHARACTERS },
            Weakness::OwnWords => Self::PasswordOwnWords,
            Weakness::Common => Self::PasswordCommon,
            Weakness::Guessable => Self::PasswordWeak,
        }
    }
}

impl From<&Rejection> for PageError {
    fn from(rejection: &Rejection) -> Self {
        match rejection {
            Rejection::BadCredentials => Self::BadCredentials,
            Rejection::Throttled { retry_after } => Self::Locked { retry_after: whole_seconds(*retry_after) },
            Rejection::PrincipalDisabled { kind } => Self::PrincipalDisabled { kind: *kind },
            Rejection::OwnerSuspended => Self::OwnerSuspended,
            Rejection::AgreeRequired => Self::AgreeRequired,
            Rejection::FieldRequired { field } => Self::Missing(Field::named(field)),
            Rejection::EmailRequired => Self::EmailRequired,
            Rejection::SelectRequired => Self::SelectRequired,
            Rejection::PhoneRequired => Self::PhoneRequired,
            Rejection::BadCode => Self::BadCode,
            Rejection::CodeCooldown { retry_after } => Self::CodeCooldown { retry_after: whole_seconds(*retry_after) },
            Rejection::CodeQuota { retry_after } => Self::CodeQuota { retry_after: whole_seconds(*retry_after) },
            Rejection::UpstreamCancelled { provider } => Self::Upstream(UpstreamProblem::Cancelled, *provider),
            Rejection::UpstreamExpired { provider } => Self::Upstream(UpstreamProblem::Expired, *provider),
            Rejection::UpstreamUnavailable { provider } => Self::Upstream(UpstreamProblem::Unavailable, *provider),
            Rejection::IdentityConflict { provider } => Self::Upstream(UpstreamProblem::Conflict, *provider),
            Rejection::IdentityTaken { provider } => Self::Upstream(UpstreamProblem::Taken, *provider),
            Rejection::AccountHasIdentity { provider } => Self::Upstream(UpstreamProblem::HasAnother, *provider),
            Rejection::BindExpired => Self::Upstream(UpstreamProblem::BindExpired, Provider::Oidc),
        }
    }
}
