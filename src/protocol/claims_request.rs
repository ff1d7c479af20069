//! The `claims` parameter of an authorization request (OIDC Core §5.5).
//!
//! It is JSON from a stranger, so size and depth are checked before any parser
//! sees it. What is asked here and what goes out are two things: [`super::claims`]
//! decides the second.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::claims;
use super::error::ProtocolError;
use super::scope::{OPENID, Scope};

/// Longest parameter, in bytes.
const MAX_LEN: usize = 8 * 1024;
/// Deepest nesting.
const MAX_DEPTH: usize = 32;

/// The claims a client asked for one by one.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct ClaimsRequest {
    /// For the ID token.
    pub id_token: BTreeMap<String, ClaimRequest>,
    /// For the userinfo endpoint.
    pub userinfo: BTreeMap<String, ClaimRequest>,
}

/// How one claim was asked for; all empty for the plain `null`.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct ClaimRequest {
    /// The client cannot work without it.
    pub essential: bool,
    /// The values that would do, from `value` and `values`, in order of preference.
    pub values: Vec<Value>,
}

impl ClaimsRequest {
    /// Reads the parameter; anything of another shape is `invalid_request`.
    /// Members that the standard does not name are ignored.
    pub fn parse(text: &str) -> Result<Self, ProtocolError> {
        read(text).ok_or_else(|| ProtocolError::invalid_request("the claims parameter is not well-formed"))
    }

    /// Only the claims that `registered` scopes would give anyway: what a client
    /// may not have by scope it cannot have by name either.
    #[must_use]
    pub fn limited_to(mut self, registered: &Scope) -> Self {
        let allowed =
            |name: &String, _: &mut ClaimRequest| claims::scope_of(name).is_none_or(|scope| registered.contains(scope));
        self.id_token.retain(allowed);
        self.userinfo.retain(allowed);
        self
    }

    /// The scopes whose claims are asked for by name, for the consent page.
    pub fn touched_scopes(&self) -> impl Iterator<Item = &'static str> {
        let names = self.id_token.keys().chain(self.userinfo.keys());
        names.filter_map(|name| claims::scope_of(name)).filter(|scope| *scope != OPENID)
    }

    /// The one subject that may answer (OIDC Core §5.5.1, `sub` with a value).
    #[must_use]
    pub fn required_subject(&self) -> Option<&str> {
        self.id_token.get(claims::SUB).and_then(|request| request.values.first()).and_then(Value::as_str)
    }

    /// The `acr` values of which one must be met (OIDC Core §5.5.1.1); empty
    /// when none is essential.
    pub fn essential_acr(&self) -> impl Iterator<Item = &str> {
        let request = self.id_token.get(claims::ACR).filter(|request| request.essential);
        request.into_iter().flat_map(|request| request.values.iter()).filter_map(Value::as_str)
    }
}

fn read(text: &str) -> Option<ClaimsRequest> {
    if text.len() > MAX_LEN || !is_shallow(text) {
        return None;
    }
    let members: Map<String, Value> = serde_json::from_str(text).ok()?;
    Some(ClaimsRequest { id_token: member(members.get("id_token"))?, userinfo: member(members.get("userinfo"))? })
}

fn member(value: Option<&Value>) -> Option<BTreeMap<String, ClaimRequest>> {
    match value {
        None | Some(Value::Null) => Some(BTreeMap::new()),
        Some(Value::Object(claims)) => {
            claims.iter().map(|(name, request)| Some((name.clone(), claim(request)?))).collect()
        }
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => None,
    }
}

fn claim(value: &Value) -> Option<ClaimRequest> {
    if value.is_null() {
        return Some(ClaimRequest::default());
    }
    let members = value.as_object()?;
    let essential = members.get("essential").map_or(Some(false), Value::as_bool)?;
    let listed = members.get("values").map_or(Some(Vec::new()), |values| values.as_array().cloned())?;
    let values = members.get("value").cloned().into_iter().chain(listed).collect();
    Some(ClaimRequest { essential, values })
}

/// Counts brackets outside strings; a wrong count of closing ones is the
/// parser's business.
fn is_shallow(text: &str) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::protocol::ErrorCode;

    #[test]
    fn the_example_of_the_standard_is_read() {
        let request = ClaimsRequest::parse(
            r#"{"userinfo":{"given_name":{"essential":true},"nickname":null,"https://x.test/[":null},
                "id_token":{"auth_time":{"essential":true},"acr":{"values":["phr","aal1"]}},"other":3}"#,
        )
        .unwrap();
        assert!(request.userinfo["given_name"].essential && !request.userinfo["nickname"].essential);
        assert_eq!(request.id_token["acr"].values, [json!("phr"), json!("aal1")]);
        assert_eq!(request.essential_acr().count(), 0);
        assert_eq!(ClaimsRequest::parse(r#"{"userinfo":null}"#), Ok(ClaimsRequest::default()));
    }

    /// MF-05.
    #[test]
    fn an_essential_acr_and_a_subject_are_found() {
        let request = ClaimsRequest::parse(
            r#"{"id_token":{"acr":{"essential":true,"values":["aal2","phr"]},"sub":{"value":"p_1"}}}"#,
        )
        .unwrap();
        assert_eq!(request.essential_acr().collect::<Vec<_>>(), ["aal2", "phr"]);
        assert_eq!(request.required_subject(), Some("p_1"));
    }

    #[rstest]
    #[case("")]
    #[case("null")]
    #[case("[]")]
    #[case("[{},{}]")]
    #[case("{")]
    #[case(r#"{"userinfo":[]}"#)]
    #[case(r#"{"userinfo":{"name":true}}"#)]
    #[case(r#"{"userinfo":{"name":[true]}}"#)]
    #[case(r#"{"userinfo":{"name":{"essential":"yes"}}}"#)]
    #[case(r#"{"id_token":{"acr":{"values":"aal1"}}}"#)]
    fn another_shape_is_an_invalid_request(#[case] text: &str) {
        assert_eq!(ClaimsRequest::parse(text).unwrap_err().code(), ErrorCode::InvalidRequest);
    }

    /// RX-05.
    #[rstest]
    #[case(&"[".repeat(100_000))]
    #[case(&r#"{"a":"#.repeat(100_000))]
    #[case(&"[".repeat(8_000))]
    #[case(&format!(r#"{{"userinfo":{{"a":{{"value":{}{}}}}}}}"#, "[".repeat(40), "]".repeat(40)))]
    #[case(&format!("[{}1]", "1,".repeat(1_000_000)))]
    fn depth_and_size_end_it_before_the_parser(#[case] text: &str) {
        assert!(ClaimsRequest::parse(text).is_err());
    }

    #[test]
    fn a_claim_of_an_unregistered_scope_is_dropped() {
        let request = ClaimsRequest::parse(r#"{"userinfo":{"email":null,"name":null,"made_up":null}}"#).unwrap();
        let request = request.limited_to(&Scope::parse("openid profile").unwrap());
        assert_eq!(request.userinfo.keys().collect::<Vec<_>>(), ["made_up", "name"]);
        assert_eq!(request.touched_scopes().collect::<Vec<_>>(), ["profile"]);
    }

    #[test]
    fn a_stored_request_reads_back() {
        let request = ClaimsRequest::parse(r#"{"id_token":{"acr":{"value":"aal1","essential":true}}}"#).unwrap();
        let stored = serde_json::to_string(&request).unwrap();
        assert_eq!(serde_json::from_str::<ClaimsRequest>(&stored).unwrap(), request);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in r#"[\[\]{}",:a-z\\0-9]{0,60}"#) {
            let _ = ClaimsRequest::parse(&text);
        }
    }
}
