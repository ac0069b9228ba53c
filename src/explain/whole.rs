//! Everything there is to say of an image, worked out once.

use super::explainer::{Explained, Origin};
use crate::anatomy::Anatomy;
use crate::anatomy::components::{Components, Rules, recognise};
use crate::anatomy::findings::{AcceptanceList, Findings, Redactor, examine};
use crate::anatomy::layers::{Known, Layers};
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
        let components = recognise(merged, &view, &inventory, Rules::built_in());
        let mut findings = examine(&anatomy, &view, &inventory, &components);
        accept.apply(&mut findings.all, now);
        let redactor = Redactor::new(&anatomy.facts);
        Self {
            view,
            waste,
            layers,
            inventory,
            components,
            findings,
            redactor,
            origin,
            anatomy,
        }
    }

    /// What it is called: its first name, else its digest.
    #[must_use]
    pub fn name(&self) -> &str {
        let facts = &self.anatomy.facts;
        let first = facts.names.first().map(String::as_str);
        first.unwrap_or_else(|| facts.config.short())
    }

    /// The instruction that made a layer, where it is known, with credentials blacked out.
    #[must_use]
    pub fn instruction(&self, layer: LayerNo) -> Option<String> {
        let facts = self.anatomy.facts.layers.get(usize::from(layer.0))?;
        let step = facts.step.as_ref()?;
        Some(self.redactor.redact(&step.instruction))
    }

    /// `step 7`, as the history counts; `layer 3`, where that does not tell.
    #[must_use]
    pub fn step(&self, layer: LayerNo) -> String {
        let facts = self.anatomy.facts.layers.get(usize::from(layer.0));
        match facts.and_then(|facts| facts.step.as_ref()) {
            Some(step) => format!("step {}", step.number),
            None => format!("layer {}", layer.0.saturating_add(1)),
        }
    }

    /// What of its layers' bytes no container sees.
    #[must_use]
    pub fn reclaimable(&self) -> Bytes {
        self.waste.reclaimable()
    }
}
