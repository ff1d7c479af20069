//! The number of a request: in its answer, on its error page, in its log lines.

use std::cell::Cell;
use std::fmt;

use crate::base::Entropy;

/// Characters of a request id: 128 bits, five a character.
const TEXT_LEN: usize = 26;
/// Crockford's base32: no i, l, o, u, so people can read it out.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

thread_local! {
    static CURRENT: Cell<Option<RequestId>> = const { Cell::new(None) };
}

/// The number of one request, unique without coordination. It names, it does
/// not protect: who sees one may guess the next.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct RequestId(u128);

impl RequestId {
    /// The id of the request that this thread works for now.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.get()
    }

    /// Its 26 characters, without an allocation.
    #[must_use]
    pub fn text(self) -> [u8; TEXT_LEN] {
        let mut text = [b'0'; TEXT_LEN];
        let mut rest = self.0;
        for place in text.iter_mut().rev() {
            let digit = usize::try_from(rest & 31).unwrap_or_default();
            *place = ALPHABET.get(digit).copied().unwrap_or(b'0');
            rest >>= 5;
        }
        text
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.text()).unwrap_or_default())
    }
}

/// Does `work` for request `id`: log lines written meanwhile on this thread
/// carry it. Threads that work for a request (hashing, store) use it too.
pub fn in_request<T>(id: Option<RequestId>, work: impl FnOnce() -> T) -> T {
    /// Puts the former id back, also when `work` panics.
    struct Restore(Option<RequestId>);
    impl Drop for Restore {
        fn drop(&mut self) {
            CURRENT.set(self.0);
        }
    }
    let _restore = Restore(CURRENT.replace(id));
    work()
}

/// Makes request ids for one worker thread: a counter mixed into a seed of
/// chance, because a true random number for each request would cost more than
/// the rest of a small answer.
#[derive(Debug)]
pub struct RequestIds {
    seed: u128,
    count: Cell<u64>,
}

impl RequestIds {
    /// A generator with a seed of its own.
    #[must_use]
    pub fn new(entropy: &dyn Entropy) -> Self {
        Self { seed: u128::from_be_bytes(entropy.bytes()), count: Cell::new(0) }
    }

    /// The next id.
    #[must_use]
    pub fn next(&self) -> RequestId {
        let count = self.count.get().wrapping_add(1);
        self.count.set(count);
        // The low half is a bijection of the counter, so ids of one worker never meet.
        RequestId(self.seed ^ (u128::from(mix(!count)) << 64) ^ u128::from(mix(count)))
    }
}

/// The finalizer of `SplitMix64`: a bijection whose bits all depend on one another.
const fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::base::SeededEntropy;

    #[test]
    fn ids_differ_and_read_well() {
        let (one, two) = (RequestIds::new(&SeededEntropy::new(1)), RequestIds::new(&SeededEntropy::new(2)));
        let ids: HashSet<String> = (0..1_000).flat_map(|_| [one.next(), two.next()]).map(|id| id.to_string()).collect();
        assert_eq!(ids.len(), 2_000);
        assert!(ids.iter().all(|id| id.len() == 26 && id.bytes().all(|byte| ALPHABET.contains(&byte))));
    }

    #[test]
    fn the_current_request_is_known_only_while_it_is_worked_for() {
        let id = RequestIds::new(&SeededEntropy::new(1)).next();
        let seen = in_request(Some(id), || (RequestId::current(), in_request(None, RequestId::current)));
        assert_eq!(seen, (Some(id), None));
        let panicked = std::panic::catch_unwind(|| in_request(Some(id), || panic!("as a handler might")));
        assert!(panicked.is_err() && RequestId::current().is_none());
    }
}
