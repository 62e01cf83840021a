//! The command line: one small file a command.

mod arguments;
mod config;
mod database;
mod demo;
mod doctor;
mod failure;
mod keys;
mod logs;
mod migrate;
mod plan;
mod process;
mod registered;
mod serve;
pub mod server;
mod setup;
mod status;
mod terminal;
mod watch;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

pub use arguments::{
    Arguments, Command, ConfigArguments, DemoArguments, DoctorArguments, MigrateArguments,
    PlanArguments, PlanFormat, ProcessArguments, RollbackArguments, ServeArguments, SetupArguments,
    StatusArguments, WorkerArguments,
};
pub use failure::{Failure, bad_config};
pub use terminal::Terminal;

/// Runs the program with these arguments; the answer is its exit code: 0, 1 (failed), 2 (bad arguments or config).
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version too come this way. A closed pipe is no trouble of ours.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match run(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Plan(args) => plan::run(&args),
        Command::Config(args) => config::run(&args),
        Command::Serve(args) => in_runtime(serve::run(args)),
        Command::Worker(args) => in_runtime(serve::run_worker(args)),
        Command::Migrate(args) => in_runtime(migrate::run(args)),
        Command::Setup(args) => in_runtime(setup::run(args)),
        Command::Demo(args) => in_runtime(demo::run(args)),
        Command::Process(args) => in_runtime(process::run(args)),
        Command::Status(args) => in_runtime(status::run(args)),
        Command::Rollback(args) => in_runtime(process::roll_back(args)),
        Command::Doctor(args) => in_runtime(doctor::run(args)),
    }
}

fn in_runtime(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Failure::from(anyhow::Error::new(error).context("cannot start the runtime"))
        })?
        .block_on(command)
}

/// Resolves when the process is asked to end, by Ctrl-C or SIGTERM.
pub(crate) async fn ended() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => signal.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated => {}
    }
}
