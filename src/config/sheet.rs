//! A TOML text walked by hand: every value keeps its place, so that every problem can be
//! told with its line, and all of them at once.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::model::nearest;

use super::problem::Problem;

/// A place in the text, in bytes.
pub(super) type Place = Range<usize>;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) place: Place,
}

/// The text under reading, and what was found wrong with it so far.
pub(super) struct Sheet<'t> {
    text: &'t str,
    found: Vec<(usize, String)>,
}

/// One table: what it is called in sentences, where it stands, its entries in the order of
/// the text.
pub(super) struct Section<'a> {
    pub(super) what: String,
    pub(super) place: Place,
    entries: Vec<Entry<'a>>,
}

/// One `key = value`.
pub(super) struct Entry<'a> {
    pub(super) key: &'a str,
    pub(super) key_place: Place,
    pub(super) value: &'a Spanned<DeValue<'a>>,
}

impl<'t> Sheet<'t> {
    /// Parses the text as TOML.
    ///
    /// # Errors
    /// Everything that is wrong with it as TOML. What it means is not looked at then: half
    /// a table would only give problems that are none.
    pub(super) fn parse(text: &'t str) -> Result<(Self, Spanned<DeTable<'t>>), Vec<Problem>> {
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut sheet = Self {
            text,
            found: Vec::new(),
        };
        for error in &errors {
            let (place, what) = said(error, text);
            sheet.wrong(&place, what);
        }
        if sheet.found.is_empty() {
            Ok((sheet, table))
        } else {
            Err(sheet.into_problems())
        }
    }

    /// Notes a problem.
    pub(super) fn wrong(&mut self, place: &Place, what: impl Into<String>) {
        self.found.push((place.start, what.into()));
    }

    /// The line of a place, from 1.
    pub(super) fn line(&self, place: &Place) -> usize {
        position(self.text, place.start).0
    }

    /// The line of an offset in a text, from 1.
    pub(super) fn line_of(text: &str, offset: usize) -> usize {
        position(text, offset).0
    }

    /// What is wrong with a text, by place.
    pub(super) fn problems(text: &'t str, wrong: Vec<(Place, String)>) -> Vec<Problem> {
        let found = wrong.into_iter().map(|(place, what)| (place.start, what));
        let found = found.collect();
        Self { text, found }.into_problems()
    }

    /// Everything found, in the order of the text.
    pub(super) fn into_problems(mut self) -> Vec<Problem> {
        self.found.sort();
        self.found.dedup();
        let text = self.text;
        self.found
            .into_iter()
            .map(|(offset, what)| {
                let (line, column) = position(text, offset);
                Problem { line, column, what }
            })
            .collect()
    }

    /// Reports every key that is not among `known`.
    pub(super) fn only(&mut self, section: &Section<'_>, known: &[&str]) {
        for entry in &section.entries {
            if !known.contains(&entry.key) {
                let hint = nearest::hint(entry.key, known.iter().copied());
                let what = format!("{} has no key `{}`{hint}", section.what, entry.key);
                self.wrong(&entry.key_place, what);
            }
        }
    }

    fn mistyped(&mut self, section: &Section<'_>, entry: &Entry<'_>, want: &str) {
        let what = format!(
            "`{}` of {} must be {want}, not {}",
            entry.key,
            section.what,
            kind(entry.value.get_ref())
        );
        self.wrong(&entry.value.span(), what);
    }

    /// A text, if there is one. `want` says what it would look like.
    pub(super) fn text(
        &mut self,
        section: &Section<'_>,
        key: &str,
        want: &str,
    ) -> Option<At<String>> {
        let entry = section.get(key)?;
        let read = as_text(entry.value);
        if read.is_none() {
            self.mistyped(section, entry, want);
        }
        read
    }

    /// `true` or `false`, if given.
    pub(super) fn flag(&mut self, section: &Section<'_>, key: &str) -> Option<bool> {
        let entry = section.get(key)?;
        if let DeValue::Boolean(value) = entry.value.get_ref() {
            return Some(*value);
        }
        self.mistyped(section, entry, "true or false");
        None
    }

    /// A list of texts, if given. Elements of another type are reported and left out.
    pub(super) fn texts(
        &mut self,
        section: &Section<'_>,
        key: &str,
        example: &str,
    ) -> Option<At<Vec<At<String>>>> {
        let entry = section.get(key)?;
        let want = format!("a list of texts (`{key} = [\"{example}\"]`)");
        let DeValue::Array(array) = entry.value.get_ref() else {
            self.mistyped(section, entry, &want);
            return None;
        };
        let mut value = Vec::new();
        for element in array {
            match as_text(element) {
                Some(text) => value.push(text),
                None => {
                    let got = kind(element.get_ref());
                    let what = format!("`{key}` of {} must be {want}; here is {got}", section.what);
                    self.wrong(&element.span(), what);
                }
            }
        }
        Some(At {
            value,
            place: entry.value.span(),
        })
    }

    /// A table, if given.
    pub(super) fn table<'a>(
        &mut self,
        section: &Section<'a>,
        key: &str,
        what: String,
        want: &str,
    ) -> Option<Section<'a>> {
        let entry = section.get(key)?;
        let DeValue::Table(table) = entry.value.get_ref() else {
            self.mistyped(section, entry, want);
            return None;
        };
        Some(Section::new(what, entry.key_place.clone(), table))
    }
}

impl<'a> Section<'a> {
    pub(super) fn new(what: String, place: Place, table: &'a DeTable<'a>) -> Self {
        let mut entries: Vec<Entry<'a>> = table
            .iter()
            .map(|(key, value)| Entry {
                key: key.get_ref(),
                key_place: key.span(),
                value,
            })
            .collect();
        // The parser sorts by name; people's order is that of the text.
        entries.sort_by_key(|entry| entry.key_place.start);
        Self {
            what,
            place,
            entries,
        }
    }

    /// The entry of that key.
    pub(super) fn get(&self, key: &str) -> Option<&Entry<'a>> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Every entry, in the order of the text.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry<'a>> {
        self.entries.iter()
    }

    /// The place of a key, or of the table where it has none.
    pub(super) fn place_of(&self, key: &str) -> Place {
        self.get(key)
            .map_or_else(|| self.place.clone(), |entry| entry.value.span())
    }
}

impl Entry<'_> {
    /// Whether its value is a table.
    pub(super) fn is_table(&self) -> bool {
        matches!(self.value.get_ref(), DeValue::Table(_))
    }
}

fn as_text(value: &Spanned<DeValue<'_>>) -> Option<At<String>> {
    match value.get_ref() {
        DeValue::String(text) => Some(At {
            value: text.clone().into_owned(),
            place: value.span(),
        }),
        _ => None,
    }
}

/// What is wrong with a text as TOML, and where.
pub(super) fn said(error: &toml::de::Error, text: &str) -> (Place, String) {
    let place = error.span().unwrap_or(0..0);
    let what = match (error.message(), text.get(place.clone())) {
        ("duplicate key", Some(key)) if !key.is_empty() => {
            format!("`{}` is given twice", key.trim())
        }
        (message, _) => format!("this is not TOML: {message}"),
    };
    (place, what)
}

/// A type in words.
pub(super) const fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// Line and column, both from 1, the column in characters.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(start..).unwrap_or("").chars().count() + 1;
    (line, column)
}
