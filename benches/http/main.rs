//! The provider under load, over loopback, beside what nothing can avoid. Prints
//! the table of docs/benchmarks.md. Run by `scripts/bench`.
#![expect(clippy::expect_used, clippy::panic, reason = "a benchmark that cannot go on must stop")]

mod attack;
mod child;
mod doors;
mod fill;
mod guests;
mod house;
mod load;
mod operations;
mod raw;
mod table;
mod wire;

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use clap::Parser;
use tokio::task::LocalSet;

use child::Child;
use fill::Amount;
use guests::Guests;
use house::House;
use load::{CROWDS, Figures, drive, measure};
use raw::Raw;
use table::{Limit, Row, Table};
use wire::Connection;

/// Starts of which the middle one counts.
const STARTS: usize = 5;
/// Connections that flood the login page, and that introspect meanwhile.
const FLOOD: (usize, usize) = (32, 8);
/// After a load, before memory is read once more.
const CALM: Duration = Duration::from_secs(10);

/// Measures a provider that it starts itself.
#[derive(Clone, Debug, Parser)]
#[command(name = "scripts/bench", about)]
struct Options {
    /// Seconds for each operation at each number of connections.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Seconds of mixed load at the end, before memory is read again.
    #[arg(long, default_value_t = 0)]
    soak: u64,
    /// Fill the database first.
    #[arg(long)]
    fill: bool,
    /// With --fill: how many principals.
    #[arg(long, default_value_t = 1_000_000)]
    principals: i64,
    /// With --fill: how many live refresh tokens.
    #[arg(long, default_value_t = 5_000_000)]
    refresh_tokens: i64,
    /// Only operations whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
    /// Attack instead: 2,000 password logins at once, thousands of slow sockets.
    #[arg(long)]
    attack: bool,
    /// Measure the ways in instead: codes by message, the login page, and so many people who wait at a vendor.
    #[arg(long, num_args = 0..=1, default_missing_value = "10000")]
    doors: Option<usize>,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
    /// Be the server that says hello.
    #[arg(long, hide = true)]
    hello: Option<SocketAddr>,
}

fn main() {
    let options = Options::parse();
    if let Some(address) = options.hello {
        return raw::serve_hello(address);
    }
    if !options.bench {
        return println!("run by scripts/bench");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, run(&options));
}

async fn run(options: &Options) {
    if let Some(waiting) = options.doors {
        return doors::run(Duration::from_secs_f64(options.seconds), waiting).await;
    }
    let house = House::build();
    if options.attack {
        return attack::run(&house).await;
    }
    let sample = options.fill.then(|| {
        let began = Instant::now();
        let amount = Amount { principals: options.principals, refresh_tokens: options.refresh_tokens };
        let sample = fill::fill(&house.database(), &house.key_file(), amount);
        let size = child::size_of(&house.database());
        println!("{amount:?}: {size:.0} MiB, filled in {:.0} s\n", began.elapsed().as_secs_f64());
        sample
    });
    let server = house.serve();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let idle = server.resident();
    let mut connection = Connection::open(server.address).await;
    let mut guests = Guests::arrive(house.requests.clone(), &mut connection).await;
    drop(connection);
    if let Some(sample) = sample {
        guests.take_over(sample);
    }
    let mut bench = Bench { options, server, guests: Rc::new(guests), table: Table::new(Raw::measure()) };
    let began = Instant::now();
    bench.measure_all().await;
    bench.table.print();
    bench.flood().await;
    println!("memory: {idle:.1} MiB idle, {} of load", bench.memory(began.elapsed()).await);
    bench.soak().await;
    bench.server.stop();
    println!("start to ready on this database: {}", starts(&house));
}

/// One run over one server.
struct Bench<'a> {
    options: &'a Options,
    server: Child,
    guests: Rc<Guests>,
    table: Table,
}

