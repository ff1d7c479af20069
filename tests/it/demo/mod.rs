//! The demo as a whole: the binary itself, over HTTP, with a browser that runs
//! no script.

mod running;
mod visitor;

use std::time::{Duration, Instant};

use menshen::demo::api;
use menshen::demo::data::{BILLING_API, BILLING_API_SECRET, CONSOLE, CONSOLE_BACK_CHANNEL, PASSWORD};
use reqwest::Client;
use serde_json::Value;

use running::RunningDemo;
use visitor::{Page, Visitor};

/// Signs `login` in at the console of a demo, from its front page on.
async fn signed_in(demo: &RunningDemo, login: &str) -> (Visitor, Page) {
    let mut visitor = Visitor::new();
    let front = visitor.open(&demo.addresses.console).await;
    let mut page = visitor.open(&front.link(&format!("a[href*='{}']", login.replace('@', "%40")))).await;
    if ["dev@acme.example", "lab@acme.example"].contains(&login) {
        page = visitor.open(&page.link("a[href^='/login/sub']")).await;
    }
    let home = visitor.sign_in(page, login).await;
    (visitor, home)
}

#[tokio::test]
async fn the_console_shows_who_signed_in_whose_account_it_is_and_who_pays() {
    let demo = RunningDemo::start(&[]);
    let (acme, dev, lab, globex) = ("104857600000", "209715200000", "209715200001", "104857600002");
    for (login, badge, kind, [acting, owner, billed]) in [
        ("ops@acme.example", "Main account", "root", [acme, acme, acme]),
        ("dev@acme.example", "Sub-account", "sub_account", [dev, acme, acme]),
        ("lab@acme.example", "Sub-account", "sub_account", [lab, acme, lab]),
        ("alice@acme", "IAM user", "iam_user", [acme, acme, acme]),
        ("alice@globex", "IAM user", "iam_user", [globex, globex, globex]),
    ] {
        let (mut visitor, home) = signed_in(&demo, login).await;
        let place = format!("{}/?as=", demo.addresses.console);
        assert!(home.url.as_str().starts_with(&place), "{login}: {} {}", home.url, home.html);
        assert_eq!(home.text("#principal-type").as_deref(), Some(badge), "{login}");
        for section in ["id-token", "userinfo"] {
            for (claim, expected) in [
                ("principal_type", kind),
                ("account_id", acting),
                ("owner_account_id", owner),
                ("billing_account_id", billed),
            ] {
                assert_eq!(home.claim(section, claim).as_deref(), Some(expected), "{login}: {claim} in {section}");
            }
        }
        let called = visitor.press(&home, "call-api", &[]).await;
        let said: Value = serde_json::from_str(&called.text("#api-answer").unwrap()).unwrap();
        assert_eq!([&said["acts_on_account"], &said["billed_to_account"]], [acting, billed], "{login}");
    }
}

#[tokio::test]
async fn who_is_disabled_stays_out() {
    let demo = RunningDemo::start(&[]);
    let (_visitor, page) = signed_in(&demo, "carol@acme").await;
    assert_eq!((page.status, page.url.port()), (401, Some(port(&demo.addresses.issuer))));
    assert!(page.text("#error").is_some());
}

#[tokio::test]
async fn a_sign_in_is_refreshed_shared_with_a_third_party_and_ended() {
    let demo = RunningDemo::start(&[]);
    let console = demo.addresses.console.clone();
    let (mut visitor, home) = signed_in(&demo, "ops@acme.example").await;
    let refreshed = visitor.press(&home, "refresh", &[]).await;
    assert_eq!(refreshed.text("#refreshed").as_deref(), Some("1"));
    assert_eq!(refreshed.claim("id-token", "auth_time"), home.claim("id-token", "auth_time"));

    let consent = visitor.open(&refreshed.link("#report-tool")).await;
    assert_eq!(consent.url.path(), "/consent");
    let report = visitor.press(&consent, "consent-approve", &[]).await;
    assert_eq!(report.url.as_str(), format!("{console}/report"));
    assert_eq!(report.claim("id-token", "aud").as_deref(), Some("report-tool"));
    let again = visitor.open(&format!("{console}/sign-in?tool=report")).await;
    assert_eq!(again.url.path(), "/report", "consent is remembered");

    let home = visitor.open(&console).await;
    let out = visitor.press(&home, "sign-out", &[]).await;
    assert!(out.text("#signed-out").is_some(), "{}", out.html);
    let silent = visitor.open(&format!("{console}/sign-in?prompt=none")).await;
    assert!(silent.html.contains("data-code=\"login_required\""), "{}", silent.html);
}

