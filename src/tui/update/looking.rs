//! What somebody looks at in the list of versions, and is not known yet: tags of which only the
//! name is known, and versions of which nobody asked what is attached to them. It is asked for
//! once the view rests: who scrolls through thousands of tags wants none of those that flew by.

use std::collections::BTreeSet;

use crate::model::catalog::{Entry, Version};
use crate::model::project::ImageName;

use super::super::effect::{Effect, Errand};
use super::super::state::{State, View};

/// Whether there is anything on screen that is to be asked for.
pub(crate) fn due(state: &State) -> bool {
    wanted(state).is_some()
}

/// Asks for it, once.
pub(super) fn ask(state: &mut State) -> Vec<Effect> {
    let Some((image, tags)) = wanted(state) else {
        return Vec::new();
    };
    let Some(row) = state.fleet.row(&image) else {
        return Vec::new();
    };
    let repository = row.image.repository.clone();
    let asked = state.looked_at.entry(image).or_default();
    asked.extend(tags.iter().cloned());
    vec![Effect::Errand(Errand::LookAt { repository, tags })]
}

/// Of which image, and which of its tags; nothing where no registry has it.
fn wanted(state: &State) -> Option<(ImageName, Vec<String>)> {
    let image = match state.stack.last()? {
        View::Versions(view) => &view.image,
        View::Version { image, .. } => image,
        _ => return None,
    };
    let row = state.fleet.row(image)?;
    state.registry_of(&row.image.repository)?;
    let tags: BTreeSet<&String> = match state.stack.last()? {
        View::Versions(view) => {
            let window = state.layout.view;
            let on_screen = view.list.order().iter().skip(window.top).take(window.page);
            on_screen
                .chain(view.list.position().iter())
                .filter_map(|at| row.catalog.entry(*at))
                .flat_map(tags_of)
                .collect()
        }
        View::Version { identity, .. } => {
            let version = row.version(identity)?;
            tags_of(Entry::Known(version)).into_iter().collect()
        }
        _ => return None,
    };
    let asked = state.looked_at.get(image);
    let new = |tag: &&String| asked.is_none_or(|asked| !asked.contains(*tag));
    let tags: Vec<String> = tags.into_iter().filter(new).cloned().collect();
    (!tags.is_empty()).then(|| (image.clone(), tags))
}

/// The tags by which what is not known yet of a row is asked for.
fn tags_of(entry: Entry<'_>) -> Vec<&String> {
    let asks = |version: &Version| {
        let remote = version.remote.as_ref();
        remote.is_some_and(|remote| remote.attached.is_none())
    };
    match entry {
        Entry::Unread(unread) => vec![&unread.tag],
        Entry::Known(version) if asks(version) => version.tags.iter().collect(),
        Entry::Known(_) => Vec::new(),
    }
}
