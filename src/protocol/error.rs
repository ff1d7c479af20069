//! The error codes of the protocols, each with the one HTTP status it has as a
//! JSON answer, and [`ProtocolError`]: a code with a description that is always
//! of the characters RFC 6749 allows.
//!
//! Every floor maps its reasons to an [`ErrorCode`]; how an error is delivered
//! (page, redirect, JSON, Bearer challenge) is decided in `web`.

use std::borrow::Cow;
use std::fmt;

/// Declares the codes: variant, wire name, status.
macro_rules! error_codes {
    ($(#[doc = $doc:literal] $variant:ident = $name:literal, $status:literal;)*) => {
        /// An `error` value of the protocols.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum ErrorCode {
            $(#[doc = $doc] $variant,)*
        }

        impl ErrorCode {
            /// Every code there is, for the generated reference page.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code as it stands on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// HTTP status of a JSON or Bearer answer with this code (RFC 6749 §5.2, RFC 6750 §3.1).
            #[must_use]
            pub const fn status(self) -> u16 {
                match self {
                    $(Self::$variant => $status,)*
                }
            }

            /// What the code means and where it is defined, for the generated reference page.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => $doc.trim_ascii(),)*
                }
            }
        }
    };
}

error_codes! {
    /// The person or the server said no (RFC 6749 §4.1.2.1).
    AccessDenied = "access_denied", 400;
    /// Several accounts fit and none may be shown (OIDC Core §3.1.2.6).
    AccountSelectionRequired = "account_selection_required", 400;
    /// The person has not acted yet (RFC 8628 §3.5).
    AuthorizationPending = "authorization_pending", 400;
    /// Consent is missing and no page may be shown (OIDC Core §3.1.2.6).
    ConsentRequired = "consent_required", 400;
    /// The device code is over (RFC 8628 §3.5).
    ExpiredToken = "expired_token", 400;
    /// The token has not the scope for this (RFC 6750 §3.1).
    InsufficientScope = "insufficient_scope", 403;
    /// The sign-in behind the token is too weak or too old (RFC 9470 §3).
    InsufficientUserAuthentication = "insufficient_user_authentication", 401;
    /// Some page is needed and none may be shown (OIDC Core §3.1.2.6).
    InteractionRequired = "interaction_required", 400;
    /// The client is unknown or did not prove itself (RFC 6749 §5.2).
    InvalidClient = "invalid_client", 401;
    /// A registration value is wrong (RFC 7591 §3.2.2).
    InvalidClientMetadata = "invalid_client_metadata", 400;
    /// The code or refresh token is wrong, spent, over or of another client (RFC 6749 §5.2).
    InvalidGrant = "invalid_grant", 400;
    /// A redirection URI may not be registered (RFC 7591 §3.2.2).
    InvalidRedirectUri = "invalid_redirect_uri", 400;
    /// A parameter is missing, repeated or malformed (RFC 6749 §4.1.2.1).
    InvalidRequest = "invalid_request", 400;
    /// The request object is wrong (RFC 9101 §7).
    InvalidRequestObject = "invalid_request_object", 400;
    /// The request object could not be had (RFC 9101 §7).
    InvalidRequestUri = "invalid_request_uri", 400;
    /// The scope is malformed, unknown or more than allowed (RFC 6749 §5.2).
    InvalidScope = "invalid_scope", 400;
    /// The software statement is wrong (RFC 7591 §3.2.2).
    InvalidSoftwareStatement = "invalid_software_statement", 400;
    /// The resource is unknown or not for this client (RFC 8707 §2).
    InvalidTarget = "invalid_target", 400;
    /// The access token is wrong, revoked or over (RFC 6750 §3.1).
    InvalidToken = "invalid_token", 401;
    /// Nobody is signed in and no page may be shown (OIDC Core §3.1.2.6).
    LoginRequired = "login_required", 400;
    /// `registration` is not served (OIDC Core §3.1.2.6).
    RegistrationNotSupported = "registration_not_supported", 400;
    /// `request` is not served (RFC 9101 §7).
    RequestNotSupported = "request_not_supported", 400;
    /// `request_uri` is not served (RFC 9101 §7).
    RequestUriNotSupported = "request_uri_not_supported", 400;
    /// Something broke here (RFC 6749 §4.1.2.1).
    ServerError = "server_error", 500;
    /// The device asks too often (RFC 8628 §3.5).
    SlowDown = "slow_down", 400;
    /// Storage or capacity is short; try again (RFC 6749 §4.1.2.1).
    TemporarilyUnavailable = "temporarily_unavailable", 503;
    /// The software statement is not approved here (RFC 7591 §3.2.2).
    UnapprovedSoftwareStatement = "unapproved_software_statement", 400;
    /// The client may not use this grant (RFC 6749 §5.2).
    UnauthorizedClient = "unauthorized_client", 400;
    /// The asked assurance cannot be reached (OpenID Connect Core Unmet Authentication Requirements 1.0 §2).
    UnmetAuthenticationRequirements = "unmet_authentication_requirements", 400;
    /// The grant type is not served (RFC 6749 §5.2).
    UnsupportedGrantType = "unsupported_grant_type", 400;
    /// The response type is not served (RFC 6749 §4.1.2.1).
    UnsupportedResponseType = "unsupported_response_type", 400;
    /// Tokens of this type cannot be revoked (RFC 7009 §2.2.1).
    UnsupportedTokenType = "unsupported_token_type", 400;
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl serde::Serialize for ErrorCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A refusal as a client reads it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProtocolError {
    code: ErrorCode,
    description: Cow<'static, str>,
}

impl ProtocolError {
    /// A refusal with its description for developers. Characters that RFC 6749
    /// §5.2 does not allow (quotes, backslash, controls, all beyond ASCII)
    /// become `?`. Never put a secret, a code or a phone number in it.
    pub fn new(code: ErrorCode, description: impl Into<Cow<'static, str>>) -> Self {
        let description = description.into();
        let description = if description.chars().all(is_description_char) {
            description
        } else {
            description.chars().map(|c| if is_description_char(c) { c } else { '?' }).collect()
        };
        Self { code, description }
    }

    /// `invalid_request` with its description.
    pub fn invalid_request(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::InvalidRequest, description)
    }

    /// The code.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        self.code
    }

    /// The description, only of `%x20-21 / %x23-5B / %x5D-7E`.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.description)
    }
}

