//! RSA2, that is RSASSA-PKCS1-v1_5 with SHA-256: how we sign, and how Alipay's
//! answers are checked.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaParameters, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::certificate::pem_blocks;

/// Our private key at Alipay.
pub(super) struct SigningKey(KeyPair);

impl SigningKey {
    /// Reads PKCS#8 or PKCS#1, as PEM or as the bare base64 of Alipay's tools.
    ///
    /// # Errors
    /// What is wrong, never a part of the key.
    pub(super) fn read(text: &str) -> Result<Self, &'static str> {
        let der = der_of(text).ok_or("is neither PEM nor base64")?;
        let pair = KeyPair::from_pkcs8(&der).or_else(|_other_form| KeyPair::from_der(&der));
        pair.map(Self).map_err(|_rejected| "is no RSA private key of at least 2048 bits")
    }

    /// The signature of a text, in base64.
    pub(super) fn sign(&self, text: &str) -> Option<String> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0.sign_digest(&RSA_PKCS1_SHA256, &digest(&SHA256, text.as_bytes()), &mut signature).ok()?;
        Some(STANDARD.encode(signature))
    }
}

/// Alipay's public key.
pub(super) struct VerifyingKey(Vec<u8>);

impl VerifyingKey {
    /// Reads SPKI, as PEM or bare base64.
    ///
    /// # Errors
    /// What is wrong.
    pub(super) fn read(text: &str) -> Result<Self, &'static str> {
        let der = der_of(text).ok_or("is neither PEM nor base64")?;
        Self::from_der(der)
    }

    /// From SPKI in DER.
    ///
    /// # Errors
    /// What is wrong.
    pub(super) fn from_der(der: Vec<u8>) -> Result<Self, &'static str> {
        match aws_lc_rs::rsa::PublicKey::from_der(&der) {
            Ok(key) if key.modulus_len() >= 256 => Ok(Self(der)),
            Ok(_) | Err(_) => Err("is no RSA public key of at least 2048 bits"),
        }
    }

    /// Whether `signature` (base64) is of these bytes.
    pub(super) fn holds(&self, text: &[u8], signature: &str) -> bool {
        holds(&RSA_PKCS1_2048_8192_SHA256, &self.0, text, signature)
    }
}

fn holds(parameters: &'static RsaParameters, spki: &[u8], text: &[u8], signature: &str) -> bool {
    let Ok(signature) = STANDARD.decode(signature) else { return false };
    UnparsedPublicKey::new(parameters, spki).verify(text, &signature).is_ok()
}

/// The DER inside PEM, or of bare base64.
fn der_of(text: &str) -> Option<Vec<u8>> {
    if text.contains("-----BEGIN") {
        return pem_blocks(text).into_iter().next();
    }
    let compact: String = text.split_whitespace().collect();
    STANDARD.decode(compact).ok().filter(|der| !der.is_empty())
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::LazyLock;

    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY as LEGACY};

    use super::*;

    /// Pairs as Alipay's tools write them: private PKCS#8, public SPKI. Made once, because it takes a second.
    static PAIRS: LazyLock<[(String, String); 3]> = LazyLock::new(|| [(); 3].map(|()| fresh_pair()));

    fn fresh_pair() -> (String, String) {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let private: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let public = pair.public_key().as_der().unwrap();
        (STANDARD.encode(private.as_ref()), STANDARD.encode(public.as_ref()))
    }

    /// One of three pairs.
    pub(in super::super) fn pair(number: usize) -> (&'static str, &'static str) {
        let (private, public) = &PAIRS[number];
        (private, public)
    }

    // Keys of 1024 bits, for the vectors alone: aws-lc-rs signs with none below 2048. PKCS#1 v1.5 has one signature
    // for one text, so that it verifies means that we would have made it.
    const APP_PUBLIC: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDWr1DS3CGKvFGKQZM9tQUx342hIehZzwvwKy2/ZNui7Ej8zqsI48kvqPKJGlp/tcj98jR9PScy7f+tXPQSdYyJYGVOP6JRaKc3ZXhFzrRtnBSjNdxjgCfhAStAVZbX2KUvjXfb5PvNLZbSGOmRG78OHzxYqYGE4srCZyeKDM5eaQIDAQAB";
    const ALIPAY_PUBLIC: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDZXrneK1JCQgASCY+EnXk7AKxr2xdbzh2jLptXoG15hpDmtFbC8JmayADo5ODxr3PiFpd9m2nntvtHskdva39GRrWRpmvF/9ZjB+FV5yQroc57KkqUpYuCinemolHBk1BnoaN/gspW/w79qjuP03bV/YLbM7ysPOoWkupnNcJyJQIDAQAB";

    /// Whether the app of the vectors signed this text so.
    pub(in super::super) fn app_of_the_vectors_signed(text: &str, signature: &str) -> bool {
        holds(&LEGACY, &STANDARD.decode(APP_PUBLIC).unwrap(), text.as_bytes(), signature)
    }

    #[test]
    fn the_vector_of_an_answer_holds_and_no_other_text_does() {
        let text = r#"{"access_token":"authusrBabc","alipay_user_id":"20880000000000000000000000000001","auth_start":"2025-01-02 03:04:05","expires_in":1296000,"re_expires_in":2592000,"refresh_token":"authusrBdef","open_id":"0123456789abcdef"}"#;
        let sign = "k9ofIfFRB0w3dCcsGqeR8s9oei1AU9XxT1gBqZWqMF+gyHE7lxWsJ3fu/7B/DJaBTrZrlmpQH362eOOmwCflDdCDQfU3ALRsBKMn693gB3OIBdxuoXabQkXBEy6GeqnBf4Z0e0mcsz4xEwR6ILVrQ6AwKM9mOA1czwroRby/1QI=";
        let key = STANDARD.decode(ALIPAY_PUBLIC).unwrap();
        assert!(holds(&LEGACY, &key, text.as_bytes(), sign));
        assert!(!holds(&LEGACY, &key, text.replace("abcdef", "abcdeF").as_bytes(), sign));
        assert!(!holds(&LEGACY, &key, text.as_bytes(), "!"));
        assert!(VerifyingKey::read(ALIPAY_PUBLIC).is_err(), "1024 bits are for vectors alone");
    }

    #[test]
    fn what_we_sign_verifies_in_every_form_of_the_key() {
        let (private, public) = pair(0);
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{private}\n-----END PRIVATE KEY-----\n");
        for text in [private, &pem, &format!(" {private}\n")] {
            let signature = SigningKey::read(text).unwrap().sign("a=b&c=测").unwrap();
            assert!(VerifyingKey::read(public).unwrap().holds("a=b&c=测".as_bytes(), &signature));
        }
        for odd in ["", "!!", "AAAA", "-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----", public] {
            assert!(SigningKey::read(odd).is_err());
        }
    }
}
