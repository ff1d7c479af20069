//! Which login methods may be used: the configuration says which there are, a
//! client may take some of them only (`allowed_login_methods`), and the owner of
//! an account may leave its people some of them only (`login_methods`).
//!
//! What a client takes is known before anybody is: its pages offer less, and a
//! form, a callback or an app's post by another method is refused before it is
//! looked at. What an owner leaves is known with the person, so it is asked once
//! the proof was right, and told to nobody else. A sign-in that lives already and
//! was made by another method asks for a new proof (`policy`).

use super::context::View;
use super::entry::Entry;
use super::interaction::Interaction;
use super::login_page::LoginPage;
use super::outcome::{Destination, FlowError, Problem};
use super::{Flow, SignUpPolicy, Visit};
use crate::authn::{PendingBinding, Proof, ProvedBy, ProvenContact};
use crate::base::id::AccountId;
use crate::domain::contact::account_key;
use crate::domain::{AuditEvent, AuditKind, Client, Outcome, Principal, PrincipalKind};
use crate::protocol::{ClientMetadata, LoginMethods};
use crate::store::{StoreResult, Tx, account_policies, accounts, audit, clients};

impl View {
    /// Whether an account may be made from here on, by a number: the client takes both
    /// the account and the method.
    #[must_use]
    pub fn offers_sign_up(&self) -> bool {
        self.sign_up == SignUpPolicy::Open && takes_numbers(&self.methods)
    }
}

/// Whether people may sign in by a number, as whoever made an account does.
pub(super) fn takes_numbers(methods: &LoginMethods) -> bool {
    methods.allow(ProvedBy::Code.method().name)
}

impl Flow {
    /// Whether a client takes the account that somebody makes here: a main account of
    /// their own.
    pub(super) fn takes_newcomers(client: Option<&Client>) -> bool {
        let takes_kind = |metadata: &ClientMetadata| {
            let kinds = &metadata.allowed_principal_types;
            kinds.is_empty() || kinds.iter().any(|kind| kind == PrincipalKind::Root.as_str())
        };
        let takes = |metadata: &ClientMetadata| takes_kind(metadata) && metadata.allowed_owner_accounts.is_empty();
        client.is_none_or(|client| takes(&client.metadata))
    }

    /// What a client leaves on the pages of its requests. Where it takes the people
    /// of one owner alone, so much as that owner leaves them.
    pub(super) fn methods_of_client(tx: &mut Tx<'_>, client: Option<&Client>) -> StoreResult<LoginMethods> {
        let Some(metadata) = client.map(|client| &client.metadata) else { return Ok(LoginMethods::default()) };
        let methods = LoginMethods::of(&metadata.allowed_login_methods);
        let [owner] = metadata.allowed_owner_accounts.as_slice() else { return Ok(methods) };
        let key = account_key(owner).unwrap_or_default();
        let account = match accounts::find_by_alias(tx, &key)? {
            Some(account) => account.id,
            None => AccountId::from_text(key),
        };
        Ok(methods.and(&account_policies::of(tx, &account)?.login_methods))
    }

    /// What is left for `principal`, of `methods`.
    pub(super) fn methods_left(
        tx: &mut Tx<'_>,
        methods: LoginMethods,
        principal: &Principal,
    ) -> StoreResult<LoginMethods> {
        Ok(methods.and(&account_policies::of(tx, &principal.account.owner_id)?.login_methods))
    }

    /// The first page of a method that may be used.
    pub(super) fn first_page(&self, methods: &LoginMethods) -> Option<LoginPage> {
        LoginPage::all(&self.registry).find(|page| methods.allow(page.method()))
    }

    /// Whether the method of a page may be used in an interaction.
    ///
    /// # Errors
    /// [`Problem::MethodRefused`].
    pub(super) fn is_offered(&self, view: &View, method: &str) -> Result<(), FlowError> {
        if view.methods.allow(method) { Ok(()) } else { Err(self.method_refused(&view.methods, &view.interaction)) }
    }

    /// Whether an account may be made in an interaction: by the vendor whose
    /// identity waits, or by what proves the number; for a client that takes it. That
    /// accounts are made at all was asked before.
    ///
    /// # Errors
    /// [`Problem::NewcomerRefused`], [`Problem::MethodRefused`].
    pub(super) fn is_sign_up_offered(&self, entry: &Entry) -> Result<(), FlowError> {
        let Entry { view, interaction, .. } = entry;
        if view.sign_up == SignUpPolicy::Closed {
            return Err(self.newcomer_refused(view));
        }
        let progress = &interaction.progress;
        let proved = progress.proven.as_ref().map(ProvenContact::by).unwrap_or_default().method().name;
        let method = progress.pending.as_ref().map_or(proved, PendingBinding::connector);
        self.is_offered(view, method)
    }

    /// Refuses a proof by a method that the client or the principal's owner does
    /// not take, and writes that down; `None`: it is good.
    pub(super) fn refused_method(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        interaction: &Interaction,
        proof: &Proof,
    ) -> StoreResult<Option<FlowError>> {
        let client = match &interaction.request.asked {
            Some(asked) => clients::find(tx, &asked.client_id)?,
            None => None,
        };
        let methods = Self::methods_of_client(tx, client.as_ref())?;
        self.refused_for(tx, visit, (interaction, methods), (proof.principal(), proof.method()))
    }

    /// The same for a principal who has proved nothing yet.
    pub(super) fn refused_for(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        (interaction, methods): (&Interaction, LoginMethods),
        (principal, method): (&Principal, &str),
    ) -> StoreResult<Option<FlowError>> {
        let methods = Self::methods_left(tx, methods, principal)?;
        if methods.allow(method) {
            return Ok(None);
        }
        let mut event = AuditEvent::new(AuditKind::Login, Outcome::Refused).of_principal(&principal.id);
        event.client = interaction.request.asked.as_ref().map(|asked| asked.client_id.clone());
        let event = event.of_account(&principal.account.id).because(format!("{method}: a method that is not allowed"));
        audit::record(tx, &event, &visit.origin())?;
        Ok(Some(self.method_refused(&methods, &interaction.name)))
    }

    fn method_refused(&self, methods: &LoginMethods, interaction: &str) -> FlowError {
        Problem::MethodRefused { again: self.first_login(methods, interaction) }.into()
    }

    pub(super) fn newcomer_refused(&self, view: &View) -> FlowError {
        Problem::NewcomerRefused { again: self.first_login(&view.methods, &view.interaction) }.into()
    }

    fn first_login(&self, methods: &LoginMethods, interaction: &str) -> Option<Destination> {
        self.first_page(methods).map(|page| Destination::Login { page, interaction: interaction.to_owned() })
    }
}
