//! Guessing: how many wrong proofs are looked at, and for whom they count.
//!
//! Nobody can lock anybody out: beyond ten wrong proofs one is still looked at
//! every half minute, and a browser in which the principal signed in before has
//! a budget that no stranger can touch. A guess counts for the *principal*,
//! however its name was written and whichever page it came from; names of nobody
//! count in the same way. Beside it stand limits per address and overall, from
//! which known browsers are exempt. All counters are shared by all nodes and
//! reserved before the check (`store::throttle`); a right proof gives back.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::attempt::Attempt;
use super::spray::{Spray, Sprayed};
use crate::base::id::PrincipalId;
use crate::config;
use crate::keys::MacKey;
use crate::store::throttle::{Budget, Reservation, Window, give_back, reserve};
use crate::store::{StoreResult, Tx};

const QUARTER_HOUR: Duration = Duration::from_secs(15 * 60);

/// Wrong proofs of one principal, or of one name that is nobody's: ten, then one
/// every 30 s until a quarter of an hour was quiet.
pub const OF_PRINCIPAL: Budget =
    Budget { burst: 10, window: Window::Quiet(QUARTER_HOUR), interval: Duration::from_secs(30) };

/// Wrong proofs from one IPv4 address or IPv6 /64. More than the hashing queue
/// holds, so that an office at nine o'clock meets the queue before this.
pub const OF_ADDRESS: Budget =
    Budget { burst: 400, window: Window::Fixed(QUARTER_HOUR), interval: Duration::from_secs(2) };

/// Wrong proofs overall, counted in [`SHARES`] shares by address: a single row
/// would be held by every login of every node in turn.
pub const OF_SHARE: Budget =
    Budget { burst: 2_000, window: Window::Fixed(QUARTER_HOUR), interval: Duration::from_millis(400) };

/// In how many shares the overall limit is counted.
pub const SHARES: u8 = 16;

/// For whom a guess counts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Subject {
    /// Somebody who exists.
    Principal(PrincipalId),
    /// A name of nobody, in canonical form.
    Nobody(String),
}

/// Plans the counting of one guess.
#[derive(Clone)]
pub struct Throttle(Option<Arc<MacKey>>);

impl Throttle {
    /// From the key that names buckets. When the configuration lifts the limits,
    /// every guess is looked at.
    #[must_use]
    pub fn new(key: MacKey, settings: &config::Throttle) -> Self {
        Self(settings.enabled.then(|| Arc::new(key)))
    }

    /// Which counters a guess at `subjects` touches. Pure.
    #[must_use]
    pub fn plan(&self, attempt: &Attempt<'_>, subjects: Vec<Subject>) -> Plan {
        let Some(key) = self.0.as_deref() else {
            return Plan { guesses: Vec::new(), shared: Vec::new(), spray: None, lifted: true };
        };
        let mut guesses: Vec<Guess> = subjects.into_iter().map(|subject| Guess::new(key, attempt, subject)).collect();
        // One order of locks for everybody.
        guesses.sort_by_key(|guess| guess.bucket);
        let address = bucket(key, &[b"address", &network(attempt.address)]);
        let [first, ..] = address;
        let shared = vec![(address, OF_ADDRESS), (bucket(key, &[b"overall", &[first % SHARES]]), OF_SHARE)];
        Plan { guesses, shared, spray: None, lifted: false }
    }

    /// The same for a password, which may be tried on many names.
    #[must_use]
    pub fn plan_password(&self, attempt: &Attempt<'_>, subjects: Vec<Subject>, typed: &str) -> Plan {
        let plan = self.plan(attempt, subjects);
        let name = plan.guesses.first().map(|guess| guess.bucket);
        let spray = self.0.as_deref().zip(name).map(|(key, name)| Spray::new(key, attempt.address, &name, typed));
        Plan { spray, ..plan }
    }
}

/// One counter of a principal or a name.
#[derive(Clone)]
struct Guess {
    subject: Subject,
    bucket: [u8; 32],
    /// The browser is known for the principal: its own budget, and nothing else.
    known: bool,
}

