//! Durable writes of the storage engine, beside a bare loop with one commit for
//! each write, on the same settings. Prints the table of docs/benchmarks.md.
//!
//! `cargo bench --bench engine`; PostgreSQL when `MENSHEN_TEST_POSTGRES` names an
//! admin URL.
#![expect(clippy::expect_used, reason = "a benchmark that cannot go on must stop")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::{PgConnection, SqliteConnection};
use menshen::base::SystemClock;
use menshen::store::{AnyConnection, Store, StoreOptions, StoreResult, Tx};
use tokio::runtime::Runtime;
use tokio::task::{JoinSet, LocalSet};

use schema::bench_tokens;

const EACH: Duration = Duration::from_secs(4);
/// Before each run: files that still grow are slower to sync than files that are
/// written over.
const WARM_UP: Duration = Duration::from_secs(2);
const HASH: [u8; 32] = [7; 32];

mod schema {
    //! The one table of the benchmark.
    diesel::table! {
        bench_tokens (id) {
            id -> BigInt,
            hash -> Binary,
            principal -> Text,
            scope -> Text,
            expires_at -> BigInt,
        }
    }
}

/// The row a token costs: found by its number, so the table grows at its end.
fn insert(conn: &mut AnyConnection) -> QueryResult<i64> {
    use bench_tokens::{expires_at, hash, id, principal, scope, table};
    diesel::insert_into(table)
        .values((
            hash.eq(HASH.as_slice()),
            principal.eq("0123456789abcdef"),
            scope.eq("openid profile"),
            expires_at.eq(1_767_225_600_000_000_i64),
        ))
        .returning(id)
        .get_result(conn)
}

fn look_up(conn: &mut AnyConnection, key: i64) -> QueryResult<Option<(Vec<u8>, i64)>> {
    use bench_tokens::{expires_at, hash, table};
    table.find(key).select((hash, expires_at)).first(conn).optional()
}

/// What a run measured.
struct Figures {
    done: u64,
    took: Duration,
    cpu: Duration,
}

impl Figures {
    #[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "figures for people")]
    fn print(&self, what: &str, jobs_per_commit: Option<f64>) {
        let rate = self.done as f64 / self.took.as_secs_f64();
        let latency = self.cpu.as_secs_f64() * 1e6 / self.done.max(1) as f64;
        let group = jobs_per_commit.map_or("–".to_owned(), |jobs| format!("{jobs:.1}"));
        println!("| {what} | {rate:.0} | {group} | {latency:.1} |");
    }
}

fn measured(work: impl FnOnce() -> u64) -> Figures {
    let (began, cpu) = (Instant::now(), cpu_time());
    let done = work();
    Figures { done, took: began.elapsed(), cpu: cpu_time().saturating_sub(cpu) }
}

/// Processor time of this process, from the kernel's ticks of 10 ms.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("the kernel's account");
    let after_name = stat.rsplit(')').next().expect("the fields after the name");
    let ticks: u64 =
        after_name.split_whitespace().skip(11).take(2).map(|field| field.parse().unwrap_or(0)).sum::<u64>();
    Duration::from_millis(ticks * 10)
}

/// One after the other on one thread, nothing in between.
fn bare(mut work: impl FnMut()) -> Figures {
    let mut run = |limit| {
        let (began, mut done) = (Instant::now(), 0);
        while began.elapsed() < limit {
            work();
            done += 1;
        }
        done
    };
    run(WARM_UP);
    measured(|| run(EACH))
}

async fn loops<F: Future<Output = StoreResult<()>> + 'static>(
    tasks: usize,
    limit: Duration,
    job: impl Fn() -> F + Clone + 'static,
) -> u64 {
    let done = Arc::new(AtomicU64::new(0));
    let here = LocalSet::new();
    let mut running = JoinSet::new();
    for _ in 0..tasks {
        let (job, done) = (job.clone(), Arc::clone(&done));
        running.spawn_local_on(
            async move {
                let began = Instant::now();
                while began.elapsed() < limit {
                    job().await.expect("a job of the engine");
                    done.fetch_add(1, Ordering::Relaxed);
                }
            },
            &here,
        );
    }
    here.run_until(async { while running.join_next().await.is_some() {} }).await;
    done.load(Ordering::Relaxed)
}

