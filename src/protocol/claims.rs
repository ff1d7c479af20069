//! Names of claims, which scope carries which, and the rule what goes out where.
//!
//! `token` gathers what is known of a principal and asks [`Release`] for the
//! part that may leave; `discovery` and the reference page list the names.

use serde_json::{Map, Value};

use super::claims_request::ClaimsRequest;
use super::scope::{ACCOUNT, ADDRESS, EMAIL, OPENID, PHONE, PROFILE, Scope};

/// Opaque id of the principal.
pub const SUB: &str = "sub";
/// Assurance of the sign-in.
pub const ACR: &str = "acr";
/// Methods of the sign-in (RFC 8176).
pub const AMR: &str = "amr";
/// When the person proved itself, in seconds.
pub const AUTH_TIME: &str = "auth_time";
/// One sign-in as one client knows it.
pub const SID: &str = "sid";
/// `root`, `sub_account` or `iam_user`.
pub const PRINCIPAL_TYPE: &str = "principal_type";
/// The values of [`PRINCIPAL_TYPE`].
pub const PRINCIPAL_TYPES: [&str; 3] = ["root", "sub_account", "iam_user"];
/// An opaque name of the person for `login_hint` and `logout_hint`; only when
/// it is asked for by name.
pub const LOGIN_HINT: &str = "login_hint";
/// Whose resources are acted on.
pub const ACCOUNT_ID: &str = "account_id";
/// The top-level account.
pub const OWNER_ACCOUNT_ID: &str = "owner_account_id";
/// Who pays now.
pub const BILLING_ACCOUNT_ID: &str = "billing_account_id";
/// The principal's resource name, `crn:iam::…`.
pub const PRINCIPAL: &str = "principal";
/// The account's alias.
pub const ACCOUNT_ALIAS: &str = "account_alias";

/// The claims every resource server decides by: ID token, `at+jwt`, userinfo
/// and introspection carry them under the same names.
pub const ACCOUNT_CLAIMS: [&str; 4] = [PRINCIPAL_TYPE, ACCOUNT_ID, OWNER_ACCOUNT_ID, BILLING_ACCOUNT_ID];

/// Claims by the scope that carries them to the userinfo endpoint (OIDC Core §5.4).
pub const BY_SCOPE: [(&str, &[&str]); 6] = [
    (OPENID, &[SUB]),
    (
        PROFILE,
        &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    ),
    (EMAIL, &["email", "email_verified"]),
    (PHONE, &["phone_number", "phone_number_verified"]),
    (ADDRESS, &["address"]),
    (ACCOUNT, &[PRINCIPAL_TYPE, ACCOUNT_ID, OWNER_ACCOUNT_ID, BILLING_ACCOUNT_ID, PRINCIPAL, ACCOUNT_ALIAS]),
];

/// Claims that the protocol itself puts into an ID token.
pub const OF_THE_PROTOCOL: [&str; 10] = ["iss", "aud", "exp", "iat", "nonce", "at_hash", AUTH_TIME, ACR, AMR, SID];

/// Claims that no scope carries: they go out when they are asked for by name.
pub const BY_NAME: [&str; 1] = [LOGIN_HINT];

/// The scope that carries a claim; `None` for claims no scope carries.
#[must_use]
pub fn scope_of(claim: &str) -> Option<&'static str> {
    BY_SCOPE.into_iter().find(|(_, claims)| claims.contains(&claim)).map(|(scope, _)| scope)
}

/// Every claim there is, for `claims_supported`.
pub fn supported() -> impl Iterator<Item = &'static str> {
    BY_SCOPE.into_iter().flat_map(|(_, claims)| claims.iter().copied()).chain(OF_THE_PROTOCOL).chain(BY_NAME)
}

/// Where claims go.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Destination {
    /// An access token of type `at+jwt`.
    AccessToken,
    /// An ID token.
    IdToken,
    /// The answer of the userinfo endpoint.
    UserInfo,
}

/// What one grant lets out.
#[derive(Clone, Copy, Debug)]
pub struct Release<'a> {
    /// What was granted.
    pub scope: &'a Scope,
    /// What was asked for by name.
    pub request: &'a ClaimsRequest,
    /// The client is registered to get [`ACCOUNT_CLAIMS`] whatever the scope.
    pub always_account_claims: bool,
}

