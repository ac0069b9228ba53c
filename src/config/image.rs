//! `[images.NAME]`: what the golden images are and how they are built.

use std::collections::BTreeMap;
use std::path::Path;

use crate::model::nearest;
use crate::model::project::{Image, ImageName, Recipe};
use crate::model::reference::{ImageRef, Repository};
use crate::model::version::Scheme;
use regex::Regex;

use super::file::Resolver;
use super::layers;
use super::sheet::{At, Entry, Section, Sheet};

const IMAGE_KEYS: [&str; 5] = ["repository", "version", "build", "revoked", "layers"];
const BUILD_KEYS: [&str; 5] = ["context", "dockerfile", "target", "args", "engine"];
const SCHEMES: [&str; 3] = ["semver", "calver", "created"];

/// Reads one image. What is wrong with it is noted; without a repository there is none.
pub(super) fn read(
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
    let what = format!("`layers` of {}", section.what);
    let layers = layers::read(sheet, section, &what);
    Some(Image {
        name: ImageName(name.value.clone()),
        repository: repository(sheet, section)?,
        scheme,
        build,
        revoked,
        layers,
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
    if section.get("version").is_some_and(Entry::is_table) {
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
        Ok(regex) if regex.captures_len() < 2 => {
            let what = format!(
                "`{}` captures nothing to order by: put what counts in parentheses \
                 (`r(\\d+)`)",
                text.value
            );
            sheet.wrong(&text.place, what);
            Scheme::Detect
        }
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
