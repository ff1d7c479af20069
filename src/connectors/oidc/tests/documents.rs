//! What a discovery document and a section may say.

use super::*;

#[rstest]
#[case(json!({"issuer": "https://evil.example"}))]
#[case(json!({"token_endpoint": "http://idp.example/token"}))]
#[case(json!({"jwks_uri": "file:///etc/passwd"}))]
#[case(json!({"authorization_endpoint": "javascript:alert(1)"}))]
#[case(json!({"userinfo_endpoint": "nowhere"}))]
#[case(json!({"jwks_uri": null}))]
#[tokio::test]
async fn a_document_that_names_forbidden_places_is_refused(#[case] change: Value) {
    let base = Url::parse("https://idp.example").unwrap();
    let document = Answer { status: 200, retry_after: None, body: discovery(&base, &change).into_bytes() };
    let error = Provider::read(ISSUER, &document, &wire().outbound).err().unwrap();
    assert_eq!(error.class(), Class::Malformed, "{error}");
}

#[rstest]
#[case("[login.oidc]\nissuer = \"https://x\"", "login.oidc.issuer: no such key")]
#[case("[login.oidc.corp]\nclient_id = \"x\"", "login.oidc.corp.issuer: is needed")]
#[case("[login.oidc.corp]\nissuer = \"http://idp.example\"", "login.oidc.corp.issuer: must begin with https://")]
#[case("[login.oidc.corp]\nissuer = \"https://x\"", "login.oidc.corp.client_id: is needed")]
#[case("[login.oidc.\"A B\"]\nissuer = \"https://x\"", "login.oidc.A B.issuer: the name of a provider")]
#[case("[login.oidc.corp]\ncolour = \"x\"", "login.oidc.corp.colour: no such key")]
fn a_wrong_section_is_told_its_key(#[case] toml: &str, #[case] told: &str) {
    let config = crate::config::Config::from_parts(toml, []).unwrap();
    let error = OidcSettings::read_all(&config.login.method("oidc")).err().unwrap().to_string();
    assert!(error.starts_with(told), "{error}");
}
