//! The log: one line an event, to standard error, by a thread of its own.
//!
//! Writers put finished lines on a bounded queue and never wait: when whoever
//! reads standard error is slow or gone, lines are dropped and counted, and the
//! next line that gets through says how many.

use std::fmt::{self, Write as _};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use super::request_id::RequestId;
use crate::base::{Clock, SystemClock, Timestamp};
use crate::config::{ConfigError, Log, LogFormat};

/// Bytes that may wait for the reader of standard error.
const QUEUE_BYTES: usize = 2 * 1024 * 1024;
/// How long the end of the process waits for the last lines.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Starts the log for this process; a second start changes nothing.
///
/// # Errors
/// `log.level`, when it names no levels.
pub fn start_log(config: &Log) -> Result<LogGuard, ConfigError> {
    let bad_level = |error| ConfigError::new("log.level", format!("is not a filter: {error}"));
    let filter = EnvFilter::builder().parse(&config.level).map_err(bad_level)?;
    let queue = Queue::start(std::io::stderr());
    let guard = LogGuard(queue.clone());
    let layer = LineLayer { format: config.format, queue };
    let started = tracing_subscriber::registry().with(layer.with_filter(filter)).try_init();
    if started.is_ok() {
        // The message of a panic can quote what somebody typed; its place cannot.
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            tracing::error!(target: "menshen::panic", place, "panicked");
        }));
    }
    Ok(guard)
}

/// Keeps the log alive; dropping it writes out what waits.
pub struct LogGuard(Queue);

impl LogGuard {
    /// Counts the lines that were dropped because nobody read the log fast enough.
    #[must_use]
    pub fn dropped(&self) -> DroppedLines {
        DroppedLines(Arc::clone(&self.0.state))
    }
}

/// A look at the number of lines that were lost.
#[derive(Clone)]
pub struct DroppedLines(Arc<State>);

impl DroppedLines {
    /// How many, since the start.
    #[must_use]
    pub fn count(&self) -> f64 {
        let count = self.0.dropped.load(Ordering::Relaxed);
        f64::from(u32::try_from(count).unwrap_or(u32::MAX))
    }
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        let (done, wait) = channel();
        if self.0.lines.send(Message::Flush(done)).is_ok() {
            let _ = wait.recv_timeout(LAST_LINES);
        }
    }
}

enum Message {
    Line(String),
    Flush(Sender<()>),
}

#[derive(Default)]
struct State {
    waiting: AtomicUsize,
    dropped: AtomicU64,
}

#[derive(Clone)]
struct Queue {
    lines: Sender<Message>,
    state: Arc<State>,
}

impl Queue {
    /// Starts the thread that writes to `out`.
    fn start(out: impl Write + Send + 'static) -> Self {
        let (lines, waiting) = channel();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        let started = std::thread::Builder::new().name("log".to_owned()).spawn(move || drain(out, &waiting, &shared));
        // Without the thread nothing takes the lines off the queue: they are dropped and counted.
        drop(started);
        Self { lines, state }
    }

