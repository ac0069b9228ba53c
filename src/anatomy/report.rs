//! Everything that is worked out of an image, once: what the interface, the commands and the
//! rules all read from.

use std::fmt;
use std::sync::Arc;

use super::components::{Components, Installed, Rules, recognise};
use super::diff::Diff;
use super::findings::{AcceptanceList, Findings, Redactor, Subject, examine};
use super::layers::{Explained, Known, Layers};
use super::merged::{LayerNo, View};
use super::packages::Inventory;
use super::packages::diff::PackageDiff;
use super::waste::Waste;
use super::whole::Anatomy;
use crate::model::bytes::Bytes;
use crate::model::time::Timestamp;

/// An image explained. Nothing of it changes any more: it is shared.
pub struct Report {
    /// The image, taken apart.
    pub anatomy: Anatomy,
    /// Its filesystem as a container sees it.
    pub view: View,
    /// What it carries and does not show.
    pub waste: Waste,
    /// Its layers.
    pub layers: Layers,
    /// The names of the known images that `layers` counts among those that share one.
    pub known: Vec<String>,
    /// What is installed in it.
    pub inventory: Inventory,
    /// What it is recognised to have in it.
    pub components: Components,
    /// What is wrong with it.
    pub findings: Findings,
    /// Blacks out credentials in its instructions.
    pub redactor: Redactor,
}

// Short: a report is large, and what it holds is nobody's business in a message.
impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Report of {}", self.anatomy.facts.config)
    }
}

impl Report {
    /// Works everything out. `known` are other images, this one may be among them; `accept`
    /// is what somebody decided to live with.
    #[must_use]
    pub fn of(anatomy: Anatomy, known: &[Known], accept: &AcceptanceList, now: Timestamp) -> Self {
        let merged = &anatomy.merged;
        let view = View::new(merged, merged.last().unwrap_or(LayerNo(0)));
        let waste = Waste::of(merged);
        let layers = Layers::of(&anatomy, &waste, known);
        let inventory = Inventory::of(&anatomy);
        let installed = Installed::new(&inventory);
        let components = recognise(merged, &view, &installed, Rules::built_in());
        let mut findings = examine(Subject {
            anatomy: &anatomy,
            view: &view,
            owners: &installed,
            components: &components,
            waste: &waste,
        });
        accept.apply(&mut findings.all, now);
        Self {
            redactor: Redactor::new(&anatomy.facts),
            findings,
            view,
            waste,
            layers,
            known: known.iter().map(|(name, _)| name.clone()).collect(),
            inventory,
            components,
            anatomy,
        }
    }

    /// What it is called: its first name, else its digest.
    #[must_use]
    pub fn name(&self) -> &str {
        self.anatomy.facts.called()
    }

    /// The instruction that made a layer, where it is known, with credentials blacked out.
    #[must_use]
    pub fn instruction(&self, layer: LayerNo) -> Option<String> {
        let step = self.anatomy.facts.step_of(layer)?;
        Some(self.redactor.redact(&step.instruction))
    }

    /// `step 7`, as the history counts; `layer 3`, where that does not tell.
    #[must_use]
    pub fn step(&self, layer: LayerNo) -> String {
        self.anatomy.facts.step_name(layer)
    }

    /// Which other known images have a layer, by name.
    pub fn sharing(&self, layer: &Explained) -> impl Iterator<Item = &str> {
        let known = layer.shared_with.iter();
        known.filter_map(|place| self.known.get(*place).map(String::as_str))
    }

    /// What of its layers' bytes no container sees.
    #[must_use]
    pub fn reclaimable(&self) -> Bytes {
        self.waste.reclaimable()
    }
}

/// Two images beside each other.
pub struct Difference {
    /// The one to begin with.
    pub before: Arc<Report>,
    /// The one it is compared with.
    pub after: Arc<Report>,
    /// Layers, files, configuration.
    pub diff: Diff,
    /// Packages.
    pub packages: PackageDiff,
}

impl fmt::Debug for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Difference of {:?} and {:?}", self.before, self.after)
    }
}

impl Difference {
    /// Compares them.
    #[must_use]
    pub fn of(before: Arc<Report>, after: Arc<Report>) -> Self {
        Self {
            diff: Diff::of(&before.anatomy, &after.anatomy),
            packages: PackageDiff::between(&before.inventory, &after.inventory),
            before,
            after,
        }
    }
}
