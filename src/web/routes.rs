//! The whole route table: every path with its methods and its guard.
//!
//! A route that is not here does not exist; `tests/it/guards.rs` walks the table
//! and tries each with nothing, and `docs/reference/routes.md` is made of it.

use actix_web::http::Method;
use actix_web::http::header::ALLOW;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Resource};

use super::context::Context;
use super::discovery::Discovery;
use super::pages::Failing;
use super::site::Site;
use super::{
    accounts, apps, authorize, bind, bindings, consent, discovery, introspect, jwks, login, logout, password, revoke,
};
use super::{reset, sessions, sign_up};
use super::{static_files, token, upstream, userinfo, wire};

/// Authorization endpoint.
pub const AUTHORIZE: &str = "/authorize";
/// Where every step of an interaction comes back to.
pub const RESUME: &str = "/authorize/resume";
/// Account and password.
pub const LOGIN: &str = "/login";
/// Phone and code.
pub const LOGIN_SMS: &str = "/login/sms";
/// Sub-account.
pub const LOGIN_SUB: &str = "/login/sub";
/// IAM user.
pub const LOGIN_IAM: &str = "/login/iam";
/// Where `prompt=create` leads; accepted once the page is in the table.
pub const SIGN_UP: &str = "/signup";
/// Binding a vendor's identity.
pub const LOGIN_BIND: &str = "/login/bind";
/// Chooser, and the accounts of this browser.
pub const ACCOUNTS: &str = "/accounts";
/// A forgotten password.
pub const RESET: &str = "/reset";
/// New terms.
pub const TERMS: &str = "/terms";
/// Forced change of a password.
pub const PASSWORD: &str = "/password";
/// Consent.
pub const CONSENT: &str = "/consent";
/// Sign-out.
pub const LOGOUT: &str = "/logout";
/// Where an account is signed in.
pub const SESSIONS: &str = "/me/sessions";
/// What is bound to an account.
pub const BINDINGS: &str = "/me/bindings";
/// Authorised applications.
pub const APPS: &str = "/me/apps";

/// Who may call a route, and what proves it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Guard {
    /// Anybody; shows nothing of anybody.
    Public,
    /// An interaction of this very browser; a POST carries its token besides.
    Interaction,
    /// This browser's cookie; a POST carries its token besides.
    Browser,
    /// A state that this browser took to a vendor.
    Callback,
    /// A client that authenticates itself.
    Client,
    /// An access token.
    Bearer,
}

impl Guard {
    /// In words, for the reference page.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Interaction => "interaction of this browser, form token",
            Self::Browser => "cookie of this browser, form token",
            Self::Callback => "state of this browser",
            Self::Client => "client authentication",
            Self::Bearer => "access token",
        }
    }
}

/// One row of the table.
pub struct Row {
    /// The path, with `{…}` for what varies.
    pub path: &'static str,
    /// The methods that it takes.
    pub methods: &'static [&'static str],
    /// Who may call it.
    pub guard: Guard,
    /// What it is.
    pub about: &'static str,
    mount: fn(Resource) -> Resource,
}

const GET: &[&str] = &["GET"];
const POST: &[&str] = &["POST"];
const BOTH: &[&str] = &["GET", "POST"];

macro_rules! table {
    ($($path:expr, $methods:expr, $guard:ident, $about:literal, $mount:expr;)*) => {
        &[$(Row { path: $path, methods: $methods, guard: Guard::$guard, about: $about, mount: $mount }),*]
    };
}

