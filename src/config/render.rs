//! A fleet → the text of a `karat.toml` that says the same: `karat init`.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use crate::model::fleet::Fleet;
use crate::model::grouping;
use crate::model::project::{DEFAULT_SOAK, Environment, EnvironmentName, Image, Project, Selector};
use crate::model::reference::{ImageRef, Repository};
use crate::model::text::printable;
use crate::model::version::Scheme;

use super::image::unanchored;
use super::problem::ConfigError;
use super::render_layers::layers_text;

/// Where an environment stands by its name: the further down, the closer to users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Development,
    Test,
    Staging,
    Production,
}

const STAGES: [(Stage, &[&str]); 4] = [
    (
        Stage::Development,
        &["dev", "devel", "develop", "development", "local", "sandbox"],
    ),
    (
        Stage::Test,
        &["test", "testing", "ci", "qa", "int", "integration"],
    ),
    (
        Stage::Staging,
        &[
            "staging",
            "stage",
            "stg",
            "preprod",
            "preproduction",
            "uat",
            "acceptance",
            "canary",
        ],
    ),
    (Stage::Production, &["prod", "production", "prd", "live"]),
];

/// A commented project file made from what runs: the images with their repositories, the
/// environments with their engines and what tells their containers apart. What `project`
/// already says (recipes, revoked versions) is kept. Environments whose names tell their
/// stage are chained by `after`, and those of production are protected; everything else
/// reads back as it is.
#[must_use]
pub fn render_project(fleet: &Fleet, project: &Project) -> String {
    let mut text = String::from(
        "# karat's project file: which images are golden, and where they run.\n\
         # Written from what runs; change it freely. karat finds it from any folder below.\n",
    );
    if fleet.rows.is_empty() {
        text.push_str(
            "\n# Nothing runs yet, so there is no image to name. One would look like this:\n\
             # [images.rust-base]\n\
             # repository = \"registry.example.com/golden/rust-base\"\n",
        );
    }
    let nameless = grouping::all_nameless(&fleet.engines);
    for row in &fleet.rows {
        let own = project.images.iter().any(|it| it.name == row.image.name);
        if !own && nameless.contains_key(&row.image.repository) {
            continue;
        }
        // The project's own entry where there is one: the row's is made from it anyway.
        let image = project
            .images
            .iter()
            .find(|image| image.name == row.image.name)
            .unwrap_or(&row.image);
        image_text(&mut text, image);
    }
    if let Some(left_out) = left_out(fleet) {
        let _ = writeln!(text, "\n# {left_out}");
    }
    layers_text(&mut text, "layers", &project.layers);
    let (kept, odd): (Vec<Environment>, Vec<Environment>) =
        fleet.environments.iter().cloned().partition(is_plain);
    for environment in &kept {
        environment_text(&mut text, environment, after(environment, &kept).as_ref());
    }
    for environment in &odd {
        let _ = writeln!(
            text,
            "\n# environment `{}` is left out: its name or its label has characters that do \
             not show, or is too empty to tell its containers by",
            printable(environment.name.as_str())
        );
    }
    text
}

/// A sentence on the containers that a project file cannot name, if there are any: an image
/// without a name has no versions, and is gone when it is built again.
#[must_use]
pub fn left_out(fleet: &Fleet) -> Option<String> {
    let nameless = grouping::all_nameless(&fleet.engines);
    let count: usize = nameless.values().sum();
    let ids: Vec<&str> = nameless.keys().take(5).map(Repository::as_str).collect();
    let more = if nameless.len() > ids.len() {
        ", …"
    } else {
        ""
    };
    let ids = format!("{}{more}", ids.join(", "));
    match count {
        0 => None,
        1 => Some(format!(
            "1 container is left out: its image has no name ({ids})"
        )),
        _ => Some(format!(
            "{count} containers are left out: their images have no name ({ids})"
        )),
    }
}

