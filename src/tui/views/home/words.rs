//! What a cell tells beside its version: in as many words as there is room for, and never by a
//! sign alone.

use ratatui::style::Style;
use ratatui::text::Span;

use crate::model::skew::{Skew, SkewKind};
use crate::tui::text::{clip, printable, width};
use crate::tui::views::Canvas;

use super::cell::Parts;

/// A version is cut to no less than this for what stands beside it.
const LEAST: usize = 4;

/// Something to tell: a sign and words.
pub(super) struct Word {
    /// In fewer and fewer words.
    texts: [String; 3],
    style: Style,
    /// As it should be: it is not missed where there is no room for it.
    calm: bool,
}

impl Word {
    /// One that is always told in the same words.
    pub(super) fn new(text: String, style: Style) -> Self {
        Self {
            texts: [text.clone(), text.clone(), text],
            style,
            calm: false,
        }
    }

    /// One that says nothing new.
    pub(super) fn calm(mut self) -> Self {
        self.calm = true;
        self
    }

    /// The ways to skew, what is wrong before what is waiting.
    pub(super) fn of_skew(canvas: &Canvas<'_>, skew: &[Skew]) -> Vec<Self> {
        let mut words: Vec<Self> = skew.iter().map(|one| Self::skew(canvas, one)).collect();
        words.sort_by_key(|word| word.style != canvas.theme.bad);
        words
    }

    /// A way to skew: whole, in short, and by its kind only.
    fn skew(canvas: &Canvas<'_>, skew: &Skew) -> Self {
        let kind = match skew.kind {
            SkewKind::BehindNewest | SkewKind::BehindUpstream => "behind".to_owned(),
            SkewKind::AheadOfUpstream => "ahead".to_owned(),
            SkewKind::MovedTag => "moved".to_owned(),
            _ => skew.short(),
        };
        let texts = [skew.text.clone(), skew.short(), kind];
        Self {
            texts: texts.map(|text| format!("{} {}", skew.kind.sign(), printable(&text))),
            style: canvas.theme.skew(skew.kind),
            calm: false,
        }
    }
}

/// A version, and beside it as much as fits, two columns apart or one. The version gives way
/// only where otherwise nothing would be told in words.
pub(super) fn beside(
    canvas: &Canvas<'_>,
    (version, style): (&str, Style),
    words: &[Word],
    room: usize,
) -> Parts {
    let most = width(&clip(version, room));
    // What stands close may go on into the gap between two cells, but for its last column.
    let apart = |gap: usize, version: usize, said: usize| {
        version + gap + said <= room + usize::from(gap == 1)
    };
    let put = |version: String, gap: usize, said: Parts| {
        let mut parts = vec![Span::styled(version, style), Span::raw(" ".repeat(gap))];
        parts.extend(said);
        parts
    };
    let fits = |said| apart(2, most, said) || apart(1, most, said);
    if let Some(said) = fitting(canvas, words, fits) {
        let gap = if apart(2, most, parts_width(&said)) {
            2
        } else {
            1
        };
        return put(clip(version, room), gap, said);
    }
    let fits = |said| apart(1, LEAST, said);
    // At the very least it is said that there is something.
    let said =
        fitting(canvas, words, fits).unwrap_or_else(|| said(canvas, words, 0, (0, Others::Sign)));
    let left = room.saturating_sub(parts_width(&said));
    put(clip(version, left), 1, said)
}

/// How the ones that are left out are told of.
#[derive(Clone, Copy)]
enum Others {
    /// `…1 more`.
    Words,
    /// `…1`.
    Sign,
    /// Not at all.
    Nothing,
}

/// As much as fits: all of it in words, else in fewer; else the first ones, which are the most
/// urgent, and how many more there are. By how many versions one is behind is not given up to
/// count the others.
pub(super) fn fitting(
    canvas: &Canvas<'_>,
    words: &[Word],
    fits: impl Fn(usize) -> bool,
) -> Option<Parts> {
    let whole_and_short = (1..=words.len()).rev().flat_map(|told| {
        [
            (told, 0, Others::Words),
            (told, 0, Others::Sign),
            (told, 1, Others::Words),
            (told, 1, Others::Sign),
        ]
    });
    let least = [
        (1, 1, Others::Nothing),
        (1, 2, Others::Sign),
        (1, 2, Others::Nothing),
    ];
    whole_and_short
        .chain(least)
        .map(|(told, short, others)| said(canvas, words, told, (short, others)))
        .find(|parts| !parts.is_empty() && fits(parts_width(parts)))
}

/// The first ones, and the number of the others but for what is calm.
fn said(
    canvas: &Canvas<'_>,
    words: &[Word],
    told: usize,
    (short, left_out): (usize, Others),
) -> Parts {
    let texts = words.iter().take(told).filter_map(|word| {
        let text = word.texts.get(short)?;
        Some((text.clone(), word.style))
    });
    let mut texts: Vec<(String, Style)> = texts.collect();
    let others = || words.iter().skip(told).filter(|word| !word.calm);
    let count = others().count();
    let counted = match left_out {
        Others::Words => Some(format!("…{count} more")),
        Others::Sign => Some(format!("…{count}")),
        Others::Nothing => None,
    };
    if let Some(text) = counted.filter(|_| count > 0) {
        let bad = others().any(|word| word.style == canvas.theme.bad);
        let style = if bad {
            canvas.theme.bad
        } else {
            canvas.theme.warn
        };
        texts.push((text, style));
    }
    joined(texts)
}

/// Texts, a column apart.
pub(super) fn joined(texts: Vec<(String, Style)>) -> Parts {
    let mut parts = Vec::new();
    for (text, style) in texts {
        if !parts.is_empty() {
            parts.push(Span::raw(" "));
        }
        parts.push(Span::styled(text, style));
    }
    parts
}

fn parts_width(parts: &Parts) -> usize {
    parts.iter().map(Span::width).sum()
}
