//! What is counted, for Prometheus. Labels are words of this program (route
//! patterns, methods, outcomes), never anything that a caller sent.

use std::fmt::Write;
use std::sync::OnceLock;
use std::time::Duration;

use parking_lot::RwLock;
use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Registry, TextEncoder};

use crate::base::Timestamp;

/// Upper bounds of the latency buckets, in seconds.
const BUCKETS: [f64; 11] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0, 10.0];
const METHODS: [&str; 5] = ["GET", "POST", "HEAD", "OPTIONS", "other"];
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// How a login ended, as a label.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LoginOutcome {
    /// The proof was right.
    Proven,
    /// The proof was wrong, or nobody is called that.
    Refused,
    /// Not evaluated: too many tries.
    Throttled,
    /// Not evaluated: the hashing queue or the store would not take it.
    Unavailable,
}

impl LoginOutcome {
    const fn label(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Refused => "refused",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
        }
    }
}

/// A number that another part keeps and that is read when metrics are asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pulled {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
}

type PulledNumber = (Pulled, &'static str, &'static str, Box<dyn Fn() -> f64 + Send + Sync>);

/// Everything that is counted.
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    latency: HistogramVec,
    logins: IntCounterVec,
    tokens: IntCounterVec,
    pulled: RwLock<Vec<PulledNumber>>,
}

impl Metrics {
    /// A fresh set for a process that began at `started`.
    ///
    /// # Errors
    /// When two metrics share a name, which a test would show.
    pub fn new(started: Timestamp) -> Result<Self, prometheus::Error> {
        let counter = |name: &str, help: &str, labels: &[&str]| IntCounterVec::new(Opts::new(name, help), labels);
        let latency = HistogramOpts::new("menshen_request_seconds", "Time from a request's head to its answer.");
        let metrics = Self {
            registry: Registry::new(),
            requests: counter("menshen_requests_total", "Requests answered.", &["route", "method", "status"])?,
            latency: HistogramVec::new(latency.buckets(BUCKETS.to_vec()), &["route"])?,
            logins: counter("menshen_logins_total", "Logins by method and outcome.", &["method", "outcome"])?,
            tokens: counter("menshen_tokens_issued_total", "Token answers by grant type.", &["grant"])?,
            pulled: RwLock::default(),
        };
        metrics.registry.register(Box::new(metrics.requests.clone()))?;
        metrics.registry.register(Box::new(metrics.latency.clone()))?;
        metrics.registry.register(Box::new(metrics.logins.clone()))?;
        metrics.registry.register(Box::new(metrics.tokens.clone()))?;
        let began = f64::from(u32::try_from(started.seconds()).unwrap_or_default());
        metrics.pull(Pulled::Gauge, "process_start_time_seconds", "When the process began.", move || began);
        metrics.pull(Pulled::Gauge, "process_resident_memory_bytes", "Resident memory.", resident_bytes);
        Ok(metrics)
    }

    /// The counters of one route, by its pattern; keep them with the route.
    #[must_use]
    pub fn route(&self, pattern: &'static str) -> RouteMetrics {
        RouteMetrics {
            pattern,
            requests: self.requests.clone(),
            counters: Default::default(),
            latency: self.latency.with_label_values(&[pattern]),
        }
    }

    /// Counts a login; `method` is the name of a login method.
    pub fn login(&self, method: &'static str, outcome: LoginOutcome) {
        self.logins.with_label_values(&[method, outcome.label()]).inc();
    }

    /// Counts an answer that carried tokens; `grant` is a grant type.
    pub fn token_issued(&self, grant: &'static str) {
        self.tokens.with_label_values(&[grant]).inc();
    }

    /// Adds a number that `read` gives whenever metrics are asked for.
    pub fn pull(
        &self,
        kind: Pulled,
        name: &'static str,
        help: &'static str,
        read: impl Fn() -> f64 + Send + Sync + 'static,
    ) {
        self.pulled.write().push((kind, name, help, Box::new(read)));
    }

    /// Everything in Prometheus' text form.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap_or_default();
        for (kind, name, help, read) in self.pulled.read().iter() {
            let kind = match kind {
                Pulled::Counter => "counter",
                Pulled::Gauge => "gauge",
            };
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {}\n", read());
        }
        text
    }
}

/// The counters of one route; a request costs a few atomic additions.
pub struct RouteMetrics {
    pattern: &'static str,
    requests: IntCounterVec,
    counters: [[OnceLock<IntCounter>; CLASSES.len()]; METHODS.len()],
    latency: Histogram,
}

impl RouteMetrics {
    /// Counts one answer.
    pub fn observe(&self, method: &str, status: u16, took: Duration) {
        let row = METHODS.iter().position(|known| *known == method).unwrap_or(METHODS.len() - 1);
        let column = usize::from(status / 100).clamp(1, CLASSES.len()) - 1;
        if let Some(counter) = self.counters.get(row).and_then(|row| row.get(column)) {
            counter.get_or_init(|| self.counter(row, column)).inc();
        }
        self.latency.observe(took.as_secs_f64());
    }

    /// `method` if it is a usual one, else a word for all others: fit for a log.
    #[must_use]
    pub fn method_label(&self, method: &str) -> &'static str {
        METHODS.into_iter().find(|known| *known == method).unwrap_or("other")
    }

    /// The route's pattern.
    #[must_use]
    pub const fn pattern(&self) -> &'static str {
        self.pattern
    }

    fn counter(&self, row: usize, column: usize) -> IntCounter {
        let label = |names: &[&'static str], at: usize| names.get(at).copied().unwrap_or_default();
        self.requests.with_label_values(&[self.pattern, label(&METHODS, row), label(&CLASSES, column)])
    }
}

/// Resident memory as the kernel tells it; 0 where it does not.
fn resident_bytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    let kib: u32 = line.trim().trim_end_matches(" kB").parse().unwrap_or_default();
    f64::from(kib) * 1_024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_rendered() {
        let metrics = Metrics::new(Timestamp::from_seconds(1_767_225_600)).unwrap();
        let token = metrics.route("/token");
        token.observe("POST", 200, Duration::from_millis(2));
        token.observe("POST", 204, Duration::from_millis(2));
        token.observe("BREW", 999, Duration::from_millis(2));
        metrics.login("password", LoginOutcome::Refused);
        metrics.token_issued("authorization_code");
        metrics.pull(Pulled::Counter, "menshen_log_lines_dropped_total", "Lost lines.", || 3.0);
        let text = metrics.render();
        for line in [
            r#"menshen_requests_total{method="POST",route="/token",status="2xx"} 2"#,
            r#"menshen_requests_total{method="other",route="/token",status="5xx"} 1"#,
            r#"menshen_request_seconds_count{route="/token"} 3"#,
            r#"menshen_logins_total{method="password",outcome="refused"} 1"#,
            r#"menshen_tokens_issued_total{grant="authorization_code"} 1"#,
            "menshen_log_lines_dropped_total 3",
            "process_start_time_seconds 1767225600",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(resident_bytes() > 1_000_000.0);
    }
}
