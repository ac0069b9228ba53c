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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_teaches_by_example_and_has_a_page() {
        let folder = tempfile::tempdir().expect("a folder");
        clap_mangen::generate_to(Args::command(), folder.path()).expect("pages");
        for command in Args::command().get_subcommands() {
            let name = command.get_name();
            let examples = command.get_after_help().map(ToString::to_string);
            let examples = examples.unwrap_or_else(|| panic!("{name} has no example"));
            assert!(examples.contains(&format!("karat {name}")), "{name}");
            let page = folder.path().join(format!("karat-{name}.1"));
            let page = std::fs::read_to_string(&page).expect("its page");
            assert!(page.contains("Examples"), "{name}");
        }
    }

    /// What help shows must be true: each example is parsed as the shell would hand it over.
    #[test]
    fn every_example_is_understood() {
        use clap::Parser as _;
        let top = Args::command().get_after_help().map(ToString::to_string);
        let mut texts = vec![top.expect("examples")];
        texts.extend(
            Args::command()
                .get_subcommands()
                .filter_map(|it| Some(it.get_after_help()?.to_string())),
        );
        let mut tried = 0;
        for line in texts.iter().flat_map(|text| text.lines()) {
            let Some(line) = line.strip_prefix("  ").filter(|it| it.starts_with("karat")) else {
                continue;
            };
            // Two spaces set the explanation apart; a pipe or a file ends the command.
            let command = line.split("  ").next().unwrap_or(line);
            let command = command.split([';', '|', '>']).next().unwrap_or(command);
            let quoted: Vec<&str> = command.split('\'').collect();
            let mut words = Vec::new();
            for (at, part) in quoted.iter().enumerate() {
                if at % 2 == 1 {
                    words.push((*part).to_owned());
                } else {
                    words.extend(part.split_whitespace().map(str::to_owned));
                }
            }
            if let Err(error) = Args::try_parse_from(&words) {
                panic!("{line}\n{words:?}\n{error}");
            }
            tried += 1;
        }
        assert!(tried > 20, "{tried}");
    }
}
