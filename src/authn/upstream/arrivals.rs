//! How many come back from one vendor at a time.
//!
//! Who waits for a vendor costs memory from the first byte of their request on, so
//! a flood of them is turned away before anything is looked up or used: their state
//! and their code stay good, and the same address works a moment later. Each method
//! has its own count, so one vendor's crowd stands in nobody else's way; and of one
//! method one address has a share, so nobody alone makes the crowd.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::authn::throttle::network;

/// Under way, of one method: more than the calls to its vendor that can be made in
/// time, with those that are on the way there.
const AT_ONCE: usize = 1_280;
/// Of them from one IPv4 address or IPv6 /64. A company behind one address meets it
/// when its vendor says nothing; a vendor that answers in 300 ms lets 850 through in a second.
const FROM_ONE: usize = 256;

/// The arrivals of each method. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Arrivals(Arc<Mutex<BTreeMap<String, Crowd>>>);

/// Those of one method.
#[derive(Default)]
struct Crowd {
    all: usize,
    from: HashMap<Vec<u8>, usize>,
}

/// Held while somebody's return is looked at.
pub struct Arriving {
    arrivals: Arrivals,
    method: String,
    network: Vec<u8>,
}

impl Arrivals {
    /// A seat, unless all of this method or of this address are taken.
    pub(super) fn admit(&self, method: &str, address: IpAddr) -> Option<Arriving> {
        let network = network(address);
        let mut crowds = self.0.lock();
        let crowd = crowds.entry(method.to_owned()).or_default();
        if crowd.all >= AT_ONCE || crowd.from.get(&network).is_some_and(|seats| *seats >= FROM_ONE) {
            return None;
        }
        crowd.all += 1;
        *crowd.from.entry(network.clone()).or_default() += 1;
        Some(Arriving { arrivals: self.clone(), method: method.to_owned(), network })
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        let mut crowds = self.arrivals.0.lock();
        let Some(crowd) = crowds.get_mut(&self.method) else { return };
        crowd.all = crowd.all.saturating_sub(1);
        if let Entry::Occupied(mut seats) = crowd.from.entry(std::mem::take(&mut self.network)) {
            *seats.get_mut() = seats.get().saturating_sub(1);
            if *seats.get() == 0 {
                seats.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The address of a stranger, another for each number.
    fn address(number: usize) -> IpAddr {
        let [.., high, low] = u32::try_from(number).unwrap().to_be_bytes();
        IpAddr::from([10, 0, high, low])
    }

    #[test]
    fn a_crowd_of_one_method_is_turned_away_until_somebody_leaves_and_no_other_method_notices() {
        let arrivals = Arrivals::default();
        let mut crowd: Vec<_> = (0..AT_ONCE).map(|number| arrivals.admit("wechat", address(number)).unwrap()).collect();
        assert!(arrivals.admit("wechat", address(AT_ONCE)).is_none());
        assert!(arrivals.admit("alipay", address(0)).is_some());
        crowd.pop();
        let last = arrivals.admit("wechat", address(AT_ONCE));
        assert!(last.is_some() && arrivals.admit("wechat", address(0)).is_none());
    }

    #[test]
    fn one_address_has_a_share_and_leaves_the_rest_to_others() {
        let arrivals = Arrivals::default();
        let one = |host: usize| format!("2001:db8:1:1::{host:x}").parse().unwrap();
        let mut crowd: Vec<_> = (0..FROM_ONE).map(|host| arrivals.admit("wechat", one(host)).unwrap()).collect();
        assert!(arrivals.admit("wechat", one(FROM_ONE)).is_none(), "a /64 is one person's");
        assert!(arrivals.admit("wechat", "2001:db8:1:2::1".parse().unwrap()).is_some());
        assert!(arrivals.admit("alipay", one(0)).is_some());
        crowd.pop();
        assert!(arrivals.admit("wechat", one(FROM_ONE)).is_some());
        crowd.clear();
        assert!(arrivals.0.lock().values().all(|crowd| crowd.all == 0 && crowd.from.is_empty()), "nothing is kept");
    }
}
