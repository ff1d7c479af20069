//! Which account a client wants, beyond the words of OpenID Connect: extension
//! parameters of the authorization request, and one value of a registration.
//!
//! `authorization` reads the parameters; what they mean for the accounts of a
//! browser is decided by the policy of `flow`.

use super::authorization::{MAX_HINT, bounded};
use super::claims::PRINCIPAL_TYPES;
use super::error::ProtocolError;
use super::params::RawParams;
use crate::base::id::SessionId;

/// Which account a silent request takes when several are signed in.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountAffinity {
    /// The one that this client got last in this browser.
    LastUsed,
    /// None: the person must choose.
    #[default]
    None,
}

/// Parameters of ours, all optional: what account is wanted, and which page
/// asks for it. The first three are filters that are never relaxed.
#[derive(Clone, Debug, Default, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct AccountHints {
    /// `sid`: a sign-in of this browser, as an ID token of this client named it.
    pub sid: Option<SessionId>,
    /// `owner_hint`: alias or id of the owning account.
    pub owner: Option<String>,
    /// `principal_type_hint`: a value of the claim `principal_type`.
    pub principal_type: Option<String>,
    /// `login_method_hint`: the login method whose page opens; untrusted text.
    pub login_method: Option<String>,
}

impl AccountHints {
    /// Reads the parameters. A filter that cannot be understood is refused:
    /// passing over it would let in whom it keeps out.
    pub(super) fn read(params: &RawParams) -> Result<Self, ProtocolError> {
        let text = |name| bounded(params, name, MAX_HINT);
        let principal_type = text("principal_type_hint")?;
        if principal_type.as_deref().is_some_and(|kind| !PRINCIPAL_TYPES.contains(&kind)) {
            return Err(ProtocolError::invalid_request("principal_type_hint is no principal type"));
        }
        Ok(Self {
            sid: text("sid")?.map(SessionId::from_text),
            owner: text("owner_hint")?,
            principal_type,
            login_method: text("login_method_hint")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::ErrorCode;

    fn read(query: &str) -> Result<AccountHints, ProtocolError> {
        AccountHints::read(&RawParams::parse(query.as_bytes()).unwrap())
    }

    #[test]
    fn filters_are_read_as_they_stand() {
        let hints = read("sid=s1&owner_hint=acme&principal_type_hint=iam_user&login_method_hint=sms").unwrap();
        assert_eq!(hints.sid, Some(SessionId::from_text("s1")));
        assert_eq!(hints.owner.as_deref(), Some("acme"));
        assert_eq!(hints.principal_type.as_deref(), Some("iam_user"));
        assert_eq!(hints.login_method.as_deref(), Some("sms"));
        assert_eq!(read("").unwrap(), AccountHints::default());
    }

    #[test]
    fn a_filter_that_is_not_understood_is_refused() {
        for query in ["principal_type_hint=admin", "principal_type_hint=root%20iam_user"] {
            assert_eq!(read(query).unwrap_err().code(), ErrorCode::InvalidRequest, "{query}");
        }
        assert!(read(&format!("owner_hint={}", "a".repeat(400))).is_err());
    }
}
