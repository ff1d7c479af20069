//! Floor 0: time, chance, identifiers and secrets, and whether a file has changed.
//!
//! Everything above gets its clock and its random values from here, and from
//! nowhere else; a test gives it a clock that it moves by hand and a seeded
//! source. Nothing here knows of HTTP, of storage or of OAuth.

pub mod clock;
pub mod der;
pub mod entropy;
pub mod file_mark;
pub mod id;
pub mod opaque;
pub mod secret;

pub use clock::{Clock, SharedClock, SystemClock, TestClock, Timestamp};
pub use entropy::{Entropy, SeededEntropy, SharedEntropy, SystemEntropy};
pub use file_mark::FileMark;
pub use opaque::{OpaqueKind, OpaqueTokens, Presented};
pub use secret::{Secret, TokenHash};
