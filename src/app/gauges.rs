//! What the services count by themselves, shown among the metrics: they keep
//! plain numbers, and these are read when somebody asks.

use crate::authn::hashing::Passwords;
use crate::store::{Statistics, Store};
use crate::telemetry::{Metrics, Pulled};

/// Name, kind, meaning, and how to read one number of the store.
type StoreNumber = (&'static str, Pulled, &'static str, fn(&Statistics) -> u64);

const STORE: [StoreNumber; 7] = [
    ("menshen_store_commits_total", Pulled::Counter, "Commits that held at least one job.", |s| s.commits),
    ("menshen_store_jobs_committed_total", Pulled::Counter, "Jobs that were committed.", |s| s.committed),
    ("menshen_store_jobs_rolled_back_total", Pulled::Counter, "Jobs that were rolled back.", |s| s.rolled_back),
    ("menshen_store_jobs_repeated_total", Pulled::Counter, "Jobs that ran again.", |s| s.repeated),
    ("menshen_store_reads_total", Pulled::Counter, "Jobs that only read.", |s| s.reads),
    ("menshen_store_reconnects_total", Pulled::Counter, "Connections that were made anew.", |s| s.reconnects),
    ("menshen_store_jobs_waiting", Pulled::Gauge, "Jobs that wait for the database.", |s| s.queued),
];

/// Shows the numbers of the store and of the hashing pool.
pub(super) fn register(metrics: &Metrics, store: &Store, passwords: &Passwords) {
    for (name, kind, help, read) in STORE {
        let store = store.clone();
        metrics.pull(kind, name, help, move || as_float(read(&store.statistics())));
    }
    let pool = passwords.clone();
    let help = "Password hashes computed.";
    metrics.pull(Pulled::Counter, "menshen_password_hashes_total", help, move || as_float(pool.hashes()));
    let pool = passwords.clone();
    let help = "Logins that have or wait for a turn to hash.";
    metrics.pull(Pulled::Gauge, "menshen_password_hashing_admitted", help, move || as_float(pool.admitted()));
    let pool = passwords.clone();
    let help = "Logins for which there was no turn to hash.";
    metrics.pull(Pulled::Counter, "menshen_password_hashing_refused_total", help, move || as_float(pool.refused()));
}

/// A count as Prometheus has it; exact up to 2^52, which nothing here reaches.
fn as_float(count: u64) -> f64 {
    const HALF: u64 = 1 << 32;
    let part = |number: u64| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    part(count / HALF) * 4_294_967_296.0 + part(count % HALF)
}
