//! What holds of a TOML text in which lines are damaged.
//!
//! The parser's own recovery guesses: it may give half a value, or leave out everything below
//! a key without `=`. So the damaged line is blanked instead and the rest parsed again, until
//! nothing is wrong any more: every place in the text stays what it was.

use toml::de::DeTable;

use super::problem::Problem;
use super::sheet::{Place, Sheet, said};

/// How many lines are refused one by one. A text with more damage is no settings file.
const LINES: usize = 20;

/// How far before an error a line is looked for that opened what does not end.
const BEFORE: usize = 20;

/// A text of which everything parses, and what was blanked for it.
pub(super) struct Recovered {
    /// The text with the damaged lines blank.
    pub(super) text: String,
    /// The damage: where, in a sentence.
    pub(super) damage: Vec<(Place, String)>,
    /// The lines that were blanked, from 1.
    pub(super) blanked: Vec<usize>,
}

/// Blanks the damaged lines of a text; all of them where one by one does not help.
pub(super) fn recovered(given: &str) -> Recovered {
    let mut it = Recovered {
        text: given.to_owned(),
        damage: Vec::new(),
        blanked: Vec::new(),
    };
    while let Some((place, what)) = first_error(&it.text) {
        let line = (it.blanked.len() < LINES)
            .then(|| culprit(&it.text, place.start))
            .flatten();
        // Told where it is, which may be far before where it is noticed.
        let place = match line {
            Some(line) if line != Sheet::line_of(&it.text, place.start) => start(given, line),
            _ => place,
        };
        it.damage.push((place, what));
        match line {
            Some(line) => {
                it.text = without(&it.text, line);
                it.blanked.push(line);
            }
            None => {
                let lines = given.lines().count();
                it.blanked = (1..=lines).collect();
                it.text = String::new();
            }
        }
    }
    it
}

/// A TOML text without its damaged lines, which are blank, and what is wrong with those.
#[must_use]
pub fn what_holds(given: &str) -> (String, Vec<Problem>) {
    let it = recovered(given);
    (it.text, Sheet::problems(given, it.damage))
}

fn first_error(text: &str) -> Option<(Place, String)> {
    let (_, errors) = DeTable::parse_recoverable(text);
    errors
        .iter()
        .map(|error| said(error, text))
        .min_by_key(|(place, _)| place.start)
}

/// The line whose damage it is: that of the place, or one before, where a list or a text was
/// opened that does not end. The best is the one without which most is understood.
fn culprit(text: &str, offset: usize) -> Option<usize> {
    let at = Sheet::line_of(text, offset);
    let filled: Vec<usize> = text
        .lines()
        .take(at)
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
        .map(|(number, _)| number + 1)
        .collect();
    let reach =
        |line: usize| first_error(&without(text, line)).map_or(usize::MAX, |(it, _)| it.start);
    let mut best: Option<(usize, usize)> = None;
    for line in filled.iter().rev().take(BEFORE) {
        let reach = reach(*line);
        if best.is_none_or(|(_, far)| reach > far) {
            best = Some((*line, reach));
        }
        if reach == usize::MAX {
            break;
        }
    }
    best.map(|(line, _)| line)
}

/// Where a line begins.
fn start(text: &str, line: usize) -> Place {
    let before = text.split_inclusive('\n').take(line.saturating_sub(1));
    let offset = before.map(str::len).sum();
    offset..offset
}

/// The text with a line blank, as long as before.
fn without(text: &str, line: usize) -> String {
    let blank = |(number, content): (usize, &str)| {
        if number + 1 == line {
            let blank = content.bytes();
            blank
                .map(|byte| if byte == b'\n' { '\n' } else { ' ' })
                .collect()
        } else {
            content.to_owned()
        }
    };
    text.split_inclusive('\n').enumerate().map(blank).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Vec<usize> {
        let it = recovered(text);
        assert!(DeTable::parse(&it.text).is_ok(), "{}", it.text);
        it.blanked
    }

    #[test]
    fn the_damaged_line_alone_is_blank() {
        assert_eq!(refused("a = 1\nb = 2\n"), Vec::<usize>::new());
        for damaged in [
            "b 2",
            "b = ",
            "b = tru",
            "b = \"x",
            "b = [1,",
            "b = [1",
            "[b",
            "= 3",
            "a = 2",
            "b = {",
            "b = 'x",
            "b = é",
            "b.c = 1 d = 2",
        ] {
            let text = format!("a = 1\n{damaged}\nc = 3\nd = \"é\"\n");
            assert_eq!(refused(&text), [2], "{damaged}");
            assert_eq!(recovered(&text).text.len(), text.len());
        }
    }

    #[test]
    fn several_are_and_what_is_no_toml_at_all_ends() {
        assert_eq!(refused("a 1\nb = 2\nc = \nd = 4\ne = [\n"), [1, 3, 5]);
        let noise = "=\n".repeat(400);
        assert_eq!(refused(&noise).len(), 400);
    }

    #[test]
    fn a_text_over_lines_that_does_not_end_takes_no_more_than_it_must() {
        assert_eq!(refused("a = 1\nb = \"\"\"x\n"), [2]);
        let all = refused("a = \"\"\"x\nb = 1\nc = 2\nd = 3\n");
        assert!(!all.is_empty());
    }
}
