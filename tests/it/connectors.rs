//! Connectors against vendors in trouble (`simulator/connectors.rs` lets the two
//! sides meet on good days), and the upstream provider and the mail server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use menshen::base::{SharedClock, SystemEntropy};
use menshen::config::{self, Config, MethodSection};
use menshen::connectors::{
    Alipay, AlipayPlace, AlipaySettings, CarrierToken, Class, Mail, OidcCallback, OidcProvider, OidcRequest,
    OidcSettings, Taobao, TaobaoPlace, TaobaoSettings, UpstreamIdentity, VendorError, WeChat, WeChatPlace,
    WeChatSettings, Wire, mailer, number_aggregator,
};
use menshen::domain::contact::Email;
use menshen::outbound::Outbound;
use menshen::simulator::fixture::{ALIPAY_APP, OIDC, SMTP, TAOBAO, WECHAT_WEB, XIAOMING};
use menshen::simulator::settings::{Aggregator, Keys, section};
use rstest::rstest;
use serde_json::{Value, json};

use crate::simulator::vendor::Vendors;

const CALLBACK: &str = "http://localhost:8080/login/x/callback";
const VERIFIER: &str = "a-verifier-that-is-long-enough-to-be-one-of-them";

fn wire(vendors: &Vendors) -> Wire {
    let outbound = config::Outbound { ca_file: None, allow_private_addresses: true };
    Wire {
        outbound: Outbound::new(&outbound).unwrap(),
        clock: Arc::new(vendors.clock.clone()),
        entropy: Arc::new(SystemEntropy),
    }
}

fn method(name: &str, keys: &Keys) -> MethodSection {
    Config::from_parts(&section(&format!("login.{name}"), keys), []).unwrap().login.method(name)
}

/// A vendor that somebody signs in by.
#[derive(Clone, Copy, Debug, PartialEq)]
enum By {
    WeChat,
    Alipay,
    Taobao,
    Aliyun,
    Tencent,
    Oidc,
}

impl By {
    /// Its name in the control API, and where a code or token is spent.
    fn spends_at(self) -> (&'static str, &'static str) {
        match self {
            Self::WeChat => ("wechat", "/sns/oauth2/access_token"),
            Self::Alipay => ("alipay", "/gateway.do"),
            Self::Taobao => ("taobao", "/token"),
            Self::Aliyun => ("aliyun", "/aliyun"),
            Self::Tencent => ("tencent", "/v5/rapidauth/validate"),
            Self::Oidc => ("oidc", "/token"),
        }
    }

    /// What somebody brings who just agreed at the vendor.
    async fn agreed(self, vendors: &Vendors) -> String {
        let told = match self {
            Self::WeChat => vendors.tell("/wx/code", json!({"appid": WECHAT_WEB.id, "user": XIAOMING})).await,
            Self::Alipay => vendors.tell("/alipay/code", json!({"app_id": ALIPAY_APP, "user": "ali-ming"})).await,
            Self::Taobao => {
                let grant = json!({"client_id": TAOBAO.id, "user": "tb-ming", "redirect_uri": CALLBACK});
                vendors.tell("/taobao/code", grant).await
            }
            Self::Aliyun | Self::Tencent => {
                let given = json!({"phone": "+8613900001234", "vendor": self.spends_at().0});
                vendors.tell("/carrier/token", given).await
            }
            Self::Oidc => return oidc_code(vendors, &provider(vendors)).await.unwrap(),
        };
        ["code", "auth_code", "token"].iter().find_map(|name| told[name].as_str()).unwrap().to_owned()
    }

    /// Spends it.
    async fn spent(self, vendors: &Vendors, code: &str) -> Result<(), VendorError> {
        let (fixture, wire) = (vendors.running.fixture(), wire(vendors));
        let one_tap = async |aggregator, name: &str| {
            let mut keys = fixture.one_tap(aggregator);
            keys.push(("aggregator", name.into()));
            let aggregator = number_aggregator(&method("one_tap", &keys), &wire).unwrap().unwrap();
            aggregator.number(&CarrierToken { token: code, carrier: None, attempt: "a1" }).await.map(|_number| ())
        };
        let person = match self {
            Self::WeChat => {
                let settings = WeChatSettings::read(&method("wechat", &fixture.wechat())).unwrap();
                WeChat::new(&wire, settings).exchange(WeChatPlace::Website, code).await
            }
            Self::Alipay => {
                let settings = AlipaySettings::read(&method("alipay", &fixture.alipay())).unwrap();
                Alipay::new(&wire, settings).unwrap().exchange(AlipayPlace::Website, code).await
            }
            Self::Taobao => {
                let settings = TaobaoSettings::read(&method("taobao", &fixture.taobao())).unwrap();
                Taobao::new(&wire, settings).exchange(TaobaoPlace::Website, code, CALLBACK).await
            }
            Self::Aliyun => return one_tap(Aggregator::Aliyun, "aliyun").await,
            Self::Tencent => return one_tap(Aggregator::Tencent, "tencent").await,
            Self::Oidc => oidc_exchange(vendors, &provider(vendors), code).await,
        };
        person.map(|_person| ())
    }

    /// How often the vendor was asked to take a code or token.
    async fn asked(self, vendors: &Vendors) -> usize {
        let (vendor, route) = self.spends_at();
        let journal = vendors.told(&format!("/requests?vendor={vendor}")).await;
        let spends = |entry: &&Value| entry["path"].as_str().unwrap().trim_end_matches('/').ends_with(route);
        journal.as_array().unwrap().iter().filter(spends).count()
    }
}

