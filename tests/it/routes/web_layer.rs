//! What every answer carries, whatever it is, and what no input may do to it.

use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use rstest::rstest;
use scraper::{Html, Selector};
use serde_json::json;

use crate::support::answer::Answer;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ALICE, DEV, OPS, PASSWORD, SECRET};
use crate::support::idp::{ISSUER, TestIdp};

/// Every kind of page that the provider has.
async fn pages(idp: &TestIdp) -> Vec<Answer> {
    let (browser, report, console) = (idp.browser(), idp.client("report-tool"), idp.client("console"));
    let login = browser.open(&report.request().url()).await;
    let wrong = browser.try_password(&login, OPS, "wrong").await;
    let iam = browser.turn_to(&login, ALICE).await;
    let step = browser.submit(&iam, &[("username", ALICE.name)]).await;
    let (step, sub) = (browser.follow(step).await, browser.turn_to(&login, DEV).await);
    let consent = browser.sign_in_at(&login, OPS).await;
    let expired = browser.get("/consent?interaction=none").await;
    let accounts = browser.open("/accounts").await;
    let forged = browser.post_from("https://evil.test", "/accounts", &[]).await;
    let (apps, logout) = (browser.open("/me/apps").await, browser.open("/logout").await);
    let reauth = browser.open(&console.request().with("prompt", "login").url()).await;
    let form_post = browser.open(&console.request().with("response_mode", "form_post").url()).await;
    browser.sign_in(DEV).await;
    let chooser = browser.open(&idp.client("spa").request().url()).await;
    assert_eq!((consent.path(), chooser.path()), ("/consent", "/accounts"));
    let gone = browser.press(&logout, "#logout-confirm").await;
    let unregistered = browser.get("/authorize?client_id=none").await;
    let (missing, method) = (browser.get("/nowhere").await, browser.post("/authorize/resume", &[]).await);
    let large = "x".repeat(70_000);
    let large = browser.post("/login", &[("username", &large)]).await;
    let all =
        [login, wrong, iam, step, sub, consent, expired, accounts, forged, apps, logout, reauth, form_post, chooser];
    all.into_iter().chain([gone, unregistered, missing, method, large]).collect()
}

#[rstest]
#[actix_web::test]
async fn az_31_wb_02_wb_03_every_page_is_dressed(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let mut pages = pages(&idp).await;
    let late = idp.browser();
    idp.store.close();
    pages.push(late.get("/login").await);
    assert_eq!(pages.last().unwrap().status, StatusCode::SERVICE_UNAVAILABLE);
    let statuses: std::collections::BTreeSet<_> = pages.iter().map(|page| page.status.as_u16()).collect();
    for status in [200, 400, 401, 403, 404, 405, 413, 503] {
        assert!(statuses.contains(&status), "{status} is not among {statuses:?}");
    }
    for page in &pages {
        let what = format!("{} {}", page.status, page.url);
        let policy = page.header("content-security-policy").unwrap_or_else(|| panic!("{what}"));
        for part in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action "] {
            assert!(policy.contains(part), "{what}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{what}: {policy}");
        for (name, value) in [
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("content-type", "text/html; charset=utf-8"),
        ] {
            assert_eq!(page.header(name), Some(value), "{what}: {name}");
        }
        assert_common(page);
        assert_inert(page);
        assert!(page.attribute("html", "lang").is_some(), "{what}");
    }
}

/// WB-03: on all replies.
fn assert_common(answer: &Answer) {
    let what = format!("{} {}", answer.status, answer.url);
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{what}");
    assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"), "{what}");
    let transport = answer.header("strict-transport-security").unwrap_or_else(|| panic!("{what}"));
    let seconds: u64 = transport.strip_prefix("max-age=").unwrap().split(';').next().unwrap().parse().unwrap();
    assert!(seconds >= 31_536_000, "{what}");
    assert!(answer.header("x-request-id").is_some(), "{what}");
    if !answer.body.is_empty() {
        let kind = answer.header("content-type").unwrap_or_else(|| panic!("{what}"));
        assert!(!kind.starts_with("text/") || kind.contains("charset=utf-8"), "{what}: {kind}");
    }
}

/// No script but our file, no handler, no style, nothing from elsewhere.
fn assert_inert(page: &Answer) {
    let document = Html::parse_document(&page.body);
    for element in document.select(&Selector::parse("*").unwrap()) {
        let name = element.value().name();
        let what = || format!("{}: <{name}> {:?}", page.url, element.value().attrs().collect::<Vec<_>>());
        assert!(!matches!(name, "svg" | "iframe" | "object" | "embed" | "base" | "style" | "math"), "{}", what());
        assert!(name != "script" || element.attr("src").is_some_and(|src| src.starts_with("/assets/")), "{}", what());
        for (attribute, value) in element.value().attrs() {
            assert!(!attribute.starts_with("on") && attribute != "style", "{}", what());
            let loads = attribute == "src" || (name == "link" && attribute == "href");
            assert!(!loads || (value.starts_with('/') && !value.starts_with("//")), "{}", what());
            let goes_to = matches!(attribute, "href" | "action" | "formaction");
            assert!(!goes_to || !value.trim().to_ascii_lowercase().starts_with("javascript"), "{}", what());
        }
    }
}

