//! Floor 2: what the operator sees: log, metrics, request ids.
//!
//! The command line starts the log once; the server loop counts requests and
//! gives each its [`RequestId`]; services count logins and tokens through
//! [`Metrics`]. No line and no label ever holds what a person typed, and no
//! request ever waits for the log's reader.

mod log;
mod metrics;
mod request_id;

pub use log::{DroppedLines, LogGuard, start_log};
pub use metrics::{LoginOutcome, Metrics, Pulled, RouteMetrics};
pub use request_id::{RequestId, RequestIds, in_request};
