//! Killed at any moment (`kill -9`), under load, again and again: whatever was
//! acknowledged before is there after the restart.
//!
//! A ledger keeps every answer that a client got. A token whose issue was
//! acknowledged must be active; one whose revocation was acknowledged must stay
//! revoked for ever; one whose revocation was sent and not answered may be either.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use menshen::base::{Entropy, SystemEntropy};
use rstest::rstest;

use crate::support::database::{Backend, TestDatabase};

const SECRET: &str = "a-secret-of-the-machine-0123456789";
const WORKERS: usize = 4;
/// Tokens that one worker may get in one life of the server, so that the test is bounded.
const TOKENS_PER_LIFE: usize = 25;

const PEOPLE: &str = r#"
[[client]]
client_id = "machine"
client_secret = "a-secret-of-the-machine-0123456789"
grant_types = ["client_credentials"]
scope = "ecs:read"
"#;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Known {
    Active,
    Either,
    Revoked,
}

struct Entry {
    token: String,
    known: Known,
}

/// A server process that dies by SIGKILL.
struct Server {
    process: Child,
    port: u16,
}

/// What every life of the server shares.
struct House {
    home: tempfile::TempDir,
    database: TestDatabase,
    port: u16,
}

impl House {
    fn new(backend: Backend) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let house = Self { home: tempfile::tempdir().unwrap(), database: TestDatabase::new(backend), port };
        let file = house.home.path().join("people.toml");
        std::fs::write(&file, PEOPLE).unwrap();
        let applied = house.command().arg("apply").arg(&file).output().unwrap();
        assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
        house
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_menshen"));
        command
            .current_dir(self.home.path())
            .env("MENSHEN__SERVER__LISTEN", format!("127.0.0.1:{}", self.port))
            .env("MENSHEN__SERVER__ISSUER", format!("http://localhost:{}", self.port))
            .env("MENSHEN__DATABASE__URL", self.database.url())
            .env("MENSHEN__METRICS__ENABLED", "false")
            .env("MENSHEN__TOKENS__ACCESS", "1h")
            .env("MENSHEN__LOG__LEVEL", "error");
        command
    }

    fn start(&self) -> Server {
        let mut process = self.command().arg("serve").stdout(Stdio::piped()).spawn().unwrap();
        // It says where it answers once its listeners are open and its services built.
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let server = Server { process, port: self.port };
        assert_eq!(server.get("/readyz").map(|(status, _)| status), Some(200), "{line}");
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Server {
    fn get(&self, path: &str) -> Option<(u16, String)> {
        self.exchange(&format!("GET {path} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\r\n", self.port))
    }

    fn post(&self, path: &str, body: &str) -> Option<(u16, String)> {
        let credentials = STANDARD.encode(format!("machine:{SECRET}"));
        self.exchange(&format!(
            "POST {path} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\nAuthorization: Basic {credentials}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            self.port,
            body.len()
        ))
    }

    /// One request; `None` when no whole answer came back.
    fn exchange(&self, request: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let length =
            head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let whole = length.is_some_and(|length: usize| body.len() == length);
        let status = head.split(' ').nth(1)?.parse().ok()?;
        whole.then(|| (status, body.to_owned()))
    }

    fn is_active(&self, token: &str) -> bool {
        let (status, body) = self.post("/introspect", &format!("token={token}")).expect("an answer of a living server");
        assert_eq!(status, 200, "{body}");
        serde_json::from_str::<serde_json::Value>(&body).unwrap()["active"].as_bool().unwrap()
    }
}

/// Gets tokens and revokes some of them until the server is gone; tells of each
/// that was acknowledged.
fn work(server: &Server, ledger: &Mutex<Vec<Entry>>, acknowledged: &Sender<()>) {
    let entropy: &dyn Entropy = &SystemEntropy;
    for _ in 0..TOKENS_PER_LIFE {
        let Some((status, body)) = server.post("/token", "grant_type=client_credentials&scope=ecs:read") else {
            return;
        };
        assert_eq!(status, 200, "{body}");
        let token = serde_json::from_str::<serde_json::Value>(&body).unwrap()["access_token"].clone();
        ledger.lock().unwrap().push(Entry { token: token.as_str().unwrap().into(), known: Known::Active });
        let _ = acknowledged.send(());
        if entropy.below(3) == 0 {
            revoke_one(server, ledger, entropy);
        }
    }
}

fn revoke_one(server: &Server, ledger: &Mutex<Vec<Entry>>, entropy: &dyn Entropy) {
    let (row, token) = {
        let mut entries = ledger.lock().unwrap();
        let Ok(count) = u64::try_from(entries.len()) else { return };
        if count == 0 {
            return;
        }
        let row = usize::try_from(entropy.below(count)).unwrap();
        if entries[row].known == Known::Active {
            entries[row].known = Known::Either;
        }
        (row, entries[row].token.clone())
    };
    if let Some((200, _)) = server.post("/revoke", &format!("token={token}")) {
        ledger.lock().unwrap()[row].known = Known::Revoked;
    }
}

fn check(server: &Server, entries: &[Entry]) {
    for entry in entries {
        match entry.known {
            Known::Active => assert!(server.is_active(&entry.token), "an acknowledged token is lost"),
            Known::Revoked => assert!(!server.is_active(&entry.token), "a revoked token lives again"),
            Known::Either => {}
        }
    }
}

#[rstest]
#[case::sqlite(Backend::Sqlite, 100)]
#[case::postgres(Backend::Postgres, 25)]
fn nothing_that_was_acknowledged_is_lost_by_kill_9(#[case] backend: Backend, #[case] lives: usize) {
    let house = House::new(backend);
    let (ledger, entropy): (_, &dyn Entropy) = (Mutex::new(Vec::new()), &SystemEntropy);
    for _ in 0..lives {
        let server = house.start();
        let seen = ledger.lock().unwrap().len();
        let check_from = seen.saturating_sub(WORKERS * TOKENS_PER_LIFE);
        check(&server, &ledger.lock().unwrap()[check_from..]);
        let pid = rustix::process::Pid::from_child(&server.process);
        let (acknowledged, answers) = mpsc::channel();
        thread::scope(|scope| {
            for _ in 0..WORKERS {
                let acknowledged = acknowledged.clone();
                scope.spawn({
                    let (server, ledger) = (&server, &ledger);
                    move || work(server, ledger, &acknowledged)
                });
            }
            // Killed when it has acknowledged so many answers, that is in the middle of others.
            for _ in 0..=entropy.below(60) {
                answers.recv().unwrap();
            }
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        });
    }
    let last = house.start();
    let entries = ledger.into_inner().unwrap();
    assert!(entries.len() > lives, "the server was hardly alive");
    check(&last, &entries);
}
