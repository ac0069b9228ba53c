//! `karat doctor`: everything an operation will need, looked at before it is needed.

use std::io::IsTerminal as _;

use serde_json::json;

use super::args::Doctor;
use super::json::SCHEMA;
use super::output::{self, Exit};
use super::session::Session;
use super::table::{Colour, Paint};
use crate::config;
use crate::model::checkup::{Checkup, Finding, State, Subject};
use crate::model::fleet::Fleet;
use crate::model::text::printable;
use crate::operate::doctor::Unheld;

pub(super) async fn run(session: &Session, ask: &Doctor) -> Exit {
    if ask.keep
        && let Some(exit) = session.read_only()
    {
        return exit;
    }
    let fleet = session.fleet().await;
    let mut all = vec![own(session, &fleet)];
    all.extend(session.operator.check_engines().await);
    all.extend(session.operator.check_registries(&session.project).await);
    all.extend(kept(session, &fleet, ask.keep).await);
    let worst = all
        .iter()
        .flat_map(|one| &one.findings)
        .map(|finding| finding.state)
        .max();
    if session.json {
        output::json(&json!({ "schema": SCHEMA, "checkups": all }));
    } else {
        output::result(&text(&all, session.colour));
    }
    match worst {
        Some(State::Bad) => Exit::ERROR,
        _ => Exit::DONE,
    }
}

/// What karat itself runs with.
fn own(session: &Session, fleet: &Fleet) -> Checkup {
    let mut findings = vec![Finding::good("project", fleet.source.to_string())];
    findings.push(match config::data_dir(&session.surroundings) {
        Ok(folder) => Finding::good("memory", folder.display().to_string()),
        Err(error) => Finding::bad("memory", error.to_string()),
    });
    for one in session
        .settings
        .refused
        .iter()
        .chain(&session.settings.closed)
    {
        findings.push(Finding::bad("settings", one.to_string()));
    }
    findings.extend(terminal(session));
    Checkup {
        name: env!("CARGO_PKG_VERSION").to_owned(),
        subject: Subject::Karat,
        findings,
    }
}

fn terminal(session: &Session) -> Vec<Finding> {
    let var = |name: &str| session.surroundings.var(name);
    if !std::io::stdout().is_terminal() {
        return vec![Finding::good("terminal", "none: output goes elsewhere")];
    }
    let mut findings = Vec::new();
    findings.push(match var("TERM") {
        None | Some("dumb") => Finding::note(
            "terminal",
            "TERM says that it can do nothing",
            "set TERM (`xterm-256color`) for the interface; the commands need nothing",
        ),
        Some(name) => Finding::good("terminal", name),
    });
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| var(name));
    let utf8 = locale.is_some_and(|text| {
        let text = text.to_ascii_lowercase();
        text.contains("utf-8") || text.contains("utf8")
    });
    findings.push(if utf8 {
        Finding::good("characters", "UTF-8")
    } else {
        Finding::note(
            "characters",
            format!(
                "the locale is `{}`, not one of UTF-8",
                locale.unwrap_or("C")
            ),
            "set LANG=C.UTF-8, or signs may come out as question marks",
        )
    });
    if let Ok((columns, rows)) = crossterm::terminal::size() {
        let text = format!("{columns} columns, {rows} rows");
        findings.push(if columns < 60 || rows < 16 {
            Finding::note("size", text, "the interface wants 60 columns and 16 rows")
        } else {
            Finding::good("size", text)
        });
    }
    findings
}

/// Known good versions that no tag holds; they get one, if that is asked for.
async fn kept(session: &Session, fleet: &Fleet, keep: bool) -> Vec<Checkup> {
    let unheld = match session.operator.unheld(fleet).await {
        Ok(unheld) => unheld,
        Err(error) => {
            return vec![environment(
                "known good".to_owned(),
                Finding::bad("kept", error.to_string()),
            )];
        }
    };
    let mut all = Vec::new();
    for one in unheld {
        let finding = if keep {
            match session.operator.keep(&one).await {
                Ok(()) => Finding::good(
                    "kept",
                    format!("{} is held by {} now", what(&one), one.tag()),
                ),
                Err(error) => Finding::bad("kept", error.to_string()),
            }
        } else {
            Finding::note(
                "kept",
                format!(
                    "no tag was found to hold {}, which is known good here",
                    what(&one)
                ),
                format!(
                    "a garbage collection of the registry would take it; `karat doctor --keep` tags it {}",
                    one.tag()
                ),
            )
        };
        all.push(environment(one.environment.to_string(), finding));
    }
    all
}

fn what(one: &Unheld) -> String {
    format!("{} {} ({})", one.image, one.version, one.digest.short())
}

fn environment(name: String, finding: Finding) -> Checkup {
    Checkup {
        name,
        subject: Subject::Environment,
        findings: vec![finding],
    }
}

fn text(all: &[Checkup], colour: Colour) -> String {
    let mut out = String::new();
    for one in all {
        let head = format!("{} {}", one.subject.word(), printable(&one.name));
        out.push_str(&format!("{}\n", colour.paint(Paint::Head, &head)));
        for finding in &one.findings {
            let paint = match finding.state {
                State::Good => Paint::Good,
                State::Note => Paint::Warn,
                State::Bad => Paint::Bad,
            };
            let sign = colour.paint(paint, finding.state.sign());
            out.push_str(&format!(
                "  {sign} {:<14}  {}\n",
                finding.what,
                printable(&finding.text)
            ));
            if let Some(remedy) = &finding.remedy {
                let remedy = format!("→ {}", printable(remedy));
                out.push_str(&format!(
                    "    {:14}  {}\n",
                    "",
                    colour.paint(Paint::Faint, &remedy)
                ));
            }
        }
    }
    let count = |state: State| {
        let all = all.iter().flat_map(|one| &one.findings);
        all.filter(|finding| finding.state == state).count()
    };
    let (bad, notes) = (count(State::Bad), count(State::Note));
    out.push_str(&match (bad, notes) {
        (0, 0) => "all is well\n".to_owned(),
        (0, notes) => format!("all works; {notes} to know about\n"),
        (bad, _) => format!("{bad} will not work\n"),
    });
    out
}
