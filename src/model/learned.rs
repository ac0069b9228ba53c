//! History read from the engines: what a second machine knows of operations it never ran.

use super::digest::Digest;
use super::event::{Event, Outcome, VersionMark};
use super::fleet::Fleet;
use super::project::{EnvironmentName, ImageName};
use super::run::Run;

/// The events that the fleet's containers carry: the one that put each there, and those that
/// ended the runs before it. They say less than the history of the machine that ran them (no
/// duration, no failures), so they never replace what is remembered there.
#[must_use]
pub fn learned(fleet: &Fleet) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    let mut add = |event: Event| {
        let known = |other: &Event| {
            other.id == event.id
                && other.image == event.image
                && other.environment == event.environment
        };
        if !events.iter().any(known) {
            events.push(event);
        }
    };
    for row in &fleet.rows {
        for (environment, cell) in fleet.environments.iter().zip(&row.cells) {
            for replica in cell
                .deployment
                .iter()
                .flat_map(|deployment| &deployment.replicas)
            {
                if let Some(event) = &replica.container.deployed_by {
                    add(event.clone());
                }
                for run in &replica.container.runs {
                    add(ended(run, &row.image.name, &environment.name));
                }
            }
        }
    }
    events
}

/// The operation that ended a run.
fn ended(run: &Run, image: &ImageName, environment: &EnvironmentName) -> Event {
    let mark =
        |version: Option<String>, digest: Option<Digest>| Some(VersionMark { version, digest });
    Event {
        id: run.operation.clone(),
        time: run.until,
        who: run.who.clone(),
        operation: run.ended_by,
        heading: run.heading,
        from_environment: None,
        image: image.clone(),
        environment: Some(environment.clone()),
        from: mark(run.version.clone(), Some(run.identity.clone())),
        to: mark(
            Some(run.followed_by.clone()),
            run.followed_by_identity.clone(),
        ),
        reason: run.reason.clone(),
        outcome: Outcome::Done,
        duration: None,
        error: None,
        log: Vec::new(),
    }
}
