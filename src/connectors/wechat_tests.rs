//! What WeChat may answer, and what is made of it.

use rstest::rstest;

use super::super::stub::{Stub, answer, nonsense, section, wire};
use super::*;

const TOKEN: &str =
    r#"{"access_token":"at-canary","expires_in":"7200","refresh_token":"rt","openid":"o-1","scope":"snsapi_login"}"#;
const PERSON: &str =
    r#"{"openid":"o-1","nickname":"小明🐉","sex":"1","headimgurl":null,"privilege":[],"unionid":"u-1"}"#;

fn wechat(base: &Url) -> WeChat {
    let toml = format!(
        "app_id = \"wx1\"\napp_secret = \"canary\"\nh5_app_id = \"wx2\"\nh5_app_secret = \"canary\"\napi_base = \"{base}/wx/api\""
    );
    WeChat::new(&wire(), WeChatSettings::read(&section("wechat", &toml)).unwrap())
}

async fn exchanged(answers: &[&str]) -> Result<UpstreamIdentity, VendorError> {
    let stub = Stub::answering(answers);
    wechat(&stub.base).exchange(WeChatPlace::Website, "code-1").await
}

fn key(app: Option<&str>, kind: &str, value: &str) -> IdentityKey {
    IdentityKey::new(VENDOR, app, kind, value).unwrap()
}

#[tokio::test]
async fn a_person_is_found_by_unionid_first_and_by_the_apps_openid() {
    let stub = Stub::answering(&[TOKEN, PERSON]);
    let person = wechat(&stub.base).exchange(WeChatPlace::Website, "code-1").await.unwrap();
    assert_eq!(person.keys(), [key(None, "unionid", "u-1"), key(Some("wx1"), "openid", "o-1")]);
    assert_eq!(person.display_name(), Some("小明🐉"));
    let asked = stub.asked();
    let first =
        "GET /vendor/wx/api/sns/oauth2/access_token?appid=wx1&secret=canary&code=code-1&grant_type=authorization_code ";
    assert!(asked[0].starts_with(first), "{}", asked[0]);
    assert!(asked[1].starts_with("GET /vendor/wx/api/sns/userinfo?access_token=at-canary&openid=o-1&lang=zh_CN "));
}

