//! Floor 6: what runs beside requests: sweeping, key rotation, the outbox.
