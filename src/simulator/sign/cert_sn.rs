//! How Alipay names a certificate: MD5 over issuer and serial number.

use super::{hex, md5};

/// The number of a certificate whose issuer is `issuer_dn` (last part first,
/// joined by commas) and whose serial number is `serial` in decimal.
pub fn certificate(issuer_dn: &str, serial: &str) -> String {
    hex(&md5(format!("{issuer_dn}{serial}").as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_published_certificate_holds() {
        let issuer =
            "CN=Ant Financial Certification Authority Class 1 R1,OU=Certification Authority,O=Ant Financial,C=CN";
        assert_eq!(certificate(issuer, "42701552708448241360226107228231049510"), "866efef280dec9137a87d047ac446315");
    }
}
