//! The connectors against the simulated vendors. The two share no code: what
//! one signs the other reckons anew, and what one answers the other must
//! understand.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use menshen::base::{SeededEntropy, SharedClock};
use menshen::config::{self, Config, MethodSection};
use menshen::connectors::{
    Alipay, AlipayPlace, AlipaySettings, CarrierToken, Class, Mail, OidcCallback, OidcProvider, OidcRequest,
    OidcSettings, SmsPurpose, SmsRequest, Taobao, TaobaoPlace, TaobaoSettings, UpstreamIdentity, VendorError, WeChat,
    WeChatPlace, WeChatSettings, Wire, mailer, number_aggregator, sms_gateway,
};
use menshen::domain::Language;
use menshen::domain::contact::{Email, Phone};
use menshen::outbound::Outbound;
use menshen::simulator::fixture::{
    ALIPAY_APP, ALIPAY_OPENID_APP, ALIYUN, HOOK, OIDC, SIGN_NAME, SMTP, TAOBAO, TENCENT, TENCENT_RAPIDAUTH,
    TENCENT_SMS_APP, WECHAT_H5, WECHAT_WEB, XIAOMING, XIAOMING_UNIONID,
};
use serde_json::json;

use crate::simulator::vendor::Vendors;

const CALLBACK: &str = "http://localhost:8080/login/x/callback";

fn wire(vendors: &Vendors) -> Wire {
    let outbound = config::Outbound { ca_file: None, allow_private_addresses: true };
    Wire {
        outbound: Outbound::new(&outbound).unwrap(),
        clock: Arc::new(vendors.clock.clone()),
        entropy: Arc::new(SeededEntropy::new(2)),
    }
}

fn section(name: &str, toml: &str) -> MethodSection {
    Config::from_parts(&format!("[login.{name}]\n{toml}"), []).unwrap().login.method(name)
}

fn kinds(person: &UpstreamIdentity) -> Vec<(&str, &str)> {
    person.keys().iter().map(|key| (key.kind.as_str(), key.value.as_str())).collect()
}

fn wechat(vendors: &Vendors, secret: &str) -> WeChat {
    let toml = format!(
        "app_id = \"{}\"\napp_secret = \"{secret}\"\nh5_app_id = \"{}\"\nh5_app_secret = \"{}\"\napi_base = \"{}\"",
        WECHAT_WEB.id,
        WECHAT_H5.id,
        WECHAT_H5.secret,
        vendors.url("/wx/api")
    );
    WeChat::new(&wire(vendors), WeChatSettings::read(&section("wechat", &toml)).unwrap())
}

