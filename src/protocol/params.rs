//! Parameters of `application/x-www-form-urlencoded`, from a query or a body.
//!
//! Decoding is strict and bounded, and repetition is remembered: a parameter
//! sent twice ends the request (RFC 6749 §3.1), but for `resource`, which may
//! repeat (RFC 8707 §2). Every endpoint of `web` reads its input through this.

use std::fmt;

use super::error::ProtocolError;

/// Encoded input longer than this is refused unread, in bytes.
pub const MAX_ENCODED: usize = 64 * 1024;
/// All names and values together, decoded, in bytes.
pub const MAX_DECODED: usize = 16 * 1024;
/// How many parameters one input may have.
pub const MAX_PARAMS: usize = 100;
/// Longest name, in bytes.
pub const MAX_NAME: usize = 64;

/// The parameter that may stand more than once.
const REPEATABLE: &str = "resource";

/// The parameters of one request, in their order.
///
/// They may hold passwords and codes, so `Debug` shows the names alone.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct RawParams {
    entries: Vec<(String, String)>,
}

/// Why input is not a list of parameters.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ParamsError {
    /// Longer than [`MAX_ENCODED`] or [`MAX_DECODED`].
    #[error("the parameters are too long")]
    TooLong,
    /// More than [`MAX_PARAMS`].
    #[error("there are too many parameters")]
    TooMany,
    /// A name is longer than [`MAX_NAME`].
    #[error("a parameter name is too long")]
    LongName,
    /// A `%` without two hexadecimal digits, bytes that are not UTF-8, or a NUL.
    #[error("the parameters are not well-formed")]
    Malformed,
}

impl From<ParamsError> for ProtocolError {
    fn from(error: ParamsError) -> Self {
        Self::invalid_request(error.to_string())
    }
}

impl RawParams {
    /// Decodes a query (without its `?`) or a body. Empty pieces (`&&`) are skipped.
    pub fn parse(raw: &[u8]) -> Result<Self, ParamsError> {
        if raw.len() > MAX_ENCODED {
            return Err(ParamsError::TooLong);
        }
        let mut entries = Vec::new();
        let mut decoded = 0;
        for piece in raw.split(|byte| *byte == b'&').filter(|piece| !piece.is_empty()) {
            if entries.len() == MAX_PARAMS {
                return Err(ParamsError::TooMany);
            }
            let mut halves = piece.splitn(2, |byte| *byte == b'=');
            let name = form_decode(halves.next().unwrap_or_default()).ok_or(ParamsError::Malformed)?;
            let value = form_decode(halves.next().unwrap_or_default()).ok_or(ParamsError::Malformed)?;
            if name.len() > MAX_NAME {
                return Err(ParamsError::LongName);
            }
            decoded += name.len() + value.len();
            if decoded > MAX_DECODED {
                return Err(ParamsError::TooLong);
            }
            entries.push((name, value));
        }
        Ok(Self { entries })
    }

    /// From names and values that are already decoded (a JSON body, a test).
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        Self { entries: pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect() }
    }

    /// Query and body as one list; what stands in both is repeated.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.entries.extend(other.entries);
        self
    }

    /// The first name that stands more than once and may not. Empty values count.
    #[must_use]
    pub fn repeated(&self) -> Option<&str> {
        self.entries
            .iter()
            .enumerate()
            .filter(|(_, (name, _))| name != REPEATABLE)
            .find(|(at, (name, _))| self.entries.iter().take(*at).any(|(earlier, _)| earlier == name))
            .map(|(_, (name, _))| name.as_str())
    }

    /// Does this name stand more than once?
    #[must_use]
    pub fn is_repeated(&self, name: &str) -> bool {
        self.entries.iter().filter(|(entry, _)| entry == name).nth(1).is_some()
    }

    /// Refuses every repetition with `invalid_request`.
    pub fn refuse_repeated(&self) -> Result<(), ProtocolError> {
        self.repeated().map_or(Ok(()), |name| {
            Err(ProtocolError::invalid_request(format!("the parameter {name} stands more than once")))
        })
    }

    /// The first value of `name`; an empty value is an absent one (RFC 6749 §3.1).
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.entries.iter().find(|(entry, _)| entry == name).map(|(_, value)| value.as_str()).filter(|v| !v.is_empty())
    }

    /// The value of `name`, else `invalid_request`.
    pub fn required(&self, name: &str) -> Result<&str, ProtocolError> {
        self.optional(name).ok_or_else(|| ProtocolError::invalid_request(format!("the parameter {name} is missing")))
    }

    /// Every value of `name` that is not empty, in order: for `resource`.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.entries
            .iter()
            .filter(move |(entry, value)| entry == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// Names and values in order, for a request that is carried on (a same-site hop of `/authorize`).
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl fmt::Debug for RawParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries.iter().map(|(name, _)| name)).finish()
    }
}

