//! One-time codes: sent to a contact, typed into the page of one interaction.
//!
//! A code is bound to the interaction, the contact, the purpose and the row that
//! was chosen before it; the store has a keyed hash over all of that. What is
//! limited and what is counted is the same for a contact that nobody here has: a
//! code is made and stored for it, and only the letter is empty.

mod digits;
mod limits;
mod numbers;
mod sent;
mod trail;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use digits::{digits, fresh};
pub use limits::CodeLimits;
use limits::{Allowance, RESEND};
pub use sent::{Delivery, KeptContact, Order, ProvedBy, ProvenContact, SentCode};

use trail::{Trail, Tried};

use super::attempt::Attempt;
use super::contact::Contact;
use super::rejection::{AuthnError, Rejection};
use crate::base::id::InteractionId;
use crate::base::{Timestamp, TokenHash};
use crate::domain::{CodePurpose, ContactKind};
use crate::keys::{ContactKeys, InteractionSeals, MacKey};
use crate::notify::{Channel, Content, Letter, Post};
use crate::store::one_time_codes::{self, NewCode};
use crate::store::throttle::give_back;
use crate::store::{Store, StoreResult, Tx};

/// How long a code may be typed.
pub const LIFETIME: Duration = Duration::from_secs(5 * 60);
/// How long a proved contact may wait for what it was proved for.
const PROOF_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// Sends and checks one-time codes.
#[derive(Clone)]
pub struct Codes(Arc<Inner>);

/// What [`Codes`] is built from.
pub struct CodeParts {
    /// The database.
    pub store: Store,
    /// Blind indexes.
    pub contacts: ContactKeys,
    /// Key of the hashes.
    pub key: MacKey,
    /// Counts.
    pub limits: CodeLimits,
    /// Contacts between two pages.
    pub seals: InteractionSeals,
    /// Letters.
    pub post: Post,
}

struct Inner(CodeParts);

impl Codes {
    /// Over these parts.
    #[must_use]
    pub fn new(parts: CodeParts) -> Self {
        Self(Arc::new(Inner(parts)))
    }

    /// Sends a code, within the limits.
    ///
    /// # Errors
    /// The store or a seal in trouble; a limit is the inner error.
    pub async fn send(
        &self,
        attempt: &Attempt<'_>,
        order: &Order<'_>,
    ) -> Result<Result<SentCode, Rejection>, AuthnError> {
        let parts = &self.0.0;
        let code = fresh(attempt.entropy);
        let hash = self.hash(attempt.interaction, order, &code);
        let content = match order.delivery {
            Delivery::Send => Content::Code { purpose: order.purpose, code },
            Delivery::Withhold => Content::Nothing,
        };
        let letter = Letter {
            to: order.contact.canonical().to_owned(),
            language: attempt.language,
            until: attempt.now + LIFETIME,
            content,
        };
        let once_key = format!("code:{}", URL_SAFE_NO_PAD.encode(attempt.entropy.bytes::<16>()));
        let channel = Channel::to(order.contact.kind());
        let posted = parts.post.seal(channel, once_key, &letter, attempt.entropy)?;
        let plan = parts.limits.to_send(attempt, order.contact, order.known);
        let (interaction, purpose) = (attempt.interaction, order.purpose);
        let trail = Trail::of(attempt, purpose);
        let stored = parts.store.write(move |tx| match plan.reserve(tx)? {
            Allowance::Refused { retry_after, first } => {
                let (because, rejection) = if first {
                    ("too soon after the last", Rejection::CodeCooldown { retry_after })
                } else {
                    ("too many", Rejection::CodeQuota { retry_after })
                };
                trail.refused_to_send(tx, because)?;
                Ok(Err(rejection))
            }
            Allowance::Granted(_) => {
                trail.sent(tx)?;
                let row =
                    one_time_codes::insert(tx, &NewCode { interaction, purpose, hash: &hash, lifetime: LIFETIME })?;
                posted.put(tx)?;
                Ok(Ok(row))
            }
        });
        let row = match stored.await? {
            Ok(row) => {
                parts.post.ring(channel);
                row
            }
            Err(rejection) => return Ok(Err(rejection)),
        };
        Ok(Ok(SentCode {
            row,
            purpose: order.purpose,
            kind: order.contact.kind(),
            sealed: self.seal(attempt, order.contact)?,
            choice: order.choice.map(str::to_owned),
            known: order.known,
            resend_at: attempt.now + RESEND,
        }))
    }