#[rstest]
#[actix_web::test]
async fn wb_03_every_other_answer_is_dressed_as_well(#[values(Sqlite)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let browser = idp.browser();
    for path in [
        "/.well-known/openid-configuration",
        "/jwks",
        "/userinfo",
        "/healthz",
        "/readyz",
        "/robots.txt",
        "/favicon.ico",
    ] {
        assert_common(&browser.get(path).await);
    }
    for path in ["/token", "/introspect", "/revoke"] {
        assert_common(&browser.post(path, &[]).await);
        assert_common(&browser.get(path).await);
    }
    assert_common(&browser.get("/login").await);
    assert_common(&idp.send(TestRequest::get().insert_header(("Host", "evil.test")), "/").await);
}

const PAYLOADS: [&str; 12] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'><svg onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "</textarea><iframe src=//evil.test>",
    "\" onmouseover=\"alert(1)",
    "' autofocus onfocus='alert(1)",
    "javascript:alert(1)",
    "<a href=\"javascript:alert(1)\">x</a>",
    "{{7*7}}{% include 'x' %}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<base href=//evil.test><style>*{}</style>",
];

#[rstest]
#[actix_web::test]
async fn wb_01_what_people_and_clients_are_called_is_text(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::configured(backend, &[("throttle.enabled", "false")]).await;
    for payload in PAYLOADS {
        let client = json!({"client_id": "report-tool", "client_secret": SECRET, "client_name": payload,
            "redirect_uris": ["https://report.test/cb"], "scope": "openid profile",
            "grant_types": ["authorization_code", "refresh_token"]});
        let account = json!({"id": "104857600000", "alias": "acme", "name": payload, "email": OPS.name});
        idp.apply(&json!({"client": [client], "account": [account]})).await;
        let (browser, report) = (idp.browser(), idp.client("report-tool"));
        let login = browser.open(&report.request().with("prompt", "consent").url()).await;
        assert!(login.text("h1").unwrap().contains(payload), "{:?}", login.text("h1"));
        let consent = browser.sign_in_at(&login, OPS).await;
        assert_eq!(consent.path(), "/consent");
        assert!(consent.text("h1").unwrap().contains(payload));
        assert!(consent.text(".person .name").unwrap().contains(payload), "{:?}", consent.text(".person .name"));
        browser.press(&consent, "#consent-approve").await;
        let (apps, accounts) = (browser.open("/me/apps").await, browser.open("/accounts").await);
        assert!(apps.text(".apps h2").unwrap().contains(payload));
        for page in [&login, &consent, &apps, &accounts, &browser.open("/logout").await] {
            assert_inert(page);
        }
    }
}

#[rstest]
#[actix_web::test]
async fn wb_01_what_a_request_says_is_text(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::configured(backend, &[("throttle.enabled", "false")]).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    for payload in PAYLOADS {
        for name in
            ["login_hint", "ui_locales", "display", "state", "nonce", "scope", "acr_values", "claims", "unknown"]
        {
            let hint = if name == "login_hint" { format!("{payload}@acme") } else { payload.to_owned() };
            let request = console.request().with(name, &hint).with("response_mode", "form_post");
            let page = browser.open(&request.url()).await;
            assert!(page.status.is_success(), "{name}={payload}: {}", page.status);
            assert_inert(&page);
        }
        let login = browser.open("/login").await;
        let typed = [("username", payload), ("password", payload), ("agree", payload)];
        let again = browser.submit(&login, &typed).await;
        assert_eq!(again.attribute("#username", "value").as_deref(), Some(payload));
        assert_inert(&again);
        let iam = browser.open("/login/iam").await;
        assert_inert(&browser.submit(&iam, &[("username", payload), ("account", payload)]).await);
        let encoded: String = url::form_urlencoded::byte_serialize(payload.as_bytes()).collect();
        assert_inert(&browser.open(&format!("/login/iam/{}", encoded.replace('+', "%20"))).await);
        assert_inert(&browser.open(&format!("/nowhere?x={encoded}&ui_locales={encoded}")).await);
        assert_inert(&browser.open(&format!("/consent?interaction={encoded}")).await);
        assert_inert(&browser.open(&format!("/logout?state={encoded}&client_id={encoded}")).await);
    }
}

