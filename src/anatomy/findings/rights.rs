//! Files that give more rights than their user has, or everybody the right to write.

use super::census::Census;
use super::finding::{Finding, Places, Severity};
use super::ids::FindingId;
use crate::anatomy::components::words::count;
use crate::anatomy::components::{Owners, PathText};
use crate::anatomy::layer::index::Kind;
use crate::anatomy::merged::{Entry, EntryId, Merged};

pub(super) fn findings(
    merged: &Merged,
    census: &Census,
    owners: &dyn Owners,
    places: &Places<'_>,
) -> Vec<Finding> {
    let told = |ids: &[EntryId], id, severity, one: &str, many: &str, what: &str, remedy: &str| {
        finding(
            merged,
            places,
            ids,
            id,
            severity,
            |number| format!("{} {what}", count(number, one, many)),
            remedy,
        )
    };
    let strange = |id: &&EntryId| {
        let node = merged.entry(**id).map(|entry| entry.node);
        node.is_some_and(|node| owners.owner(node).is_none())
    };
    // The distribution's own are known, and watched; those that somebody added are not.
    let (own, others): (Vec<&EntryId>, Vec<&EntryId>) = census
        .set_id
        .iter()
        .partition(|id| owners.count() > 0 && strange(id));
    let own: Vec<EntryId> = own.into_iter().copied().collect();
    let others: Vec<EntryId> = others.into_iter().copied().collect();
    let unknown = if owners.count() > 0 {
        Severity::Note
    } else {
        Severity::Low
    };
    [
        told(
            &own, FindingId::SetuidFile, Severity::Medium, "program", "programs",
            "of no package run with their owner's or group's rights, whoever starts them",
            "Take the bits away (chmod a-s) in the step that brings them, or run as the user they need.",
        ),
        told(
            &others, FindingId::SetuidFile, unknown, "program", "programs",
            "run with their owner's or group's rights, whoever starts them",
            "Take the bits away where nobody becomes another user in the container: find / -xdev -perm /6000 -type f -exec chmod a-s {} +.",
        ),
        told(
            &census.capable, FindingId::FileCapability, Severity::Low, "program", "programs",
            "with capabilities of their own, whoever starts them",
            "Take them away (setcap -r) unless the program is started by a user who lacks them and needs them.",
        ),
        told(
            &census.writable, FindingId::WorldWritable, Severity::Medium, "path", "paths",
            "that every user of the container may write to",
            "Give them to the user who writes there (COPY --chown, COPY --chmod); where all have to, set the sticky bit.",
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn finding(
    merged: &Merged,
    places: &Places<'_>,
    ids: &[EntryId],
    id: FindingId,
    severity: Severity,
    title: impl Fn(u64) -> String,
    remedy: &str,
) -> Option<Finding> {
    let mut entries: Vec<Entry<'_>> = ids.iter().filter_map(|id| merged.entry(*id)).collect();
    let number = entries.len() as u64;
    // Directories first: what lies in one that all may write to can be replaced.
    entries.sort_by_cached_key(|entry| (entry.kind != Kind::Directory, merged.path(entry.node)));
    let newest = entries.iter().map(|entry| entry.layer).max()?;
    Some(
        Finding::new(id, severity, title(number), remedy)
            .paths(
                entries.iter().map(|it| PathText(merged.path(it.node))),
                number,
            )
            .at(places.layer(newest)),
    )
}
