//! A log that is kept while it is on screen, and the pane it is looked at through: following,
//! scrolling, wrapping, searching. The logs of containers and of operations are both this.
//!
//! Lines have numbers that never change, so that a place in the log stays where it is while
//! old lines go at the one end and new ones come at the other.

use std::collections::VecDeque;
use std::sync::Arc;

use tui_input::Input;

use crate::model::log::Pipe;
use crate::model::time::Timestamp;

use super::text::{log_line, width};

/// Columns that Left and Right move by.
const ASIDE: usize = 20;

/// One line that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Of which container, where there are several.
    pub(crate) source: usize,
    /// Who wrote it.
    pub(crate) by: By,
    /// When.
    pub(crate) at: Option<Timestamp>,
    /// As it was received.
    pub(crate) bytes: Vec<u8>,
}

/// Who wrote a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// The container, or the build.
    It(Pipe),
    /// karat.
    Karat,
}

impl Entry {
    /// As it is shown and searched: harmless, without colours.
    pub(crate) fn shown(&self) -> String {
        let text = log_line(&String::from_utf8_lossy(&self.bytes));
        match self.by {
            By::It(_) => text,
            By::Karat => format!("karat: {text}"),
        }
    }
}

/// The newest lines of a log.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    entries: VecDeque<Arc<Entry>>,
    /// The number of the oldest line kept: as many have gone.
    first: usize,
    bytes: usize,
    most_lines: usize,
    most_bytes: usize,
}

impl Log {
    /// An empty one that keeps so much at most.
    pub(crate) const fn new(most_lines: usize, most_bytes: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            first: 0,
            bytes: 0,
            most_lines,
            most_bytes,
        }
    }

    /// Takes a line in; the oldest go where there is no room for it.
    pub(crate) fn push(&mut self, entry: Entry) {
        self.bytes += entry.bytes.len();
        self.entries.push_back(Arc::new(entry));
        while self.entries.len() > self.most_lines
            || (self.bytes > self.most_bytes && self.entries.len() > 1)
        {
            let Some(gone) = self.entries.pop_front() else {
                break;
            };
            self.bytes = self.bytes.saturating_sub(gone.bytes.len());
            self.first += 1;
        }
    }

    /// Lines that have gone.
    pub(crate) const fn gone(&self) -> usize {
        self.first
    }

    /// Lines that are kept.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The number after the newest line's.
    pub(crate) fn end(&self) -> usize {
        self.first + self.entries.len()
    }

    /// A line by its number.
    pub(crate) fn get(&self, number: usize) -> Option<&Arc<Entry>> {
        self.entries.get(number.checked_sub(self.first)?)
    }

    /// All that is kept, oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Entry>> {
        self.entries.iter()
    }
}

/// A place in a log: a line's number and, where lines are wrapped, a row of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spot {
    /// The line.
    pub(crate) line: usize,
    /// Its row.
    pub(crate) row: usize,
}

/// How much of a log is seen: what drawing hands back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Glass {
    /// What is at the top.
    pub(crate) top: Spot,
    /// Rows.
    pub(crate) rows: usize,
    /// Columns for the text of a line.
    pub(crate) columns: usize,
}

/// What is searched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Search {
    /// Plain text. Capital letters in it count; without any, they do not.
    pub(crate) text: String,
    /// The numbers of the lines that hold it.
    pub(crate) found: VecDeque<usize>,
    /// The one that was gone to last.
    pub(crate) at: Option<usize>,
}

impl Search {
    /// Where the text is in a line: beginnings and ends, in bytes.
    pub(crate) fn within(&self, line: &str) -> Vec<(usize, usize)> {
        matches(line, &self.text)
    }

    /// `3 of 17`, `17 found`, `not found`.
    pub(crate) fn words(&self) -> String {
        let place = self.at.and_then(|at| self.found.binary_search(&at).ok());
        match (self.found.len(), place) {
            (0, _) => "not found".to_owned(),
            (all, Some(place)) => format!("{} of {all}", place + 1),
            (all, None) => format!("{all} found"),
        }
    }
}

