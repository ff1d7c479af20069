//! The server loop and its edge, over real sockets.

mod smuggling;
mod tls;

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::rt::System;
use actix_web::web::{self, Payload, ServiceConfig};
use menshen::base::{SharedEntropy, SystemEntropy, Timestamp};
use menshen::config::Config;
use menshen::telemetry::Metrics;
use menshen::web::body::{self, BodyKind};
use menshen::web::edge::Edge;
use menshen::web::health::Health;
use menshen::web::server::Listening;
use tokio::sync::oneshot;

/// A server on a port of its own, stopped when the test ends.
struct TestServer {
    address: SocketAddr,
    metrics: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    /// Lets the request to `/slow` go on.
    slow: Sender<()>,
    /// Tells that `/slow` has begun.
    begun: Receiver<()>,
}

impl TestServer {
    fn start(toml: &str) -> Self {
        let defaults = "[metrics]\nlisten = \"127.0.0.1:0\"\n";
        let config = Config::from_parts(&format!("{defaults}{toml}"), []).unwrap();
        let metrics = Arc::new(Metrics::new(Timestamp::EPOCH).unwrap());
        let entropy: SharedEntropy = Arc::new(SystemEntropy);
        let edge = Edge::new(&config.server.issuer, Arc::clone(&metrics), entropy);
        let listening = Listening::open(&config.server, &config.metrics).unwrap();
        let (address, metrics_address) = (listening.address().unwrap(), listening.metrics_address().unwrap());
        let (stop, stopped) = oneshot::channel();
        let (slow, go_on) = channel();
        let (tell, begun) = channel();
        let routes = Routes { metrics, go_on: Arc::new(parking_lot::Mutex::new(go_on)), tell };
        let thread = std::thread::spawn(move || {
            let stop = async move {
                let _ = stopped.await;
            };
            let served = listening.serve(edge, Arc::new(Health::default()), routes.configure(), stop);
            System::new().block_on(served).unwrap();
        });
        Self { address, metrics: metrics_address, stop: Some(stop), thread: Some(thread), slow, begun }
    }

    fn http() -> Self {
        Self::start("[server]\nlisten = \"127.0.0.1:0\"\nworkers = 2")
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(8))).unwrap();
        stream
    }

    /// Sends `head` and reads until the server closes.
    fn ask(&self, head: &str) -> String {
        exchange(self.connect(), head)
    }

    fn get(&self, path: &str) -> String {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: localhost:8080\r\nConnection: close\r\n\r\n"))
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

#[derive(Clone)]
struct Routes {
    metrics: Arc<Metrics>,
    go_on: Arc<parking_lot::Mutex<Receiver<()>>>,
    tell: Sender<()>,
}

impl Routes {
    fn configure(self) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
        move |routes| {
            let Self { metrics, go_on, tell } = self.clone();
            routes.service(web::resource("/hello").app_data(metrics.route("/hello")).get(|| async { "hello" }));
            routes.service(web::resource("/panic").get(panics));
            routes.service(web::resource("/echo").post(echo));
            routes.service(web::resource("/slow").get(move || {
                let (go_on, tell) = (Arc::clone(&go_on), tell.clone());
                async move {
                    tell.send(()).unwrap();
                    web::block(move || go_on.lock().recv().is_ok()).await.unwrap();
                    "done"
                }
            }));
        }
    }
}

async fn panics() -> &'static str {
    panic!("as a fault of ours would")
}

async fn echo(request: HttpRequest, payload: Payload) -> actix_web::HttpResponse {
    match body::read(&request, payload, BodyKind::Form).await {
        Ok(body) => actix_web::HttpResponse::Ok().body(body),
        Err(error) => actix_web::HttpResponse::build(error.status()).finish(),
    }
}

