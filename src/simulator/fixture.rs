//! Who and what every simulator starts with, and the provider's configuration
//! that fits it. The values never change, so that demo data can name them.

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::{Value, json};

use super::apps::App;
use super::certificates::Certificates;
use super::keys::Keys;
use super::people::derived_openid;
use super::vendor::Vendor;
use super::world::State;

/// An id with its secret.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Credentials {
    /// App id, access key id or client id.
    pub id: &'static str,
    /// Its secret.
    pub secret: &'static str,
}

const fn credentials(id: &'static str, secret: &'static str) -> Credentials {
    Credentials { id, secret }
}

/// WeChat: the website.
pub const WECHAT_WEB: Credentials = credentials("wx5151515151510001", "5151515151515151515151515151aa01");
/// WeChat: the service account, for pages inside WeChat.
pub const WECHAT_H5: Credentials = credentials("wx5151515151510002", "5151515151515151515151515151aa02");
/// WeChat: the native app.
pub const WECHAT_MOBILE: Credentials = credentials("wx5151515151510003", "5151515151515151515151515151aa03");
/// Alipay's app; its key pair is in [`Keys`].
pub const ALIPAY_APP: &str = "2021000000000001";
/// An app of the newer kind: it is told `open_id`, never `user_id`. Same key pair.
pub const ALIPAY_OPENID_APP: &str = "2021000000000002";
/// Alipay's merchant.
pub const ALIPAY_PID: &str = "2088000000000001";
/// Taobao's app.
pub const TAOBAO: Credentials = credentials("51510001", "51515151515151515151515151515151");
/// Alibaba Cloud's access key.
pub const ALIYUN: Credentials = credentials("LTAI5tSimulated00000001", "SimulatedAccessKeySecret00001");
/// Tencent Cloud's secret id and key.
pub const TENCENT: Credentials = credentials("AKIDSimulated0000000000000000000001", "SimulatedTencentSecretKey0000001");
/// Tencent's SMS application.
pub const TENCENT_SMS_APP: &str = "1400006666";
/// Tencent's number authentication: application and key.
pub const TENCENT_RAPIDAUTH: Credentials = credentials("1400005151", "5f03a35d00ee52a21327ab0481865151");
/// Jiguang's app key and master secret; the RSA key pair is in [`Keys`].
pub const JIGUANG: Credentials = credentials("51515151515151515151ab01", "51515151515151515151cd01");
/// The generic webhook: its secret; the id is the `Authorization` that it wants.
pub const HOOK: Credentials = credentials("Bearer simulated-hook", "simulated-hook-secret-simulated-hook-secret");
/// A client of the OpenID providers.
pub const OIDC: Credentials = credentials("menshen", "simulated-oidc-secret-simulated-oidc-secret");
/// Name of the OpenID provider of the demo.
pub const OIDC_NAME: &str = "corp";
/// The mail sink's user.
pub const SMTP: Credentials = credentials("menshen", "simulated-smtp-password");
/// Signature of text messages.
pub const SIGN_NAME: &str = "某云";
/// Templates of text messages by purpose: Aliyun's code, Tencent's id, text.
pub const TEMPLATES: &[(&str, &str, &str, &str)] = &[
    ("login", "SMS_100000001", "510001", "您的登录验证码为${code}，5分钟内有效，请勿告知他人。"),
    ("sign_up", "SMS_100000002", "510002", "您的注册验证码为${code}，5分钟内有效，请勿告知他人。"),
    ("reset", "SMS_100000003", "510003", "您正在重置密码，验证码为${code}，5分钟内有效，请勿告知他人。"),
    ("bind", "SMS_100000004", "510004", "您正在绑定账号，验证码为${code}，5分钟内有效，请勿告知他人。"),
    ("notice", "SMS_100000006", "510006", "您的账号有新的变动，如非本人操作，请尽快修改密码。"),
    ("verify", "SMS_100000005", "510005", "您的身份验证码为${code}，5分钟内有效，请勿告知他人。"),
];
/// WeChat user 小明: bound to nobody.
pub const XIAOMING: &str = "xiaoming";
/// His `unionid`.
pub const XIAOMING_UNIONID: &str = "uSimXiaoming0000000000000001";
/// WeChat user 小红: bound to Globex in the demo.
pub const XIAOHONG: &str = "xiaohong";
/// Her `unionid`.
pub const XIAOHONG_UNIONID: &str = "uSimXiaohong0000000000000002";

/// What one simulator offers, and where.
#[derive(Clone)]
pub struct Fixture {
    /// `http://host:port` of the simulator, without a slash.
    pub origin: String,
    /// Where the mail sink listens.
    pub smtp: SocketAddr,
    /// Keys and certificates.
    pub keys: Arc<Keys>,
    /// Hosts to which vendors send people back.
    pub redirect_hosts: Vec<String>,
}

impl Fixture {
    /// WeChat's `openid` of a person for an app of the fixture.
    #[must_use]
    pub fn openid(&self, app: Credentials, person: &str) -> String {
        derived_openid(app.id, person)
    }