impl std::error::Error for ProtocolError {}

/// `%x20-21 / %x23-5B / %x5D-7E` (RFC 6749 §5.2).
const fn is_description_char(c: char) -> bool {
    matches!(c, ' '..='~') && c != '"' && c != '\\'
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_code_has_a_wire_name_of_its_own() {
        let names: BTreeSet<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), ErrorCode::ALL.len());
        assert!(names.iter().all(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
        assert_eq!(ErrorCode::SlowDown.meaning(), "The device asks too often (RFC 8628 §3.5).");
    }

    #[test]
    fn only_a_few_codes_are_not_400() {
        let others: Vec<_> = ErrorCode::ALL
            .iter()
            .filter(|code| code.status() != 400)
            .map(|code| (code.as_str(), code.status()))
            .collect();
        assert_eq!(
            others,
            [
                ("insufficient_scope", 403),
                ("insufficient_user_authentication", 401),
                ("invalid_client", 401),
                ("invalid_token", 401),
                ("server_error", 500),
                ("temporarily_unavailable", 503),
            ]
        );
    }

    #[test]
    fn a_good_description_is_kept_and_a_bad_one_is_cleaned() {
        assert_eq!(ProtocolError::invalid_request("state is repeated").description(), "state is repeated");
        assert_eq!(ProtocolError::invalid_request("a\"b\\c\r\n\t门").description(), "a?b?c????");
    }

    proptest! {
        /// conformance-needs 4.
        #[test]
        fn any_description_leaves_in_the_characters_of_rfc_6749(text in "\\PC{0,40}|[\\x00-\\x7f]{0,40}") {
            let error = ProtocolError::invalid_request(text);
            prop_assert!(error.description().bytes().all(|b| matches!(b, 0x20 | 0x21 | 0x23..=0x5B | 0x5D..=0x7E)));
        }
    }
}