/// Whether the file can name the environment and what tells its containers apart: names
/// and labels come from whoever started the containers.
fn is_plain(environment: &Environment) -> bool {
    let told = match &environment.selector {
        Selector::All | Selector::Unlabelled => true,
        Selector::Label { key, value } => {
            // Read back, the first `=` ends the label's name.
            !key.contains('=') && shows(key) && value.as_deref().is_none_or(fits)
        }
        Selector::ComposeProject(project) => shows(project),
    };
    told && shows(environment.name.as_str())
}

/// Whether there is something to see in a text, and nothing in it that is not.
fn shows(text: &str) -> bool {
    !text.trim().is_empty() && fits(text)
}

/// Whether a text has only characters that show.
fn fits(text: &str) -> bool {
    matches!(printable(text), Cow::Borrowed(_))
}

/// Writes a new file.
///
/// # Errors
/// [`ConfigError::Exists`] when there is one already (also one that appears meanwhile: the
/// system decides, not a look beforehand), [`ConfigError::Unwritable`] for anything else.
pub fn write_new(path: &Path, text: &str) -> Result<(), ConfigError> {
    let unwritable = |source| ConfigError::Unwritable {
        path: path.to_owned(),
        source,
    };
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => ConfigError::Exists(path.to_owned()),
            _ => unwritable(error),
        })?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(|error| {
            // Half a file would be found, and refused, by every later karat.
            let _ = std::fs::remove_file(path);
            unwritable(error)
        })
}

fn image_text(text: &mut String, image: &Image) {
    if ImageRef::parse(image.repository.as_str()).is_err() || !shows(image.name.as_str()) {
        // It runs from a bare id, say: there is no repository to write, and a made-up one
        // would be refused when the file is read.
        let _ = writeln!(
            text,
            "\n# `{}` has no repository that could be written: left out",
            printable(image.name.as_str())
        );
        return;
    }
    let _ = writeln!(text, "\n[images.{}]", key(image.name.as_str()));
    let _ = writeln!(text, "repository = {}", quoted(image.repository.as_str()));
    let scheme = match &image.scheme {
        Scheme::Detect => {
            "# version = \"semver\"   # semver | calver | created | { pattern = \"…\" }; \
             found by looking at the tags when left out"
                .to_owned()
        }
        Scheme::Semver => "version = \"semver\"".to_owned(),
        Scheme::Calver => "version = \"calver\"".to_owned(),
        Scheme::Created => "version = \"created\"".to_owned(),
        Scheme::Pattern(regex) => format!(
            "version = {{ pattern = {} }}",
            quoted(unanchored(regex.as_str()))
        ),
    };
    let _ = writeln!(text, "{scheme}");
    match &image.build {
        Some(_) => build_text(text, image),
        None => text.push_str("# build = { context = \".\" }   # how `karat rebuild` builds it\n"),
    }
    if !image.revoked.is_empty() {
        let _ = writeln!(text, "revoked = {}", list(&image.revoked));
    }
    layers_text(
        text,
        &format!("images.{}.layers", key(image.name.as_str())),
        &image.layers,
    );
}

fn build_text(text: &mut String, image: &Image) {
    let Some(recipe) = &image.build else { return };
    let mut parts = vec![format!(
        "context = {}",
        quoted(&recipe.context.to_string_lossy())
    )];
    if recipe.dockerfile != recipe.context.join("Dockerfile") {
        let path = recipe.dockerfile.to_string_lossy();
        parts.push(format!("dockerfile = {}", quoted(&path)));
    }
    if let Some(target) = &recipe.target {
        parts.push(format!("target = {}", quoted(target)));
    }
    if !recipe.args.is_empty() {
        let args: Vec<String> = recipe
            .args
            .iter()
            .map(|(name, value)| format!("{} = {}", key(name), quoted(value)))
            .collect();
        parts.push(format!("args = {{ {} }}", args.join(", ")));
    }
    if let Some(engine) = &recipe.engine {
        parts.push(format!("engine = {}", quoted(engine)));
    }
    let _ = writeln!(text, "build = {{ {} }}", parts.join(", "));
}