    /// An address below a vendor's prefix, as in `url("/wx/open")`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// Issuer of an OpenID provider.
    #[must_use]
    pub fn oidc_issuer(&self, name: &str) -> String {
        self.url(&format!("/oidc/{name}"))
    }

    /// The certificate mode's certificates.
    #[must_use]
    pub fn certificates(&self) -> &Certificates {
        self.keys.certificates()
    }
}

/// Fills an empty state with the people and apps of the fixture.
pub fn populate(state: &mut State, fixture: &Fixture) {
    for (vendor, person) in people() {
        if let Some(fields) = person.as_object() {
            // The fixture's fields are those that people have.
            let _ = state.people.put(vendor, fields);
        }
    }
    for (vendor, app) in apps(fixture) {
        state.apps.add(vendor, app);
    }
}

fn people() -> Vec<(Vendor, Value)> {
    let claims = |name: &str, email: &str, phone: &str| {
        json!({"name": name, "preferred_username": email.split('@').next(), "email": email, "email_verified": true,
            "phone_number": phone, "phone_number_verified": true})
    };
    vec![
        (
            Vendor::Wechat,
            json!({"id": XIAOMING, "nickname": "小明", "unionid": XIAOMING_UNIONID, "phone": "+8613800000001"}),
        ),
        (
            Vendor::Wechat,
            json!({"id": XIAOHONG, "nickname": "小红", "unionid": XIAOHONG_UNIONID, "phone": "+8613800000002"}),
        ),
        (
            Vendor::Alipay,
            json!({"id": "ali-ming", "nickname": "阿明", "user_id": "2088000000000101", "open_id": "074a1CcTG1LelxKe4xQC0zgNdId0nxi95b5lsNpazWYoCo5"}),
        ),
        (
            Vendor::Alipay,
            json!({"id": "ali-hong", "nickname": "阿红", "user_id": "2088000000000102", "open_id": "074a1CcTG1LelxKe4xQC0zgNdId0nxi95b5lsNpazWYoCo6"}),
        ),
        (
            Vendor::Taobao,
            json!({"id": "tb-ming", "nickname": "淘小明", "user_id": "5151000001", "open_id": "AAHSimTaobaoOpenUid000000001"}),
        ),
        (
            Vendor::Taobao,
            json!({"id": "tb-hong", "nickname": "淘小红", "user_id": "5151000002", "open_id": "AAHSimTaobaoOpenUid000000002"}),
        ),
        (
            Vendor::Oidc,
            json!({"id": "00u1liming", "nickname": "李明", "claims": claims("李明", "liming@corp.example", "+8613800000001")}),
        ),
        (
            Vendor::Oidc,
            json!({"id": "00u2zhang", "nickname": "Zhang Hong", "claims": claims("Zhang Hong", "zhang@corp.example", "+8613800000002")}),
        ),
    ]
}

fn apps(fixture: &Fixture) -> Vec<(Vendor, App)> {
    let hosts = &fixture.redirect_hosts;
    let plain = |kind: &str, of: Credentials| App {
        app_id: of.id.to_owned(),
        kind: kind.to_owned(),
        secret: of.secret.to_owned(),
        redirect_hosts: hosts.clone(),
        ..App::default()
    };
    let alipay = |id: &str, id_mode: &str| App {
        app_id: id.to_owned(),
        id_mode: id_mode.to_owned(),
        redirect_hosts: hosts.clone(),
        pid: ALIPAY_PID.to_owned(),
        // The public key is looked up in `Keys` when it is empty: making one takes a while.
        ..App::default()
    };
    let sign_names = vec![SIGN_NAME.to_owned()];
    let aliyun = TEMPLATES.iter().map(|(_, code, _, text)| ((*code).to_owned(), (*text).to_owned())).collect();
    let tencent =
        TEMPLATES.iter().map(|(_, _, id, text)| ((*id).to_owned(), text.replace("${code}，5", "{1}，{2}"))).collect();
    vec![
        (Vendor::Wechat, plain("web", WECHAT_WEB)),
        (Vendor::Wechat, plain("h5", WECHAT_H5)),
        (Vendor::Wechat, plain("mobile", WECHAT_MOBILE)),
        (Vendor::Alipay, alipay(ALIPAY_APP, "user_id")),
        (Vendor::Alipay, alipay(ALIPAY_OPENID_APP, "open_id")),
        (Vendor::Taobao, plain("", TAOBAO)),
        (Vendor::Aliyun, App { sign_names: sign_names.clone(), templates: aliyun, ..plain("", ALIYUN) }),
        (
            Vendor::Tencent,
            App { sign_names, templates: tencent, sdk_app_id: TENCENT_SMS_APP.into(), ..plain("sms", TENCENT) },
        ),
        (Vendor::Tencent, plain("rapidauth", TENCENT_RAPIDAUTH)),
        (Vendor::Jiguang, plain("", JIGUANG)),
        (Vendor::Hook, plain("", HOOK)),
        (Vendor::Oidc, plain(OIDC_NAME, OIDC)),
        (Vendor::Mail, plain("", SMTP)),
    ]
}
