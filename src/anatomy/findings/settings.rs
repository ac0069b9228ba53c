//! What an image's configuration gives away, and what it leaves open.

use super::finding::{Finding, Place, Places, Severity};
use super::ids::FindingId;
use super::redact::{Redactor, is_secret};
use super::tokens::{Shape, find, shape_of};
use crate::anatomy::image::ImageFacts;

const REMEDY: &str = "Take it out and replace the credential: give it to the container when it starts, or to one RUN with --mount=type=secret.";
/// How many findings of one kind are told.
const MOST: usize = 100;

pub(super) fn findings(facts: &ImageFacts, places: &Places<'_>) -> Vec<Finding> {
    let redactor = Redactor::new(facts);
    let mut findings = secrets(facts, &redactor);
    findings.extend(history(facts, &redactor, places));
    findings.extend(promises(facts));
    findings
}

fn secrets(facts: &ImageFacts, redactor: &Redactor) -> Vec<Finding> {
    let settings = &facts.settings;
    let env = settings.env.iter().filter_map(|it| it.split_once('='));
    let labels = settings.labels.iter();
    let labels = labels.map(|(name, value)| (name.as_str(), value.as_str()));
    let env = env.map(|pair| (FindingId::SecretInEnv, "The variable", pair));
    let labels = labels.map(|pair| (FindingId::SecretInLabel, "The label", pair));
    env.chain(labels)
        .filter(|(_, _, (name, value))| is_secret(name, value))
        .take(MOST)
        .map(|(id, what, (name, value))| {
            let name = redactor.redact(name);
            let shape = shape_of(value);
            let title = format!("{what} {name} {}", looks_like(shape));
            Finding::new(id, severity(shape), title, REMEDY)
        })
        .collect()
}

fn severity(shape: Option<Shape>) -> Severity {
    // What looks like a token is one; what is only called a secret may be a placeholder.
    shape.map_or(Severity::Medium, |_| Severity::High)
}

fn looks_like(shape: Option<Shape>) -> String {
    match shape {
        Some(shape) => format!("looks like {}", shape.words()),
        None => "has a value, and by its name it is a secret".to_owned(),
    }
}

fn history(facts: &ImageFacts, redactor: &Redactor, places: &Places<'_>) -> Vec<Finding> {
    let is_told = |name: &str| {
        let env = facts
            .settings
            .env
            .iter()
            .filter_map(|it| it.split_once('='));
        let labels = facts.settings.labels.iter();
        env.chain(labels.map(|(name, value)| (name.as_str(), value.as_str())))
            .any(|(told, value)| told == name && is_secret(told, value))
    };
    let mut findings: Vec<Finding> = Vec::new();
    for step in &facts.history.steps {
        let mut names = std::collections::BTreeSet::new();
        for found in find(&step.raw) {
            let name = found.name.as_deref().unwrap_or_default();
            // Variables and labels have a finding of their own.
            if (!name.is_empty() && is_told(name))
                || !names.insert((name.to_owned(), found.shape.map(Shape::words)))
            {
                continue;
            }
            if findings.len() >= MOST {
                return findings;
            }
            let what = if name.is_empty() {
                format!("something that {}", looks_like(found.shape))
            } else {
                format!("the value of {}", redactor.redact(name))
            };
            let title = format!("The history tells {what}, in step {}", step.number);
            let place = places.step(step.number, &step.instruction);
            findings.push(
                Finding::new(
                    FindingId::SecretInHistory,
                    severity(found.shape).max(Severity::Medium),
                    title,
                    "Replace the credential, and give it to the RUN with --mount=type=secret: build arguments and commands are kept in the history.",
                )
                .at(place),
            );
        }
    }
    findings
}

/// What the configuration promises whoever runs it, and does not.
fn promises(facts: &ImageFacts) -> Vec<Finding> {
    let settings = &facts.settings;
    let mut findings = Vec::new();
    let user = settings.user.split(':').next().unwrap_or_default().trim();
    if matches!(user, "" | "root" | "0") {
        let why = if user.is_empty() {
            "no USER is set"
        } else {
            "USER is root"
        };
        findings.push(Finding::new(
            FindingId::RunsAsRoot,
            Severity::Note,
            format!("The container runs as root: {why}"),
            "Add a user and set USER to it before the entry point.",
        ));
    }
    let check = settings.health_check.first().map(String::as_str);
    if matches!(check, None | Some("NONE" | "")) {
        findings.push(Finding::new(
            FindingId::NoHealthCheck,
            Severity::Note,
            "Nothing says how to tell that the container is well".to_owned(),
            "Set HEALTHCHECK, unless whoever runs it has a check of its own.",
        ));
    }
    findings.extend(base(facts));
    findings
}

fn base(facts: &ImageFacts) -> Option<Finding> {
    let label = |name: &str| {
        let value = facts.settings.labels.get(name).map(|it| it.trim());
        value.filter(|value| !value.is_empty())
    };
    let Some(name) = label("org.opencontainers.image.base.name") else {
        return Some(Finding::new(
            FindingId::BaseUnknown,
            Severity::Note,
            "The image does not say what it was built on".to_owned(),
            "Set the labels org.opencontainers.image.base.name and .base.digest when building.",
        ));
    };
    let last = name.rsplit('/').next().unwrap_or(name);
    let moves = !last.contains('@') && (!last.contains(':') || last.ends_with(":latest"));
    if !moves || label("org.opencontainers.image.base.digest").is_some() {
        return None;
    }
    let name = crate::model::text::printable(name);
    Some(
        Finding::new(
            FindingId::BaseNotPinned,
            Severity::Low,
            format!("The image was built on {name}, a tag that moves"),
            "Name a version and its digest in FROM, so that the same source builds the same image.",
        )
        .at(Place::default()),
    )
}
