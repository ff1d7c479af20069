//! Letting somebody in by a contact that was proved in this interaction, outside
//! of a login method: whoever makes an account, or takes one that the number has
//! already, signs in by what they proved for it. Called by `flow`.

use super::attempt::Attempt;
use super::authenticator::Method;
use super::codes::{Codes, ProvedBy, ProvenContact};
use super::methods::{one_tap, sms};
use super::proof::Proof;
use super::rejection::{AuthnError, Rejection};
use crate::base::id::PrincipalId;
use crate::domain::{AuditEvent, AuditKind, CodePurpose, ContactKind, Outcome, Principal, Standing};
use crate::store::{StoreResult, Tx, audit, identifiers, principals};

/// What a contact may have been proved for, to open or make an account with it.
pub const FOR_ENROLMENT: &[CodePurpose] = &[CodePurpose::SignUp, CodePurpose::Login, CodePurpose::Bind];

/// Whom a proven phone lets in.
#[derive(Clone, Debug)]
pub enum Enrolment {
    /// The account that was made with it a moment ago; with the vendor whose
    /// identity it got, if it got one.
    New(PrincipalId, Option<Method>),
    /// An account that the number has already.
    Known(PrincipalId),
}

impl ProvedBy {
    /// The method that a sign-in by such a proof is.
    #[must_use]
    pub const fn method(self) -> Method {
        match self {
            Self::Code => sms::METHOD,
            Self::Carrier => one_tap::METHOD,
        }
    }
}

impl ProvenContact {
    /// Whether it may open an account that is there already. A code that was sent
    /// to bind an identity says so to whoever reads it, and does that alone: the
    /// page that binds decides which account it opens, and what that account has.
    #[must_use]
    pub fn opens_known(&self) -> bool {
        match self.purpose() {
            CodePurpose::SignUp | CodePurpose::Login => true,
            CodePurpose::Bind | CodePurpose::Reset => false,
        }
    }
}

impl Codes {
    /// The phone that was proved here for signing in, binding or signing up.
    ///
    /// # Errors
    /// A seal that does not open.
    pub fn proven_phone(
        &self,
        attempt: &Attempt<'_>,
        proven: &ProvenContact,
    ) -> Result<Option<super::Contact>, AuthnError> {
        for &purpose in FOR_ENROLMENT {
            let contact = self.proven(attempt.interaction, proven, purpose, attempt.now)?;
            if let Some(contact) = contact.filter(|contact| contact.kind() == ContactKind::Phone) {
                return Ok(Some(contact));
            }
        }
        Ok(None)
    }

    /// The proof of somebody who has `phone`, which [`Codes::proven_phone`] gave
    /// out for this attempt, as a proven contact of theirs; their standing is
    /// judged here, and the login is written down.
    pub fn admit(
        &self,
        tx: &mut Tx<'_>,
        attempt: &Attempt<'_>,
        proven: &ProvenContact,
        whom: &Enrolment,
    ) -> StoreResult<Result<Proof, Rejection>> {
        let phone = match self.proven_phone(attempt, proven) {
            Ok(Some(phone)) => phone,
            Ok(None) => return Ok(Err(Rejection::BadCode)),
            Err(error) => {
                tracing::error!(%error, "a proven contact does not open");
                return Ok(Err(Rejection::BadCode));
            }
        };
        let own = proven.by().method();
        let (id, method) = match whom {
            Enrolment::New(id, vendor) => (id, vendor.unwrap_or(own)),
            Enrolment::Known(id) if proven.opens_known() => (id, own),
            Enrolment::Known(_) => return Ok(Err(Rejection::BadCode)),
        };
        let principal = match principals::find(tx, id)? {
            Some(principal) if identifiers::is_proven(tx, id, phone.lookup())? => principal,
            Some(_) | None => return Ok(Err(Rejection::BadCode)),
        };
        let refused = match principal.standing() {
            Standing::Good => None,
            Standing::Disabled => Some(Rejection::PrincipalDisabled { kind: principal.kind }),
            Standing::OwnerSuspended => Some(Rejection::OwnerSuspended),
        };
        audit::record(tx, &event(&principal, attempt, (method, refused.as_ref())), &attempt.origin())?;
        Ok(refused.map_or_else(|| Ok(Proof::mint(principal, method, attempt).with(own.amr)), Err))
    }
}

fn event(principal: &Principal, attempt: &Attempt<'_>, (method, refused): (Method, Option<&Rejection>)) -> AuditEvent {
    let (outcome, because) = match refused {
        None => (Outcome::Success, format!("{}: proven phone", method.name)),
        Some(rejection) => (Outcome::Refused, rejection.code().to_owned()),
    };
    let mut event = AuditEvent::new(AuditKind::Login, outcome).of_principal(&principal.id);
    event.client = attempt.client.cloned();
    event.of_account(&principal.account.id).because(because)
}
