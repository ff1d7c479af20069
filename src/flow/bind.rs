//! `/login/bind`: an upstream identity that nobody has yet is attached to an
//! account, whose phone number is proved by a code (domain.md §2.3).
//!
//! The number decides between accounts, never what a vendor says of a person.
//! Nothing is replaced: an account that has an identity of this vendor keeps it.
//!
//! Only accounts that *proved* the number are found by it. One that merely claims
//! it may be a stranger's in both directions: made with the number of somebody
//! else, it would catch the identity of whoever really has it, who then works in
//! a stranger's account; and an account that was written down with a number that
//! somebody else has (or has now) would be opened by that person's identity for
//! good, whatever its holder changes later.

mod steps;

use serde::{Deserialize, Serialize};

use super::entry::PageSubmission;
use super::login::Entered;
use super::login_page::{LoginPage, LoginView};
use super::outcome::{Destination, FlowError, Problem};
use super::people::Facts;
use super::{Flow, Progress, SignUpPolicy, Visit};
use crate::authn::{
    Attempt, Contact, Factor, KnownBrowser, Method, PendingBinding, ProvedBy, ProvenContact, Provider, Rejection,
    SentCode,
};
use crate::base::id::PrincipalId;
use crate::domain::{CodePurpose, Principal, PrincipalKind, Standing};
use crate::protocol::LoginMethods;
use crate::store::{StoreResult, Tx, bindings, principals};

/// How far a binding got.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct BindProgress {
    sent: Option<SentCode>,
    proven: Option<ProvenContact>,
}

/// What the page asks.
#[derive(Clone, Debug)]
pub enum BindStage {
    /// The phone number.
    Phone,
    /// The code that was sent to it.
    Code {
        /// The number, in clear.
        phone: String,
    },
    /// Which of the accounts of the proved number.
    Accounts(Vec<BindEntry>),
    /// The proved number has no account.
    Nobody {
        /// The number, in clear.
        phone: String,
        /// Whether people may make an account with it.
        sign_up: SignUpPolicy,
    },
    /// The proved number has accounts, and none that can take the identity.
    NoneFree,
}

/// An account that can take the identity.
#[derive(Clone, Debug)]
pub struct BindEntry {
    /// What its button sends: means nothing outside of this interaction.
    pub handle: String,
    /// Who.
    pub facts: Facts,
}

/// What the page shows.
#[derive(Clone, Debug)]
pub struct BindView {
    /// The interaction's part.
    pub login: LoginView,
    /// Who vouches.
    pub provider: Provider,
    /// The login page of that vendor.
    pub page: LoginPage,
    /// What the person is called there.
    pub name: Option<String>,
    /// What is asked.
    pub stage: BindStage,
}

/// What became of a posted form.
pub type BindSubmission = PageSubmission<BindView, Rejection>;

/// What is known before the form is looked at.
struct Binding {
    entered: Entered,
    pending: PendingBinding,
    progress: BindProgress,
    method: Method,
    page: LoginPage,
    browser: KnownBrowser,
}

/// An account of the proved number.
struct Candidate {
    principal: Principal,
    facts: Facts,
    free: bool,
}

impl Binding {
    fn name(&self) -> String {
        self.entered.interaction.name.clone()
    }
}

impl Flow {
    /// The page of a binding.
    ///
    /// # Errors
    /// [`Problem::NothingToBind`] when no identity waits (any more);
    /// [`Problem::MethodRefused`] when the client takes none of this vendor;
    /// [`Problem::Gone`] when the interaction is over.
    pub async fn bind_view(&self, visit: Visit, name: String) -> Result<BindView, FlowError> {
        let binding = self.enter_bind(&visit, name).await?;
        self.bind_shown(&visit, binding).await
    }

    async fn enter_bind(&self, visit: &Visit, name: String) -> Result<Binding, FlowError> {
        let entered = self.enter_login(visit.clone(), name.clone()).await?;
        let Progress { pending, bind, .. } = entered.interaction.progress.clone();
        let nothing = |page: Option<LoginPage>| Problem::NothingToBind {
            again: page.map(|page| Destination::Login { page, interaction: name.clone() }),
        };
        let pending = pending.ok_or_else(|| nothing(None))?;
        let method = self.registry.find(pending.connector()).ok_or(Problem::NotFound)?.method();
        let page = LoginPage::of_method(method.name).ok_or(Problem::NotFound)?;
        self.is_offered(&entered.view.view, method.name)?;
        if !pending.is_good(entered.interaction.id, visit.now) {
            return Err(nothing(Some(page)).into());
        }
        let browser = KnownBrowser::seen(entered.interaction.browser.id, entered.known.clone());
        Ok(Binding { entered, pending, progress: bind.unwrap_or_default(), method, page, browser })
    }

