//! An interaction: an authorization request that waits for the person, bound
//! to the browser that began it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::bind::BindProgress;
use super::context::View;
use super::outcome::{FlowError, Problem};
use super::reset::ResetProgress;
use super::resume::Landing;
use super::sign_up::SignUpProgress;
use super::{Flow, Visit};
use crate::authn::{KeptContact, PendingBinding, ProvenContact, Shortlist, Step, WaitingProof};
use crate::base::OpaqueKind;
use crate::base::id::{BrowserId, InteractionId, PrincipalId, SignInId};
use crate::domain::browser::Stay;
use crate::domain::{Client, SignIn};
use crate::protocol::{AuthorizationRequest, Scope};
use crate::session::{Browser, Recognised};
use crate::store::interactions::{self, InteractionRow, NewInteraction};
use crate::store::{StoreResult, Tx};

/// The request behind an interaction.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct StoredRequest {
    /// What the client asked; none when the person came by themselves.
    pub asked: Option<AuthorizationRequest>,
    /// The one subject that it wants, by `id_token_hint` or `sid`, as checked
    /// when it came.
    pub subject: Option<PrincipalId>,
    /// The path and query that begin it again.
    pub restart: String,
    /// Where it ends, when no client asked.
    #[serde(default)]
    pub landing: Landing,
}

impl StoredRequest {
    /// Of somebody who came by themselves.
    #[must_use]
    pub fn own(restart: String) -> Self {
        Self { asked: None, subject: None, restart, landing: Landing::default() }
    }
}

/// How far the person got.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Progress {
    /// The account that this interaction is for.
    pub chosen: Option<SignInId>,
    /// The sign-in proved in this interaction.
    pub proved: Option<SignInId>,
    /// The account that is to prove itself again.
    pub expected: Option<SignInId>,
    /// What the person let the client have here.
    pub consented: Option<Scope>,
    /// What a login method of several steps asked last, and which method.
    #[serde(default)]
    pub step: Option<MethodStep>,
    /// The number or address that was typed on a page that refused it.
    #[serde(default)]
    pub typed: Option<KeptContact>,
    /// Accounts for which a proof was right.
    pub shortlist: Option<Shortlist>,
    /// Somebody proved who they are, and the browser holds no more accounts.
    #[serde(default)]
    pub waiting: Option<WaitingProof>,
    /// An upstream identity that waits for its account.
    #[serde(default)]
    pub pending: Option<PendingBinding>,
    /// How far its binding got.
    #[serde(default)]
    pub bind: Option<BindProgress>,
    /// What the person ticked, until they chose.
    #[serde(default)]
    pub ticks: Ticks,
    /// A contact that was proved here and is nobody's yet, or for a new account.
    #[serde(default)]
    pub proven: Option<ProvenContact>,
    /// How far a sign-up came.
    #[serde(default)]
    pub sign_up: SignUpProgress,
    /// How far a reset came.
    #[serde(default)]
    pub reset: ResetProgress,
}

/// What the person ticked on a login page.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub struct Ticks {
    /// To stay signed in.
    pub stay: Stay,
    /// The agreements. A page without that box leaves them to their own step.
    pub agreed: bool,
}

/// Where a login of several steps stands.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct MethodStep {
    /// The method's name.
    pub method: String,
    /// What it asked.
    pub step: Step,
}

impl Progress {
    /// With this account chosen. What was said for another one does not carry over.
    #[must_use]
    pub fn choosing(&self, chosen: SignInId) -> Self {
        Self { chosen: Some(chosen), proved: self.proved.filter(|proved| *proved == chosen), ..Self::default() }
    }
}

/// An interaction as its own browser sees it.
pub struct Interaction {
    /// Its row.
    pub id: InteractionId,
    /// Its name in URLs and forms.
    pub name: String,
    /// The browser, by the secret that it showed.
    pub browser: Browser,
    /// The request.
    pub request: StoredRequest,
    /// How far the person got.
    pub progress: Progress,
    version: i64,
}

impl Flow {
    /// The interaction `name` of the browser that asks. Another browser's, a
    /// finished one and a late one are gone, and say how to begin again.
    pub(super) fn interaction(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        name: &str,
    ) -> StoreResult<Result<Interaction, FlowError>> {
        let gone = |restart| Ok(Err(Problem::Gone { restart }.into()));
        let Some(presented) = self.opaque.read(OpaqueKind::Interaction, name) else {
            return gone(None);
        };
        let Recognised::Known(browser) = self.browsers.recognise(tx, visit.cookie.as_deref(), visit.now)? else {
            return gone(None);
        };
        let second = self.opaque.hash(OpaqueKind::Interaction, &self.second_secret(browser.id, presented.row));
        let named = |row: &InteractionRow| {
            presented.hash.matches(&row.hash) || presented.hash.matches(second.as_bytes().as_slice())
        };
        let own = |row: &InteractionRow| named(row) && row.browser_id == browser.id.row();
        let Some(row) = interactions::find(tx, presented.row)?.filter(own) else {
            return gone(None);
        };
        let Ok(request) = serde_json::from_str::<StoredRequest>(&row.request) else {
            return Ok(Err(FlowError::Serialise));
        };
        if row.ended_at.is_some() || row.expires_at <= visit.now.micros() {
            return gone(Some(request.restart));
        }
        let Ok(progress) = serde_json::from_str(&row.progress) else {
            return Ok(Err(FlowError::Serialise));
        };
        let id = InteractionId::new(row.id);
        Ok(Ok(Interaction { id, name: name.to_owned(), browser, request, progress, version: row.version }))
    }

