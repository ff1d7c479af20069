//! What Alipay may answer, and what is made of it.

use rcgen::{CertificateParams, DistinguishedName, DnType, Issuer, KeyPair, SerialNumber};
use rstest::rstest;

use super::super::stub::{Stub, answer, nonsense, section, wire};
use super::gateway::Params;
use super::rsa2::SigningKey;
use super::rsa2::tests::{app_of_the_vectors_signed, pair};
use super::*;

/// Alipay of a few lines: it signs what it answers.
struct Vendor {
    key: SigningKey,
    settings: String,
}

impl Vendor {
    fn new() -> Self {
        let ((app_private, _), (vendor_private, vendor_public)) = (pair(0), pair(1));
        let settings = format!(
            "app_id = \"2021\"\nprivate_key = \"{app_private}\"\nalipay_public_key = \"{vendor_public}\"\nopen_base = \"https://openauth.alipay.com/x/\""
        );
        Self { key: SigningKey::read(vendor_private).unwrap(), settings }
    }

    fn signed(&self, method: &str, response: &str) -> String {
        let name = method.replace('.', "_");
        format!(r#"{{"{name}_response":{response},"sign":"{}"}}"#, self.key.sign(response).unwrap())
    }

    async fn exchanged(&self, answers: &[String]) -> (Result<UpstreamIdentity, VendorError>, Vec<String>) {
        let stub = Stub::answering(&answers.iter().map(String::as_str).collect::<Vec<_>>());
        let toml = format!("{}\ngateway = \"{}/gateway.do\"", self.settings, stub.base);
        let alipay = Alipay::new(&wire(), AlipaySettings::read(&section("alipay", &toml)).unwrap()).unwrap();
        (alipay.exchange(AlipayPlace::Website, "code-1").await, stub.asked())
    }
}

/// A certificate of the issuer and the number of the published vector, over this key.
pub(super) fn of_the_vector(key: &KeyPair) -> String {
    let mut name = DistinguishedName::new();
    name.push(DnType::CountryName, "CN");
    name.push(DnType::OrganizationName, "Ant Financial");
    name.push(DnType::OrganizationalUnitName, "Certification Authority");
    name.push(DnType::CommonName, "Ant Financial Certification Authority Class 1 R1");
    let mut issuer = CertificateParams::default();
    issuer.distinguished_name = name;
    let mut params = CertificateParams::default();
    params.serial_number =
        Some(SerialNumber::from(42_701_552_708_448_241_360_226_107_228_231_049_510_u128.to_be_bytes().to_vec()));
    params.signed_by(key, &Issuer::new(issuer, KeyPair::generate().unwrap())).unwrap().pem()
}

const TOKEN_USER: &str =
    r#"{"access_token":"at","user_id":"2088000000000001","expires_in":300,"re_expires_in":"300","note":"a\/b"}"#;
const TOKEN_OPEN: &str = r#"{"access_token":"at","open_id":"o1","expires_in":"300"}"#;
const PERSON_USER: &str =
    r#"{ "code":"10000","msg":"Success", "user_id":"2088000000000001","nick_name":"小红","avatar":"http:\/\/x" }"#;
const PERSON_OPEN: &str = r#"{"code":10000,"open_id":"o1"}"#;

#[test]
fn the_text_to_sign_and_its_signature_are_the_known_ones() {
    let params: Params<'_> = [
        ("app_id", "2021000000000001"),
        ("charset", "utf-8"),
        ("code", "4b203fe6c11548bcabd8da5bb087a83b"),
        ("format", "JSON"),
        ("grant_type", "authorization_code"),
        ("method", "alipay.system.oauth.token"),
        ("sign_type", "RSA2"),
        ("timestamp", "2025-01-02 03:04:05"),
        ("version", "1.0"),
    ]
    .into();
    let text = to_sign(&params);
    assert_eq!(
        super::super::hash::sha256_hex(text.as_bytes()),
        "ad8a29ce3e168dc89b0d01272c6ac4e423a0cb36cfd8cdb09e98a84fb7326295"
    );
    let sign = "U0iJS2MbddqlwWXIdaye+vbrkIq5ClDxt02LnNK0wB1Au3Uq+xigq2DsUYVtvprzw1uOIlHDnT9Ze+Jpblt7Zj+1tD470wkkNA/IGjSaomLv44s+/LnmpgCPxQTVGUwprhvmsLzVABxFOxmxfGjPShNmS7glZnUZfD8ia2tonFM=";
    assert!(app_of_the_vectors_signed(&text, sign));
    assert!(!app_of_the_vectors_signed(&text.replace("RSA2", "RSA"), sign));
}