/// OpenID Connect Back-Channel Logout 1.0, from the provider's page to the console's tab.
#[tokio::test]
async fn who_signs_out_at_the_provider_leaves_the_console_and_nobody_else_does() {
    let demo = RunningDemo::start(&[]);
    let (mut visitor, ops) = signed_in(&demo, "ops@acme.example").await;
    let chooser = visitor.open(&ops.link("#add-account")).await;
    let login = visitor.open(&chooser.link("#add-account")).await;
    let login = visitor.open(&login.link("a[href^='/login/iam']")).await;
    let alice = visitor.sign_in(login, "alice@acme").await;
    for tab in [&ops, &alice] {
        assert!(visitor.open(tab.url.as_str()).await.text("#who").is_some(), "each has a tab");
    }
    // What nobody signed ends nothing.
    let forged = format!("{}{CONSOLE_BACK_CHANNEL}", demo.addresses.console);
    for body in ["", "logout_token=x", "logout_token=e30.e30.e30"] {
        let answer = visitor.post_bare(&forged, body).await;
        assert_eq!(answer, 400, "{body}");
    }
    let confirm = visitor.open(&format!("{}/logout?logout_hint=ops%40acme.example", demo.addresses.issuer)).await;
    let handle = confirm.value("input[name=account][checked]");
    let done = visitor.press(&confirm, "logout-confirm", &[("account", &handle)]).await;
    assert!(done.html.contains("Signed out"), "{}", done.html);
    let until = Instant::now() + Duration::from_secs(20);
    while visitor.open(ops.url.as_str()).await.text("#who").is_some() {
        assert!(Instant::now() < until, "the console has not heard of it");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let stays = visitor.open(alice.url.as_str()).await;
    assert_eq!(stays.claim("userinfo", "preferred_username").as_deref(), Some("alice@acme"));
    let called = visitor.press(&stays, "call-api", &[]).await;
    assert!(called.text("#api-answer").unwrap().contains("acts_on_account"), "and works on");
    assert!(called.text("#other-accounts").is_none(), "nobody else sits here");
}

#[tokio::test]
async fn who_does_not_agree_is_told_kindly() {
    let demo = RunningDemo::start(&[]);
    let (mut visitor, home) = signed_in(&demo, "ops@acme.example").await;
    let consent = visitor.open(&home.link("#report-tool")).await;
    let denied = visitor.press(&consent, "consent-deny", &[]).await;
    assert!(denied.html.contains("data-code=\"access_denied\""), "{}", denied.html);
    assert_eq!(denied.text("h1").as_deref(), Some("You did not agree"));
}

/// RFC 6749 §10.12, RFC 9207 §2.4.
#[tokio::test]
async fn an_answer_that_was_not_asked_for_or_comes_from_elsewhere_is_refused() {
    let demo = RunningDemo::start(&[]);
    let (console, issuer) = (&demo.addresses.console, &demo.addresses.issuer);
    let mut visitor = Visitor::new();
    let forged = visitor.open(&format!("{console}/callback?code=x&state=forged&iss={issuer}")).await;
    assert_eq!(forged.status, 400);
    for iss in ["", "&iss=https://evil.example"] {
        let asked = visitor.redirected(&format!("{console}/sign-in")).await;
        let state = asked.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        let mixed = visitor.open(&format!("{console}/callback?code=x&state={state}{iss}")).await;
        assert_eq!((mixed.status, mixed.text("h1").as_deref()), (400, Some("The answer came from elsewhere")));
    }
}

#[tokio::test]
async fn the_api_takes_a_token_with_its_scope_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("more.toml");
    let more = r#"
        [[resource]]
        id = "https://api.acme.example"
        scopes = ["ecs:read", "ecs:write"]
        introspection_client = "billing-api"
        [[client]]
        client_id = "writer"
        client_secret = "writer-secret-writer-secret-writer-secret"
        grant_types = ["client_credentials"]
        token_endpoint_auth_method = "client_secret_basic"
        scope = "ecs:write"
        resources = ["https://api.acme.example"]
    "#;
    std::fs::write(&file, more).unwrap();
    let demo = RunningDemo::start(&["--apply", file.to_str().unwrap()]);
    let visitor = Api::of(&demo);

    let reader = visitor.token(BILLING_API, BILLING_API_SECRET).await;
    assert_eq!(visitor.call(Some(&reader)).await, (200, None));
    let writer = visitor.token("writer", "writer-secret-writer-secret-writer-secret").await;
    let (status, challenge) = visitor.call(Some(&writer)).await;
    assert_eq!(status, 403);
    assert!(challenge.unwrap().contains("error=\"insufficient_scope\""));
    let (status, challenge) = visitor.call(Some("mat_made-up")).await;
    assert_eq!(status, 401);
    assert!(challenge.unwrap().contains("error=\"invalid_token\""));
    let (status, challenge) = visitor.call(None).await;
    assert_eq!((status, challenge.as_deref()), (401, Some("Bearer realm=\"https://api.acme.example\"")));
}

