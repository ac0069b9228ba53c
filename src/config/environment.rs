//! `[environments.NAME]`: where versions run.

use crate::model::project::{DEFAULT_SOAK, Environment, EnvironmentName, Selector};
use crate::model::time::Span;

use super::channel;
use super::file::Resolver;
use super::sheet::{At, Place, Section, Sheet};

const ENVIRONMENT_KEYS: [&str; 7] = [
    "engines",
    "channel",
    "protected",
    "read_only",
    "soak",
    "after",
    "match",
];
const MATCH_KEYS: [&str; 3] = ["label", "compose-project", "unlabelled"];

/// An environment with the places its problems are told at.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) environment: Environment,
    pub(super) place: Place,
    pub(super) engine_places: Vec<Place>,
    pub(super) after_place: Place,
}

/// Reads one environment. What is wrong with it is noted; what is right is kept, so that
/// the rules between environments can be checked all the same.
pub(super) fn read(
    sheet: &mut Sheet<'_>,
    name: &At<String>,
    section: &Section<'_>,
    resolver: &mut Resolver<'_>,
) -> Draft {
    sheet.only(section, &ENVIRONMENT_KEYS);
    let channel = channel::read(sheet, section);
    let listed = sheet.texts(section, "engines", "context:default");
    match (section.get("engines"), section.get("channel")) {
        (None, None) => {
            let what = format!(
                "{} has no engines: add `engines = [\"context:default\"]`, or \
                 `channel = \"{}\"` for a tag in a registry",
                section.what, name.value
            );
            sheet.wrong(&section.place, what);
        }
        (Some(_), Some(_)) => {
            let what = format!(
                "{} is either engines or a channel: leave one of the two out",
                section.what
            );
            sheet.wrong(&section.place_of("channel"), what);
        }
        _ => {}
    }
    if let (Some(_), Some(_)) = (&channel, section.get("match")) {
        let what = "`match` chooses containers, and a channel has none: leave it out";
        sheet.wrong(&section.place_of("match"), what);
    }
    let mut engines = Vec::new();
    let mut engine_places = Vec::new();
    if let Some(channel) = &channel {
        engines.push(resolver.channel(channel));
        engine_places.push(section.place_of("channel"));
    }
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
    Draft {
        environment: Environment {
            name: EnvironmentName(name.value.clone()),
            engines,
            selector: selector(sheet, section),
            protected: sheet.flag(section, "protected").unwrap_or(false),
            read_only: sheet.flag(section, "read_only").unwrap_or(false),
            soak: soak(sheet, section),
            after: after.map(|after| EnvironmentName(after.value)),
            channel,
        },
        place: name.place.clone(),
        engine_places,
        after_place: section.place_of("after"),
    }
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