async fn wechat_code(vendors: &Vendors, app: &str) -> String {
    let told = vendors.tell("/wx/code", json!({"appid": app, "user": XIAOMING})).await;
    told["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn wechat_names_a_person_once_for_each_code() {
    let vendors = Vendors::start();
    let connector = wechat(&vendors, WECHAT_WEB.secret);
    let code = wechat_code(&vendors, WECHAT_WEB.id).await;
    let person = connector.exchange(WeChatPlace::Website, &code).await.unwrap();
    let openid = vendors.running.fixture().openid(WECHAT_WEB, XIAOMING);
    assert_eq!(kinds(&person), [("unionid", XIAOMING_UNIONID), ("openid", &openid)]);
    assert_eq!(person.display_name(), Some("小明"));
    let told = |error: VendorError| (error.class(), error.to_string());
    let again = connector.exchange(WeChatPlace::Website, &code).await.unwrap_err();
    assert_eq!(told(again), (Class::CodeSpent, "wechat: 40163".to_owned()));
    let foreign = wechat_code(&vendors, WECHAT_H5.id).await;
    let error = connector.exchange(WeChatPlace::Website, &foreign).await.unwrap_err();
    assert_eq!(told(error), (Class::CodeSpent, "wechat: 40029".to_owned()));
    let code = wechat_code(&vendors, WECHAT_WEB.id).await;
    let error = wechat(&vendors, "wrong").exchange(WeChatPlace::Website, &code).await.unwrap_err();
    assert_eq!(told(error), (Class::Misconfigured, "wechat: 40125".to_owned()));
}

#[tokio::test]
async fn alipay_believes_our_signatures_and_we_its_own_in_both_modes() {
    let vendors = Vendors::start();
    let (folder, fixture) = (tempfile::tempdir().unwrap(), vendors.running.fixture());
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        format!("{:?}", path.to_str().unwrap())
    };
    let key = file("app.key", &fixture.keys.app().private_pem());
    let gateway = vendors.url("/alipay/gateway.do");
    let certificates = fixture.certificates();
    let by_key = format!("alipay_public_key = \"{}\"", fixture.keys.alipay().public_base64());
    let by_certificate = format!(
        "app_certificate = {}\nalipay_certificate = {}\nroot_certificate = {}",
        file("app.crt", &certificates.app),
        file("alipay.crt", &certificates.alipay),
        file("root.crt", &certificates.root)
    );
    for (app, kind) in [(ALIPAY_APP, "user_id"), (ALIPAY_OPENID_APP, "open_id")] {
        for mode in [&by_key, &by_certificate] {
            let toml = format!("app_id = \"{app}\"\nprivate_key_file = {key}\ngateway = \"{gateway}\"\n{mode}");
            let settings = AlipaySettings::read(&section("alipay", &toml)).unwrap();
            let connector = Alipay::new(&wire(&vendors), settings).unwrap();
            let told = vendors.tell("/alipay/code", json!({"app_id": app, "user": "ali-ming"})).await;
            let code = told["auth_code"].as_str().unwrap();
            let person = connector.exchange(AlipayPlace::Website, code).await.unwrap();
            assert_eq!((person.keys()[0].kind.as_str(), person.display_name()), (kind, Some("阿明")));
            let error = connector.exchange(AlipayPlace::Website, code).await.unwrap_err();
            assert_eq!(error.class(), Class::CodeSpent, "{error}");
        }
    }
}

#[tokio::test]
async fn taobao_names_the_same_person_by_both_ways() {
    let vendors = Vendors::start();
    for exchange in ["exchange = \"oauth\"", "exchange = \"top\"", "exchange = \"top\"\ntop_sign = \"md5\""] {
        let toml = format!(
            "app_key = \"{}\"\napp_secret = \"{}\"\noauth_base = \"{}\"\ntop_gateway = \"{}\"\n{exchange}",
            TAOBAO.id,
            TAOBAO.secret,
            vendors.url("/taobao"),
            vendors.url("/taobao/router/rest")
        );
        let connector = Taobao::new(&wire(&vendors), TaobaoSettings::read(&section("taobao", &toml)).unwrap());
        let grant = json!({"client_id": TAOBAO.id, "user": "tb-ming", "redirect_uri": CALLBACK});
        let told = vendors.tell("/taobao/code", grant).await;
        let code = told["code"].as_str().unwrap();
        let person = connector.exchange(TaobaoPlace::Website, code, CALLBACK).await.unwrap();
        assert_eq!(kinds(&person), [("open_uid", "AAHSimTaobaoOpenUid000000001"), ("user_id", "5151000001")]);
        assert_eq!(person.display_name(), Some("淘小明"));
        let error = connector.exchange(TaobaoPlace::Website, code, CALLBACK).await.unwrap_err();
        assert_eq!(error.class(), Class::CodeSpent, "{exchange}: {error}");
    }
}

