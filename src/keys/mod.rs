//! Keys: the key-encryption key and what is derived from it, the signing keys
//! with their rotation and JWK set, and the verification of JWTs.
//!
//! The only place that holds private key material. `store::signing_keys` keeps
//! the sealed rows; `token`, `session` and `web` sign and verify through
//! [`SigningKeys`]. Nothing here knows what a claim means beyond `iss`, `aud`,
//! `exp`, `nbf`, `iat` and `jti`.

pub mod assertion;
pub mod contacts;
pub mod jose;
pub mod jwk;
pub mod ring;
pub mod rotation;
pub mod signing;
pub mod vault;

pub use assertion::{AssertionRules, VerifiedAssertion, verify_assertion};
pub use contacts::ContactKeys;
pub use jose::{JoseError, JwsAlgorithm};
pub use jwk::ForeignKeys;
pub use ring::{Expiry, OwnRules, SigningKeys};
pub use signing::{SignError, SigningKey, TokenType};
pub use vault::{Aad, MacKey, Purpose, Vault, VaultError};
