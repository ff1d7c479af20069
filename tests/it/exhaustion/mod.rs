//! What somebody can do who has no account but many sockets (hostile cases RX):
//! over real sockets, against the whole provider, at a scale that a test can
//! afford. `scripts/bench --attack` does the same at full scale.

mod bodies;
mod floods;
mod parsers;
mod slow;

use std::time::{Duration, Instant};

use serde_json::json;

use crate::clients::over_tcp::Served;
use crate::support::database::Backend;
use crate::support::house;

/// Nothing that we wait for takes so long on any machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The whole provider on a port of its own, without limits in time and volume.
fn served(settings: &[(&str, &str)]) -> Served {
    let mut all = vec![("THROTTLE__ENABLED", "false"), ("SERVER__WORKERS", "2")];
    all.extend(settings);
    Served::configured(Backend::Sqlite, &json!(house::declaration()), &all)
}

/// How long something takes.
async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let began = Instant::now();
    (work.await, began.elapsed())
}

/// The middle of many.
fn median(mut all: Vec<Duration>) -> Duration {
    all.sort_unstable();
    all[all.len() / 2]
}
