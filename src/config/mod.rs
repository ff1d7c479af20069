//! Floor 2: configuration: load, override, validate, refuse.
