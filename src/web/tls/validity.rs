//! When a certificate is valid, read from its DER (RFC 5280 §4.1.2.5).
//!
//! rustls does not tell, and a whole X.509 library would be much for two times.

use crate::base::Timestamp;
use crate::base::der::element;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// `notBefore` and `notAfter`; `None`: not a certificate.
pub(super) fn of(certificate: &[u8]) -> Option<(Timestamp, Timestamp)> {
    let (_, outer, _) = element(certificate).filter(|(tag, ..)| *tag == SEQUENCE)?;
    let (_, mut rest, _) = element(outer).filter(|(tag, ..)| *tag == SEQUENCE)?;
    // The version is left out of certificates of version 1.
    if let Some((VERSION, _, behind)) = element(rest) {
        rest = behind;
    }
    for skipped in [INTEGER, SEQUENCE, SEQUENCE] {
        rest = element(rest).filter(|(tag, ..)| *tag == skipped)?.2;
    }
    let (_, validity, _) = element(rest).filter(|(tag, ..)| *tag == SEQUENCE)?;
    let (tag, from, rest) = element(validity)?;
    let from = moment(tag, from)?;
    let (tag, until, _) = element(rest)?;
    Some((from, moment(tag, until)?))
}

fn moment(tag: u8, text: &[u8]) -> Option<Timestamp> {
    let text = str::from_utf8(text).ok().filter(|text| text.is_ascii())?;
    let full = match tag {
        UTC_TIME => format!("{}{text}", if text.get(..2)? < "50" { "20" } else { "19" }),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let part = |from: usize, to: usize| full.get(from..to);
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    Timestamp::parse(&format!("{year}-{month}-{day}T{}:{}:{}Z", part(8, 10)?, part(10, 12)?, part(12, 14)?))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn both_ways_of_writing_a_time_are_read() {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["id.example.com".to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 2), date_time_ymd(2051, 3, 4));
        let certificate = params.self_signed(&key).unwrap();
        let (from, until) = of(certificate.der()).unwrap();
        assert_eq!(
            (from.to_string().as_str(), until.to_string().as_str()),
            ("2026-01-02T00:00:00Z", "2051-03-04T00:00:00Z")
        );
    }

    proptest::proptest! {
        #[test]
        fn anything_else_is_none_without_a_panic(bytes: Vec<u8>) {
            let _ = of(&bytes);
        }
    }
}
