//! What a client registers: the names of RFC 7591 and OpenID Connect Dynamic
//! Client Registration 1.0, and ours.
//!
//! The `apply` file reads it, the store keeps it as JSON, and every rule about a
//! client asks it. Reading fills in the defaults and refuses unknown names and
//! unknown values (so `password` and `implicit` end here); whether the values
//! fit together is decided by [`ClientMetadata::validate`] in `client_rules`.
//! `client_id`, the secret and the status are not metadata: `domain` keeps them.

use serde_json::Value;

pub use super::account_hints::AccountAffinity;
pub use super::client_values::{
    AccessTokenFormat, AssertionAlg, ClientAuthMethod, ConsentPolicy, GrantType, ResponseType, SigningAlg,
};
use super::redirect_uri::ApplicationType;
use super::scope::Scope;
use crate::base::id::ResourceId;

/// A client's registration with its defaults filled in.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "the flags are the registered names of the wire format")]
pub struct ClientMetadata {
    /// Name for people, at most 100 characters.
    pub client_name: Option<String>,
    /// Home page.
    pub client_uri: Option<String>,
    /// Logo, shown only when it is served from here.
    pub logo_uri: Option<String>,
    /// Terms of service.
    pub tos_uri: Option<String>,
    /// Privacy policy.
    pub policy_uri: Option<String>,
    /// Addresses of the people responsible.
    pub contacts: Vec<String>,
    /// Alias or id of the account that owns the client, if any.
    pub owner_account: Option<String>,
    /// `web` or `native`.
    pub application_type: ApplicationType,
    /// Where answers may go.
    pub redirect_uris: Vec<String>,
    /// Where a sign-out may go.
    pub post_logout_redirect_uris: Vec<String>,
    /// Where it wants to be told that a sign-in is over (Back-Channel Logout 1.0).
    pub backchannel_logout_uri: Option<String>,
    /// Whether it needs `sid` for that; it always gets it.
    pub backchannel_logout_session_required: bool,
    /// What is loaded in the person's browser when a sign-in is over
    /// (Front-Channel Logout 1.0).
    pub frontchannel_logout_uri: Option<String>,
    /// Whether it needs `iss` and `sid` for that; it always gets them.
    pub frontchannel_logout_session_required: bool,
    /// Where the platform may send people to start a sign-in.
    pub initiate_login_uri: Option<String>,
    /// Origins whose scripts may call the token and userinfo endpoints.
    pub allowed_cors_origins: Vec<String>,
    /// What the client may present at the token endpoint.
    pub grant_types: Vec<GrantType>,
    /// `code` alone.
    pub response_types: Vec<ResponseType>,
    /// How the client proves itself.
    pub token_endpoint_auth_method: ClientAuthMethod,
    /// The one algorithm of its assertions; any served one when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<AssertionAlg>,
    /// Its public keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// Where its public keys are.
    pub jwks_uri: Option<String>,
    /// The scopes it may ask for.
    pub scope: Scope,
    /// APIs its tokens may be for; the first is the default audience (RFC 8707).
    pub resources: Vec<ResourceId>,
    /// Shape of its access tokens.
    pub access_token_format: AccessTokenFormat,
    /// Algorithm of its `at+jwt`.
    pub access_token_signed_response_alg: SigningAlg,
    /// Algorithm of its ID tokens.
    pub id_token_signed_response_alg: SigningAlg,
    /// Belongs to the house: no "unverified" mark, implicit consent by default.
    pub first_party: bool,
    /// Is a code challenge required?
    pub require_pkce: bool,
    /// Who is asked; by default the person, but for first-party clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<ConsentPolicy>,
    /// Oldest sign-in it takes when it does not say, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<u64>,
    /// Wants `auth_time` in every ID token.
    pub require_auth_time: bool,
    /// Assurance it wishes for when it does not say.
    pub default_acr_values: Vec<String>,
    /// Gets the account claims whatever the scope.
    pub always_include_account_claims: bool,
    /// Which account a silent request takes when several are signed in.
    pub account_affinity: AccountAffinity,
    /// Shows the chooser even when one account alone is signed in.
    pub always_confirm_account: bool,
    /// Principal types that it takes; all when empty.
    pub allowed_principal_types: Vec<String>,
    /// Aliases or ids of the accounts whose people it takes; all when empty.
    pub allowed_owner_accounts: Vec<String>,
    /// Login methods that it takes; all when empty.
    pub allowed_login_methods: Vec<String>,
}

impl Default for ClientMetadata {
    fn default() -> Self {
        Self {
            client_name: None,
            client_uri: None,
            logo_uri: None,
            tos_uri: None,
            policy_uri: None,
            contacts: Vec::new(),
            owner_account: None,
            application_type: ApplicationType::Web,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            backchannel_logout_uri: None,
            backchannel_logout_session_required: false,
            frontchannel_logout_uri: None,
            frontchannel_logout_session_required: false,
            initiate_login_uri: None,
            allowed_cors_origins: Vec::new(),
            grant_types: vec![GrantType::AuthorizationCode],
            response_types: vec![ResponseType::Code],
            token_endpoint_auth_method: ClientAuthMethod::ClientSecretBasic,
            token_endpoint_auth_signing_alg: None,
            jwks: None,
            jwks_uri: None,
            scope: Scope::default(),
            resources: Vec::new(),
            access_token_format: AccessTokenFormat::Opaque,
            access_token_signed_response_alg: SigningAlg::Es256,
            id_token_signed_response_alg: SigningAlg::Rs256,
            first_party: false,
            require_pkce: true,
            consent: None,
            default_max_age: None,
            require_auth_time: false,
            default_acr_values: Vec::new(),
            always_include_account_claims: false,
            account_affinity: AccountAffinity::None,
            always_confirm_account: false,
            allowed_principal_types: Vec::new(),
            allowed_owner_accounts: Vec::new(),
            allowed_login_methods: Vec::new(),
        }
    }
}

impl ClientMetadata {
    /// May the client use this grant?
    #[must_use]
    pub fn allows(&self, grant_type: GrantType) -> bool {
        self.grant_types.contains(&grant_type)
    }

    /// Who is asked before it gets claims.
    #[must_use]
    pub fn consent_policy(&self) -> ConsentPolicy {
        let by_default = if self.first_party { ConsentPolicy::Implicit } else { ConsentPolicy::Explicit };
        self.consent.unwrap_or(by_default)
    }

    /// Has it no way to keep a secret?
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.token_endpoint_auth_method == ClientAuthMethod::None
    }
}
