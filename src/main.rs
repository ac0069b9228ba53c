//! The thin binary: parse arguments, run, turn the outcome into an exit code.

use std::process::ExitCode;

use clap::Parser as _;
use karat::cli::{self, args::Args};

fn main() -> ExitCode {
    let args = Args::parse();
    if let Err(error) = color_eyre::config::HookBuilder::default()
        .display_env_section(false)
        .install()
    {
        // Without the hook a panic is only less pretty.
        drop(error);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            cli::fail(&format!("the runtime could not be started: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let exit = runtime.block_on(cli::run(args));
    // A request that still hangs must not keep the process.
    runtime.shutdown_background();
    ExitCode::from(exit.0)
}
