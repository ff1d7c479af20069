//! Tables that are read by serde (claims, registrations), with the path of the
//! key that does not read.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Wrong;
use super::table::Table;
use crate::protocol::standard_claims::StandardClaims;

/// The claims of one person.
#[derive(Default)]
pub(super) struct Claims {
    /// As declared, but for what is known of the contacts.
    pub(super) declared: Option<Map<String, Value>>,
    /// `email_verified` of somebody who signs in by e-mail.
    pub(super) email_verified: Option<bool>,
    /// `phone_number_verified` likewise.
    pub(super) phone_verified: Option<bool>,
}

/// Whether a person's contacts are how they sign in.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Contacts {
    /// They are declared beside the claims.
    SignIn,
    /// They are claims as others are (IAM users).
    Claims,
}

pub(super) fn read(table: &mut Table, contacts: Contacts) -> Result<Claims, Wrong> {
    let Some(mut members) = table.members("claims")? else { return Ok(Claims::default()) };
    let at = table.at("claims");
    let claims: StandardClaims = typed(&members, &at)?;
    claims.validate().map_err(|error| Wrong::new(format!("{at}.{}", error.claim), error.reason))?;
    if contacts == Contacts::Claims {
        return Ok(Claims { declared: Some(claims.to_map()), ..Claims::default() });
    }
    for (claim, beside) in [("email", "email"), ("phone_number", "phone")] {
        if members.contains_key(claim) {
            return Err(Wrong::new(format!("{at}.{claim}"), format!("is told by {}", table.at(beside))));
        }
    }
    let declared = claims.to_map();
    members.retain(|claim, _value| claim != "email_verified" && claim != "phone_number_verified");
    Ok(Claims {
        declared: Some(declared.into_iter().filter(|(claim, _value)| members.contains_key(claim)).collect()),
        email_verified: claims.email_verified,
        phone_verified: claims.phone_number_verified,
    })
}

/// Reads a table into a type all of whose fields have defaults.
pub(super) fn typed<T: DeserializeOwned>(members: &Map<String, Value>, at: &str) -> Result<T, Wrong> {
    // One key at a time: serde does not say which one it could not read.
    for (key, value) in members {
        let alone: Map<String, Value> = std::iter::once((key.clone(), value.clone())).collect();
        if let Err(error) = serde_json::from_value::<T>(Value::Object(alone)) {
            return Err(explain(at, key, &error.to_string()));
        }
    }
    serde_json::from_value(Value::Object(members.clone())).map_err(|error| Wrong::new(at, expected(&error.to_string())))
}

fn explain(at: &str, key: &str, message: &str) -> Wrong {
    let shown = key.escape_debug();
    let at = if at.is_empty() { String::new() } else { format!("{at}.") };
    let Some(unknown) = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next()) else {
        return Wrong::new(format!("{at}{shown}"), expected(message));
    };
    let path = if unknown == key { format!("{at}{shown}") } else { format!("{at}{shown}.{}", unknown.escape_debug()) };
    Wrong::new(path, "unknown key")
}

/// What serde expected; what it found stays out, since it may be a contact.
fn expected(message: &str) -> String {
    match message.rsplit_once("expected ") {
        Some((_found, "struct Address")) => "expected a table".to_owned(),
        Some((_found, expected)) => format!("expected {expected}"),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::protocol::ClientMetadata;

    fn wrong<T: DeserializeOwned>(value: &Value) -> String {
        typed::<T>(value.as_object().unwrap(), "client[0]").err().map(|wrong| wrong.to_string()).unwrap_or_default()
    }

    #[test]
    fn the_key_is_named_and_its_value_is_not() {
        for (value, told) in [
            (json!({"redirect_uri": []}), "client[0].redirect_uri: unknown key"),
            (json!({"redirect_uris": "https://rp.example/"}), "client[0].redirect_uris: expected a sequence"),
            (
                json!({"grant_types": ["authorization_code", "implicit"]}),
                "client[0].grant_types: expected one of `authorization_code`, `client_credentials`, `refresh_token`",
            ),
            (json!({"require_pkce": "yes"}), "client[0].require_pkce: expected a boolean"),
        ] {
            assert_eq!(wrong::<ClientMetadata>(&value), told);
        }
        assert_eq!(wrong::<StandardClaims>(&json!({"address": {"town": "x"}})), "client[0].address.town: unknown key");
        assert_eq!(wrong::<StandardClaims>(&json!({"address": "x"})), "client[0].address: expected a table");
    }
}
