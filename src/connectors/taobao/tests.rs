//! What Taobao may answer, and what is made of it.

use rstest::rstest;
use url::Url;

use super::super::stub::{Stub, answer, nonsense, section, wire};
use super::*;

const TOKEN: &str = r#"{"access_token":"at","token_type":"Bearer","expires_in":"86400","re_expires_in":0,"taobao_user_id":"263664221","taobao_open_uid":"AAH1","taobao_user_nick":"mday%E6%97%97"}"#;

fn taobao(base: &Url, more: &str) -> Taobao {
    let toml = format!(
        "app_key = \"12345678\"\napp_secret = \"canary\"\nnative_app_key = \"87654321\"\nnative_app_secret = \"canary\"\n\
         oauth_base = \"{base}\"\ntop_gateway = \"{base}/router/rest\"\n{more}"
    );
    Taobao::new(&wire(), TaobaoSettings::read(&section("taobao", &toml)).unwrap())
}

async fn exchanged(bodies: &[&str]) -> Result<UpstreamIdentity, VendorError> {
    let stub = Stub::answering(bodies);
    taobao(&stub.base, "").exchange(TaobaoPlace::Website, "code-1", "https://id.example/cb").await
}

fn key(app: Option<&str>, kind: &str, value: &str) -> IdentityKey {
    IdentityKey::new(VENDOR, app, kind, value).unwrap()
}

#[rstest]
#[case(TopSign::Md5, "md5", "145E88A356CB79B8B50D3BE417F2B881")]
#[case(TopSign::HmacSha256, "hmac-sha256", "4487659EF90A5B9A0655D76EDCC31193B7A691060DD20B8CBC9581A517AA4E5C")]
fn calls_of_the_gateway_carry_the_known_signatures(#[case] method: TopSign, #[case] name: &str, #[case] sign: &str) {
    let params = [
        ("app_key", "12345678"),
        ("code", "authcode1"),
        ("format", "json"),
        ("method", "taobao.top.auth.token.create"),
        ("sign_method", name),
        ("timestamp", "2025-01-02 11:04:05"),
        ("v", "2.0"),
    ];
    assert_eq!(top_sign(method, &Secret::new("topsecret".to_owned()), &params.into()), sign);
}

#[tokio::test]
async fn a_person_comes_with_the_token() {
    let stub = Stub::answering(&[TOKEN]);
    let person =
        taobao(&stub.base, "").exchange(TaobaoPlace::Website, "code-1", "https://id.example/cb").await.unwrap();
    assert_eq!(person.keys(), [key(Some("12345678"), "open_uid", "AAH1"), key(None, "user_id", "263664221")]);
    assert_eq!(person.display_name(), Some("mday旗"));
    let asked = &stub.asked()[0];
    assert!(asked.starts_with("POST /vendor/token HTTP/1.1\r\n"), "{asked}");
    assert!(asked.ends_with(
        "grant_type=authorization_code&code=code-1&client_id=12345678&client_secret=canary&redirect_uri=https%3A%2F%2Fid.example%2Fcb&view=web"
    ));
}

