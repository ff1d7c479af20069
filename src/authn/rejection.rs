//! Why a try was refused, in the words that pages and scripts know.

use std::time::Duration;

use thiserror::Error;

use super::hashing::PoolFull;
use super::provider::Provider;
use crate::domain::PrincipalKind;
use crate::keys::VaultError;
use crate::notify::NotifyError;
use crate::store::StoreError;

/// A refusal that the person may read. Which of them shows is decided before
/// any secret is looked at, or only after it was right: nothing here tells a
/// stranger whether somebody exists.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Rejection {
    /// The one generic failure: unknown and wrong look the same.
    BadCredentials,
    /// Too many wrong proofs. The same for unknown names.
    Throttled {
        /// When the next try is looked at.
        retry_after: Duration,
    },
    /// Right proof, but the principal is switched off.
    PrincipalDisabled {
        /// The page words it by kind.
        kind: PrincipalKind,
    },
    /// Right proof, but the owning account is stopped.
    OwnerSuspended,
    /// The agreements are not ticked.
    AgreeRequired,
    /// A field is empty.
    FieldRequired {
        /// Its name in the form.
        field: &'static str,
    },
    /// This page takes an e-mail address, nothing else.
    EmailRequired,
    /// The choice among several accounts is too old, or names none of them.
    SelectRequired,
    /// This page takes a phone number, nothing else.
    PhoneRequired,
    /// The code is wrong, late, used up or another's: one answer for all.
    BadCode,
    /// The last code was sent a moment ago.
    CodeCooldown {
        /// When the next one may be.
        retry_after: Duration,
    },
    /// Too many codes were sent, to this number or from here.
    CodeQuota {
        /// When the next one may be.
        retry_after: Duration,
    },
    /// The person said no at the vendor. Nobody's fault, and no guess.
    UpstreamCancelled {
        /// Where.
        provider: Provider,
    },
    /// What came from the vendor is spent or too old: once more from the start.
    UpstreamExpired {
        /// Where.
        provider: Provider,
    },
    /// The vendor is down, slow, or speaks in riddles. Other methods work.
    UpstreamUnavailable {
        /// Which.
        provider: Provider,
    },
    /// The names of one upstream identity are bound to different people.
    IdentityConflict {
        /// Where.
        provider: Provider,
    },
    /// The upstream identity is bound to somebody else.
    IdentityTaken {
        /// Where.
        provider: Provider,
    },
    /// The account has another identity of this vendor bound.
    AccountHasIdentity {
        /// Where.
        provider: Provider,
    },
    /// The upstream identity waited too long for its account.
    BindExpired,
}

impl Rejection {
    /// The name in `data-code` of the page (contract: "Pages").
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadCredentials => "bad_credentials",
            Self::Throttled { .. } => "locked",
            Self::PrincipalDisabled { .. } => "principal_disabled",
            Self::OwnerSuspended => "owner_suspended",
            Self::AgreeRequired => "agree_required",
            Self::FieldRequired { .. } => "field_required",
            Self::EmailRequired => "email_required",
            Self::SelectRequired => "select_required",
            Self::PhoneRequired => "phone_required",
            Self::BadCode => "bad_code",
            Self::CodeCooldown { .. } => "code_cooldown",
            Self::CodeQuota { .. } => "code_quota",
            Self::UpstreamCancelled { .. } => "qr_denied",
            Self::UpstreamExpired { .. } => "qr_expired",
            Self::UpstreamUnavailable { .. } => "upstream_unavailable",
            Self::IdentityConflict { .. } => "identity_conflict",
            Self::IdentityTaken { provider: Provider::WeChat } => "wechat_taken",
            Self::IdentityTaken {
                provider: Provider::Alipay | Provider::Taobao | Provider::Carrier | Provider::Oidc,
            } => "identity_taken",
            Self::AccountHasIdentity { provider: Provider::WeChat } => "account_has_wechat",
            Self::AccountHasIdentity {
                provider: Provider::Alipay | Provider::Taobao | Provider::Carrier | Provider::Oidc,
            } => "account_has_identity",
            Self::BindExpired => "bind_expired",
        }
    }

    /// Which kind of refusal this is, from which the page takes its status.
    #[must_use]
    pub const fn class(&self) -> RejectionClass {
        match self {
            Self::BadCredentials
            | Self::BadCode
            | Self::PrincipalDisabled { .. }
            | Self::OwnerSuspended
            | Self::UpstreamExpired { .. } => RejectionClass::WrongProof,
            Self::Throttled { .. } | Self::CodeCooldown { .. } | Self::CodeQuota { .. } => RejectionClass::TooMany,
            Self::AgreeRequired
            | Self::FieldRequired { .. }
            | Self::EmailRequired
            | Self::PhoneRequired
            | Self::SelectRequired
            | Self::IdentityTaken { .. }
            | Self::AccountHasIdentity { .. }
            | Self::BindExpired => RejectionClass::BadInput,
            Self::IdentityConflict { .. } => RejectionClass::Conflict,
            Self::UpstreamCancelled { .. } => RejectionClass::Cancelled,
            Self::UpstreamUnavailable { .. } => RejectionClass::Unavailable,
        }
    }
}

/// The kinds of refusals; `web` gives each its status.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RejectionClass {
    /// The form cannot be taken as it is.
    BadInput,
    /// The proof does not open the door.
    WrongProof,
    /// Later.
    TooMany,
    /// What is stored contradicts itself; nobody is let in by it.
    Conflict,
    /// The person thought better of it.
    Cancelled,
    /// A vendor cannot answer.
    Unavailable,
}

/// Why a try could not be looked at. Nobody's fault but ours: 503.
#[derive(Debug, Error)]
pub enum AuthnError {
    /// Those who wait, for a hash or for a vendor, are too many already.
    #[error("too many are being looked at already")]
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A letter could not be written.
    #[error(transparent)]
    Notify(#[from] NotifyError),
    /// A seal did not close or open.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl From<PoolFull> for AuthnError {
    fn from(full: PoolFull) -> Self {
        Self::Busy { retry_after: full.retry_after }
    }
}