/// Where a plain text is in a line; letters' case is ignored unless the text has capitals.
fn matches(line: &str, text: &str) -> Vec<(usize, usize)> {
    if text.is_empty() {
        return Vec::new();
    }
    if text.chars().any(char::is_uppercase) {
        return line
            .match_indices(text)
            .map(|(at, found)| (at, at + found.len()))
            .collect();
    }
    // Lower-casing may change how many bytes a letter has: compare letter by letter.
    let mut found = Vec::new();
    let mut from = 0;
    for (at, _) in line.char_indices() {
        if at < from {
            continue;
        }
        if let Some(length) = line.get(at..).and_then(|rest| begins(rest, text)) {
            found.push((at, at + length));
            from = at + length;
        }
    }
    found
}

/// How many bytes of `line` the text takes, if it begins there.
fn begins(line: &str, text: &str) -> Option<usize> {
    let mut wanted = text.chars();
    let mut taken = 0;
    let mut pending = wanted.next();
    for c in line.chars() {
        if pending.is_none() {
            break;
        }
        for lower in c.to_lowercase() {
            if pending != Some(lower) {
                return None;
            }
            pending = wanted.next();
        }
        taken += c.len_utf8();
    }
    pending.is_none().then_some(taken)
}

/// The pane a log is looked at through.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pane {
    /// What is at the top, when it is not followed.
    pub(crate) top: Spot,
    /// Does not keep to the end.
    pub(crate) stays: bool,
    /// Long lines go on in the next row.
    pub(crate) wraps: bool,
    /// Columns to the left that are not seen.
    pub(crate) left: usize,
    /// Only the lines of this source.
    pub(crate) only: Option<usize>,
    /// The numbers of its lines, where there is one.
    mine: VecDeque<usize>,
    /// What is being typed to be searched for.
    pub(crate) typing: Option<Input>,
    /// What is searched for.
    pub(crate) search: Option<Search>,
}

impl Pane {
    /// Whether it keeps to the end.
    pub(crate) const fn follows(&self) -> bool {
        !self.stays
    }

    /// Keeps to the end.
    pub(crate) const fn follow(&mut self) {
        self.stays = false;
    }

    /// Lines there are to be seen.
    pub(crate) fn total(&self, log: &Log) -> usize {
        if self.only.is_some() {
            self.mine.len()
        } else {
            log.len()
        }
    }

    /// How many lines to be seen there are before the one of this number.
    pub(crate) fn before(&self, log: &Log, number: usize) -> usize {
        if self.only.is_some() {
            self.mine.partition_point(|one| *one < number)
        } else {
            number.saturating_sub(log.gone())
        }
    }

    /// The number of the line that has so many before it.
    pub(crate) fn number(&self, log: &Log, before: usize) -> Option<usize> {
        if self.only.is_some() {
            self.mine.get(before).copied()
        } else {
            (before < log.len()).then(|| log.gone() + before)
        }
    }

    /// Lines have come, the first of them with this number; others may have gone.
    pub(crate) fn grew(&mut self, log: &Log, from: usize) {
        let gone = log.gone();
        for list in [
            Some(&mut self.mine),
            self.search.as_mut().map(|it| &mut it.found),
        ]
        .into_iter()
        .flatten()
        {
            let old = list.partition_point(|one| *one < gone);
            list.drain(..old);
        }
        for number in from.max(gone)..log.end() {
            let Some(entry) = log.get(number) else {
                continue;
            };
            if let Some(only) = self.only {
                if entry.source != only {
                    continue;
                }
                self.mine.push_back(number);
            }
            if let Some(search) = &mut self.search
                && !search.within(&entry.shown()).is_empty()
            {
                search.found.push_back(number);
            }
        }
        if self.top.line < gone {
            self.top = Spot { line: gone, row: 0 };
        }
    }

    /// Looks at another part of the log.
    fn look_anew(&mut self, log: &Log) {
        self.mine.clear();
        if let Some(search) = &mut self.search {
            search.found.clear();
        }
        self.grew(log, log.gone());
    }

    /// Shows one source only, or all.
    pub(crate) fn show_only(&mut self, log: &Log, only: Option<usize>) {
        self.only = only;
        self.look_anew(log);
    }