/// Decodes one piece: `+` is a space, `%XX` a byte, the whole is UTF-8 without
/// NUL (which no parameter may hold and which PostgreSQL's text cannot).
#[must_use]
pub fn form_decode(piece: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(piece.len());
    let mut rest = piece.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex(*rest.next()?)? * 16 + hex(*rest.next()?)?,
            other => *other,
        });
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

/// Encodes text for a query: all but the unreserved characters as `%XX`, so
/// that both form decoders and plain percent decoders read it right.
pub fn percent_encode(text: &str, into: &mut String) {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            into.push(char::from(byte));
        } else {
            into.push('%');
            into.extend(DIGITS.get(usize::from(byte >> 4)));
            into.extend(DIGITS.get(usize::from(byte & 15)));
        }
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::protocol::ErrorCode;

    fn parse(text: &str) -> RawParams {
        RawParams::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn names_and_values_are_decoded() {
        let params = parse("a=b+c&%73tate=%E9%97%A8%26&&flag&empty=");
        assert_eq!(params.optional("a"), Some("b c"));
        assert_eq!(params.optional("state"), Some("门&"));
        assert_eq!(params.optional("flag"), None);
        assert_eq!(params.optional("empty"), None);
        assert_eq!(params.required("empty").unwrap_err().code(), ErrorCode::InvalidRequest);
    }

    /// AZ-12.
    #[rstest]
    #[case("state=a&state=a", Some("state"))]
    #[case("state=&state=a", Some("state"))]
    #[case("a=1&scope=x&b=2&scope=y", Some("scope"))]
    #[case("a=1&b=2", None)]
    #[case("resource=a&resource=b", None)]
    fn a_repeated_parameter_is_remembered(#[case] raw: &str, #[case] repeated: Option<&str>) {
        assert_eq!(parse(raw).repeated(), repeated);
        assert_eq!(parse(raw).refuse_repeated().is_err(), repeated.is_some());
    }

    /// AZ-12.
    #[test]
    fn what_stands_in_query_and_body_is_repeated() {
        let params = parse("client_id=a").merge(parse("client_id=a&x=1"));
        assert!(params.is_repeated("client_id") && !params.is_repeated("x"));
        assert_eq!(params.repeated(), Some("client_id"));
    }

    #[test]
    fn resource_keeps_all_its_values() {
        assert_eq!(parse("resource=a&resource=&resource=b").all("resource").collect::<Vec<_>>(), ["a", "b"]);
    }

    #[rstest]
    #[case("a=%", ParamsError::Malformed)]
    #[case("a=%2", ParamsError::Malformed)]
    #[case("a=%zz", ParamsError::Malformed)]
    #[case("a=%+1", ParamsError::Malformed)]
    #[case("a=%FF", ParamsError::Malformed)]
    #[case("a=%00", ParamsError::Malformed)]
    #[case(&"a=1&".repeat(101), ParamsError::TooMany)]
    #[case(&format!("{}=1", "n".repeat(65)), ParamsError::LongName)]
    #[case(&format!("a={}", "v".repeat(MAX_DECODED)), ParamsError::TooLong)]
    #[case(&"%41".repeat(30_000), ParamsError::TooLong)]
    fn bad_input_is_refused(#[case] raw: &str, #[case] error: ParamsError) {
        assert_eq!(RawParams::parse(raw.as_bytes()), Err(error));
    }

    #[test]
    fn debug_shows_no_value() {
        assert_eq!(format!("{:?}", parse("password=hunter2&code=x")), r#"["password", "code"]"#);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused_without_a_panic(raw: Vec<u8>) {
            let _ = RawParams::parse(&raw);
        }

        #[test]
        fn what_is_encoded_decodes_to_itself(text in "[^\\x00]{0,60}") {
            let mut encoded = String::new();
            percent_encode(&text, &mut encoded);
            prop_assert_eq!(form_decode(encoded.as_bytes()), Some(text));
        }
    }
}
