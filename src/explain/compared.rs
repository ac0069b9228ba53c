//! Two images side by side, worked out once.

use super::explainer::{Explained, Origin};
use crate::anatomy::Anatomy;
use crate::anatomy::diff::Diff;
use crate::anatomy::findings::Redactor;
use crate::anatomy::merged::LayerNo;
use crate::anatomy::packages::Inventory;
use crate::anatomy::packages::diff::PackageDiff;
use crate::model::bytes::Bytes;

/// Two images, compared.
pub struct Compared {
    /// The older one.
    pub before: Side,
    /// The newer one.
    pub after: Side,
    /// What differs: layers, files, configuration.
    pub diff: Diff,
    /// What differs in what is installed.
    pub packages: PackageDiff,
}

/// One of two images.
pub struct Side {
    /// It, taken apart.
    pub anatomy: Anatomy,
    /// Where it was found.
    pub origin: Origin,
    /// What is installed in it.
    pub inventory: Inventory,
    /// Blacks out its credentials.
    pub redactor: Redactor,
}

impl Compared {
    /// Compares two images.
    #[must_use]
    pub fn of(before: Explained, after: Explained) -> Self {
        let (before, after) = (Side::of(before), Side::of(after));
        Self {
            diff: Diff::of(&before.anatomy, &after.anatomy),
            packages: PackageDiff::between(&before.inventory, &after.inventory),
            before,
            after,
        }
    }

    /// A text with the credentials of both blacked out.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        self.after
            .redactor
            .redact(&self.before.redactor.redact(text))
    }
}

impl Side {
    fn of(explained: Explained) -> Self {
        let Explained { anatomy, origin } = explained;
        Self {
            inventory: Inventory::of(&anatomy),
            redactor: Redactor::new(&anatomy.facts),
            anatomy,
            origin,
        }
    }

    /// What it is called: its first name, else its digest.
    #[must_use]
    pub fn name(&self) -> &str {
        self.anatomy.facts.called()
    }

    /// Σ file bytes of its layers.
    #[must_use]
    pub fn layer_bytes(&self) -> Bytes {
        self.anatomy.merged.layer_bytes()
    }

    /// The instruction that made a layer, where it is known, with credentials blacked out.
    #[must_use]
    pub fn instruction(&self, layer: LayerNo) -> Option<String> {
        let step = self.anatomy.facts.step_of(layer)?;
        Some(self.redactor.redact(&step.instruction))
    }
}
