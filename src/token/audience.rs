//! Whom a token is for: `aud` and the `resource` parameter (RFC 8707).

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::base::id::ResourceId;
use crate::protocol::client_metadata::ClientMetadata;

/// A `resource` that the client may not have here (RFC 8707 §2).
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("a resource is not one of those granted and registered")]
pub struct WrongTarget;

/// `aud` as it is written: one text, or a list of several (RFC 7519 §4.1.3).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    /// The resources a token is for; without one it is for the issuer's own endpoints.
    pub(super) fn of(resources: &[ResourceId], issuer: &str) -> Self {
        match resources {
            [] => Self::One(issuer.to_owned()),
            [only] => Self::One(only.as_str().to_owned()),
            several => Self::Many(several.iter().map(|resource| resource.as_str().to_owned()).collect()),
        }
    }

    /// As resources again; the issuer is none.
    pub(super) fn resources(&self, issuer: &str) -> Vec<ResourceId> {
        let all = match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(several) => several.as_slice(),
        };
        all.iter().filter(|name| *name != issuer).map(ResourceId::from_text).collect()
    }
}

/// Which resources a token is for: those asked for, out of those granted, out of
/// those registered now. Who names none gets what was granted, or the client's first.
pub(super) fn audience(
    asked: &[ResourceId],
    granted: &[ResourceId],
    client: &ClientMetadata,
) -> Result<Vec<ResourceId>, WrongTarget> {
    let registered = |resource: &&ResourceId| client.resources.contains(resource);
    if asked.is_empty() {
        return Ok(if granted.is_empty() {
            client.resources.first().cloned().into_iter().collect()
        } else {
            granted.iter().filter(registered).cloned().collect()
        });
    }
    let mut audience = Vec::with_capacity(asked.len());
    for resource in asked {
        if !registered(&resource) || !(granted.is_empty() || granted.contains(resource)) {
            return Err(WrongTarget);
        }
        if !audience.contains(resource) {
            audience.push(resource.clone());
        }
    }
    Ok(audience)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(names: &[&str]) -> Vec<ResourceId> {
        names.iter().copied().map(ResourceId::from_text).collect()
    }

    /// RFC 8707, and LC-04: what is no longer registered is no longer given.
    #[test]
    fn a_token_is_for_what_was_asked_granted_and_registered() {
        let client = ClientMetadata { resources: ids(&["r:1", "r:2"]), ..ClientMetadata::default() };
        let of = |asked: &[&str], granted: &[&str]| audience(&ids(asked), &ids(granted), &client).ok();
        assert_eq!(of(&[], &[]), Some(ids(&["r:1"])));
        assert_eq!(of(&["r:2", "r:2"], &[]), Some(ids(&["r:2"])));
        assert_eq!(of(&[], &["r:2", "r:gone"]), Some(ids(&["r:2"])));
        assert_eq!(of(&["r:1"], &["r:2"]), None);
        assert_eq!(of(&["r:gone"], &["r:gone"]), None);
        assert_eq!(of(&["r:other"], &[]), None);
    }
}
