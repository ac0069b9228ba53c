//! Asking before a change. Without a terminal nobody can be asked, so nothing is changed
//! unless the command line itself says yes.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use super::args::Change;
use super::output;
use crate::model::project::EnvironmentName;

/// Whether to go on, or the sentence that says why not.
pub(super) fn confirm(change: &Change, protected: Option<&EnvironmentName>) -> Result<(), String> {
    if let (Some(name), Some(given)) = (protected, &change.confirm)
        && given != name.as_str()
    {
        return Err(format!(
            "`--confirm {given}` is not the environment that changes, {name}; nothing was changed"
        ));
    }
    let confirmed = match protected {
        Some(_) => change.confirm.is_some(),
        None => true,
    };
    if change.yes && confirmed {
        return Ok(());
    }
    if !can_ask() {
        return Err(match protected {
            Some(name) if change.yes => format!("{name} is protected: give `--confirm {name}` as well; nothing was changed"),
            Some(name) => format!("there is no terminal to ask: give `--yes --confirm {name}`; nothing was changed"),
            None => "there is no terminal to ask: give `--yes`, or `--dry-run` to see the plan; nothing was changed".to_owned(),
        });
    }
    match protected.filter(|_| !confirmed) {
        Some(name) => {
            let typed = ask(&format!("{name} is protected. Type its name to go on: "));
            if typed == name.as_str() {
                Ok(())
            } else {
                Err("not confirmed; nothing was changed".to_owned())
            }
        }
        None => {
            let typed = ask("Go on? [y/N] ");
            if matches!(typed.as_str(), "y" | "Y" | "yes") {
                Ok(())
            } else {
                Err("not confirmed; nothing was changed".to_owned())
            }
        }
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
