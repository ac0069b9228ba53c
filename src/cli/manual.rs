//! `karat completions` and `karat man`: for packagers, made from the same declarations the
//! command line is parsed by.

use std::path::Path;

use clap::CommandFactory as _;

use super::args::Args;
use super::output::{self, Exit};

/// Prints the completions for a shell.
pub(super) fn completions(shell: clap_complete::Shell) -> Exit {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "karat", &mut text);
    output::result(&String::from_utf8_lossy(&text));
    Exit::DONE
}

/// Prints the manual page; with a folder, writes one for karat and each of its commands.
pub(super) fn man(folder: Option<&Path>) -> Exit {
    let written = match folder {
        None => {
            let mut text = Vec::new();
            let rendered = clap_mangen::Man::new(Args::command()).render(&mut text);
            output::result(&String::from_utf8_lossy(&text));
            rendered
        }
        Some(folder) => std::fs::create_dir_all(folder)
            .and_then(|()| clap_mangen::generate_to(Args::command(), folder)),
    };
    match written {
        Ok(()) => Exit::DONE,
        Err(why) => {
            let place = folder.map_or_else(
                || "to standard output".to_owned(),
                |it| format!("into {}", it.display()),
            );
            output::error(&format!(
                "the manual pages could not be written {place}: {why}"
            ));
            Exit::ERROR
        }
    }
}
