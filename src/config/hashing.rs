//! `[hashing]`: the cost of password hashes and the pool that pays it.

use std::time::Duration;

use super::error::require;
use super::section::section;
use super::value::minutes;

section! {
    /// Argon2id for passwords. Stored hashes keep their own cost and are made anew at the next login.
    Hashing = "hashing" {
        /// Memory of one hash, in KiB.
        memory_kib: u32 = "19456",
        /// Passes over the memory.
        iterations: u32 = "2",
        /// Lanes.
        parallelism: u32 = "1",
        /// Threads that hash; 0: one per core.
        threads: u32 = "0",
        /// Hashes that may wait; when the queue is full a login is answered 503.
        queue: u32 = "256",
        /// How long a login waits for its turn before it is answered 503.
        patience: Duration = r#""2s""#,
    }
    check(hashing) {
        require("hashing.memory_kib", (8_192..=262_144).contains(&hashing.memory_kib), "must be 8192 to 262144")?;
        require("hashing.iterations", (1..=10).contains(&hashing.iterations), "must be 1 to 10")?;
        require("hashing.parallelism", (1..=4).contains(&hashing.parallelism), "must be 1 to 4")?;
        require("hashing.threads", hashing.threads <= 256, "must be at most 256")?;
        require("hashing.queue", (1..=65_536).contains(&hashing.queue), "must be 1 to 65536")?;
        require(
            "hashing.patience",
            (Duration::from_secs(1)..=minutes(1)).contains(&hashing.patience),
            "must be 1s to 1m",
        )
    }
}
