//! Which theme the interface begins with: flag, setting, `NO_COLOR`, what the terminal
//! knows; and the user's own themes.

use std::path::Path;

use super::args::Look;
use super::session::Session;
use crate::config::{AUTO, Surroundings};
use crate::model::nearest;
use crate::tui::theme::{self, Depth, Theme, Themes};

/// The folder of the user's own themes, below that of the settings.
const FOLDER: &str = "themes";

/// The themes there are, and the one to begin with. What cannot be used is told in
/// `refused`, and the default taken instead.
pub(super) fn themes(session: &Session, look: &Look, refused: &mut Vec<String>) -> Themes {
    let surroundings = &session.surroundings;
    if surroundings.var("NO_COLOR").is_some() {
        let plain = Theme::colourless();
        return Themes {
            first: plain.clone(),
            when_light: None,
            all: vec![plain],
        };
    }
    let depth = Depth::told_by(surroundings.var("COLORTERM"), surroundings.var("TERM"));
    let own = match &session.settings.folder {
        Some(folder) => own(&folder.join(FOLDER), refused),
        None => Vec::new(),
    };
    let asked = look.theme.as_deref();
    let name = asked.unwrap_or(&session.settings.settings.theme);
    choose(name, own, depth, surroundings, refused)
}

fn choose(
    name: &str,
    own: Vec<Theme>,
    depth: Depth,
    surroundings: &Surroundings,
    refused: &mut Vec<String>,
) -> Themes {
    // A theme of one's own takes the place of the built-in one of that name.
    let mut all: Vec<Theme> = Theme::names()
        .filter(|name| !own.iter().any(|theme| theme.name == *name))
        .filter_map(Theme::built_in)
        .collect();
    all.extend(own);
    let named = |name: &str| all.iter().find(|theme| theme.name == name).cloned();
    let found = named(name);
    if name != AUTO && found.is_none() {
        let known = all.iter().map(|theme| theme.name.as_str()).chain([AUTO]);
        let hint = nearest::hint(name, known);
        refused.push(format!("there is no theme `{name}`{hint}; `auto` is used"));
    }
    let (first, when_light) = match found {
        Some(theme) => (theme, None),
        // Sixteen colours are the terminal's own: they suit its background.
        None if depth == Depth::Sixteen => (named("sixteen").unwrap_or_else(Theme::dark), None),
        None => match light(surroundings) {
            Some(true) => (named("light").unwrap_or_else(Theme::dark), None),
            Some(false) => (named("dark").unwrap_or_else(Theme::dark), None),
            None => (named("dark").unwrap_or_else(Theme::dark), named("light")),
        },
    };
    Themes {
        first: first.fitted(depth),
        when_light: when_light.map(|theme| theme.fitted(depth)),
        all: all.into_iter().map(|theme| theme.fitted(depth)).collect(),
    }
}

/// What `COLORFGBG` says, which some terminals set: the last field is the number of the
/// background's colour. Of the sixteen, 7 and 9 to 15 are light.
fn light(surroundings: &Surroundings) -> Option<bool> {
    let background: u8 = surroundings
        .var("COLORFGBG")?
        .rsplit(';')
        .next()?
        .parse()
        .ok()?;
    (background < 16).then_some(background == 7 || background > 8)
}

/// The user's own themes: every `*.toml` of the folder, by name. What of them cannot be
/// used is told.
fn own(folder: &Path, refused: &mut Vec<String>) -> Vec<Theme> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|it| it == "toml"))
        .collect();
    paths.sort();
    let mut themes = Vec::new();
    for path in paths {
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                let (theme, wrong) = theme::own(&text, &stem);
                let wrong = wrong.iter();
                refused.extend(wrong.map(|what| format!("{}:{what}", path.display())));
                themes.push(theme);
            }
            Err(why) => refused.push(format!("{}: {why}", path.display())),
        }
    }
    themes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Surroundings {
        Surroundings {
            env: variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..Surroundings::default()
        }
    }

    #[test]
    fn the_theme_asked_for_is_taken_and_auto_asks_the_terminal() {
        let nothing = with(&[]);
        let mut refused = Vec::new();
        let mut pick = |name: &str, depth, s: &Surroundings| {
            let themes = choose(name, Vec::new(), depth, s, &mut refused);
            let when_light = themes.when_light.map(|theme| theme.name);
            (themes.first.name, when_light)
        };
        let light = Some("light".to_owned());
        for (name, depth, want) in [
            ("high-contrast", Depth::True, ("high-contrast", None)),
            ("auto", Depth::True, ("dark", light.clone())),
            ("auto", Depth::Indexed, ("dark", light.clone())),
            ("auto", Depth::Sixteen, ("sixteen", None)),
            ("light", Depth::Sixteen, ("sixteen", None)),
            ("lihgt", Depth::True, ("dark", light)),
        ] {
            let (first, when_light) = pick(name, depth, &nothing);
            assert_eq!((first.as_str(), when_light), want, "{name} {depth:?}");
        }
        for (told, first) in [
            ("0;15", "light"),
            ("15;0", "dark"),
            ("15;default;8", "dark"),
        ] {
            let (found, when_light) = pick("auto", Depth::True, &with(&[("COLORFGBG", told)]));
            assert_eq!((found.as_str(), when_light), (first, None), "{told}");
        }
        assert_eq!(refused.len(), 1);
        assert!(refused[0].contains("did you mean `light`"), "{refused:?}");
    }

    #[test]
    fn own_themes_are_found_and_broken_ones_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let dark = include_str!("../../themes/dark.toml");
        let own_dark = dark.replace("#7fc77f", "#00ff00");
        for (name, text) in [
            ("mine.toml", dark.replace("\"dark\"", "\"mine\"")),
            ("dark.toml", own_dark),
            (
                "broken.toml",
                dark.replace("\"dark\"", "\"broken\"")
                    .replace("#7fc77f", "greenish"),
            ),
            ("notes.txt", "no theme".to_owned()),
        ] {
            std::fs::write(folder.path().join(name), text).expect("a file");
        }
        let mut refused = Vec::new();
        let themes = own(folder.path(), &mut refused);
        assert_eq!(refused.len(), 1);
        assert!(refused[0].contains("broken.toml:"), "{refused:?}");
        assert!(
            themes.iter().any(|theme| theme.name == "broken"),
            "the rest of it holds"
        );
        let chosen = choose("mine", themes, Depth::True, &with(&[]), &mut refused);
        assert_eq!(chosen.first.name, "mine");
        let darks: Vec<_> = chosen.all.iter().filter(|it| it.name == "dark").collect();
        assert_eq!(darks.len(), 1);
        assert_ne!(darks[0], &Theme::dark());
    }
}
