//! The RSA keys and certificates of the simulated world: the vendors' own, and
//! those that their customer is handed.
//!
//! Each is made when it is first asked for, so that a test that sends a text
//! message makes none. Simulators may share one set ([`Keys`] is behind an Arc).

use std::sync::OnceLock;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize, Pkcs1PublicEncryptingKey, PublicEncryptingKey};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::certificates::Certificates;

/// One RSA key of 2048 bits, private part included.
pub struct RsaKey(KeyPair);

/// The keys of one world.
#[derive(Default)]
pub struct Keys {
    app: OnceLock<RsaKey>,
    alipay: OnceLock<RsaKey>,
    stranger: OnceLock<RsaKey>,
    jiguang: OnceLock<RsaKey>,
    oidc: OnceLock<RsaKey>,
    oidc_next: OnceLock<RsaKey>,
    certificates: OnceLock<Certificates>,
}

impl Keys {
    /// The key of the Alipay app: the customer signs with it.
    pub fn app(&self) -> &RsaKey {
        self.app.get_or_init(RsaKey::generate)
    }

    /// The key that Alipay signs its replies with.
    pub fn alipay(&self) -> &RsaKey {
        self.alipay.get_or_init(RsaKey::generate)
    }

    /// A key that nobody knows: replies under it must be refused.
    pub fn stranger(&self) -> &RsaKey {
        self.stranger.get_or_init(RsaKey::generate)
    }

    /// The customer's key for which Jiguang encrypts numbers.
    pub fn jiguang(&self) -> &RsaKey {
        self.jiguang.get_or_init(RsaKey::generate)
    }

    /// The key that the OpenID providers sign with.
    pub fn oidc(&self) -> &RsaKey {
        self.oidc.get_or_init(RsaKey::generate)
    }

    /// The key that comes after it.
    pub fn oidc_next(&self) -> &RsaKey {
        self.oidc_next.get_or_init(RsaKey::generate)
    }

    /// The certificates of Alipay's certificate mode.
    pub fn certificates(&self) -> &Certificates {
        self.certificates.get_or_init(|| Certificates::issue(self.app(), self.alipay()))
    }
}

impl RsaKey {
    #[expect(clippy::expect_used, reason = "a stage for tests and demo does not open without its keys")]
    pub(super) fn generate() -> Self {
        Self(KeyPair::generate(KeySize::Rsa2048).expect("a key"))
    }

    /// Signs with RSASSA-PKCS1-v1_5 and SHA-256.
    ///
    /// # Panics
    /// Never, with a key that was made here.
    #[expect(clippy::expect_used, reason = "signing with a key of our own making")]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        // This padding draws no random value; the interface wants a source all the same.
        self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).expect("a signature");
        signature
    }

    /// [`RsaKey::sign`] in base64.
    pub fn sign_base64(&self, message: &[u8]) -> String {
        STANDARD.encode(self.sign(message))
    }

    /// PKCS#8, DER.
    ///
    /// # Panics
    /// Never, with a key that was made here.
    #[expect(clippy::expect_used, reason = "writing down a key of our own making")]
    pub fn pkcs8(&self) -> Vec<u8> {
        let der: Pkcs8V1Der<'static> = self.0.as_der().expect("PKCS#8");
        der.as_ref().to_vec()
    }

    /// PKCS#8 with PEM armour.
    pub fn private_pem(&self) -> String {
        armour("PRIVATE KEY", &self.pkcs8())
    }

    /// PKCS#8 in base64 without armour, as Alipay's tools write keys.
    pub fn private_base64(&self) -> String {
        STANDARD.encode(self.pkcs8())
    }

    /// `SubjectPublicKeyInfo` in base64 without armour, as Alipay hands keys out.
    pub fn public_base64(&self) -> String {
        STANDARD.encode(self.public_der())
    }

    /// `SubjectPublicKeyInfo` with PEM armour.
    pub fn public_pem(&self) -> String {
        armour("PUBLIC KEY", &self.public_der())
    }

    #[expect(clippy::expect_used, reason = "writing down a key of our own making")]
    fn public_der(&self) -> Vec<u8> {
        let der: PublicKeyX509Der<'static> = self.0.public_key().as_der().expect("a public key");
        der.as_ref().to_vec()
    }

    /// `n` and `e` of the key as a JWK has them (RFC 7518 §6.3.1).
    pub fn jwk_members(&self) -> (String, String) {
        let public = self.0.public_key();
        let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        (
            number(public.modulus().big_endian_without_leading_zero()),
            number(public.exponent().big_endian_without_leading_zero()),
        )
    }
}

/// Encrypts with RSAES-PKCS1-v1_5 for a public key (DER in base64, armour or not).
pub fn encrypt_for(public_key: &str, message: &[u8]) -> Option<String> {
    let der = super::sign::rsa::der(public_key)?;
    let key = Pkcs1PublicEncryptingKey::new(PublicEncryptingKey::from_der(&der).ok()?).ok()?;
    let mut sealed = vec![0; key.ciphertext_size()];
    let sealed = key.encrypt(message, &mut sealed).ok()?;
    Some(STANDARD.encode(sealed))
}

fn armour(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::sign::rsa::verifies;

    #[test]
    fn what_a_key_signs_its_public_part_verifies() {
        let keys = Keys::default();
        let sign = keys.alipay().sign_base64(b"{\"a\":1}");
        assert!(verifies(&keys.alipay().public_base64(), "{\"a\":1}", &sign));
        assert!(verifies(&keys.alipay().public_pem(), "{\"a\":1}", &sign));
        assert!(!verifies(&keys.stranger().public_base64(), "{\"a\":1}", &sign));
        assert!(encrypt_for(&keys.alipay().public_pem(), b"13900001234").is_some());
    }
}
