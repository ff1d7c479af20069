//! Certificates of Alipay's certificate mode: a root, the app's and Alipay's,
//! with the numbers by which the gateway names them.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, PKCS_RSA_SHA256,
    SerialNumber,
};

use super::keys::RsaKey;
use super::sign::cert_sn;

/// Issuer of all three, last part first, as the numbers want it.
const ISSUER: &str = "CN=Simulated Ant Root,OU=Certification Authority,O=Simulated Ant,C=CN";
const ROOT_SERIAL: u64 = 0x0051_6d75_6c61_7401;
const APP_SERIAL: u64 = 0x0051_6d75_6c61_7402;
const ALIPAY_SERIAL: u64 = 0x0051_6d75_6c61_7403;

/// The three certificates (PEM) and their numbers.
pub struct Certificates {
    /// Of the root that signed the others.
    pub root: String,
    /// Of the app.
    pub app: String,
    /// Of Alipay.
    pub alipay: String,
}

impl Certificates {
    /// Issues certificates for these keys under a fresh root.
    #[expect(clippy::expect_used, reason = "a stage for tests and demo does not open without its certificates")]
    pub(super) fn issue(app: &RsaKey, alipay: &RsaKey) -> Self {
        let mut root = params("Simulated Ant Root", ROOT_SERIAL);
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root_key = pair(&RsaKey::generate());
        let root_certificate = root.self_signed(&root_key).expect("a root");
        let issuer = Issuer::new(root, root_key);
        let signed = |name: &str, serial, key: &RsaKey| {
            params(name, serial).signed_by(&pair(key), &issuer).expect("a certificate").pem()
        };
        Self {
            app: signed("Menshen Demo App", APP_SERIAL, app),
            alipay: signed("Simulated Alipay", ALIPAY_SERIAL, alipay),
            root: root_certificate.pem(),
        }
    }

    /// `alipay_root_cert_sn`.
    pub fn root_sn() -> String {
        cert_sn::certificate(ISSUER, &ROOT_SERIAL.to_string())
    }

    /// `app_cert_sn`.
    pub fn app_sn() -> String {
        cert_sn::certificate(ISSUER, &APP_SERIAL.to_string())
    }

    /// `alipay_cert_sn`.
    pub fn alipay_sn() -> String {
        cert_sn::certificate(ISSUER, &ALIPAY_SERIAL.to_string())
    }
}

fn params(name: &str, serial: u64) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CountryName, "CN");
    subject.push(DnType::OrganizationName, "Simulated Ant");
    subject.push(DnType::OrganizationalUnitName, "Certification Authority");
    subject.push(DnType::CommonName, name);
    params.distinguished_name = subject;
    params.serial_number = Some(SerialNumber::from(serial));
    params
}

#[expect(clippy::expect_used, reason = "reading back a key of our own making")]
fn pair(key: &RsaKey) -> KeyPair {
    KeyPair::from_pkcs8_der_and_sign_algo(&key.pkcs8().into(), &PKCS_RSA_SHA256).expect("a key pair")
}
