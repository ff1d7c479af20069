//! The time that one login may wait for a vendor, over all its calls.

use std::time::{Duration, Instant};

use super::error::{Class, VendorError};
use crate::outbound::{Answer, Call, Outbound};

/// Code and person together. The page has to answer within five seconds, on a busy machine too.
pub(super) const LOGIN: Duration = Duration::from_millis(4_500);
/// A one-tap login falls back to a message within three.
pub(super) const ONE_TAP: Duration = Duration::from_millis(2_700);

/// What is left of it. Measured by the monotonic clock: it is a timeout and decides nothing that is stored.
#[derive(Clone, Copy)]
pub(super) struct Budget {
    begun: Instant,
    whole: Duration,
}

impl Budget {
    pub(super) fn of(whole: Duration) -> Self {
        Self { begun: Instant::now(), whole }
    }

    /// Sends a call within what is left.
    ///
    /// # Errors
    /// No answer came, or nothing is left.
    pub(super) async fn send(
        self,
        vendor: &'static str,
        outbound: &Outbound,
        call: Call,
    ) -> Result<Answer, VendorError> {
        let left = self.whole.saturating_sub(self.begun.elapsed());
        if left.is_zero() {
            return Err(VendorError::new(vendor, Class::Unavailable, "it took too long"));
        }
        outbound.send(call.within(left)).await.map_err(|error| VendorError::unreached(vendor, &error))
    }
}
