//! A person's own theme: what of its file holds, and the rest from a built-in one. A slip in
//! one slot takes that slot, not the theme.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use ratatui::style::{Modifier, Style};

use super::{Theme, colour};
use crate::config::what_holds;
use crate::model::nearest;

/// What can be said of a slot.
const PROPERTIES: [&str; 7] = [
    "fg",
    "bg",
    "bold",
    "dim",
    "italic",
    "underlined",
    "reversed",
];

/// The slots that are one style each, then the lists.
const SLOTS: [&str; 16] = [
    "name",
    "text",
    "quiet",
    "title",
    "border",
    "selected",
    "key",
    "good",
    "warn",
    "bad",
    "busy",
    "known_good",
    "protected",
    "demo",
    "environments",
    "layers",
];

/// Reads a person's own theme. It is called what it says, else by its file's name; what it
/// lacks, and what cannot be used, is as in the built-in theme of that name, or in `dark`.
/// Besides the theme: what was refused, a sentence each, begun with its line.
#[must_use]
pub fn own(text: &str, file_name: &str) -> (Theme, Vec<String>) {
    let (held, problems) = what_holds(text);
    let mut reading = Reading {
        text,
        base: String::new(),
        refused: problems
            .iter()
            .map(|it| (it.line, it.what.clone()))
            .collect(),
    };
    // What holds parses; were it not so, nothing of the file would.
    let (table, _) = DeTable::parse_recoverable(&held);
    let table = table.get_ref();
    let named = table.get("name").and_then(|it| it.get_ref().as_str());
    let name = named.filter(|name| !name.is_empty()).unwrap_or(file_name);
    let mut theme = Theme::built_in(name).unwrap_or_else(Theme::dark);
    reading.base.clone_from(&theme.name);
    theme.name = name.to_owned();
    for (key, value) in table {
        let slot: &str = key.get_ref();
        let read = match slot {
            "name" => continue,
            "environments" => reading.list(slot, value, &mut theme.environments, Reading::accent),
            "layers" => reading.list(slot, value, &mut theme.layers, Reading::style),
            _ => match theme.slot_mut(slot) {
                Some(style) => reading.style(value).map(|read| *style = read),
                None => Err((
                    key.span().start,
                    format!("there is no slot `{slot}`{}", nearest::hint(slot, SLOTS)),
                )),
            },
        };
        if let Err((place, what)) = read {
            reading.refuse(place, slot, &what);
        }
    }
    reading.missing(table);
    reading.refused.sort();
    let refused = reading.refused.into_iter();
    let sentences = refused.map(|(line, what)| format!("{line}: {what}"));
    (theme, sentences.collect())
}

type Wrong = (usize, String);

struct Reading<'t> {
    text: &'t str,
    /// The theme that the rest is taken from.
    base: String,
    refused: Vec<(usize, String)>,
}

impl Reading<'_> {
    fn refuse(&mut self, place: usize, slot: &str, what: &str) {
        let before = self.text.get(..place).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let rest = if SLOTS.contains(&slot) {
            format!("`{slot}`: {what}; that of `{}` is taken", self.base)
        } else {
            what.to_owned()
        };
        self.refused.push((line, rest));
    }

    /// Says what the file does not have. A theme from before there were layers is whole.
    fn missing(&mut self, table: &DeTable<'_>) {
        let lacks: Vec<&str> = SLOTS
            .into_iter()
            .filter(|slot| *slot != "layers" && !table.contains_key(*slot))
            .collect();
        // What was refused with its line is not missing.
        if !lacks.is_empty() && self.refused.is_empty() {
            let what = format!(
                "it lacks {}: those of `{}` are taken",
                lacks.join(", "),
                self.base
            );
            self.refused.push((1, what));
        }
    }

    /// A list of styles. One that cannot be read stays that of the theme below.
    fn list(
        &mut self,
        slot: &str,
        value: &Spanned<DeValue<'_>>,
        into: &mut Vec<Style>,
        read: impl Fn(&Self, &Spanned<DeValue<'_>>) -> Result<Style, Wrong>,
    ) -> Result<(), Wrong> {
        let DeValue::Array(given) = value.get_ref() else {
            return Err((value.span().start, "it must be a list".to_owned()));
        };
        let mut styles = Vec::new();
        for (place, one) in given.iter().enumerate() {
            match read(self, one) {
                Ok(style) => styles.push(style),
                Err((at, what)) => {
                    self.refuse(at, slot, &what);
                    let below = into.get(place % into.len().max(1));
                    styles.extend(below.copied());
                }
            }
        }
        if !styles.is_empty() {
            *into = styles;
        }
        Ok(())
    }

    fn accent(&self, value: &Spanned<DeValue<'_>>) -> Result<Style, Wrong> {
        Ok(Style::new().fg(shade(value)?))
    }

    fn style(&self, value: &Spanned<DeValue<'_>>) -> Result<Style, Wrong> {
        let DeValue::Table(table) = value.get_ref() else {
            let what = "it must be a table (`{ fg = \"#9aa3b2\", bold = true }`)";
            return Err((value.span().start, what.to_owned()));
        };
        let mut style = Style::new();
        for (key, value) in table {
            let property: &str = key.get_ref();
            let modifier = match property {
                "fg" => {
                    style = style.fg(shade(value)?);
                    continue;
                }
                "bg" => {
                    style = style.bg(shade(value)?);
                    continue;
                }
                "bold" => Modifier::BOLD,
                "dim" => Modifier::DIM,
                "italic" => Modifier::ITALIC,
                "underlined" => Modifier::UNDERLINED,
                "reversed" => Modifier::REVERSED,
                _ => {
                    let hint = nearest::hint(property, PROPERTIES);
                    let what = format!("a slot has no `{property}`{hint}");
                    return Err((key.span().start, what));
                }
            };
            match value.get_ref() {
                DeValue::Boolean(true) => style = style.add_modifier(modifier),
                DeValue::Boolean(false) => {}
                _ => {
                    let what = format!("`{property}` must be true or false");
                    return Err((value.span().start, what));
                }
            }
        }
        Ok(style)
    }
}

