//! The login pages: what they show, and what a posted form leads to.

use super::interaction::{Interaction, MethodStep, Progress, Ticks};
use super::login_page::{LoginPage, LoginView};
use super::outcome::{Answer, Destination, FlowError, Outcome, Problem};
use super::people::Facts;
use super::{Flow, SignUpPolicy, Visit};
use crate::authn::{
    Attempt, AuthnError, Form, KnownBrowser, Progress as Authenticated, Proof, ProvedBy, Rejection, Step, form,
};
use crate::base::id::{ClientId, PrincipalId};
use crate::domain::SignIn;
use crate::domain::browser::Stay;
use crate::protocol::AuthorizationRequest;
use crate::store::{StoreResult, Tx, sign_ins};

/// A posted login form.
pub struct PostedLogin {
    /// Name of the interaction.
    pub interaction: String,
    /// The form's token.
    pub csrf: String,
    /// The fields.
    pub fields: Form,
    /// Whether "stay signed in" was ticked.
    pub stay: Stay,
}

/// What became of a posted form.
pub enum Submission {
    /// On to the next page.
    Done(Answer),
    /// The same page again, with the reason.
    Again(Box<LoginView>, Rejection),
}

/// What is known before the form is looked at.
pub(super) struct Entered {
    pub(super) interaction: Interaction,
    pub(super) view: LoginView,
    pub(super) known: Vec<PrincipalId>,
    client: Option<ClientId>,
}

impl Flow {
    /// The login page of an interaction.
    ///
    /// # Errors
    /// [`Problem::Gone`] when it is over, [`Problem::MethodRefused`] for a method that
    /// its client does not take; [`FlowError::Store`] in trouble.
    pub async fn login_view(&self, visit: Visit, page: LoginPage, name: String) -> Result<LoginView, FlowError> {
        let view = self.enter_login(visit, name).await?.view;
        self.is_offered(&view.view, page.method()).map(|()| view)
    }

    /// Looks at a posted login form.
    ///
    /// # Errors
    /// [`Problem::Forged`] for a form that is not ours, [`Problem::Gone`] for an
    /// interaction that is over, [`Problem::MethodRefused`]; authentication and store
    /// in trouble.
    pub async fn login(&self, visit: Visit, page: LoginPage, posted: PostedLogin) -> Result<Submission, FlowError> {
        let entered = self.enter_login(visit.clone(), posted.interaction).await?;
        Self::is_own_form(&entered.view.view.csrf, &posted.csrf)?;
        self.is_offered(&entered.view.view, page.method())?;
        let authenticator = self.registry.find(page.method()).ok_or(Problem::NotFound)?;
        let browser = KnownBrowser::seen(entered.interaction.browser.id, entered.known.clone());
        let attempt = self.attempt(&visit, &entered, (&browser, page.method()));
        let typed = self.typed_in(&attempt, &posted.fields)?;
        let fields = match entered.view.again(posted.fields.filled(form::USERNAME)) {
            // Who was signed in here has accepted the terms; a new version has its own page.
            Some(identifier) => posted.fields.or(form::USERNAME, &identifier).or(form::AGREE, "on"),
            None => posted.fields,
        };
        let ticks = Ticks { stay: posted.stay, agreed: fields.agreed().is_ok() };
        let answered = authenticator.answer(&attempt, &fields).await;
        self.count_login(authenticator.method().name, &answered);
        let answered = answered?;
        if let (Authenticated::Rejected(_), Some(typed)) = (&answered, typed) {
            self.keep_typed(visit.clone(), entered.interaction.name.clone(), typed).await?;
        }
        Box::pin(self.progressed(visit, page, entered, (answered, ticks))).await
    }

    /// Where a method's answer leads.
    pub(super) async fn progressed(
        &self,
        visit: Visit,
        page: LoginPage,
        entered: Entered,
        (progress, ticks): (Authenticated, Ticks),
    ) -> Result<Submission, FlowError> {
        let name = entered.interaction.name.clone();
        match progress {
            Authenticated::Verified(proof) => self.proved(visit, name, proof, ticks).await.map(Submission::Done),
            Authenticated::Choose(list) => {
                let shortlist = Progress { shortlist: Some(list), ticks, ..Progress::default() };
                self.step_on(visit, name.clone(), shortlist, Destination::Choose(name)).await
            }
            Authenticated::Ask(step) => {
                let asked = MethodStep { method: page.method().to_owned(), step };
                let progress = Progress { step: Some(asked), ..Progress::default() };
                self.step_on(visit, name.clone(), progress, Destination::Login { page, interaction: name }).await
            }
            Authenticated::Unbound(pending) => {
                let progress = Progress { pending: Some(pending), ticks, ..Progress::default() };
                self.step_on(visit, name.clone(), progress, Destination::Bind(name)).await
            }
            Authenticated::Unregistered(proven) if self.settings.sign_up == SignUpPolicy::Closed => match proven.by() {
                ProvedBy::Code => Ok(Submission::Again(Box::new(entered.view), Rejection::BadCode)),
                // No code was typed that could be wrong, and whose number it is, is proved (RG-04).
                ProvedBy::Carrier => Err(Problem::SignUpOff.into()),
            },
            Authenticated::Unregistered(_) if entered.view.view.sign_up == SignUpPolicy::Closed => {
                Err(self.newcomer_refused(&entered.view.view))
            }
            Authenticated::Unregistered(proven) => {
                let progress = Progress { proven: Some(proven), ticks, ..Progress::default() };
                self.step_on(visit, name.clone(), progress, Destination::SignUp(name)).await
            }
            Authenticated::Rejected(rejection) => Ok(Submission::Again(Box::new(entered.view), rejection)),
        }
    }