impl Release<'_> {
    /// The part of `available` that goes to `destination`. `sub` is among it.
    /// Null and empty values never leave (OIDC Core §5.3.2).
    ///
    /// Profile, e-mail, phone and address stay out of ID tokens unless they were
    /// asked for by name: an access token fetches them (OIDC Core §5.4).
    #[must_use]
    pub fn filter(&self, available: &Map<String, Value>, destination: Destination) -> Map<String, Value> {
        let leaves = |(name, value): &(&String, &Value)| self.lets_out(name, destination) && !is_empty(value);
        available.iter().filter(leaves).map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// May the claim `name` go to `destination`?
    #[must_use]
    pub fn lets_out(&self, name: &str, destination: Destination) -> bool {
        let of_account = ACCOUNT_CLAIMS.contains(&name);
        if name == SUB || (of_account && (self.always_account_claims || self.scope.contains(ACCOUNT))) {
            return true;
        }
        match destination {
            Destination::AccessToken => false,
            Destination::IdToken => self.request.id_token.contains_key(name),
            Destination::UserInfo => {
                scope_of(name).is_some_and(|scope| self.scope.contains(scope))
                    || self.request.userinfo.contains_key(name)
            }
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.values().all(is_empty),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    fn released(scope: &str, request: &str, destination: Destination) -> Vec<String> {
        let available = json!({
            "sub": "p_1", "name": "Acme", "birthdate": "", "nickname": null, "address": {"country": ""},
            "email": "a@acme.example", "email_verified": true, "principal_type": "root", "account_id": "1",
            "principal": "crn:iam::1:root",
        });
        let (scope, request) = (Scope::parse(scope).unwrap(), ClaimsRequest::parse(request).unwrap());
        let release = Release { scope: &scope, request: &request, always_account_claims: false };
        release.filter(available.as_object().unwrap(), destination).into_iter().map(|(name, _)| name).collect()
    }

    /// conformance-needs 12.
    #[test]
    fn userinfo_follows_the_scope_and_never_holds_nothing() {
        let of = |scope| released(scope, "{}", Destination::UserInfo);
        assert_eq!(of("openid"), ["sub"]);
        assert_eq!(of("openid profile address"), ["name", "sub"]);
        assert_eq!(of("openid email"), ["email", "email_verified", "sub"]);
        assert_eq!(of("openid account"), ["account_id", "principal", "principal_type", "sub"]);
    }

    /// conformance-needs 13.
    #[test]
    fn an_id_token_holds_personal_claims_only_when_they_are_named() {
        let all = "openid profile email";
        assert_eq!(released(all, "{}", Destination::IdToken), ["sub"]);
        assert_eq!(released(all, r#"{"id_token":{"email":null}}"#, Destination::IdToken), ["email", "sub"]);
        assert_eq!(released(all, r#"{"userinfo":{"email":null}}"#, Destination::IdToken), ["sub"]);
    }

    /// conformance-needs 19.
    #[test]
    fn a_claim_named_for_userinfo_goes_out_without_its_scope() {
        let request = r#"{"userinfo":{"name":{"essential":true}}}"#;
        assert_eq!(released("openid", request, Destination::UserInfo), ["name", "sub"]);
    }

    #[test]
    fn account_claims_go_everywhere_with_their_scope_and_the_name_of_the_principal_to_userinfo_alone() {
        for destination in [Destination::AccessToken, Destination::IdToken] {
            assert_eq!(released("account", "{}", destination), ["account_id", "principal_type", "sub"]);
        }
    }

    #[test]
    fn a_client_may_be_registered_to_get_the_account_claims_always() {
        let (scope, request) = (Scope::default(), ClaimsRequest::default());
        let release = Release { scope: &scope, request: &request, always_account_claims: true };
        assert!(release.lets_out(ACCOUNT_ID, Destination::AccessToken));
        assert!(!release.lets_out(PRINCIPAL, Destination::UserInfo));
    }

    #[test]
    fn each_claim_is_listed_once() {
        let names: Vec<_> = supported().collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        assert!(ACCOUNT_CLAIMS.iter().all(|claim| scope_of(claim) == Some(ACCOUNT)));
    }
}