    /// Searches for a text, and goes to the nearest place of it: the last one that is not
    /// below the screen. An empty text ends the search.
    pub(crate) fn search(&mut self, log: &Log, text: String, glass: Glass) {
        if text.is_empty() {
            self.search = None;
            return;
        }
        self.search = Some(Search {
            text,
            found: VecDeque::new(),
            at: None,
        });
        self.look_anew(log);
        let lowest = if self.follows() {
            log.end()
        } else {
            let before = self.before(log, self.top.line) + glass.rows;
            self.number(log, before).unwrap_or(log.end())
        };
        let found = self.search.as_ref().map(|it| &it.found);
        let to = found.and_then(|found| {
            let above = found.partition_point(|one| *one < lowest);
            found
                .get(above.saturating_sub(1))
                .or_else(|| found.front())
                .copied()
        });
        self.go_to(log, to, glass);
    }

    /// Goes to the next or the previous line with what is searched for, round the end.
    pub(crate) fn go(&mut self, log: &Log, forward: bool, glass: Glass) {
        let Some(search) = &self.search else {
            return;
        };
        let from = search.at.unwrap_or(self.top.line);
        let found = &search.found;
        let to = if forward {
            let next = found.partition_point(|one| *one <= from);
            found.get(next).or_else(|| found.front())
        } else {
            let next = found.partition_point(|one| *one < from);
            next.checked_sub(1)
                .and_then(|at| found.get(at))
                .or_else(|| found.back())
        };
        let to = to.copied();
        self.go_to(log, to, glass);
    }

    /// Brings a line into the middle, unless it is seen already, and stays there.
    fn go_to(&mut self, log: &Log, to: Option<usize>, glass: Glass) {
        let Some(to) = to else {
            return;
        };
        let top = if self.follows() {
            self.end(log, glass)
        } else {
            self.top
        };
        self.stays = true;
        let seen = to >= top.line && self.rows_between(log, top, to, glass) < glass.rows;
        self.top = if seen {
            top
        } else {
            let middle = Spot { line: to, row: 0 };
            self.moved(log, middle, -signed(glass.rows / 2), glass)
        };
        self.reveal(log, to, glass);
        if let Some(search) = &mut self.search {
            search.at = Some(to);
        }
    }

    /// Moves sideways so that the first match in a line is seen.
    fn reveal(&mut self, log: &Log, to: usize, glass: Glass) {
        let (Some(search), Some(entry)) = (&self.search, log.get(to)) else {
            return;
        };
        if self.wraps {
            return;
        }
        let shown = entry.shown();
        let Some((begin, end)) = search.within(&shown).first().copied() else {
            return;
        };
        let before = width(shown.get(..begin).unwrap_or_default());
        let after = width(shown.get(..end).unwrap_or_default());
        if before < self.left || after > self.left + glass.columns {
            self.left = if after <= glass.columns {
                0
            } else {
                before.saturating_sub(glass.columns / 3)
            };
        }
    }

    /// Rows from a spot to the beginning of a line below it, as far as a screen counts.
    fn rows_between(&self, log: &Log, top: Spot, to: usize, glass: Glass) -> usize {
        let (mut at, mut rows) = (top, 0);
        while at.line < to && rows <= glass.rows {
            let next = self.moved(log, at, 1, glass);
            if next == at {
                break;
            }
            at = next;
            rows += 1;
        }
        rows
    }

    /// Moves by rows, negative upwards; stops at both ends. At the lower one it follows.
    pub(crate) fn scroll(&mut self, log: &Log, by: isize, glass: Glass) {
        let end = self.end(log, glass);
        let from = if self.follows() { end } else { self.top };
        let to = self.moved(log, from, by, glass);
        self.stays = to < end || (by < 0 && self.stays);
        self.top = to.min(end);
    }

    /// To the oldest line.
    pub(crate) fn go_first(&mut self, log: &Log, glass: Glass) {
        self.top = Spot {
            line: self.number(log, 0).unwrap_or(log.gone()),
            row: 0,
        };
        self.stays = self.top < self.end(log, glass);
    }

    /// Wraps or not.
    pub(crate) const fn turn_wrapping(&mut self) {
        self.wraps = !self.wraps;
        self.left = 0;
        self.top.row = 0;
    }

