//! What is written down: who did what, when, from where, and how it ended.

use super::names::named_enum;
use crate::base::id::{AccountId, ClientId, PrincipalId};

named_enum! {
    /// What happened.
    AuditKind {
        /// An account was made, changed or stopped.
        AccountChanged = "account.changed",
        /// Terms were accepted.
        AgreementAccepted = "agreement.accepted",
        /// An upstream identity was attached to a principal.
        BindingAdded = "binding.added",
        /// An upstream identity was taken away from a principal.
        BindingRemoved = "binding.removed",
        /// A client was made or changed.
        ClientChanged = "client.changed",
        /// An authorization code was made.
        CodeIssued = "code.issued",
        /// A code was presented by another client, or with a wrong verifier.
        CodeMisused = "code.misused",
        /// A spent code came again; its family is revoked.
        CodeReplayed = "code.replayed",
        /// Somebody let a client in.
        ConsentGiven = "consent.given",
        /// Somebody took it back.
        ConsentRevoked = "consent.revoked",
        /// Signing keys moved.
        KeysRotated = "keys.rotated",
        /// A sign-in was tried.
        Login = "login",
        /// A sign-in ended.
        Logout = "logout",
        /// A one-time code was asked for by somebody who has a phone or a mailbox, or says so.
        OneTimeCodeSent = "one_time_code.sent",
        /// A one-time code was typed.
        OneTimeCodeTried = "one_time_code.tried",
        /// A password was changed or reset.
        PasswordChanged = "password.changed",
        /// A principal was made, changed or switched off.
        PrincipalChanged = "principal.changed",
        /// A spent refresh token came again; its family is revoked.
        RefreshReplayed = "refresh.replayed",
        /// A resource (API) was made or changed.
        ResourceChanged = "resource.changed",
        /// Tokens were revoked on request.
        TokenRevoked = "token.revoked",
        /// Tokens were issued.
        TokensIssued = "tokens.issued",
    }
}

named_enum! {
    /// How it ended.
    Outcome {
        /// Done.
        Success = "success",
        /// Refused.
        Refused = "refused",
    }
}

/// One row of the audit trail. `detail` names a reason, never a secret, a code
/// or a contact.
#[derive(Clone, Debug)]
pub struct AuditEvent {
    /// What.
    pub kind: AuditKind,
    /// How it ended.
    pub outcome: Outcome,
    /// Whom it is about.
    pub principal: Option<PrincipalId>,
    /// Whose account.
    pub account: Option<AccountId>,
    /// Which client.
    pub client: Option<ClientId>,
    /// A few words of the house.
    pub detail: String,
}

impl AuditEvent {
    /// An event that is about nobody yet.
    #[must_use]
    pub fn new(kind: AuditKind, outcome: Outcome) -> Self {
        Self { kind, outcome, principal: None, account: None, client: None, detail: String::new() }
    }

    /// Names the principal.
    #[must_use]
    pub fn of_principal(mut self, principal: &PrincipalId) -> Self {
        self.principal = Some(principal.clone());
        self
    }

    /// Names the account.
    #[must_use]
    pub fn of_account(mut self, account: &AccountId) -> Self {
        self.account = Some(account.clone());
        self
    }

    /// Names the client.
    #[must_use]
    pub fn of_client(mut self, client: &ClientId) -> Self {
        self.client = Some(client.clone());
        self
    }

    /// Adds a few words.
    #[must_use]
    pub fn because(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }
}

/// Who asks, and from where: what every audit row needs beside its event.
#[derive(Clone, Debug)]
pub struct Origin {
    /// `person`, `client:<id>`, `operator`, `system`.
    pub actor: String,
    /// Address of the peer, or `-`.
    pub address: String,
    /// The request's number.
    pub request_id: String,
}
