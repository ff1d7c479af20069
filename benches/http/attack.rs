//! Attacks at full scale (hostile cases RX-01 and RX-04), and what an honest
//! caller and the server's memory notice of them. Prints figures; judges nothing.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

use crate::child::Child;
use crate::house::{House, basic, login_name};
use crate::wire::{Connection, Requests};

/// Password logins at once.
const LOGINS: usize = 2_000;
/// Sockets of each slow kind.
const SLOW: usize = 5_000;
/// Between two bytes of a slow socket.
const DRIP: Duration = Duration::from_secs(10);
/// Nothing is waited for longer.
const PATIENCE: Duration = Duration::from_secs(120);

/// Attacks a server of its own.
pub async fn run(house: &House) {
    let server = house.serve();
    let calm = honest(&server, &house.requests, &Rc::new(Cell::new(true)), Duration::from_secs(2)).await;
    println!("honest callers of /jwks and /token, nothing else: {calm}");
    logins(&server, &house.requests).await;
    slow(&server, &house.requests).await;
    server.stop();
}

/// How long each of many took, sorted.
#[derive(Default)]
struct Times(Vec<Duration>);

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let at = |percent: usize| {
            let time = sorted.get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1)));
            time.map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
        };
        write!(f, "{} times, p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms", sorted.len(), at(50), at(99), at(100))
    }
}

/// An honest caller: keys and a token by turns, one at a time, until `over` or for
/// so long.
async fn honest(server: &Child, requests: &Requests, go_on: &Rc<Cell<bool>>, at_most: Duration) -> Times {
    let calls = [
        requests.get("/jwks", ""),
        requests.post("/token", &basic("machine"), &[("grant_type", "client_credentials")]),
    ];
    let (mut connection, began, mut times) = (Connection::open(server.address).await, Instant::now(), Times::default());
    for call in calls.iter().cycle() {
        if !go_on.get() || began.elapsed() > at_most {
            break;
        }
        let sent = Instant::now();
        connection.send(call).await.must_be(200);
        times.0.push(sent.elapsed());
    }
    times
}

/// RX-01.
async fn logins(server: &Child, requests: &Requests) {
    let mut connection = Connection::open(server.address).await;
    let (path, cookie) = {
        let answer = connection.send(&requests.get("/login", "")).await;
        let cookie =
            answer.header("set-cookie").and_then(|value| value.split(';').next()).unwrap_or_default().to_owned();
        (answer.location(&requests.origin), format!("Cookie: {cookie}\r\n"))
    };
    let page = connection.send(&requests.get(&path, &cookie)).await;
    let (csrf, interaction) = (page.quoted("name=\"csrf\" value=\""), page.quoted("name=\"interaction\" value=\""));
    let name = login_name(0);
    let form = [
        ("csrf", csrf.as_str()),
        ("interaction", &interaction),
        ("username", &name),
        ("password", "not-the-word-of-anybody"),
        ("agree", "1"),
    ];
    let headers = format!("{cookie}Origin: {}\r\nConnection: close\r\n", requests.origin);
    let request: Rc<str> = requests.post("/login", &headers, &form).into();
    let (mut flood, address) = (JoinSet::new(), server.address);
    for _login in 0..LOGINS {
        let request = Rc::clone(&request);
        flood.spawn_local(async move {
            let mut stream = TcpStream::connect(address).await.ok()?;
            let (sent, mut answer) = (Instant::now(), Vec::new());
            stream.write_all(request.as_bytes()).await.ok()?;
            stream.read_to_end(&mut answer).await.ok()?;
            Some((answer.get(9..12)? == b"503", sent.elapsed()))
        });
    }
    let (go_on, before) = (Rc::new(Cell::new(true)), server.resident());
    let (mut refused, mut evaluated, mut lost, mut most) = (Times::default(), Times::default(), 0, before);
    let watching = honest(server, requests, &go_on, PATIENCE);
    let attacking = async {
        while let Some(login) = flood.join_next().await {
            most = most.max(server.resident());
            match login.expect("a login") {
                Some((true, took)) => refused.0.push(took),
                Some((false, took)) => evaluated.0.push(took),
                None => lost += 1,
            }
        }
        go_on.set(false);
    };
    let (honest, ()) = tokio::join!(watching, attacking);
    println!("{LOGINS} password logins at once: refused {refused}; looked at {evaluated}; without an answer {lost}");
    println!("  honest callers meanwhile: {honest}; memory {before:.1} MiB before, {most:.1} MiB at most");
}

/// RX-04.
async fn slow(server: &Child, requests: &Requests) {
    let head = requests.get("/jwks", "");
    let head = head.trim_end_matches("\r\n").to_owned() + "\r\n";
    let body = requests.post("/token", "", &[("a", &"b".repeat(50_000))]);
    let body = body.split_inclusive("\r\n\r\n").next().unwrap_or_default().to_owned();
    for (kind, first, rest) in
        [("say nothing", String::new(), ""), ("drip a head", head, "X: y\r\n"), ("drip a body", body, "a=b&")]
    {
        let (mut sockets, before) = (JoinSet::new(), server.resident());
        for _socket in 0..SLOW {
            sockets.spawn_local(timeout(PATIENCE, held(server.address, first.clone(), rest)));
        }
        let (go_on, mut times, mut left, mut most) = (Rc::new(Cell::new(true)), Times::default(), 0, before);
        let watching = honest(server, requests, &go_on, PATIENCE);
        let attacking = async {
            while let Some(socket) = sockets.join_next().await {
                most = most.max(server.resident());
                match socket.expect("a socket") {
                    Ok(Some(time)) => times.0.push(time),
                    Ok(None) | Err(_) => left += 1,
                }
            }
            go_on.set(false);
        };
        let (honest, ()) = tokio::join!(watching, attacking);
        println!("{SLOW} sockets that {kind}: closed after {times}; refused or never closed {left}");
        println!("  honest callers meanwhile: {honest}; memory {before:.1} MiB before, {most:.1} MiB at most");
    }
}

/// How long the server holds a socket that sends `first`, and then a byte of `rest` from time to time.
async fn held(address: SocketAddr, first: String, rest: &'static str) -> Option<Duration> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let (began, mut said, mut ticks) = (Instant::now(), Vec::new(), interval(DRIP));
    let _closed = stream.write_all(first.as_bytes()).await;
    let mut rest = rest.bytes().cycle();
    loop {
        tokio::select! {
            read = stream.read_buf(&mut said) => if !matches!(read, Ok(length) if length > 0) {
                return Some(began.elapsed());
            },
            _tick = ticks.tick() => if let Some(byte) = rest.next() {
                let _gone = stream.write_all(&[byte]).await;
            }
        }
    }
}