    /// Looks at a typed code: the try is counted first, and a right code is
    /// spent, in one transaction. Of many at once one wins.
    ///
    /// # Errors
    /// The store or a seal in trouble; a code that does not fit is the inner error.
    pub async fn check(
        &self,
        attempt: &Attempt<'_>,
        sent: &SentCode,
        typed: &str,
    ) -> Result<Result<ProvenContact, Rejection>, AuthnError> {
        let parts = &self.0.0;
        let contact = self.contact(attempt.interaction, sent)?;
        let order = Order {
            purpose: sent.purpose,
            contact: &contact,
            choice: sent.choice.as_deref(),
            delivery: Delivery::Withhold,
            known: sent.known,
        };
        let hash = self.hash(attempt.interaction, &order, &digits(typed));
        let plan = parts.limits.to_try(&contact, sent.known);
        let (interaction, row, purpose) = (attempt.interaction, sent.row, sent.purpose);
        let trail = Trail::of(attempt, purpose);
        let checked = parts.store.write(move |tx| match plan.reserve(tx)? {
            Allowance::Refused { retry_after, .. } => {
                trail.tried(tx, Tried::TooOften)?;
                Ok(Err(Rejection::Throttled { retry_after }))
            }
            Allowance::Granted(buckets) => match one_time_codes::try_once(tx, row, interaction, purpose)? {
                Some(stored) if hash.matches(&stored) && one_time_codes::spend(tx, row)? => {
                    give_all_back(tx, &buckets)?;
                    trail.tried(tx, Tried::Right)?;
                    Ok(Ok(()))
                }
                // No code was looked at: that is no wrong one.
                None => {
                    give_all_back(tx, &buckets)?;
                    trail.tried(tx, Tried::Dead)?;
                    Ok(Err(Rejection::BadCode))
                }
                Some(_) => {
                    trail.tried(tx, Tried::Wrong)?;
                    Ok(Err(Rejection::BadCode))
                }
            },
        });
        match checked.await? {
            Ok(()) => Ok(Ok(self.prove(attempt, &contact, (sent.purpose, ProvedBy::Code))?)),
            Err(rejection) => Ok(Err(rejection)),
        }
    }

    /// Writes down that a contact was proved: by a code, or by a carrier.
    ///
    /// # Errors
    /// A seal in trouble.
    pub(super) fn prove(
        &self,
        attempt: &Attempt<'_>,
        contact: &Contact,
        (purpose, by): (CodePurpose, ProvedBy),
    ) -> Result<ProvenContact, AuthnError> {
        let (interaction, kind, at) = (attempt.interaction, contact.kind(), attempt.now);
        Ok(ProvenContact { interaction, purpose, by, kind, sealed: self.seal(attempt, contact)?, at })
    }

    /// The contact that a code was sent to, for the same interaction.
    ///
    /// # Errors
    /// A seal that does not open.
    pub fn contact(&self, interaction: InteractionId, sent: &SentCode) -> Result<Contact, AuthnError> {
        self.open(interaction, sent.kind, &sent.sealed)
    }

    /// The contact that was proved, while the proof is young, in its own
    /// interaction and for the purpose it was given for.
    ///
    /// # Errors
    /// A seal that does not open.
    pub fn proven(
        &self,
        interaction: InteractionId,
        proven: &ProvenContact,
        purpose: CodePurpose,
        now: Timestamp,
    ) -> Result<Option<Contact>, AuthnError> {
        let good =
            proven.interaction == interaction && proven.purpose == purpose && now.since(proven.at) <= PROOF_LIFETIME;
        if good { self.open(interaction, proven.kind, &proven.sealed).map(Some) } else { Ok(None) }
    }

    /// Seals a contact, for the interaction to keep until its next page.
    ///
    /// # Errors
    /// A seal in trouble.
    pub fn keep(&self, attempt: &Attempt<'_>, contact: &Contact) -> Result<KeptContact, AuthnError> {
        Ok(KeptContact { kind: contact.kind(), sealed: self.seal(attempt, contact)? })
    }

    /// The contact that an interaction keeps.
    ///
    /// # Errors
    /// A seal that does not open.
    pub fn kept(&self, interaction: InteractionId, kept: &KeptContact) -> Result<Contact, AuthnError> {
        self.open(interaction, kept.kind, &kept.sealed)
    }

    fn seal(&self, attempt: &Attempt<'_>, contact: &Contact) -> Result<String, AuthnError> {
        let kind = contact.kind().as_str();
        Ok(self.0.0.seals.seal(attempt.interaction, kind, contact.canonical(), attempt.entropy)?)
    }

    fn open(&self, interaction: InteractionId, kind: ContactKind, sealed: &str) -> Result<Contact, AuthnError> {
        let opened = self.0.0.seals.open(interaction, kind.as_str(), sealed)?;
        Ok(Contact::of(&self.0.0.contacts, kind, opened.expose()))
    }

    fn hash(&self, interaction: InteractionId, order: &Order<'_>, code: &str) -> TokenHash {
        self.0.0.key.mac(&[
            &interaction.row().to_be_bytes(),
            order.purpose.as_str().as_bytes(),
            order.contact.lookup(),
            order.choice.unwrap_or_default().as_bytes(),
            code.as_bytes(),
        ])
    }
}

fn give_all_back(tx: &mut Tx<'_>, buckets: &[[u8; 32]]) -> StoreResult<()> {
    buckets.iter().try_for_each(|bucket| give_back(tx, bucket))
}
