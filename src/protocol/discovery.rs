//! The discovery document (OpenID Connect Discovery 1.0 §3) and the metadata of
//! the authorization server (RFC 8414 §2): one document under two addresses.
//!
//! What stands here is enforced; what is not enforced does not stand here. The
//! document is a plain serde struct: openidconnect's metadata type has no member
//! for introspection, revocation or `iss` parameters, and here each member has
//! its line. A test reads it back with that crate.

use super::authorization::Display;
use super::claims;
use super::client_metadata::{AssertionAlg, ClientAuthMethod, GrantType, SigningAlg};
use super::pkce;
use super::response::ResponseMode;
use super::scope;

/// Address of the OpenID Connect document, below the issuer.
pub const OPENID_CONFIGURATION_PATH: &str = "/.well-known/openid-configuration";
/// Address of the OAuth document, below the issuer.
pub const AUTHORIZATION_SERVER_PATH: &str = "/.well-known/oauth-authorization-server";
/// Authorization endpoint, below the issuer.
pub const AUTHORIZE_PATH: &str = "/authorize";
/// Token endpoint, below the issuer.
pub const TOKEN_PATH: &str = "/token";
/// Userinfo endpoint, below the issuer.
pub const USERINFO_PATH: &str = "/userinfo";
/// Our public keys, below the issuer.
pub const JWKS_PATH: &str = "/jwks";
/// Introspection endpoint, below the issuer.
pub const INTROSPECT_PATH: &str = "/introspect";
/// Revocation endpoint, below the issuer.
pub const REVOKE_PATH: &str = "/revoke";
/// RP-initiated logout, below the issuer.
pub const LOGOUT_PATH: &str = "/logout";

/// Languages of the pages.
pub const UI_LOCALES_SUPPORTED: [&str; 2] = ["zh-CN", "en"];

/// What the document cannot know by itself.
#[derive(Clone, Copy, Debug)]
pub struct Capabilities<'a> {
    /// The issuer, exact, without a slash at its end.
    pub issuer: &'a str,
    /// The assurance levels that a sign-in can reach.
    pub acr_values: &'a [&'static str],
    /// The values of `prompt` that lead somewhere here.
    pub prompt_values: &'a [&'static str],
}

/// The document. Member names are those of the IANA registry.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize)]
#[expect(missing_docs, reason = "the names are those of the IANA registry of authorization server metadata")]
#[expect(clippy::struct_excessive_bools, reason = "the flags are members of the wire format")]
pub struct ProviderMetadata {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub userinfo_endpoint: String,
    pub jwks_uri: String,
    pub introspection_endpoint: String,
    pub revocation_endpoint: String,
    pub end_session_endpoint: String,
    pub scopes_supported: Vec<&'static str>,
    pub response_types_supported: Vec<&'static str>,
    pub response_modes_supported: Vec<&'static str>,
    pub grant_types_supported: Vec<&'static str>,
    pub subject_types_supported: Vec<&'static str>,
    pub id_token_signing_alg_values_supported: Vec<&'static str>,
    pub token_endpoint_auth_methods_supported: Vec<&'static str>,
    pub token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    pub introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    pub introspection_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    pub revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    pub revocation_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    pub code_challenge_methods_supported: Vec<&'static str>,
    pub claims_supported: Vec<&'static str>,
    pub claim_types_supported: Vec<&'static str>,
    pub claims_parameter_supported: bool,
    pub request_parameter_supported: bool,
    pub request_uri_parameter_supported: bool,
    pub prompt_values_supported: Vec<&'static str>,
    pub acr_values_supported: Vec<&'static str>,
    pub ui_locales_supported: Vec<&'static str>,
    pub display_values_supported: Vec<&'static str>,
    pub authorization_response_iss_parameter_supported: bool,
    pub backchannel_logout_supported: bool,
    pub backchannel_logout_session_supported: bool,
    pub frontchannel_logout_supported: bool,
    pub frontchannel_logout_session_supported: bool,
}

