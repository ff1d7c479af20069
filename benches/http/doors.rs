//! The figures of the ways in, with every method configured and the vendors
//! simulated: codes by message at a steady pace, the login page with all methods,
//! and thousands who wait at a vendor that says nothing. Prints; judges nothing.

use std::cell::{Cell, RefCell};
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use menshen::base::{SystemClock, SystemEntropy};
use menshen::simulator::fixture::{Fixture, OIDC, OIDC_NAME};
use menshen::simulator::settings::{Keys, SmsVendor};
use menshen::simulator::{Running, Simulator};
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep_until};

use crate::child::Child;
use crate::house::{House, phone};
use crate::load::{CROWDS, measure};
use crate::operations::same;
use crate::wire::{Connection, Requests};

/// Codes asked for in a second.
const PACE: u32 = 50;
/// Connections over which waiting people are prepared.
const HELPERS: usize = 16;
/// Nobody has to wait longer for a vendor.
const PATIENCE: Duration = Duration::from_secs(30);

/// Measures all of it on a server of its own.
pub async fn run(seconds: Duration, waiting: usize) {
    let waiting = waiting.min(room_for_sockets());
    let silent = Silent::open().await;
    let vendors = vendors();
    let house = House::with(settings(vendors.fixture(), silent.address));
    let server = house.serve();
    codes(&server, &house.requests, seconds).await;
    login_page(&server, &house.requests, seconds).await;
    wait(&server, &house.requests, &silent, waiting).await;
    server.stop();
}

fn vendors() -> Running {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Simulator::new(listen, Arc::new(SystemClock), Arc::new(SystemEntropy)).start().expect("the vendors")
}

/// Every method, reached at the simulator; WeChat's servers say nothing.
fn settings(fixture: &Fixture, silent: SocketAddr) -> Vec<(String, String)> {
    let text = |text: &str| toml::Value::String(text.to_owned());
    let oidc: Keys = vec![
        ("issuer", text(&fixture.oidc_issuer(OIDC_NAME))),
        ("client_id", text(OIDC.id)),
        ("client_secret", text(OIDC.secret)),
    ];
    let sections = [
        ("sms", fixture.sms(SmsVendor::Aliyun)),
        ("login.wechat", fixture.wechat()),
        ("login.alipay", fixture.alipay()),
        ("login.taobao", fixture.taobao()),
        ("login.oidc.corp", oidc),
    ];
    let keys = sections.into_iter().flat_map(|(section, keys)| {
        keys.into_iter().map(move |(key, value)| (format!("{section}.{key}"), as_text(&value)))
    });
    let own = [
        ("outbound.allow_private_addresses", "true".to_owned()),
        ("server.trusted_proxies", "127.0.0.1/32".to_owned()),
        ("throttle.enabled", "true".to_owned()),
        ("throttle.sms_per_hour", "1000000".to_owned()),
        ("login.sms.account_choice", "after_code".to_owned()),
        ("login.wechat.api_base", format!("http://{silent}")),
    ];
    keys.chain(own.map(|(key, value)| (key.to_owned(), value))).collect()
}

fn as_text(value: &toml::Value) -> String {
    let list = value.as_array().map(|list| list.iter().filter_map(toml::Value::as_str).collect::<Vec<_>>().join(","));
    list.or_else(|| value.as_str().map(str::to_owned)).unwrap_or_else(|| value.to_string())
}

/// A browser behind the proxy, from an address of its own.
fn from(person: usize) -> String {
    let [_, second, third, fourth] = u32::try_from(person).unwrap_or_default().to_be_bytes();
    format!("X-Forwarded-For: 10.{second}.{third}.{fourth}\r\n")
}

/// Opens a page of ours as a new browser: the headers of that browser, and the page.
async fn arrive(connection: &mut Connection, requests: &Requests, person: usize, page: &str) -> (String, String) {
    let answer = connection.send(&requests.get(page, &from(person))).await;
    answer.must_be(303);
    let cookie = answer.header("set-cookie").and_then(|value| value.split(';').next()).expect("a cookie");
    let (headers, at) = (format!("{}Cookie: {cookie}\r\n", from(person)), answer.location(&requests.origin));
    let answer = connection.send(&requests.get(&at, &headers)).await;
    answer.must_be(200);
    (headers, answer.body.to_owned())
}