#[tokio::test]
async fn every_gateway_takes_a_code_and_the_second_at_once_has_to_wait() {
    let vendors = Vendors::start();
    let aliyun = format!(
        "provider = \"aliyun\"\naccess_key_id = \"{}\"\naccess_key_secret = \"{}\"\nsign_name = \"{SIGN_NAME}\"\n\
         templates = [\"login=SMS_100000001\"]\nendpoint = \"{}\"",
        ALIYUN.id,
        ALIYUN.secret,
        vendors.url("/aliyun/")
    );
    let tencent = format!(
        "provider = \"tencent\"\naccess_key_id = \"{}\"\naccess_key_secret = \"{}\"\nsign_name = \"{SIGN_NAME}\"\n\
         sdk_app_id = \"{TENCENT_SMS_APP}\"\ntemplates = [\"login=510001\"]\nendpoint = \"{}\"",
        TENCENT.id,
        TENCENT.secret,
        vendors.url("/tencent/sms/")
    );
    let hook = format!(
        "provider = \"webhook\"\nwebhook_url = \"{}\"\nwebhook_authorization = \"{}\"\nwebhook_secret = \"{}\"",
        vendors.url("/hook/sms"),
        HOOK.id,
        HOOK.secret
    );
    for (toml, number, limited) in
        [(aliyun, "13800000011", true), (tencent, "13800000012", true), (hook, "13800000013", false)]
    {
        let config = Config::from_parts(&format!("[sms]\n{toml}"), []).unwrap();
        let gateway = sms_gateway(&config.sms, &wire(&vendors)).unwrap().unwrap();
        let phone = Phone::parse(number, "+86").unwrap();
        let request = SmsRequest {
            phone: &phone,
            purpose: SmsPurpose::Login,
            params: &[("code", "123456"), ("minutes", "5")],
            language: Language::Chinese,
            once_key: "k1",
        };
        gateway.send(&request).await.unwrap();
        let inbox = vendors.told(&format!("/sms?phone=%2B86{number}")).await;
        assert_eq!(inbox[0]["code"], "123456", "{}: {inbox}", gateway.name());
        if limited {
            let error = gateway.send(&request).await.unwrap_err();
            assert!(matches!(error.class(), Class::Throttled { again_in: Some(_) }), "{error}");
        }
    }
}

#[tokio::test]
async fn ot_01_both_aggregators_trade_a_token_once() {
    let vendors = Vendors::start();
    let aliyun = format!(
        "access_key_id = \"{}\"\naccess_key_secret = \"{}\"\nendpoint = \"{}\"",
        ALIYUN.id,
        ALIYUN.secret,
        vendors.url("/aliyun/")
    );
    let tencent = format!(
        "aggregator = \"tencent\"\nsdk_app_id = \"{}\"\napp_key = \"{}\"\nendpoint = \"{}\"",
        TENCENT_RAPIDAUTH.id,
        TENCENT_RAPIDAUTH.secret,
        vendors.url("/tencent")
    );
    for toml in [aliyun, tencent] {
        let aggregator = number_aggregator(&section("one_tap", &toml), &wire(&vendors)).unwrap().unwrap();
        let given = json!({"phone": "+8613900001234", "vendor": aggregator.name()});
        let told = vendors.tell("/carrier/token", given).await;
        let token = CarrierToken { token: told["token"].as_str().unwrap(), carrier: None, attempt: "a1" };
        assert_eq!(aggregator.number(&token).await.unwrap().as_str(), "+8613900001234");
        assert_eq!(aggregator.number(&token).await.unwrap_err().class(), Class::CodeSpent, "{}", aggregator.name());
    }
}

fn provider(vendors: &Vendors) -> OidcProvider {
    let issuer = vendors.running.fixture().oidc_issuer("corp");
    let toml = format!("issuer = \"{issuer}\"\nclient_id = \"{}\"\nclient_secret = \"{}\"", OIDC.id, OIDC.secret);
    let config = Config::from_parts(&format!("[login.oidc.corp]\n{toml}"), []).unwrap();
    let settings = OidcSettings::read_all(&config.login.method("oidc")).unwrap().remove(0);
    OidcProvider::new(&wire(vendors), settings)
}

async fn agreed(vendors: &Vendors, provider: &OidcProvider) -> Result<UpstreamIdentity, VendorError> {
    let verifier = "a-verifier-that-is-long-enough-to-be-one-of-them";
    let challenge = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()));
    let request = OidcRequest { redirect_uri: CALLBACK, state: "s", nonce: "n", code_challenge: &challenge };
    let url = provider.authorize_url(&request).await?;
    vendors.tell("/oidc/next", json!({"user": "00u1liming"})).await;
    let back = vendors.get(url.strip_prefix(&vendors.url("")).unwrap()).await;
    let (code, iss) = (back.redirected("code").unwrap(), back.redirected("iss"));
    let callback =
        OidcCallback { code: &code, iss: iss.as_deref(), redirect_uri: CALLBACK, nonce: "n", code_verifier: verifier };
    provider.exchange(&callback).await
}

