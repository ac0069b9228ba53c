//! `karat.toml` → images, environments, engines.

use std::collections::BTreeMap;
use std::path::Path;

use regex::Regex;
use toml::de::DeValue;

use crate::model::nearest;
use crate::model::project::{
    DEFAULT_SOAK, EngineAddress, EngineName, Environment, EnvironmentName, Image, ImageName,
    Recipe, Selector,
};
use crate::model::reference::{ImageRef, Repository};
use crate::model::time::Span;
use crate::model::version::Scheme;

use super::address;
use super::context::Contexts;
use super::problem::Problem;
use super::rules;
use super::sheet::{At, Entry, Place, Section, Sheet, kind};
use super::surroundings::Surroundings;

/// What a project file says.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) images: Vec<Image>,
    pub(super) environments: Vec<Environment>,
    pub(super) engines: BTreeMap<EngineName, EngineAddress>,
}

/// An environment with the places its problems are told at.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) environment: Environment,
    pub(super) place: Place,
    pub(super) engine_places: Vec<Place>,
    pub(super) after_place: Place,
}

/// What engines are resolved with.
struct Resolver<'a> {
    s: &'a Surroundings,
    contexts: &'a Contexts,
    engines: BTreeMap<EngineName, EngineAddress>,
}

impl Resolver<'_> {
    fn take(&mut self, text: &str) -> Result<EngineName, String> {
        let exists = |path: &Path| path.exists();
        let address = address::resolve(text, self.s, self.contexts, &exists)?;
        let name = EngineName::from(text);
        self.engines.insert(name.clone(), address);
        Ok(name)
    }
}

const IMAGE_KEYS: [&str; 4] = ["repository", "version", "build", "revoked"];
const BUILD_KEYS: [&str; 5] = ["context", "dockerfile", "target", "args", "engine"];
const ENVIRONMENT_KEYS: [&str; 6] = [
    "engines",
    "protected",
    "read_only",
    "soak",
    "after",
    "match",
];
const MATCH_KEYS: [&str; 3] = ["label", "compose-project", "unlabelled"];
const SCHEMES: [&str; 3] = ["semver", "calver", "created"];

/// Reads the text of a project file that lies in `folder`.
///
/// # Errors
/// Every problem of the file, in the order of its lines.
pub(super) fn read(
    text: &str,
    folder: &Path,
    s: &Surroundings,
    contexts: &Contexts,
) -> Result<Content, Vec<Problem>> {
    let (mut sheet, table) = Sheet::parse(text)?;
    let root = Section::new("a project file".to_owned(), 0..0, table.get_ref());
    sheet.only(&root, &["images", "environments"]);
    let mut resolver = Resolver {
        s,
        contexts,
        engines: BTreeMap::new(),
    };
    let mut drafts = Vec::new();
    for (entry, section) in named(&mut sheet, &root, "environments", "environment") {
        drafts.extend(environment(&mut sheet, &entry, &section, &mut resolver));
    }
    rules::check(&mut sheet, &drafts, &resolver.engines);
    let names: Vec<String> = drafts
        .iter()
        .map(|draft| draft.environment.name.0.clone())
        .collect();
    let mut images = Vec::new();
    for (entry, section) in named(&mut sheet, &root, "images", "image") {
        images.extend(image(
            &mut sheet,
            &entry,
            &section,
            folder,
            &mut resolver,
            &names,
        ));
    }
    let problems = sheet.into_problems();
    if problems.is_empty() {
        Ok(Content {
            images,
            environments: rules::in_order(drafts),
            engines: resolver.engines,
        })
    } else {
        Err(problems)
    }
}

/// The named tables below `key`: `[images.NAME]`. Each with its name and its place.
fn named<'a>(
    sheet: &mut Sheet<'_>,
    root: &Section<'a>,
    key: &str,
    one: &str,
) -> Vec<(At<String>, Section<'a>)> {
    let want = format!("tables with a name (`[{key}.NAME]`)");
    let Some(parent) = sheet.table(root, key, format!("`{key}`"), &want) else {
        return Vec::new();
    };
    let mut sections = Vec::new();
    for entry in parent.entries() {
        let place = entry.key_place.clone();
        if entry.key.is_empty() || entry.key.chars().any(char::is_control) {
            sheet.wrong(&place, format!("the name of an {one} must be a word"));
            continue;
        }
        let DeValue::Table(table) = entry.value.get_ref() else {
            let got = kind(entry.value.get_ref());
            let what = format!("`{}` must be {want}, not {got}", entry.key);
            sheet.wrong(&place, what);
            continue;
        };
        let name = At {
            value: entry.key.to_owned(),
            place: place.clone(),
        };
        let what = format!("{one} `{}`", entry.key);
        sections.push((name, Section::new(what, place, table)));
    }
    sections
}

