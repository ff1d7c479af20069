//! How one value is read from TOML or from an environment variable, and how it
//! is shown again.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use toml::Value;

use crate::base::Secret;

/// So many minutes.
pub(super) const fn minutes(number: u64) -> Duration {
    Duration::from_secs(number * 60)
}

/// So many days.
pub(super) const fn days(number: u64) -> Duration {
    minutes(number * 24 * 60)
}

/// What is wrong with a value; never the value itself.
pub(super) type Reason = String;

/// A value as it was given.
#[derive(Clone)]
pub(super) enum Raw {
    /// By the file.
    Toml(Value),
    /// By the environment.
    Text {
        /// The variable's name.
        variable: String,
        /// Its value.
        text: String,
    },
}

impl Raw {
    /// Where the value came from, to stand behind a reason.
    pub(super) fn origin(&self) -> String {
        match self {
            Self::Toml(_) => String::new(),
            Self::Text { variable, .. } => format!(" (from {variable})"),
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Toml(value) => value.as_str(),
            Self::Text { text, .. } => Some(text),
        }
    }
}

/// A type that a key can have.
pub(super) trait Setting: Sized {
    /// What a value looks like, in words.
    const KIND: &'static str;

    /// Reads a value.
    fn parse(raw: &Raw) -> Result<Self, Reason>;

    /// The value as TOML, masked when it is a secret; `None`: not set.
    fn show(&self) -> Option<String>;

    /// Reads the default of the reference; empty: not set.
    fn default_from(toml: &str) -> Result<Self, Reason> {
        let table: toml::Table = format!("value = {toml}").parse().map_err(|_bad| Self::expected())?;
        table.get("value").map_or_else(|| Err(Self::expected()), |value| Self::parse(&Raw::Toml(value.clone())))
    }

    /// The reason for a value of another kind.
    fn expected() -> Reason {
        format!("expected: {}", Self::KIND)
    }
}

/// Text as TOML writes it.
pub(super) fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

impl Setting for bool {
    const KIND: &'static str = "true or false";

    fn parse(raw: &Raw) -> Result<Self, Reason> {
        match raw {
            Raw::Toml(value) => value.as_bool(),
            Raw::Text { text, .. } => text.parse().ok(),
        }
        .ok_or_else(Self::expected)
    }

