//! The steps of a binding: number, code, account. One form at a time, each decided
//! by what the interaction remembers, not by what the form says.

use super::{BindProgress, BindSubmission, Binding};
use crate::authn::{
    Contact, Delivery, Form, Method, Order, Progress as Authenticated, Proof, Provider, Rejection, SentCode, form,
};
use crate::base::id::PrincipalId;
use crate::domain::{AuditEvent, AuditKind, CodePurpose, Outcome as AuditOutcome, Principal};
use crate::flow::entry::PostedPage;
use crate::flow::login::Submission;
use crate::flow::outcome::{Answer, Destination, FlowError, Outcome};
use crate::flow::{Flow, Visit};
use crate::notify::Occasion;
use crate::store::{audit, bindings, identifiers, principals};

impl Flow {
    /// Takes a form of the page.
    ///
    /// # Errors
    /// As [`Flow::bind_view`]; [`crate::flow::Problem::Forged`] for a form that is not ours.
    pub async fn bind(&self, visit: Visit, posted: PostedPage) -> Result<BindSubmission, FlowError> {
        let binding = self.enter_bind(&visit, posted.interaction).await?;
        Self::is_own_form(&binding.entered.view.view.csrf, &posted.csrf)?;
        let fields = &posted.fields;
        if fields.posted("other_number").is_some() {
            let binding = self.bind_kept(&visit, binding, BindProgress::default()).await?;
            return Ok(bind_page(&binding));
        }
        match binding.progress.clone() {
            BindProgress { proven: Some(_), .. } => Box::pin(self.bind_chosen(visit, binding, fields)).await,
            BindProgress { sent: Some(sent), .. } if fields.posted("resend").is_some() => {
                let contact = self.codes.contact(binding.entered.interaction.id, &sent)?;
                self.bind_send(visit, binding, &contact).await
            }
            BindProgress { sent: Some(sent), .. } => match fields.required(form::CODE) {
                Ok(code) => Box::pin(self.bind_code(visit, binding, (&sent, code))).await,
                Err(rejection) => self.bind_again(&visit, binding, rejection).await,
            },
            BindProgress { sent: None, proven: None } => match self.bind_phone(fields) {
                Ok(contact) => self.bind_send(visit, binding, &contact).await,
                Err(rejection) => self.bind_again(&visit, binding, rejection).await,
            },
        }
    }

    fn bind_phone(&self, fields: &Form) -> Result<Contact, Rejection> {
        let typed = fields.required(form::PHONE)?;
        Contact::phone(&self.contacts, &self.settings.default_country, typed).ok_or(Rejection::PhoneRequired)
    }

    /// Sends a code that is good for this identity alone.
    async fn bind_send(&self, visit: Visit, binding: Binding, contact: &Contact) -> Result<BindSubmission, FlowError> {
        let lookup = *contact.lookup();
        let holders = self.store.read(move |tx| principals::find_by_proven_contact(tx, &lookup)).await?;
        let fingerprint = binding.pending.fingerprint();
        let order = Order {
            purpose: CodePurpose::Bind,
            contact,
            choice: Some(&fingerprint),
            // Who has no account yet makes one with the number that is proved here.
            delivery: Delivery::Send,
            known: holders.iter().find_map(|holder| binding.browser.known_for(&holder.id)),
        };
        match self.codes.send(&self.bind_attempt(&visit, &binding), &order).await? {
            Ok(sent) => {
                let progress = BindProgress { sent: Some(sent), proven: None };
                Ok(bind_page(&self.bind_kept(&visit, binding, progress).await?))
            }
            Err(rejection) => self.bind_again(&visit, binding, rejection).await,
        }
    }

    /// Takes the code. A number with one account binds it; of several the person
    /// chooses one that can take the identity.
    async fn bind_code(
        &self,
        visit: Visit,
        binding: Binding,
        (sent, code): (&SentCode, &str),
    ) -> Result<BindSubmission, FlowError> {
        let proven = match self.codes.check(&self.bind_attempt(&visit, &binding), sent, code).await? {
            Ok(proven) => proven,
            Err(rejection) => return self.bind_again(&visit, binding, rejection).await,
        };
        let progress = BindProgress { sent: None, proven: Some(proven) };
        let binding = self.bind_kept(&visit, binding, progress).await?;
        match self.bind_candidates(&visit, &binding).await?.as_deref() {
            Some([one]) => self.bind_to(visit, binding, one.principal.id.clone()).await,
            Some([]) | None => Ok(bind_page(&binding)),
            Some(several) if several.iter().any(|one| one.free) => Ok(bind_page(&binding)),
            Some(several) => {
                let principals = several.iter().map(|one| one.principal.clone()).collect();
                self.tell_of_refusal(&visit, binding.method, principals).await?;
                let provider = Provider::of(binding.method.name);
                self.bind_again(&visit, binding, Rejection::AccountHasIdentity { provider }).await
            }
        }
    }