fn environment(
    sheet: &mut Sheet<'_>,
    name: &At<String>,
    section: &Section<'_>,
    resolver: &mut Resolver<'_>,
) -> Option<Draft> {
    sheet.only(section, &ENVIRONMENT_KEYS);
    let listed = sheet.texts(section, "engines", "context:default");
    if section.get("engines").is_none() {
        let what = format!(
            "{} has no engines: add `engines = [\"context:default\"]`",
            section.what
        );
        sheet.wrong(&section.place, what);
    }
    let mut engines = Vec::new();
    let mut engine_places = Vec::new();
    if let Some(listed) = &listed {
        if listed.value.is_empty() {
            let what = format!("{} has no engines: name at least one", section.what);
            sheet.wrong(&listed.place, what);
        }
        for text in &listed.value {
            match resolver.take(&text.value) {
                Ok(name) => {
                    engines.push(name);
                    engine_places.push(text.place.clone());
                }
                Err(what) => sheet.wrong(&text.place, what),
            }
        }
    }
    let after = sheet.text(section, "after", "the name of an environment");
    Some(Draft {
        environment: Environment {
            name: EnvironmentName(name.value.clone()),
            engines,
            selector: selector(sheet, section),
            protected: sheet.flag(section, "protected").unwrap_or(false),
            read_only: sheet.flag(section, "read_only").unwrap_or(false),
            soak: soak(sheet, section),
            after: after.map(|after| EnvironmentName(after.value)),
        },
        place: name.place.clone(),
        engine_places,
        after_place: section.place_of("after"),
    })
}

fn soak(sheet: &mut Sheet<'_>, section: &Section<'_>) -> Span {
    let want = "a length of time as text (`\"30m\"`)";
    let Some(text) = sheet.text(section, "soak", want) else {
        return DEFAULT_SOAK;
    };
    Span::parse(&text.value).unwrap_or_else(|error| {
        sheet.wrong(&text.place, format!("`soak` of {}: {error}", section.what));
        DEFAULT_SOAK
    })
}

fn selector(sheet: &mut Sheet<'_>, section: &Section<'_>) -> Selector {
    let what = format!("`match` of {}", section.what);
    let want = "a table (`match = { label = \"env=prod\" }`)";
    let Some(section) = sheet.table(section, "match", what, want) else {
        return Selector::All;
    };
    sheet.only(&section, &MATCH_KEYS);
    let label = sheet.text(&section, "label", "a label (`\"env=prod\"`)");
    let project = sheet.text(&section, "compose-project", "a compose project's name");
    let unlabelled = sheet.flag(&section, "unlabelled");
    if section.entries().count() > 1 {
        let what = format!("{} takes one condition, not several", section.what);
        sheet.wrong(&section.place, what);
        return Selector::All;
    }
    if section.entries().count() == 0 {
        let what = format!(
            "{} is empty: give it a `label` or a `compose-project`, or leave it out",
            section.what
        );
        sheet.wrong(&section.place, what);
    }
    if let Some(label) = label {
        let (key, value) = match label.value.split_once('=') {
            Some((key, value)) => (key, Some(value.to_owned())),
            None => (label.value.as_str(), None),
        };
        if key.trim().is_empty() {
            let what = "a label has a name: write `label = \"env=prod\"` or `label = \"env\"`";
            sheet.wrong(&label.place, what);
        }
        return Selector::Label {
            key: key.to_owned(),
            value,
        };
    }
    if let Some(project) = project {
        if project.value.trim().is_empty() {
            sheet.wrong(&project.place, "a compose project has a name");
        }
        return Selector::ComposeProject(project.value);
    }
    match unlabelled {
        Some(true) => Selector::Unlabelled,
        Some(false) => {
            let what = "`unlabelled` can only be true: leave `match` out to take every container";
            sheet.wrong(&section.place_of("unlabelled"), what);
            Selector::All
        }
        None => Selector::All,
    }
}

fn image(
    sheet: &mut Sheet<'_>,
    name: &At<String>,
    section: &Section<'_>,
    folder: &Path,
    resolver: &mut Resolver<'_>,
    environments: &[String],
) -> Option<Image> {
    sheet.only(section, &IMAGE_KEYS);
    if section.get("repository").is_none() {
        let what = format!(
            "{} has no repository: add `repository = \"{}\"`, with the registry's host where \
             it has one",
            section.what, name.value
        );
        sheet.wrong(&section.place, what);
    }
    let scheme = scheme(sheet, section);
    let build = recipe(sheet, section, folder, resolver, environments);
    let revoked = sheet
        .texts(section, "revoked", "1.2.0")
        .map(|list| list.value.into_iter().map(|text| text.value).collect())
        .unwrap_or_default();
    Some(Image {
        name: ImageName(name.value.clone()),
        repository: repository(sheet, section)?,
        scheme,
        build,
        revoked,
    })
}

fn repository(sheet: &mut Sheet<'_>, section: &Section<'_>) -> Option<Repository> {
    let text = sheet.text(section, "repository", "a name (`\"golden/rust-base\"`)")?;
    match ImageRef::parse(&text.value) {
        Ok(read) if read.tag.is_none() && read.digest.is_none() => Some(read.repository),
        Ok(read) => {
            let bare = read.repository;
            let what = format!("a repository has no tag and no digest: write `{bare}`");
            sheet.wrong(&text.place, what);
            None
        }
        Err(_) => {
            let what = format!(
                "`{}` is no repository: write `name`, `group/name` or `host/group/name`",
                text.value
            );
            sheet.wrong(&text.place, what);
            None
        }
    }
}

