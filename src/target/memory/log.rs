//! What simulated containers print. Nothing is kept: a line is worked out from the container,
//! its image and the moment, so that a log is as long as it would be, and costs nothing
//! while nobody reads it.

use std::time::Duration;

use super::container::{Life, SimContainer};
use super::image::SimImage;
use crate::model::digest::Digest;
use crate::model::observation::Health;
use crate::model::time::Timestamp;

/// A line now and then.
const EVERY: Duration = Duration::from_secs(4);

/// The oldest lines are forgotten, as with an engine that rotates its logs.
const KEPT: i64 = 400;

/// Everything a container has printed up to `now`, oldest first.
pub(super) fn lines(
    container: &SimContainer,
    image: Option<&SimImage>,
    now: Timestamp,
) -> Vec<(Timestamp, String)> {
    let (since, until, ended) = match container.life {
        Life::Created => return Vec::new(),
        Life::Running { since, .. } => (since, now, None),
        Life::Ended {
            ran_since,
            at,
            code,
        } => (ran_since, at, Some(code)),
    };
    let Some(image) = image else {
        return Vec::new();
    };
    let boot = image.boots_in();
    let fault = image.fault_in(container.place());
    let mut all = booting(image, since, boot, fault.is_some());
    if let Some(fault) = fault {
        let step = boot / u32::try_from(fault.last_words.len() + 1).unwrap_or(1);
        all.extend(
            fault
                .last_words
                .iter()
                .zip(1..)
                .map(|(line, place)| (since + step * place, line.clone())),
        );
    } else {
        all.extend(chatter(container, image, since + boot, until));
    }
    if container.health() == Health::Unhealthy && fault.is_none() {
        all.push((
            until,
            "WARN  GET /healthz 503: dependency check failed".to_owned(),
        ));
    }
    if let Some(code) = ended.filter(|code| *code == 0) {
        all.push((until, format!("INFO  SIGTERM: drained, bye ({code})")));
    }
    all.retain(|(at, _)| *at <= until);
    all
}

fn booting(
    image: &SimImage,
    since: Timestamp,
    boot: Duration,
    fails: bool,
) -> Vec<(Timestamp, String)> {
    let version = image.env.get("APP_VERSION").map_or("", String::as_str);
    let mut all = vec![
        (since, format!("INFO  {} {version} starting", image.command)),
        (since + boot / 4, "INFO  configuration read".to_owned()),
    ];
    if !fails {
        all.push((
            since + boot / 2,
            "INFO  connected to its database".to_owned(),
        ));
        all.push((since + boot, "INFO  ready".to_owned()));
    }
    all
}

/// The last lines of a long life.
fn chatter(
    container: &SimContainer,
    image: &SimImage,
    from: Timestamp,
    until: Timestamp,
) -> Vec<(Timestamp, String)> {
    let words = &image.conduct.chatter;
    let every = i64::try_from(EVERY.as_millis()).unwrap_or(1);
    let last = (until - from).num_milliseconds() / every;
    if last < 1 || words.is_empty() {
        return Vec::new();
    }
    let first = (last - KEPT).max(1);
    (first..=last)
        .filter_map(|count| {
            let seed = Digest::of(format!("{} {count}", container.id).as_bytes());
            let hex = seed.as_str().get(7..15)?;
            let number = usize::try_from(u32::from_str_radix(hex, 16).ok()?).ok()?;
            let line = words.get(number % words.len())?;
            let jitter = i64::try_from(number % 1_700).unwrap_or_default();
            let at = from + chrono::TimeDelta::milliseconds(count * every - jitter);
            Some((at, line.replace("{n}", &(number % 900 + 4).to_string())))
        })
        .collect()
}