    /// Notes how far the binding got.
    async fn bind_kept(&self, visit: &Visit, binding: Binding, progress: BindProgress) -> Result<Binding, FlowError> {
        let next = Progress {
            pending: Some(binding.pending.clone()),
            bind: Some(progress.clone()),
            // A number without account may make one, which then gets the identity.
            proven: progress.proven.clone(),
            ticks: binding.entered.interaction.progress.ticks,
            ..Progress::default()
        };
        self.step_on(visit.clone(), binding.name(), next, Destination::Bind(binding.name())).await?;
        Ok(Binding { progress, ..binding })
    }

    async fn bind_again(
        &self,
        visit: &Visit,
        binding: Binding,
        rejection: Rejection,
    ) -> Result<BindSubmission, FlowError> {
        if rejection == Rejection::BindExpired {
            let again = Destination::Login { page: binding.page, interaction: binding.name() };
            return Err(Problem::NothingToBind { again: Some(again) }.into());
        }
        Ok(BindSubmission::Again(Box::new(self.bind_shown(visit, binding).await?), rejection))
    }

    async fn bind_shown(&self, visit: &Visit, binding: Binding) -> Result<BindView, FlowError> {
        let stage = self.bind_stage(visit, &binding).await?;
        Ok(BindView {
            provider: Provider::of(binding.method.name),
            page: binding.page,
            name: self.upstream.name_of(&binding.pending)?,
            login: binding.entered.view,
            stage,
        })
    }

    async fn bind_stage(&self, visit: &Visit, binding: &Binding) -> Result<BindStage, FlowError> {
        let interaction = binding.entered.interaction.id;
        match (self.bind_candidates(visit, binding).await?, &binding.progress) {
            (Some(candidates), BindProgress { proven: Some(proven), .. }) if candidates.is_empty() => {
                let contact = self.codes.proven(interaction, proven, CodePurpose::Bind, visit.now)?;
                Ok(contact.map_or(BindStage::Phone, |contact| BindStage::Nobody {
                    phone: contact.canonical().to_owned(),
                    sign_up: binding.entered.view.view.sign_up,
                }))
            }
            (Some(candidates), _) => {
                let free = candidates
                    .into_iter()
                    .filter(|one| one.free)
                    .map(|one| BindEntry { handle: self.bind_handle(binding, &one.principal.id), facts: one.facts });
                let free: Vec<_> = free.collect();
                Ok(if free.is_empty() { BindStage::NoneFree } else { BindStage::Accounts(free) })
            }
            (None, BindProgress { sent: Some(sent), .. }) => {
                Ok(BindStage::Code { phone: self.codes.contact(interaction, sent)?.canonical().to_owned() })
            }
            (None, BindProgress { sent: None, .. }) => Ok(BindStage::Phone),
        }
    }

    /// The accounts of the proved number; `None` while none is proved.
    async fn bind_candidates(&self, visit: &Visit, binding: &Binding) -> Result<Option<Vec<Candidate>>, FlowError> {
        let Some((contact, _by)) = self.bind_contact(visit, binding)? else { return Ok(None) };
        let (flow, method) = (self.clone(), binding.method);
        Ok(Some(self.store.read(move |tx| flow.candidates(tx, &contact, method)).await?))
    }

    /// The number that was proved for this binding a while ago, and by what.
    fn bind_contact(&self, visit: &Visit, binding: &Binding) -> Result<Option<(Contact, ProvedBy)>, FlowError> {
        let Some(proven) = &binding.progress.proven else { return Ok(None) };
        let interaction = binding.entered.interaction.id;
        let contact = self.codes.proven(interaction, proven, CodePurpose::Bind, visit.now)?;
        Ok(contact.map(|contact| (contact, proven.by())))
    }

    fn candidates(&self, tx: &mut Tx<'_>, contact: &Contact, method: Method) -> StoreResult<Vec<Candidate>> {
        let mut found = Vec::new();
        // An account whose number nobody ever proved may be somebody else's trap (RG-01).
        for principal in principals::find_by_proven_contact(tx, contact.lookup())? {
            if may_bind(&principal, method) {
                let free = principal.standing() == Standing::Good
                    && bindings::of_principal(tx, &principal.id, method.name)?.is_none()
                    && Self::methods_left(tx, LoginMethods::default(), &principal)?.allow(method.name);
                found.push(Candidate { facts: self.facts(tx, &principal)?, principal, free });
            }
        }
        Ok(found)
    }

    fn bind_handle(&self, binding: &Binding, principal: &PrincipalId) -> String {
        self.mac_text(&[b"bind", binding.pending.fingerprint().as_bytes(), principal.as_str().as_bytes()])
    }

    fn bind_attempt<'a>(&'a self, visit: &'a Visit, binding: &'a Binding) -> Attempt<'a> {
        self.attempt(visit, &binding.entered, (&binding.browser, binding.method.name))
    }
}

/// Main accounts bind any vendor's identity, sub-accounts that of an organisation:
/// of an upstream `OpenID` provider.
fn may_bind(principal: &Principal, method: Method) -> bool {
    match principal.kind {
        PrincipalKind::Root => true,
        PrincipalKind::SubAccount => method.factor == Factor::Federation,
        PrincipalKind::IamUser => false,
    }
}
