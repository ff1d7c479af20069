//! A vendor's answer read strictly where it matters: one JSON object, valid
//! UTF-8, no name twice. What an answer says twice, two readers understand in
//! two ways.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::error::VendorError;

/// One JSON object of one vendor.
pub(super) struct Body {
    vendor: &'static str,
    members: Map<String, Value>,
}

impl Body {
    /// Reads an object; whatever type the answer claims to have.
    ///
    /// # Errors
    /// Malformed: HTML, cut off, not UTF-8, not an object, a name twice.
    pub(super) fn parse(vendor: &'static str, bytes: &[u8]) -> Result<Self, VendorError> {
        let malformed = || VendorError::malformed(vendor, "the answer is not one JSON object");
        match strict(bytes) {
            Ok(Value::Object(members)) => Ok(Self { vendor, members }),
            Ok(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) | Err(_) => {
                Err(malformed())
            }
        }
    }

    /// A member, `null` taken for absent.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    /// A text; another type is taken for absent.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.value(name).and_then(Value::as_str)
    }

    /// A text or number as text: vendors are not of one mind about codes.
    pub(super) fn loose(&self, name: &str) -> Option<String> {
        match self.value(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// An identifier: a text, or absent. A number is refused, because a large
    /// one does not survive every reader.
    ///
    /// # Errors
    /// Malformed: another type.
    pub(super) fn id(&self, name: &str) -> Result<Option<&str>, VendorError> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                Err(VendorError::malformed(self.vendor, "an identifier is not a text"))
            }
        }
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// Malformed: absent, empty, or another type.
    pub(super) fn needed(&self, name: &str) -> Result<&str, VendorError> {
        let found = self.text(name).filter(|text| !text.is_empty());
        found.ok_or_else(|| VendorError::malformed(self.vendor, "a member that must be there is not"))
    }

    /// An object inside; another type is taken for absent.
    pub(super) fn object(&self, name: &str) -> Option<Self> {
        let members = self.value(name)?.as_object()?.clone();
        Some(Self { vendor: self.vendor, members })
    }

    /// The objects of a list inside; what is no object is left out.
    pub(super) fn objects(&self, name: &str) -> Vec<Self> {
        let items = self.value(name).and_then(Value::as_array).map_or([].as_slice(), Vec::as_slice);
        let member = |item: &Value| Some(Self { vendor: self.vendor, members: item.as_object()?.clone() });
        items.iter().filter_map(member).collect()
    }
}

fn strict(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Strict.deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// Reads any JSON, and refuses a name that stands twice in one object.
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without a repeated name")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(Self)?;
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a name stands twice"));
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::super::error::Class;
    use super::*;

    #[test]
    fn wx_10_what_is_not_one_clean_object_is_refused() {
        let odd: [&[u8]; 12] = [
            b"",
            b"<html>busy</html>",
            b"[]",
            b"\"x\"",
            b"{\"a\":1",
            b"{\"a\":1}{}",
            b"{\"openid\":\"a\",\"openid\":\"b\"}",
            b"{\"a\":{\"b\":1,\"b\":2}}",
            b"{\"a\":\"\xff\xfe\"}",
            b"{\"a\":\"\\ud800\"}",
            b"\xef\xbb\xbf{}",
            b"\x1f\x8b\x08\x00",
        ];
        for body in odd {
            let error = Body::parse("wechat", body).err().unwrap();
            assert_eq!(error.class(), Class::Malformed, "{body:?}");
        }
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(5_000), "]".repeat(5_000));
        assert!(Body::parse("wechat", deep.as_bytes()).is_err());
    }

    #[test]
    fn types_are_forgiven_but_for_identifiers() {
        let body = Body::parse("x", br#" {"n":7,"s":"7","z":null,"o":{"k":"v"},"l":[{"k":"v"},3]} "#).unwrap();
        assert_eq!((body.loose("n"), body.loose("s")), (Some("7".into()), Some("7".into())));
        assert!(body.id("z").unwrap().is_none() && body.id("absent").unwrap().is_none());
        assert!(body.id("n").is_err() && body.id("s").unwrap() == Some("7"));
        assert!(body.needed("z").is_err() && body.needed("n").is_err());
        assert_eq!(body.object("o").unwrap().text("k"), Some("v"));
        assert_eq!(body.objects("l").len(), 1);
    }
}
