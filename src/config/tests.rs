//! What a configuration may say, and what each wrong one is told.

use rstest::rstest;

use super::*;

const SECRET: &str = "hunter2-canary";

fn with(file: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::from_parts(file, environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

fn refused(file: &str, environment: &[(&str, &str)]) -> String {
    let told = with(file, environment).err().expect("is refused").to_string();
    assert!(!told.contains('\n') && !told.contains(SECRET), "{told}");
    told
}

#[test]
fn nothing_given_is_a_whole_configuration() {
    let config = with("", &[]).unwrap();
    assert_eq!(config.server.issuer.as_str(), "http://localhost:8080");
    assert_eq!(config.tokens.code.as_secs(), 60);
    assert_eq!(config.sessions.stay_signed_in.as_secs(), 30 * 86_400);
}

#[test]
fn what_is_shown_is_read_back_as_the_same() {
    let file =
        "[server]\ntrusted_proxies = [\"10.0.0.0/8\"]\n[tokens]\ncode = \"90s\"\n[login.password]\nenabled = false";
    let shown = with(file, &[]).unwrap().to_masked_toml();
    assert_eq!(with(&shown, &[]).unwrap().to_masked_toml(), shown);
}

#[test]
fn the_environment_stands_over_the_file() {
    let file = "[server]\nlisten = \"127.0.0.1:1\"\n[login]\ndefault_client = \"console\"";
    let environment = [
        ("MENSHEN__SERVER__LISTEN", "127.0.0.1:2"),
        ("MENSHEN__SERVER__TRUSTED_PROXIES", "10.0.0.0/8, ::1/128"),
        ("MENSHEN__HASHING__QUEUE", "7"),
        ("MENSHEN__METRICS__ENABLED", "false"),
        ("MENSHEN__LOGIN__IAM__ENABLED", "false"),
        ("MENSHEN__LOGIN__DEFAULT_CLIENT", ""),
        ("MENSHEN_TEST_POSTGRES", "is none of our keys"),
        ("PATH", "/bin"),
    ];
    let config = with(file, &environment).unwrap();
    assert_eq!(config.server.listen.port(), 2);
    assert_eq!(config.server.trusted_proxies.len(), 2);
    assert_eq!((config.hashing.queue, config.metrics.enabled), (7, false));
    assert_eq!(config.login.method("iam").enabled(), Some(false));
    assert_eq!(config.login.default_client, None, "an empty variable takes a value back");
}

#[test]
fn secrets_are_masked_when_shown() {
    let file = format!("[database]\nurl = \"postgres://menshen:{SECRET}@db/menshen?sslpassword={SECRET}\"");
    let kek = "q".repeat(42) + "E=";
    let methods = ("MENSHEN__LOGIN__WECHAT__APP_SECRET", SECRET);
    let config = with(&file, &[("MENSHEN__KEYS__KEK", &kek), methods]).unwrap();
    let shown = config.to_masked_toml();
    assert!(!shown.contains(SECRET) && !shown.contains(&kek), "{shown}");
    assert!(shown.contains("postgres://menshen:********@db/menshen"), "{shown}");
    assert!(config.database.url.expose().expose().contains(SECRET));
    assert_eq!(config.login.method("wechat").text("app_secret").unwrap().as_deref(), Some(SECRET));
}

#[test]
fn a_login_method_that_does_not_exist_is_refused_by_the_registry() {
    let login =
        with("[login]\norder = [\"sms\"]\n[login.password]\nenabled = true\ncolour = \"red\"", &[]).unwrap().login;
    assert_eq!(login.refuse_unknown(&["sms"]).unwrap_err().to_string(), "login.password: no such login method");
    let order = login.refuse_unknown(&["password"]).unwrap_err();
    assert_eq!(order.to_string(), "login.order: names a login method that does not exist");
    assert!(login.refuse_unknown(&["password", "sms"]).is_ok());
    let settings = login.method("password").refuse_unknown(&[]).unwrap_err();
    assert_eq!(settings.to_string(), "login.password.colour: no such key");
    assert_eq!(login.method("password").text("enabled"), Ok(None), "is taken already");
}

#[test]
fn sections_below_a_method_are_told_apart_and_typed() {
    let file = "[login.oidc]\nenabled = true\nlabel = \"x\"\n[login.oidc.corp]\nissuer = \"https://idp.example\"\nenabled = false\n\
                scopes = [\"openid\"]\n[login.oidc.lab]\nissuer = \"http://idp.example\"";
    let variable = [("MENSHEN__LOGIN__OIDC__CORP__CLIENT_SECRET", SECRET)];
    let login = with(file, &variable).unwrap().login;
    let (own, below) = login.method("oidc").split().unwrap();
    assert_eq!(own.text("label").unwrap().as_deref(), Some("x"));
    assert!(own.refuse_unknown(&["label"]).is_ok() && login.method("oidc").refuse_unknown(&["label"]).is_err());
    let corp = &below["corp"];
    assert_eq!((corp.name(), corp.enabled()), ("oidc.corp", Some(false)));
    assert_eq!(corp.secret("client_secret").unwrap().unwrap().expose(), SECRET);
    assert_eq!(corp.list("scopes").unwrap().unwrap(), ["openid"]);
    let told = below["lab"].url("issuer").unwrap_err().to_string();
    assert!(told.starts_with("login.oidc.lab.issuer: must begin with https://"), "{told}");
}

#[rstest]
#[case::not_toml("[server", "line 1: is not TOML")]
#[case::twice("[server]\nlisten = \"127.0.0.1:1\"\nlisten = \"127.0.0.1:2\"", "line 3: is not TOML")]
#[case::broken_secret("[database]\nurl = \"hunter2-canary", "line 2: is not TOML")]
#[case::unknown_section("[servre]\nlisten = \"127.0.0.1:1\"", "servre.listen: no such section")]
#[case::unknown_empty_section("[servre]", "servre: no such section")]
#[case::unknown_key("[server]\nlisen = \"127.0.0.1:1\"", "server.lisen: no such key")]
#[case::key_outside("listen = \"127.0.0.1:1\"", "listen: no such section")]
#[case::section_as_key("server = 3", "server: is a section, not a key")]
#[case::too_deep("[server.listen]\naddress = \"127.0.0.1\"", "server.listen.address: no such key")]
#[case::array_of_tables("[[server]]\nlisten = \"127.0.0.1:1\"", "server: is a section, not a key")]
#[case::no_port("[server]\nlisten = \"127.0.0.1\"", "server.listen: expected: address and port")]
#[case::big_port("[server]\nlisten = \"127.0.0.1:65536\"", "server.listen: expected")]
#[case::host_name("[server]\nlisten = \"localhost:8080\"", "server.listen: expected")]
#[case::open_http("[server]\nlisten = \"0.0.0.0:8080\"", "server.listen: plain http on an address")]
#[case::issuer_slash("[server]\nissuer = \"http://localhost:8080/\"", "server.issuer: must not end with a slash")]
#[case::issuer_path("[server]\nissuer = \"http://localhost:8080/idp\"", "server.issuer: must not have a path")]
#[case::issuer_query("[server]\nissuer = \"http://localhost:8080?a\"", "server.issuer: must not have a query")]
#[case::issuer_fragment("[server]\nissuer = \"http://localhost:8080#a\"", "server.issuer: must not have a query")]
#[case::issuer_user("[server]\nissuer = \"http://hunter2-canary@localhost\"", "server.issuer: must not hold a user")]
#[case::issuer_upper("[server]\nissuer = \"http://LOCALHOST:8080\"", "server.issuer: is not in its canonical form")]
#[case::issuer_port("[server]\nissuer = \"http://localhost:80\"", "server.issuer: is not in its canonical form")]
#[case::issuer_http("[server]\nissuer = \"http://id.example.com\"", "server.issuer: plain http is for a loopback")]
#[case::issuer_near(
    "[server]\nissuer = \"http://localhost.example.com\"",
    "server.issuer: plain http is for a loopback"
)]
#[case::issuer_https("[server]\nissuer = \"https://id.example.com\"", "server.issuer: https goes with TLS files")]
#[case::issuer_scheme("[server]\nissuer = \"ftp://localhost\"", "server.issuer: must begin with https://")]
#[case::issuer_word("[server]\nissuer = \"localhost\"", "server.issuer: is not a URL")]
#[case::issuer_empty("[server]\nissuer = \"\"", "server.issuer: must not be empty")]
#[case::half_pair("[server]\ntls_certificate = \"a.pem\"", "server.tls_key: tls_certificate and tls_key are needed")]
#[case::other_half("[server]\ntls_key = \"a.pem\"", "server.tls_key: tls_certificate and tls_key are needed")]
#[case::http_on_tls("[server]\ntls_certificate = \"a\"\ntls_key = \"b\"", "server.issuer: https goes with TLS files")]
#[case::two_tls(
    "[server]\ntls_certificate = \"a\"\ntls_key = \"b\"\nbehind_tls_proxy = true",
    "server.behind_tls_proxy"
)]
#[case::proxy_word("[server]\ntrusted_proxies = [\"proxy\"]", "server.trusted_proxies: expected: network")]
#[case::proxy_bits("[server]\ntrusted_proxies = [\"10.1.0.0/8\"]", "server.trusted_proxies: the network has bits set")]
#[case::proxy_single("[server]\ntrusted_proxies = \"10.0.0.0/8\"", "server.trusted_proxies: expected: list")]
#[case::proxy_header("[server]\nproxy_header = \"x-real-ip\"", "server.proxy_header: expected")]
#[case::yes("[server]\nbehind_tls_proxy = \"yes\"", "server.behind_tls_proxy: expected: true or false")]
#[case::few_connections("[server]\nmax_connections = 0", "server.max_connections: must be at least 16")]
#[case::negative("[server]\nmax_connections = -1", "server.max_connections: expected: whole number")]
#[case::fraction("[server]\nworkers = 1.5", "server.workers: expected: whole number")]
#[case::database_kind("[database]\nurl = \"mysql://root:hunter2-canary@db/x\"", "database.url: must begin with")]
#[case::database_broken("[database]\nurl = \"postgres://u:hunter2-canary@:bad/x\"", "database.url: is not a URL")]
#[case::database_slashes("[database]\nurl = \"sqlite://data.db\"", "database.url: a SQLite URL is sqlite:PATH")]
#[case::short_kek("[keys]\nkek = \"aHVudGVyMi1jYW5hcnk=\"", "keys.kek: expected: base64 of 32 bytes")]
#[case::zero_kek("[keys]\nkek = \"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"", "keys.kek: is all zeros")]
#[case::publish("[keys]\npublish_ahead = \"90d\"", "keys.publish_ahead: must be shorter than rotate_after")]
#[case::bare_number("[tokens]\ncode = 60", "tokens.code: expected: time")]
#[case::no_unit("[tokens]\ncode = \"60\"", "tokens.code: expected: time")]
#[case::odd_unit("[tokens]\ncode = \"60 秒\"", "tokens.code: expected: time")]
#[case::signed_time("[tokens]\ncode = \"+60s\"", "tokens.code: expected: time")]
#[case::huge_time("[tokens]\nrefresh_absolute = \"99999999999999999d\"", "tokens.refresh_absolute: expected: time")]
#[case::no_time("[tokens]\ncode = \"0s\"", "tokens.code: must be 1s to 10m")]
#[case::idle("[tokens]\nrefresh_idle = \"31d\"", "tokens.refresh_idle: must be 1s to refresh_absolute")]
#[case::absolute("[sessions]\nabsolute = \"1h\"", "sessions.absolute: must not be shorter than idle")]
#[case::long_iam("[sessions]\niam_user_long_lived = \"91d\"", "sessions.iam_user_long_lived: must not be shorter")]
#[case::weak_hash("[hashing]\nmemory_kib = 64", "hashing.memory_kib: must be 8192 to 262144")]
#[case::short_password("[password]\nmin_length = 4", "password.min_length: must be 8 to 128")]
#[case::score("[password]\nmin_score = 5", "password.min_score: must be 0 to 4")]
#[case::phones("[login]\nmax_accounts_per_phone = 0", "login.max_accounts_per_phone: must be 1 to 10")]
#[case::country("[login]\ndefault_country = \"86\"", "login.default_country: expected: plus sign")]
#[case::method_word("[login.password]\nenabled = 1", "login.password.enabled: expected: true or false")]
#[case::gateway("[sms]\nprovider = \"carrier-pigeon\"", "sms.provider: expected: \"none\", \"aliyun\"")]
#[case::gateway_keys("[sms]\nprovider = \"aliyun\"", "sms.access_key_id: is needed by this provider")]
#[case::gateway_app("[sms]\nprovider = \"tencent\"", "sms.sdk_app_id: is needed by this provider")]
#[case::hook("[sms]\nprovider = \"webhook\"", "sms.webhook_url: is needed by this provider")]
#[case::open_hook("[sms]\nwebhook_url = \"http://sms.example\"", "sms.webhook_url: must begin with https://")]
#[case::short_secret(
    "[sms]\nprovider = \"webhook\"\nwebhook_url = \"https://x\"\nwebhook_secret = \"hunter2-canary\"",
    "sms.webhook_secret: must have at least 16"
)]
#[case::template("[sms]\ntemplates = [\"dance=SMS_1\"]", "sms.templates: expected: purpose=id")]
#[case::variable("[sms]\nvariables = [\"colour\"]", "sms.variables: expected: code, minutes")]
#[case::mail_from("[mail]\nhost = \"smtp.example.com\"", "mail.from: is needed beside host")]
#[case::mail_half(
    "[mail]\nhost = \"smtp.example.com\"\nfrom = \"a@b.example\"\npassword = \"hunter2-canary\"",
    "mail.password: username and password"
)]
#[case::mail_plain(
    "[mail]\nhost = \"smtp.example.com\"\nfrom = \"a@b.example\"\ntls = \"none\"",
    "mail.tls: none is for a loopback host alone"
)]
#[case::mail_url("[mail]\nhost = \"smtp://x\"\nfrom = \"a@b.example\"", "mail.host: expected: a host name")]
#[case::mail_port("[mail]\nhost = \"x\"\nfrom = \"a@b.example\"\nport = 70000", "mail.port: must be 1 to 65535")]
#[case::terms("[agreements]\nterms_url = \"javascript:alert(1)\"", "agreements.terms_url: must be an https URL")]
#[case::level("[log]\nlevel = \"loud\"", "log.level: expected: off, error")]
#[case::format("[log]\nformat = \"xml\"", "log.format: expected: \"json\" or \"text\"")]
#[case::control("[branding]\nname_en = \"a\\u0007b\"", "branding.name_en: must not hold control characters")]
fn a_wrong_file_is_told_its_key_and_the_reason_in_one_line(#[case] file: &str, #[case] told: &str) {
    let line = refused(file, &[]);
    assert!(line.starts_with(told), "{line}");
}

