//! Registrations that are taken and registrations that are refused.

use rstest::rstest;
use serde_json::json;

use super::*;
use crate::protocol::client_metadata::{ConsentPolicy, SigningAlg};

fn refusal(changes: &Value) -> String {
    let mut client = json!({"redirect_uris": ["https://rp.test/cb"]});
    for (name, value) in changes.as_object().unwrap() {
        client[name] = value.clone();
    }
    match serde_json::from_value::<ClientMetadata>(client) {
        Ok(client) => client.validate().map_or_else(|error| error.to_string(), |_| "taken".to_owned()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_client_of_the_contract_is_taken() {
    let text = r#"
        redirect_uris = ["http://localhost:8082/callback"]
        post_logout_redirect_uris = ["http://localhost:8082/"]
        grant_types = ["authorization_code", "refresh_token"]
        token_endpoint_auth_method = "client_secret_basic"
        scope = "openid profile email phone address account offline_access"
        access_token_format = "opaque"
        application_type = "web"
        first_party = true
        require_pkce = true
        consent = "implicit"
        resources = ["https://api.acme.example"]
    "#;
    let client = toml::from_str::<ClientMetadata>(text).unwrap().validate().unwrap();
    assert!(client.has_redirect_uri("http://localhost:8082/callback"));
    assert!(
        client.has_post_logout_redirect_uri("http://localhost:8082/")
            && !client.has_redirect_uri("http://localhost:8082/")
    );
    let stored = serde_json::to_string(client.metadata()).unwrap();
    assert_eq!(&serde_json::from_str::<ClientMetadata>(&stored).unwrap(), client.metadata());
}

#[test]
fn defaults_are_the_safe_ones() {
    let client: ClientMetadata = toml::from_str("").unwrap();
    assert!(client.require_pkce && !client.first_party && !client.is_public());
    assert_eq!(client.consent_policy(), ConsentPolicy::Explicit);
    assert_eq!(client.id_token_signed_response_alg, SigningAlg::Rs256);
    assert_eq!(serde_json::to_value(SigningAlg::Rs256).unwrap(), "RS256");
}

/// DR-05, DR-06, CA-05.
#[rstest]
#[case(json!({"grant_types": ["password"]}), "unknown variant `password`")]
#[case(json!({"grant_types": ["implicit"]}), "unknown variant `implicit`")]
#[case(json!({"response_types": ["token"]}), "unknown variant `token`")]
#[case(json!({"shoe_size": 1}), "unknown field `shoe_size`")]
#[case(json!({"grant_types": []}), "grant_types is empty")]
#[case(json!({"allowed_login_methods": ["sms", "oidc.corp", "oidc"]}), "taken")]
#[case(json!({"allowed_login_methods": ["sms", "qq"]}), "allowed_login_methods names something else than a login method")]
#[case(json!({"redirect_uris": []}), "redirect_uris is required")]
#[case(json!({"redirect_uris": ["https://rp.test/cb#x"]}), "which has a fragment")]
#[case(json!({"post_logout_redirect_uris": ["javascript:alert(1)"]}), "scheme")]
#[case(json!({"grant_types": ["refresh_token"]}), "without a grant that gives one")]
#[case(json!({"grant_types": ["client_credentials"], "token_endpoint_auth_method": "none"}), "public client")]
#[case(json!({"token_endpoint_auth_method": "private_key_jwt"}), "without jwks")]
#[case(json!({"token_endpoint_auth_signing_alg": "ES256"}), "needs private_key_jwt")]
#[case(json!({"jwks": {"keys": []}}), "has no keys")]
#[case(json!({"jwks": {"keys": [{"kty": "oct", "k": "x"}]}}), "neither RSA nor EC")]
#[case(json!({"jwks": {"keys": [{"kty": "EC", "d": "x"}]}}), "private key")]
#[case(json!({"jwks": {"keys": [{"kty": "EC"}]}, "jwks_uri": "https://rp.test/jwks"}), "one of them")]
#[case(json!({"jwks_uri": "http://10.0.0.1/jwks"}), "jwks_uri uses http")]
#[case(json!({"client_name": "x".repeat(101)}), "longer than 100")]
#[case(json!({"client_name": "Bank\u{202E}knaB"}), "direction")]
#[case(json!({"client_name": "Ba\u{200B}nk"}), "zero-width")]
#[case(json!({"client_name": " "}), "client_name is empty")]
#[case(json!({"client_name": "<script>门神</script>"}), "taken")]
#[case(json!({"allowed_cors_origins": ["https://spa.test/"]}), "allowed_cors_origins")]
#[case(json!({"allowed_cors_origins": ["null"]}), "allowed_cors_origins")]
#[case(json!({"allowed_cors_origins": ["*"]}), "allowed_cors_origins")]
#[case(json!({"allowed_cors_origins": ["https://spa.test:8443"]}), "taken")]
#[case(json!({"resources": ["api"]}), "resources names")]
#[case(json!({"resources": vec!["https://api.test"; 51]}), "more than 50")]
fn a_registration_is_taken_or_refused_with_its_reason(#[case] changes: Value, #[case] reason: &str) {
    let refusal = refusal(&changes);
    assert!(refusal.contains(reason), "{refusal}");
}

#[test]
fn a_wrong_redirect_uri_has_a_code_of_its_own() {
    let wrong = ClientMetadata { redirect_uris: vec!["x".to_owned()], ..ClientMetadata::default() };
    assert_eq!(wrong.validate().unwrap_err().code(), ErrorCode::InvalidRedirectUri);
    assert_eq!(MetadataError::new("jwks", "x").code(), ErrorCode::InvalidClientMetadata);
}