fn exchange(mut stream: impl Read + Write, head: &str) -> String {
    // The server may close before it has read everything; what it said counts.
    let _ = stream.write_all(head.as_bytes());
    let mut answer = Vec::new();
    if let Err(error) = stream.read_to_end(&mut answer) {
        assert!(error.kind() != ErrorKind::WouldBlock, "the server keeps the connection open: {head:.80}");
    }
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

fn post(headers: &str, body: &str) -> String {
    format!("POST /echo HTTP/1.1\r\nHost: localhost:8080\r\nConnection: close\r\n{headers}\r\n{body}")
}

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

#[test]
fn every_answer_carries_an_id_and_the_security_headers() {
    let server = TestServer::http();
    let (found, missing) = (server.get("/hello"), server.get("/nowhere"));
    assert_eq!((status(&found), status(&missing)), ("200", "404"));
    for answer in [&found, &missing] {
        let head = answer.to_lowercase();
        for header in [
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cross-origin-opener-policy: same-origin",
            "cache-control: no-store",
        ] {
            assert!(head.contains(header), "{header} in {answer}");
        }
        assert!(!head.contains("strict-transport-security"), "not over plain http");
    }
    let id = |answer: &str| answer.to_lowercase().split("x-request-id: ").nth(1).unwrap()[..26].to_owned();
    assert_ne!(id(&found), id(&missing));
}

#[test]
fn only_the_issuers_name_is_answered_to() {
    let server = TestServer::http();
    for (head, expected) in [
        ("GET /hello HTTP/1.1\r\nHost: localhost:8080\r\n", "200"),
        ("GET /hello HTTP/1.1\r\nHost: LOCALHOST:8080\r\n", "200"),
        ("GET http://localhost:8080/hello HTTP/1.1\r\nHost: localhost:8080\r\n", "200"),
        ("GET /hello HTTP/1.1\r\nHost: evil.example\r\n", "421"),
        ("GET /hello HTTP/1.1\r\nHost: localhost\r\n", "421"),
        ("GET /hello HTTP/1.1\r\nHost: localhost:8080.evil.example\r\n", "421"),
        ("GET /hello HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: localhost:8080\r\n", "421"),
        ("GET http://evil.example/hello HTTP/1.1\r\nHost: localhost:8080\r\n", "400"),
        ("GET /hello HTTP/1.1\r\nHost: localhost:8080\r\nHost: localhost:8080\r\n", "400"),
        ("GET /hello HTTP/1.1\r\n", "400"),
        ("GET /healthz HTTP/1.1\r\nHost: 10.0.0.7\r\n", "200"),
        ("GET /readyz HTTP/1.1\r\nHost: 10.0.0.7\r\n", "200"),
    ] {
        let answer = server.ask(&format!("{head}Connection: close\r\n\r\n"));
        assert_eq!(status(&answer), expected, "{head}: {answer}");
    }
}

#[test]
fn a_head_that_is_too_large_is_refused() {
    let server = TestServer::http();
    let padding = "a".repeat(16 * 1024);
    let headers = format!("GET /hello HTTP/1.1\r\nHost: localhost:8080\r\nX-Padding: {padding}\r\n\r\n");
    assert_eq!(status(&server.ask(&headers)), "431");
    assert_eq!(status(&server.get(&format!("/hello?{padding}"))), "414");
    assert_eq!(status(&server.get(&format!("/hello?{}", "a".repeat(8 * 1024)))), "200");
}

#[test]
fn a_body_is_read_up_to_its_limit_and_only_as_what_it_should_be() {
    let server = TestServer::http();
    let sized = |length: usize| format!("{FORM}Content-Length: {length}\r\n");
    let most = "a".repeat(body::MAX_BODY);
    assert!(server.ask(&post(&sized(most.len()), &most)).ends_with(&most));
    assert_eq!(status(&server.ask(&post(&sized(1 << 30), &most))), "413");
    // A chunked body that never ends.
    let chunk = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
    let endless = post(&format!("{FORM}Transfer-Encoding: chunked\r\n"), &chunk.repeat(2));
    assert_eq!(status(&server.ask(&endless)), "413");
    let unread = endless.replace("POST /echo", "POST /nowhere");
    assert_eq!(status(&server.ask(&unread)), "404");
    let mut kept = server.connect();
    let chunked = post(&format!("{FORM}Transfer-Encoding: chunked\r\n"), "3\r\na=b\r\n0\r\n\r\n");
    for _ in 0..2 {
        kept.write_all(chunked.replace("Connection: close\r\n", "").as_bytes()).unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"a=b") {
            let mut byte = [0];
            kept.read_exact(&mut byte).unwrap();
            answer.extend(byte);
        }
        assert!(answer.starts_with(b"HTTP/1.1 200"), "a whole chunked body keeps the connection");
    }
    assert_eq!(status(&server.ask(&post("Content-Type: application/json\r\nContent-Length: 2\r\n", "{}"))), "415");
    assert_eq!(status(&server.ask(&post("Content-Length: 3\r\n", "a=b"))), "415");
    let packed = post(&format!("{}Content-Encoding: gzip\r\n", sized(3)), "a=b");
    assert_eq!(status(&server.ask(&packed)), "415");
}

#[test]
fn a_panic_is_one_requests_500_and_nobody_elses() {
    let server = TestServer::http();
    for _ in 0..4 {
        let answer = server.get("/panic");
        assert_eq!(status(&answer), "500");
        assert!(answer.to_lowercase().contains("x-request-id: ") && !answer.contains("fault of ours"), "{answer}");
        assert_eq!(status(&server.get("/hello")), "200");
    }
}

#[test]
fn metrics_count_by_route_and_answer_to_any_name() {
    let server = TestServer::http();
    server.get("/hello?secret=canary");
    server.get("/nowhere/canary");
    let stream = TcpStream::connect(server.metrics).unwrap();
    let text = exchange(stream, "GET /metrics HTTP/1.1\r\nHost: any\r\nConnection: close\r\n\r\n");
    assert!(text.contains(r#"menshen_requests_total{method="GET",route="/hello",status="2xx"} 1"#), "{text}");
    assert!(text.contains(r#"menshen_requests_total{method="GET",route="(none)",status="4xx"} 1"#), "{text}");
    assert!(!text.contains("canary"), "{text}");
    assert_eq!(status(&server.get("/metrics")), "404", "not on the main listener");
}

#[test]
fn a_stop_lets_the_request_under_way_end() {
    let mut server = TestServer::http();
    let mut slow = server.connect();
    let mut idle = server.connect();
    idle.write_all(b"GET /hello HTTP/1.1\r\nHost: localhost:8080\r\n\r\n").unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).unwrap();
    slow.write_all(b"GET /slow HTTP/1.1\r\nHost: localhost:8080\r\n\r\n").unwrap();
    server.begun.recv().unwrap();
    drop(server.stop.take());
    server.slow.send(()).unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(status(&answer) == "200" && answer.ends_with("done"), "{answer}");
    server.thread.take().unwrap().join().unwrap();
    assert!(TcpStream::connect(server.address).is_err(), "nobody listens any more");
}
