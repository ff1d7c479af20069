//! How many come back from one vendor at a time.
//!
//! Who waits for a vendor costs memory from the first byte of their request on, so
//! a flood of them is turned away before anything is looked up or used: their state
//! and their code stay good, and the same address works a moment later. Each method
//! has its own count, so one vendor's crowd stands in nobody else's way.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Under way, of one method: more than the calls to its vendor that can be made in
/// time, with those that are on the way there.
const AT_ONCE: usize = 1_280;

/// The arrivals of each method.
#[derive(Default)]
pub(super) struct Arrivals(Mutex<BTreeMap<String, Arc<Semaphore>>>);

/// Held while somebody's return is looked at.
pub struct Arriving {
    _seat: OwnedSemaphorePermit,
}

impl Arrivals {
    /// A seat, unless all of this method are taken.
    pub(super) fn admit(&self, method: &str) -> Option<Arriving> {
        let seats =
            Arc::clone(self.0.lock().entry(method.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE))));
        seats.try_acquire_owned().ok().map(|seat| Arriving { _seat: seat })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_of_one_method_is_turned_away_until_somebody_leaves_and_no_other_method_notices() {
        let arrivals = Arrivals::default();
        let mut crowd: Vec<_> = (0..AT_ONCE).map(|_| arrivals.admit("wechat").unwrap()).collect();
        assert!(arrivals.admit("wechat").is_none());
        assert!(arrivals.admit("alipay").is_some());
        crowd.pop();
        let last = arrivals.admit("wechat");
        assert!(last.is_some() && arrivals.admit("wechat").is_none());
    }
}
