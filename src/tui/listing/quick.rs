//! The quick filters: questions that are asked every day, one key each.

use std::collections::BTreeSet;

use chrono::{FixedOffset, NaiveTime, TimeZone as _};

use crate::model::event::{Event, Outcome};
use crate::model::fleet::{Cell, Fleet};
use crate::model::observation::Health;
use crate::model::time::Timestamp;
use crate::tui::action::{Command, Place};

/// A quick filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Quick {
    /// What differs from what one would expect.
    Skewed,
    /// What is not known to be well.
    Unhealthy,
    /// What ended otherwise than wanted.
    Failed,
    /// Protected environments only.
    Production,
    /// What changed since the day began, where karat runs.
    Today,
}

impl Quick {
    /// As the head of a list names it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Skewed => "skewed",
            Self::Unhealthy => "unhealthy",
            Self::Failed => "failed",
            Self::Production => "production",
            Self::Today => "changed today",
        }
    }

    /// What it shows, for the menu: beside its name, and short enough for a narrow terminal.
    pub(crate) const fn explained(self) -> &'static str {
        match self {
            Self::Skewed => "skew in any environment",
            Self::Unhealthy => "or stopped, or no answer",
            Self::Failed => "did not end as wanted",
            Self::Production => "protected ones only",
            Self::Today => "since midnight, local time",
        }
    }
}

/// The quick filter that a command stands for.
pub(crate) const fn quick_of(command: Command) -> Option<Quick> {
    match command {
        Command::Skewed => Some(Quick::Skewed),
        Command::Unhealthy => Some(Quick::Unhealthy),
        Command::Failed => Some(Quick::Failed),
        Command::Production => Some(Quick::Production),
        Command::Today => Some(Quick::Today),
        _ => None,
    }
}

/// The commands of the quick filters that there are in a place, in the order of the menu.
pub(crate) const fn quick_in(place: Place) -> &'static [Command] {
    match place {
        Place::Home => &[
            Command::Skewed,
            Command::Unhealthy,
            Command::Production,
            Command::Today,
        ],
        Place::History => &[Command::Failed, Command::Production, Command::Today],
        _ => &[],
    }
}

/// When the day of `now` began where the clocks differ from UTC by `zone`.
pub(crate) fn midnight(now: Timestamp, zone: FixedOffset) -> Timestamp {
    let local = now.with_timezone(&zone);
    let began = local.date_naive().and_time(NaiveTime::MIN);
    zone.from_local_datetime(&began)
        .single()
        .map_or(now, |began| began.with_timezone(&chrono::Utc))
}

/// Positions of the environments that are on screen.
pub(crate) fn columns(fleet: &Fleet, quick: &BTreeSet<Quick>) -> Vec<usize> {
    let only = quick.contains(&Quick::Production);
    fleet
        .environments
        .iter()
        .enumerate()
        .filter(|(_, environment)| !only || environment.protected)
        .map(|(at, _)| at)
        .collect()
}

/// Whether a cell passes every quick filter at once: `skewed` and `unhealthy` together show
/// what is both in one place.
pub(crate) fn cell_passes(quick: &BTreeSet<Quick>, cell: &Cell, midnight: Timestamp) -> bool {
    quick.iter().all(|quick| match quick {
        Quick::Skewed => !cell.skew.is_empty(),
        Quick::Unhealthy => unhealthy(cell),
        Quick::Failed => false,
        // The column is protected already; the row must be there.
        Quick::Production => taken(cell),
        Quick::Today => changed(cell).is_some_and(|at| at >= midnight),
    })
}

/// Whether something is there, as far as is known.
pub(crate) fn taken(cell: &Cell) -> bool {
    cell.deployment.is_some()
        || !cell.errors.is_empty()
        || !cell.waiting.is_empty()
        || !cell.locks.is_empty()
}

/// Not known to be well: where no engine answers, what is ill is hidden. One silent engine of
/// several does not make everything ill that it may run: the cells and the header tell of it.
fn unhealthy(cell: &Cell) -> bool {
    let ill = cell
        .deployment
        .as_ref()
        .is_some_and(|it| it.health >= Health::Unhealthy);
    ill || (!cell.errors.is_empty() && !cell.partly_answered())
}

/// When a cell changed last: the latest start or making of a container. What the screen
/// calls unchanged since then.
pub(crate) fn changed(cell: &Cell) -> Option<Timestamp> {
    let replicas = &cell.deployment.as_ref()?.replicas;
    replicas
        .iter()
        .map(|one| {
            one.container
                .started
                .map_or(one.container.created, |at| at.max(one.container.created))
        })
        .max()
}

/// Whether an event passes every quick filter.
pub(crate) fn event_passes(
    quick: &BTreeSet<Quick>,
    event: &Event,
    fleet: &Fleet,
    midnight: Timestamp,
) -> bool {
    quick.iter().all(|quick| match quick {
        Quick::Failed => event.outcome != Outcome::Done,
        Quick::Today => event.time >= midnight,
        Quick::Production => event
            .environment
            .as_ref()
            .and_then(|name| fleet.environments.get(fleet.column(name)?))
            .is_some_and(|environment| environment.protected),
        Quick::Skewed | Quick::Unhealthy => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_begins_where_one_lives() {
        for (now, hours, began) in [
            ("2026-11-22T03:00:00Z", 0, "2026-11-22T00:00:00Z"),
            ("2026-11-22T03:00:00Z", 1, "2026-11-21T23:00:00Z"),
            ("2026-11-22T03:00:00Z", -3, "2026-11-22T03:00:00Z"),
            ("2026-11-22T02:59:59Z", -3, "2026-11-21T03:00:00Z"),
        ] {
            let zone = FixedOffset::east_opt(hours * 3_600).expect("a zone");
            let now: Timestamp = now.parse().expect("a time");
            let began: Timestamp = began.parse().expect("a time");
            assert_eq!(midnight(now, zone), began);
        }
    }
}
