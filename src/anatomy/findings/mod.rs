//! What is wrong with an image: by how much, where, and what to do about it.
//!
//! Each family of findings is a file; [`FindingId`] lists all of them with what they are
//! about. What a family needs to know of every file is counted in one walk (`census`).
//!
//! This room judges what anatomy has found; it reads no archive and opens no file. The
//! *value* of a credential never leaves it: not in a title, not in an instruction, not in
//! what `Debug` prints. Whoever shows instructions elsewhere has [`Redactor`] for it.
//!
//! | family | subject |
//! |---|---|
//! | `waste` | what a step ships and a later one hides |
//! | `duplicates` | the same content at several paths |
//! | `caches` | package lists, and what package managers and build tools keep |
//! | `tools`, `build_only` | toolchains, browsers, models; what only a compiler reads |
//! | `symbols` | symbol tables and debug information |
//! | `documents`, `leftovers` | documentation and translations; logs, temporary files |
//! | `secret_files`, `settings` | secrets in files; in variables, labels and the history |
//! | `rights` | setuid, capabilities, what all may write to |
//! | `entry_point` | whether what is started can be |
//! | `layers`, `archives` | their number and size; what is odd about them |
//! | `history` | habits of Dockerfiles |

mod accept;
mod archives;
mod build_only;
mod caches;
mod census;
mod documents;
mod duplicates;
mod entry_point;
mod finding;
mod groups;
mod history;
mod ids;
mod layers;
mod leftovers;
mod redact;
mod rights;
mod secret_files;
mod secret_names;
mod settings;
mod shell;
mod symbols;
#[cfg(test)]
mod tests;
mod tokens;
mod tools;
mod waste;

use serde::Serialize;

pub use accept::{Accept, Acceptance, AcceptanceList, BadAccept};
pub use finding::{Finding, Place, Severity};
pub use ids::{FindingId, NoSuchFinding};
pub use redact::Redactor;

use super::components::{Components, Owners};
use super::merged::View;
use super::waste::Waste;
use super::whole::Anatomy;
use crate::model::bytes::Bytes;

/// What is wrong with an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Findings {
    /// Each, the most severe first, of those the largest.
    pub all: Vec<Finding>,
    /// What the image would be smaller by without all of it, each byte once: what layers
    /// hide, and what is visible and need not be there.
    pub removable_bytes: Bytes,
}

/// An image, and what is already known of it.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The image.
    pub anatomy: &'a Anatomy,
    /// What is visible in the end: at its last layer.
    pub view: &'a View,
    /// Whose its files are.
    pub owners: &'a dyn Owners,
    /// What it was recognised to have in it.
    pub components: &'a Components,
    /// What its layers carry and do not show.
    pub waste: &'a Waste,
}

/// Looks at an image as it is in the end.
#[must_use]
pub fn examine(subject: Subject<'_>) -> Findings {
    let Subject {
        anatomy,
        view,
        owners,
        components,
        waste,
    } = subject;
    let merged = &anatomy.merged;
    let places = finding::Places::new(anatomy);
    let census = census::take(merged, view, owners);
    let (symbols, of_symbols) = symbols::findings(merged, view, &census.in_group, &places);
    let (copies, of_copies) = duplicates::findings(merged, &census, &places);
    let mut all = waste::findings(merged, waste, &places);
    all.extend(copies);
    all.extend(groups::findings(merged, &census, &places));
    all.extend(symbols);
    all.extend(tools::findings(components, &places));
    all.extend(secret_files::findings(merged, view.at(), &census, &places));
    all.extend(settings::findings(&anatomy.facts, &places));
    all.extend(rights::findings(merged, &census, owners, &places));
    all.extend(entry_point::findings(
        anatomy,
        view,
        &census.libraries,
        &places,
    ));
    all.extend(layers::findings(anatomy, view, &census, &places));
    all.extend(history::findings(anatomy, &places));
    all.extend(archives::findings(anatomy, &places));
    all.sort_by(|a, b| {
        let by_weight = b.severity.cmp(&a.severity).then(b.bytes.cmp(&a.bytes));
        by_weight
            .then(a.id.cmp(&b.id))
            .then_with(|| a.title.cmp(&b.title))
    });
    let hidden = merged
        .layer_bytes()
        .0
        .saturating_sub(view.visible_bytes().0);
    let removable = [census.removable, of_symbols, of_copies, hidden];
    Findings {
        all,
        removable_bytes: Bytes(removable.into_iter().fold(0, u64::saturating_add)),
    }
}

impl Findings {
    /// Findings of an id.
    pub fn of(&self, id: FindingId) -> impl Iterator<Item = &Finding> {
        self.all.iter().filter(move |finding| finding.id == id)
    }

    /// The severest of those that count; nothing, when none does.
    #[must_use]
    pub fn severest(&self) -> Option<Severity> {
        let counting = self.all.iter().filter(|finding| finding.counts());
        counting.map(|finding| finding.severity).max()
    }
}
