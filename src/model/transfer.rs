//! Bytes on their way: how many, how fast, how long still.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::bytes::Bytes;
use super::project::EngineName;
use super::time::{Span, Timestamp};

/// The rate is taken over this long.
const RATE_OVER: Duration = Duration::from_secs(5);

/// Bytes on their way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// To which engine.
    pub engine: EngineName,
    /// What.
    pub what: String,
    /// So many.
    pub done: Bytes,
    /// Of so many.
    pub total: Option<Bytes>,
    /// What was known a moment ago, oldest first.
    samples: VecDeque<(Timestamp, u64)>,
    /// Its layers, by short id: how far each is.
    layers: BTreeMap<String, (Bytes, Option<Bytes>)>,
}

/// Whether all of a layer is there.
fn is_there((done, total): &(Bytes, Option<Bytes>)) -> bool {
    total.is_some_and(|total| *done >= total)
}

impl Transfer {
    /// One that is about to begin.
    #[must_use]
    pub const fn new(engine: EngineName, what: String) -> Self {
        Self {
            engine,
            what,
            done: Bytes(0),
            total: None,
            samples: VecDeque::new(),
            layers: BTreeMap::new(),
        }
    }

    /// Bytes a second over the last seconds; nothing until there are two moments to compare.
    #[must_use]
    pub fn rate(&self) -> Option<Bytes> {
        let (first_at, first) = self.samples.front()?;
        let (last_at, last) = self.samples.back()?;
        let millis = u64::try_from((*last_at - *first_at).num_milliseconds()).ok()?;
        let moved = last.saturating_sub(*first);
        moved
            .saturating_mul(1_000)
            .checked_div(millis)
            .filter(|rate| *rate > 0)
            .map(Bytes)
    }

    /// How long the rest takes at that rate.
    #[must_use]
    pub fn left(&self) -> Option<Span> {
        let rest = self.total?.0.checked_sub(self.done.0)?;
        rest.checked_div(self.rate()?.0).map(Span::seconds)
    }

    /// In words: `120 MB of 602 MB (19%), 35 MB/s, 13 s left`.
    #[must_use]
    pub fn words(&self) -> String {
        let mut text = match self.total {
            Some(total) => format!("{} of {total}", self.done),
            None => self.done.to_string(),
        };
        if let Some(total) = self.total.filter(|total| total.0 > 0) {
            let percent = self.done.0.saturating_mul(100) / total.0;
            text.push_str(&format!(" ({}%)", percent.min(100)));
        }
        if let Some(rate) = self.rate() {
            text.push_str(&format!(", {rate}/s"));
        }
        if self.layers.len() > 1 {
            let there = self.layers.values().filter(|one| is_there(one)).count();
            text.push_str(&format!(", {there} of {} layers", self.layers.len()));
        }
        if let Some(left) = self.left().filter(|left| left.0.as_secs() > 0) {
            text.push_str(&format!(", {left} left"));
        }
        text
    }

    /// Takes in how far one of its layers is.
    pub fn layer(&mut self, layer: &str, done: Bytes, total: Option<Bytes>) {
        self.layers.insert(layer.to_owned(), (done, total));
    }

    /// The layers that are on their way, each in words: `a1b2c3d4e5f6 12 MB of 40 MB`.
    #[must_use]
    pub fn layers_moving(&self) -> Vec<String> {
        self.layers
            .iter()
            .filter(|(_, progress)| !is_there(progress))
            .map(|(id, (done, total))| match total {
                Some(total) => format!("{id} {done} of {total}"),
                None => format!("{id} {done}"),
            })
            .collect()
    }

    /// Whether more is to come.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        self.total.is_none_or(|total| self.done < total)
    }

    /// Takes in how far it is.
    pub fn told(&mut self, now: Timestamp, done: Bytes, total: Option<Bytes>) {
        self.done = done;
        self.total = total.or(self.total);
        self.samples.push_back((now, done.0));
        while let (Some((first, _)), true) = (self.samples.front(), self.samples.len() > 2) {
            if (now - *first).to_std().unwrap_or_default() > RATE_OVER || self.samples.len() > 256 {
                self.samples.pop_front();
            } else {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_and_time_left_come_from_the_last_seconds() {
        let mut transfer = Transfer::new("e".into(), "w".into());
        for second in 0..=10 {
            let done = Bytes(if second < 5 { 0 } else { (second - 5) * 1_000 });
            let at = Timestamp::from_timestamp(1_800_000_000 + second as i64, 0);
            transfer.told(at.expect("a time"), done, Some(Bytes(15_000)));
        }
        assert_eq!(transfer.rate(), Some(Bytes(1_000)));
        assert_eq!(transfer.left(), Some(Span::seconds(10)));
        assert_eq!(transfer.words(), "5 kB of 15 kB (33%), 1 kB/s, 10 s left");
    }
}
