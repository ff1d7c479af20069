//! `[metrics]`: the listener for metrics.

use std::net::SocketAddr;

use super::section::section;

section! {
    /// Prometheus metrics, on a listener of their own that also answers `/healthz` and `/readyz`.
    Metrics = "metrics" {
        /// Whether the listener is opened.
        enabled: bool = "true",
        /// Address and port of the listener. It speaks plain http to whoever reaches it.
        listen: SocketAddr = r#""127.0.0.1:9090""#,
    }
    check(_metrics) {
        Ok(())
    }
}