/// Every route of the main listener but the health checks.
pub const TABLE: &[Row] = table! {
    "/.well-known/openid-configuration", GET, Public, "discovery (OpenID Connect Discovery 1.0)", |r| r.get(discovery::get);
    "/.well-known/oauth-authorization-server", GET, Public, "discovery (RFC 8414)", |r| r.get(discovery::get);
    "/.well-known/change-password", GET, Public, "where a password is replaced (W3C)", |r| r.get(reset::change_password);
    "/jwks", GET, Public, "public keys (RFC 7517)", |r| r.get(jwks::get);
    "/token", POST, Client, "token endpoint", |r| r.post(token::post);
    "/userinfo", BOTH, Bearer, "claims of the person (OIDC Core §5.3)", |r| r.get(userinfo::answer).post(userinfo::answer);
    "/introspect", POST, Client, "introspection (RFC 7662)", |r| r.post(introspect::post);
    "/revoke", POST, Client, "revocation (RFC 7009)", |r| r.post(revoke::post);
    AUTHORIZE, BOTH, Public, "authorization endpoint", |r| r.get(authorize::get).post(authorize::post);
    RESUME, GET, Interaction, "the next step of an interaction", |r| r.get(authorize::resume);
    LOGIN, BOTH, Interaction, "account and password", |r| r.get(login::account).post(login::post_account);
    LOGIN_SMS, BOTH, Interaction, "phone and code", |r| r.get(login::sms).post(login::post_sms);
    LOGIN_SUB, BOTH, Interaction, "sub-account", |r| r.get(login::sub_account).post(login::post_sub_account);
    LOGIN_IAM, BOTH, Interaction, "IAM user", |r| r.get(login::iam).post(login::post_iam);
    "/login/iam/{account}", BOTH, Interaction, "IAM user of one account", |r| r.get(login::iam_of).post(login::post_iam_of);
    "/login/wechat", GET, Interaction, "WeChat: QR code, or the way into WeChat", |r| r.get(upstream::wechat);
    "/login/wechat/callback", GET, Callback, "back from WeChat", |r| r.get(upstream::wechat_callback);
    "/login/wechat/app", POST, Interaction, "WeChat, by a native app", |r| r.post(upstream::wechat_app);
    "/login/alipay", GET, Interaction, "the way to Alipay", |r| r.get(upstream::alipay);
    "/login/alipay/callback", GET, Callback, "back from Alipay", |r| r.get(upstream::alipay_callback);
    "/login/alipay/app", POST, Interaction, "Alipay, by a native app", |r| r.post(upstream::alipay_app);
    "/login/taobao", GET, Interaction, "the way to Taobao", |r| r.get(upstream::taobao);
    "/login/taobao/callback", GET, Callback, "back from Taobao", |r| r.get(upstream::taobao_callback);
    "/login/taobao/app", POST, Interaction, "Taobao, by a native app", |r| r.post(upstream::taobao_app);
    "/login/one-tap", BOTH, Interaction, "the number by the carrier, by a native app", |r| r.get(upstream::one_tap).post(upstream::post_one_tap);
    "/login/oidc/{name}", GET, Interaction, "the way to an upstream OpenID provider", |r| r.get(upstream::oidc);
    "/login/oidc/{name}/callback", GET, Callback, "back from an upstream OpenID provider", |r| r.get(upstream::oidc_callback);
    LOGIN_BIND, BOTH, Interaction, "binding a vendor's identity to an account", |r| r.get(bind::get).post(bind::post);
    PASSWORD, BOTH, Interaction, "forced change of a password", |r| r.get(password::get).post(password::post);
    TERMS, BOTH, Interaction, "new terms", |r| r.get(consent::terms).post(consent::post_terms);
    RESET, BOTH, Interaction, "a forgotten password", |r| r.get(reset::get).post(reset::post);
    SIGN_UP, BOTH, Interaction, "a new account", |r| r.get(sign_up::get).post(sign_up::post);
    CONSENT, BOTH, Interaction, "consent", |r| r.get(consent::get).post(consent::post);
    ACCOUNTS, BOTH, Browser, "chooser, and the accounts of this browser", |r| r.get(accounts::get).post(accounts::post);
    LOGOUT, BOTH, Browser, "sign-out (RP-Initiated Logout 1.0)", |r| r.get(logout::get).post(logout::post);
    SESSIONS, BOTH, Browser, "where an account is signed in", |r| r.get(sessions::get).post(sessions::post);
    BINDINGS, BOTH, Browser, "vendors' identities that are bound to an account", |r| r.get(bindings::get).post(bindings::post);
    APPS, BOTH, Browser, "authorised applications", |r| r.get(apps::get).post(apps::post);
    "/assets/{file}", GET, Public, "stylesheet, mark, script", |r| r.get(static_files::asset);
    "/favicon.ico", GET, Public, "the mark", |r| r.get(static_files::icon);
    "/robots.txt", GET, Public, "nothing here is for robots", |r| r.get(static_files::robots);
};

/// Mounts the table over one site.
pub fn mount(site: &Data<Site>) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
    let site = site.clone();
    let (tokens, document) =
        (Data::new(site.tokens.clone()), Data::new(Discovery::new(site.tokens.issuer(), site.flow.settings.sign_up)));
    move |routes| {
        routes.app_data(site.clone()).app_data(tokens.clone()).app_data(document.clone());
        for row in TABLE {
            let resource = web::resource(row.path).app_data(site.metrics.route(row.path)).app_data(Data::new(row));
            let resource = (row.mount)(resource);
            routes.service(match row.guard {
                Guard::Client => cross_origin(resource).default_service(web::to(wire::post_only)),
                Guard::Bearer => cross_origin(resource).default_service(web::to(wire::get_or_post)),
                Guard::Public | Guard::Interaction | Guard::Callback | Guard::Browser => {
                    resource.default_service(web::to(other_method))
                }
            });
        }
        routes.default_service(web::to(nowhere));
    }
}

/// Endpoints that a browser's script may call where its origin is registered.
fn cross_origin(resource: Resource) -> Resource {
    resource.route(web::method(Method::OPTIONS).to(wire::preflight))
}

/// A known path by another method.
async fn other_method(context: Context, row: Data<&'static Row>) -> HttpResponse {
    let mut response = context.failing(Failing::MethodNotAllowed);
    if let Ok(allowed) = row.methods.join(", ").parse() {
        response.headers_mut().insert(ALLOW, allowed);
    }
    response
}

async fn nowhere(context: Context) -> HttpResponse {
    context.failing(Failing::NotFound)
}
