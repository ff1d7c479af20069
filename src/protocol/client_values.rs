//! The closed lists of values in a client's registration (`client_metadata`
//! gives them to everybody else): how it proves itself, what it may present,
//! and what we sign for it with.

/// How a client proves itself at the token endpoint (RFC 7591 §2).
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthMethod {
    /// Secret in the `Authorization` header.
    #[default]
    ClientSecretBasic,
    /// Secret in the body.
    ClientSecretPost,
    /// Public client: no proof.
    None,
    /// JWT signed by the client's key (RFC 7523).
    PrivateKeyJwt,
}

/// Grant types that are served.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// RFC 6749 §4.1.
    AuthorizationCode,
    /// RFC 6749 §4.4.
    ClientCredentials,
    /// RFC 6749 §6.
    RefreshToken,
}

/// Response types that are served.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseType {
    /// The code flow.
    Code,
}

/// Shape of a client's access tokens.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessTokenFormat {
    /// `at+jwt` (RFC 9068): checked without us, revoked by expiry alone.
    Jwt,
    /// Checked by introspection: revoked within a second.
    #[default]
    Opaque,
}

/// Algorithms that we sign with.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum SigningAlg {
    /// ECDSA on P-256.
    Es256,
    /// RSA PKCS#1 v1.5, 2048 bit.
    Rs256,
}

/// Algorithms that a client may sign its assertions with.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum AssertionAlg {
    /// ECDSA on P-256.
    Es256,
    /// RSA PSS.
    Ps256,
    /// RSA PKCS#1 v1.5.
    Rs256,
}

/// Who is asked before a client gets claims.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentPolicy {
    /// The person, on the consent page, once for each scope.
    Explicit,
    /// Nobody: the client belongs to the house.
    Implicit,
}

impl ClientAuthMethod {
    /// Every method, as discovery names them.
    pub const ALL: [Self; 4] = [Self::ClientSecretBasic, Self::ClientSecretPost, Self::PrivateKeyJwt, Self::None];

    /// The method as it stands on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::None => "none",
            Self::PrivateKeyJwt => "private_key_jwt",
        }
    }
}

impl GrantType {
    /// Every grant type, as discovery names them.
    pub const ALL: [Self; 3] = [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials];

    /// The grant type as it stands on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::ClientCredentials => "client_credentials",
            Self::RefreshToken => "refresh_token",
        }
    }
}

impl SigningAlg {
    /// Every algorithm, as discovery names them.
    pub const ALL: [Self; 2] = [Self::Rs256, Self::Es256];

    /// The JWS name (RFC 7518 §3.1).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }
}

impl AssertionAlg {
    /// Every algorithm, as discovery names them.
    pub const ALL: [Self; 3] = [Self::Rs256, Self::Ps256, Self::Es256];

    /// The JWS name (RFC 7518 §3.1).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
        }
    }
}
