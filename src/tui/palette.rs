//! What the palette finds: every entry of the table that is more than a movement, and the
//! images and environments there are.

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::model::project::{EnvironmentName, ImageName};

use super::action::{Command, Entry, TABLE};
use super::available::{forbidden, unavailable};
use super::keymap::{place_words, shown};
use super::state::State;

/// Something to choose.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Item<'a> {
    /// An entry of the table.
    Entry(&'static Entry),
    /// Go to an image.
    Image(&'a ImageName),
    /// Go to an environment.
    Environment(&'a EnvironmentName),
    /// Go to both.
    Cell(&'a ImageName, &'a EnvironmentName),
}

/// Names come before ids, and both before what is only mentioned in the help.
const BY_NAME: u32 = 20_000;
const BY_ID: u32 = 10_000;

/// What matches, the best first; everything, in the order of the table, while nothing is
/// looked for.
pub(crate) fn find<'a>(state: &'a State, typed: &str) -> Vec<Item<'a>> {
    let typed = typed.trim();
    let mut found: Vec<(u32, bool, Item<'a>)> = Vec::new();
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut buffer = Vec::new();
    let mut fuzzy = Looked::new(typed, AtomKind::Fuzzy);
    let mut words = Looked::new(typed, AtomKind::Substring);
    for entry in TABLE.iter().filter(|entry| is_offered(entry)) {
        let score = fuzzy
            .score(entry.name, &mut matcher, &mut buffer)
            .map(|score| score + BY_NAME)
            .or_else(|| {
                let score = fuzzy.score(entry.id, &mut matcher, &mut buffer)?;
                Some(score + BY_ID)
            })
            .or_else(|| words.score(entry.help, &mut matcher, &mut buffer));
        if let Some(score) = score {
            found.push((score, unusable(state, entry).is_some(), Item::Entry(entry)));
        }
    }
    for item in names(state, typed) {
        let score = fuzzy.score(&item.name(), &mut matcher, &mut buffer);
        if let Some(score) = score {
            found.push((score + BY_NAME, false, item));
        }
    }
    if typed.is_empty() {
        // What can be used now comes first, names last: there may be a thousand of them.
        found.sort_by_key(|(_, unusable, item)| (!matches!(item, Item::Entry(_)), *unusable));
    } else {
        // The very name that was typed beats every longer one.
        found.sort_by_key(|(score, unusable, item)| {
            let other = item.name() != typed;
            (other, std::cmp::Reverse(*score), *unusable)
        });
    }
    found.into_iter().map(|(_, _, item)| item).collect()
}

/// What is looked for.
struct Looked(Pattern);

impl Looked {
    fn new(typed: &str, kind: AtomKind) -> Self {
        Self(Pattern::new(
            typed,
            CaseMatching::Ignore,
            Normalization::Smart,
            kind,
        ))
    }

    fn score(&mut self, text: &str, matcher: &mut Matcher, buffer: &mut Vec<char>) -> Option<u32> {
        self.0.score(Utf32Str::new(text, buffer), matcher)
    }
}

/// Images and environments, and with two words the cells where they meet.
fn names<'a>(state: &'a State, typed: &str) -> Vec<Item<'a>> {
    let fleet = &state.fleet;
    let images = fleet.rows.iter().map(|row| &row.image.name);
    let environments = || fleet.environments.iter().map(|one| &one.name);
    let mut names: Vec<Item<'a>> = images
        .clone()
        .map(Item::Image)
        .chain(environments().map(Item::Environment))
        .collect();
    if typed.contains(char::is_whitespace) {
        names.extend(images.flat_map(|image| environments().map(move |it| Item::Cell(image, it))));
    }
    names
}

/// Whether an entry makes sense in a list: movements and buttons do not.
fn is_offered(entry: &Entry) -> bool {
    let here = matches!(
        entry.command,
        Command::Palette | Command::Interrupt | Command::NextField | Command::PreviousField
    );
    !here && !entry.command.moves() && entry.places.iter().any(|place| place.is_view())
}

/// Why an entry cannot be used in the view below, in words.
pub(crate) fn unusable(state: &State, entry: &Entry) -> Option<String> {
    if let Some(why) = forbidden(state, entry.command) {
        return Some(why);
    }
    if !entry.places.contains(&state.view_place()) {
        let views: Vec<_> = entry
            .places
            .iter()
            .copied()
            .filter(|it| it.is_view())
            .collect();
        return Some(format!(
            "not here, but in: {}",
            place_words(&views).join(", ")
        ));
    }
    unavailable(state, entry.command)
}

impl Item<'_> {
    /// What it is called.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Entry(entry) => entry.name.to_owned(),
            Self::Image(image) => image.to_string(),
            Self::Environment(environment) => environment.to_string(),
            Self::Cell(image, environment) => format!("{image} {environment}"),
        }
    }

    /// What it does.
    pub(crate) fn help(&self) -> String {
        match self {
            Self::Entry(entry) => entry.help.to_owned(),
            Self::Image(_) => "an image: go to its row".to_owned(),
            Self::Environment(_) => "an environment: go to its column".to_owned(),
            Self::Cell(image, environment) => format!("go to {image} in {environment}"),
        }
    }

    /// Its keys.
    pub(crate) fn keys(&self, state: &State) -> String {
        let Self::Entry(entry) = self else {
            return String::new();
        };
        let keys: Vec<String> = state.keymap.of(entry).iter().map(|it| shown(it)).collect();
        keys.join(", ")
    }

    /// Why it cannot be used now.
    pub(crate) fn unusable(&self, state: &State) -> Option<String> {
        match self {
            Self::Entry(entry) => unusable(state, entry),
            Self::Image(_) | Self::Environment(_) | Self::Cell(..) => None,
        }
    }
}