/// Prints what the engine does for so many callers at the same time.
fn through<F: Future<Output = StoreResult<()>> + 'static>(
    what: &str,
    store: &Store,
    (callers, runtime): (usize, &Runtime),
    job: impl Fn() -> F + Clone + 'static,
) {
    runtime.block_on(loops(callers, WARM_UP, job.clone()));
    let before = store.statistics();
    let figures = measured(|| runtime.block_on(loops(callers, EACH, job)));
    let after = store.statistics();
    let (jobs, commits) = (after.committed - before.committed, after.commits - before.commits);
    #[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "figures for people")]
    figures.print(what, (commits > 0).then(|| jobs as f64 / commits as f64));
}

fn engine(name: &str, store: &Store, runtime: &Runtime) {
    for writers in [1, 8, 64] {
        let writing = store.clone();
        let job = move || {
            let store = writing.clone();
            async move { store.write(|tx: &mut Tx<'_>| Ok(insert(tx.conn()).map(drop)?)).await }
        };
        let plural = if writers == 1 { "writer" } else { "writers" };
        through(&format!("{name}, engine, {writers} {plural}"), store, (writers, runtime), job);
    }
    let reading = store.clone();
    let job = move || {
        let store = reading.clone();
        async move { store.read(|tx| Ok(look_up(tx.conn(), 1).map(drop)?)).await }
    };
    through(&format!("{name}, engine, reads by key"), store, (1, runtime), job);
}

/// What the database does without the engine.
fn alone(name: &str, conn: &mut AnyConnection) {
    let writes = bare(|| {
        conn.transaction(insert).expect("a bare write");
    });
    writes.print(&format!("{name}, bare loop, one commit each"), Some(1.0));
    let reads = bare(|| {
        look_up(conn, 1).expect("a bare read");
    });
    reads.print(&format!("{name}, bare loop, reads by key"), None);
}

fn open(url: &str) -> Store {
    Store::open(url, StoreOptions::default(), Arc::new(SystemClock)).expect("opening the store")
}

fn sqlite(runtime: &Runtime) {
    // Not in the system's temporary directory, which may be memory.
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let path = directory.path().join("engine.db");
    let store = open(&format!("sqlite:{}", path.display()));
    let mut conn =
        AnyConnection::Sqlite(SqliteConnection::establish(path.to_str().expect("UTF-8")).expect("connecting"));
    conn.batch_execute(
        "PRAGMA busy_timeout = 2000; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192;
         CREATE TABLE bench_tokens (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, hash BLOB NOT NULL,
             principal TEXT NOT NULL, scope TEXT NOT NULL, expires_at BIGINT NOT NULL)",
    )
    .expect("the table");
    alone("SQLite", &mut conn);
    engine("SQLite", &store, runtime);
    store.close();
}

#[expect(clippy::disallowed_methods, reason = "where the server is, is said by whoever starts the benchmark")]
fn postgres(runtime: &Runtime) {
    let Ok(admin_url) = std::env::var("MENSHEN_TEST_POSTGRES") else {
        println!("\nMENSHEN_TEST_POSTGRES is not set: PostgreSQL was not measured.");
        return;
    };
    let mut admin = PgConnection::establish(&admin_url).expect("connecting");
    admin.batch_execute("DROP DATABASE IF EXISTS menshen_bench WITH (FORCE)").expect("dropping a leftover");
    admin.batch_execute("CREATE DATABASE menshen_bench").expect("creating");
    let mut url = url::Url::parse(&admin_url).expect("a URL");
    url.set_path("menshen_bench");
    let store = open(url.as_str());
    let mut conn = AnyConnection::Postgres(PgConnection::establish(url.as_str()).expect("connecting"));
    conn.batch_execute(
        "CREATE TABLE bench_tokens (id BIGSERIAL PRIMARY KEY, hash BYTEA NOT NULL,
             principal TEXT NOT NULL, scope TEXT NOT NULL, expires_at BIGINT NOT NULL)",
    )
    .expect("the table");
    alone("PostgreSQL", &mut conn);
    engine("PostgreSQL", &store, runtime);
    store.close();
    drop(conn);
    admin.batch_execute("DROP DATABASE menshen_bench WITH (FORCE)").expect("dropping");
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    println!("| what | per second | jobs per commit | µs of CPU each |\n|---|---|---|---|");
    sqlite(&runtime);
    postgres(&runtime);
}