fn scheme(sheet: &mut Sheet<'_>, section: &Section<'_>) -> Scheme {
    let want = "\"semver\", \"calver\", \"created\" or { pattern = \"…\" }";
    let what = format!("`version` of {}", section.what);
    if section.get("version").is_some_and(is_table) {
        let table = sheet.table(section, "version", what, want);
        return table.map_or(Scheme::Detect, |table| pattern(sheet, &table));
    }
    let Some(word) = sheet.text(section, "version", want) else {
        return Scheme::Detect;
    };
    match word.value.as_str() {
        "semver" => Scheme::Semver,
        "calver" => Scheme::Calver,
        "created" => Scheme::Created,
        other => {
            let hint = nearest::hint(other, SCHEMES);
            let what = format!(
                "`{other}` is no way to read versions{hint}; a pattern is written \
                 `{{ pattern = \"…\" }}`"
            );
            sheet.wrong(&word.place, what);
            Scheme::Detect
        }
    }
}

fn is_table(entry: &Entry<'_>) -> bool {
    matches!(entry.value.get_ref(), DeValue::Table(_))
}

fn pattern(sheet: &mut Sheet<'_>, section: &Section<'_>) -> Scheme {
    sheet.only(section, &["pattern"]);
    if section.get("pattern").is_none() {
        sheet.wrong(&section.place, format!("{} has no `pattern`", section.what));
    }
    let Some(text) = sheet.text(section, "pattern", "a regular expression as text") else {
        return Scheme::Detect;
    };
    // A version is the whole tag, never a part of one. Compiled bare first: the message of
    // a wrong one must show what was written.
    let read = Regex::new(&text.value).and_then(|_| Regex::new(&anchored(&text.value)));
    match read {
        Ok(regex) => Scheme::Pattern(regex),
        Err(error) => {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or("").trim();
            let why = why.strip_prefix("error: ").unwrap_or(why);
            let what = format!("`{}` is no regular expression: {why}", text.value);
            sheet.wrong(&text.place, what);
            Scheme::Detect
        }
    }
}

fn anchored(pattern: &str) -> String {
    format!("^(?:{pattern})$")
}

/// The pattern as it was written, of an anchored one.
pub(super) fn unanchored(pattern: &str) -> &str {
    pattern
        .strip_prefix("^(?:")
        .and_then(|rest| rest.strip_suffix(")$"))
        .unwrap_or(pattern)
}

fn recipe(
    sheet: &mut Sheet<'_>,
    section: &Section<'_>,
    folder: &Path,
    resolver: &mut Resolver<'_>,
    environments: &[String],
) -> Option<Recipe> {
    let what = format!("`build` of {}", section.what);
    let want = "a table (`build = { context = \".\" }`)";
    let section = sheet.table(section, "build", what, want)?;
    sheet.only(&section, &BUILD_KEYS);
    if section.get("context").is_none() {
        let what = format!(
            "{} has no `context`: name the folder to build",
            section.what
        );
        sheet.wrong(&section.place, what);
    }
    let context = sheet.text(&section, "context", "a folder's path");
    let dockerfile = sheet.text(&section, "dockerfile", "a file's path");
    let target = sheet.text(&section, "target", "the name of a stage");
    let engine = sheet.text(&section, "engine", "an environment or an engine");
    if let Some(engine) = &engine
        && !environments.contains(&engine.value)
        && let Err(why) = resolver.take(&engine.value)
    {
        let names = environments.iter().map(String::as_str);
        let what = match nearest::nearest(&engine.value, names) {
            Some(near) => format!(
                "`{}` is neither an environment nor an engine; did you mean `{near}`?",
                engine.value
            ),
            None => format!("it names no environment, and as an engine: {why}"),
        };
        sheet.wrong(&engine.place, what);
    }
    let args = arguments(sheet, &section);
    let context = folder.join(context?.value);
    Some(Recipe {
        dockerfile: dockerfile.map_or_else(
            || context.join("Dockerfile"),
            |text| folder.join(text.value),
        ),
        context,
        target: target.map(|text| text.value),
        args,
        engine: engine.map(|text| text.value),
    })
}

fn arguments(sheet: &mut Sheet<'_>, section: &Section<'_>) -> BTreeMap<String, String> {
    let what = format!("`args` in {}", section.what);
    let want = "a table (`args = { PROFILE = \"release\" }`)";
    let Some(section) = sheet.table(section, "args", what, want) else {
        return BTreeMap::new();
    };
    let keys: Vec<&str> = section.entries().map(|entry| entry.key).collect();
    keys.into_iter()
        .filter_map(|key| {
            let text = sheet.text(&section, key, "a text in quotes")?;
            Some((key.to_owned(), text.value))
        })
        .collect()
}
