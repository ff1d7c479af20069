//! The checks about whom a client takes, and how it hears that they left.

use url::Url;

use super::{ClientMetadata, MAX_LIST, MetadataError};
use crate::protocol::claims::PRINCIPAL_TYPES;
use crate::protocol::login_methods;
use crate::protocol::redirect_uri::{ApplicationType, RegisteredRedirectUri};

/// Known kinds and methods, and lists of a bearable length.
pub(super) fn check_accounts(client: &ClientMetadata) -> Result<(), MetadataError> {
    if client.allowed_owner_accounts.len() > MAX_LIST {
        return Err(MetadataError::new("allowed_owner_accounts", "has more than 50 entries"));
    }
    if client.allowed_login_methods.len() > MAX_LIST {
        return Err(MetadataError::new("allowed_login_methods", "has more than 50 entries"));
    }
    let known = |kind: &String| PRINCIPAL_TYPES.contains(&kind.as_str());
    if !client.allowed_principal_types.iter().all(known) {
        return Err(MetadataError::new(
            "allowed_principal_types",
            "names something else than root, sub_account, iam_user",
        ));
    }
    if client.allowed_login_methods.iter().all(|name| login_methods::is_name(name)) {
        Ok(())
    } else {
        Err(MetadataError::new("allowed_login_methods", "names something else than a login method"))
    }
}

/// Absolute addresses without a fragment. What is loaded in people's browsers
/// must be of an origin to which answers go (Front-Channel Logout 1.0 §2).
pub(super) fn check_logout(client: &ClientMetadata) -> Result<(), MetadataError> {
    let links = [
        ("backchannel_logout_uri", &client.backchannel_logout_uri),
        ("frontchannel_logout_uri", &client.frontchannel_logout_uri),
    ];
    for (field, link) in links {
        if let Some(link) = link {
            RegisteredRedirectUri::parse(link, ApplicationType::Web)
                .map_err(|error| MetadataError::new(field, error.to_string()))?;
        }
    }
    let origin = |text: &String| Url::parse(text).ok().map(|url| url.origin());
    let framed = client.frontchannel_logout_uri.as_ref().map(origin);
    if framed.is_none_or(|framed| client.redirect_uris.iter().any(|uri| origin(uri) == framed)) {
        Ok(())
    } else {
        Err(MetadataError::new("frontchannel_logout_uri", "is not of the origin of a redirect URI"))
    }
}
