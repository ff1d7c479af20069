//! The token request: what is presented at `POST /token` (RFC 6749 §4.1.3, §4.4.2, §6).
//!
//! Only the shape is read here. Whether the client may use the grant, and
//! whether the code or token is right, `token` decides.

use super::client_metadata::GrantType;
use super::error::{ErrorCode, ProtocolError};
use super::params::RawParams;
use super::scope::Scope;
use crate::base::Secret;
use crate::base::id::ResourceId;

/// A token request of a served grant type.
pub enum TokenRequest {
    /// A code for tokens.
    AuthorizationCode {
        /// The code.
        code: Secret<String>,
        /// Must equal the one of the authorization request; absent is as wrong as another (TK-08).
        redirect_uri: Option<String>,
        /// Proof key as presented, whatever its shape: a wrong one burns the code (TK-04).
        code_verifier: Option<Secret<String>>,
        /// APIs the access token is for (RFC 8707).
        resources: Vec<ResourceId>,
    },
    /// A token for the client itself.
    ClientCredentials {
        /// Scope asked for; absent means the registered one.
        scope: Option<Scope>,
        /// APIs the access token is for (RFC 8707).
        resources: Vec<ResourceId>,
    },
    /// A refresh token for new tokens.
    RefreshToken {
        /// The refresh token.
        refresh_token: Secret<String>,
        /// Scope asked for; absent means the whole granted one.
        scope: Option<Scope>,
        /// APIs the access token is for (RFC 8707).
        resources: Vec<ResourceId>,
    },
}

impl TokenRequest {
    /// Reads the body. `invalid_request` for a missing or repeated parameter,
    /// `unsupported_grant_type` for every grant that is not served, `invalid_scope`
    /// for a malformed scope.
    pub fn parse(body: &RawParams) -> Result<Self, ProtocolError> {
        body.refuse_repeated()?;
        let resources = || body.all("resource").map(ResourceId::from_text).collect();
        match grant_type(body.required("grant_type")?)? {
            GrantType::AuthorizationCode => Ok(Self::AuthorizationCode {
                code: secret(body.required("code")?),
                redirect_uri: body.optional("redirect_uri").map(str::to_owned),
                code_verifier: body.optional("code_verifier").map(secret),
                resources: resources(),
            }),
            GrantType::ClientCredentials => Ok(Self::ClientCredentials { scope: scope(body)?, resources: resources() }),
            GrantType::RefreshToken => Ok(Self::RefreshToken {
                refresh_token: secret(body.required("refresh_token")?),
                scope: scope(body)?,
                resources: resources(),
            }),
        }
    }

    /// The grant type, to compare with the client's registration.
    #[must_use]
    pub const fn grant_type(&self) -> GrantType {
        match self {
            Self::AuthorizationCode { .. } => GrantType::AuthorizationCode,
            Self::ClientCredentials { .. } => GrantType::ClientCredentials,
            Self::RefreshToken { .. } => GrantType::RefreshToken,
        }
    }
}

fn grant_type(text: &str) -> Result<GrantType, ProtocolError> {
    GrantType::ALL
        .into_iter()
        .find(|grant_type| grant_type.as_str() == text)
        .ok_or_else(|| ProtocolError::new(ErrorCode::UnsupportedGrantType, "the grant type is not supported"))
}

fn scope(body: &RawParams) -> Result<Option<Scope>, ProtocolError> {
    body.optional("scope").map(Scope::parse).transpose()
}

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn parse(body: &str) -> Result<TokenRequest, ErrorCode> {
        TokenRequest::parse(&RawParams::parse(body.as_bytes()).unwrap()).map_err(|error| error.code())
    }

    #[test]
    fn a_code_is_read_with_all_that_belongs_to_it() {
        let body = "grant_type=authorization_code&code=c&redirect_uri=https://rp.test/cb&code_verifier=short&resource=r:a&resource=r:b";
        let Ok(TokenRequest::AuthorizationCode { code, redirect_uri, code_verifier, resources }) = parse(body) else {
            panic!("another grant");
        };
        assert_eq!(code.expose(), "c");
        assert_eq!(redirect_uri.as_deref(), Some("https://rp.test/cb"));
        assert_eq!(code_verifier.unwrap().expose(), "short");
        assert_eq!(resources, [ResourceId::from_text("r:a"), ResourceId::from_text("r:b")]);
    }

    #[test]
    fn a_refresh_and_a_service_token_may_name_their_scope() {
        let Ok(TokenRequest::RefreshToken { scope, .. }) = parse("grant_type=refresh_token&refresh_token=t&scope=b+a")
        else {
            panic!("another grant");
        };
        assert_eq!(scope.unwrap().to_string(), "a b");
        let Ok(request) = parse("grant_type=client_credentials") else { panic!("refused") };
        assert_eq!(request.grant_type(), GrantType::ClientCredentials);
    }

    /// TK-16, TK-19.
    #[rstest]
    #[case("", ErrorCode::InvalidRequest)]
    #[case("grant_type=", ErrorCode::InvalidRequest)]
    #[case("grant_type=password&username=a&password=b", ErrorCode::UnsupportedGrantType)]
    #[case("grant_type=AUTHORIZATION_CODE&code=c", ErrorCode::UnsupportedGrantType)]
    #[case("grant_type=urn:ietf:params:oauth:grant-type:device_code", ErrorCode::UnsupportedGrantType)]
    #[case("grant_type=authorization_code", ErrorCode::InvalidRequest)]
    #[case("grant_type=authorization_code&code=", ErrorCode::InvalidRequest)]
    #[case("grant_type=authorization_code&code=c&code=c", ErrorCode::InvalidRequest)]
    #[case("grant_type=refresh_token", ErrorCode::InvalidRequest)]
    #[case("grant_type=client_credentials&scope=a%22b", ErrorCode::InvalidScope)]
    fn a_wrong_request_has_its_own_error(#[case] body: &str, #[case] error: ErrorCode) {
        assert_eq!(parse(body).err(), Some(error));
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused_without_a_panic(grant in "(authorization_code|refresh_token|\\PC{0,9})", rest in "\\PC{0,40}") {
            if let Ok(body) = RawParams::parse(format!("grant_type={grant}&{rest}").as_bytes()) {
                let _ = TokenRequest::parse(&body);
            }
        }
    }
}
