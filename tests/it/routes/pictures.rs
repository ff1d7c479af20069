//! Pictures: nobody can bring one, and ours are nothing but pictures.

use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use menshen::identity::apply::Format;
use menshen::web::assets;
use menshen::web::routes::TABLE;
use rstest::rstest;
use serde_json::json;

use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{OPS, SECRET};
use crate::support::idp::{ISSUER, TestIdp};

/// A page that calls itself a picture, as a browser would guess it.
const POLYGLOT: &str = "GIF89a/*<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'>*/=1;alert(1)</svg>";

#[rstest]
#[actix_web::test]
async fn wb_04_no_route_takes_a_picture(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let browser = idp.browser();
    browser.sign_in(OPS).await;
    for row in TABLE.iter().filter(|row| row.methods.contains(&"POST")) {
        let path = row.path.replace("{account}", "acme").replace("{name}", "corp");
        for kind in ["image/svg+xml", "image/gif", "text/html", "multipart/form-data; boundary=x"] {
            let request = TestRequest::post()
                .insert_header(("Origin", ISSUER))
                .insert_header(("Content-Type", kind))
                .set_payload(POLYGLOT);
            let answer = browser.send(request, &path).await;
            assert!(answer.status.is_client_error(), "{path} {kind}: {}", answer.status);
            assert!(!answer.body.contains("alert(1)"), "{path} {kind}");
        }
    }
    for path in ["/assets/logo.svg", "/assets/x.gif", "/uploads/x.svg", "/avatar", "/logo"] {
        assert_eq!(browser.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[rstest]
#[actix_web::test]
async fn wb_04_a_clients_logo_is_never_fetched_and_never_shown(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::start(backend).await;
    let client = |logo: &str| {
        json!({"client": [{"client_id": "report-tool", "client_secret": SECRET, "client_name": "Report Tool",
            "redirect_uris": ["https://report.test/cb"], "scope": "openid profile", "logo_uri": logo,
            "grant_types": ["authorization_code", "refresh_token"]}]})
    };
    for odd in
        ["javascript:alert(1)", "data:image/svg+xml,<svg onload=alert(1)>", "file:///etc/passwd", "//evil.test/x"]
    {
        let refused = idp.identity().read_declaration(&client(odd).to_string(), Format::Json);
        assert!(refused.is_err_and(|wrong| wrong.to_string().contains("logo_uri")), "{odd}");
    }
    idp.apply(&client("https://evil.test/logo.svg")).await;
    let browser = idp.browser();
    let consent = browser.sign_in_for(&idp.client("report-tool").request(), OPS).await;
    assert_eq!(consent.path(), "/consent");
    let apps = {
        browser.press(&consent, "#consent-approve").await;
        browser.open("/me/apps").await
    };
    for page in [consent, apps] {
        assert!(!page.body.contains("evil.test"), "{}", page.body);
        assert!(page.attributes("img", "src").iter().all(|source| source.starts_with("/assets/")));
    }
}

#[actix_web::test]
async fn wb_04_our_own_picture_runs_nothing_when_it_is_opened_by_itself() {
    let idp = TestIdp::start(Sqlite).await;
    let mark = idp.browser().get(assets::logo_url()).await;
    assert_eq!(mark.header("content-type"), Some("image/svg+xml; charset=utf-8"));
    assert_eq!(mark.header("x-content-type-options"), Some("nosniff"));
    let policy = mark.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.ends_with("sandbox"), "{policy}");
    for asset in assets::all() {
        let text = String::from_utf8_lossy(asset.body);
        assert!(
            asset.path.split('.').next_back() != Some("svg") || !(text.contains("<script") || text.contains(" on")),
            "{}",
            asset.path
        );
    }
}
