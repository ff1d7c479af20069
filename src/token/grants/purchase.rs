//! What a code and a refresh token both buy: an access token, perhaps the next
//! refresh token, perhaps an ID token. Stored inside the transaction of the
//! spend, made into text after its commit.

use crate::base::id::ResourceId;
use crate::base::{OpaqueKind, TokenHash};
use crate::domain::grant::LiveGrant;
use crate::keys::SignError;
use crate::protocol::Scope;
use crate::protocol::client_metadata::GrantType;
use crate::protocol::scope::OPENID;
use crate::store::{StoreError, StoreResult, Tx, refresh_tokens};
use crate::token::access::{Speaker, Ticket};
use crate::token::id_token::{IdTicket, Nonce};
use crate::token::person::Person;
use crate::token::{AuthenticatedClient, TokenAnswer, Tokens};

/// Why a job stops early: a refusal commits what it did, an error undoes it.
pub(super) enum Halt<R> {
    /// `Ok(Err(..))` of the job: its trace stays.
    Refused(R),
    /// The job's own error.
    Store(StoreError),
}

impl<R> From<StoreError> for Halt<R> {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl<R> Halt<R> {
    /// As a job answers.
    pub(super) fn settle<T>(outcome: Result<T, Self>) -> StoreResult<Result<T, R>> {
        match outcome {
            Ok(bought) => Ok(Ok(bought)),
            Err(Self::Refused(reason)) => Ok(Err(reason)),
            Err(Self::Store(error)) => Err(error),
        }
    }
}

/// Chance for one purchase, drawn before the transaction.
pub(super) struct Chance {
    access: [u8; 32],
    refresh: [u8; 32],
}

impl Chance {
    pub(super) fn draw(tokens: &Tokens) -> Self {
        Self { access: tokens.0.entropy.bytes(), refresh: tokens.0.entropy.bytes() }
    }
}

/// What was stored, to be made into an answer.
pub(super) struct Purchase {
    live: LiveGrant,
    ticket: Ticket,
    access_row: Option<i64>,
    refresh_row: Option<i64>,
    /// For claims that the ID token was asked to carry by name.
    person: Option<Person>,
}

impl Purchase {
    /// Stores what `live` buys for `client`.
    pub(super) fn store(
        tx: &mut Tx<'_>,
        tokens: &Tokens,
        client: &AuthenticatedClient,
        live: LiveGrant,
        (scope, audience): (Scope, Vec<ResourceId>),
        chance: &Chance,
    ) -> StoreResult<Self> {
        let (now, metadata) = (tx.now(), &client.client.metadata);
        // What the client may no longer ask for it gets no more (LC-04).
        let scope = scope.intersection(&metadata.scope);
        let ticket = Ticket::new(tokens, metadata, scope, audience, (now, Some(live.grant.expires_at)));
        let hash = |kind, random| -> TokenHash { tokens.0.opaque.hash(kind, random) };
        let access_row = ticket.store(tx, client, Some(live.grant.id), hash(OpaqueKind::Access, &chance.access))?;
        let refresh_row = if live.grant.offline && metadata.allows(GrantType::RefreshToken) {
            let expires_at = live.grant.expires_at.min(now + tokens.0.lifetimes.refresh_idle);
            Some(refresh_tokens::insert(tx, hash(OpaqueKind::Refresh, &chance.refresh), live.grant.id, expires_at)?)
        } else {
            None
        };
        let person = if ticket.scope.contains(OPENID) && IdTicket::asks_for_more(&live.grant.claims) {
            Person::find(tx, &live.grant.principal)?
        } else {
            None
        };
        Ok(Self { live, ticket, access_row, refresh_row, person })
    }

    /// Makes the answer, signatures included.
    pub(super) fn answer(
        self,
        tokens: &Tokens,
        client: &AuthenticatedClient,
        chance: &Chance,
        nonce: Nonce,
    ) -> Result<TokenAnswer, SignError> {
        let speaker = Speaker::Person(&self.live);
        let access = tokens.access_text(&self.ticket, client, speaker, (self.access_row, &chance.access))?;
        let id_token = if self.ticket.scope.contains(OPENID) {
            let ticket = IdTicket {
                live: &self.live,
                metadata: &client.client.metadata,
                scope: &self.ticket.scope,
                issued_at: self.ticket.issued_at,
            };
            Some(tokens.id_token(&ticket, self.person, access.expose(), nonce)?)
        } else {
            None
        };
        let expires_in = self.ticket.expires_in();
        let mut answer = TokenAnswer::new(access, expires_in, self.ticket.scope);
        answer.refresh_token =
            self.refresh_row.map(|row| tokens.0.opaque.text(OpaqueKind::Refresh, row, &chance.refresh));
        answer.id_token = id_token;
        Ok(answer)
    }
}
