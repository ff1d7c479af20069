//! SQLite: the file, its settings, and the two ways to it (one writer, many
//! readers).
//!
//! No memory map: a page that a map cannot read is a SIGBUS instead of an error,
//! and mapped pages would count as our memory.

use std::fs::{DirBuilder, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use parking_lot::Mutex;

use super::error::{StoreError, StoreResult, Trouble};
use super::job::Job;
use super::readers::Readers;
use super::statistics::{Counters, Statistics};
use super::writer::{Halted, Writer};
use super::{AnyConnection, Engine, queue::Queue, store::StoreOptions};
use crate::base::SharedClock;

/// Memory for pages of the writing connection, in KiB.
const WRITER_CACHE: u32 = 4_096;
/// Memory for pages of each reading connection, in KiB; the kernel's page cache
/// stands behind it.
const READER_CACHE: u32 = 2_048;

/// Between two attempts at a lock that SQLite does not wait for by itself.
const LOCK_AGAIN: Duration = Duration::from_millis(10);
/// A disk with less free space, in bytes, counts as full.
const FULL_DISK: u64 = 1_024 * 1_024;

/// Where a database file is and how long to wait for its locks.
#[derive(Clone)]
pub(in crate::store) struct SqliteFile {
    path: PathBuf,
    busy_timeout: Duration,
}

impl SqliteFile {
    /// Makes the directory (0700) and the file (0600) where they are absent.
    /// SQLite gives its companion files the mode of the database.
    pub(in crate::store) fn prepare(path: &str, busy_timeout: Duration) -> StoreResult<Self> {
        // An absolute path is never taken for a URI or for ":memory:".
        let path = std::path::absolute(path).map_err(|error| file_error("find", Path::new(path), &error))?;
        if let Some(directory) = path.parent() {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
            made.map_err(|error| file_error("make the directory of", &path, &error))?;
        }
        match OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path) {
            Ok(_created) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let opened = OpenOptions::new().read(true).write(true).open(&path);
                drop(opened.map_err(|error| file_error("open", &path, &error))?);
            }
            Err(error) => return Err(file_error("create", &path, &error)),
        }
        Ok(Self { path, busy_timeout })
    }

    /// Whether the disk has so little space left that writing fails now and then:
    /// a probe of one page may pass where a job fails.
    pub(super) fn disk_is_full(&self) -> bool {
        rustix::fs::statvfs(&self.path).is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < FULL_DISK)
    }

    /// The same file, waiting longer for its locks.
    pub(in crate::store) fn patient(&self, busy_timeout: Duration) -> Self {
        Self { path: self.path.clone(), busy_timeout }
    }

    /// A connection that may write. FULL: what is acknowledged survives a power cut.
    pub(in crate::store) fn connect_to_write(&self) -> StoreResult<AnyConnection> {
        // Checkpoints are made by the writer, after it has answered; the automatic
        // one stands behind that for other processes and for a writer under load.
        self.connect(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
             PRAGMA temp_store = MEMORY; PRAGMA cache_size = -{WRITER_CACHE};
             PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;"
        ))
    }

    /// A connection that cannot write.
    pub(super) fn connect_to_read(&self) -> StoreResult<AnyConnection> {
        self.connect(&format!(
            "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -{READER_CACHE}; PRAGMA query_only = ON;"
        ))
    }

    fn connect(&self, settings: &str) -> StoreResult<AnyConnection> {
        let path = self.path.to_str().ok_or_else(|| StoreError::Address("the path is not UTF-8".into()))?;
        let mut conn = SqliteConnection::establish(path)?;
        conn.batch_execute(&format!("PRAGMA busy_timeout = {};", self.busy_timeout.as_millis()))?;
        // Two nodes that turn a new file to WAL at once are told "locked" without the
        // wait they asked for, since waiting could be a deadlock.
        let begun = Instant::now();
        while let Err(error) = conn.batch_execute(settings).map_err(StoreError::from) {
            if !error.is_lock() || begun.elapsed() > self.busy_timeout {
                return Err(error);
            }
            std::thread::sleep(LOCK_AGAIN);
        }
        Ok(AnyConnection::Sqlite(conn))
    }
}

fn file_error(what: &str, path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(Trouble::Refused(format!("cannot {what} {}: {error}", path.display())))
}

/// SQLite behind [`super::Store`].
pub(super) struct Sqlite {
    file: SqliteFile,
    queue: Arc<Queue<Job>>,
    readers: Readers,
    halted: Arc<Halted>,
    counters: Arc<Counters>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Sqlite {
    pub(super) fn start(file: SqliteFile, options: &StoreOptions, clock: SharedClock) -> StoreResult<Self> {
        let queue = Arc::new(Queue::new(options.queue));
        let halted = Arc::new(Halted::new());
        let counters = Arc::new(Counters::default());
        let readers = Readers::open(file.clone(), Arc::clone(&clock))?;
        let writer = Writer::open(file.clone(), clock, Arc::clone(&queue), Arc::clone(&halted), Arc::clone(&counters))?;
        let thread = std::thread::Builder::new().name("store-writer".into()).spawn(move || writer.run());
        let thread = thread.map_err(|error| StoreError::Unavailable(Trouble::Refused(error.to_string())))?;
        Ok(Self { file, queue, readers, halted, counters, writer: Mutex::new(Some(thread)) })
    }
}

impl Engine for Sqlite {
    fn write(&self, job: Job) -> StoreResult<()> {
        self.queue.push(job).map_err(StoreError::Unavailable)
    }

    /// Runs on the calling thread: a hop to another one costs more than the read.
    fn read(&self, job: Job) -> StoreResult<()> {
        super::statistics::count(&self.counters.reads, 1);
        self.readers.run(job);
        Ok(())
    }

    fn standing_trouble(&self) -> StoreResult<()> {
        if let Some(trouble) = self.halted.get() {
            return Err(StoreError::Unavailable(trouble.clone()));
        }
        if self.file.disk_is_full() {
            return Err(StoreError::Unavailable(Trouble::Refused("the disk is full".into())));
        }
        Ok(())
    }

    fn overdue(&self) {}

    fn statistics(&self) -> Statistics {
        self.counters.read(self.queue.len())
    }

    fn close(&self) {
        self.queue.close();
        let writer = self.writer.lock().take();
        // A job may hold the last clone of the store, and then it is the writer that closes.
        if let Some(writer) = writer.filter(|writer| writer.thread().id() != std::thread::current().id()) {
            // The writer catches the panics of its jobs; were it gone, all is answered.
            let _ended = writer.join();
        }
        self.readers.close();
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        self.close();
    }
}
