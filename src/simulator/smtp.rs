//! The mail sink: takes every mail over SMTP (RFC 5321) and keeps it.
//!
//! No TLS: it listens to loopback and is given nothing that matters. Whoever
//! logs in must do so with the fixture's user.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::call::{Call, Reply};
use super::inbox::Mail;
use super::mime;
use super::vendor::Vendor;
use super::world::World;

/// Bytes of the longest mail.
const MAX_MAIL: usize = 1024 * 1024;
/// Bytes of the longest line.
const MAX_LINE: usize = 64 * 1024;

/// Takes connections until the task ends.
pub async fn serve(listener: TcpListener, world: Arc<World>) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let session = Session { world: Arc::clone(&world), peer, user: None, from: None, to: Vec::new() };
                // A connection that breaks off is its own business.
                actix_web::rt::spawn(async move { session.run(stream).await.ok() });
            }
            Err(error) => tracing::warn!(%error, "the mail sink took no connection"),
        }
    }
}

/// One connection.
struct Session {
    world: Arc<World>,
    peer: SocketAddr,
    user: Option<String>,
    from: Option<String>,
    to: Vec<String>,
}

/// What to say, and whether that was the end.
enum Say {
    Go(String),
    End(String),
}

impl Session {
    async fn run(mut self, stream: TcpStream) -> io::Result<()> {
        let mut wire = BufReader::new(stream);
        let mut say = self.fault("connect").unwrap_or_else(|| Say::Go("220 simulator ESMTP".to_owned()));
        loop {
            let (Say::Go(text) | Say::End(text)) = &say;
            wire.write_all(format!("{text}\r\n").as_bytes()).await?;
            wire.flush().await?;
            if matches!(say, Say::End(_)) {
                return Ok(());
            }
            let Some(line) = line(&mut wire).await? else { return Ok(()) };
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            say = match verb.to_uppercase().as_str() {
                "EHLO" => Say::Go(
                    "250-simulator\r\n250-AUTH PLAIN LOGIN\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 1048576"
                        .to_owned(),
                ),
                "HELO" | "NOOP" => Say::Go("250 simulator".to_owned()),
                "AUTH" => self.login(&mut wire, rest).await?,
                "MAIL" => self.mail(rest),
                "RCPT" => self.rcpt(rest),
                "DATA" => self.data(&mut wire).await?,
                "RSET" => {
                    (self.from, self.to) = (None, Vec::new());
                    Say::Go("250 OK".to_owned())
                }
                "QUIT" => Say::End("221 Bye".to_owned()),
                _ => Say::Go("502 Command not implemented".to_owned()),
            };
        }
    }

    /// The fault that stands for this point, if any.
    fn fault(&self, stage: &str) -> Option<Say> {
        let call = self.call(stage);
        let drawn = u32::try_from(self.world.below(1_000_000)).map_or(0.0, f64::from) / 1_000_000.0;
        let here = |fault: &super::faults::Fault| {
            fault.mode == "smtp" && fault.text("at").as_deref().unwrap_or("data") == stage
        };
        let fault = self.world.state().faults.take_where(Vendor::Mail, &call, drawn, here)?;
        let code = fault.number("code").unwrap_or(450);
        self.journal(&call, &Reply::nothing().refused(format!("answered {code} at {stage}")));
        let text = format!("{code} asked for by a fault");
        Some(if code == 421 { Say::End(text) } else { Say::Go(text) })
    }

    fn call(&self, stage: &str) -> Call {
        let from = self.from.iter().map(|from| ("from".to_owned(), from.clone()));
        let to = self.to.iter().map(|to| ("to".to_owned(), to.clone()));
        Call {
            method: "SMTP".to_owned(),
            path: format!("/smtp/{stage}"),
            form: from.chain(to).collect(),
            peer: Some(self.peer.ip()),
            ..Call::default()
        }
    }

    fn journal(&self, call: &Call, reply: &Reply) {
        let now = self.world.now();
        self.world.state().journal.write(now, Vendor::Mail, call, reply);
    }

