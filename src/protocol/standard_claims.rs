//! The standard claims of a person as they are declared and stored (OIDC Core §5.1).
//!
//! What leaves later is checked when it enters: `apply` and the profile pages
//! read into [`StandardClaims`] and call [`StandardClaims::validate`].

use serde_json::{Map, Value};
use time::Date;
use time::macros::format_description;

/// Longest text of one claim, in characters.
const MAX_CHARS: usize = 1_000;

/// Every standard claim that may be declared. Absent is `None`, never empty.
#[derive(Clone, Debug, Default, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of OIDC Core §5.1, which explains them")]
pub struct StandardClaims {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birthdate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zoneinfo: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number_verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
}

/// The `address` claim (OIDC Core §5.1.1).
#[derive(Clone, Debug, Default, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of OIDC Core §5.1.1, which explains them")]
pub struct Address {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formatted: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// Why declared claims are refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("claim {claim} {reason}")]
pub struct ClaimError {
    /// Name of the claim.
    pub claim: String,
    /// What is wrong with it, as the end of a sentence.
    pub reason: &'static str,
}

impl StandardClaims {
    /// Checks every declared value: no empty or endless text, dates that exist,
    /// links that are links.
    pub fn validate(&self) -> Result<(), ClaimError> {
        for (claim, value) in self.to_map() {
            let wrong = match &value {
                Value::String(text) => wrong_text(&claim, text),
                Value::Object(members) => wrong_address(members),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
            };
            if let Some(reason) = wrong {
                return Err(ClaimError { claim, reason });
            }
        }
        Ok(())
    }

    /// The declared claims by name, as `claims::Release` takes them.
    #[must_use]
    pub fn to_map(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(claims)) => claims,
            // Strings, numbers and flags always serialise to an object.
            Ok(_) | Err(_) => Map::new(),
        }
    }
}

fn wrong_text(claim: &str, text: &str) -> Option<&'static str> {
    if text.trim().is_empty() {
        return Some("is empty");
    }
    if text.chars().count() > MAX_CHARS {
        return Some("is longer than 1000 characters");
    }
    if text.chars().any(char::is_control) {
        return Some("holds a control character");
    }
    let (good, reason) = match claim {
        "birthdate" => (is_birthdate(text), "is not YYYY, YYYY-MM-DD or 0000-MM-DD"),
        "profile" | "picture" | "website" => (is_link(text), "is not an http or https URL"),
        "email" => (is_email(text), "is not an e-mail address"),
        "phone_number" => (is_phone(text), "is not + and digits (E.164)"),
        _ => (true, ""),
    };
    (!good).then_some(reason)
}

/// Line breaks separate the lines of a postal address (OIDC Core §5.1.1).
fn wrong_address(members: &Map<String, Value>) -> Option<&'static str> {
    let mut texts = members.values().filter_map(Value::as_str).peekable();
    if texts.peek().is_none() {
        return Some("is empty");
    }
    texts.find_map(|text| wrong_text("address", &text.replace(['\r', '\n'], " ")))
}

/// `YYYY` or `YYYY-MM-DD`; year 0000 says that it is withheld (OIDC Core §5.1).
fn is_birthdate(text: &str) -> bool {
    let year_only = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    // 0000 is a leap year, so 0000-02-29 exists.
    year_only || (text.len() == 10 && Date::parse(text, format_description!("[year]-[month]-[day]")).is_ok())
}

fn is_link(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn is_email(text: &str) -> bool {
    let parts = text.rsplit_once('@');
    text.len() <= 320
        && parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
        && !text.contains(char::is_whitespace)
}

fn is_phone(text: &str) -> bool {
    text.strip_prefix('+')
        .is_some_and(|rest| (7..=15).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn claims(value: Value) -> Result<(), String> {
        let claims: StandardClaims = serde_json::from_value(value).map_err(|error| error.to_string())?;
        claims.validate().map_err(|error| error.to_string())
    }

    #[test]
    fn a_fully_described_person_is_taken() {
        let value = json!({
            "name": "王小门", "family_name": "王", "given_name": "小门", "middle_name": "无", "nickname": "门神",
            "preferred_username": "ops", "profile": "https://acme.example/ops", "picture": "https://acme.example/p.png",
            "website": "https://acme.example/", "gender": "female", "birthdate": "1990-01-01", "zoneinfo": "Asia/Shanghai",
            "locale": "zh-CN", "updated_at": 1_767_225_600, "email": "ops@acme.example", "email_verified": true,
            "phone_number": "+8613800000001", "phone_number_verified": false,
            "address": {"formatted": "1 Gate Road\nBeijing", "country": "CN"},
        });
        claims(value.clone()).unwrap();
        let read: StandardClaims = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(Value::Object(read.to_map()), value);
    }

    /// conformance-needs 12.
    #[rstest]
    #[case(json!({"name": ""}), "is empty")]
    #[case(json!({"name": "   "}), "is empty")]
    #[case(json!({"name": "a\u{0}b"}), "control")]
    #[case(json!({"name": "a".repeat(1_001)}), "longer")]
    #[case(json!({"address": {}}), "is empty")]
    #[case(json!({"address": {"country": ""}}), "is empty")]
    #[case(json!({"address": "Beijing"}), "invalid type")]
    #[case(json!({"updated_at": "yesterday"}), "invalid type")]
    #[case(json!({"email_verified": "true"}), "invalid type")]
    #[case(json!({"shoe_size": 43}), "unknown field")]
    #[case(json!({"website": "javascript:alert(1)"}), "URL")]
    #[case(json!({"email": "nobody"}), "e-mail")]
    #[case(json!({"phone_number": "13800000001"}), "E.164")]
    fn a_wrong_claim_is_refused_with_its_reason(#[case] value: Value, #[case] reason: &str) {
        let refusal = claims(value).unwrap_err();
        assert!(refusal.contains(reason), "{refusal}");
    }

    #[rstest]
    #[case("1990", true)]
    #[case("1990-02-28", true)]
    #[case("0000-02-29", true)]
    #[case("1990-02-29", false)]
    #[case("1990-2-8", false)]
    #[case("90", false)]
    #[case("1990-13-01", false)]
    #[case("01.02.1990", false)]
    fn a_birthdate_exists(#[case] text: &str, #[case] good: bool) {
        assert_eq!(claims(json!({ "birthdate": text })).is_ok(), good);
    }

    proptest! {
        #[test]
        fn any_text_is_taken_or_refused_without_a_panic(claim in "(name|birthdate|website|email|phone_number)", text in "\\PC{0,20}") {
            let _ = claims(json!({ claim: text }));
        }
    }
}
