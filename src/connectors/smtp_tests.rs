//! Letters against a server of a few lines.

use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use super::*;
use crate::base::TestClock;
use crate::config::Config;
use crate::domain::contact::Email;

/// What the server heard, line by line.
type Heard = Arc<Mutex<Vec<String>>>;

/// A mail server that answers the command `odd` with `answer` and takes everything else.
async fn server(odd: &'static str, answer: &'static str) -> (SocketAddr, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heard = Heard::default();
    let told = Arc::clone(&heard);
    tokio::spawn(async move {
        loop {
            let (peer, _from) = listener.accept().await.unwrap();
            let mut peer = BufReader::new(peer);
            let _gone = peer.write_all(b"220 test\r\n").await;
            let (mut line, mut letter) = (String::new(), false);
            while peer.read_line(&mut line).await.is_ok_and(|length| length > 0) {
                let said = line.trim_end().to_owned();
                line.clear();
                told.lock().push(said.clone());
                let reply = match said.split([' ', ':']).next().unwrap_or_default() {
                    _ if letter && said != "." => continue,
                    word if word == odd => answer,
                    "EHLO" => "250-test\r\n250 AUTH PLAIN",
                    "AUTH" => "235 ok",
                    "DATA" => "354 go on",
                    "QUIT" => "221 bye",
                    _ => "250 ok",
                };
                letter = said == "DATA" && reply.starts_with("354");
                if reply.is_empty() || peer.write_all(format!("{reply}\r\n").as_bytes()).await.is_err() {
                    break;
                }
            }
        }
    });
    (address, heard)
}

fn smtp(port: u16, more: &str) -> Smtp {
    let toml = format!("[mail]\nhost = \"127.0.0.1\"\nport = {port}\nfrom = \"门神 <no-reply@id.example>\"\n{more}");
    let config = Config::from_parts(&toml, []).unwrap().mail;
    let clock: SharedClock = Arc::new(TestClock::at(Timestamp::from_seconds(1_735_787_045)));
    Smtp::new(&config, None, &clock).unwrap().unwrap()
}

async fn sent(smtp: &Smtp, html: Option<&str>) -> Result<(), VendorError> {
    let to = Email::parse("ops@acme.example").unwrap();
    let mail = Mail { to: &to, subject: "验证码 123456", text: "123456\n.\n", html, once_key: "k1" };
    smtp.send(&mail).await
}

#[tokio::test]
async fn a_letter_is_handed_over_with_its_headers() {
    let (address, heard) = server("-", "").await;
    let smtp =
        smtp(address.port(), "tls = \"none\"\nusername = \"u\"\npassword = \"canary\"\nreply_to = \"help@id.example\"");
    sent(&smtp, Some("<p>123456</p>")).await.unwrap();
    let heard = heard.lock().clone();
    let said = |line: &str| heard.iter().any(|heard| heard.starts_with(line));
    for line in [
        "EHLO id.example",
        "AUTH PLAIN ",
        "MAIL FROM:<no-reply@id.example>",
        "RCPT TO:<ops@acme.example>",
        "Subject: =?utf-8?b?",
        "Date: Thu, 02 Jan 2025 03:04:05 +0000",
        "Auto-Submitted: auto-generated",
        "Reply-To: help@id.example",
        "Content-Type: multipart/alternative;",
        "<p>123456</p>",
    ] {
        assert!(said(line), "{line}: {heard:#?}");
    }
    let id = format!("Message-ID: <{}@id.example>", sha256_hex(b"k1"));
    assert!(heard.iter().any(|line| line.eq_ignore_ascii_case(&id)), "{heard:#?}");
}

#[tokio::test]
async fn each_refusal_has_its_class_and_repeats_no_address() {
    for (command, answer, class) in [
        ("RCPT", "550 5.1.1 <ops@acme.example> unknown", Class::BadNumber),
        ("RCPT", "450 4.2.1 later", Class::Unavailable),
        ("MAIL", "421 busy", Class::Unavailable),
        ("AUTH", "535 5.7.8 bad password", Class::Misconfigured),
        (".", "554 5.7.1 policy", Class::Misconfigured),
    ] {
        let (address, _heard) = server(command, answer).await;
        let smtp = smtp(address.port(), "tls = \"none\"\nusername = \"u\"\npassword = \"canary\"");
        let error = sent(&smtp, None).await.unwrap_err();
        assert_eq!((error.class(), error.may_have_happened()), (class, false), "{error}");
        assert!(!error.to_string().contains("acme") && !error.to_string().contains("canary"), "{error}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_off_may_have_taken_the_letter() {
    let (address, _heard) = server(".", "").await;
    let error = sent(&smtp(address.port(), "tls = \"none\""), None).await.unwrap_err();
    assert!(error.class() == Class::Unavailable && error.may_have_happened(), "{error}");
}

#[tokio::test]
async fn without_starttls_nothing_is_said_to_a_server_that_should_have_it() {
    let (address, heard) = server("-", "").await;
    let smtp = smtp(address.port(), "tls = \"starttls\"\nusername = \"u\"\npassword = \"canary\"");
    assert!(sent(&smtp, None).await.is_err());
    assert!(heard.lock().iter().all(|line| !line.starts_with("AUTH") && !line.starts_with("MAIL")), "{heard:?}");
}

#[tokio::test]
async fn a_probe_sends_nothing() {
    let (address, heard) = server("-", "").await;
    smtp(address.port(), "tls = \"none\"").probe().await.unwrap();
    assert!(heard.lock().iter().all(|line| !line.starts_with("MAIL")));
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(smtp(closed.port(), "tls = \"none\"").probe().await.unwrap_err().class(), Class::Unavailable);
}

#[test]
fn a_sender_that_is_no_address_is_told_its_key() {
    let config = Config::from_parts("[mail]\nhost = \"localhost\"\nfrom = \"nobody\"", []).unwrap().mail;
    let clock: SharedClock = Arc::new(TestClock::at(Timestamp::EPOCH));
    let told = Smtp::new(&config, None, &clock).err().unwrap().to_string();
    assert!(told.starts_with("mail.from: is not an address"), "{told}");
}
