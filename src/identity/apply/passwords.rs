//! Passwords as a file declares them: in clear, or as the hash that another
//! system made.

use aws_lc_rs::digest;

use super::Wrong;
use super::declaration::{PersonEntry, Role};
use super::table::Table;
use crate::authn::hashing::{NormalPassword, StoredPassword};
use crate::authn::password_policy::PasswordPolicy;
use crate::base::Secret;

/// A declared password.
pub(super) enum DeclaredPassword {
    /// To be hashed here.
    Clear(Secret<String>),
    /// A hash to be taken in, with its digest, by which it is known again.
    Hash { stored: StoredPassword, digest: String },
}

pub(super) fn read(table: &mut Table) -> Result<Option<DeclaredPassword>, Wrong> {
    let Some(text) = table.text("password")?.map(Secret::new) else { return Ok(None) };
    if is_hash(text.expose()) {
        let stored =
            StoredPassword::import(text.expose()).map_err(|error| table.wrong("password", error.to_string()))?;
        let digest = hex(digest::digest(&digest::SHA256, text.expose().as_bytes()).as_ref());
        return Ok(Some(DeclaredPassword::Hash { stored, digest }));
    }
    if text.expose().len() > NormalPassword::MAX_BYTES {
        return Err(table.wrong("password", format!("is longer than {} bytes", NormalPassword::MAX_BYTES)));
    }
    Ok(Some(DeclaredPassword::Clear(text)))
}

/// Whether the text has the shape of a hash, of whatever algorithm (`$2b$…`):
/// one that cannot be taken in must not become a password.
fn is_hash(text: &str) -> bool {
    let name = text.strip_prefix('$').and_then(|rest| rest.split_once('$')).map(|(name, _rest)| name);
    name.is_some_and(|name| {
        (1..=32).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

/// Judges the password of one person with their own words.
pub(super) fn judge(person: &PersonEntry, policy: PasswordPolicy) -> Result<(), Wrong> {
    let Some(DeclaredPassword::Clear(password)) = &person.password else { return Ok(()) };
    let mut own: Vec<&str> = person.contacts.iter().map(|contact| contact.canonical.as_str()).collect();
    own.extend(person.alias.as_deref());
    own.extend(person.name.as_deref());
    if let Role::Iam { username, .. } = &person.role {
        own.push(username);
    }
    policy.judge(password.expose(), &own).map_err(|weakness| {
        Wrong::new(person.at("password"), format!("{weakness} (allow_weak_passwords = true takes it)"))
    })
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a text never fails.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_looks_like_a_hash_is_taken_for_one() {
        for hash in ["$argon2id$v=19$m=8", "$2b$12$abc", "$6$salt$hash", "$scram-sha-256$x"] {
            assert!(is_hash(hash), "{hash}");
        }
        for password in ["$money makes $ense", "$$$$", "open-the-red-gate-1", "$only"] {
            assert!(!is_hash(password), "{password}");
        }
    }
}