#[tokio::test]
async fn the_gateway_gives_the_same_person_to_the_native_app() {
    let inner = serde_json::Value::String(TOKEN.to_owned());
    let answer = format!(r#"{{"top_auth_token_create_response":{{"token_result":{inner},"request_id":"r"}}}}"#);
    let stub = Stub::answering(&[&answer, &answer]);
    let taobao = taobao(&stub.base, "exchange = \"top\"\ntop_sign = \"md5\"");
    let person = taobao.exchange(TaobaoPlace::NativeApp, "code-1", "").await.unwrap();
    assert_eq!(person.keys()[0], key(Some("87654321"), "open_uid", "AAH1"));
    let person = taobao.exchange(TaobaoPlace::Website, "code-1", "https://id.example/cb").await.unwrap();
    assert_eq!(person.keys()[0], key(Some("12345678"), "open_uid", "AAH1"));
    let asked = stub.asked();
    assert!(
        asked[0].starts_with("POST /vendor/router/rest ") && asked[0].contains("timestamp=2025-01-02+11%3A04%3A05")
    );
    assert!(!asked[0].contains("canary"), "the secret signs and does not travel");
}

#[tokio::test]
async fn wx_07_minus_one_and_nothing_name_nobody() {
    let privacy =
        r#"{"access_token":"a","taobao_user_id":"-1","taobao_open_uid":"AAH1","taobao_user_nick":"%7Eq3%2Bcipher"}"#;
    let person = exchanged(&[privacy]).await.unwrap();
    assert_eq!((person.keys(), person.display_name()), ([key(Some("12345678"), "open_uid", "AAH1")].as_slice(), None));
    for nobody in [
        r#"{"access_token":"a","taobao_user_id":"-1"}"#,
        r#"{"access_token":"a","taobao_user_id":"","taobao_open_uid":null}"#,
        r#"{"access_token":"a","taobao_user_id":263664221}"#,
        r#"{"access_token":"a","taobao_open_uid":"0"}"#,
    ] {
        assert_eq!(exchanged(&[nobody]).await.unwrap_err().class(), Class::Malformed, "{nobody}");
    }
}

#[rstest]
#[case(r#"{"error":"invalid_client","error_description":"client_secret is invalidate"}"#, Class::Misconfigured)]
#[case(r#"{"error":"invalid_grant","error_description":"authorize code expire"}"#, Class::CodeSpent)]
#[case(r#"{"error":"invalid_client","error_description":"authorize code expire"}"#, Class::CodeSpent)]
#[case(r#"{"error":"invalid_grant","taobao_open_uid":"AAH1"}"#, Class::CodeSpent)]
#[case(r#"{"error":"x","error_description":"redirect_uri is invalidate"}"#, Class::Misconfigured)]
#[case(r#"{"error":"temporarily_unavailable"}"#, Class::Unavailable)]
#[tokio::test]
async fn each_error_has_its_class_at_every_status(#[case] body: &str, #[case] class: Class) {
    for status in [200, 400, 401] {
        let stub = Stub::raw(vec![answer(status, body), answer(200, TOKEN)]);
        let outcome = taobao(&stub.base, "").exchange(TaobaoPlace::Website, "code-1", "https://id.example/cb").await;
        assert_eq!((outcome.unwrap_err().class(), stub.asked().len()), (class, 1));
    }
}

#[rstest]
#[case(
    r#"{"error_response":{"code":15,"msg":"Remote service error","sub_code":"isv.code-expired"}}"#,
    Class::CodeSpent
)]
#[case(r#"{"error_response":{"code":"15","msg":"Remote service error","sub_code":"isp.timeout"}}"#, Class::Unavailable)]
#[case(r#"{"error_response":{"code":25,"msg":"Invalid signature"}}"#, Class::Misconfigured)]
#[case(r#"{"top_auth_token_create_response":{"token_result":"<html>"}}"#, Class::Malformed)]
#[case(r#"{"top_auth_token_create_response":{}}"#, Class::Malformed)]
#[tokio::test]
async fn the_gateways_errors_have_their_class(#[case] body: &str, #[case] class: Class) {
    let stub = Stub::answering(&[body]);
    let outcome = taobao(&stub.base, "").exchange(TaobaoPlace::NativeApp, "code-1", "").await;
    assert_eq!(outcome.unwrap_err().class(), class);
}

#[tokio::test]
async fn nonsense_is_refused_and_the_code_never_asked_for_again() {
    for place in [TaobaoPlace::Website, TaobaoPlace::NativeApp] {
        for odd in nonsense() {
            let stub = Stub::raw(vec![odd, answer(200, TOKEN)]);
            let error = taobao(&stub.base, "").exchange(place, "code-1", "https://id.example/cb").await.unwrap_err();
            assert!(!matches!(error.class(), Class::CodeSpent | Class::Cancelled), "{error}");
            assert!(!error.to_string().contains("canary"), "{error}");
            assert_eq!(stub.asked().len(), 1);
        }
    }
}

#[rstest]
#[case("mday%E6%97%97", "mday旗")]
#[case("%25E6", "%E6")]
#[case("100%", "100%")]
#[case("%zz%4", "%zz%4")]
#[case("%ff%fe", "%ff%fe")]
fn a_name_is_decoded_once_or_left_alone(#[case] nick: &str, #[case] shown: &str) {
    assert_eq!(decoded(nick), shown);
}

#[test]
fn the_link_is_taobaos() {
    let toml = "app_key = \"1\"\napp_secret = \"s\"\nview = \"wap\"";
    let taobao = Taobao::new(&wire(), TaobaoSettings::read(&section("taobao", toml)).unwrap());
    assert_eq!(
        taobao.website_url("https://id.example/cb", "St4te").unwrap(),
        "https://oauth.taobao.com/authorize?response_type=code&client_id=1&redirect_uri=https%3A%2F%2Fid.example%2Fcb&state=St4te&view=wap"
    );
    assert!(!taobao.serves(TaobaoPlace::NativeApp));
    let wrong = TaobaoSettings::read(&section("taobao", "exchange = \"x\"")).err().unwrap().to_string();
    assert_eq!(wrong, "login.taobao.exchange: expected: oauth, top");
}
