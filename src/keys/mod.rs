//! Keys: the key-encryption key and what is derived from it, the signing keys
//! with their rotation and JWK set, and the verification of JWTs.
//!
//! The only place that holds private key material. `store::signing_keys` keeps
//! the sealed rows; `token`, `session` and `web` sign and verify through
//! [`SigningKeys`]. Nothing here knows what a claim means beyond `iss`, `aud`,
//! `exp`, `nbf`, `iat` and `jti`.

pub mod assertion;
pub mod client_jwks;
pub mod client_secrets;
pub mod contacts;
mod interaction_seal;
pub mod jose;
pub mod jwk;
pub mod keeper;
mod key_file;
mod login_hints;
mod purpose;
pub mod ring;
pub mod rotation;
pub mod signing;
pub mod vault;

#[cfg(test)]
mod tests;

pub use assertion::{AssertionRules, VerifiedAssertion, verify_assertion};
pub use client_jwks::{AssertionError, ClientJwks};
pub use client_secrets::ClientSecretKeys;
pub use contacts::ContactKeys;
pub use interaction_seal::InteractionSeals;
pub use jose::JoseError;
pub use jwk::{ForeignKeys, JwksError};
pub use keeper::{KeeperError, KeyKeeper};
pub use key_file::KeyFileError;
pub use login_hints::LoginHints;
pub use purpose::Purpose;
pub use ring::{Expiry, OwnRules, RingError, SigningKeys};
pub use rotation::{Change, RotationPolicy, Trigger};
pub use signing::{SignError, SigningKey, TokenType};
pub use vault::{Aad, MacKey, Vault, VaultError};
