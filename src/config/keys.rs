//! `[keys]`: the key-encryption key and the life of signing keys.

use std::path::PathBuf;
use std::time::Duration;

use super::error::require;
use super::section::section;
use super::types::KeyEncryptionKey;
use super::value::minutes;

section! {
    /// The key-encryption key, under which everything secret in the database is sealed, and the signing keys' life.
    Keys = "keys" {
        /// File of the key-encryption key: base64 of 32 bytes, mode 0600; made on the first start when absent.
        kek_file: PathBuf = r#""data/menshen.key""#,
        /// The key-encryption key itself, instead of a file; give it by the environment.
        kek: Option<KeyEncryptionKey> = "",
        /// Age at which a signing key is replaced.
        rotate_after: Duration = r#""90d""#,
        /// How long a signing key is published before it signs.
        publish_ahead: Duration = r#""24h""#,
    }
    check(keys) {
        require("keys.rotate_after", keys.rotate_after >= minutes(60), "must be at least 1h")?;
        require("keys.publish_ahead", keys.publish_ahead < keys.rotate_after, "must be shorter than rotate_after")
    }
}
