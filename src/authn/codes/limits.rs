//! How many one-time codes are sent, and how many wrong ones are looked at.
//!
//! Counted by contact, whether anybody here has it or not, by browser, by address,
//! and text messages over all: they cost money. A browser that is known for a
//! contact has budgets of its own, which no stranger can use up: whoever asks for
//! codes to somebody's number does not take theirs.

use std::sync::Arc;
use std::time::Duration;

use crate::authn::attempt::Attempt;
use crate::authn::contact::Contact;
use crate::authn::throttle::network;
use crate::base::id::BrowserId;
use crate::config;
use crate::domain::ContactKind;
use crate::keys::MacKey;
use crate::store::throttle::{Budget, Reservation, Window, give_back, reserve};
use crate::store::{StoreResult, Tx};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Between two codes to one contact.
pub const RESEND: Duration = Duration::from_secs(60);

/// Codes to one contact, and from one address; those of a browser and over all are configured.
const SENT: [(&[u8], Budget); 3] =
    [(b"code wait", once_in(RESEND)), (b"code hour", so_many(5, HOUR)), (b"code day", so_many(10, DAY))];
const SENT_FROM: Budget = so_many(20, HOUR);

/// Numbers that one address asks an aggregator for. More than codes: one tap works
/// over the carrier's own network, where many phones have one address.
const ASKED_FROM: Budget = so_many(100, HOUR);

/// Wrong codes of one contact, over all codes and addresses: with five tries a
/// code and a million codes, a day of guessing succeeds with 5·10⁻⁵.
const WRONG: [(&[u8], Budget); 2] = [(b"code wrong hour", so_many(10, HOUR)), (b"code wrong day", so_many(50, DAY))];

const fn so_many(burst: u32, window: Duration) -> Budget {
    Budget { burst, window: Window::Fixed(window), interval: window }
}

const fn once_in(wait: Duration) -> Budget {
    so_many(1, wait)
}

/// Plans the counting of codes.
#[derive(Clone)]
pub struct CodeLimits(Option<Arc<Planner>>);

struct Planner {
    key: MacKey,
    /// Codes that one browser asks for.
    of_browser: Budget,
    /// Codes by text message, over all. One row for everybody: what is bought by
    /// the piece is counted by the piece, and messages are few beside guesses.
    of_messages: Budget,
}

/// The counters of one code or one try, in the order in which they are reserved.
#[derive(Clone)]
pub(super) struct CodePlan(Vec<([u8; 32], Budget)>);

/// Whether it may be.
#[derive(Clone)]
pub(super) enum Allowance {
    /// It may, and is counted in these.
    Granted(Vec<[u8; 32]>),
    /// It may not, and nothing is counted; `first` tells that the very first
    /// budget refused, which is the wait between two codes.
    Refused { retry_after: Duration, first: bool },
}

impl CodeLimits {
    /// From the key that names buckets. When the configuration lifts the limits,
    /// everything is sent and looked at; the tries of one code stay.
    #[must_use]
    pub fn new(key: MacKey, settings: &config::Throttle) -> Self {
        let of_browser = so_many(settings.codes_per_browser, HOUR);
        let of_messages = so_many(settings.sms_per_hour, HOUR);
        Self(settings.enabled.then(|| Arc::new(Planner { key, of_browser, of_messages })))
    }

    /// The counters that a code to `contact` touches. `known`: the browser, if
    /// it is known for whoever has the contact.
    pub(super) fn to_send(&self, attempt: &Attempt<'_>, contact: &Contact, known: Option<BrowserId>) -> CodePlan {
        let Some(planner) = self.0.as_deref() else { return CodePlan(Vec::new()) };
        let key = &planner.key;
        let mut plan = of_contact(key, &SENT, contact, known);
        if known.is_none() {
            let bucket = |parts: &[&[u8]]| *key.mac(parts).as_bytes();
            if let Some(browser) = attempt.browser.id() {
                plan.push((bucket(&[b"code browser", &browser.row().to_be_bytes()]), planner.of_browser));
            }
            plan.push((bucket(&[b"code address", &network(attempt.address)]), SENT_FROM));
            // Last, so that the row which everybody shares is held the shortest.
            if contact.kind() == ContactKind::Phone {
                plan.push((bucket(&[b"code messages"]), planner.of_messages));
            }
        }
        CodePlan(plan)
    }

    /// The counters that a question to an aggregator touches: whose number it will be
    /// nobody knows yet. A browser that somebody signed in in before has its own alone.
    pub(super) fn to_ask_number(&self, attempt: &Attempt<'_>) -> CodePlan {
        let Some(planner) = self.0.as_deref() else { return CodePlan(Vec::new()) };
        let bucket = |parts: &[&[u8]]| *planner.key.mac(parts).as_bytes();
        let mut plan = Vec::new();
        if let Some(browser) = attempt.browser.id() {
            plan.push((bucket(&[b"number browser", &browser.row().to_be_bytes()]), planner.of_browser));
        }
        if !attempt.browser.is_seen() {
            plan.push((bucket(&[b"number address", &network(attempt.address)]), ASKED_FROM));
            plan.push((bucket(&[b"numbers"]), planner.of_messages));
        }
        CodePlan(plan)
    }

    /// The counters that a typed code touches.
    pub(super) fn to_try(&self, contact: &Contact, known: Option<BrowserId>) -> CodePlan {
        let Some(planner) = self.0.as_deref() else { return CodePlan(Vec::new()) };
        CodePlan(of_contact(&planner.key, &WRONG, contact, known))
    }
}

fn of_contact(
    key: &MacKey,
    budgets: &[(&[u8], Budget)],
    contact: &Contact,
    known: Option<BrowserId>,
) -> Vec<([u8; 32], Budget)> {
    let browser = known.map_or([0; 8], |browser| browser.row().to_be_bytes());
    let bucket = |label: &[u8]| *key.mac(&[label, contact.lookup(), &browser]).as_bytes();
    budgets.iter().map(|(label, budget)| (bucket(label), *budget)).collect()
}

impl CodePlan {
    /// Counts everywhere, or nowhere.
    pub(super) fn reserve(&self, tx: &mut Tx<'_>) -> StoreResult<Allowance> {
        let mut reserved = Vec::new();
        for (bucket, budget) in &self.0 {
            match reserve(tx, bucket, budget)? {
                Reservation::Granted => reserved.push(*bucket),
                Reservation::Refused { until } => {
                    let first = reserved.is_empty();
                    let retry_after = until.since(tx.now()).max(Duration::from_secs(1));
                    for bucket in reserved {
                        give_back(tx, &bucket)?;
                    }
                    return Ok(Allowance::Refused { retry_after, first });
                }
            }
        }
        Ok(Allowance::Granted(reserved))
    }
}
