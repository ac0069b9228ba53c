//! Which keys stand for which entry of the table: its own, or those of the user's settings.
//!
//! Dispatch, footer, help, palette and every sentence that mentions a key read from here. A
//! binding that cannot be is refused alone, with a [`Complaint`]; an action none of whose
//! bindings can be keeps its own keys. So nothing written in the settings keeps karat from
//! starting, or anybody from leaving it.

mod complaint;
mod key;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::action::{Command, Entry, Place, TABLE};
use crate::model::nearest;

pub(crate) use complaint::Complaint;
pub(crate) use key::{Key, Sequence, ctrl, key, letter, shown};

/// What the settings say: for an action's id, the sequences that stand for it.
pub(crate) type Overrides = BTreeMap<String, Vec<String>>;

/// Without these nobody gets out again.
const MUST_STAY: &[&str] = &["back", "leave", "interrupt"];

/// Which keys stand for which entry of the table.
#[derive(Debug)]
pub(crate) struct Keymap {
    /// Of each entry, in the order of the table.
    bound: Vec<Vec<Sequence>>,
    /// What dangerous entries would have, where karat is read-only: known only to say why
    /// nothing happens.
    withheld: Vec<Vec<Sequence>>,
    /// What was refused.
    pub(crate) complaints: Vec<Complaint>,
}

