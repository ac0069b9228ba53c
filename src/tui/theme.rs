//! Colours, in slots named by what they mean. A theme is a TOML file; the built-in ones are
//! part of the binary.

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use crate::model::known_good::Objection;
use crate::model::observation::Health;
use crate::model::project::Environment;
use crate::model::skew::SkewKind;

const DARK: &str = include_str!("../../themes/dark.toml");

/// The colours of everything on screen.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    /// What it is called.
    pub name: String,
    /// What is read.
    pub text: Style,
    /// What may be skipped.
    pub quiet: Style,
    /// Headings.
    pub title: Style,
    /// Frames.
    pub border: Style,
    /// What has the focus.
    pub selected: Style,
    /// Keys in hints.
    pub key: Style,
    /// Healthy, done.
    pub good: Style,
    /// Worth a look.
    pub warn: Style,
    /// Broken.
    pub bad: Style,
    /// Under way.
    pub busy: Style,
    /// The version a roll back would choose.
    pub known_good: Style,
    /// Protected environments.
    pub protected: Style,
    /// The mark of a fleet that is not real.
    pub demo: Style,
    /// Accents of the other environments, upstream first.
    pub environments: Vec<Style>,
}

/// A theme that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ThemeError {
    /// It is not TOML, or has slots that do not exist, or lacks some.
    #[error("the theme cannot be read: {0}")]
    Unreadable(#[from] toml::de::Error),
    /// A colour that is none.
    #[error(
        "the theme names a colour that does not exist: `{0}` (write a name such as `light-red`, an index 0 to 255, or `#rrggbb`)"
    )]
    NoSuchColour(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    text: Slot,
    quiet: Slot,
    title: Slot,
    border: Slot,
    selected: Slot,
    key: Slot,
    good: Slot,
    warn: Slot,
    bad: Slot,
    busy: Slot,
    known_good: Slot,
    protected: Slot,
    demo: Slot,
    environments: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Slot {
    fg: Option<String>,
    bg: Option<String>,
    bold: bool,
    dim: bool,
    italic: bool,
    underlined: bool,
    reversed: bool,
}

impl Slot {
    fn style(&self) -> Result<Style, ThemeError> {
        let mut style = Style::new();
        if let Some(name) = &self.fg {
            style = style.fg(colour(name)?);
        }
        if let Some(name) = &self.bg {
            style = style.bg(colour(name)?);
        }
        for (wanted, modifier) in [
            (self.bold, Modifier::BOLD),
            (self.dim, Modifier::DIM),
            (self.italic, Modifier::ITALIC),
            (self.underlined, Modifier::UNDERLINED),
            (self.reversed, Modifier::REVERSED),
        ] {
            if wanted {
                style = style.add_modifier(modifier);
            }
        }
        Ok(style)
    }
}

fn colour(name: &str) -> Result<Color, ThemeError> {
    name.parse()
        .map_err(|_| ThemeError::NoSuchColour(name.to_owned()))
}

impl Theme {
    /// Reads a theme file.
    ///
    /// # Errors
    /// [`ThemeError`] when it is not TOML, a slot is unknown or missing, or a colour is none.
    pub fn read(text: &str) -> Result<Self, ThemeError> {
        let file: File = toml::from_str(text)?;
        Ok(Self {
            name: file.name,
            text: file.text.style()?,
            quiet: file.quiet.style()?,
            title: file.title.style()?,
            border: file.border.style()?,
            selected: file.selected.style()?,
            key: file.key.style()?,
            good: file.good.style()?,
            warn: file.warn.style()?,
            bad: file.bad.style()?,
            busy: file.busy.style()?,
            known_good: file.known_good.style()?,
            protected: file.protected.style()?,
            demo: file.demo.style()?,
            environments: file
                .environments
                .iter()
                .map(|name| Ok(Style::new().fg(colour(name)?)))
                .collect::<Result<_, ThemeError>>()?,
        })
    }

    /// The default theme.
    #[must_use]
    pub fn dark() -> Self {
        // The file is part of the binary and a test reads it; should it ever be broken, a
        // screen without colours is better than none.
        Self::read(DARK).unwrap_or_else(|_| Self::colourless())
    }

    /// No colours at all, for `NO_COLOR`: only bold, dim and reversed.
    #[must_use]
    pub fn colourless() -> Self {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let reversed = plain.add_modifier(Modifier::REVERSED);
        Self {
            name: "colourless".to_owned(),
            text: plain,
            quiet: plain.add_modifier(Modifier::DIM),
            title: bold,
            border: plain,
            selected: reversed,
            key: bold,
            good: plain,
            warn: bold,
            bad: bold,
            busy: plain,
            known_good: bold,
            protected: bold,
            demo: reversed,
            environments: vec![plain],
        }
    }

    /// The accent of an environment: its own, or the one of all protected ones.
    #[must_use]
    pub fn environment(&self, position: usize, environment: &Environment) -> Style {
        if environment.protected {
            return self.protected;
        }
        let count = self.environments.len().max(1);
        self.environments
            .get(position % count)
            .copied()
            .unwrap_or(self.text)
    }

    /// The sign and style of a health. The word is [`Health::word`].
    #[must_use]
    pub const fn health(&self, health: Health) -> (&'static str, Style) {
        match health {
            Health::Healthy => ("●", self.good),
            Health::NoCheck => ("○", self.text),
            Health::Starting => ("◌", self.warn),
            Health::Unhealthy => ("✗", self.bad),
            Health::NotRunning => ("■", self.bad),
        }
    }

    /// The style of a skew. Its sign is [`SkewKind::sign`], its words come with it.
    #[must_use]
    pub const fn skew(&self, kind: SkewKind) -> Style {
        match kind {
            SkewKind::BehindNewest | SkewKind::BehindUpstream | SkewKind::AheadOfUpstream => {
                self.warn
            }
            SkewKind::MixedDigests
            | SkewKind::MovedTag
            | SkewKind::ContestedLabel
            | SkewKind::NotInVersions => self.bad,
        }
    }

    /// The style of a reason not to count as known good.
    #[must_use]
    pub const fn objection(&self, objection: Objection) -> Style {
        match objection {
            Objection::RunsNow | Objection::OlderRun => self.quiet,
            Objection::TooShort | Objection::Restarted | Objection::Gone => self.warn,
            Objection::NotHealthy | Objection::Revoked | Objection::LeftBehind => self.bad,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_theme_is_read() {
        assert_eq!(Theme::read(DARK).expect("dark.toml").name, "dark");
    }

    #[test]
    fn a_wrong_theme_says_what_is_wrong() {
        let wrong = DARK.replace("#7fc77f", "greenish");
        assert!(matches!(
            Theme::read(&wrong),
            Err(ThemeError::NoSuchColour(name)) if name == "greenish"
        ));
        let unknown = format!("glow = {{}}\n{DARK}");
        let error = Theme::read(&unknown).expect_err("unknown slot").to_string();
        assert!(error.contains("glow"), "{error}");
    }

    #[test]
    fn without_colours_there_are_none() {
        let theme = Theme::colourless();
        for style in [theme.bad, theme.selected, theme.protected, theme.demo] {
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }
}