#[test]
fn the_text_for_the_native_app_is_the_known_one() {
    let text = to_sign(&native_params("2021000000000001", "2088000000000001", "t-0001"));
    assert_eq!(
        text,
        "apiname=com.alipay.account.auth&app_id=2021000000000001&app_name=mc&auth_type=AUTHACCOUNT&biz_type=openservice&method=alipay.open.auth.sdk.code.get&pid=2088000000000001&product_id=APP_FAST_LOGIN&scope=kuaijie&sign_type=RSA2&target_id=t-0001"
    );
    let sign = "jYlAndEE3LJqgWABpWb0JpeCM3jmCk8y0yfc4dSmNEq24d75/aI0zbDHvFQ1AoqAYeBDdLQOrBDXuNEkdXGKTnkSuHQEVkyBAeCZL86xyhEVsEx36y85qcBAGrGvwGE819LDmByBQrWs/CS6wXyg2p6A8XqyTdI+UTEmxArggFo=";
    assert!(app_of_the_vectors_signed(&text, sign));
    assert!(percent_encoded(sign).starts_with("jYlAndEE3LJqgWABpWb0JpeCM3jmCk8y0yfc4dSmNEq24d75%2FaI0z"));
}

#[tokio::test]
async fn a_person_of_an_old_app_has_a_user_id_and_of_a_new_one_an_open_id() {
    let vendor = Vendor::new();
    let answers = [vendor.signed(TOKEN, TOKEN_USER), vendor.signed(PERSON, PERSON_USER)];
    let (person, asked) = vendor.exchanged(&answers).await;
    let person = person.unwrap();
    assert_eq!(person.keys(), [IdentityKey::new(VENDOR, None, "user_id", "2088000000000001").unwrap()]);
    assert_eq!(person.display_name(), Some("小红"));
    assert!(asked[0].starts_with("POST /vendor/gateway.do ") && asked[0].contains("&grant_type=authorization_code&"));
    assert!(asked[0].contains("timestamp=2025-01-02+11%3A04%3A05&") && asked[1].contains("auth_token=at&"));

    let answers = [vendor.signed(TOKEN, TOKEN_OPEN), vendor.signed(PERSON, PERSON_OPEN)];
    let person = vendor.exchanged(&answers).await.0.unwrap();
    assert_eq!(person.keys(), [IdentityKey::new(VENDOR, Some("2021"), "open_id", "o1").unwrap()]);
}

