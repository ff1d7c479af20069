//! The one way a body is read: of the type that was asked for, at most 64 KiB,
//! within the configured time, never unpacked.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use actix_web::web::{Bytes, Payload};

/// Bytes of a body that are accepted.
pub const MAX_BODY: usize = 64 * 1024;
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a body may take, where the server says so (`server.slow_body`).
#[derive(Clone, Copy, Debug)]
pub struct Patience(pub Duration);

/// What a body must say it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BodyKind {
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `application/json`.
    Json,
}

impl BodyKind {
    const fn media_type(self) -> &'static str {
        match self {
            Self::Form => "application/x-www-form-urlencoded",
            Self::Json => "application/json",
        }
    }
}

/// Why a body is not read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BodyError {
    /// Of another type, or packed: 415.
    #[error("the body has another type or encoding")]
    WrongType,
    /// Larger than [`MAX_BODY`]: 413.
    #[error("the body is too large")]
    TooLarge,
    /// Not complete in time: 408.
    #[error("the body did not come in time")]
    TooSlow,
    /// Not what HTTP allows: 400.
    #[error("the body is broken")]
    Broken,
}

impl BodyError {
    /// The status that says so.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::WrongType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken => StatusCode::BAD_REQUEST,
        }
    }
}

/// Reads the whole body of `request`.
///
/// # Errors
/// See [`BodyError`].
pub async fn read(request: &HttpRequest, payload: Payload, kind: BodyKind) -> Result<Bytes, BodyError> {
    check_headers(request.headers(), kind)?;
    let patience = request.app_data::<Patience>().map_or(PATIENCE, |configured| configured.0);
    match tokio::time::timeout(patience, payload.to_bytes_limited(MAX_BODY)).await {
        Ok(Ok(Ok(body))) => Ok(body),
        Ok(Ok(Err(_broken))) => Err(BodyError::Broken),
        Ok(Err(_too_large)) => Err(BodyError::TooLarge),
        Err(_elapsed) => Err(BodyError::TooSlow),
    }
}

fn check_headers(headers: &HeaderMap, kind: BodyKind) -> Result<(), BodyError> {
    let mut types = headers.get_all(CONTENT_TYPE);
    let (Some(of), None) = (types.next(), types.next()) else { return Err(BodyError::WrongType) };
    let of = of.to_str().unwrap_or_default();
    let (media_type, parameters) = of.split_once(';').unwrap_or((of, ""));
    let utf_8 = ["", "charset=utf-8", "charset=\"utf-8\""].contains(&parameters.trim().to_ascii_lowercase().as_str());
    if !media_type.trim().eq_ignore_ascii_case(kind.media_type()) || !utf_8 || headers.contains_key(CONTENT_ENCODING) {
        return Err(BodyError::WrongType);
    }
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    match length {
        Some(length) if length > u64::try_from(MAX_BODY).unwrap_or(u64::MAX) => Err(BodyError::TooLarge),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&[("content-type", "application/x-www-form-urlencoded")], Ok(()))]
    #[case(&[("content-type", "Application/X-WWW-Form-Urlencoded; charset=UTF-8")], Ok(()))]
    #[case(&[], Err(BodyError::WrongType))]
    #[case(&[("content-type", "application/json")], Err(BodyError::WrongType))]
    #[case(&[("content-type", "application/x-www-form-urlencoded; charset=gbk")], Err(BodyError::WrongType))]
    #[case(&[("content-type", "application/x-www-form-urlencoded"), ("content-encoding", "gzip")], Err(BodyError::WrongType))]
    #[case(&[("content-type", "application/x-www-form-urlencoded"), ("content-length", "65537")], Err(BodyError::TooLarge))]
    fn a_form_says_that_it_is_one(#[case] headers: &[(&str, &str)], #[case] outcome: Result<(), BodyError>) {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap()))
            .collect();
        assert_eq!(check_headers(&headers, BodyKind::Form), outcome);
    }
}