    /// Takes the choice of an account, or the wish for a new one.
    async fn bind_chosen(&self, visit: Visit, binding: Binding, fields: &Form) -> Result<BindSubmission, FlowError> {
        let Some(candidates) = self.bind_candidates(&visit, &binding).await? else {
            // Proved too long ago: once more from the number.
            return Ok(bind_page(&self.bind_kept(&visit, binding, BindProgress::default()).await?));
        };
        let handle = fields.posted(form::ACCOUNT).unwrap_or_default();
        let picked = candidates.iter().find(|one| self.bind_handle(&binding, &one.principal.id) == handle);
        match picked.map(|one| one.principal.id.clone()) {
            Some(principal) => self.bind_to(visit, binding, principal).await,
            None => self.bind_again(&visit, binding, Rejection::SelectRequired).await,
        }
    }

    /// Binds, and signs in by what was bound.
    async fn bind_to(
        &self,
        visit: Visit,
        binding: Binding,
        principal: PrincipalId,
    ) -> Result<BindSubmission, FlowError> {
        let bound = match self.bind_stored(&visit, &binding, principal).await? {
            Ok(proof) => Ok(Authenticated::Verified(proof)),
            Err(rejection) => Ok(rejection.into()),
        };
        self.count_login(binding.method.name, &bound);
        let ticks = binding.entered.interaction.progress.ticks;
        let (page, entered) = (binding.page, self.enter_login(visit.clone(), binding.name()).await?);
        match self.progressed(visit.clone(), page, entered, (bound?, ticks)).await? {
            Submission::Done(answer) => Ok(BindSubmission::Done(answer)),
            Submission::Again(_, rejection) => self.bind_again(&visit, binding, rejection).await,
        }
    }
}

impl Flow {
    /// Stores the binding, tells the account's people of it, and proves whoever did
    /// it by the vendor and the number together.
    async fn bind_stored(
        &self,
        visit: &Visit,
        binding: &Binding,
        principal: PrincipalId,
    ) -> Result<Result<Proof, Rejection>, FlowError> {
        let Some((contact, by)) = self.bind_contact(visit, binding)? else {
            return Ok(Err(Rejection::BindExpired));
        };
        let ready = self.upstream.ready(&binding.pending, &principal, self.entropy.as_ref())?;
        let (flow, own, name) = (self.clone(), visit.clone(), binding.name());
        let (pending, method, lookup) = (binding.pending.clone(), binding.method, *contact.lookup());
        let stored = self.store.write(move |tx| {
            let entry = match flow.enter_page(tx, &own, &name)? {
                Ok(entry) => entry,
                Err(gone) => return Ok(Err(gone)),
            };
            // Another tab may have brought another identity since, and an account lost its number.
            if entry.interaction.progress.pending.as_ref() != Some(&pending) {
                return Ok(Ok(Err(Rejection::BindExpired)));
            }
            let found = principals::find(tx, &principal)?;
            let proven = identifiers::is_proven(tx, &principal, &lookup)?;
            let Some(found) = found.filter(|_| proven) else {
                return Ok(Ok(Err(Rejection::SelectRequired)));
            };
            // Nothing is bound that could not be used.
            let left = (&entry.interaction, entry.view.methods.clone());
            if let Some(refused) = flow.refused_for(tx, &own, left, (&found, method.name))? {
                return Ok(Err(refused));
            }
            let bound = flow.upstream.bind(tx, &flow.attempt_at(&own, &entry), (method, by), &ready)?;
            let connector = method.name.to_owned();
            match &bound {
                Ok(proof) => flow.tell(tx, &own, proof.principal(), &Occasion::BindingAdded { connector })?,
                // Whoever has the account hears that somebody with its number tried (WX-05).
                Err(Rejection::AccountHasIdentity { .. } | Rejection::IdentityTaken { .. }) => {
                    flow.tell(tx, &own, &found, &Occasion::BindingRefused { connector })?;
                }
                Err(_) => {}
            }
            Ok(Ok(bound))
        });
        stored.await?
    }

    /// None of these accounts can take the identity: those that have another hear
    /// of it, and it is written down (WX-05).
    async fn tell_of_refusal(
        &self,
        visit: &Visit,
        method: Method,
        principals: Vec<Principal>,
    ) -> Result<(), FlowError> {
        let (flow, visit) = (self.clone(), visit.clone());
        let told = self.store.write(move |tx| {
            for principal in &principals {
                if bindings::of_principal(tx, &principal.id, method.name)?.is_none() {
                    continue;
                }
                let event = AuditEvent::new(AuditKind::BindingAdded, AuditOutcome::Refused).of_principal(&principal.id);
                let because = format!("{}: the principal has another", method.name);
                audit::record(tx, &event.of_account(&principal.account.id).because(because), &visit.origin())?;
                let connector = method.name.to_owned();
                flow.tell(tx, &visit, principal, &Occasion::BindingRefused { connector })?;
            }
            Ok(())
        });
        Ok(told.await?)
    }
}

fn bind_page(binding: &Binding) -> BindSubmission {
    let outcome = Outcome::Page(Destination::Bind(binding.name()));
    BindSubmission::Done(Answer { outcome, cookie: None })
}
