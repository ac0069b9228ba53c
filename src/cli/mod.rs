//! The verbs, for scripts and for people without the interface: one file a command.
//!
//! Results go to standard output, progress and questions to standard error, so that a pipe
//! gets what it asked for and nothing else. A command decides nothing: it asks `operate`,
//! and turns the answer into text or JSON and an exit code.

pub mod anatomy;
pub mod args;
mod confirm;
#[cfg(test)]
mod copied;
pub mod demo;
mod deploy;
mod diff;
mod dissecting;
mod doctor;
#[cfg(test)]
mod fixture;
mod history;
pub mod history_text;
mod init;
mod interface;
pub mod json;
mod keeper;
mod layers;
mod layout;
mod log;
mod log_file;
mod look;
mod manual;
mod memory;
mod output;
mod plan_text;
mod progress;
mod publish;
mod reading;
mod rebuild;
mod recover;
mod recovering;
mod session;
mod showroom;
mod signals;
mod status;
pub mod status_text;
pub mod table;
mod try_out;
mod unlock;
mod versions;
pub mod versions_text;

use args::{Args, Command};
pub use output::Exit;
use session::Session;

/// Runs the command line. The answer is the exit code.
pub async fn run(args: Args) -> Exit {
    output::ended(command(args).await)
}

async fn command(args: Args) -> Exit {
    // These need neither a project nor an engine.
    match &args.command {
        Some(Command::Completions { shell }) => return manual::completions(*shell),
        Some(Command::Man { dir }) => return manual::man(dir.as_deref()),
        _ => {}
    }
    if let Some(Command::Demo(demo)) = &args.command
        && demo.is_in_memory()
    {
        return interface::demo(&args, demo).await;
    }
    let session = match Session::open(&args) {
        Ok(session) => session,
        Err(exit) => return exit,
    };
    match args.command {
        None => interface::run(&session, &args.look).await,
        Some(Command::Status { image }) => status::run(&session, image.as_deref()).await,
        Some(Command::Versions { image, env, all }) => {
            versions::run(&session, &image, env.as_deref(), all).await
        }
        Some(Command::Promote(promote)) => deploy::promote(&session, promote).await,
        Some(Command::Rollback(rollback)) => deploy::rollback(&session, rollback).await,
        Some(Command::Rebuild(ask)) => rebuild::run(&session, ask).await,
        Some(Command::Publish(ask)) => publish::run(&session, ask).await,
        Some(Command::History { image, env, limit }) => {
            history::run(&session, image, env, limit).await
        }
        Some(Command::Recover { change, force }) => recover::run(&session, &change, force).await,
        Some(Command::Layers(layers)) => layers::run(&session, &layers).await,
        Some(Command::Diff(ask)) => diff::run(&session, &ask).await,
        Some(Command::Unlock(unlock)) => unlock::run(&session, unlock).await,
        Some(Command::Demo(demo)) => try_out::run(&session, demo).await,
        Some(Command::Doctor(ask)) => doctor::run(&session, &ask).await,
        Some(Command::Init { print }) => init::run(&session, print).await,
        // Answered before anything was opened.
        Some(Command::Completions { .. } | Command::Man { .. }) => Exit::DONE,
    }
}

/// Writes an error that keeps karat from starting at all.
pub fn fail(error: &str) {
    output::error(&error);
}
