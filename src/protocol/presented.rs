//! How a caller proves itself: client authentication of the token, introspection
//! and revocation endpoints (RFC 6749 §2.3, RFC 7521 §4.2) and Bearer tokens
//! (RFC 6750 §2). Only the shape is read here; whether a proof is *right* is for
//! `token` to decide.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::client_metadata::ClientAuthMethod;
use super::error::{ErrorCode, ProtocolError};
use super::params::{RawParams, form_decode};
use crate::base::Secret;
use crate::base::id::ClientId;

/// The one type of assertion (RFC 7523 §2.2).
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Longest `Authorization` value that is looked at, in bytes.
const MAX_HEADER: usize = 8 * 1024;

/// A client as it presented itself, by exactly one method.
pub enum PresentedClient {
    /// Secret in the `Authorization` header.
    Basic {
        /// Who it says it is.
        client_id: ClientId,
        /// Its proof.
        secret: Secret<String>,
    },
    /// Secret in the body.
    Post {
        /// Who it says it is.
        client_id: ClientId,
        /// Its proof.
        secret: Secret<String>,
    },
    /// Signed JWT in the body.
    Assertion {
        /// Who it says it is, if it says so beside the assertion; must equal the assertion's `sub`.
        client_id: Option<ClientId>,
        /// Its proof.
        assertion: Secret<String>,
    },
    /// No proof: a public client.
    Public {
        /// Who it says it is.
        client_id: ClientId,
    },
}

impl PresentedClient {
    /// Reads the `Authorization` header and the body.
    ///
    /// `invalid_request` for two methods at once (CA-03), for a body that names
    /// another client than the header (CA-04) and for a repeated parameter;
    /// `invalid_client` for a header that cannot be read and for no client at all.
    pub fn parse(authorization: Option<&str>, body: &RawParams) -> Result<Self, ProtocolError> {
        body.refuse_repeated()?;
        let named = body.optional("client_id").map(ClientId::from_text);
        let secret = body.optional("client_secret");
        let assertion = assertion(body)?;
        let methods = [authorization.is_some(), secret.is_some(), assertion.is_some()];
        if methods.into_iter().filter(|used| *used).count() > 1 {
            return Err(ProtocolError::invalid_request("the client authenticates in more than one way"));
        }
        if let Some(header) = authorization {
            return basic(header, named.as_ref());
        }
        match (named, secret, assertion) {
            (client_id, _, Some(assertion)) => Ok(Self::Assertion { client_id, assertion }),
            (Some(client_id), Some(secret), None) => {
                Ok(Self::Post { client_id, secret: Secret::new(secret.to_owned()) })
            }
            (Some(client_id), None, None) => Ok(Self::Public { client_id }),
            (None, _, None) => Err(ProtocolError::new(ErrorCode::InvalidClient, "the client is missing")),
        }
    }

    /// The method by which it presented itself.
    #[must_use]
    pub const fn method(&self) -> ClientAuthMethod {
        match self {
            Self::Basic { .. } => ClientAuthMethod::ClientSecretBasic,
            Self::Post { .. } => ClientAuthMethod::ClientSecretPost,
            Self::Assertion { .. } => ClientAuthMethod::PrivateKeyJwt,
            Self::Public { .. } => ClientAuthMethod::None,
        }
    }

    /// Who it says it is; `None` for an assertion that stands alone.
    #[must_use]
    pub const fn client_id(&self) -> Option<&ClientId> {
        match self {
            Self::Basic { client_id, .. } | Self::Post { client_id, .. } | Self::Public { client_id } => {
                Some(client_id)
            }
            Self::Assertion { client_id, .. } => client_id.as_ref(),
        }
    }
}

fn assertion(body: &RawParams) -> Result<Option<Secret<String>>, ProtocolError> {
    match (body.optional("client_assertion"), body.optional("client_assertion_type")) {
        (None, None) => Ok(None),
        (Some(assertion), Some(JWT_BEARER)) => Ok(Some(Secret::new(assertion.to_owned()))),
        (Some(_), Some(_)) => {
            Err(ProtocolError::new(ErrorCode::InvalidClient, "client_assertion_type is not supported"))
        }
        (Some(_), None) | (None, Some(_)) => {
            Err(ProtocolError::invalid_request("client_assertion and client_assertion_type belong together"))
        }
    }
}

