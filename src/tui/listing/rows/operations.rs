//! Operations.

use super::super::Rows;
use super::super::matching::Hay;
use super::by;
use super::history::{badness, outcome_words, text_or_none};
use crate::config::{OperationsBy, Sort, SortKey as _};
use crate::model::plan::OperationId;
use crate::tui::operation::Operation;

/// Operations, newest first.
pub(crate) struct OperationRows<'a> {
    /// What runs and what ran.
    pub(crate) operations: &'a [Operation],
    /// The order.
    pub(crate) sort: Sort<OperationsBy>,
}

/// How an operation stands, in a word or two.
pub(crate) fn state_word(operation: &Operation) -> &'static str {
    match &operation.report {
        Some(report) => outcome_words(report.outcome),
        None if operation.undoing.is_some() => "undoing",
        None if operation.cancelling => "cancelling",
        None => "running",
    }
}

/// What it does now, or how that ended.
pub(crate) fn now_words(operation: &Operation) -> String {
    match &operation.report {
        Some(report) => report
            .error
            .clone()
            .unwrap_or_else(|| report.summary.clone()),
        None => operation.doing(),
    }
}

impl Rows for OperationRows<'_> {
    type Key = OperationId;

    fn len(&self) -> usize {
        self.operations.len()
    }

    fn key(&self, at: usize) -> Option<OperationId> {
        self.operations.get(at).map(|one| one.id.clone())
    }

    fn find(&self, key: &OperationId) -> Option<usize> {
        self.operations.iter().position(|one| &one.id == key)
    }

    fn hay(&self, at: usize) -> Hay {
        let mut hay = Hay::default();
        if let Some(one) = self.operations.get(at) {
            hay.share(state_word(one));
            hay.share(&one.summary);
            hay.share(&now_words(one));
        }
        hay
    }

    fn passes(&self, _: usize) -> bool {
        true
    }

    fn sort(&self, order: &mut [usize]) {
        let falls = self.sort.by.falls() != self.sort.reversed;
        let one = |at: usize| self.operations.get(at);
        match self.sort.by {
            OperationsBy::State => by(order, falls, |at| {
                let report = one(at)?.report.as_ref();
                Some(report.map_or(u8::MAX, |report| badness(report.outcome)))
            }),
            OperationsBy::Operation => by(order, falls, |at| Some(one(at)?.summary.as_str())),
            // The youngest first: the latest moment.
            OperationsBy::Since => by(order, !falls, |at| Some(one(at)?.since)),
            OperationsBy::Now => by(order, falls, |at| text_or_none(now_words(one(at)?))),
        }
    }
}
