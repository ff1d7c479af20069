//! One password tried on many accounts (hostile-cases LG-04): each of them sees
//! one guess, so the budgets of [`super::throttle`] see nothing.
//!
//! Counted is on how many names a password was tried in an hour. It is known by
//! three bytes of a keyed hash alone: enough to count by, too little to guess the
//! password from, even for whoever has the database and the key. A password that
//! was tried on too many names is not looked at any more, and whoever goes on with
//! it is not looked at either for a while. Known browsers and the counters of a
//! right proof are left alone, and a person who types one wrong password again and
//! again counts once.

use std::net::IpAddr;
use std::time::Duration;

use unicode_normalization::UnicodeNormalization;

use super::throttle::network;
use crate::keys::MacKey;
use crate::store::throttle::{Budget, Reservation, Window, give_back, refused_until, reserve};
use crate::store::{StoreResult, Tx};

const HOUR: Duration = Duration::from_secs(3_600);
const QUARTER_HOUR: Duration = Duration::from_secs(15 * 60);

/// Names on which one password may be tried in an hour.
pub const NAMES: u32 = 30;
const OF_PASSWORD: Budget = Budget { burst: NAMES, window: Window::Fixed(HOUR), interval: HOUR };
/// One password on one name counts once.
const OF_PAIR: Budget = Budget { burst: 1, window: Window::Fixed(HOUR), interval: HOUR };
/// So often an address may come with a password that is sprayed.
const OF_SOURCE: Budget = Budget { burst: 3, window: Window::Quiet(QUARTER_HOUR), interval: QUARTER_HOUR };

/// The counters of one password at one name from one address.
#[derive(Clone)]
pub(super) struct Spray {
    password: [u8; 32],
    pair: [u8; 32],
    source: [u8; 32],
}

/// Whether the password is looked at.
pub(super) enum Sprayed {
    /// It is, and is counted in these.
    No(Vec<[u8; 32]>),
    /// It is not.
    Yes {
        /// How long the address has to wait.
        retry_after: Duration,
    },
}

impl Spray {
    /// `name` is the bucket of the principal or name that is guessed at.
    pub(super) fn new(key: &MacKey, address: IpAddr, name: &[u8; 32], typed: &str) -> Self {
        let normal: String = typed.nfkc().collect();
        let whole = *key.mac(&[b"sprayed", normal.as_bytes()]).as_bytes();
        let [a, b, c, ..] = whole;
        let mark = [a, b, c];
        let bucket = |parts: &[&[u8]]| *key.mac(parts).as_bytes();
        Self {
            password: bucket(&[b"sprayed password", &mark]),
            pair: bucket(&[b"sprayed pair", &mark, name]),
            source: bucket(&[b"sprayer", &network(address)]),
        }
    }

    /// Counts the password at this name, if that is new.
    pub(super) fn reserve(&self, tx: &mut Tx<'_>) -> StoreResult<Sprayed> {
        let now = tx.now();
        if let Some(until) = refused_until(tx, &self.source, &OF_SOURCE)? {
            return Ok(Sprayed::Yes { retry_after: until.since(now) });
        }
        if reserve(tx, &self.pair, &OF_PAIR)? != Reservation::Granted {
            return Ok(Sprayed::No(Vec::new()));
        }
        match reserve(tx, &self.password, &OF_PASSWORD)? {
            Reservation::Granted => Ok(Sprayed::No(vec![self.pair, self.password])),
            Reservation::Refused { .. } => {
                give_back(tx, &self.pair)?;
                reserve(tx, &self.source, &OF_SOURCE)?;
                Ok(Sprayed::Yes { retry_after: QUARTER_HOUR })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{Purpose, Vault};

    #[test]
    fn a_password_is_one_however_it_is_typed_and_wherever_it_comes_from() {
        let key = Vault::from_bytes(&[3; 32]).mac_key(Purpose::ThrottleKey);
        let spray =
            |address: &str, name: u8, typed: &str| Spray::new(&key, address.parse().unwrap(), &[name; 32], typed);
        let one = spray("192.0.2.1", 1, "summer2026");
        let other = spray("192.0.2.2", 2, "ｓｕｍｍｅｒ2026");
        assert_eq!(one.password, other.password);
        assert!(one.pair != other.pair && one.source != other.source);
        assert_ne!(one.password, spray("192.0.2.1", 1, "winter2026").password);
    }
}
