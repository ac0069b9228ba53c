//! Everything there is to say of an image, and where it was found.

use std::ops::Deref;

use super::explainer::{Explained, Origin};
use crate::anatomy::findings::AcceptanceList;
use crate::anatomy::layers::Known;
use crate::anatomy::report::Report;
use crate::model::time::Timestamp;

/// An image, explained. It is read like the [`Report`] it holds.
pub struct Whole {
    report: Report,
    /// Where it was found.
    pub origin: Origin,
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
        Self {
            report: Report::of(anatomy, known, accept, now),
            origin,
        }
    }
}

impl Deref for Whole {
    type Target = Report;

    fn deref(&self) -> &Report {
        &self.report
    }
}
