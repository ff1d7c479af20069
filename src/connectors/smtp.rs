//! Mail by SMTP (RFC 5321), over TLS unless the server is on this machine.

use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{AsyncSmtpTransport, Error};
use lettre::{Address, AsyncTransport, Message, Tokio1Executor};
use tokio::time::timeout;

use super::error::{Class, VendorError};
use super::hash::sha256_hex;
use super::mail::{Mail, Mailer};
use crate::base::{SharedClock, Timestamp};
use crate::config::{self, ConfigError, MailTls};

const VENDOR: &str = "smtp";
/// For the connection, and for each answer of the server.
const STEP: Duration = Duration::from_secs(10);
/// For one letter. The outbox gives up a little later.
const WHOLE: Duration = Duration::from_secs(18);

/// Hands letters to one server, each over a connection of its own.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    reply_to: Option<Mailbox>,
    clock: SharedClock,
}

impl Smtp {
    /// From `[mail]`; `None`: no server is configured. Roots in `ca_file` are
    /// trusted beside the usual ones.
    ///
    /// # Errors
    /// The key that is wrong.
    pub fn new(
        config: &config::Mail,
        ca_file: Option<&Path>,
        clock: &SharedClock,
    ) -> Result<Option<Self>, ConfigError> {
        let Some(host) = &config.host else { return Ok(None) };
        let from = config.from.as_deref().ok_or_else(|| ConfigError::new("mail.from", "is needed beside host"))?;
        let from = mailbox("mail.from", from)?;
        let reply_to = config.reply_to.as_deref().map(|text| mailbox("mail.reply_to", text)).transpose()?;
        let (tls, usual) = match config.tls {
            MailTls::Implicit => (Tls::Wrapper(parameters(host, ca_file)?), 465),
            MailTls::StartTls => (Tls::Required(parameters(host, ca_file)?), 587),
            MailTls::None => (Tls::None, 25),
        };
        let hello = config.hello_name.clone().unwrap_or_else(|| from.email.domain().to_owned());
        let port = config.port.and_then(|port| u16::try_from(port).ok()).unwrap_or(usual);
        // "Dangerous" because its usual is no TLS: what is used is said above.
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(port)
            .tls(tls)
            .hello_name(ClientId::Domain(hello))
            .timeout(Some(STEP));
        if let (Some(name), Some(password)) = (&config.username, &config.password) {
            transport = transport.credentials(Credentials::new(name.clone(), password.expose().clone()));
        }
        Ok(Some(Self { transport: transport.build(), from, reply_to, clock: clock.clone() }))
    }

    fn message(&self, mail: &Mail<'_>) -> Result<Message, VendorError> {
        let odd = || VendorError::new(VENDOR, Class::Malformed, "the letter cannot be written");
        let to: Address =
            mail.to.as_str().parse().map_err(|_odd| {
                VendorError::new(VENDOR, Class::BadNumber, "the address cannot be written in a letter")
            })?;
        if mail.subject.chars().any(char::is_control) {
            return Err(odd());
        }
        let id = sha256_hex(mail.once_key.as_bytes());
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(mail.subject)
            .date(system_time(self.clock.now()))
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            // RFC 3834: no holiday notes in return.
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".into()));
        if let Some(reply_to) = &self.reply_to {
            message = message.reply_to(reply_to.clone());
        }
        let text = mail.text.to_owned();
        let written = match mail.html {
            Some(html) => message.multipart(MultiPart::alternative_plain_html(text, html.to_owned())),
            None => message.singlepart(SinglePart::plain(text)),
        };
        written.map_err(|_odd| odd())
    }
}

#[async_trait]
impl Mailer for Smtp {
    fn name(&self) -> &'static str {
        VENDOR
    }

    async fn send(&self, mail: &Mail<'_>) -> Result<(), VendorError> {
        let message = self.message(mail)?;
        match timeout(WHOLE, self.transport.send(message)).await {
            Ok(Ok(_taken)) => Ok(()),
            Ok(Err(error)) => Err(refused(&error)),
            Err(_elapsed) => Err(VendorError::new(VENDOR, Class::Unavailable, "it took too long").maybe()),
        }
    }

    async fn probe(&self) -> Result<(), VendorError> {
        match timeout(STEP, self.transport.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(VendorError::new(VENDOR, Class::Unavailable, "the server does not answer")),
            Ok(Err(error)) => Err(refused(&error)),
            Err(_elapsed) => Err(VendorError::new(VENDOR, Class::Unavailable, "it took too long")),
        }
    }
}

/// What a refusal means. The server's words may repeat the address, so its
/// code alone is kept.
fn refused(error: &Error) -> VendorError {
    let Some(code) = error.status() else {
        // It may have broken off after the letter was handed over.
        let reason = if error.is_tls() { "TLS failed" } else { "the connection failed" };
        return VendorError::new(VENDOR, Class::Unavailable, reason).maybe();
    };
    let number = u16::from(code);
    let class = match number {
        400..=499 => Class::Unavailable,
        501 | 550 | 551 | 552 | 553 => Class::BadNumber,
        _ => Class::Misconfigured,
    };
    VendorError::refused(VENDOR, class, &format!("status-{number}"))
}

fn mailbox(key: &str, text: &str) -> Result<Mailbox, ConfigError> {
    text.parse().map_err(|_odd| ConfigError::new(key, "is not an address, as \"Acme <no-reply@id.example.com>\""))
}

fn parameters(host: &str, ca_file: Option<&Path>) -> Result<TlsParameters, ConfigError> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = ca_file {
        let pem = std::fs::read(path);
        let pem =
            pem.map_err(|error| ConfigError::new("outbound.ca_file", format!("cannot be read: {}", error.kind())))?;
        let roots = Certificate::from_pem(&pem);
        builder = builder
            .add_root_certificate(roots.map_err(|_odd| ConfigError::new("outbound.ca_file", "holds no certificates"))?);
    }
    builder.build().map_err(|_odd| ConfigError::new("mail.host", "TLS cannot be set up for it"))
}

fn system_time(moment: Timestamp) -> std::time::SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(moment.seconds()).unwrap_or_default())
}

#[cfg(test)]
#[path = "smtp_tests.rs"]
mod tests;