impl ProviderMetadata {
    /// The document of one issuer. Build it once: it changes with the configuration alone.
    #[must_use]
    pub fn new(capabilities: &Capabilities<'_>) -> Self {
        let at = |path: &str| format!("{}{path}", capabilities.issuer);
        let auth_methods: Vec<_> = ClientAuthMethod::ALL.into_iter().map(ClientAuthMethod::as_str).collect();
        let proving = |method: &ClientAuthMethod| *method != ClientAuthMethod::None;
        let proofs: Vec<_> = ClientAuthMethod::ALL.into_iter().filter(proving).map(ClientAuthMethod::as_str).collect();
        let assertion_algs: Vec<_> = AssertionAlg::ALL.into_iter().map(AssertionAlg::as_str).collect();
        Self {
            issuer: capabilities.issuer.to_owned(),
            authorization_endpoint: at(AUTHORIZE_PATH),
            token_endpoint: at(TOKEN_PATH),
            userinfo_endpoint: at(USERINFO_PATH),
            jwks_uri: at(JWKS_PATH),
            introspection_endpoint: at(INTROSPECT_PATH),
            revocation_endpoint: at(REVOKE_PATH),
            end_session_endpoint: at(LOGOUT_PATH),
            scopes_supported: scope::STANDARD.to_vec(),
            response_types_supported: vec!["code"],
            response_modes_supported: ResponseMode::SUPPORTED.to_vec(),
            grant_types_supported: GrantType::ALL.into_iter().map(GrantType::as_str).collect(),
            subject_types_supported: vec!["public"],
            id_token_signing_alg_values_supported: SigningAlg::ALL.into_iter().map(SigningAlg::as_str).collect(),
            token_endpoint_auth_methods_supported: auth_methods.clone(),
            token_endpoint_auth_signing_alg_values_supported: assertion_algs.clone(),
            introspection_endpoint_auth_methods_supported: proofs,
            introspection_endpoint_auth_signing_alg_values_supported: assertion_algs.clone(),
            revocation_endpoint_auth_methods_supported: auth_methods,
            revocation_endpoint_auth_signing_alg_values_supported: assertion_algs,
            code_challenge_methods_supported: vec![pkce::METHOD],
            claims_supported: claims::supported().collect(),
            claim_types_supported: vec!["normal"],
            claims_parameter_supported: true,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
            prompt_values_supported: capabilities.prompt_values.to_vec(),
            acr_values_supported: capabilities.acr_values.to_vec(),
            ui_locales_supported: UI_LOCALES_SUPPORTED.to_vec(),
            display_values_supported: Display::SUPPORTED.to_vec(),
            authorization_response_iss_parameter_supported: true,
            backchannel_logout_supported: true,
            backchannel_logout_session_supported: true,
            frontchannel_logout_supported: true,
            frontchannel_logout_session_supported: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use openidconnect::core::{CoreJwsSigningAlgorithm, CoreProviderMetadata};

    use super::*;
    use crate::protocol::prompt::PROMPT_VALUES_SUPPORTED;

    fn document() -> serde_json::Value {
        let capabilities = Capabilities {
            issuer: "https://id.acme.example",
            acr_values: &["aal1"],
            prompt_values: PROMPT_VALUES_SUPPORTED,
        };
        serde_json::to_value(ProviderMetadata::new(&capabilities)).unwrap()
    }

    #[test]
    fn the_openidconnect_crate_reads_the_document() {
        let read: CoreProviderMetadata = serde_json::from_value(document()).unwrap();
        assert_eq!(read.issuer().as_str(), "https://id.acme.example");
        assert_eq!(read.token_endpoint().unwrap().as_str(), "https://id.acme.example/token");
        assert!(read.id_token_signing_alg_values_supported().contains(&CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256));
    }

    /// What is advertised is enforced: a member that joins needs its proof.
    #[test]
    fn nothing_else_is_advertised() {
        let document = document();
        let names: Vec<_> = document.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names.len(), 35, "{names:?}");
        for absent in
            ["registration_endpoint", "pushed_authorization_request_endpoint", "device_authorization_endpoint"]
        {
            assert!(!names.contains(&absent));
        }
    }

    /// conformance-needs 11.
    #[test]
    fn lists_hold_what_conformance_asks_for() {
        let document = document();
        assert!(document["scopes_supported"].as_array().unwrap().contains(&"openid".into()));
        assert_eq!(document["response_types_supported"], serde_json::json!(["code"]));
        assert_eq!(document["code_challenge_methods_supported"], serde_json::json!(["S256"]));
        assert_eq!(
            document["prompt_values_supported"],
            serde_json::json!(["none", "login", "consent", "select_account", "create"])
        );
        assert!(!document["introspection_endpoint_auth_methods_supported"].to_string().contains("none"));
        assert!(!document["claims_supported"].as_array().unwrap().is_empty());
    }
}