#[rstest]
#[actix_web::test]
async fn wb_05_only_the_configured_name_counts(#[values(Sqlite)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let console = idp.client("console");
    let discovery = "/.well-known/openid-configuration";
    let honest = idp.browser().get(discovery).await.body;
    let lies = [
        ("X-Forwarded-Host", "evil.test"),
        ("X-Forwarded-Proto", "http"),
        ("X-Forwarded-For", "127.0.0.1"),
        ("Forwarded", "host=evil.test;proto=http;for=127.0.0.1"),
        ("X-Original-URL", "/accounts"),
        ("X-Rewrite-URL", "/accounts"),
        ("X-HTTP-Method-Override", "POST"),
    ];
    for lie in lies {
        let browser = idp.browser();
        let answer = browser.send(TestRequest::get().insert_header(lie), discovery).await;
        assert_eq!(answer.body, honest, "{lie:?}");
        let begun = browser.send(TestRequest::get().insert_header(lie), &console.request().url()).await;
        assert!(begun.location().unwrap().starts_with("/login?"), "{lie:?}");
        let page = browser.send(TestRequest::get().insert_header(lie), begun.location().unwrap()).await;
        assert!(page.has("#password") && !page.body.contains("evil.test"), "{lie:?}");
    }
    for host in ["evil.test", "id.test.evil.test", "id.test:8443", "evil.test#id.test", "", "id.test."] {
        let answer = idp.send(TestRequest::get().insert_header(("Host", host)), discovery).await;
        assert!(matches!(answer.status.as_u16(), 400 | 421), "{host}: {}", answer.status);
        assert!(!answer.body.contains("evil"), "{host}");
    }
    let two = TestRequest::get().append_header(("Host", "id.test")).append_header(("Host", "evil.test"));
    assert_eq!(idp.send(two, discovery).await.status, StatusCode::BAD_REQUEST);
    let absolute = TestRequest::get().insert_header(("Host", "id.test"));
    let answer = idp.send(absolute, &format!("https://evil.test{discovery}")).await;
    assert!(answer.status.is_client_error(), "{}", answer.status);
    for host in ["id.test", "ID.test", "id.test:443"] {
        let answer = idp.send(TestRequest::get().insert_header(("Host", host)), discovery).await;
        assert_eq!(answer.body, honest, "{host}");
    }
}

#[rstest]
#[actix_web::test]
async fn wb_08_no_form_is_taken_from_elsewhere(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, report) = (idp.browser(), idp.client("report-tool"));
    let consent = browser.sign_in_for(&report.request().with("scope", "openid profile"), OPS).await;
    let terms_and_password = ["/terms", "/password"];
    let forms = [consent.form(), browser.open("/accounts").await.form(), browser.open("/me/apps").await.form()];
    for mut form in forms {
        form.fields.insert("sign_out_all".to_owned(), "1".to_owned());
        form.fields.insert("revoke".to_owned(), "x".to_owned());
        let pairs: Vec<_> = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        for origin in ["https://evil.test", "null"] {
            let answer = browser.post_from(origin, &form.action, &pairs).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{} from {origin}", form.action);
        }
        for token in ["", "x"] {
            let forged: Vec<_> =
                pairs.iter().map(|(name, value)| (*name, if *name == "csrf" { token } else { value })).collect();
            assert_eq!(browser.post(&form.action, &forged).await.status, StatusCode::FORBIDDEN, "{}", form.action);
        }
        let plain = TestRequest::post()
            .insert_header(("Origin", ISSUER))
            .insert_header(("Content-Type", "text/plain"))
            .set_payload(json!(form.fields).to_string());
        assert!(browser.send(plain, &form.action).await.status.is_client_error());
    }
    for path in terms_and_password {
        let mut form = consent.form();
        form.fields.insert("csrf".to_owned(), "x".to_owned());
        form.action = path.to_owned();
        assert!(browser.post_form(&form).await.status.is_client_error(), "{path}");
    }
    assert!(browser.open("/accounts").await.has("[data-state=active]"), "nothing has happened");
    assert_eq!(browser.open(&report.request().url()).await.path(), "/consent");
}

#[rstest]
#[actix_web::test]
async fn az_32_a_form_is_followed_by_303_and_nothing_else(#[values(Sqlite)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let (browser, report) = (idp.browser(), idp.client("report-tool"));
    let login = browser.open(&report.request().url()).await;
    let fields = [("username", OPS.name), ("password", PASSWORD), ("agree", "1")];
    let signed_in = browser.submit(&login, &fields).await;
    let consent = browser.follow(signed_in.clone()).await;
    let approved = browser.submit(&consent, &[]).await;
    let resumed = browser.get(approved.location().unwrap()).await;
    let managed = {
        let page = browser.open("/accounts").await;
        browser.submit(&page, &[("sign_out_all", "1")]).await
    };
    for answer in [signed_in, approved, resumed, managed] {
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.url);
    }
}
