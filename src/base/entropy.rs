//! The one source of random values.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::{digest, rand};

/// Gives random bytes. Tests give a seeded source, so their tokens repeat.
pub trait Entropy: Send + Sync {
    /// Fills `into` with bytes nobody can predict.
    fn fill(&self, into: &mut [u8]);
}

impl dyn Entropy + '_ {
    /// `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A uniform number below `bound`, by rejection; `bound` 0 gives 0.
    #[must_use]
    pub fn below(&self, bound: u64) -> u64 {
        let zone = u64::MAX - (u64::MAX.checked_rem(bound).unwrap_or(0));
        loop {
            let drawn = u64::from_be_bytes(self.bytes());
            if drawn < zone || bound == 0 {
                return drawn.checked_rem(bound).unwrap_or(0);
            }
        }
    }
}

/// A source that everything shares.
pub type SharedEntropy = Arc<dyn Entropy>;

/// The machine's source (aws-lc's generator, seeded by the kernel).
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "the one place that draws random bytes")]
    #[expect(clippy::expect_used, reason = "a server without randomness must not go on")]
    fn fill(&self, into: &mut [u8]) {
        rand::fill(into).expect("the random source of the machine answers");
    }
}

/// A repeatable source for tests: SHA-256 of seed and counter.
#[derive(Debug)]
pub struct SeededEntropy {
    seed: u64,
    drawn: AtomicU64,
}

impl SeededEntropy {
    /// A source whose values depend on `seed` alone.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, drawn: AtomicU64::new(0) }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, into: &mut [u8]) {
        for chunk in into.chunks_mut(digest::SHA256_OUTPUT_LEN) {
            let count = self.drawn.fetch_add(1, Ordering::SeqCst);
            let block = digest::digest(&digest::SHA256, &[self.seed.to_be_bytes(), count.to_be_bytes()].concat());
            for (to, from) in chunk.iter_mut().zip(block.as_ref()) {
                *to = *from;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seeded_source_repeats_and_a_number_stays_below_its_bound() {
        let (one, two): (Arc<dyn Entropy>, Arc<dyn Entropy>) =
            (Arc::new(SeededEntropy::new(7)), Arc::new(SeededEntropy::new(7)));
        assert_eq!(one.bytes::<40>(), two.bytes::<40>());
        assert!((0..1_000).all(|_| one.below(6) < 6));
        assert_eq!(one.below(0), 0);
    }
}