#[rstest]
#[case("MENSHEN__SERVER__LISEN", "127.0.0.1:1", "MENSHEN__SERVER__LISEN: no such key")]
#[case("MENSHEN__SERVER", "127.0.0.1:1", "MENSHEN__SERVER: is a section, not a key")]
#[case("MENSHEN__", "x", "MENSHEN__: no such section")]
#[case("MENSHEN__SERVER__LISTEN", "hunter2-canary", "server.listen: expected: address and port")]
#[case(
    "MENSHEN__THROTTLE__ENABLED",
    "no",
    "throttle.enabled: expected: true or false (from MENSHEN__THROTTLE__ENABLED)"
)]
#[case("MENSHEN__TOKENS__ACCESS", "", "tokens.access: expected: time")]
#[case("MENSHEN__DATABASE__URL", "hunter2-canary", "database.url: must begin with sqlite: or postgres://")]
#[case("MENSHEN__KEYS__KEK", "hunter2-canary", "keys.kek: expected: base64 of 32 bytes (from MENSHEN__KEYS__KEK)")]
fn a_wrong_variable_is_told_its_key_and_the_reason(#[case] name: &str, #[case] value: &str, #[case] told: &str) {
    let line = refused("", &[(name, value)]);
    assert!(line.starts_with(told), "{line}");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let told = Config::load(Some(Path::new("/nowhere/menshen.toml"))).err().unwrap().to_string();
    assert!(told.starts_with("/nowhere/menshen.toml: cannot be read"), "{told}");
}
