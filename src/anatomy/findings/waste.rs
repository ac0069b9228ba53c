//! What a step ships that a later one hides: by the two instructions it takes.

use super::finding::{Finding, Places, Severity};
use super::ids::FindingId;
use crate::anatomy::components::PathText;
use crate::anatomy::components::words::count;
use crate::anatomy::merged::Merged;
use crate::anatomy::waste::{Change, How, Payment, Waste};

/// Less is not worth a word.
const AT_LEAST: u64 = 10_000;
/// How many pairs of steps are told.
const MOST: usize = 50;

pub(super) fn findings(merged: &Merged, waste: &Waste, places: &Places<'_>) -> Vec<Finding> {
    // The largest come first.
    let payments = waste.payments.iter().take(MOST);
    payments
        .filter(|payment| payment.bytes.0 >= AT_LEAST)
        .map(|payment| finding(merged, payment, places))
        .collect()
}

fn finding(merged: &Merged, payment: &Payment, places: &Places<'_>) -> Finding {
    let bytes = payment.bytes;
    let (writer, hider) = (places.name(payment.of), capital(&places.name(payment.by)));
    let files = count(payment.count, "file", "files");
    let (id, title, remedy) = match payment.how {
        How::Rewritten(change) => (
            FindingId::WasteMetadata,
            format!(
                "{hider} changes {} of {bytes} that {writer} wrote, in {files}",
                only(change)
            ),
            "Give owner and mode where they are copied (COPY --chown=… --chmod=…), or change them in the RUN that writes.",
        ),
        How::Replaced => (
            FindingId::WasteReplaced,
            format!("{hider} writes {bytes} anew that {writer} wrote, in {files}"),
            "Write them once: do both in one step, or leave them out of the first.",
        ),
        How::Doubled => (
            FindingId::WasteDoubled,
            format!("{hider} has {bytes} more than once, in {files}"),
            "Build this layer anew: its archive has the same path more than once.",
        ),
        How::Removed => (
            FindingId::WasteDeleted,
            format!("{hider} deletes {bytes} that {writer} wrote, in {files}"),
            "Delete them in the step that writes them, or write them in a stage that is not shipped.",
        ),
    };
    let paths = payment.biggest.iter();
    let paths = paths.map(|(node, _)| PathText(merged.path(*node)));
    Finding::new(id, Severity::of_bytes(bytes), title, remedy)
        .bytes(bytes)
        .paths(paths, payment.count)
        .at(places.layer(payment.by))
}

/// What alone a step changed.
fn only(change: Change) -> &'static str {
    match (change.owner, change.mode, change.attributes) {
        (true, false, false) => "only the owner",
        (false, true, false) => "only the mode",
        (true, true, false) => "only owner and mode",
        (false, false, true) => "only the attributes",
        (false, false, false) => "nothing, or only the time,",
        (_, _, true) => "only attributes, owner or mode",
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}