    fn show(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl Setting for u32 {
    const KIND: &'static str = "whole number";

    fn parse(raw: &Raw) -> Result<Self, Reason> {
        match raw {
            Raw::Toml(value) => value.as_integer().and_then(|number| Self::try_from(number).ok()),
            Raw::Text { text, .. } => text.parse().ok(),
        }
        .ok_or_else(Self::expected)
    }

    fn show(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl Setting for String {
    const KIND: &'static str = "text";

    fn parse(raw: &Raw) -> Result<Self, Reason> {
        let text = raw.text().ok_or_else(Self::expected)?;
        if text.trim().is_empty() {
            return Err("must not be empty".to_owned());
        }
        if text.chars().any(char::is_control) {
            return Err("must not hold control characters".to_owned());
        }
        Ok(text.to_owned())
    }

    fn show(&self) -> Option<String> {
        Some(quoted(self))
    }
}

impl Setting for PathBuf {
    const KIND: &'static str = "path";

    fn parse(raw: &Raw) -> Result<Self, Reason> {
        raw.text().filter(|text| !text.is_empty()).map(Self::from).ok_or_else(Self::expected)
    }

    fn show(&self) -> Option<String> {
        Some(quoted(&self.to_string_lossy()))
    }
}

impl Setting for SocketAddr {
    const KIND: &'static str = "address and port, as \"127.0.0.1:8080\" or \"[::1]:8080\"";

    fn parse(raw: &Raw) -> Result<Self, Reason> {
        raw.text().and_then(|text| text.parse().ok()).ok_or_else(Self::expected)
    }

    fn show(&self) -> Option<String> {
        Some(quoted(&self.to_string()))
    }
}

impl Setting for IpNet {
    const KIND: &'static str = "network, as \"10.0.0.0/8\"";

    fn parse(raw: &Raw) -> Result<Self, Reason> {
        let net: Self = raw.text().and_then(|text| text.parse().ok()).ok_or_else(Self::expected)?;
        // "10.1.2.3/8" is more likely a slip than a wish to trust all of 10.0.0.0/8.
        if net.trunc() == net { Ok(net) } else { Err("the network has bits set behind its prefix".to_owned()) }
    }

    fn show(&self) -> Option<String> {
        Some(quoted(&self.to_string()))
    }
}

impl Setting for Duration {
    const KIND: &'static str = "time, as \"60s\", \"10m\", \"3h\" or \"14d\"";

    fn parse(raw: &Raw) -> Result<Self, Reason> {
        let text = raw.text().ok_or_else(Self::expected)?;
        let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(Self::expected)?;
        let seconds: u64 = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return Err(Self::expected()),
        };
        let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let number: u64 = number.parse().ok().filter(|_| digits).ok_or_else(Self::expected)?;
        // A hundred years: sums with a moment stay far from the end of the clock.
        number.checked_mul(seconds).filter(|all| *all <= 3_155_760_000).map(Self::from_secs).ok_or_else(Self::expected)
    }

    fn show(&self) -> Option<String> {
        let seconds = self.as_secs();
        let (unit, name) = [(86_400, "d"), (3_600, "h"), (60, "m")]
            .into_iter()
            .find(|(unit, _)| seconds >= *unit && seconds.is_multiple_of(*unit))
            .unwrap_or((1, "s"));
        Some(quoted(&format!("{}{name}", seconds / unit)))
    }
}

impl Setting for Secret<String> {
    const KIND: &'static str = "text, secret";

    fn parse(raw: &Raw) -> Result<Self, Reason> {
        String::parse(raw).map(Self::new)
    }

    fn show(&self) -> Option<String> {
        Some(quoted("********"))
    }
}

impl<T: Setting> Setting for Option<T> {
    const KIND: &'static str = T::KIND;

    fn parse(raw: &Raw) -> Result<Self, Reason> {
        match raw {
            // An empty variable takes a value of the file back.
            Raw::Text { text, .. } if text.is_empty() => Ok(None),
            Raw::Text { .. } | Raw::Toml(_) => T::parse(raw).map(Some),
        }
    }

    fn show(&self) -> Option<String> {
        self.as_ref().and_then(Setting::show)
    }

    fn default_from(toml: &str) -> Result<Self, Reason> {
        if toml.is_empty() { Ok(None) } else { T::default_from(toml).map(Some) }
    }
}

/// What a list of `Self` is called.
pub(super) trait Listed: Setting {
    /// The kind of the list, in words.
    const LIST_KIND: &'static str;
}

impl Listed for IpNet {
    const LIST_KIND: &'static str = "list of networks, as [\"10.0.0.0/8\"]";
}

impl Listed for String {
    const LIST_KIND: &'static str = "list of texts";
}

impl<T: Listed> Setting for Vec<T> {
    const KIND: &'static str = T::LIST_KIND;

    fn parse(raw: &Raw) -> Result<Self, Reason> {
        let items: Vec<Raw> = match raw {
            Raw::Toml(Value::Array(items)) => items.iter().cloned().map(Raw::Toml).collect(),
            Raw::Toml(_) => return Err(Self::expected()),
            Raw::Text { text, .. } if text.trim().is_empty() => Vec::new(),
            Raw::Text { variable, text } => text
                .split(',')
                .map(|item| Raw::Text { variable: variable.clone(), text: item.trim().to_owned() })
                .collect(),
        };
        items.iter().map(T::parse).collect()
    }

    fn show(&self) -> Option<String> {
        let items: Vec<String> = self.iter().filter_map(Setting::show).collect();
        Some(format!("[{}]", items.join(", ")))
    }
}
