//! The lines that the interface copies are lines of this command line.

use clap::Parser as _;

use super::args::{Args, Command};
use crate::tui::tests::lines::every_line;

fn parse(name: &str, line: &str) -> Args {
    let words = shell_words::split(line).expect(line);
    Args::try_parse_from(words).unwrap_or_else(|error| panic!("{name}: {line}\n{error}"))
}

/// What the line says, a word for everything that was understood of it.
fn said(args: &Args) -> String {
    let change = |it: &super::args::Change| {
        format!(
            "yes={} confirm={:?} reason={:?} dry={}",
            it.yes,
            it.confirm.first(),
            it.reason,
            it.dry_run
        )
    };
    match args.command.as_ref().expect("a verb") {
        Command::Status { image } => format!("status {image:?}"),
        Command::Versions { image, env, .. } => format!("versions {image} {env:?}"),
        Command::History { image, env, .. } => format!("history {image:?} {env:?}"),
        Command::Rollback(it) => format!(
            "rollback {} {} to={:?} {}",
            it.image,
            it.env,
            it.to,
            change(&it.change)
        ),
        Command::Promote(it) => format!(
            "promote {:?} {:?} {:?} {}",
            it.images,
            it.from,
            it.to,
            change(&it.change)
        ),
        Command::Rebuild(it) => format!(
            "rebuild {} {:?} {:?} no_cache={} pull={} {}",
            it.image,
            it.version,
            it.engine,
            it.no_cache,
            it.pull,
            change(&it.change)
        ),
        Command::Recover { .. } => "recover".to_owned(),
        other => panic!("nothing copies {other:?}"),
    }
}

#[test]
fn every_line_that_is_copied_is_understood_as_it_was_meant() {
    let understood: Vec<String> = every_line()
        .iter()
        .map(|(name, line)| {
            let args = parse(name, line);
            let project = args.project.as_deref().expect("a project");
            format!("{name}: {}\n    in {}", said(&args), project.display())
        })
        .collect();
    insta::assert_snapshot!(understood.join("\n"));
}