    async fn login(&mut self, wire: &mut BufReader<TcpStream>, rest: &str) -> io::Result<Say> {
        let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
        let pair = match mechanism.to_uppercase().as_str() {
            "PLAIN" => {
                let sent = if initial.is_empty() { ask(wire, "").await? } else { initial.to_owned() };
                let text = decoded(&sent);
                let mut parts = text.split('\0').skip(1).map(str::to_owned);
                (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
            }
            "LOGIN" => {
                let user = if initial.is_empty() { ask(wire, "VXNlcm5hbWU6").await? } else { initial.to_owned() };
                let password = ask(wire, "UGFzc3dvcmQ6").await?;
                (decoded(&user), decoded(&password))
            }
            _ => return Ok(Say::Go("504 Unrecognized authentication type".to_owned())),
        };
        let known = self.world.state().apps.find(Vendor::Mail, &pair.0).is_some_and(|app| app.secret == pair.1);
        if !known {
            self.journal(&self.call("auth"), &Reply::nothing().refused("unknown user or wrong password"));
            return Ok(Say::Go("535 Authentication credentials invalid".to_owned()));
        }
        self.user = Some(pair.0);
        Ok(Say::Go("235 Authentication successful".to_owned()))
    }

    fn mail(&mut self, rest: &str) -> Say {
        let Some(from) = address(rest, "FROM:") else { return Say::Go("501 Syntax: MAIL FROM:<address>".to_owned()) };
        self.from = Some(from);
        self.to.clear();
        self.fault("mail").unwrap_or_else(|| Say::Go("250 OK".to_owned()))
    }

    fn rcpt(&mut self, rest: &str) -> Say {
        if self.from.is_none() {
            return Say::Go("503 MAIL first".to_owned());
        }
        let Some(to) = address(rest, "TO:").filter(|to| to.contains('@')) else {
            return Say::Go("501 Syntax: RCPT TO:<address>".to_owned());
        };
        if let Some(fault) = self.fault("rcpt") {
            return fault;
        }
        self.to.push(to);
        Say::Go("250 OK".to_owned())
    }

    async fn data(&mut self, wire: &mut BufReader<TcpStream>) -> io::Result<Say> {
        if self.to.is_empty() {
            return Ok(Say::Go("503 RCPT first".to_owned()));
        }
        wire.write_all(b"354 End data with <CR><LF>.<CR><LF>\r\n").await?;
        wire.flush().await?;
        let mut raw = String::new();
        loop {
            let Some(line) = line(wire).await? else { return Ok(Say::End(String::new())) };
            if line == "." {
                break;
            }
            if raw.len() < MAX_MAIL {
                raw.push_str(line.strip_prefix('.').unwrap_or(&line));
                raw.push_str("\r\n");
            }
        }
        if let Some(fault) = self.fault("data") {
            return Ok(fault);
        }
        self.journal(&self.call("data"), &Reply::nothing());
        let mail = Mail {
            seq: 0,
            at: self.world.now().to_string(),
            from: self.from.take().unwrap_or_default(),
            to: std::mem::take(&mut self.to),
            subject: mime::subject(&raw),
            text: mime::plain_text(&raw),
            raw,
            user: self.user.clone(),
        };
        self.world.state().mails.deliver(mail);
        self.world.arrivals.notify_waiters();
        Ok(Say::Go("250 OK queued".to_owned()))
    }
}

async fn line(wire: &mut BufReader<TcpStream>) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    let mut limited = tokio::io::AsyncReadExt::take(&mut *wire, u64::try_from(MAX_LINE).unwrap_or(u64::MAX));
    if limited.read_until(b'\n', &mut bytes).await? == 0 {
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned()))
}

async fn ask(wire: &mut BufReader<TcpStream>, challenge: &str) -> io::Result<String> {
    wire.write_all(format!("334 {challenge}\r\n").as_bytes()).await?;
    wire.flush().await?;
    Ok(line(wire).await?.unwrap_or_default())
}

fn decoded(text: &str) -> String {
    String::from_utf8_lossy(&STANDARD.decode(text.trim()).unwrap_or_default()).into_owned()
}

/// The address of `FROM:<a@b> SIZE=1`.
fn address(rest: &str, key: &str) -> Option<String> {
    let upper = rest.get(..key.len())?.to_uppercase();
    let inner = rest.get(key.len()..)?.trim().strip_prefix('<')?;
    (upper == key).then(|| inner.split_once('>').map(|(address, _)| address.to_owned())).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_between_its_brackets() {
        assert_eq!(address("FROM:<a@b.example> SIZE=1", "FROM:").as_deref(), Some("a@b.example"));
        assert_eq!(address("from: <>", "FROM:").as_deref(), Some(""));
        assert_eq!(address("TO:a@b", "TO:"), None);
    }
}
