//! Which rows of a list are shown, and in which order: filter, quick filters, sorting, and a
//! selection that stays on the same thing.
//!
//! All of it is worked out when something changes ([`Listing::refresh`], after every action),
//! never while drawing: a frame only reads the order, and only the part of it that is seen.
//! A filter that grows by a letter looks only through what matched before; a sorted order is
//! kept while one types.

pub(crate) mod matching;
pub(crate) mod quick;
pub(crate) mod rows;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::rc::Rc;

use tui_input::Input;

use crate::model::time::Timestamp;

use matching::{Finder, Hay, Words};
use quick::Quick;

/// The rows of a list, as filtering and sorting see them.
pub(crate) trait Rows {
    /// What a row is, wherever it stands.
    type Key: Clone + PartialEq;

    /// How many there are.
    fn len(&self) -> usize;
    /// What one of them is.
    fn key(&self, at: usize) -> Option<Self::Key>;
    /// Where something is.
    fn find(&self, key: &Self::Key) -> Option<usize>;
    /// What one of them is found by.
    fn hay(&self, at: usize) -> Hay;
    /// Whether the quick filters let it through.
    fn passes(&self, at: usize) -> bool;
    /// Puts the positions, which come in the list's own order, in the order wanted.
    fn sort(&self, order: &mut [usize]);
}

/// What the order of rows depends on, but for the filter's text: while it is the same, so is
/// the order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Basis {
    /// Which rows there are: numbers of which one changes when they do.
    pub(crate) rows: (u64, u64),
    /// The quick filters.
    pub(crate) quick: BTreeSet<Quick>,
    /// When the day began, where that matters.
    pub(crate) midnight: Option<Timestamp>,
    /// By what it is sorted, and whether the other way round.
    pub(crate) sort: (usize, bool),
}

/// What keeps rows from being shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filters {
    /// What was typed.
    pub(crate) text: Input,
    /// It is being typed.
    pub(crate) typing: bool,
    /// The quick filters.
    pub(crate) quick: BTreeSet<Quick>,
}

impl Filters {
    /// Whether there is anything.
    pub(crate) fn narrow(&self) -> bool {
        !self.quick.is_empty() || self.words().is_some()
    }

    /// The words that were typed.
    pub(crate) fn words(&self) -> Option<Words> {
        Words::of(self.text.value())
    }

    /// Takes all of it away.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Which rows of a list are shown, in which order, and where the selected one is.
#[derive(Debug)]
pub(crate) struct Listing<K> {
    /// What keeps rows from being shown.
    pub(crate) filters: Filters,
    /// How many rows there are.
    total: usize,
    /// Positions of those shown, in order.
    order: Vec<usize>,
    /// The place of the selected one among those shown.
    at: usize,
    /// What was selected before a filter took it away: it is again once it is back.
    displaced: Option<K>,
    /// What `at` belongs to.
    settled: Option<K>,
    /// What `sorted` and `hays` were made from.
    basis: Option<Basis>,
    /// Every position, sorted.
    sorted: Vec<usize>,
    /// What each row is found by, once somebody filters.
    hays: Vec<Hay>,
    /// The filter's text that `order` was made for, and the positions with its words, sorted;
    /// below it what it grew from, letter by letter: taking one back is no work.
    filtered: Vec<Filtered>,
}

/// What a filter's text found.
#[derive(Debug)]
struct Filtered {
    text: String,
    /// Shared with the text below it where it found the same.
    found: Rc<Vec<usize>>,
}

/// So many texts that the filter grew from are kept.
const KEPT: usize = 24;

// By hand: a key need not have a default for there to be none.
impl<K> Default for Listing<K> {
    fn default() -> Self {
        Self {
            filters: Filters::default(),
            total: 0,
            order: Vec::new(),
            at: 0,
            displaced: None,
            settled: None,
            basis: None,
            sorted: Vec::new(),
            hays: Vec::new(),
            filtered: Vec::new(),
        }
    }
}

// What was worked out is not copied: a copy works it out anew.
impl<K: Clone> Clone for Listing<K> {
    fn clone(&self) -> Self {
        Self {
            filters: self.filters.clone(),
            ..Self::default()
        }
    }
}

impl<K: Clone + PartialEq> Listing<K> {
    /// Positions of the rows shown, in order.
    pub(crate) fn order(&self) -> &[usize] {
        &self.order
    }

    /// How many rows are shown, of how many.
    pub(crate) const fn counts(&self) -> (usize, usize) {
        (self.order.len(), self.total)
    }

    /// The place of the selected row among those shown.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// The position of the selected row.
    pub(crate) fn position(&self) -> Option<usize> {
        self.order.get(self.at).copied()
    }

    /// Selects the row at a place among those shown; beyond the end is the last one.
    pub(crate) fn select<R: Rows<Key = K>>(
        &mut self,
        selected: &mut Option<K>,
        rows: &R,
        place: usize,
    ) {
        self.at = place.min(self.order.len().saturating_sub(1));
        *selected = self.position().and_then(|at| rows.key(at));
        self.settled.clone_from(selected);
        self.displaced = None;
    }

    /// Brings order and selection up to date, doing only what is needed.
    pub(crate) fn refresh<R: Rows<Key = K>>(
        &mut self,
        selected: &mut Option<K>,
        rows: &R,
        basis: Basis,
    ) {
        let same_rows = self
            .basis
            .as_ref()
            .is_some_and(|known| known.rows == basis.rows);
        let same_basis = self.basis.as_ref() == Some(&basis);
        let same_text = self
            .filtered
            .last()
            .is_some_and(|it| it.text == self.filters.text.value());
        if same_basis && same_text && self.settled == *selected {
            return;
        }
        let before = (!same_basis || !same_text).then(|| {
            self.arrange(rows, basis);
            // Positions of other rows say nothing about these.
            same_rows
        });
        self.settle(selected, rows, before);
    }