fn environment_text(text: &mut String, environment: &Environment, after: Option<&EnvironmentName>) {
    let name = environment.name.as_str();
    let _ = writeln!(text, "\n[environments.{}]", key(name));
    let engines: Vec<String> = environment
        .engines
        .iter()
        .map(|engine| quoted(engine.as_str()))
        .collect();
    let _ = writeln!(text, "engines = [{}]", engines.join(", "));
    match &environment.selector {
        Selector::All => {}
        Selector::Label { key, value } => {
            let label = match value {
                Some(value) => format!("{key}={value}"),
                None => key.clone(),
            };
            let _ = writeln!(text, "match = {{ label = {} }}", quoted(&label));
        }
        Selector::ComposeProject(project) => {
            let _ = writeln!(text, "match = {{ compose-project = {} }}", quoted(project));
        }
        Selector::Unlabelled => text.push_str(
            "match = { unlabelled = true }   # no label karat.environment, no compose project\n",
        ),
    }
    if environment.protected {
        text.push_str("protected = true\n");
    } else if stage(name) == Some(Stage::Production) {
        text.push_str("protected = true   # a change wants the environment's name typed\n");
    }
    if environment.read_only {
        text.push_str("read_only = true\n");
    }
    if environment.soak == DEFAULT_SOAK {
        text.push_str("# soak = \"10m\"   # how long a version must run well to be known good\n");
    } else {
        let _ = writeln!(text, "soak = {}", quoted(&String::from(environment.soak)));
    }
    match after {
        Some(after) => {
            let _ = writeln!(
                text,
                "after = {}   # promotion comes from here",
                quoted(after.as_str())
            );
        }
        None => text.push_str("# after = \"…\"   # the environment promotion comes from\n"),
    }
}

/// What stands in `after`: what the environment says; else, where every name tells its
/// stage and none says anything, the last environment of the nearest earlier stage.
fn after(environment: &Environment, all: &[Environment]) -> Option<EnvironmentName> {
    if environment.after.is_some() || all.iter().any(|other| other.after.is_some()) {
        // One that is left out is nothing to come after.
        let there = |name: &EnvironmentName| all.iter().any(|other| other.name == *name);
        return environment.after.clone().filter(there);
    }
    let own = stage(environment.name.as_str())?;
    all.iter()
        .filter_map(|other| Some((stage(other.name.as_str())?, other)))
        .filter(|(stage, _)| *stage < own)
        .max_by_key(|(stage, _)| *stage)
        .map(|(_, other)| other.name.clone())
}

/// The stage a name tells: the last of its parts that is a word for one (`shop-prod`,
/// `prod-2`, `context:staging`); `pre` before it makes production staging.
fn stage(name: &str) -> Option<Stage> {
    let lower = name.to_lowercase();
    let parts: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric())
        .map(|part| part.trim_end_matches(|c: char| c.is_ascii_digit()))
        .filter(|part| !part.is_empty())
        .collect();
    let found = parts.iter().rev().find_map(|part| {
        STAGES
            .iter()
            .find(|(_, words)| words.contains(part))
            .map(|(stage, _)| *stage)
    })?;
    let before = found == Stage::Production && parts.contains(&"pre");
    Some(if before { Stage::Staging } else { found })
}

/// A key: bare where TOML allows it.
fn key(name: &str) -> String {
    let bare = !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if bare { name.to_owned() } else { quoted(name) }
}

/// A list of basic strings.
pub(super) fn list(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    format!("[{}]", words.join(", "))
}

/// A basic string of one line.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            // Also what turns the direction of writing or hides: people read this file.
            c if c.is_control() || !fits(c.encode_utf8(&mut [0; 4])) => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
