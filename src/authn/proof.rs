//! The proof that somebody is who they say: what `session::sign_in` takes.

use crate::base::Timestamp;
use crate::base::id::InteractionId;
use crate::domain::{Acr, Amr, Assurance, Principal};

use super::attempt::Attempt;
use super::authenticator::Method;
use super::waiting::WaitingProof;

/// Somebody proved who they are, and may sign in: principal and owner were
/// active when it was minted. Not `Clone`, and minted by `authn` alone, so an
/// unchecked sign-in does not compile.
pub struct Proof(Box<Proven>);

struct Proven {
    principal: Principal,
    method: Method,
    assurance: Assurance,
    interaction: InteractionId,
    at: Timestamp,
}

impl Proof {
    /// Mints a proof. Whoever calls this has just checked a credential of
    /// `principal` and found its standing good.
    pub(super) fn mint(principal: Principal, method: Method, attempt: &Attempt<'_>) -> Self {
        let assurance = Assurance { amr: method.amr.to_vec(), acr: Acr::Aal1 };
        Self(Box::new(Proven { principal, method, assurance, interaction: attempt.interaction, at: attempt.now }))
    }

    /// The same proof, with the means of another that was given beside it in this
    /// interaction (RFC 8176 lists every means that was used). Two things that
    /// somebody has are no second factor: the level stays.
    pub(super) fn with(mut self, also: &[Amr]) -> Self {
        let amr = &mut self.0.assurance.amr;
        amr.extend(also.iter().filter(|means| !amr.contains(means)).copied().collect::<Vec<_>>());
        self
    }

    /// Who it is, as the store knew them at that moment.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.0.principal
    }

    /// The login method's name.
    #[must_use]
    pub fn method(&self) -> &'static str {
        self.0.method.name
    }

    /// How surely (`amr`, `acr`).
    #[must_use]
    pub fn assurance(&self) -> &Assurance {
        &self.0.assurance
    }

    /// The interaction in which it was given; it is good for no other.
    #[must_use]
    pub fn interaction(&self) -> InteractionId {
        self.0.interaction
    }

    /// When (`auth_time`).
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.0.at
    }

    /// The proof as something that can wait until there is room for it.
    #[must_use]
    pub fn waiting(&self) -> WaitingProof {
        let Proven { principal, method, assurance, interaction, at } = &*self.0;
        WaitingProof::new(principal.id.clone(), method.name, assurance.clone(), (*interaction, *at))
    }

    /// A proof that waited; its time stays the one at which it was given.
    pub(super) fn after_waiting(
        principal: Principal,
        method: Method,
        assurance: Assurance,
        given: (InteractionId, Timestamp),
    ) -> Self {
        let (interaction, at) = given;
        Self(Box::new(Proven { principal, method, assurance, interaction, at }))
    }
}
