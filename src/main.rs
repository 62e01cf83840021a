//! The program: arguments to the command line's room, its answer to an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    // First of all: everything that speaks TLS asks for it.
    if rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .is_err()
    {
        // Somebody was faster, with the only one there is.
    }
    openproducer::cli::main(std::env::args_os())
}