/// The value that stands behind `before` in a page.
fn quoted(page: &str, before: &str) -> String {
    let after = page.split(before).nth(1).and_then(|rest| rest.split(['"', '&', '#']).next());
    after.unwrap_or_else(|| panic!("no {before} in {page}")).to_owned()
}

/// A code for somebody every twentieth of a second, whatever became of the last one.
async fn codes(server: &Child, requests: &Requests, seconds: Duration) {
    let count = usize::try_from(seconds.as_millis()).unwrap_or_default() * usize::try_from(PACE).unwrap_or(1) / 1_000;
    let mut connection = Connection::open(server.address).await;
    let mut posts = Vec::new();
    for person in 0..count.max(1) {
        let (headers, page) = arrive(&mut connection, requests, person, "/login/sms").await;
        let (csrf, interaction) =
            (quoted(&page, "name=\"csrf\" value=\""), quoted(&page, "name=\"interaction\" value=\""));
        let number = phone(person);
        let form = [("csrf", csrf.as_str()), ("interaction", &interaction), ("phone", &number)];
        posts.push(requests.post("/login/sms", &format!("{headers}Origin: {}\r\n", requests.origin), &form));
    }
    let mut open = vec![connection];
    for _ in 1..CROWDS[0] {
        open.push(Connection::open(server.address).await);
    }
    let (open, address, before) = (Rc::new(RefCell::new(open)), server.address, server.cpu());
    let (began, mut under_way, many) = (Instant::now(), JoinSet::new(), posts.len());
    for (post, due) in posts.into_iter().zip((0..).map(|at| began + Duration::from_secs(1) / PACE * at)) {
        let open = Rc::clone(&open);
        under_way.spawn_local(async move {
            sleep_until(due).await;
            let kept = open.borrow_mut().pop();
            let mut connection = match kept {
                Some(connection) => connection,
                None => Connection::open(address).await,
            };
            connection.send(&post).await.must_be(303);
            open.borrow_mut().push(connection);
            due.elapsed()
        });
    }
    let mut took = under_way.join_all().await;
    took.sort_unstable();
    let at = |percent: usize| took.get((many * percent / 100).min(many - 1)).map_or(f64::NAN, millis);
    println!(
        "codes by message, {PACE} a second for {:.1} s ({many}): p50 {:.2} ms, p99 {:.2} ms (limit 20), longest {:.2} ms; \
         server CPU {:.2} ms each, delivery included",
        began.elapsed().as_secs_f64(),
        at(50),
        at(99),
        at(100),
        millis(&(server.cpu().saturating_sub(before) / u32::try_from(many).unwrap_or(1))),
    );
}

fn millis(time: &Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The login page with everything on it, and how heavy it is.
async fn login_page(server: &Child, requests: &Requests, seconds: Duration) {
    let mut connection = Connection::open(server.address).await;
    let (headers, page) = arrive(&mut connection, requests, 0, "/login").await;
    let interaction = quoted(&page, "name=\"interaction\" value=\"");
    let style = format!("/assets/menshen{}", quoted(&page, "href=\"/assets/menshen"));
    let style = {
        let answer = connection.send(&requests.get(&style, "")).await;
        answer.must_be(200);
        answer.body.len()
    };
    drop(connection);
    let ways =
        ["/login/sms", "/login/wechat", "/login/sub", "/login/iam", "/login/alipay", "/login/taobao", "/login/oidc/"];
    let shown = ways.iter().filter(|way| page.contains(**way)).count();
    let mut line = format!(
        "login page with {shown} of {} ways: {:.1} KB with its stylesheet (limit 60);",
        ways.len(),
        f64::from(u32::try_from(page.len() + style).unwrap_or(u32::MAX)) / 1e3
    );
    let request = requests.get(&format!("/login?interaction={interaction}"), &headers);
    let operation = Rc::new(same(request));
    for crowd in CROWDS {
        let figures = measure(server, crowd, seconds, &operation).await;
        let _ = write!(
            line,
            " {crowd} connections: {:.3} ms of CPU each (limit 1), p99 {:.2} ms;",
            figures.cpu / 1e3,
            figures.p99
        );
    }
    println!("{}", line.trim_end_matches(';'));
}

/// A vendor that takes every call and says nothing.
struct Silent {
    address: SocketAddr,
    held: Rc<Cell<usize>>,
}

impl Silent {
    async fn open() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let (address, held) = (listener.local_addr().expect("its address"), Rc::new(Cell::new(0)));
        let counted = Rc::clone(&held);
        tokio::task::spawn_local(async move {
            while let Ok((stream, _from)) = listener.accept().await {
                let counted = Rc::clone(&counted);
                tokio::task::spawn_local(async move {
                    counted.set(counted.get() + 1);
                    hold(stream).await;
                    counted.set(counted.get() - 1);
                });
            }
        });
        Self { address, held }
    }
}