/// What a key means, after those that are pending.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Press {
    /// It stands for this.
    Does(&'static Entry),
    /// More is to come.
    Waits,
    /// It would stand for this, if karat were not read-only.
    Withheld(&'static Entry),
    /// Nothing.
    Nothing,
}

impl Default for Keymap {
    fn default() -> Self {
        Self::new(&Overrides::new(), false)
    }
}

impl Keymap {
    /// The keys of the table, with those of the settings in their stead.
    pub(crate) fn new(overrides: &Overrides, read_only: bool) -> Self {
        let mut complaints = Vec::new();
        let mut wished = read(overrides, &mut complaints);
        // An action that keeps its own keys after all may be in the way of what was bound
        // before: begin anew without its wishes. Each round has one wish less.
        let bound = loop {
            let mut refused = Vec::new();
            let bound = bind(&wished, &mut refused);
            match unreachable(&bound, &wished, &mut refused) {
                Some(at) => {
                    let id = TABLE.get(at).map_or("", |entry| entry.id);
                    refused.retain(|one| one.id() == id);
                    complaints.append(&mut refused);
                    wished.remove(&at);
                }
                None => {
                    complaints.append(&mut refused);
                    break bound;
                }
            }
        };
        let (bound, withheld) = bound
            .into_iter()
            .zip(TABLE)
            .map(|(sequences, entry)| {
                if read_only && entry.danger {
                    (Vec::new(), sequences)
                } else {
                    (sequences, Vec::new())
                }
            })
            .unzip();
        Self {
            bound,
            withheld,
            complaints,
        }
    }

    /// What a key means in a place, after the keys that are pending.
    pub(crate) fn press(&self, place: Place, pending: &[Key], pressed: Key) -> Press {
        let exactly = self.press_exactly(place, pending, pressed);
        // Shift held with an arrow means nothing of its own, unless somebody said so.
        match (exactly, pressed.unshifted()) {
            (Press::Nothing, Some(pressed)) => self.press_exactly(place, pending, pressed),
            _ => exactly,
        }
    }

    fn press_exactly(&self, place: Place, pending: &[Key], pressed: Key) -> Press {
        let mut sequence = pending.to_vec();
        sequence.push(pressed);
        let mut waits = false;
        for (entry, one) in of_place(&self.bound, place) {
            if *one == sequence {
                return Press::Does(entry);
            }
            waits |= one.starts_with(&sequence);
        }
        if waits {
            return Press::Waits;
        }
        of_place(&self.withheld, place)
            .find(|(_, one)| **one == sequence)
            .map_or(Press::Nothing, |(entry, _)| Press::Withheld(entry))
    }

    /// What the keys that are pending may go on to: the next key, and the entry it leads
    /// to, or none where more keys follow.
    pub(crate) fn ways_on(
        &self,
        place: Place,
        pending: &[Key],
    ) -> Vec<(Key, Option<&'static Entry>)> {
        let mut ways: Vec<(Key, Option<&'static Entry>)> = Vec::new();
        for (entry, sequence) in of_place(&self.bound, place) {
            let Some([next, rest @ ..]) = sequence.strip_prefix(pending) else {
                continue;
            };
            match ways.iter_mut().find(|(key, _)| key == next) {
                Some((_, leads)) => *leads = None,
                None => ways.push((*next, rest.is_empty().then_some(entry))),
            }
        }
        ways
    }

    /// The sequences of an entry, the one to show first.
    pub(crate) fn of(&self, entry: &Entry) -> &[Sequence] {
        position(entry)
            .and_then(|at| self.bound.get(at))
            .map_or(&[], Vec::as_slice)
    }

    /// The sequence of an entry that hints show.
    pub(crate) fn first(&self, entry: &Entry) -> Option<String> {
        self.of(entry).first().map(|sequence| shown(sequence))
    }

    /// The sequence that hints show in a place: one that is no letter where letters may be for
    /// a field, if there is one.
    pub(crate) fn hint(&self, place: Place, entry: &Entry) -> String {
        let all = self.of(entry);
        let is_text = |sequence: &&Sequence| sequence.first().is_some_and(|key| key.is_text());
        let safe = all.iter().find(|it| !place.is_typed_in() || !is_text(it));
        safe.or(all.first())
            .map_or_else(String::new, |it| shown(it))
    }

    /// How to get to a command, for sentences: its key, else its name in the palette.
    pub(crate) fn way(&self, command: Command) -> String {
        self.way_of(TABLE.iter().filter(|entry| entry.command == command))
    }

    /// The same, as it is in one place.
    pub(crate) fn way_in(&self, place: Place, command: Command) -> String {
        let here = |entry: &&Entry| entry.command == command && entry.places.contains(&place);
        self.way_of(TABLE.iter().filter(here))
    }

    fn way_of(&self, entries: impl Iterator<Item = &'static Entry> + Clone) -> String {
        if let Some(first) = entries.clone().find_map(|entry| self.first(entry)) {
            return first;
        }
        let id = entries.map(|entry| entry.id).next().unwrap_or_default();
        let palette = TABLE
            .iter()
            .filter(|entry| entry.command == Command::Palette && entry.id != id)
            .find_map(|entry| self.first(entry));
        palette.map_or_else(|| format!("`{id}`"), |palette| format!("{palette} {id}"))
    }
}

fn position(entry: &Entry) -> Option<usize> {
    TABLE.iter().position(|one| one.id == entry.id)
}

/// Every sequence that holds in a place.
fn of_place(
    bound: &[Vec<Sequence>],
    place: Place,
) -> impl Iterator<Item = (&'static Entry, &Sequence)> {
    TABLE
        .iter()
        .zip(bound)
        .filter(move |(entry, _)| entry.places.contains(&place))
        .flat_map(|(entry, sequences)| sequences.iter().map(move |one| (entry, one)))
}

/// What can be understood of the settings, by position in the table.
fn read(overrides: &Overrides, complaints: &mut Vec<Complaint>) -> BTreeMap<usize, Vec<Sequence>> {
    let mut wished = BTreeMap::new();
    for (id, written) in overrides {
        let Some(at) = TABLE.iter().position(|entry| entry.id == id) else {
            let hint = nearest::nearest(id, TABLE.iter().map(|entry| entry.id));
            complaints.push(Complaint::NoSuchAction {
                id: id.clone(),
                near: hint,
            });
            continue;
        };
        if written.is_empty() && MUST_STAY.contains(&id.as_str()) {
            complaints.push(Complaint::MustStay { id: id.clone() });
            continue;
        }
        let mut sequences = Vec::new();
        for text in written {
            match key::parse_sequence(text) {
                Ok(sequence) if sequences.contains(&sequence) => {}
                Ok(sequence) => sequences.push(sequence),
                Err(why) => complaints.push(Complaint::Unreadable {
                    id: id.clone(),
                    written: text.clone(),
                    why,
                }),
            }
        }
        if !sequences.is_empty() || written.is_empty() {
            wished.insert(at, sequences);
        }
    }
    wished
}

/// Binds the keys of the table for all that nobody wished otherwise, then the wishes that
/// are in nobody's way.
fn bind(
    wished: &BTreeMap<usize, Vec<Sequence>>,
    refused: &mut Vec<Complaint>,
) -> Vec<Vec<Sequence>> {
    let mut bound: Vec<Vec<Sequence>> = TABLE
        .iter()
        .enumerate()
        .map(|(at, entry)| {
            if wished.contains_key(&at) {
                Vec::new()
            } else {
                entry.keys.iter().map(|key| vec![*key]).collect()
            }
        })
        .collect();
    for (at, sequences) in wished {
        let Some(entry) = TABLE.get(*at) else {
            continue;
        };
        for sequence in sequences {
            let clash = in_the_way(&bound, entry, sequence);
            match (clash, bound.get_mut(*at)) {
                (Some(complaint), _) => refused.push(complaint),
                (None, Some(slot)) => slot.push(sequence.clone()),
                (None, None) => {}
            }
        }
    }
    bound
}

/// What a sequence clashes with, in any of its entry's places.
fn in_the_way(
    bound: &[Vec<Sequence>],
    entry: &'static Entry,
    sequence: &[Key],
) -> Option<Complaint> {
    entry.places.iter().find_map(|place| {
        of_place(bound, *place).find_map(|(other, one)| {
            let id = entry.id.to_owned();
            let written = shown(sequence);
            let (place, other) = (*place, other.id);
            if one == sequence {
                return Some(Complaint::Taken {
                    id,
                    written,
                    other,
                    place,
                });
            }
            let begins = one.starts_with(sequence) || sequence.starts_with(one);
            begins.then(|| Complaint::Begins {
                id,
                written,
                other,
                taken: shown(one),
                place,
            })
        })
    })
}

/// The first wish that leaves its action out of reach: none of its sequences could be
/// bound, or only such as are typed where the action holds too.
fn unreachable(
    bound: &[Vec<Sequence>],
    wished: &BTreeMap<usize, Vec<Sequence>>,
    refused: &mut Vec<Complaint>,
) -> Option<usize> {
    for (at, sequences) in wished {
        let (Some(entry), Some(stand)) = (TABLE.get(*at), bound.get(*at)) else {
            continue;
        };
        if sequences.is_empty() {
            continue;
        }
        if stand.is_empty() {
            return Some(*at);
        }
        let typed = |one: &Sequence| one.first().is_some_and(|first| first.is_text());
        let typing = entry.places.iter().find(|place| place.is_typed_in());
        if let Some(place) = typing
            && stand.iter().all(typed)
        {
            refused.push(Complaint::Typed {
                id: entry.id.to_owned(),
                written: stand.iter().map(|one| shown(one)).collect(),
                place: *place,
            });
            return Some(*at);
        }
    }
    None
}

/// Places of an entry, each once, as the help names them.
pub(crate) fn place_words(places: &[Place]) -> Vec<&'static str> {
    let mut seen = BTreeSet::new();
    places
        .iter()
        .map(|place| place.words())
        .filter(|words| seen.insert(*words))
        .collect()
}
