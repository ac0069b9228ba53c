//! What an image must keep to: size rules, and what must not be in it.
//!
//! Pure: figures in, verdicts out. Where the rules come from, and how the figures were
//! found, is not known here.
//!
//! | file | subject |
//! |---|---|
//! | this one | a rule's verdict: its figure, its limit, whether it holds |
//! | [`judge`] | karat's own rules, as the project file has them |
//! | [`dive`] | dive's three rules |
//! | [`dive_file`] | `.dive-ci`: the piece of YAML that dive reads |

pub mod dive;
pub mod dive_file;
pub mod judge;

use std::fmt;

use crate::model::bytes::Bytes;

/// How a rule came out.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The rule, as it is written where it was set: `max-size`, `lowestEfficiency`.
    pub rule: &'static str,
    /// What was found.
    pub figure: Figure,
    /// What may be.
    pub limit: Limit,
    /// Whether it holds.
    pub kept: bool,
    /// What breaks it, or against what it was measured; may be nothing.
    pub because: Vec<String>,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Figure {
    /// So many bytes.
    Bytes(Bytes),
    /// So many bytes more; or fewer.
    Growth {
        /// How many.
        bytes: Bytes,
        /// Fewer, not more.
        shrunk: bool,
    },
    /// A share, in percent.
    Percent(f64),
    /// A share, from 0 to 1.
    Ratio(f64),
    /// So many things.
    Count(usize),
}

/// What a rule asks of its figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// At most this.
    AtMost(Figure),
    /// At least this.
    AtLeast(Figure),
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "{bytes}"),
            Self::Growth { bytes, shrunk } => {
                write!(f, "{}{bytes}", if *shrunk { "-" } else { "+" })
            }
            Self::Percent(percent) => write!(f, "{percent:.1} %"),
            Self::Ratio(ratio) if ratio.is_infinite() => f.write_str("∞"),
            // As many digits as tell it from a limit such as 0.9.
            Self::Ratio(ratio) => write!(f, "{ratio:.4}"),
            Self::Count(0) => f.write_str("none"),
            Self::Count(count) => write!(f, "{count}"),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(Figure::Count(0)) => f.write_str("none may be"),
            Self::AtMost(figure) => write!(f, "at most {figure}"),
            Self::AtLeast(figure) => write!(f, "at least {figure}"),
        }
    }
}

/// A share, in percent; nothing of nothing is nothing.
#[must_use]
pub fn percent_of(part: Bytes, whole: Bytes) -> f64 {
    ratio(part.0, whole.0) * 100.0
}

/// A share, from 0 upwards; nothing of nothing is nothing.
#[allow(
    clippy::cast_precision_loss,
    reason = "what is lost beyond 2⁵³ does not show in a share"
)]
fn ratio(part: u64, whole: u64) -> f64 {
    if part == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}