#[rstest]
#[case(By::WeChat)]
#[case(By::Alipay)]
#[case(By::Taobao)]
#[case(By::Aliyun)]
#[case(By::Tencent)]
#[case(By::Oidc)]
#[tokio::test]
async fn wx_10_ot_03_trouble_is_an_error_in_time_and_nothing_is_asked_for_twice(#[case] by: By) {
    let vendors = Vendors::start();
    let (vendor, route) = by.spends_at();
    let fault = |mode: &str, args: Value| json!({"match": {"vendor": vendor, "route": route}, "mode": mode, "times": 1, "args": args});
    let modes =
        ["refuse", "reset", "http_503", "garbage", "truncated", "html", "huge", "empty", "timeout_after_effect"];
    for mode in modes {
        let code = by.agreed(&vendors).await;
        let before = by.asked(&vendors).await;
        vendors.tell("/faults", fault(mode, json!({}))).await;
        let begun = Instant::now();
        let error = by.spent(&vendors, &code).await.unwrap_err();
        assert!(begun.elapsed() < Duration::from_secs(5), "{by:?} {mode}");
        assert!(matches!(error.class(), Class::Unavailable | Class::Malformed), "{by:?} {mode}: {error}");
        assert!(!error.to_string().contains(&code), "{by:?} {mode}");
        assert_eq!(by.asked(&vendors).await - before, 1, "{by:?} {mode}: asked once");
    }
    let code = by.agreed(&vendors).await;
    vendors.tell("/faults", fault("slow", json!({"delay_ms": 1_000}))).await;
    assert!(by.spent(&vendors, &code).await.is_ok(), "{by:?}: slow is not down");
}

#[rstest]
#[case(By::WeChat)]
#[case(By::Alipay)]
#[case(By::Taobao)]
#[tokio::test]
async fn odd_types_are_forgiven_but_for_who_it_is(#[case] by: By) {
    let vendors = Vendors::start();
    let fault = |args: Value| json!({"match": {"vendor": by.spends_at().0}, "mode": "wrong_type", "args": args});
    vendors.tell("/faults", fault(json!({}))).await;
    let code = by.agreed(&vendors).await;
    let outcome = by.spent(&vendors, &code).await;
    assert!(outcome.is_ok(), "{by:?}: {outcome:?}");
    vendors.tell("/faults", fault(json!({"ids": true}))).await;
    let code = by.agreed(&vendors).await;
    // The first fault that fits is the one that happens: the second stands alone after this.
    vendors.control(reqwest::Method::DELETE, "/faults/1", Value::Null).await;
    assert_eq!(by.spent(&vendors, &code).await.unwrap_err().class(), Class::Malformed, "{by:?}");
}

fn provider(vendors: &Vendors) -> OidcProvider {
    let issuer = vendors.running.fixture().oidc_issuer("corp");
    let toml = format!("issuer = \"{issuer}\"\nclient_id = \"{}\"\nclient_secret = \"{}\"", OIDC.id, OIDC.secret);
    let config = Config::from_parts(&format!("[login.oidc.corp]\n{toml}"), []).unwrap();
    let settings = OidcSettings::read_all(&config.login.method("oidc")).unwrap().remove(0);
    OidcProvider::new(&wire(vendors), settings)
}

async fn oidc_code(vendors: &Vendors, provider: &OidcProvider) -> Result<String, VendorError> {
    let challenge = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, VERIFIER.as_bytes()));
    let request =
        OidcRequest { redirect_uri: CALLBACK, state: "s", nonce: "n", code_challenge: &challenge, prompt: None };
    let url = provider.authorize_url(&request).await?;
    vendors.tell("/oidc/next", json!({"user": "00u1liming"})).await;
    let back = vendors.get(url.strip_prefix(&vendors.url("")).unwrap()).await;
    Ok(back.redirected("code").unwrap())
}

async fn oidc_exchange(
    vendors: &Vendors,
    provider: &OidcProvider,
    code: &str,
) -> Result<UpstreamIdentity, VendorError> {
    let issuer = vendors.running.fixture().oidc_issuer("corp");
    let callback =
        OidcCallback { code, iss: Some(&issuer), redirect_uri: CALLBACK, nonce: "n", code_verifier: VERIFIER };
    provider.exchange(&callback).await
}

#[tokio::test]
async fn up_02_an_honest_provider_is_believed_and_a_lying_one_is_not() {
    let vendors = Vendors::start();
    let connector = provider(&vendors);
    let agreed = async || oidc_exchange(&vendors, &connector, &oidc_code(&vendors, &connector).await?).await;
    let lie = |mode: &str| json!({"match": {"vendor": "oidc", "route": "/token"}, "mode": mode, "times": 1});
    let person = agreed().await.unwrap();
    let key = &person.keys()[0];
    assert_eq!((key.kind.as_str(), key.value.as_str(), person.display_name()), ("sub", "00u1liming", Some("李明")));
    for mode in ["bad_nonce", "bad_aud", "bad_iss", "expired", "alg_none", "bad_signature"] {
        vendors.tell("/faults", lie(mode)).await;
        let error = agreed().await.unwrap_err();
        assert!(matches!(error.class(), Class::Malformed | Class::CodeSpent), "{mode}: {error}");
    }
    vendors.clock.advance(Duration::from_secs(60));
    vendors.tell("/faults", lie("rotated_kid")).await;
    assert!(agreed().await.is_ok(), "a key that is new is fetched");
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
    let refusal = json!({"match": {"vendor": "mail"}, "mode": "smtp", "times": 1, "args": {"code": 550, "at": "rcpt"}});
    vendors.tell("/faults", refusal).await;
    assert_eq!(mailer.send(&mail).await.unwrap_err().class(), Class::BadNumber);
}
