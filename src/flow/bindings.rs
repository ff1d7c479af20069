//! `/me/bindings`: the vendors' identities that open an account, and taking them
//! away.
//!
//! How somebody signs in is changed by a proof that is fresh alone (RG-05): who
//! gave theirs a while ago gives another on their own login page, and comes back.
//! The last way in is never taken. Everything is decided behind the account's
//! bindings, held, so that of two removals at once the second sees what the first
//! left.

use std::time::Duration;

use super::interaction::{Progress, StoredRequest};
use super::outcome::{Answer, Destination, FlowError, Outcome};
use super::own::{OwnForm, OwnPage};
use super::{Flow, Landing, LoginPage, ResetPolicy, Visit};
use crate::authn::PASSWORD_CREDENTIAL;
use crate::base::Timestamp;
use crate::base::id::PrincipalId;
use crate::domain::{AuditEvent, AuditKind, ContactKind, Outcome as AuditOutcome, Principal, PrincipalKind, SignIn};
use crate::identity::{self, Remover};
use crate::protocol::LoginMethods;
use crate::store::bindings::{self, Held};
use crate::store::{StoreResult, Tx, audit, credentials, identifiers};

/// A proof this young changes how somebody signs in.
pub const FRESH_PROOF: Duration = Duration::from_secs(5 * 60);

/// The path of the page, which names its handles too.
const PAGE: &str = "/me/bindings";

/// One bound identity.
#[derive(Clone, Debug)]
pub struct BindingEntry {
    /// What its button sends.
    pub handle: String,
    /// The login method that it opens the account by.
    pub method: String,
    /// What the person is called at the vendor.
    pub name: Option<String>,
    /// Since when it is bound.
    pub since: Timestamp,
    /// When it signed somebody in last, if that is known.
    pub last_used: Option<Timestamp>,
}

/// Whether the page's own sign-in may change anything by itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ProofAge {
    /// It was proved a moment ago.
    Fresh,
    /// It is to be proved again first.
    Old,
}

/// What the page shows: the identities, oldest first.
pub type BindingsView = OwnPage<(ProofAge, Vec<BindingEntry>)>;

/// Why nothing was taken away.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UnbindRefused {
    /// It was taken away already, or never was.
    Gone,
    /// Nobody could sign in to the account any more.
    LastWayIn,
}

impl Flow {
    /// What is bound to an account of this browser.
    ///
    /// # Errors
    /// [`super::Problem::SignedOut`] when nobody is signed in here.
    pub async fn bindings_view(&self, visit: Visit, handle: Option<String>) -> Result<BindingsView, FlowError> {
        let now = visit.now;
        self.own_page(visit, handle, move |flow, tx, own| {
            let held = bindings::list(tx, &own.principal.id)?;
            let entries = held.into_iter().map(|one| flow.binding_entry(&own.principal.id, one));
            Ok((ProofAge::of(own, now), entries.collect()))
        })
        .await
    }

    /// Takes an identity away from the account that the form is about.
    ///
    /// # Errors
    /// [`super::Problem::Forged`], [`super::Problem::SignedOut`].
    pub async fn unbind(
        &self,
        visit: Visit,
        posted: OwnForm,
        handle: String,
    ) -> Result<Result<Answer, UnbindRefused>, FlowError> {
        let random = self.entropy.bytes::<32>();
        self.own_form(visit, posted, move |flow, tx, visit, own| {
            let held = bindings::list_held(tx, &own.principal.id)?;
            let meant = |one: &&Held| flow.binding_handle(&own.principal.id, one.id) == handle;
            let Some(leaving) = held.iter().find(meant) else { return Ok(Ok(Err(UnbindRefused::Gone))) };
            match ProofAge::of(own, visit.now) {
                ProofAge::Old => Ok(flow.prove_first(tx, visit, own, &random)?.map(Ok)),
                ProofAge::Fresh => flow.take_away(tx, visit, own, (leaving, &held)).map(Ok),
            }
        })
        .await
    }