    /// The other name of an interaction, for somebody who comes back with its row
    /// and browser alone: it needs no store, is as hard to guess as the first,
    /// and as worthless in another browser.
    pub(super) fn second_name(&self, browser: BrowserId, interaction: InteractionId) -> String {
        let secret = self.second_secret(browser, interaction.row());
        self.opaque.text(OpaqueKind::Interaction, interaction.row(), &secret).expose().clone()
    }

    fn second_secret(&self, browser: BrowserId, row: i64) -> [u8; 32] {
        *self.csrf.mac(&[b"interaction", &browser.row().to_be_bytes(), &row.to_be_bytes()]).as_bytes()
    }

    /// Opens an interaction for this browser; its name.
    pub(super) fn open_interaction(
        &self,
        tx: &mut Tx<'_>,
        browser: BrowserId,
        request: &StoredRequest,
        progress: &Progress,
        opening: (&[u8; 32], &Visit),
    ) -> StoreResult<Result<String, FlowError>> {
        let (random, visit) = opening;
        let (Ok(request), Ok(progress)) = (serde_json::to_string(request), serde_json::to_string(progress)) else {
            return Ok(Err(FlowError::Serialise));
        };
        let hash = self.opaque.hash(OpaqueKind::Interaction, random);
        let id = interactions::insert(
            tx,
            &NewInteraction {
                hash: &hash,
                browser,
                request: &request,
                progress: &progress,
                expires_at: visit.now + self.settings.interaction,
            },
        )?;
        Ok(Ok(self.opaque.text(OpaqueKind::Interaction, id.row(), random).expose().clone()))
    }

    /// Writes progress down, unless another tab did meanwhile.
    pub(super) fn save(
        tx: &mut Tx<'_>,
        interaction: &Interaction,
        progress: &Progress,
    ) -> StoreResult<Result<(), FlowError>> {
        let Ok(progress) = serde_json::to_string(progress) else {
            return Ok(Err(FlowError::Serialise));
        };
        let saved = interactions::advance(tx, interaction.id, interaction.version, &progress)?;
        Ok(if saved { Ok(()) } else { Err(Problem::Stale.into()) })
    }

    /// The token that a form of this interaction carries.
    pub(super) fn form_token(&self, interaction: &Interaction) -> String {
        self.token_for(interaction.browser.id, &interaction.name)
    }

    /// The token of a form that is about one account: when another account is
    /// chosen meanwhile (in another tab), it is good no more.
    fn account_token(&self, interaction: &Interaction, account: SignInId) -> String {
        self.token_for(interaction.browser.id, &format!("{} {account}", interaction.name))
    }

    /// The view of a page that asks something of one account.
    pub(super) fn view_about(
        &self,
        tx: &mut Tx<'_>,
        interaction: &Interaction,
        client: Option<&Client>,
        account: &SignIn,
    ) -> StoreResult<View> {
        let view = self.view(tx, interaction, client)?;
        Ok(View { csrf: self.account_token(interaction, account.id), ..view })
    }

    /// Whether a form was shown for this account. One that was shown for another
    /// account of this browser is stale, and nothing is done for either.
    pub(super) fn is_form_about(
        &self,
        tx: &mut Tx<'_>,
        interaction: &Interaction,
        account: &SignIn,
        posted: &str,
    ) -> StoreResult<Result<(), FlowError>> {
        let same = Self::is_own_form(&self.account_token(interaction, account.id), posted);
        if same.is_ok() {
            return Ok(same);
        }
        let others = interaction.browser.sign_ins(tx)?;
        let of_another =
            others.iter().any(|row| Self::is_own_form(&self.account_token(interaction, row.id), posted).is_ok());
        Ok(if of_another { Err(Problem::Stale.into()) } else { same })
    }

    /// The interaction of a posted form that carries its token.
    pub(super) fn enter_form(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        name: &str,
        csrf: &str,
    ) -> StoreResult<Result<(Interaction, Option<Client>), FlowError>> {
        let entered = self.enter(tx, visit, name)?;
        Ok(entered.and_then(|(interaction, client)| {
            Self::is_own_form(&self.form_token(&interaction), csrf)?;
            Ok((interaction, client))
        }))
    }

    /// The token that a form of this browser carries, outside of an interaction.
    pub(super) fn browser_token(&self, browser: BrowserId) -> String {
        self.token_for(browser, "")
    }

    fn token_for(&self, browser: BrowserId, subject: &str) -> String {
        self.mac_text(&[&browser.row().to_be_bytes(), subject.as_bytes()])
    }

    /// A keyed hash of these parts as text: what pages name things by that
    /// nobody may guess. Callers keep their kinds apart by the first part.
    pub(super) fn mac_text(&self, parts: &[&[u8]]) -> String {
        URL_SAFE_NO_PAD.encode(self.csrf.mac(parts).as_bytes())
    }

    /// Whether a posted token is the right one; in constant time.
    pub(super) fn is_own_form(expected: &str, posted: &str) -> Result<(), FlowError> {
        use subtle::ConstantTimeEq;
        let same: bool = expected.as_bytes().ct_eq(posted.as_bytes()).into();
        if same { Ok(()) } else { Err(Problem::Forged.into()) }
    }
}
