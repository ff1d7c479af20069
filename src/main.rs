//! The binary: hands its arguments to the command line, nothing else.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Requests make and drop many small values on several threads.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    // Fails only when a provider stands already, and nothing runs before this line.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    menshen::cli::run()
}
