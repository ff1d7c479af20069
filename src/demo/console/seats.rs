//! The other accounts of a browser, as the console's pages link to them.

use serde_json::{Map, Value};

use super::pages::{Frame, kind_name};
use super::session::Seat;

/// Another account, as a link shows it.
pub(super) struct Seated<'a> {
    pub(super) handle: &'a str,
    pub(super) name: &'a str,
    pub(super) login: &'a str,
    pub(super) badge: Option<&'static str>,
}

impl<'a> Seated<'a> {
    pub(super) fn of(frame: &Frame, seat: &'a Seat) -> Self {
        let text = |claim: &str| {
            let of = |claims: &'a Map<String, Value>| claims.get(claim).and_then(Value::as_str);
            of(&seat.signed_in.userinfo).or_else(|| of(&seat.signed_in.id_claims))
        };
        let kind = text("principal_type").and_then(|kind| kind.parse().ok());
        Self {
            handle: &seat.handle,
            name: text("name").or_else(|| text("sub")).unwrap_or("?"),
            login: text("preferred_username").unwrap_or_default(),
            badge: kind.map(|kind| kind_name(frame.t(), kind)),
        }
    }
}