/// Name and secret are form-encoded each before they are joined and encoded
/// (RFC 6749 §2.3.1, hostile case CA-02).
fn basic(header: &str, named: Option<&ClientId>) -> Result<PresentedClient, ProtocolError> {
    let (client_id, secret) = credentials(header, "basic").and_then(read_basic).ok_or_else(|| {
        ProtocolError::new(ErrorCode::InvalidClient, "the Authorization header is not well-formed Basic")
    })?;
    if named.is_some_and(|named| *named != client_id) {
        return Err(ProtocolError::invalid_request("client_id differs from the Authorization header"));
    }
    Ok(PresentedClient::Basic { client_id, secret })
}

fn read_basic(encoded: &str) -> Option<(ClientId, Secret<String>)> {
    let joined = Secret::new(STANDARD.decode(encoded).ok()?);
    let mut halves = joined.expose().splitn(2, |byte| *byte == b':');
    let client_id = form_decode(halves.next()?).filter(|text| !text.is_empty())?;
    let secret = form_decode(halves.next()?)?;
    Some((ClientId::from_text(client_id), Secret::new(secret)))
}

/// What follows the scheme, if the header has this scheme in whatever case.
fn credentials<'a>(header: &'a str, scheme: &str) -> Option<&'a str> {
    let (found, rest) = header.split_once(' ').unwrap_or((header, ""));
    (header.len() <= MAX_HEADER && found.eq_ignore_ascii_case(scheme)).then(|| rest.trim_matches(' '))
}

/// Reads a Bearer token from the header or the body of a form, never from a
/// query; `None` when there is none. Both at once are `invalid_request`, a token
/// that has another alphabet is `invalid_token` (RFC 6750 §2, §3.1).
pub fn bearer_token(
    authorization: Option<&str>,
    body: Option<&RawParams>,
) -> Result<Option<Secret<String>>, ProtocolError> {
    if body.is_some_and(|body| body.is_repeated("access_token")) {
        return Err(ProtocolError::invalid_request("the parameter access_token stands more than once"));
    }
    let in_header = authorization.and_then(|header| credentials(header, "bearer"));
    let in_body = body.and_then(|body| body.optional("access_token"));
    let token = match (in_header, in_body) {
        (Some(_), Some(_)) => return Err(ProtocolError::invalid_request("the access token stands in header and body")),
        (Some(""), None) => return Err(ProtocolError::invalid_request("the access token is missing")),
        (Some(token), None) | (None, Some(token)) => token,
        (None, None) => return Ok(None),
    };
    if token.trim_end_matches('=').bytes().all(is_token_byte) {
        Ok(Some(Secret::new(token.to_owned())))
    } else {
        Err(ProtocolError::new(ErrorCode::InvalidToken, "the access token is not well-formed"))
    }
}

