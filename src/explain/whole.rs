//! Everything there is to say of an image, worked out once.

use super::explainer::{Explained, Origin};
use crate::anatomy::Anatomy;
use crate::anatomy::components::{Components, Installed, Rules, recognise};
use crate::anatomy::findings::{AcceptanceList, Findings, Redactor, Subject, examine};
use crate::anatomy::layers::{Explained as Layer, Known, Layers};
use crate::anatomy::merged::{LayerNo, View};
use crate::anatomy::packages::Inventory;
use crate::anatomy::waste::Waste;
use crate::model::bytes::Bytes;
use crate::model::time::Timestamp;

/// An image, explained.
pub struct Whole {
    /// It, taken apart.
    pub anatomy: Anatomy,
    /// Where it was found.
    pub origin: Origin,
    /// Its filesystem as a container sees it.
    pub view: View,
    /// What it carries and does not show.
    pub waste: Waste,
    /// Its layers.
    pub layers: Layers,
    /// What is installed in it.
    pub inventory: Inventory,
    /// What it is recognised to have in it.
    pub components: Components,
    /// What is wrong with it.
    pub findings: Findings,
    /// Names of the other images that are known; its layers tell which of them share them.
    pub known: Vec<String>,
    /// Blacks out credentials in its instructions.
    pub redactor: Redactor,
}

impl Whole {
    /// Works everything out. `known` are other images, this one may be among them; `accept`
    /// is what somebody decided to live with.
    #[must_use]
    pub fn of(
        explained: Explained,
        known: &[Known],
        accept: &AcceptanceList,
        now: Timestamp,
    ) -> Self {
        let Explained { anatomy, origin } = explained;
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
        let redactor = Redactor::new(&anatomy.facts);
        Self {
            view,
            waste,
            layers,
            inventory,
            components,
            findings,
            known: known.iter().map(|(name, _)| name.clone()).collect(),
            redactor,
            origin,
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
    pub fn sharing(&self, layer: &Layer) -> impl Iterator<Item = &str> {
        let known = layer.shared_with.iter();
        known.filter_map(|place| self.known.get(*place).map(String::as_str))
    }

    /// What of its layers' bytes no container sees.
    #[must_use]
    pub fn reclaimable(&self) -> Bytes {
        self.waste.reclaimable()
    }
}
