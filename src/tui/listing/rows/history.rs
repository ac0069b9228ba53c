//! Events.

use std::collections::BTreeSet;

use super::super::Rows;
use super::super::matching::Hay;
use super::super::quick::{Quick, event_passes};
use super::{by, figures, text};
use crate::config::{HistoryBy, Sort, SortKey as _};
use crate::model::event::{Event, Outcome, VersionMark};
use crate::model::fleet::Fleet;
use crate::model::plan::OperationId;
use crate::model::project::{EnvironmentName, ImageName};
use crate::model::time::Timestamp;
use crate::tui::text::{printable, width};

/// An event, wherever it stands. An operation has one for each image it moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EventKey {
    id: OperationId,
    image: ImageName,
    environment: Option<EnvironmentName>,
    time: Timestamp,
}

impl EventKey {
    /// That of an event.
    pub(crate) fn of(event: &Event) -> Self {
        Self {
            id: event.id.clone(),
            image: event.image.clone(),
            environment: event.environment.clone(),
            time: event.time,
        }
    }

    fn is(&self, event: &Event) -> bool {
        self.time == event.time
            && self.id == event.id
            && self.image == event.image
            && self.environment == event.environment
    }
}

/// Events, newest first.
pub(crate) struct HistoryRows<'a> {
    /// What runs where.
    pub(crate) fleet: &'a Fleet,
    /// Operations that did not see another one.
    pub(crate) forks: &'a BTreeSet<OperationId>,
    /// The events.
    pub(crate) events: &'a [Event],
    /// The quick filters.
    pub(crate) quick: &'a BTreeSet<Quick>,
    /// When the day began.
    pub(crate) midnight: Timestamp,
    /// The order.
    pub(crate) sort: Sort<HistoryBy>,
}

/// A version as a list shows it.
pub(crate) fn mark(version: Option<&VersionMark>) -> String {
    match version {
        None => "nothing".to_owned(),
        Some(VersionMark {
            version: Some(label),
            ..
        }) => label.clone(),
        Some(VersionMark {
            digest: Some(digest),
            ..
        }) => digest.short().to_owned(),
        Some(_) => "not known".to_owned(),
    }
}

/// An outcome as the list calls it.
pub(crate) const fn outcome_words(outcome: Outcome) -> &'static str {
    match outcome {
        // The whole words do not fit a column.
        Outcome::Failed => "failed, untouched",
        other => other.words(),
    }
}

/// The same, with the word for an operation that did not see another one, which did not see
/// it either.
pub(crate) fn outcome_and_fork(event: &Event, forks: &BTreeSet<OperationId>) -> String {
    let words = outcome_words(event.outcome);
    if forks.contains(&event.id) {
        format!("fork: {words}")
    } else {
        words.to_owned()
    }
}

/// How many columns of the screen the longest text of each column takes, in the order of
/// [`HistoryBy`]. Ages grow while one looks, so they count with the most they take.
pub(crate) fn widest(events: &[Event], forks: &BTreeSet<OperationId>) -> Vec<usize> {
    let mut longest = [0; HistoryBy::ALL.len()];
    for event in events {
        let arrow = " → ".len() - 2;
        let place = event.environment.as_ref().map_or("", |it| it.as_str());
        let took = event.duration.map_or(0, |it| width(&it.to_string()));
        let each = [
            "59 min".len(),
            2 + width(&outcome_and_fork(event, forks)),
            width(event.words()),
            width(&printable(event.image.as_str())),
            width(&printable(place)),
            width(&printable(&mark(event.from.as_ref())))
                + arrow
                + width(&printable(&mark(event.to.as_ref()))),
            width(&printable(&event.who)),
            width(&printable(event.reason.as_deref().unwrap_or_default())),
            took,
        ];
        for (most, one) in longest.iter_mut().zip(each) {
            *most = one.max(*most);
        }
    }
    longest.into()
}

/// How bad an outcome is.
pub(super) const fn badness(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Done => 0,
        Outcome::Cancelled => 1,
        Outcome::Locked => 2,
        Outcome::Failed => 3,
        Outcome::Undone => 4,
        Outcome::NeedsRecover => 5,
    }
}

/// A text to sort by; none if it is empty.
pub(super) fn text_or_none(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

impl Rows for HistoryRows<'_> {
    type Key = EventKey;

    fn len(&self) -> usize {
        self.events.len()
    }

    fn key(&self, at: usize) -> Option<EventKey> {
        self.events.get(at).map(EventKey::of)
    }

    fn find(&self, key: &EventKey) -> Option<usize> {
        self.events.iter().position(|event| key.is(event))
    }

    fn hay(&self, at: usize) -> Hay {
        let mut hay = Hay::default();
        let Some(event) = self.events.get(at) else {
            return hay;
        };
        hay.share(&outcome_and_fork(event, self.forks));
        hay.share(event.words());
        hay.share(event.image.as_str());
        if let Some(environment) = &event.environment {
            hay.share(environment.as_str());
        }
        hay.share(&mark(event.from.as_ref()));
        hay.share(&mark(event.to.as_ref()));
        hay.share(&event.who);
        for said in [&event.reason, &event.error].into_iter().flatten() {
            hay.share(said);
        }
        hay.share(&event.id.0);
        hay
    }

    fn passes(&self, at: usize) -> bool {
        self.quick.is_empty()
            || self
                .events
                .get(at)
                .is_some_and(|event| event_passes(self.quick, event, self.fleet, self.midnight))
    }

    fn sort(&self, order: &mut [usize]) {
        let falls = self.sort.by.falls() != self.sort.reversed;
        let event = |at: usize| self.events.get(at);
        match self.sort.by {
            // The newest first: the latest moment. Events of one operation share theirs.
            HistoryBy::When => by(order, !falls, |at| Some(event(at)?.time)),
            HistoryBy::Outcome => by(order, falls, |at| Some(badness(event(at)?.outcome))),
            HistoryBy::What => by(order, falls, |at| Some(event(at)?.words())),
            HistoryBy::Image => by(order, falls, |at| Some(event(at)?.image.as_str())),
            HistoryBy::Environment => by(order, falls, |at| {
                let name = event(at)?.environment.as_ref()?;
                Some((self.fleet.column(name).unwrap_or(usize::MAX), name.as_str()))
            }),
            HistoryBy::Version => by(order, falls, |at| {
                event(at)?
                    .to
                    .as_ref()
                    .and_then(|to| figures(&mark(Some(to))))
            }),
            HistoryBy::Who => by(order, falls, |at| text(&event(at)?.who)),
            HistoryBy::Why => by(order, falls, |at| text(event(at)?.reason.as_deref()?)),
            HistoryBy::Took => by(order, falls, |at| event(at)?.duration.map(|it| it.0)),
        }
    }
}
