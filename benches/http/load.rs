//! Drives one operation over many kept connections and measures it.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::child::Child;
use crate::wire::Connection;

/// Connections of the two columns.
pub const CROWDS: [usize; 2] = [8, 64];
/// After a run the server may still move its log; that is part of the cost.
const AFTERMATH: Duration = Duration::from_millis(100);

/// What one run measured.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    /// Operations a second.
    pub rate: f64,
    /// The server's processor time for one, in µs.
    pub cpu: f64,
    /// Latency that half of them stayed under, in ms.
    pub p50: f64,
    /// Latency that 99 of 100 stayed under, in ms.
    pub p99: f64,
    /// How many there were.
    pub done: usize,
}

/// What many connections did: how long each operation took, in order of length.
pub struct Run {
    latencies: Vec<Duration>,
    took: Duration,
}

impl Run {
    /// The figures, for so much processor time of the server.
    #[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "figures for people")]
    pub fn figures(&self, cpu: Duration) -> Figures {
        let done = self.latencies.len();
        Figures {
            rate: done as f64 / self.took.as_secs_f64(),
            cpu: cpu.as_secs_f64() * 1e6 / done.max(1) as f64,
            p50: self.quantile(50),
            p99: self.quantile(99),
            done,
        }
    }

    fn quantile(&self, percent: usize) -> f64 {
        let at = (self.latencies.len() * percent / 100).min(self.latencies.len().saturating_sub(1));
        self.latencies.get(at).map_or(f64::NAN, |latency| latency.as_secs_f64() * 1e3)
    }
}

/// Repeats `operation` on each connection until the time is over or it says that
/// there is nothing left to do.
pub async fn drive<O>(address: SocketAddr, connections: usize, limit: Duration, operation: Rc<O>) -> Run
where
    O: AsyncFn(&mut Connection, usize) -> bool + 'static,
{
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(Connection::open(address).await);
    }
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for (index, mut connection) in open.into_iter().enumerate() {
        let operation = Rc::clone(&operation);
        tasks.spawn_local(async move {
            let mut latencies = Vec::new();
            while began.elapsed() < limit {
                let at = Instant::now();
                if !operation(&mut connection, index).await {
                    break;
                }
                latencies.push(at.elapsed());
            }
            latencies
        });
    }
    let mut latencies = tasks.join_all().await.concat();
    let took = began.elapsed();
    latencies.sort_unstable();
    Run { latencies, took }
}

/// One operation at one number of connections, beside the server's processor time.
pub async fn measure<O>(server: &Child, connections: usize, limit: Duration, operation: &Rc<O>) -> Figures
where
    O: AsyncFn(&mut Connection, usize) -> bool + 'static,
{
    drive(server.address, connections, limit / 10, Rc::clone(operation)).await;
    tokio::time::sleep(AFTERMATH).await;
    let before = server.cpu();
    let run = drive(server.address, connections, limit, Rc::clone(operation)).await;
    tokio::time::sleep(AFTERMATH).await;
    run.figures(server.cpu().saturating_sub(before))
}
