//! How many colours a terminal knows, and a theme fitted to that.

use anstyle::RgbColor;
use anstyle_lossy::rgb_to_xterm;
use ratatui::style::Color;

use super::Theme;

/// How many colours a terminal knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// All of them.
    True,
    /// 256: a cube of 6 × 6 × 6 and a ramp of greys.
    Indexed,
    /// The sixteen that every terminal has.
    Sixteen,
}

impl Depth {
    /// What the environment variables `COLORTERM` and `TERM` say. A terminal that claims
    /// nothing is believed to know sixteen: wrong colours are worse than few.
    #[must_use]
    pub fn told_by(colorterm: Option<&str>, term: Option<&str>) -> Self {
        let term = term.unwrap_or_default();
        if matches!(colorterm, Some("truecolor" | "24bit")) || term.ends_with("-direct") {
            Self::True
        } else if term.contains("256color") {
            Self::Indexed
        } else {
            Self::Sixteen
        }
    }
}

impl Theme {
    /// The theme with the colours a terminal knows. Where it knows only sixteen, mixing
    /// does not help: the theme made of those is taken instead.
    #[must_use]
    pub fn fitted(mut self, depth: Depth) -> Self {
        match depth {
            Depth::True => self,
            Depth::Indexed => {
                for style in self.styles_mut() {
                    style.fg = style.fg.map(indexed);
                    style.bg = style.bg.map(indexed);
                }
                self
            }
            Depth::Sixteen if self.mixes() => {
                Self::built_in("sixteen").unwrap_or_else(Self::colourless)
            }
            Depth::Sixteen => self,
        }
    }

    /// Whether it has colours beyond the sixteen.
    pub(super) fn mixes(&mut self) -> bool {
        self.styles_mut()
            .flat_map(|style| [style.fg, style.bg])
            .any(|colour| matches!(colour, Some(Color::Rgb(..) | Color::Indexed(16..))))
    }
}

/// The nearest of the 256.
fn indexed(colour: Color) -> Color {
    match colour {
        Color::Rgb(r, g, b) => Color::Indexed(rgb_to_xterm(RgbColor(r, g, b)).0),
        other => other,
    }
}