#[tokio::test]
async fn up_02_an_honest_provider_is_believed_and_a_lying_one_is_not() {
    let vendors = Vendors::start();
    let connector = provider(&vendors);
    let person = agreed(&vendors, &connector).await.unwrap();
    assert_eq!((kinds(&person), person.display_name()), (vec![("sub", "00u1liming")], Some("李明")));
    for mode in ["bad_nonce", "bad_aud", "bad_iss", "expired", "alg_none", "bad_signature"] {
        vendors
            .tell("/faults", json!({"match": {"vendor": "oidc", "route": "/token"}, "mode": mode, "times": 1}))
            .await;
        let error = agreed(&vendors, &connector).await.unwrap_err();
        assert!(matches!(error.class(), Class::Malformed | Class::CodeSpent), "{mode}: {error}");
    }
    vendors.clock.advance(Duration::from_secs(60));
    vendors
        .tell("/faults", json!({"match": {"vendor": "oidc", "route": "/token"}, "mode": "rotated_kid", "times": 1}))
        .await;
    assert!(agreed(&vendors, &connector).await.is_ok(), "a key that is new is fetched");
}

#[tokio::test]
async fn a_letter_arrives_in_the_mail_sink() {
    let vendors = Vendors::start();
    let toml = format!(
        "[mail]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nusername = \"{}\"\npassword = \"{}\"\nfrom = \"门神 <no-reply@id.example>\"",
        vendors.running.smtp_address().port(),
        SMTP.id,
        SMTP.secret
    );
    let clock: SharedClock = Arc::new(vendors.clock.clone());
    let mailer = mailer(&Config::from_parts(&toml, []).unwrap(), &clock).unwrap().unwrap();
    mailer.probe().await.unwrap();
    let to = Email::parse("ops@acme.example").unwrap();
    let mail = Mail { to: &to, subject: "验证码", text: "您的验证码为123456", html: None, once_key: "k1" };
    mailer.send(&mail).await.unwrap();
    let inbox = vendors.told("/mail?to=ops@acme.example").await;
    assert!(inbox.to_string().contains("123456"), "{inbox}");
    vendors
        .tell(
            "/faults",
            json!({"match": {"vendor": "mail"}, "mode": "smtp", "times": 1, "args": {"code": 550, "at": "rcpt"}}),
        )
        .await;
    assert_eq!(mailer.send(&mail).await.unwrap_err().class(), Class::BadNumber);
}

#[tokio::test]
async fn a_vendor_in_trouble_is_an_error_within_five_seconds_and_is_asked_once() {
    let vendors = Vendors::start();
    let connector = wechat(&vendors, WECHAT_WEB.secret);
    let modes = [
        "refuse",
        "reset",
        "http_503",
        "garbage",
        "truncated",
        "html",
        "huge",
        "empty",
        "wrong_charset",
        "timeout_after_effect",
    ];
    for mode in modes {
        let code = wechat_code(&vendors, WECHAT_WEB.id).await;
        let count = async || {
            let journal = vendors.told("/requests?vendor=wechat").await;
            journal
                .as_array()
                .unwrap()
                .iter()
                .filter(|entry| entry.to_string().contains("/sns/oauth2/access_token"))
                .count()
        };
        let before = count().await;
        let fault =
            json!({"match": {"vendor": "wechat", "route": "/sns/oauth2/access_token"}, "mode": mode, "times": 1});
        vendors.tell("/faults", fault).await;
        let begun = Instant::now();
        let error = connector.exchange(WeChatPlace::Website, &code).await.unwrap_err();
        assert!(begun.elapsed() < Duration::from_secs(5), "{mode}");
        assert!(matches!(error.class(), Class::Unavailable | Class::Malformed), "{mode}: {error}");
        assert!(!error.to_string().contains(&code) && !error.to_string().contains(WECHAT_WEB.secret), "{error}");
        assert_eq!(count().await - before, 1, "{mode}: the code is asked for once");
    }
}
