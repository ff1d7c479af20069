//! What a provider says of itself (OpenID Connect Discovery 1.0).

use serde_json::Value;
use url::Url;

use super::super::error::{Class, VendorError};
use super::super::json::Body;
use super::VENDOR;
use crate::outbound::{Answer, Outbound};

/// The part of the discovery document that a login needs.
pub(super) struct Provider {
    pub(super) authorization_endpoint: Url,
    pub(super) token_endpoint: Url,
    pub(super) jwks_uri: Url,
    pub(super) userinfo_endpoint: Option<Url>,
    /// Whether a callback always carries `iss` (RFC 9207 §3).
    pub(super) names_itself: bool,
    /// Whether the secret may travel in the `Authorization` header.
    pub(super) takes_basic: bool,
}

impl Provider {
    /// Where the document of an issuer is.
    pub(super) fn url(issuer: &str) -> Result<Url, VendorError> {
        let text = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        Url::parse(&text).map_err(|_odd| VendorError::new(VENDOR, Class::Misconfigured, "the issuer is no URL"))
    }

    /// Reads the document: it must be of this very issuer, and name endpoints
    /// that may be called.
    pub(super) fn read(issuer: &str, answer: &Answer, outbound: &Outbound) -> Result<Self, VendorError> {
        let body = document(answer)?;
        let malformed = |reason| VendorError::malformed(VENDOR, reason);
        if body.text("issuer") != Some(issuer) {
            return Err(malformed("the discovery document is of another issuer"));
        }
        let endpoint = |name: &str| -> Result<Url, VendorError> {
            let url = Url::parse(body.needed(name)?).map_err(|_odd| malformed("an endpoint is no URL"))?;
            outbound.check(&url).map_err(|_forbidden| malformed("an endpoint may not be called"))?;
            Ok(url)
        };
        let methods = body.value("token_endpoint_auth_methods_supported").and_then(Value::as_array);
        let lists = |method: &str| methods.is_some_and(|list| list.iter().any(|item| item.as_str() == Some(method)));
        Ok(Self {
            authorization_endpoint: endpoint("authorization_endpoint")?,
            token_endpoint: endpoint("token_endpoint")?,
            jwks_uri: endpoint("jwks_uri")?,
            userinfo_endpoint: body.text("userinfo_endpoint").map(|_url| endpoint("userinfo_endpoint")).transpose()?,
            names_itself: body.value("authorization_response_iss_parameter_supported") == Some(&Value::Bool(true)),
            // Basic is what is meant when nothing is said (Discovery §3).
            takes_basic: methods.is_none() || lists("client_secret_basic"),
        })
    }
}

/// The members of a document that came with 200.
pub(super) fn document(answer: &Answer) -> Result<Body, VendorError> {
    if answer.status != 200 {
        return Err(VendorError::status(VENDOR, answer));
    }
    Body::parse(VENDOR, &answer.body)
}