/// Reads until the other side gives up.
async fn hold(mut stream: TcpStream) {
    let mut heard = [0; 1_024];
    while matches!(tokio::io::AsyncReadExt::read(&mut stream, &mut heard).await, Ok(length) if length > 0) {}
}

/// People with a code to scan before them, then all of them back at once.
async fn wait(server: &Child, requests: &Requests, silent: &Silent, waiting: usize) {
    let before = server.resident();
    let callbacks = Rc::new(RefCell::new(Vec::new()));
    let next = Rc::new(Cell::new(0));
    let mut helpers = JoinSet::new();
    for _ in 0..HELPERS {
        let (requests, callbacks, next, address) =
            (requests.clone(), Rc::clone(&callbacks), Rc::clone(&next), server.address);
        helpers.spawn_local(async move {
            let mut connection = Connection::open(address).await;
            while next.get() < waiting {
                let person = next.replace(next.get() + 1);
                let (headers, page) = arrive(&mut connection, &requests, person, "/login/wechat").await;
                let state = quoted(&page, "state=");
                let path = format!("/login/wechat/callback?code=a-code-of-{person}&state={state}");
                callbacks.borrow_mut().push(requests.get(&path, &headers));
            }
        });
    }
    helpers.join_all().await;
    let shown = server.resident();
    let callbacks = callbacks.take();
    let mut open = Vec::new();
    for _ in &callbacks {
        open.push(Connection::open(server.address).await);
    }
    let (connected, mut back) = (server.resident(), JoinSet::new());
    let sent = Instant::now();
    for (mut connection, request) in open.into_iter().zip(callbacks) {
        back.spawn_local(async move {
            let status = connection.send(&request).await.status;
            (status, sent.elapsed())
        });
    }
    let (mut most, mut held, mut looks) = (shown, 0, interval(Duration::from_millis(50)));
    let mut took = Vec::new();
    while !back.is_empty() {
        tokio::select! {
            one = back.join_next() => took.extend(one.map(|one| one.expect("an answer"))),
            _look = looks.tick() => {
                most = most.max(server.resident());
                held = held.max(silent.held.get());
                assert!(sent.elapsed() < PATIENCE, "somebody waits for ever");
            }
        }
    }
    let refused = took.iter().filter(|(status, _)| *status == 503).count();
    let longest = took.iter().map(|(_, time)| *time).max().unwrap_or_default();
    println!(
        "{waiting} codes to scan: {:.1} MiB more; their connections, open: {:.1} MiB more; the same people back at a \
         silent vendor, at most {held} at once: {:.1} MiB more (limit 100); {refused} of {} told so, the last after {:.1} s",
        shown - before,
        connected - shown,
        most - connected,
        took.len(),
        longest.as_secs_f64(),
    );
}

/// So many sockets as this process may have: two of its own for each who waits.
fn room_for_sockets() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum.or(limit.current);
    let _raised = setrlimit(Resource::Nofile, limit);
    let all = getrlimit(Resource::Nofile).current.unwrap_or(1_024);
    usize::try_from(all).unwrap_or(usize::MAX).saturating_sub(200) / 2
}
