//! The end of a sign-up: the account is made and signed in, in one transaction,
//! or somebody signs in to an account that the number has already.

use super::{SignUpProgress, SignUpRefused, Step};
use crate::authn::form::Form;
use crate::authn::{Authenticator, Enrolment, Method, Proof, ProvenContact, Provider, Rejection};
use crate::domain::{AuditEvent, AuditKind, Outcome as AuditOutcome, Principal};
use crate::flow::entry::Entry;
use crate::flow::interaction::{Interaction, Progress, Ticks};
use crate::flow::outcome::{Answer, FlowError, Problem};
use crate::flow::{Flow, Visit};
use crate::identity::{self, NewMember, Refusal, Stop, all_or_nothing};
use crate::notify::Occasion;
use crate::store::{StoreError, StoreResult, Tx, agreements, audit, principals};

/// How often an account is tried to be made while others make theirs.
const TRIES: usize = 3;

/// Drawn, sealed and hashed before the transaction.
struct Ready {
    member: NewMember,
    proven: ProvenContact,
    random: [u8; 32],
}

/// Why the transaction was undone.
enum Undone {
    Refused(Refusal),
    Rejected(Rejection),
    Flow(FlowError),
}

impl Flow {
    /// Takes the password and makes the account.
    pub(super) async fn make_account(
        &self,
        visit: &Visit,
        entry: &Entry,
        proven: &ProvenContact,
        fields: &Form,
    ) -> Step {
        let Some(phone) = self.proven_phone(visit, entry, proven)? else {
            return Err(Problem::Gone { restart: Some(entry.interaction.request.restart.clone()) }.into());
        };
        let password = match fields.password().and_then(|password| fields.agreed().map(|()| password)) {
            Ok(password) => password,
            Err(rejection) => return Ok(Err(rejection.into())),
        };
        if let Err(weakness) = self.password_policy.judge(password, &[phone.canonical()]) {
            return Ok(Err(SignUpRefused::Weak(weakness)));
        }
        let hashed = self.hash_new(password).await?;
        let language = visit.language(&entry.view.ui_locales);
        for _try in 0..TRIES {
            let entropy = self.entropy.as_ref();
            let member = NewMember::draw(&self.contacts, &phone, hashed.clone(), language, entropy);
            let member = member.map_err(crate::authn::AuthnError::from)?;
            let ready = Ready { member, proven: proven.clone(), random: entropy.bytes() };
            let (flow, visit, name) = (self.clone(), visit.clone(), entry.interaction.name.clone());
            let made = self.store.write(move |tx| all_or_nothing(tx, |tx| flow.enrol(tx, &visit, &name, &ready)));
            match made.await {
                Ok(Ok(answer)) => return Ok(Ok(answer)),
                Ok(Err(Undone::Rejected(rejection))) => return Ok(Err(rejection.into())),
                Ok(Err(Undone::Flow(error))) => return Err(error),
                Ok(Err(Undone::Refused(Refusal::PhoneFull { most }))) => return Ok(Err(SignUpRefused::Full { most })),
                // The number of an account was drawn twice, or others were at it: again.
                Ok(Err(Undone::Refused(_))) | Err(StoreError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Conflict("sign-up".to_owned()).into())
    }

    /// The account, its agreements, its first sign-in, and the end of the
    /// sign-up: all of it, or nothing.
    fn enrol(&self, tx: &mut Tx<'_>, visit: &Visit, name: &str, ready: &Ready) -> Result<Answer, Stop<Undone>> {
        let undone = |error: FlowError| Stop::Refused(Undone::Flow(error));
        let most = self.settings.accounts_per_phone;
        let made = identity::sign_up(tx, &ready.member, most, &visit.origin());
        let principal = made.map_err(|stop| stop.map(Undone::Refused))?;
        // Looked at behind the lock: of two forms at once, one finds its number used up.
        let entry = self.enter_page(tx, visit, name)?.map_err(undone)?;
        if entry.interaction.progress.proven.as_ref() != Some(&ready.proven) {
            return Err(undone(Problem::Stale.into()));
        }
        self.accept_terms_of_new(tx, visit, &principal)?;
        let vendor = self.bind_new(tx, visit, &entry, &principal)?;
        let enrolment = Enrolment::New(principal.id.clone(), vendor);
        let admitted = self.codes.admit(tx, &self.attempt_at(visit, &entry), &ready.proven, &enrolment)?;
        let proof = admitted.map_err(|rejection| Stop::Refused(Undone::Rejected(rejection)))?;
        self.let_in_proven(tx, visit, entry.interaction, &proof, &ready.random)?.map_err(undone)
    }

    /// The identity that waits in the interaction goes to the new account; by whose
    /// method it came.
    fn bind_new(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        entry: &Entry,
        principal: &Principal,
    ) -> Result<Option<Method>, Stop<Undone>> {
        let waiting = entry.interaction.progress.pending.as_ref();
        let Some(pending) = waiting.filter(|pending| pending.is_good(entry.interaction.id, visit.now)) else {
            return Ok(None);
        };
        // A vendor that was switched off meanwhile lets nobody in any more.
        let Some(method) = self.registry.find(pending.connector()).map(Authenticator::method) else {
            return Ok(None);
        };
        let undone = |rejection| Stop::Refused(Undone::Rejected(rejection));
        let ready = self.upstream.ready(pending, &principal.id, self.entropy.as_ref());
        let ready = ready.map_err(|error| Stop::Refused(Undone::Flow(error.into())))?;
        let bound = ready.store(tx, &visit.origin())?;
        bound.map_err(|conflict| undone(conflict.rejection(Provider::of(pending.connector()))))?;
        self.tell(tx, visit, principal, &Occasion::BindingAdded { connector: pending.connector().to_owned() })?;
        Ok(Some(method))
    }

    /// Signs somebody in by the number that was proved, which is used up by it.
    fn let_in_proven(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        mut interaction: Interaction,
        proof: &Proof,
        random: &[u8; 32],
    ) -> StoreResult<Result<Answer, FlowError>> {
        let kept = interaction.progress;
        interaction.progress = Progress { proven: None, sign_up: SignUpProgress::default(), ..kept };
        let ticks = Ticks::default();
        self.admit_proven(tx, visit, &interaction, proof, (ticks, random))
    }

    fn accept_terms_of_new(&self, tx: &mut Tx<'_>, visit: &Visit, principal: &Principal) -> StoreResult<()> {
        let Some(version) = self.settings.terms_for(principal.kind) else { return Ok(()) };
        agreements::accept(tx, &principal.id, version, &visit.address.to_string())?;
        let event = AuditEvent::new(AuditKind::AgreementAccepted, AuditOutcome::Success).of_principal(&principal.id);
        audit::record(tx, &event.of_account(&principal.account.id).because(version), &visit.origin())
    }

    /// Signs in to an account that the proven number has already.
    pub(super) async fn take_known_account(
        &self,
        visit: &Visit,
        entry: &Entry,
        proven: &ProvenContact,
        handle: &str,
    ) -> Step {
        if !self.opens_known(entry, proven) {
            return Err(Problem::Stale.into());
        }
        let Some(phone) = self.proven_phone(visit, entry, proven)? else {
            return Err(Problem::Gone { restart: Some(entry.interaction.request.restart.clone()) }.into());
        };
        let lookup = *phone.lookup();
        let holders = self.store.read(move |tx| principals::find_by_proven_contact(tx, &lookup)).await?;
        let picked = holders.iter().find(|holder| self.holder_handle(entry, holder) == handle);
        let picked = picked.ok_or(Problem::Stale)?.id.clone();
        let (flow, own, name) = (self.clone(), visit.clone(), entry.interaction.name.clone());
        let (proven, random) = (proven.clone(), self.entropy.bytes::<32>());
        let taken = self.store.write(move |tx| {
            let entry = match flow.enter_page(tx, &own, &name)? {
                Ok(entry) => entry,
                Err(gone) => return Ok(Err(gone)),
            };
            let known = Enrolment::Known(picked.clone());
            match flow.codes.admit(tx, &flow.attempt_at(&own, &entry), &proven, &known)? {
                Ok(proof) => Ok(flow.let_in_proven(tx, &own, entry.interaction, &proof, &random)?.map(Ok)),
                Err(rejection) => Ok(Ok(Err(rejection.into()))),
            }
        });
        taken.await?
    }
}