    /// To the login page of this very account, and back to the page.
    fn prove_first(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        own: &SignIn,
        random: &[u8; 32],
    ) -> StoreResult<Result<Answer, FlowError>> {
        let request = StoredRequest {
            subject: Some(own.principal.id.clone()),
            landing: Landing::Bindings,
            ..StoredRequest::own(PAGE.to_owned())
        };
        let progress = Progress { chosen: Some(own.id), ..Progress::default() };
        let opened = self.open_interaction(tx, own.browser, &request, &progress, (random, visit))?;
        Ok(opened.map(|name| Answer { outcome: Outcome::Page(Destination::Resume(name)), cookie: None }))
    }

    fn take_away(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        own: &SignIn,
        (leaving, held): (&Held, &[Held]),
    ) -> StoreResult<Result<Answer, UnbindRefused>> {
        let principal = &own.principal;
        if !self.has_way_without(tx, principal, (leaving, held))? {
            let refused = AuditEvent::new(AuditKind::BindingRemoved, AuditOutcome::Refused).of_principal(&principal.id);
            let because = format!("{}: the last way in", leaving.connector);
            audit::record(tx, &refused.of_account(&principal.account.id).because(because), &visit.origin())?;
            return Ok(Err(UnbindRefused::LastWayIn));
        }
        let (scene, origin) = (Self::scene(visit), visit.origin());
        let by = Remover { own: Some(own.id), scene: &scene, origin: &origin };
        if !identity::unbind(tx, &self.notices, (principal, leaving), &by)? {
            return Ok(Err(UnbindRefused::Gone));
        }
        let page = Destination::Bindings(self.account_handle(own.id));
        Ok(Ok(Answer { outcome: Outcome::Page(page), cookie: None }))
    }

    /// Whether somebody who has this account could still sign in without an identity:
    /// by another one, by a code to a phone, by a password, or by a new password that
    /// a code to a proven contact gives. What is switched off, or not left by the
    /// owner, is no way.
    fn has_way_without(
        &self,
        tx: &mut Tx<'_>,
        principal: &Principal,
        (leaving, held): (&Held, &[Held]),
    ) -> StoreResult<bool> {
        let left = Self::methods_left(tx, LoginMethods::default(), principal)?;
        let is_on = |method: &str| self.registry.find(method).is_some() && left.allow(method);
        if held.iter().any(|other| other.id != leaving.id && is_on(&other.connector)) {
            return Ok(true);
        }
        let contacts = identifiers::list(tx, &principal.id)?;
        let proven = |kind| contacts.iter().any(|row| row.kind == kind && row.verified_at.is_some());
        if proven(ContactKind::Phone) && is_on(LoginPage::Sms.method()) {
            return Ok(true);
        }
        let named = match principal.kind {
            PrincipalKind::Root => !contacts.is_empty(),
            // Their page takes an address alone.
            PrincipalKind::SubAccount => contacts.iter().any(|row| row.kind == ContactKind::Email),
            PrincipalKind::IamUser => principal.username.is_some(),
        };
        if !named || !is_on(LoginPage::of(principal.kind).method()) {
            return Ok(false);
        }
        let reached = [ContactKind::Phone, ContactKind::Email].into_iter().any(|kind| {
            // A code to it replaces the password that is not there.
            proven(kind) && self.notices.reaches(kind)
        });
        let reset = self.settings.reset == ResetPolicy::Open && reached;
        Ok(reset || credentials::find(tx, &principal.id, PASSWORD_CREDENTIAL)?.is_some())
    }

    fn binding_entry(&self, principal: &PrincipalId, held: Held) -> BindingEntry {
        let name = held.name.as_deref().and_then(|sealed| {
            let opened = self.upstream.name_of_held(principal, sealed);
            opened.inspect_err(|error| tracing::error!(%error, "a bound name does not open")).ok()
        });
        BindingEntry {
            handle: self.binding_handle(principal, held.id),
            method: held.connector,
            name,
            since: held.created_at,
            last_used: held.last_used_at,
        }
    }

    /// The name of a binding on its holder's page; it means nothing on another's.
    fn binding_handle(&self, principal: &PrincipalId, binding: i64) -> String {
        self.mac_text(&[b"binding", principal.as_str().as_bytes(), &binding.to_be_bytes()])
    }
}

impl ProofAge {
    fn of(own: &SignIn, now: Timestamp) -> Self {
        if own.is_fresh(FRESH_PROOF, now) { Self::Fresh } else { Self::Old }
    }
}
