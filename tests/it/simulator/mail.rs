//! The mail sink over a socket.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use menshen::simulator::fixture::SMTP;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::vendor::Vendors;

/// A mail program, line by line.
struct Sender(BufReader<TcpStream>);

impl Sender {
    async fn connect(vendors: &Vendors) -> (Self, String) {
        let stream = TcpStream::connect(vendors.running.smtp_address()).await.expect("a connection");
        let mut sender = Self(BufReader::new(stream));
        let greeting = sender.hear().await;
        (sender, greeting)
    }

    /// The last line of an answer.
    async fn hear(&mut self) -> String {
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).await.expect("a line");
            if line.chars().nth(3) != Some('-') {
                return line.trim_end().to_owned();
            }
        }
    }

    async fn say(&mut self, line: &str) -> String {
        self.0.write_all(format!("{line}\r\n").as_bytes()).await.expect("sent");
        self.hear().await
    }

    async fn send(&mut self, to: &str) -> String {
        assert!(self.say("MAIL FROM:<no-reply@menshen.example>").await.starts_with("250"));
        let taken = self.say(&format!("RCPT TO:<{to}>")).await;
        if !taken.starts_with("250") {
            return taken;
        }
        assert!(self.say("DATA").await.starts_with("354"));
        self.say("Subject: =?utf-8?b?6aqM6K+B56CB?=\r\nContent-Type: text/plain; charset=utf-8\r\n\r\ncode 123456\r\n..dot\r\n.").await
    }
}

#[tokio::test]
async fn a_mail_is_kept_and_read() {
    let vendors = Vendors::start();
    let (mut sender, greeting) = Sender::connect(&vendors).await;
    assert!(greeting.starts_with("220"));
    assert!(sender.say("EHLO client").await.starts_with("250"));
    let credentials = STANDARD.encode(format!("\0{}\0{}", SMTP.id, SMTP.secret));
    assert!(sender.say(&format!("AUTH PLAIN {credentials}")).await.starts_with("235"));
    assert!(sender.send("dev@acme.example").await.starts_with("250"));
    assert!(sender.say("QUIT").await.starts_with("221"));
    let mails = vendors.told("/mail?to=dev@acme.example").await;
    assert_eq!((&mails[0]["subject"], &mails[0]["text"]), (&json!("验证码"), &json!("code 123456\n.dot")));
    assert_eq!(mails[0]["user"], SMTP.id);
    assert_eq!(vendors.told("/mail?to=nobody@acme.example").await, json!([]));
}

#[tokio::test]
async fn a_wrong_password_a_full_box_and_a_tired_server() {
    let vendors = Vendors::start();
    let (mut sender, _) = Sender::connect(&vendors).await;
    let login = [STANDARD.encode(SMTP.id), STANDARD.encode("wrong")];
    assert!(sender.say("AUTH LOGIN").await.starts_with("334"));
    assert!(sender.say(&login[0]).await.starts_with("334"));
    assert!(sender.say(&login[1]).await.starts_with("535"));
    for (at, code) in [("rcpt", 550), ("data", 450)] {
        vendors
            .tell(
                "/faults",
                json!({"match": {"vendor": "mail"}, "mode": "smtp", "times": 1, "args": {"code": code, "at": at}}),
            )
            .await;
        assert!(sender.send("dev@acme.example").await.starts_with(&code.to_string()));
    }
    assert!(sender.send("dev@acme.example").await.starts_with("250"));
    vendors.tell("/faults", json!({"mode": "smtp", "times": 1, "args": {"code": 421, "at": "connect"}})).await;
    assert!(Sender::connect(&vendors).await.1.starts_with("421"));
    assert_eq!(vendors.told("/mail").await.as_array().unwrap().len(), 1);
}