impl Guess {
    fn new(key: &MacKey, attempt: &Attempt<'_>, subject: Subject) -> Self {
        let (bucket, known) = match &subject {
            Subject::Nobody(name) => (bucket(key, &[b"nobody", name.as_bytes()]), false),
            Subject::Principal(id) => match attempt.browser.known_for(id) {
                Some(browser) => (bucket(key, &[b"known", id.as_str().as_bytes(), &browser.row().to_be_bytes()]), true),
                None => (bucket(key, &[b"principal", id.as_str().as_bytes()]), false),
            },
        };
        Self { subject, bucket, known }
    }
}

/// The counters of one guess, to be reserved in a write transaction.
#[derive(Clone)]
pub struct Plan {
    guesses: Vec<Guess>,
    shared: Vec<([u8; 32], Budget)>,
    spray: Option<Spray>,
    lifted: bool,
}

/// Whether a guess is looked at.
#[derive(Clone)]
pub enum Admission {
    /// For those whom [`Reserved::allows`].
    Granted(Reserved),
    /// For nobody; nothing is counted.
    Refused {
        /// How long until one would be.
        retry_after: Duration,
    },
}

/// What is reserved, until the proof is known to be right or wrong.
#[derive(Clone)]
pub struct Reserved {
    allowed: Vec<Subject>,
    buckets: Vec<[u8; 32]>,
    lifted: bool,
}

impl Plan {
    /// Whether the browser is known for one of those at whom is guessed.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.guesses.iter().any(|guess| guess.known)
    }

    /// Counts the guess wherever there is room. A principal without room is left
    /// out; the guess is refused only when nobody is left.
    pub fn reserve(&self, tx: &mut Tx<'_>) -> StoreResult<Admission> {
        if self.lifted {
            return Ok(Admission::Granted(Reserved { allowed: Vec::new(), buckets: Vec::new(), lifted: true }));
        }
        let mut granted = Vec::new();
        let mut soonest = None;
        for guess in &self.guesses {
            match reserve(tx, &guess.bucket, &OF_PRINCIPAL)? {
                Reservation::Granted => granted.push(guess),
                Reservation::Refused { until } => soonest = Some(soonest.map_or(until, |other| until.min(other))),
            }
        }
        let mut shared = Vec::new();
        if granted.iter().any(|guess| !guess.known) {
            for (bucket, budget) in &self.shared {
                match reserve(tx, bucket, budget)? {
                    Reservation::Granted => shared.push(*bucket),
                    Reservation::Refused { until } => {
                        soonest = Some(soonest.map_or(until, |other| until.max(other)));
                        for bucket in shared.drain(..).chain(strangers(&granted)) {
                            give_back(tx, &bucket)?;
                        }
                        granted.retain(|guess| guess.known);
                        break;
                    }
                }
            }
        }
        if granted.is_empty() {
            let now = tx.now();
            let wait = soonest.map_or(OF_PRINCIPAL.interval, |until| until.since(now));
            return Ok(Admission::Refused { retry_after: wait.max(Duration::from_secs(1)) });
        }
        let mut buckets: Vec<_> = granted.iter().map(|guess| guess.bucket).chain(shared).collect();
        // Where one browser is known for nobody of them, the password counts too.
        if let (Some(spray), false) = (&self.spray, granted.iter().any(|guess| guess.known)) {
            match spray.reserve(tx)? {
                Sprayed::No(counted) => buckets.extend(counted),
                Sprayed::Yes { retry_after } => {
                    buckets.iter().try_for_each(|bucket| give_back(tx, bucket))?;
                    return Ok(Admission::Refused { retry_after });
                }
            }
        }
        let allowed = granted.into_iter().map(|guess| guess.subject.clone()).collect();
        Ok(Admission::Granted(Reserved { allowed, buckets, lifted: false }))
    }
}

