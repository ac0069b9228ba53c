//! The JSON that scripts depend on, every key of which `docs/json.md` describes: what is not
//! known is `null`, bytes are integers in keys that end in `_bytes`, times are RFC 3339 in UTC,
//! digests are whole. A change that breaks a reader raises [`SCHEMA`].
//!
//! | file | subject |
//! |---|---|
//! | `status`, `versions`, `history` | the document of that command |

mod history;
mod status;
#[cfg(test)]
mod tests;
mod versions;

use serde::Serialize;
use serde_json::Value;

pub use history::history;
pub use status::status;
pub use versions::versions;

use crate::model::digest::Digest;
use crate::model::fleet::{Cell, Fleet, Row};
use crate::model::project::Environment;
use crate::model::time::Timestamp;

/// The version of every document here.
pub const SCHEMA: u32 = 1;

/// The environments in which a version runs.
pub(super) fn running_in<'a>(
    fleet: &'a Fleet,
    row: &'a Row,
    identity: &'a Digest,
) -> impl Iterator<Item = &'a str> {
    places(fleet, row)
        .filter(move |(_, cell)| {
            let deployment = cell.deployment.as_ref();
            deployment.is_some_and(|deployment| deployment.identities.contains(identity))
        })
        .map(|(environment, _)| environment.name.as_str())
}

/// The environments for which a version is known good.
pub(super) fn known_good_in<'a>(
    fleet: &'a Fleet,
    row: &'a Row,
    identity: &'a Digest,
) -> impl Iterator<Item = &'a str> {
    places(fleet, row)
        .filter(move |(_, cell)| known_good(cell) == Some(identity))
        .map(|(environment, _)| environment.name.as_str())
}

fn known_good(cell: &Cell) -> Option<&Digest> {
    let choice = cell.known_good.as_ref()?.choice.as_ref()?;
    Some(&choice.identity)
}

fn places<'a>(fleet: &'a Fleet, row: &'a Row) -> impl Iterator<Item = (&'a Environment, &'a Cell)> {
    fleet.environments.iter().zip(&row.cells)
}

fn document(document: &impl Serialize) -> Value {
    // Nothing here can fail to be written: every key is text and no number is infinite.
    serde_json::to_value(document).unwrap_or(Value::Null)
}

fn time(at: Timestamp) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

fn newest(row: &Row) -> Option<&str> {
    let label = row.catalog.newest()?.label.as_ref()?;
    Some(&label.0)
}
