//! Clients (relying parties), and the proof that a redirect target is theirs.

use super::names::named_enum;
use crate::base::Timestamp;
use crate::base::id::{AccountId, ClientId};
use crate::protocol::authorization::ErrorTarget;
use crate::protocol::{AuthorizationResponse, ClientMetadata, RawParams, RegisteredRedirectUri, ResponseMode};

named_enum! {
    /// Whether a client may be used.
    ClientStatus {
        /// It may.
        Active = "active",
        /// It may not, as if it did not exist.
        Disabled = "disabled",
    }
}

/// A registered client.
#[derive(Clone, Debug)]
pub struct Client {
    /// `client_id`.
    pub id: ClientId,
    /// Whether it may be used.
    pub status: ClientStatus,
    /// Keyed hash of the secret; none for public clients and key holders.
    pub secret_hash: Option<Vec<u8>>,
    /// The secret before the last rotation, and until when it works.
    pub previous_secret_hash: Option<(Vec<u8>, Timestamp)>,
    /// What it registered.
    pub metadata: ClientMetadata,
    /// The account that owns it and is billed for its own calls, if any.
    pub owner_account: Option<AccountId>,
}

/// Why a redirect target was refused. All are *shown* to the person, none is
/// returned to the client, and all look alike (RFC 6749 §4.1.2.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RedirectRefused {
    /// More than one `redirect_uri`, or more than one `client_id`.
    #[error("redirect_uri or client_id is repeated")]
    Repeated,
    /// None, where one must be named.
    #[error("redirect_uri is missing")]
    Missing,
    /// None of the client's.
    #[error("redirect_uri is not registered")]
    Unregistered,
    /// The client is switched off.
    #[error("client is disabled")]
    Disabled,
}

/// A redirect target that the client registered. Only
/// [`Client::redirect_target`] makes one, and only through one can anything be
/// returned to a client: an open redirect does not compile.
#[derive(Clone, Debug)]
pub struct VerifiedRedirect {
    uri: String,
    mode: ResponseMode,
    state: Option<String>,
}

impl Client {
    /// The target of this request, if the client registered it. Before this is
    /// known errors are *shown*; afterwards they are *returned*.
    ///
    /// # Errors
    /// Why it was refused, for our log; the person sees one text for all.
    pub fn redirect_target(&self, params: &RawParams) -> Result<VerifiedRedirect, RedirectRefused> {
        if params.is_repeated("client_id") || params.is_repeated("redirect_uri") {
            return Err(RedirectRefused::Repeated);
        }
        let presented = params.optional("redirect_uri").ok_or(RedirectRefused::Missing)?;
        if !self.has_redirect_uri(presented) {
            return Err(RedirectRefused::Unregistered);
        }
        if self.status == ClientStatus::Disabled {
            return Err(RedirectRefused::Disabled);
        }
        let ErrorTarget { response_mode, state } = ErrorTarget::read(params);
        Ok(VerifiedRedirect { uri: presented.to_owned(), mode: response_mode, state })
    }

    /// The target of a stored request, if the client has it registered still.
    #[must_use]
    pub fn redirect_again(&self, uri: &str, mode: ResponseMode, state: Option<&str>) -> Option<VerifiedRedirect> {
        let good = self.status == ClientStatus::Active && self.has_redirect_uri(uri);
        good.then(|| VerifiedRedirect { uri: uri.to_owned(), mode, state: state.map(str::to_owned) })
    }

    /// Whether this is a registered target of a logout.
    #[must_use]
    pub fn has_post_logout_redirect_uri(&self, presented: &str) -> bool {
        self.registered(&self.metadata.post_logout_redirect_uris, presented)
    }

    fn has_redirect_uri(&self, presented: &str) -> bool {
        self.registered(&self.metadata.redirect_uris, presented)
    }

    fn registered(&self, uris: &[String], presented: &str) -> bool {
        let kind = self.metadata.application_type;
        uris.iter().any(|uri| RegisteredRedirectUri::parse(uri, kind).is_ok_and(|uri| uri.matches(presented)))
    }

    /// What people know the client as.
    #[must_use]
    pub fn name(&self) -> &str {
        self.metadata.client_name.as_deref().unwrap_or(self.id.as_str())
    }
}

/// What travels back to a client: the verified target and the parameters.
#[derive(Clone)]
pub struct RedirectAnswer {
    /// Where to.
    pub target: VerifiedRedirect,
    /// What.
    pub response: AuthorizationResponse,
}

impl VerifiedRedirect {
    /// The target, byte for byte as it was presented and registered.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// How the answer travels.
    #[must_use]
    pub const fn mode(&self) -> ResponseMode {
        self.mode
    }

    /// The client's `state`, to be given back.
    #[must_use]
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }
}