fn shade(value: &Spanned<DeValue<'_>>) -> Result<ratatui::style::Color, Wrong> {
    let wrong = |what: String| (value.span().start, what);
    let name = value
        .get_ref()
        .as_str()
        .ok_or_else(|| wrong("a colour must be a text (`\"#9aa3b2\"`)".to_owned()))?;
    colour(name).map_err(|error| wrong(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DARK: &str = include_str!("../../../themes/dark.toml");

    #[test]
    fn a_whole_theme_is_as_it_is_read_strictly() {
        for name in Theme::names() {
            let (_, text) = super::super::BUILT_IN
                .iter()
                .find(|(one, _)| *one == name)
                .expect(name);
            let (theme, refused) = own(text, "file");
            assert_eq!(refused, Vec::<String>::new());
            assert_eq!(Some(theme), Theme::built_in(name));
        }
    }

    #[test]
    fn a_slip_takes_its_slot_and_no_other() {
        let line = |part: &str| {
            let before = DARK.split(part).next().expect(part);
            before.matches('\n').count() + 1
        };
        let mine = DARK
            .replace("name = \"dark\"", "name = \"mine\"")
            .replace("#e6d7a8", "#010203");
        let title = ratatui::style::Color::Rgb(1, 2, 3);
        for (from, to, said) in [
            ("#7fc77f", "greenish", "`good`"),
            ("busy      =", "buzy      =", "did you mean `busy`"),
            (
                "bg = \"#24364e\", bold",
                "bg = \"#24364e\", bald",
                "did you mean `bold`",
            ),
            (
                "warn      = { fg = \"#e0b050\" }",
                "warn      = { fg = \"#e0b050\" ",
                "TOML",
            ),
            (
                "warn      = { fg = \"#e0b050\" }",
                "warn      = 3",
                "`warn`: it must be a table",
            ),
            (
                "\"#8fcf9f\", \"#d9b56d\"",
                "\"nope\", \"#d9b56d\"",
                "`environments`",
            ),
            ("bg = \"#8fcf9f\"", "bg = \"nope\"", "`layers`"),
        ] {
            assert!(mine.contains(from), "{from}");
            let (theme, refused) = own(&mine.replace(from, to), "file");
            assert_eq!(refused.len(), 1, "{to}: {refused:?}");
            assert!(refused[0].contains(said), "{to}: {refused:?}");
            assert!(
                refused[0].starts_with(&format!("{}: ", line(from))),
                "{to}: {refused:?}"
            );
            let below = Theme {
                name: "mine".to_owned(),
                title: Theme::dark().title.fg(title),
                ..Theme::dark()
            };
            assert_eq!(theme, below, "{to}");
        }
    }

    #[test]
    fn what_is_missing_is_said_and_the_file_names_the_theme() {
        let (theme, refused) = own("text = {}\n", "mine");
        assert_eq!(theme.name, "mine");
        assert_eq!(refused.len(), 1);
        assert!(refused[0].contains("it lacks name, quiet"), "{refused:?}");
    }
}