fn strangers(granted: &[&Guess]) -> Vec<[u8; 32]> {
    granted.iter().filter(|guess| !guess.known).map(|guess| guess.bucket).collect()
}

impl Reserved {
    /// Whether the guess may be compared with this principal's secret.
    #[must_use]
    pub fn allows(&self, principal: &PrincipalId) -> bool {
        let is_it = |subject: &Subject| matches!(subject, Subject::Principal(id) if id == principal);
        self.lifted || self.allowed.iter().any(is_it)
    }

    /// Takes the guess out of every count again: the proof was right, or nobody looked.
    ///
    /// Where one proof was held against several principals, all of them get it
    /// back: only the right password of one of them brings that about, so it is
    /// no way to try a second one on the others.
    pub fn give_back(&self, tx: &mut Tx<'_>) -> StoreResult<()> {
        self.buckets.iter().try_for_each(|bucket| give_back(tx, bucket))
    }
}

fn bucket(key: &MacKey, parts: &[&[u8]]) -> [u8; 32] {
    *key.mac(parts).as_bytes()
}

/// What one person can hold many of: an IPv4 address, or the /64 of an IPv6 one.
pub(in crate::authn) fn network(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().into_iter().take(8).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authn::KnownBrowser;
    use crate::base::id::{BrowserId, InteractionId};
    use crate::base::{SeededEntropy, Timestamp};
    use crate::keys::{Purpose, Vault};

    fn plan(address: &str, browser: &KnownBrowser, subjects: &[Subject]) -> Plan {
        let throttle = Throttle(Some(Arc::new(Vault::from_bytes(&[3; 32]).mac_key(Purpose::ThrottleKey))));
        let attempt = Attempt {
            now: Timestamp::EPOCH,
            address: address.parse().unwrap(),
            request_id: "r",
            interaction: InteractionId::new(1),
            client: None,
            browser,
            asked: None,
            language: crate::domain::Language::Chinese,
            entropy: &SeededEntropy::new(1),
        };
        throttle.plan(&attempt, subjects.to_vec())
    }

    fn alice() -> Subject {
        Subject::Principal(PrincipalId::from_text("p_alice"))
    }

    #[test]
    fn a_known_browser_counts_apart_and_a_name_of_nobody_counts_too() {
        let known = KnownBrowser::seen(BrowserId::new(1), vec![PrincipalId::from_text("p_alice")]);
        let stranger = plan("192.0.2.1", &KnownBrowser::stranger(), &[alice()]);
        let own = plan("192.0.2.1", &known, &[alice()]);
        let nobody = plan("192.0.2.1", &known, &[Subject::Nobody("p_alice".into())]);
        assert!(own.is_known() && !stranger.is_known() && !nobody.is_known());
        let buckets: std::collections::BTreeSet<_> =
            [stranger, own, nobody].iter().map(|plan| plan.guesses[0].bucket).collect();
        assert_eq!(buckets.len(), 3);
    }

    #[test]
    fn an_ipv6_neighbourhood_is_one_address_and_a_mapped_one_is_ipv4() {
        let address = |text: &str| plan(text, &KnownBrowser::stranger(), &[]).shared[0].0;
        assert_eq!(address("2001:db8::1"), address("2001:db8::ffff:1"));
        assert_ne!(address("2001:db8::1"), address("2001:db8:0:1::1"));
        assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
    }

    #[test]
    fn every_plan_locks_its_counters_in_one_order() {
        let names = |order: &[&str]| order.iter().map(|name| Subject::Nobody((*name).into())).collect::<Vec<_>>();
        let stranger = KnownBrowser::stranger();
        let one = plan("192.0.2.1", &stranger, &names(&["a", "b", "c"]));
        let other = plan("192.0.2.1", &stranger, &names(&["c", "a", "b"]));
        let buckets = |plan: &Plan| plan.guesses.iter().map(|guess| guess.bucket).collect::<Vec<_>>();
        assert_eq!(buckets(&one), buckets(&other));
    }
}
