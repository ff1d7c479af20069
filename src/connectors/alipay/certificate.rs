//! What certificate mode needs of X.509: a certificate's number as Alipay
//! reckons it, and the public key inside.
//!
//! Read by hand: a whole X.509 library would be much for four fields. Nothing is
//! trusted because of what stands here: the files are the operator's, and the
//! certificates are compared by number, not followed to a root.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};

use super::super::hash::hex;
use crate::base::der::element;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const OID: u8 = 0x06;
const VERSION: u8 = 0xa0;
/// 1.2.840.113549.1.1, the arc of RSA.
const RSA_ARC: [u8; 8] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];

/// One certificate.
pub(super) struct Certificate {
    /// Lower-case hexadecimal MD5 of the issuer's name and the serial number.
    pub(super) number: String,
    /// `SubjectPublicKeyInfo` in DER.
    pub(super) public_key: Vec<u8>,
    /// Whether it was signed with RSA.
    signed_by_rsa: bool,
}

impl Certificate {
    /// The first certificate of a PEM text.
    ///
    /// # Errors
    /// What is wrong.
    pub(super) fn read(pem: &str) -> Result<Self, &'static str> {
        let der = pem_blocks(pem).into_iter().next().ok_or("holds no certificate")?;
        Self::from_der(&der).ok_or("holds no certificate that can be read")
    }

    fn from_der(der: &[u8]) -> Option<Self> {
        let (certificate, _) = tagged(der, SEQUENCE)?;
        let (mut body, after) = tagged(certificate, SEQUENCE)?;
        let (algorithm, _) = tagged(after, SEQUENCE)?;
        let (algorithm, _) = tagged(algorithm, OID)?;
        // The version is left out of certificates of version 1.
        if let Some((VERSION, _, behind)) = element(body) {
            body = behind;
        }
        let (serial, body) = tagged(body, INTEGER)?;
        let (_algorithm, body) = tagged(body, SEQUENCE)?;
        let (issuer, body) = tagged(body, SEQUENCE)?;
        let (_validity, body) = tagged(body, SEQUENCE)?;
        let (_subject, body) = tagged(body, SEQUENCE)?;
        let (_key, behind) = tagged(body, SEQUENCE)?;
        let public_key = body.get(..body.len() - behind.len())?.to_vec();
        let number = hex(&Md5::digest(format!("{}{}", reversed_name(issuer)?, decimal(serial))));
        Some(Self { number, public_key, signed_by_rsa: algorithm.starts_with(&RSA_ARC) })
    }
}

/// The number of a bundle of roots: those signed with RSA, joined by `_`.
///
/// # Errors
/// What is wrong.
pub(super) fn root_number(pem: &str) -> Result<String, &'static str> {
    let roots: Vec<_> = pem_blocks(pem).iter().filter_map(|der| Certificate::from_der(der)).collect();
    let numbers: Vec<_> = roots.into_iter().filter(|root| root.signed_by_rsa).map(|root| root.number).collect();
    if numbers.is_empty() { Err("holds no root certificate signed with RSA") } else { Ok(numbers.join("_")) }
}

/// What stands between `-----BEGIN …-----` and `-----END …-----`, decoded.
pub(super) fn pem_blocks(text: &str) -> Vec<Vec<u8>> {
    let mut blocks = Vec::new();
    let mut inside: Option<String> = None;
    for line in text.lines().map(str::trim) {
        if line.starts_with("-----BEGIN") {
            inside = Some(String::new());
        } else if line.starts_with("-----END") {
            blocks.extend(inside.take().and_then(|base64| STANDARD.decode(base64).ok()));
        } else if let Some(base64) = inside.as_mut() {
            base64.push_str(line);
        }
    }
    blocks
}

/// The parts of a name, last first: `CN=…,OU=…,O=…,C=CN`.
fn reversed_name(mut name: &[u8]) -> Option<String> {
    let mut parts = Vec::new();
    while !name.is_empty() {
        let (set, behind) = tagged(name, SET)?;
        let (pair, _) = tagged(set, SEQUENCE)?;
        let (kind, value) = tagged(pair, OID)?;
        let (_tag, value, _) = element(value)?;
        parts.push(format!("{}={}", attribute(kind)?, str::from_utf8(value).ok()?));
        name = behind;
    }
    parts.reverse();
    Some(parts.join(","))
}

/// The short name of an attribute of X.520 (2.5.4.x) or of e-mail.
fn attribute(oid: &[u8]) -> Option<&'static str> {
    match oid {
        [0x55, 0x04, 3] => Some("CN"),
        [0x55, 0x04, 6] => Some("C"),
        [0x55, 0x04, 7] => Some("L"),
        [0x55, 0x04, 8] => Some("ST"),
        [0x55, 0x04, 10] => Some("O"),
        [0x55, 0x04, 11] => Some("OU"),
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01] => Some("E"),
        _ => None,
    }
}

/// A positive big-endian number in decimal digits.
fn decimal(bytes: &[u8]) -> String {
    // Digits, the last first: each byte multiplies by 256 and adds.
    let mut digits = vec![0_u32];
    for byte in bytes {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            let value = *digit * 256 + carry;
            *digit = value % 10;
            carry = value / 10;
        }
        while carry > 0 {
            digits.push(carry % 10);
            carry /= 10;
        }
    }
    digits.iter().rev().filter_map(|digit| char::from_digit(*digit, 10)).collect()
}

/// The content of an element with this tag, and what stands behind it.
fn tagged(der: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    element(der).filter(|(tag, ..)| *tag == wanted).map(|(_, content, behind)| (content, behind))
}

#[cfg(test)]
mod tests {
    use rcgen::KeyPair;

    use super::super::tests::of_the_vector;
    use super::*;

    /// The roots that Alipay publishes for certificate mode.
    const ROOTS: &str = include_str!("../../../tests/data/alipay_root.crt");

    #[test]
    fn the_number_of_a_certificate_is_the_published_one() {
        let pem = of_the_vector(&KeyPair::generate().unwrap());
        assert_eq!(Certificate::read(&pem).unwrap().number, "866efef280dec9137a87d047ac446315");
    }

    #[test]
    fn the_number_of_the_roots_skips_what_is_not_rsa() {
        assert_eq!(pem_blocks(ROOTS).len(), 4);
        assert_eq!(root_number(ROOTS).unwrap(), "687b59193f3f462dd5336e5abf83c5d8_02941eef3187dddf3d3b83462e1dfcf6");
    }

    #[test]
    fn what_is_no_certificate_is_refused_without_a_panic() {
        let whole = pem_blocks(ROOTS).remove(1);
        for length in 0..whole.len() {
            assert!(Certificate::from_der(&whole[..length]).is_none());
        }
        assert!(Certificate::read("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----").is_err());
        assert!(Certificate::read("").is_err() && root_number("").is_err());
    }

    #[test]
    fn a_long_number_is_written_in_decimal() {
        assert_eq!(decimal(&[0]), "0");
        assert_eq!(decimal(&[1, 0]), "256");
        assert_eq!(decimal(&[0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), u64::MAX.to_string());
    }
}