#[tokio::test]
async fn an_answer_without_its_own_signature_is_not_believed() {
    let vendor = Vendor::new();
    let good = vendor.signed(TOKEN, TOKEN_USER);
    let other = Vendor { key: SigningKey::read(pair(2).0).unwrap(), settings: String::new() }.signed(TOKEN, TOKEN_USER);
    let unsigned = format!(r#"{{"alipay_system_oauth_token_response":{TOKEN_USER}}}"#);
    let altered = good.replace("2088000000000001", "2088000000000002");
    // The same JSON in other bytes.
    let rewritten = good.replace(r"a\/b", "a/b");
    let another_question = vendor.signed(PERSON, PERSON_USER);
    for answer in [other, unsigned, altered, rewritten, another_question] {
        let (outcome, asked) = vendor.exchanged(&[answer, vendor.signed(PERSON, PERSON_USER)]).await;
        assert_eq!(outcome.unwrap_err().class(), Class::Malformed);
        assert_eq!(asked.len(), 1);
    }
    let (outcome, _) =
        vendor.exchanged(&[good, format!(r#"{{"alipay_user_info_share_response":{PERSON_USER}}}"#)]).await;
    assert_eq!(outcome.unwrap_err().class(), Class::Malformed);
}

#[tokio::test]
async fn wx_07_nobody_and_two_people_are_refused() {
    let vendor = Vendor::new();
    for id in ["null", "\"\"", "0", "\"0\"", "2088000000000001", "\"null\""] {
        let token = format!(r#"{{"access_token":"at","user_id":{id},"alipay_user_id":"2088"}}"#);
        let (outcome, asked) =
            vendor.exchanged(&[vendor.signed(TOKEN, &token), vendor.signed(PERSON, PERSON_USER)]).await;
        assert_eq!((outcome.unwrap_err().class(), asked.len()), (Class::Malformed, 1), "{id}");
    }
    for person in [r#"{"code":"10000","user_id":"2088000000000009"}"#, r#"{"code":"10000"}"#, PERSON_OPEN] {
        let (outcome, _) = vendor.exchanged(&[vendor.signed(TOKEN, TOKEN_USER), vendor.signed(PERSON, person)]).await;
        assert_eq!(outcome.unwrap_err().class(), Class::Malformed, "{person}");
    }
}

#[rstest]
#[case("40002", "isv.code-invalid", Class::CodeSpent)]
#[case("20001", "aop.invalid-auth-token", Class::CodeSpent)]
#[case("20001", "aop.auth-token-time-out", Class::CodeSpent)]
#[case("40002", "isv.invalid-signature", Class::Misconfigured)]
#[case("40002", "isv.invalid-app-id", Class::Misconfigured)]
#[case("40001", "isv.missing-app-id", Class::Misconfigured)]
#[case("40006", "isv.insufficient-isv-permissions", Class::Misconfigured)]
#[case("20000", "isp.unknow-error", Class::Unavailable)]
#[case("20000", "", Class::Unavailable)]
#[tokio::test]
async fn each_code_has_its_class_in_both_places(#[case] code: &str, #[case] sub: &str, #[case] class: Class) {
    let vendor = Vendor::new();
    let inner = format!(r#"{{"code":"{code}","msg":"m","sub_code":"{sub}","sub_msg":"app_id=2021&code=code-1"}}"#);
    for name in ["error_response", "alipay_system_oauth_token_response"] {
        let (outcome, asked) =
            vendor.exchanged(&[format!(r#"{{"{name}":{inner}}}"#), vendor.signed(TOKEN, TOKEN_USER)]).await;
        let error = outcome.unwrap_err();
        assert_eq!((error.class(), asked.len()), (class, 1), "the code is asked for once");
        assert!(!error.to_string().contains("code-1"), "{error}");
    }
}

#[tokio::test]
async fn nonsense_is_refused_and_the_code_never_asked_for_again() {
    let vendor = Vendor::new();
    for odd in nonsense() {
        let stub = Stub::raw(vec![odd, answer(200, &vendor.signed(TOKEN, TOKEN_USER))]);
        let toml = format!("{}\ngateway = \"{}\"\nscope = \"auth_base\"", vendor.settings, stub.base);
        let alipay = Alipay::new(&wire(), AlipaySettings::read(&section("alipay", &toml)).unwrap()).unwrap();
        let error = alipay.exchange(AlipayPlace::Website, "code-1").await.unwrap_err();
        assert!(!matches!(error.class(), Class::CodeSpent | Class::Cancelled), "{error}");
        assert_eq!(stub.asked().len(), 1);
        // With `auth_base` the identifier is all that is asked for.
        assert!(alipay.exchange(AlipayPlace::Website, "code-2").await.is_ok());
    }
}

#[tokio::test]
async fn what_the_person_is_called_may_be_asked_twice_and_may_stay_unknown() {
    let vendor = Vendor::new();
    let busy =
        r#"{"error_response":{"code":"20000","msg":"Service Currently Unavailable","sub_code":"isp.unknow-error"}}"#
            .to_owned();
    let (token, person) = (vendor.signed(TOKEN, TOKEN_USER), vendor.signed(PERSON, PERSON_USER));
    let (found, _) = vendor.exchanged(&[token.clone(), busy.clone(), person]).await;
    assert_eq!(found.unwrap().display_name(), Some("小红"));
    let (found, asked) = vendor.exchanged(&[token, busy.clone(), busy]).await;
    assert_eq!((found.unwrap().display_name(), asked.len()), (None, 3));
}

#[tokio::test]
async fn in_certificate_mode_calls_and_answers_carry_the_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let certified = |pkcs8: &str| {
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{pkcs8}\n-----END PRIVATE KEY-----\n");
        KeyPair::from_pem(&pem).unwrap()
    };
    let ((app_private, _), (vendor_private, _)) = (pair(0), pair(1));
    std::fs::write(path("app.crt"), of_the_vector(&certified(app_private))).unwrap();
    std::fs::write(path("alipay.crt"), of_the_vector(&certified(vendor_private))).unwrap();
    std::fs::write(path("root.crt"), include_str!("../../../tests/data/alipay_root.crt")).unwrap();
    std::fs::write(path("app.key"), format!("-----BEGIN PRIVATE KEY-----\n{app_private}\n-----END PRIVATE KEY-----\n"))
        .unwrap();
    let settings = format!(
        "app_id = \"2021\"\nscope = \"auth_base\"\nprivate_key_file = \"{0}/app.key\"\napp_certificate = \"{0}/app.crt\"\n\
         alipay_certificate = \"{0}/alipay.crt\"\nroot_certificate = \"{0}/root.crt\"",
        folder.path().display()
    );
    let vendor = Vendor { key: SigningKey::read(vendor_private).unwrap(), settings };
    let numbered =
        |number: &str| vendor.signed(TOKEN, TOKEN_USER).replacen('{', &format!(r#"{{"alipay_cert_sn":"{number}","#), 1);
    let (found, asked) = vendor.exchanged(&[numbered("866efef280dec9137a87d047ac446315")]).await;
    assert_eq!(found.unwrap().keys().len(), 1);
    assert!(asked[0].contains("app_cert_sn=866efef280dec9137a87d047ac446315&"), "{}", asked[0]);
    assert!(
        asked[0].contains("alipay_root_cert_sn=687b59193f3f462dd5336e5abf83c5d8_02941eef3187dddf3d3b83462e1dfcf6&")
    );
    for answer in [numbered("0000"), vendor.signed(TOKEN, TOKEN_USER)] {
        assert_eq!(vendor.exchanged(&[answer]).await.0.unwrap_err().class(), Class::Misconfigured);
    }
}

#[test]
fn the_link_is_alipays_and_the_native_text_needs_a_merchant() {
    let vendor = Vendor::new();
    let (native, public) = (pair(0).0, pair(1).1);
    let toml = format!(
        "{}\nnative_app_id = \"2022\"\nnative_private_key = \"{native}\"\nnative_alipay_public_key = \"{public}\"",
        vendor.settings
    );
    let open = |toml: &str| Alipay::new(&wire(), AlipaySettings::read(&section("alipay", toml)).unwrap()).unwrap();
    let alipay = open(&toml);
    assert_eq!(
        alipay.website_url("https://id.example/cb", "St4te").unwrap(),
        "https://openauth.alipay.com/x/oauth2/publicAppAuthorize.htm?app_id=2021&scope=auth_user&redirect_uri=https%3A%2F%2Fid.example%2Fcb&state=St4te"
    );
    assert!(alipay.is_ours(AlipayPlace::Website, "2021") && !alipay.is_ours(AlipayPlace::Website, "2022"));
    assert_eq!(alipay.native_app_info("t1").unwrap(), None);
    let info = open(&format!("{toml}\npid = \"2088\"")).native_app_info("t1").unwrap().unwrap();
    assert!(info.contains("&app_id=2022&") && info.contains("&target_id=t1&sign="), "{info}");
}

#[rstest]
#[case("app_id = \"1\"", "login.alipay.private_key: is needed beside app_id")]
#[case("app_id = \"1\"\nprivate_key = \"x\"", "login.alipay.alipay_public_key: is needed, or else")]
#[case(
    "app_id = \"1\"\nprivate_key = \"canary!\"\nalipay_public_key = \"x\"",
    "login.alipay.private_key: is neither PEM"
)]
#[case("app_id = \"1\"\nprivate_key_file = \"/nowhere\"", "login.alipay.private_key_file: cannot be read")]
#[case("scope = \"x\"", "login.alipay.scope: expected")]
#[case("colour = \"x\"", "login.alipay.colour: no such key")]
fn a_wrong_section_is_told_its_key(#[case] toml: &str, #[case] told: &str) {
    let error = AlipaySettings::read(&section("alipay", toml)).and_then(|settings| Alipay::new(&wire(), settings));
    let error = error.err().unwrap().to_string();
    assert!(error.starts_with(told) && !error.contains("canary"), "{error}");
}