    /// Picks one of the accounts for which a proof was right.
    ///
    /// # Errors
    /// As [`Flow::login`]; a handle of no such account is [`Problem::Stale`].
    pub(super) async fn pick(&self, visit: Visit, name: String, handle: String) -> Result<Answer, FlowError> {
        let entered = self.enter_login(visit.clone(), name.clone()).await?;
        let shortlist = entered.interaction.progress.shortlist.as_ref().ok_or(Problem::Stale)?;
        let browser = KnownBrowser::seen(entered.interaction.browser.id, entered.known.clone());
        let attempt = self.attempt(&visit, &entered, (&browser, shortlist.method()));
        match self.registry.choose(&attempt, shortlist, &handle).await? {
            Authenticated::Verified(proof) => {
                let ticks = entered.interaction.progress.ticks;
                self.proved(visit, name, proof, ticks).await
            }
            Authenticated::Choose(_)
            | Authenticated::Unregistered(_)
            | Authenticated::Ask(_)
            | Authenticated::Unbound(_)
            | Authenticated::Rejected(_) => Err(Problem::Stale.into()),
        }
    }

    pub(super) fn attempt<'a>(
        &'a self,
        visit: &'a Visit,
        entered: &'a Entered,
        (browser, method): (&'a KnownBrowser, &str),
    ) -> Attempt<'a> {
        Attempt {
            now: visit.now,
            address: visit.address,
            request_id: &visit.request_id,
            interaction: entered.interaction.id,
            client: entered.client.as_ref(),
            browser,
            asked: entered.view.step.as_ref().filter(|asked| asked.method == method).map(|asked| &asked.step),
            language: visit.language(&entered.view.view.ui_locales),
            entropy: self.entropy.as_ref(),
        }
    }

    pub(super) async fn enter_login(&self, visit: Visit, name: String) -> Result<Entered, FlowError> {
        let flow = self.clone();
        self.store
            .read(move |tx| {
                let (interaction, client) = match flow.enter(tx, &visit, &name)? {
                    Ok(entered) => entered,
                    Err(gone) => return Ok(Err(gone)),
                };
                let expected = flow.expected(tx, &interaction)?;
                let asked = interaction.request.asked.as_ref();
                let named = interaction.request.subject.is_some();
                let locked_to = named || asked.is_some_and(|asked| asked.claims.required_subject().is_some());
                let step = interaction.progress.step.clone();
                let phone = match flow.phone_of(&interaction) {
                    Ok(phone) => phone,
                    Err(error) => return Ok(Err(error.into())),
                };
                let view = flow.view(tx, &interaction, client.as_ref())?;
                let anew = asked.is_some_and(AuthorizationRequest::is_anew);
                let tiles = if anew && expected.is_none() {
                    flow.tiles(tx, &visit, &interaction, client.as_ref())?
                } else {
                    Vec::new()
                };
                let view = LoginView { view, expected, tiles, locked_to, step, phone };
                let known = sign_ins::known_principals(tx, interaction.browser.id)?;
                Ok(Ok(Entered { interaction, view, known, client: client.map(|client| client.id) }))
            })
            .await?
    }

    /// The number behind a step that was asked by message.
    fn phone_of(&self, interaction: &Interaction) -> Result<Option<String>, AuthnError> {
        let contact = match interaction.progress.step.as_ref().map(|asked| &asked.step) {
            Some(Step::SmsAccount { phone, .. }) => self.codes.kept(interaction.id, phone)?,
            Some(Step::SmsCode { sent, .. }) => self.codes.contact(interaction.id, sent)?,
            Some(Step::Account { .. } | Step::Password { .. }) | None => return Ok(None),
        };
        Ok(Some(contact.canonical().to_owned()))
    }

    /// The account that is to prove itself again, while this browser has it.
    fn expected(&self, tx: &mut Tx<'_>, interaction: &Interaction) -> StoreResult<Option<Facts>> {
        let Some(id) = interaction.progress.expected else {
            return Ok(None);
        };
        let sign_ins = interaction.browser.sign_ins(tx)?;
        let known = |row: &&SignIn| row.id == id;
        sign_ins.iter().find(known).map(|row| self.facts(tx, &row.principal)).transpose()
    }

    /// Notes where a login of several steps stands, and shows its next page.
    pub(super) async fn step_on(
        &self,
        visit: Visit,
        name: String,
        next: Progress,
        page: Destination,
    ) -> Result<Submission, FlowError> {
        let flow = self.clone();
        self.store
            .write(move |tx| {
                let (interaction, _client) = match flow.enter(tx, &visit, &name)? {
                    Ok(entered) => entered,
                    Err(gone) => return Ok(Err(gone)),
                };
                let kept = interaction.progress.clone();
                let Progress { step, shortlist, ticks, proven, pending, bind, .. } = next.clone();
                let progress = Progress { step, shortlist, pending, bind, ticks, proven, ..kept };
                Self::save(tx, &interaction, &progress)
            })
            .await??;
        Ok(Submission::Done(Answer { outcome: Outcome::Page(page), cookie: None }))
    }

    /// Signs in whom the proof names; that is the interaction's choice of account.
    pub(super) async fn proved(
        &self,
        visit: Visit,
        name: String,
        proof: Proof,
        ticks: Ticks,
    ) -> Result<Answer, FlowError> {
        let (flow, random) = (self.clone(), self.entropy.bytes::<32>());
        self.store
            .write(move |tx| {
                let (interaction, _client) = match flow.enter(tx, &visit, &name)? {
                    Ok(entered) => entered,
                    Err(gone) => return Ok(Err(gone)),
                };
                if interaction.id != proof.interaction() {
                    return Ok(Err(Problem::Stale.into()));
                }
                flow.admit_proven(tx, &visit, &interaction, &proof, (ticks, &random))
            })
            .await?
    }
}
