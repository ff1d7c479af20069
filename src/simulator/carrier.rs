//! Carriers' one-time tokens: what a phone's SDK gets over cellular data and a
//! server trades for the number.

use std::collections::HashMap;
use std::time::Duration;

use super::people::e164;
use crate::base::Timestamp;

/// A mobile carrier.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Carrier {
    /// China Mobile.
    Cmcc,
    /// China Unicom.
    Cucc,
    /// China Telecom.
    Ctcc,
}

impl Carrier {
    /// From `cmcc`, `cucc`, `ctcc`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "cmcc" => Some(Self::Cmcc),
            "cucc" => Some(Self::Cucc),
            "ctcc" => Some(Self::Ctcc),
            _ => None,
        }
    }

    /// How long its tokens live.
    pub const fn lifetime(self) -> Duration {
        match self {
            Self::Cmcc => Duration::from_secs(2 * 60),
            Self::Ctcc => Duration::from_secs(10 * 60),
            Self::Cucc => Duration::from_secs(30 * 60),
        }
    }
}

/// What a token may be used for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// To be told the number.
    Login,
    /// To have a number confirmed.
    Verify,
}

/// A token that was given out.
#[derive(Clone, Debug)]
pub struct CarrierToken {
    /// Whose number, E.164.
    pub phone: String,
    /// Of which carrier.
    pub carrier: Carrier,
    /// For what.
    pub kind: Kind,
    /// At which aggregator (`aliyun`, `tencent`, `jiguang`); `None`: at any.
    pub vendor: Option<String>,
    /// Until when.
    pub expires_at: Timestamp,
    spent: bool,
}

/// Why a token buys nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Worthless {
    /// Nobody gave it out, or not for this aggregator.
    Unknown,
    /// It was used before.
    Spent,
    /// Its time is over.
    Expired,
    /// It is for confirming numbers alone, or for telling them alone.
    OtherKind,
}

impl Worthless {
    /// For the journal.
    pub const fn why(self) -> &'static str {
        match self {
            Self::Unknown => "unknown carrier token",
            Self::Spent => "carrier token used before",
            Self::Expired => "carrier token expired",
            Self::OtherKind => "carrier token of the other kind",
        }
    }
}

/// All tokens.
#[derive(Default)]
pub struct CarrierTokens(HashMap<String, CarrierToken>);

impl CarrierTokens {
    /// Gives a token out at `now`; when it ends.
    pub fn give(
        &mut self,
        token: String,
        (phone, carrier, kind): (&str, Carrier, Kind),
        vendor: Option<String>,
        now: Timestamp,
    ) -> Timestamp {
        let expires_at = now + carrier.lifetime();
        self.0.insert(token, CarrierToken { phone: e164(phone), carrier, kind, vendor, expires_at, spent: false });
        expires_at
    }

    /// Spends a token; it is spent even when it was of the other kind.
    ///
    /// # Errors
    /// Why it buys nothing.
    pub fn spend(&mut self, token: &str, vendor: &str, kind: Kind, now: Timestamp) -> Result<CarrierToken, Worthless> {
        let found = self.0.get_mut(token).filter(|found| found.vendor.as_deref().is_none_or(|of| of == vendor));
        let found = found.ok_or(Worthless::Unknown)?;
        if std::mem::replace(&mut found.spent, true) {
            return Err(Worthless::Spent);
        }
        if now >= found.expires_at {
            return Err(Worthless::Expired);
        }
        if found.kind == kind { Ok(found.clone()) } else { Err(Worthless::OtherKind) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_buys_once_in_its_time_at_its_aggregator() {
        let mut tokens = CarrierTokens::default();
        let now = Timestamp::from_seconds(100);
        let of = ("13900001234", Carrier::Cmcc, Kind::Login);
        tokens.give("t".into(), of, Some("aliyun".into()), now);
        assert_eq!(tokens.spend("t", "tencent", Kind::Login, now).unwrap_err(), Worthless::Unknown);
        assert_eq!(tokens.spend("t", "aliyun", Kind::Login, now).unwrap().phone, "+8613900001234");
        assert_eq!(tokens.spend("t", "aliyun", Kind::Login, now).unwrap_err(), Worthless::Spent);
        let end = tokens.give("u".into(), of, None, now);
        assert_eq!(tokens.spend("u", "jiguang", Kind::Login, end).unwrap_err(), Worthless::Expired);
    }
}