impl Bench<'_> {
    async fn measure_all(&mut self) {
        self.hello().await;
        self.read_only().await;
        self.writing().await;
        self.hello().await;
    }

    async fn read_only(&mut self) {
        let guests = Rc::clone(&self.guests);
        let get = |path: &str| operations::same(guests.requests.get(path, ""));
        self.row("discovery", of(1.5, 0.0), get("/.well-known/openid-configuration")).await;
        self.row("JWKS", of(1.5, 0.0), get("/jwks")).await;
        let opaque = operations::introspection(&guests, &guests.access);
        self.row("introspection, opaque", of(5.0, 0.0), opaque).await;
        self.row("introspection, JWT", None, operations::introspection(&guests, &guests.jwts)).await;
        self.row("userinfo", of(6.0, 0.0), operations::userinfo(&guests)).await;
    }

    async fn writing(&mut self) {
        let (guests, Raw { es256, rs256, argon2id }) = (Rc::clone(&self.guests), self.table.raw);
        let machine = |name: &str| operations::client_credentials(&guests, name);
        self.row("client_credentials, opaque", of(8.0, 0.0), machine("machine")).await;
        self.row("client_credentials, ES256", of(4.0, es256), machine("machine-es256")).await;
        self.row("client_credentials, RS256", of(4.0, rs256), machine("machine-rs256")).await;
        // Measured before the exchange, which adds refresh tokens of few people.
        self.row("refresh with rotation", of(20.0, rs256), operations::refresh(&guests)).await;
        let trip = ["authorize, live sign-in", "code exchange"];
        let [authorize, exchange] = trip;
        self.row(authorize, None, operations::authorize(&guests)).await;
        // The second costs at most 1.3 times the first.
        for (kind, named) in
            ["chooser: authorize, 1 sign-in", "chooser: authorize, 20 sign-ins"].iter().zip(&guests.named)
        {
            self.row(kind, None, operations::authorize_named(&guests, named)).await;
        }
        self.row(exchange, None, operations::exchange(&guests)).await;
        let limit = Limit { hellos: 35.0, beside: rs256 };
        self.table.join("authorize + code exchange", trip, limit);
        let login = operations::password_login(&guests);
        self.row("password login (3 requests)", of(60.0, 1.1 * argon2id), login).await;
    }

    async fn row<O>(&mut self, name: &str, limit: Option<Limit>, operation: O)
    where
        O: AsyncFn(&mut Connection, usize) -> bool + 'static,
    {
        if !name.contains(&self.options.only) {
            return;
        }
        let (operation, limit_of_time) = (Rc::new(operation), self.each());
        let mut figures = [Figures::default(); 2];
        for (figures, crowd) in figures.iter_mut().zip(CROWDS) {
            *figures = measure(&self.server, crowd, limit_of_time, &operation).await;
            eprintln!("{name}, {crowd}: {figures:?}");
        }
        self.table.rows.push(Row { name: name.to_owned(), figures, limit });
    }

    async fn hello(&mut self) {
        let server = raw::hello();
        let request = format!("GET / HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", server.address.port());
        let operation = Rc::new(operations::same(request));
        let mut pair = [Figures::default(); 2];
        for (figures, crowd) in pair.iter_mut().zip(CROWDS) {
            *figures = measure(&server, crowd, self.each(), &operation).await;
        }
        self.table.hello.push(pair);
        server.stop();
    }

    fn each(&self) -> Duration {
        Duration::from_secs_f64(self.options.seconds)
    }

    /// Introspection, while a crowd signs in by password.
    async fn flood(&self) {
        let introspection = Rc::new(operations::introspection(&self.guests, &self.guests.access));
        let logins = drive(self.server.address, FLOOD.0, self.each() * 2, Rc::new(operations::flood(&self.guests)));
        let asked = drive(self.server.address, FLOOD.1, self.each() * 2, introspection);
        let (logins, asked) = tokio::join!(logins, asked);
        let (logins, asked) = (logins.figures(Duration::ZERO), asked.figures(Duration::ZERO));
        println!(
            "\nduring a flood of password logins ({} connections, {:.0} logins/s): introspection {:.0}/s, p50 {:.1} ms, \
             p99 {:.1} ms (limit 50)",
            FLOOD.0, logins.rate, asked.rate, asked.p50, asked.p99
        );
    }

    async fn soak(&self) {
        if self.options.soak == 0 {
            return;
        }
        let (operation, limit) = (operations::mixture(&self.guests), Duration::from_secs(self.options.soak));
        let done = drive(self.server.address, 64, limit, Rc::new(operation)).await.figures(Duration::ZERO).done;
        println!("memory: {} more of mixed load ({done} operations)", self.memory(limit).await);
    }

    /// What the server holds at the end of a load, and a while after it, with one
    /// caller left: memory to hash with is kept as long as people sign in.
    async fn memory(&self, load: Duration) -> String {
        let loaded = self.server.resident();
        let introspection = Rc::new(operations::introspection(&self.guests, &self.guests.access));
        drive(self.server.address, 1, CALM, introspection).await;
        let calm = self.server.resident();
        format!("{loaded:.1} MiB at the end and {calm:.1} MiB {CALM:?} after {:.0} s", load.as_secs_f64())
    }
}

/// The limit of so many hellos and so many µs.
#[expect(clippy::unnecessary_wraps, reason = "as the table takes it")]
fn of(hellos: f64, beside: f64) -> Option<Limit> {
    Some(Limit { hellos, beside })
}

/// From the start of the process to the first 200 of `/readyz`.
fn starts(house: &House) -> String {
    let mut took: Vec<Duration> = Vec::new();
    for _ in 0..STARTS {
        let server = house.serve();
        took.push(server.start_to_ready);
        server.stop();
    }
    took.sort_unstable();
    let middle = took.get(STARTS / 2).copied().unwrap_or_default();
    format!("{:.0} ms (the middle of {STARTS}; limit 200)", middle.as_secs_f64() * 1e3)
}