/// `b64token` without its padding (RFC 6750 §2.1).
const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn header(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    fn presented(authorization: Option<&str>, body: &str) -> Result<PresentedClient, ErrorCode> {
        let body = RawParams::parse(body.as_bytes()).unwrap();
        PresentedClient::parse(authorization, &body).map_err(|error| error.code())
    }

    fn secret_of(client: PresentedClient) -> (String, String) {
        match client {
            PresentedClient::Basic { client_id, secret } | PresentedClient::Post { client_id, secret } => {
                (client_id.to_string(), secret.expose().clone())
            }
            PresentedClient::Assertion { .. } | PresentedClient::Public { .. } => panic!("no secret"),
        }
    }

    #[rstest]
    #[case("client_id=a", ClientAuthMethod::None)]
    #[case("client_id=a&client_secret=", ClientAuthMethod::None)]
    #[case("client_id=a&client_secret=s", ClientAuthMethod::ClientSecretPost)]
    #[case(&format!("client_assertion=j&client_assertion_type={JWT_BEARER}"), ClientAuthMethod::PrivateKeyJwt)]
    fn each_method_in_the_body_is_recognised(#[case] body: &str, #[case] method: ClientAuthMethod) {
        assert_eq!(presented(None, body).ok().unwrap().method(), method);
    }

    /// CA-02.
    #[test]
    fn basic_credentials_are_form_decoded_after_base64() {
        let client = presented(Some(&header("a%3Ab:%3A%25%2B%26%C3%A9%F0%9F%98%80+x")), "").ok().unwrap();
        assert_eq!(secret_of(client), ("a:b".to_owned(), ":%+&é😀 x".to_owned()));
        assert_eq!(presented(Some(&header("a:%+&")), "").err(), Some(ErrorCode::InvalidClient));
    }

    #[rstest]
    #[case("Basic")]
    #[case("Basic !!!")]
    #[case("Bearer abc")]
    #[case("Basic YQ==")]
    #[case("Basic OnM=")]
    #[case("")]
    fn an_unreadable_header_is_an_invalid_client(#[case] header: &str) {
        assert_eq!(presented(Some(header), "client_id=a").err(), Some(ErrorCode::InvalidClient));
    }

    /// CA-03, CA-04.
    #[rstest]
    #[case(Some("a:s"), "client_id=a&client_secret=s".to_owned())]
    #[case(Some("a:s"), format!("client_assertion=j&client_assertion_type={JWT_BEARER}"))]
    #[case(None, format!("client_id=a&client_secret=s&client_assertion=j&client_assertion_type={JWT_BEARER}"))]
    #[case(None, format!("client_assertion=j&client_assertion=k&client_assertion_type={JWT_BEARER}"))]
    #[case(None, "client_id=a&client_id=a".to_owned())]
    #[case(None, "client_id=a&client_assertion=j".to_owned())]
    #[case(Some("a:s"), "client_id=b".to_owned())]
    fn two_proofs_or_two_names_are_an_invalid_request(#[case] basic: Option<&str>, #[case] body: String) {
        let authorization = basic.map(header);
        assert_eq!(presented(authorization.as_deref(), &body).err(), Some(ErrorCode::InvalidRequest));
    }

    /// CA-04.
    #[test]
    fn the_same_name_in_header_and_body_is_fine() {
        let lower = header("a:s").replace("Basic", "bASIC");
        assert_eq!(secret_of(presented(Some(&lower), "client_id=a").ok().unwrap()), ("a".to_owned(), "s".to_owned()));
    }

    /// IR-01.
    #[rstest]
    #[case("")]
    #[case("client_secret=s")]
    #[case("client_assertion=j&client_assertion_type=saml")]
    fn no_client_at_all_is_an_invalid_client(#[case] body: &str) {
        assert_eq!(presented(None, body).err(), Some(ErrorCode::InvalidClient));
    }

    fn bearer(authorization: Option<&str>, body: &str) -> Result<Option<String>, ErrorCode> {
        let body = RawParams::parse(body.as_bytes()).unwrap();
        let token = bearer_token(authorization, Some(&body)).map_err(|error| error.code())?;
        Ok(token.map(|token| token.expose().clone()))
    }

    /// IR-08, conformance-needs 14.
    #[rstest]
    #[case(Some("Bearer t_1-~.+/=="), "", Ok(Some("t_1-~.+/==")))]
    #[case(Some("bearer  t"), "", Ok(Some("t")))]
    #[case(None, "access_token=t", Ok(Some("t")))]
    #[case(None, "", Ok(None))]
    #[case(Some("Basic t"), "", Ok(None))]
    #[case(Some("Bearer t"), "access_token=t", Err(ErrorCode::InvalidRequest))]
    #[case(None, "access_token=t&access_token=t", Err(ErrorCode::InvalidRequest))]
    #[case(Some("Bearer"), "", Err(ErrorCode::InvalidRequest))]
    #[case(Some("Bearer a b"), "", Err(ErrorCode::InvalidToken))]
    #[case(Some("Bearer 门"), "", Err(ErrorCode::InvalidToken))]
    fn a_bearer_token_stands_in_one_place(
        #[case] authorization: Option<&str>,
        #[case] body: &str,
        #[case] token: Result<Option<&str>, ErrorCode>,
    ) {
        assert_eq!(bearer(authorization, body), token.map(|token| token.map(str::to_owned)));
    }

    proptest! {
        #[test]
        fn any_header_is_read_or_refused_without_a_panic(header in "((?i)basic|bearer)? ?\\PC{0,40}") {
            let _ = presented(Some(&header), "");
            let _ = bearer(Some(&header), "");
        }
    }
}
