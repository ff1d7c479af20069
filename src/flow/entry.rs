//! Entering a page of several steps that is no login method: a new account, a
//! new password. What each of them needs of the interaction before it looks at
//! the form.

use super::context::View;
use super::interaction::{Interaction, Progress};
use super::outcome::{Answer, Destination, FlowError, Outcome};
use super::{Flow, Visit};
use crate::authn::hashing::{StoredPassword, Urgency};
use crate::authn::{Attempt, AuthnError, Form, KnownBrowser};
use crate::base::id::{ClientId, PrincipalId};
use crate::store::{StoreResult, Tx, sign_ins};

/// A posted form of such a page.
pub struct PostedPage {
    /// Name of the interaction.
    pub interaction: String,
    /// The form's token.
    pub csrf: String,
    /// The fields.
    pub fields: Form,
}

/// What became of it.
pub enum PageSubmission<V, R> {
    /// On to the next page.
    Done(Answer),
    /// The page as things stand, with the reason.
    Again(Box<V>, R),
}

/// An interaction with what its pages and its attempts are made of.
pub(super) struct Entry {
    pub(super) interaction: Interaction,
    pub(super) view: View,
    pub(super) client: Option<ClientId>,
    pub(super) browser: KnownBrowser,
    known: Vec<PrincipalId>,
}

impl Entry {
    /// Whether somebody of these signed in in this browser before.
    pub(super) fn knows<'a>(&self, holders: impl IntoIterator<Item = &'a PrincipalId>) -> bool {
        holders.into_iter().any(|holder| self.known.contains(holder))
    }
}

impl Flow {
    /// Enters an interaction inside a transaction.
    pub(super) fn enter_page(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        name: &str,
    ) -> StoreResult<Result<Entry, FlowError>> {
        let (interaction, client) = match self.enter(tx, visit, name)? {
            Ok(entered) => entered,
            Err(gone) => return Ok(Err(gone)),
        };
        let view = self.view(tx, &interaction, client.as_ref())?;
        let known = sign_ins::known_principals(tx, interaction.browser.id)?;
        let browser = KnownBrowser::seen(interaction.browser.id, known.clone());
        Ok(Ok(Entry { interaction, view, client: client.map(|client| client.id), browser, known }))
    }

    /// Enters an interaction by itself, for a form: its token must be right.
    pub(super) async fn enter_form_page(&self, visit: Visit, name: String, csrf: &str) -> Result<Entry, FlowError> {
        let flow = self.clone();
        let entry = self.store.read(move |tx| flow.enter_page(tx, &visit, &name)).await??;
        Self::is_own_form(&entry.view.csrf, csrf)?;
        Ok(entry)
    }

    /// Writes down how far a page of several steps came, and shows its next.
    pub(super) async fn note_progress(
        &self,
        visit: &Visit,
        entry: &Entry,
        next: Destination,
        change: impl Fn(Progress) -> Progress + Send + 'static,
    ) -> Result<Answer, FlowError> {
        let (flow, visit, name) = (self.clone(), visit.clone(), entry.interaction.name.clone());
        self.store
            .write(move |tx| match flow.interaction(tx, &visit, &name)? {
                Ok(interaction) => Self::save(tx, &interaction, &change(interaction.progress.clone())),
                Err(gone) => Ok(Err(gone)),
            })
            .await??;
        Ok(Answer { outcome: Outcome::Page(next), cookie: None })
    }

    /// Hashes a password that somebody chose.
    pub(super) async fn hash_new(&self, password: &str) -> Result<StoredPassword, FlowError> {
        let ticket = self.passwords.admit(Urgency::Known).map_err(AuthnError::from)?;
        let hashed = self.passwords.hash(&ticket, password, self.entropy.as_ref()).await;
        hashed.map_err(|_full| AuthnError::Busy { retry_after: std::time::Duration::from_secs(2) }.into())
    }

    /// What surrounds a form of this entry.
    pub(super) fn attempt_at<'a>(&'a self, visit: &'a Visit, entry: &'a Entry) -> Attempt<'a> {
        Attempt {
            now: visit.now,
            address: visit.address,
            request_id: &visit.request_id,
            interaction: entry.interaction.id,
            client: entry.client.as_ref(),
            browser: &entry.browser,
            asked: None,
            language: visit.language(&entry.view.ui_locales),
            entropy: self.entropy.as_ref(),
        }
    }
}
