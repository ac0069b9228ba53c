//! Colours, in slots named by what they mean. A theme is a TOML file; the built-in ones are
//! part of the binary, a person's own are read by whoever opens the interface.
//!
//! `depth` fits a theme to a terminal that knows fewer colours; `own` reads a person's own,
//! slip by slip.

mod depth;
mod own;
#[cfg(test)]
mod tests;

pub use depth::Depth;
pub use own::own;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use crate::model::known_good::Objection;
use crate::model::observation::Health;
use crate::model::project::Environment;
use crate::model::skew::SkewKind;

/// The themes that are part of the binary, the default one first.
const BUILT_IN: [(&str, &str); 5] = [
    ("dark", include_str!("../../../themes/dark.toml")),
    ("light", include_str!("../../../themes/light.toml")),
    (
        "high-contrast",
        include_str!("../../../themes/high-contrast.toml"),
    ),
    (
        "colour-blind",
        include_str!("../../../themes/colour-blind.toml"),
    ),
    ("sixteen", include_str!("../../../themes/sixteen.toml")),
];

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
    /// The mark of a protected environment; its emphasis is that of the whole name.
    pub protected: Style,
    /// The mark of a fleet that is not real.
    pub demo: Style,
    /// Accents of the environments, upstream first; used again from the start when there are
    /// more environments.
    pub environments: Vec<Style>,
    /// What layers are filled with, the lowest first; used again from the start when there
    /// are more layers. Never alone: a layer's number stands beside it.
    pub layers: Vec<Style>,
}

/// The themes the interface is opened with.
#[derive(Clone, Debug, PartialEq)]
pub struct Themes {
    /// The one to begin with.
    pub first: Theme,
    /// The one to change to should the terminal turn out to be light; nothing if it need
    /// not be asked.
    pub when_light: Option<Theme>,
    /// Those that can be changed to, in this order.
    pub all: Vec<Theme>,
}

/// A theme that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ThemeError {
    /// It is not TOML, or has slots that do not exist, or lacks some.
    #[error("it is no theme: {0}")]
    Unreadable(#[from] toml::de::Error),
    /// A colour that is none.
    #[error(
        "it names a colour that does not exist: `{0}` (write a name such as `light-red`, an index 0 to 255, or `#rrggbb`)"
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
    /// A theme from before there were any has those of the sixteen colours.
    #[serde(default = "File::layers")]
    layers: Vec<Slot>,
}

impl File {
    fn layers() -> Vec<Slot> {
        ["cyan", "green", "yellow", "magenta", "blue", "white"]
            .map(|name| Slot {
                fg: Some("black".to_owned()),
                bg: Some(name.to_owned()),
                ..Slot::default()
            })
            .into()
    }
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
            layers: file
                .layers
                .iter()
                .map(Slot::style)
                .collect::<Result<_, ThemeError>>()?,
        })
    }

    /// The names of the built-in themes, the default one first.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// The built-in theme of that name.
    #[must_use]
    pub fn built_in(name: &str) -> Option<Self> {
        let (_, text) = BUILT_IN.iter().find(|(one, _)| *one == name)?;
        // The file is part of the binary and a test reads it; should it ever be broken, a
        // screen without colours is better than none.
        Some(Self::read(text).unwrap_or_else(|_| Self::colourless()))
    }

    /// The default theme, for dark backgrounds.
    #[must_use]
    pub fn dark() -> Self {
        Self::built_in("dark").unwrap_or_else(Self::colourless)
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
            layers: vec![plain],
        }
    }

    /// A slot that is one style, by its name in the file.
    fn slot_mut(&mut self, name: &str) -> Option<&mut Style> {
        Some(match name {
            "text" => &mut self.text,
            "quiet" => &mut self.quiet,
            "title" => &mut self.title,
            "border" => &mut self.border,
            "selected" => &mut self.selected,
            "key" => &mut self.key,
            "good" => &mut self.good,
            "warn" => &mut self.warn,
            "bad" => &mut self.bad,
            "busy" => &mut self.busy,
            "known_good" => &mut self.known_good,
            "protected" => &mut self.protected,
            "demo" => &mut self.demo,
            _ => return None,
        })
    }

    /// Every style in it, to be changed.
    fn styles_mut(&mut self) -> impl Iterator<Item = &mut Style> {
        [
            &mut self.text,
            &mut self.quiet,
            &mut self.title,
            &mut self.border,
            &mut self.selected,
            &mut self.key,
            &mut self.good,
            &mut self.warn,
            &mut self.bad,
            &mut self.busy,
            &mut self.known_good,
            &mut self.protected,
            &mut self.demo,
        ]
        .into_iter()
        .chain(&mut self.environments)
        .chain(&mut self.layers)
    }

    /// Every slot by its name, for tests of what is drawn in which.
    #[cfg(test)]
    pub(crate) fn slots(&self) -> Vec<(&'static str, Style)> {
        let mut slots = vec![
            ("text", self.text),
            ("quiet", self.quiet),
            ("title", self.title),
            ("border", self.border),
            ("selected", self.selected),
            ("key", self.key),
            ("good", self.good),
            ("warn", self.warn),
            ("bad", self.bad),
            ("busy", self.busy),
            ("known-good", self.known_good),
            ("protected", self.protected),
            ("demo", self.demo),
        ];
        let names = [
            "environment-1",
            "environment-2",
            "environment-3",
            "environment-4",
            "environment-5",
            "environment-6",
            "environment-7",
            "environment-8",
        ];
        slots.extend(names.into_iter().zip(self.environments.iter().copied()));
        let fills = [
            "layer-1", "layer-2", "layer-3", "layer-4", "layer-5", "layer-6", "layer-7", "layer-8",
        ];
        slots.extend(fills.into_iter().zip(self.layers.iter().copied()));
        let bars = [
            "bar-1", "bar-2", "bar-3", "bar-4", "bar-5", "bar-6", "bar-7", "bar-8",
        ];
        let of = |at: usize| self.bar(at);
        slots.extend(bars.into_iter().zip((0..self.layers.len()).map(of)));
        slots
    }

    /// The accent of an environment: its own, whatever it is; a protected one stands out by
    /// its emphasis and its mark.
    #[must_use]
    pub fn environment(&self, position: usize, environment: &Environment) -> Style {
        let count = self.environments.len().max(1);
        let accent = self.environments.get(position % count);
        let accent = accent.copied().unwrap_or(self.text);
        if environment.protected {
            accent.add_modifier(self.protected.add_modifier)
        } else {
            accent
        }
    }

    /// What a layer is filled with.
    #[must_use]
    pub fn layer(&self, place: usize) -> Style {
        let count = self.layers.len().max(1);
        self.layers.get(place % count).copied().unwrap_or(self.text)
    }

    /// A bar in a layer's colour.
    #[must_use]
    pub fn bar(&self, place: usize) -> Style {
        let fill = self.layer(place);
        match fill.bg {
            Some(colour) => Style::new().fg(colour),
            None => self.text,
        }
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
