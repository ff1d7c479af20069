//! The processes that are measured: started here, read through `/proc`, stopped
//! by their own number.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child as Process, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

const PATIENCE: Duration = Duration::from_secs(60);

/// A server in a process of its own; gone when this is dropped.
pub struct Child {
    process: Process,
    pub address: SocketAddr,
    /// From its start until it answered 200.
    pub start_to_ready: Duration,
}

impl Child {
    /// Starts `command`, which listens on `address`, and waits until `probe` is answered 200.
    pub fn start(mut command: Command, address: SocketAddr, probe: &str) -> Self {
        let began = Instant::now();
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("starting a server");
        let mut child = Self { process, address, start_to_ready: Duration::ZERO };
        while !is_ready(address, probe) {
            let ended = child.process.try_wait().expect("a child");
            assert!(ended.is_none() && began.elapsed() < PATIENCE, "the server does not start: {ended:?}");
            std::thread::sleep(Duration::from_millis(1));
        }
        child.start_to_ready = began.elapsed();
        child
    }

    /// Processor time of it until now.
    pub fn cpu(&self) -> Duration {
        cpu_of(&format!("/proc/{}/stat", self.process.id()))
    }

    /// Resident memory in MiB.
    #[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "figures for people")]
    pub fn resident(&self) -> f64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("the kernel's account");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number of kB");
        kib as f64 / 1024.0
    }

    /// Stops it in order and waits.
    pub fn stop(mut self) {
        let stopped = Pid::from_raw(i32::try_from(self.process.id()).expect("a pid"))
            .is_some_and(|pid| kill_process(pid, Signal::TERM).is_ok());
        if stopped {
            let _status = self.process.wait();
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            let _gone = self.process.kill();
            let _status = self.process.wait();
        }
    }
}

/// Processor time by the kernel's `stat` file of a process, in its ticks of 10 ms.
pub fn cpu_of(stat: &str) -> Duration {
    let stat = std::fs::read_to_string(stat).expect("the kernel's account");
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let fields = after_name.split_whitespace().skip(11).take(2);
    let ticks: u64 = fields.map(|field| field.parse().unwrap_or(0)).sum::<u64>();
    Duration::from_millis(ticks * 10)
}

/// A port of loopback that nobody has.
pub fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("its address")
}

/// Runs a command to its end.
pub fn run(command: &mut Command) {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status().expect("starting a command");
    assert!(status.success(), "{command:?} ended with {status}");
}

/// The size of a file in MiB.
#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "figures for people")]
pub fn size_of(path: &Path) -> f64 {
    std::fs::metadata(path).map_or(0.0, |metadata| metadata.len() as f64 / 1024.0 / 1024.0)
}

fn is_ready(address: SocketAddr, probe: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let mut answer = [0; 12];
    let request = format!("GET {probe} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\r\n", address.port());
    stream.set_read_timeout(Some(PATIENCE)).is_ok()
        && stream.write_all(request.as_bytes()).is_ok()
        && stream.read_exact(&mut answer).is_ok()
        && answer.ends_with(b"200")
}
