//! Floor 2: logs, metrics and request ids.
