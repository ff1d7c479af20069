//! `[mail]`: the server that takes our mail.

use super::error::require;
use super::section::section;
use super::value::{Raw, Reason, Setting, quoted};
use crate::base::Secret;

section! {
    /// The server that takes our mail: codes and notices.
    Mail = "mail" {
        /// Its name. Not set: no mail is sent.
        host: Option<String> = "",
        /// Its port. Not set: 465 with `implicit`, 587 with `starttls`, 25 with `none`.
        port: Option<u32> = "",
        /// How it is spoken to. With `starttls` nothing is sent unless the server changes to TLS; `none` is for a
        /// loopback address alone.
        tls: MailTls = r#""implicit""#,
        /// Name to sign in with.
        username: Option<String> = "",
        /// Password to sign in with.
        password: Option<Secret<String>> = "",
        /// Address that mail comes from, with a name if wanted: `"Acme <no-reply@id.example.com>"`.
        from: Option<String> = "",
        /// Address that answers go to.
        reply_to: Option<String> = "",
        /// How we introduce ourselves. Not set: the domain of `from`.
        hello_name: Option<String> = "",
    }
    check(mail) {
        let Some(host) = &mail.host else { return Ok(()) };
        require("mail.host", plain_host(host), "expected: a host name or an address, without port")?;
        require("mail.from", mail.from.is_some(), "is needed beside host")?;
        let pair = mail.username.is_some() == mail.password.is_some();
        require("mail.password", pair, "username and password are needed together")?;
        require("mail.port", mail.port.is_none_or(|port| (1..=65_535).contains(&port)), "must be 1 to 65535")?;
        let loopback = ["localhost", "127.0.0.1", "::1"].contains(&host.as_str());
        require("mail.tls", mail.tls != MailTls::None || loopback, "none is for a loopback host alone")
    }
}

fn plain_host(host: &str) -> bool {
    let name = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    name || host.parse::<std::net::IpAddr>().is_ok()
}

/// How the mail server is spoken to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MailTls {
    /// TLS from the first byte.
    Implicit,
    /// TLS before anything is said; never without.
    StartTls,
    /// None, on this machine.
    None,
}

impl Setting for MailTls {
    const KIND: &'static str = "\"implicit\", \"starttls\" or \"none\"";

    fn parse(raw: &Raw) -> Result<Self, Reason> {
        match String::parse(raw)?.as_str() {
            "implicit" => Ok(Self::Implicit),
            "starttls" => Ok(Self::StartTls),
            "none" => Ok(Self::None),
            _ => Err(Self::expected()),
        }
    }

    fn show(&self) -> Option<String> {
        Some(quoted(match self {
            Self::Implicit => "implicit",
            Self::StartTls => "starttls",
            Self::None => "none",
        }))
    }
}
