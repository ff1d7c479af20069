//! Gathers what [`policy::next_step`] decides on: from the request, the
//! browser's sign-ins, consents and terms.

use std::time::Duration;

use super::interaction::{Interaction, Progress};
use super::policy::{self, Asked, Confirm, Demands, NamedSession, Owners, Situation};
use super::{Flow, Visit};
use crate::base::id::{BrowserId, PrincipalId};
use crate::domain::contact::{Email, Phone, account_key, username_key};
use crate::domain::{Acr, Client, ContactKind};
use crate::keys::LoginHints;
use crate::protocol::AuthorizationRequest;
use crate::protocol::client_metadata::ConsentPolicy;
use crate::session::Browser;
use crate::store::{StoreResult, Tx, affinities, agreements, consents, principals, sign_ins};

/// Where a situation is gathered.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    /// None that we know: nobody is signed in.
    pub(super) browser: Option<&'a Browser>,
    /// That of the interaction, when there is one already.
    pub(super) progress: &'a Progress,
    /// None when people came by themselves.
    pub(super) client: Option<&'a Client>,
    /// Whose sign-ins; everybody's when none.
    pub(super) alone: Option<&'a [PrincipalId]>,
}

impl<'a> Given<'a> {
    /// In an interaction; `progress` may differ from what is stored of it.
    pub(super) fn of(interaction: &'a Interaction, progress: &'a Progress, client: Option<&'a Client>) -> Self {
        Self { browser: Some(&interaction.browser), progress, client, alone: None }
    }
}

/// The subject that `id_token_hint` or `sid` named, looked up once, when the
/// request came: signing in anew gives a sign-in another `sid`.
#[derive(Clone, Debug, Default)]
pub(super) struct Named {
    pub(super) subject: Option<PrincipalId>,
    pub(super) session: NamedSession,
}

impl Flow {
    /// What the client asked, resolved against the store and this browser.
    pub(super) fn asked(
        &self,
        tx: &mut Tx<'_>,
        request: &AuthorizationRequest,
        client: &Client,
        named: Named,
        browser: Option<BrowserId>,
    ) -> StoreResult<Asked> {
        let hinted = match &request.login_hint {
            Some(hint) => Some(self.hinted(tx, hint, browser)?),
            None => None,
        };
        let reachable = |wanted: &str| Acr::supported().contains(&wanted);
        let unreachable_acr = request.essential_acr().next().is_some() && !request.essential_acr().any(reachable);
        let metadata = &client.metadata;
        Ok(Asked {
            prompts: request.prompts.clone(),
            max_age: request.max_age.map(Duration::from_secs),
            demands: demands(request, client, named),
            hinted,
            unreachable_acr,
            consent_for: match metadata.consent_policy() {
                ConsentPolicy::Implicit => None,
                ConsentPolicy::Explicit => Some(request.scope.clone()),
            },
            affinity: metadata.account_affinity,
            confirm: if metadata.always_confirm_account { Confirm::Always } else { Confirm::OnChange },
        })
    }

    /// What was asked in an interaction; where people came by themselves, somebody,
    /// and for a page of one account that one, with a proof as young as it takes.
    pub(super) fn asked_in(
        &self,
        tx: &mut Tx<'_>,
        interaction: &Interaction,
        client: Option<&Client>,
    ) -> StoreResult<Asked> {
        let request = &interaction.request;
        let subject = request.subject.clone();
        if let (Some(asked), Some(client)) = (&request.asked, client) {
            let named = Named { subject, session: NamedSession::Unnamed };
            return self.asked(tx, asked, client, named, Some(interaction.browser.id));
        }
        let demands = Demands { subject, ..Demands::default() };
        Ok(Asked { max_age: request.landing.max_age(), demands, ..Asked::default() })
    }