    /// Moves sideways.
    pub(crate) const fn aside(&mut self, right: bool) {
        if self.wraps {
            return;
        }
        self.left = if right {
            self.left.saturating_add(ASIDE)
        } else {
            self.left.saturating_sub(ASIDE)
        };
    }

    /// What is at the top when the newest line is at the bottom.
    pub(crate) fn end(&self, log: &Log, glass: Glass) -> Spot {
        let total = self.total(log);
        let Some(last) = total.checked_sub(1).and_then(|last| self.number(log, last)) else {
            return Spot {
                line: log.gone(),
                row: 0,
            };
        };
        let bottom = Spot {
            line: last,
            row: self.height(log, last, glass).saturating_sub(1),
        };
        self.moved(log, bottom, 1 - signed(glass.rows.max(1)), glass)
    }

    /// A spot so many rows from another.
    fn moved(&self, log: &Log, from: Spot, by: isize, glass: Glass) -> Spot {
        let mut before = self.before(log, from.line);
        let mut row = from.row;
        let mut left = by.unsigned_abs();
        let mut line = from.line;
        while left > 0 {
            if by < 0 {
                if row >= left {
                    row -= left;
                    break;
                }
                let Some(above) = before
                    .checked_sub(1)
                    .and_then(|before| self.number(log, before))
                else {
                    row = 0;
                    break;
                };
                left -= row + 1;
                before -= 1;
                line = above;
                row = self.height(log, line, glass).saturating_sub(1);
            } else {
                let rest = self.height(log, line, glass).saturating_sub(row + 1);
                if rest >= left {
                    row += left;
                    break;
                }
                let Some(below) = self.number(log, before + 1) else {
                    row += rest;
                    break;
                };
                left -= rest + 1;
                before += 1;
                line = below;
                row = 0;
            }
        }
        Spot { line, row }
    }

    /// Rows a line takes.
    pub(crate) fn height(&self, log: &Log, number: usize, glass: Glass) -> usize {
        if !self.wraps || glass.columns == 0 {
            return 1;
        }
        log.get(number)
            .map_or(1, |entry| rows(&entry.shown(), glass.columns).len().max(1))
    }
}

fn signed(rows: usize) -> isize {
    isize::try_from(rows).unwrap_or(isize::MAX)
}