#[tokio::test]
async fn without_a_unionid_the_apps_openid_stands_alone() {
    let person = exchanged(&[TOKEN, r#"{"openid":"o-1","unionid":null}"#]).await.unwrap();
    assert_eq!(person.keys(), [key(Some("wx1"), "openid", "o-1")]);
    let person = exchanged(&[TOKEN, r#"{"openid":"o-1","unionid":""}"#]).await.unwrap();
    assert_eq!(person.keys().len(), 1);
}

#[tokio::test]
async fn wx_07_an_answer_that_names_nobody_is_refused() {
    for openid in ["null", "\"\"", "0", "\"0\"", "\"null\"", "7", "[\"o-1\"]", "\"-1\""] {
        let body = format!(r#"{{"access_token":"a","openid":{openid}}}"#);
        let error = exchanged(&[&body, PERSON]).await.unwrap_err();
        assert_eq!(error.class(), Class::Malformed, "{openid}");
    }
    let nameless = r#"{"access_token":"a"}"#;
    assert_eq!(exchanged(&[nameless]).await.unwrap_err().class(), Class::Malformed);
}

#[tokio::test]
async fn two_answers_about_two_people_are_refused() {
    let other = r#"{"openid":"o-2","unionid":"u-1"}"#;
    assert_eq!(exchanged(&[TOKEN, other]).await.unwrap_err().class(), Class::Malformed);
    let token = r#"{"access_token":"a","openid":"o-1","unionid":"u-0"}"#;
    assert_eq!(exchanged(&[token, PERSON]).await.unwrap_err().class(), Class::Malformed);
    let number = r#"{"openid":"o-1","unionid":17}"#;
    assert_eq!(exchanged(&[TOKEN, number]).await.unwrap_err().class(), Class::Malformed);
    let snapshot = r#"{"access_token":"a","openid":"o-1","is_snapshotuser":1}"#;
    assert_eq!(exchanged(&[snapshot]).await.unwrap_err().class(), Class::Cancelled);
}

#[rstest]
#[case(40_029, Class::CodeSpent)]
#[case(40_163, Class::CodeSpent)]
#[case(42_003, Class::CodeSpent)]
#[case(40_001, Class::CodeSpent)]
#[case(42_007, Class::CodeSpent)]
#[case(40_013, Class::Misconfigured)]
#[case(40_125, Class::Misconfigured)]
#[case(40_243, Class::Misconfigured)]
#[case(48_001, Class::Misconfigured)]
#[case(45_011, Class::Throttled { again_in: None })]
#[case(-1, Class::Unavailable)]
#[tokio::test]
async fn each_errcode_has_its_class_even_beside_an_openid(#[case] code: i64, #[case] class: Class) {
    for shape in [format!("{code}"), format!("\"{code}\"")] {
        let body =
            format!(r#"{{"errcode":{shape},"errmsg":"invalid code, rid: 1-2-3","openid":"o-1","access_token":"a"}}"#);
        let stub = Stub::answering(&[&body, TOKEN]);
        let error = wechat(&stub.base).exchange(WeChatPlace::Website, "code-1").await.unwrap_err();
        assert_eq!((error.class(), error.to_string()), (class, format!("wechat: {code}")));
        assert_eq!(stub.asked().len(), 1, "the code is asked for once");
    }
}

#[tokio::test]
async fn wx_10_nonsense_is_refused_and_the_code_never_asked_for_again() {
    for odd in nonsense() {
        let stub = Stub::raw(vec![odd.clone(), answer(200, TOKEN), answer(200, PERSON)]);
        let error = wechat(&stub.base).exchange(WeChatPlace::Website, "code-canary").await.unwrap_err();
        assert!(!matches!(error.class(), Class::CodeSpent | Class::Cancelled), "{error}");
        assert!(!error.to_string().contains("canary"), "{error}");
        assert_eq!(stub.asked().len(), 1, "{}", String::from_utf8_lossy(&odd));
    }
}

#[tokio::test]
async fn who_it_is_may_be_asked_twice_when_wechat_is_busy() {
    let busy = r#"{"errcode":-1,"errmsg":"system error"}"#;
    assert_eq!(exchanged(&[TOKEN, busy, PERSON]).await.unwrap().keys().len(), 2);
    assert_eq!(exchanged(&[TOKEN, busy, busy, PERSON]).await.unwrap_err().class(), Class::Unavailable);
    let known = r#"{"access_token":"a","openid":"o-1","unionid":"u-1"}"#;
    let person = exchanged(&[known, busy, busy]).await.unwrap();
    assert_eq!((person.keys().len(), person.display_name()), (2, None));
}

#[tokio::test]
async fn what_can_be_no_code_is_not_asked_for() {
    let stub = Stub::answering(&[TOKEN, PERSON]);
    for code in ["", "a\r\nb", "a b", &"x".repeat(10_000)] {
        let error = wechat(&stub.base).exchange(WeChatPlace::Website, code).await.unwrap_err();
        assert_eq!(error.class(), Class::CodeSpent);
    }
    let error = wechat(&stub.base).exchange(WeChatPlace::NativeApp, "code-1").await.unwrap_err();
    assert_eq!(error.class(), Class::Misconfigured);
    assert!(stub.asked().is_empty());
}

#[test]
fn the_links_have_the_form_that_wechat_compares_them_with() {
    let toml = "app_id = \"wx1\"\napp_secret = \"s\"\nh5_app_id = \"wx2\"\nh5_app_secret = \"s\"";
    let wechat = WeChat::new(&wire(), WeChatSettings::read(&section("wechat", toml)).unwrap());
    let back = "https://id.example/login/wechat/callback?x=1";
    let encoded = "redirect_uri=https%3A%2F%2Fid.example%2Flogin%2Fwechat%2Fcallback%3Fx%3D1";
    assert_eq!(
        wechat.website_url(back, "St4te", Language::English).unwrap(),
        format!(
            "https://open.weixin.qq.com/connect/qrconnect?appid=wx1&{encoded}&response_type=code&scope=snsapi_login&state=St4te&lang=en#wechat_redirect"
        )
    );
    assert_eq!(
        wechat.panel_url(back, "St4te").unwrap(),
        format!(
            "https://open.weixin.qq.com/connect/qrconnect?appid=wx1&{encoded}&response_type=code&scope=snsapi_login&state=St4te&login_type=jssdk&self_redirect=false"
        )
    );
    assert_eq!(
        wechat.in_app_url(back, "St4te").unwrap(),
        format!(
            "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx2&{encoded}&response_type=code&scope=snsapi_userinfo&state=St4te#wechat_redirect"
        )
    );
    assert_eq!(wechat.panel_origin(), "https://open.weixin.qq.com");
    assert!(!wechat.serves(WeChatPlace::NativeApp) && wechat.native_app_id().is_none());
}

#[rstest]
#[case("app_id = \"wx1\"", "login.wechat.app_secret: is needed beside app_id")]
#[case("native_app_secret = \"x\"", "login.wechat.native_app_id: is needed beside native_app_secret")]
#[case("colour = \"red\"", "login.wechat.colour: no such key")]
#[case("api_base = \"http://api.weixin.qq.com\"", "login.wechat.api_base: must begin with https://")]
#[case("api_base = \"https://u:p@api.weixin.qq.com\"", "login.wechat.api_base: must not hold a user name")]
#[case("app_id = 7", "login.wechat.app_id: expected: text")]
fn a_wrong_section_is_told_its_key(#[case] toml: &str, #[case] told: &str) {
    let error = WeChatSettings::read(&section("wechat", toml)).err().unwrap().to_string();
    assert!(error.starts_with(told), "{error}");
}
