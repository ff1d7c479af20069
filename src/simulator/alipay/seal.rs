//! How a reply is written and signed: over exactly the bytes that are sent,
//! with members and slashes as no JSON library writes them, so that whoever
//! verifies a copy that it wrote itself fails.

use serde_json::{Value, json};

use super::super::call::Call;
use super::super::certificates::Certificates;
use super::super::world::World;

/// The members backwards, slashes escaped.
fn text_of(value: &Value) -> String {
    let Some(members) = value.as_object() else { return value.to_string() };
    let written: Vec<_> =
        members.iter().rev().map(|(name, value)| format!("{}:{value}", json!(name)).replace('/', "\\/")).collect();
    format!("{{{}}}", written.join(","))
}

/// The body of a reply; in certificate mode it names Alipay's certificate.
pub fn seal(world: &World, call: &Call, key: &str, value: &Value) -> String {
    let text = text_of(value);
    let how = call.fault("bad_signature").map(|fault| fault.text("how").unwrap_or_else(|| "altered".to_owned()));
    let keys = &world.fixture.keys;
    let sign = match how.as_deref() {
        Some("other_key") => keys.stranger().sign_base64(text.as_bytes()),
        Some(_) | None => keys.alipay().sign_base64(text.as_bytes()),
    };
    let sent = if how.as_deref() == Some("altered") { text_of(&altered(value)) } else { text };
    let certificate = match call.param("app_cert_sn") {
        Some(_) => format!(",\"alipay_cert_sn\":\"{}\"", Certificates::alipay_sn()),
        None => String::new(),
    };
    match how.as_deref() {
        Some("missing") => format!("{{\"{key}\":{sent}{certificate}}}"),
        Some(_) | None => format!("{{\"{key}\":{sent}{certificate},\"sign\":\"{sign}\"}}"),
    }
}

/// The same for somebody else.
fn altered(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(members) = value.as_object_mut() {
        let name = if members.contains_key("open_id") { "open_id" } else { "user_id" };
        members.insert(name.to_owned(), "2088999999999999".into());
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_library_writes_it_so() {
        assert_eq!(text_of(&json!({"a": "x/y", "b": 1})), r#"{"b":1,"a":"x\/y"}"#);
    }
}