/// A line cut into rows of at most so many columns: beginnings and ends, in bytes. Anywhere:
/// a log's blanks mean something.
pub(crate) fn rows(line: &str, columns: usize) -> Vec<(usize, usize)> {
    use unicode_width::UnicodeWidthChar as _;
    let columns = columns.max(2);
    let (mut rows, mut begin, mut used) = (Vec::new(), 0, 0);
    for (at, c) in line.char_indices() {
        let wide = c.width().unwrap_or(0);
        if used + wide > columns {
            rows.push((begin, at));
            begin = at;
            used = 0;
        }
        used += wide;
    }
    rows.push((begin, line.len()));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(source: usize, text: &str) -> Entry {
        Entry {
            source,
            by: By::It(Pipe::Out),
            at: None,
            bytes: text.as_bytes().to_vec(),
        }
    }

    fn log(lines: usize) -> Log {
        let mut log = Log::new(1_000, 1_000_000);
        for line in 0..lines {
            log.push(entry(line % 2, &format!("line {line}")));
        }
        log
    }

    const GLASS: Glass = Glass {
        top: Spot { line: 0, row: 0 },
        rows: 10,
        columns: 20,
    };

    #[test]
    fn the_oldest_lines_go_by_number_and_by_bytes() {
        let mut log = Log::new(3, 1_000);
        for line in 0..5 {
            log.push(entry(0, &line.to_string()));
        }
        assert_eq!((log.gone(), log.len(), log.end()), (2, 3, 5));
        assert_eq!(log.get(1), None);
        assert_eq!(log.get(4).map(|it| it.shown()).as_deref(), Some("4"));
        log.push(entry(0, &"x".repeat(999)));
        assert_eq!(log.len(), 2, "999 bytes and one");
        log.push(entry(0, &"y".repeat(5_000)));
        assert_eq!(log.len(), 1, "the newest line stays, however long");
    }

    #[test]
    fn scrolling_stops_following_and_the_end_follows_again() {
        let mut log = log(100);
        let mut pane = Pane::default();
        assert_eq!(pane.end(&log, GLASS).line, 90);
        pane.scroll(&log, -3, GLASS);
        assert!(pane.stays);
        assert_eq!(pane.top.line, 87);
        log.push(entry(0, "one more"));
        pane.grew(&log, 100);
        assert_eq!(pane.top.line, 87, "what is read stays where it is");
        pane.scroll(&log, 3, GLASS);
        assert!(pane.stays, "one line is below");
        pane.scroll(&log, 50, GLASS);
        assert!(pane.follows());
        pane.go_first(&log, GLASS);
        assert_eq!(pane.top.line, 0);
        pane.scroll(&log, -5, GLASS);
        assert_eq!(pane.top.line, 0);
    }

    #[test]
    fn what_is_read_goes_only_when_it_is_no_longer_kept() {
        let mut log = Log::new(20, 1_000_000);
        let mut pane = Pane::default();
        for line in 0..20 {
            log.push(entry(0, &line.to_string()));
        }
        pane.scroll(&log, -5, GLASS);
        assert_eq!(pane.top.line, 5);
        for line in 20..28 {
            log.push(entry(0, &line.to_string()));
            pane.grew(&log, line);
        }
        assert_eq!(pane.top.line, 8);
    }

    #[test]
    fn wrapped_lines_are_scrolled_by_rows() {
        let mut log = Log::new(100, 1_000_000);
        log.push(entry(0, "short"));
        log.push(entry(0, &"x".repeat(200)));
        log.push(entry(0, "end"));
        let mut pane = Pane::default();
        pane.turn_wrapping();
        // 1 + 10 + 1 rows; ten are seen.
        assert_eq!(pane.end(&log, GLASS), Spot { line: 1, row: 1 });
        pane.scroll(&log, -1, GLASS);
        assert_eq!(pane.top, Spot { line: 1, row: 0 });
        pane.scroll(&log, -1, GLASS);
        assert_eq!(pane.top, Spot { line: 0, row: 0 });
        pane.scroll(&log, 2, GLASS);
        assert!(pane.follows());
    }

    #[test]
    fn searching_ignores_case_unless_capitals_are_typed() {
        for (line, text, found) in [
            ("Error: no ERROR", "error", 2),
            ("Error: no ERROR", "Error", 1),
            ("straße STRASSE", "strasse", 1),
            ("İstanbul", "i", 0),
            ("版本 版本", "版本", 2),
            ("aaaa", "aa", 2),
            ("", "x", 0),
        ] {
            let places = matches(line, text);
            assert_eq!(places.len(), found, "{text} in {line}");
            for (begin, end) in places {
                assert!(line.get(begin..end).is_some());
            }
        }
    }

    #[test]
    fn a_search_goes_round_and_takes_new_lines_in() {
        let mut log = log(100);
        let mut pane = Pane::default();
        pane.search(&log, "line 1".into(), GLASS);
        // 1, 10 to 19.
        let words = |pane: &Pane| pane.search.as_ref().expect("a search").words();
        assert_eq!(words(&pane), "11 of 11", "the nearest above the end");
        pane.go(&log, true, GLASS);
        assert_eq!(words(&pane), "1 of 11");
        assert!(pane.stays);
        pane.go(&log, false, GLASS);
        assert_eq!(words(&pane), "11 of 11");
        log.push(entry(0, "and line 1 again"));
        pane.grew(&log, 100);
        assert_eq!(words(&pane), "11 of 12");
        pane.show_only(&log, Some(1));
        // The odd ones: 1, 11, 13 … 19; what was gone to is still there.
        assert_eq!(words(&pane), "6 of 6");
        pane.search(&log, "nothing".into(), GLASS);
        assert_eq!(words(&pane), "not found");
        pane.search(&log, String::new(), GLASS);
        assert_eq!(pane.search, None);
    }

    #[test]
    fn a_match_far_to_the_right_is_brought_into_sight() {
        let mut log = Log::new(10, 100_000);
        log.push(entry(0, &format!("{}needle", "x".repeat(500))));
        let mut pane = Pane::default();
        pane.search(&log, "needle".into(), GLASS);
        assert!((480..=500).contains(&pane.left), "{}", pane.left);
    }
}
