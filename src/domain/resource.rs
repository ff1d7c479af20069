//! Resources: the APIs that tokens are for.

use crate::base::id::{ClientId, ResourceId};
use crate::protocol::Scope;

/// An API with its scopes (RFC 8707).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Resource {
    /// Absolute URI; `aud` of its tokens.
    pub id: ResourceId,
    /// The scopes that it understands.
    pub scopes: Scope,
    /// The client that may introspect tokens for it.
    pub introspection_client: Option<ClientId>,
}
