//! The binary's `demo` command as a child of the test.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

use menshen::demo::addresses::Addresses;
use rustix::process::{Pid, Signal, kill_process};

/// A demo that answers.
pub struct RunningDemo {
    child: Child,
    pub addresses: Addresses,
    /// What it printed until it was ready.
    pub said: Vec<String>,
}

impl RunningDemo {
    /// Starts one on free ports, with these arguments beside them.
    pub fn start(arguments: &[&str]) -> Self {
        loop {
            let port_base = free_row();
            let addresses = Addresses::from_port_base(port_base).unwrap();
            let mut command = Command::new(env!("CARGO_BIN_EXE_menshen"));
            command.args(["demo", "--port-base", &port_base.to_string()]).args(arguments);
            let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
            let mut said = Vec::new();
            for line in BufReader::new(child.stdout.take().unwrap()).lines() {
                said.push(line.unwrap());
                if said.last().is_some_and(|line| line == "ready") {
                    break;
                }
            }
            if said.last().is_some_and(|line| line == "ready") {
                return Self { child, addresses, said };
            }
            // Somebody took a port between our look and its start; any other reason fails here.
            assert_eq!(child.wait().unwrap().code(), Some(1));
            assert!(!is_free_row(port_base), "the demo did not start");
        }
    }

    /// The directory of its data.
    pub fn data(&self) -> PathBuf {
        let line = self.said.iter().find_map(|line| line.trim().strip_prefix("data ")).unwrap();
        PathBuf::from(line.trim())
    }

    /// Ends it as an init system does.
    pub fn terminate(mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.child.wait().unwrap()
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        // It may have ended by itself.
        let _ = kill_process(pid, signal);
    }
}

impl Drop for RunningDemo {
    fn drop(&mut self) {
        self.signal(Signal::TERM);
        let _ = self.child.wait();
    }
}

/// A port with room for the demo's services behind it.
fn free_row() -> u16 {
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if port <= u16::MAX - 4 && is_free_row(port) {
            return port;
        }
    }
}

fn is_free_row(port: u16) -> bool {
    (0..=4).all(|offset| TcpListener::bind(("127.0.0.1", port + offset)).is_ok())
}