    fn put(&self, line: String) {
        let size = line.len();
        let before = self.state.waiting.fetch_add(size, Ordering::Relaxed);
        if before.saturating_add(size) > QUEUE_BYTES || self.lines.send(Message::Line(line)).is_err() {
            self.state.waiting.fetch_sub(size, Ordering::Relaxed);
            self.state.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn drain(mut out: impl Write, waiting: &Receiver<Message>, state: &State) {
    let mut told = 0;
    while let Ok(message) = waiting.recv() {
        match message {
            Message::Line(line) => {
                let _ = out.write_all(line.as_bytes());
                state.waiting.fetch_sub(line.len(), Ordering::Relaxed);
                let dropped = state.dropped.load(Ordering::Relaxed);
                if dropped > told {
                    let _ = writeln!(
                        out,
                        "{{\"level\":\"WARN\",\"message\":\"log lines were dropped\",\"lines\":{}}}",
                        dropped - told
                    );
                    told = dropped;
                }
            }
            Message::Flush(done) => {
                let _ = out.flush();
                let _ = done.send(());
            }
        }
    }
}

/// Turns events into lines.
struct LineLayer {
    format: LogFormat,
    queue: Queue,
}

impl<S: Subscriber> Layer<S> for LineLayer {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut fields = Fields(Map::new());
        event.record(&mut fields);
        let (level, target) = (event.metadata().level(), event.metadata().target());
        let now = SystemClock.now();
        self.queue.put(match self.format {
            LogFormat::Json => json_line(now, *level, target, fields.0),
            LogFormat::Text => text_line(now, *level, target, fields.0),
        });
    }
}

/// RFC 3339 with microseconds.
fn moment(now: Timestamp) -> String {
    let seconds = now.to_string();
    format!("{}.{:06}Z", seconds.trim_end_matches('Z'), now.micros().rem_euclid(1_000_000))
}

fn json_line(now: Timestamp, level: Level, target: &str, fields: Map<String, Value>) -> String {
    let mut line = Map::new();
    line.insert("time".to_owned(), moment(now).into());
    line.insert("level".to_owned(), level.as_str().into());
    line.insert("target".to_owned(), target.into());
    if let Some(id) = RequestId::current() {
        line.insert("request".to_owned(), id.to_string().into());
    }
    for (name, value) in fields {
        line.entry(name).or_insert(value);
    }
    format!("{}\n", Value::Object(line))
}

fn text_line(now: Timestamp, level: Level, target: &str, mut fields: Map<String, Value>) -> String {
    let mut line = format!("{} {level:>5} {target}: ", moment(now));
    if let Some(message) = fields.remove("message") {
        line.push_str(message.as_str().unwrap_or_default());
    }
    if let Some(id) = RequestId::current() {
        fields.insert("request".to_owned(), id.to_string().into());
    }
    for (name, value) in fields {
        let _ = match value.as_str() {
            // Quoted by Debug, so that no value can begin a line of its own.
            Some(text) => write!(line, " {name}={text:?}"),
            None => write!(line, " {name}={value}"),
        };
    }
    let mut line: String = line.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    line.push('\n');
    line
}

/// Collects the fields of one event.
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;

    use super::*;

    /// A reader that takes nothing until it is let go.
    struct Stalled(Arc<Mutex<Vec<u8>>>);

    impl Write for Stalled {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_stalled_reader_costs_lines_and_never_time() {
        let sink = Arc::new(Mutex::new(Vec::new()));
        let stall = sink.lock();
        let queue = Queue::start(Stalled(Arc::clone(&sink)));
        let line = "x".repeat(1_023) + "\n";
        for _ in 0..10_000 {
            queue.put(line.clone());
        }
        let dropped = queue.state.dropped.load(Ordering::Relaxed);
        assert!(dropped >= 10_000 - u64::try_from(QUEUE_BYTES / 1_024).unwrap() - 1, "{dropped}");
        drop(stall);
        drop(LogGuard(queue));
        let written = String::from_utf8(sink.lock().clone()).unwrap();
        assert!(written.contains(&format!("\"lines\":{dropped}")), "the loss is told");
    }

    #[test]
    fn a_value_cannot_begin_a_line_of_its_own() {
        let fields = || {
            let mut fields = Map::new();
            fields.insert("message".to_owned(), "two\nlines".into());
            fields.insert("client".to_owned(), "a\nb\u{7f}".into());
            fields.insert("level".to_owned(), "FORGED".into());
            fields
        };
        for line in [
            text_line(Timestamp::EPOCH, Level::INFO, "menshen", fields()),
            json_line(Timestamp::EPOCH, Level::INFO, "menshen", fields()),
        ] {
            assert_eq!(line.matches('\n').count(), 1, "{line}");
        }
        let line: Value = serde_json::from_str(&json_line(Timestamp::EPOCH, Level::INFO, "t", fields())).unwrap();
        assert_eq!(line["level"], "INFO");
    }
}