#[tokio::test]
async fn everything_is_said_before_it_is_ready_and_nothing_is_left_behind() {
    let demo = RunningDemo::start(&[]);
    let said = demo.said.join("\n");
    for expected in [&demo.addresses.issuer, &demo.addresses.console, &demo.addresses.api, PASSWORD, CONSOLE] {
        assert!(said.contains(expected), "{expected}");
    }
    let data = demo.data();
    assert!(data.join("demo.toml").is_file());
    assert!(demo.terminate().success());
    assert!(!data.exists());
}

#[tokio::test]
async fn data_that_are_kept_are_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("kept").display().to_string();
    let mut subjects = Vec::new();
    for _start in 0..2 {
        let demo = RunningDemo::start(&["--data", &data]);
        let (_visitor, home) = signed_in(&demo, "alice@acme").await;
        subjects.push(home.claim("id-token", "sub").unwrap());
        assert!(demo.terminate().success());
    }
    assert_eq!(subjects[0], subjects[1]);
}

fn port(origin: &str) -> u16 {
    origin.rsplit(':').next().unwrap().parse().unwrap()
}

/// A program that calls the example API.
struct Api {
    client: Client,
    token_endpoint: String,
    url: String,
}

impl Api {
    fn of(demo: &RunningDemo) -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        let token_endpoint = format!("{}/token", demo.addresses.issuer);
        Self { client, token_endpoint, url: format!("{}{}", demo.addresses.api, api::PATH) }
    }

    async fn token(&self, client_id: &str, secret: &str) -> String {
        let request = self.client.post(&self.token_endpoint).basic_auth(client_id, Some(secret));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body("grant_type=client_credentials").send().await.unwrap().text().await.unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        answer.get("access_token").and_then(Value::as_str).unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// Status and challenge.
    async fn call(&self, token: Option<&str>) -> (u16, Option<String>) {
        let request = self.client.get(&self.url);
        let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
        let answer = request.send().await.unwrap();
        let challenge = answer.headers().get("www-authenticate").map(|value| value.to_str().unwrap().to_owned());
        (answer.status().as_u16(), challenge)
    }
}
