//! Asking before a change. Without a terminal nobody can be asked, so nothing is changed
//! unless the command line itself says yes.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use super::args::Change;
use super::output;
use crate::model::project::EnvironmentName;

/// Whether to go on, or the sentence that says why not. Every protected environment that
/// changes must be named.
pub(super) fn confirm(change: &Change, protected: &[&EnvironmentName]) -> Result<(), String> {
    let names: Vec<&str> = protected.iter().map(|name| name.as_str()).collect();
    let stranger = change
        .confirm
        .iter()
        .find(|given| !names.contains(&given.as_str()));
    if let Some(given) = stranger.filter(|_| !names.is_empty()) {
        return Err(format!(
            "`--confirm {given}` is not the environment that changes, {}; nothing was changed",
            names.join(" and ")
        ));
    }
    let confirmed = names
        .iter()
        .all(|name| change.confirm.iter().any(|given| given == name));
    if change.yes && confirmed {
        return Ok(());
    }
    if !can_ask() {
        return Err(unasked(change, &names));
    }
    let agreed = if confirmed {
        matches!(ask("Go on? [y/N] ").as_str(), "y" | "Y" | "yes")
    } else {
        let question = match names.as_slice() {
            [name] => format!("{name} is protected. Type its name to go on: "),
            several => format!(
                "{} are protected. Type `{}` to go on: ",
                several.join(" and "),
                several.join(" ")
            ),
        };
        ask(&question) == names.join(" ")
    };
    if agreed {
        Ok(())
    } else {
        Err("not confirmed; nothing was changed".to_owned())
    }
}

/// What to give where nobody can be asked.
fn unasked(change: &Change, names: &[&str]) -> String {
    let flags: Vec<String> = names
        .iter()
        .map(|name| format!("--confirm {name}"))
        .collect();
    let flags = flags.join(" ");
    match names {
        [] => "there is no terminal to ask: give `--yes`, or `--dry-run` to see the plan; nothing was changed".to_owned(),
        [name] if change.yes => {
            format!("{name} is protected: give `{flags}` as well; nothing was changed")
        }
        several if change.yes => format!(
            "{} are protected: give `{flags}` as well; nothing was changed",
            several.join(" and ")
        ),
        _ => format!("there is no terminal to ask: give `--yes {flags}`; nothing was changed"),
    }
}

fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

fn ask(question: &str) -> String {
    let mut err = std::io::stderr();
    let _ = write!(err, "{question}");
    let _ = err.flush();
    let mut line = String::new();
    if std::io::stdin().lock().read_line(&mut line).is_err() {
        output::say("");
    }
    line.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(confirm: &[&str]) -> Change {
        Change {
            yes: true,
            confirm: confirm.iter().map(|name| (*name).to_owned()).collect(),
            ..Change::default()
        }
    }

    #[test]
    fn every_protected_environment_is_named() {
        let (test, prod) = ("test".into(), "prod".into());
        let both = [&test, &prod];
        assert_eq!(confirm(&given(&["prod", "test"]), &both), Ok(()));
        assert_eq!(confirm(&given(&["prod"]), &[&prod]), Ok(()));
        let wrong = confirm(&given(&["prod", "dev"]), &both);
        let why = "`--confirm dev` is not the environment that changes, test and prod; nothing was changed";
        assert_eq!(wrong, Err(why.to_owned()));
        // Nothing that is protected changes: there is nothing to name.
        assert_eq!(confirm(&given(&["prod"]), &[]), Ok(()));
    }

    #[test]
    fn what_to_give_is_told() {
        let yes = given(&[]);
        assert!(unasked(&yes, &["prod"]).starts_with("prod is protected: give `--confirm prod`"));
        let several = unasked(&yes, &["test", "prod"]);
        let begin = "test and prod are protected: give `--confirm test --confirm prod` as well";
        assert!(several.starts_with(begin), "{several}");
        let none = unasked(&Change::default(), &["prod"]);
        assert!(none.contains("give `--yes --confirm prod`"), "{none}");
    }
}