    /// What this browser has, for this request.
    pub(super) fn situation(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        asked: &Asked,
        given: Given<'_>,
    ) -> StoreResult<Situation> {
        let Given { browser, progress, client, alone } = given;
        let sign_ins = |browser: &Browser| match alone {
            Some(principals) => browser.sign_ins_of(tx, principals),
            None => browser.sign_ins(tx),
        };
        let mut situation = Situation {
            sign_ins: browser.map(sign_ins).transpose()?.unwrap_or_default(),
            chosen: progress.chosen,
            proved: progress.proved,
            affinity: affinity(tx, browser.map(|browser| browser.id), client)?,
            consented: progress.consented.clone(),
            consented_here: progress.consented.is_some(),
            agreements_due: false,
            methods: Self::methods_of_client(tx, client)?,
            owners: Owners::default(),
        };
        let meant = policy::account_meant(asked, &situation, visit.now);
        if let Some((id, principal)) = meant.map(|sign_in| (sign_in.id, sign_in.principal.clone())) {
            if let Some(version) = self.settings.terms_for(principal.kind) {
                situation.agreements_due = !agreements::accepted(tx, &principal.id, version)?;
            }
            if let (Some(client), None, Some(_)) = (client, &situation.consented, &asked.consent_for) {
                situation.consented = consents::find(tx, &principal.id, &client.id)?;
            }
            situation = self.heeding(tx, visit, situation, &[id])?;
        }
        Ok(situation)
    }

    /// Whom a `login_hint` names: the opaque claim of that name, a principal's
    /// id, an e-mail address, a phone number or `user@account`.
    pub(super) fn hinted(
        &self,
        tx: &mut Tx<'_>,
        hint: &str,
        browser: Option<BrowserId>,
    ) -> StoreResult<Vec<PrincipalId>> {
        if LoginHints::is_one(hint) {
            let mut known = browser.map(|browser| sign_ins::known_principals(tx, browser)).transpose()?;
            let known = known.get_or_insert_default();
            known.retain(|principal| self.login_hints.of(principal) == hint);
            return Ok(std::mem::take(known));
        }
        let mut found = Vec::new();
        if hint.starts_with("p_") {
            found.extend(principals::find(tx, &PrincipalId::from_text(hint))?);
        }
        if let Some(email) = Email::parse(hint) {
            found.extend(principals::find_by_contact(tx, &self.contacts.lookup(ContactKind::Email, email.as_str()))?);
        }
        if let Some(phone) = Phone::parse(hint, &self.settings.default_country) {
            found.extend(principals::find_by_contact(tx, &self.contacts.lookup(ContactKind::Phone, phone.as_str()))?);
        }
        if let Some((user, account)) = hint.rsplit_once('@')
            && let (Some(user), Some(account)) = (username_key(user), account_key(account))
        {
            found.extend(principals::find_iam_user(tx, &account, &user)?);
        }
        Ok(found.into_iter().map(|principal| principal.id).collect())
    }
}

/// The hard filters of a request: its own, and its client's.
fn demands(request: &AuthorizationRequest, client: &Client, named: Named) -> Demands {
    let required = request.claims.required_subject().map(PrincipalId::from_text);
    let hints = &request.hints;
    let key = |text: &String| account_key(text).unwrap_or_default();
    Demands {
        subject: named.subject.or(required),
        session: named.session,
        owner: hints.owner.as_ref().map(key),
        kind: hints.principal_type.as_deref().and_then(|kind| kind.parse().ok()),
        kinds: client.metadata.allowed_principal_types.iter().filter_map(|kind| kind.parse().ok()).collect(),
        owners: client.metadata.allowed_owner_accounts.iter().map(key).collect(),
    }
}

fn affinity(tx: &mut Tx<'_>, browser: Option<BrowserId>, client: Option<&Client>) -> StoreResult<Option<PrincipalId>> {
    match (browser, client) {
        (Some(browser), Some(client)) => affinities::find(tx, browser, &client.id),
        (None, _) | (_, None) => Ok(None),
    }
}
