//! The binary: hands its arguments to the command line, nothing else.

fn main() {}
