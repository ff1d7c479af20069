//! Whether a file was changed, without reading it. For files that a running server
//! obeys: the certificate, the database of countries.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// How often such a file is looked at.
pub const LOOK_AFTER: Duration = Duration::from_secs(1);

/// What a look at a file shows: its number, its length, and when it was written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FileMark([i64; 4]);

impl FileMark {
    /// Looks at a file; `None` when there is none to be seen.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        let (number, length) = (metadata.ino().cast_signed(), metadata.len().cast_signed());
        Some(Self([number, length, metadata.mtime(), metadata.mtime_nsec()]))
    }
}