    /// Works out the order anew.
    fn arrange<R: Rows<Key = K>>(&mut self, rows: &R, basis: Basis) {
        let known = self.basis.take();
        let same = known
            .as_ref()
            .is_some_and(|known| known.rows == basis.rows && known.quick == basis.quick);
        if !same {
            self.hays.clear();
        }
        if known.as_ref() != Some(&basis) {
            self.filtered.clear();
            self.sorted = (0..rows.len()).collect();
            rows.sort(&mut self.sorted);
        }
        self.basis = Some(basis);
        self.total = rows.len();
        self.order.clear();
        let found = self.found(rows);
        let passing = |at: &usize| rows.passes(*at);
        match self.filters.words() {
            Some(words) if words.inverted => {
                let mut has = vec![false; rows.len()];
                for at in found.iter() {
                    if let Some(slot) = has.get_mut(*at) {
                        *slot = true;
                    }
                }
                let without = |at: &usize| !has.get(*at).copied().unwrap_or(false);
                let shown = self.sorted.iter().copied().filter(without);
                self.order.extend(shown.filter(passing));
            }
            _ => self.order.extend(found.iter().copied().filter(passing)),
        }
    }

    /// The positions with the filter's words, sorted. A longer filter finds nothing that a
    /// shorter one did not: only what that found is looked through.
    fn found<R: Rows<Key = K>>(&mut self, rows: &R) -> Rc<Vec<usize>> {
        let text = self.filters.text.value().to_owned();
        while self.filtered.pop_if(|it| !it.leads_to(&text)).is_some() {}
        let known = self.filtered.last();
        if let Some(same) = known.filter(|it| it.text == text) {
            return Rc::clone(&same.found);
        }
        let Some(words) = self.filters.words() else {
            let all = Rc::new(self.sorted.clone());
            self.filtered = vec![Filtered {
                text,
                found: Rc::clone(&all),
            }];
            return all;
        };
        if self.hays.len() != rows.len() {
            self.hays = (0..rows.len()).map(|at| rows.hay(at)).collect();
        }
        let mut finder = Finder::new(&words);
        let through = known.map_or(&self.sorted, |it| &it.found);
        let mut has = |at: &usize| self.hays.get(*at).is_some_and(|hay| finder.has(hay));
        let found: Vec<usize> = through.iter().copied().filter(|at| has(at)).collect();
        let found = match known {
            Some(known) if known.found.len() == found.len() => Rc::clone(&known.found),
            _ => Rc::new(found),
        };
        if self.filtered.len() >= KEPT {
            self.filtered.remove(0);
        }
        self.filtered.push(Filtered {
            text,
            found: Rc::clone(&found),
        });
        found
    }

    /// Finds the selected row in the order. Where it is not shown, its nearest neighbour is
    /// selected, and it is remembered for when it comes back.
    fn settle<R: Rows<Key = K>>(
        &mut self,
        selected: &mut Option<K>,
        rows: &R,
        arranged: Option<bool>,
    ) {
        // Somebody selected something else: what was displaced is forgotten.
        if *selected != self.settled {
            self.displaced = None;
        }
        let place = |key: &K| {
            let position = rows.find(key)?;
            self.order.iter().position(|at| *at == position)
        };
        let wanted = self.displaced.as_ref().or(selected.as_ref());
        if let Some(found) = wanted.and_then(place) {
            *selected = wanted.cloned();
            self.at = found;
            self.displaced = None;
        } else {
            if self.displaced.is_none() && wanted.is_some_and(|it| rows.find(it).is_some()) {
                self.displaced = wanted.cloned();
            }
            self.at = match (selected.as_ref().and_then(place), arranged) {
                (Some(still), _) => still,
                // It is there, and not shown: what stood nearest to it.
                (None, Some(true)) => self.nearest(selected.as_ref().and_then(|it| rows.find(it))),
                _ => self.at.min(self.order.len().saturating_sub(1)),
            };
            *selected = self.position().and_then(|at| rows.key(at));
        }
        self.settled.clone_from(selected);
    }

    /// The place of the row shown that stands nearest to a position when all are.
    fn nearest(&self, position: Option<usize>) -> usize {
        let Some(middle) = position.and_then(|it| self.sorted.iter().position(|at| *at == it))
        else {
            return self.at.min(self.order.len().saturating_sub(1));
        };
        // Both are in the sorted order: the first one shown at or behind the middle, else
        // the last before it.
        let mut places = vec![usize::MAX; self.total];
        for (place, at) in self.sorted.iter().enumerate() {
            if let Some(slot) = places.get_mut(*at) {
                *slot = place;
            }
        }
        let distance = |at: &usize| {
            let place = places.get(*at).copied().unwrap_or(usize::MAX);
            place.abs_diff(middle)
        };
        self.order
            .iter()
            .enumerate()
            .min_by_key(|(_, at)| distance(at))
            .map_or(0, |(place, _)| place)
    }
}

impl Filtered {
    /// Whether whatever the other text finds is among what this one found.
    fn leads_to(&self, text: &str) -> bool {
        text.starts_with(&self.text) && extends(&self.text, text)
    }
}

/// Whether whatever a longer filter matches, the shorter one matched: its words go on, or
/// more follow. `!` alone is no word yet.
fn extends(shorter: &str, longer: &str) -> bool {
    match (Words::of(shorter), Words::of(longer)) {
        (None, _) => true,
        (Some(shorter), Some(longer)) => shorter.inverted == longer.inverted,
        (Some(_), None) => false,
    }
}
