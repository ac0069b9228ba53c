//! Two versions beside each other: choosing them, reading both, comparing them.

use std::sync::Arc;

use crate::anatomy::report::Difference;
use crate::model::digest::Digest;
use crate::model::project::ImageName;
use crate::tui::available::can_be_read;

use super::super::available::no_version;
use super::super::effect::{Effect, Errand, Request, Shared};
use super::super::listing::rows::VersionKey;
use super::super::state::{ComparisonView, State, Tone, View};
use super::{anatomy, say};

/// Marks the version that is selected, or unmarks it.
pub(super) fn mark(state: &mut State) -> Vec<Effect> {
    let Some(View::Versions(view)) = state.stack.last_mut() else {
        return Vec::new();
    };
    let selected = view.selected.as_ref().and_then(VersionKey::identity);
    view.marked = if view.marked.as_ref() == selected {
        None
    } else {
        selected.cloned()
    };
    let note = if view.marked.is_some() {
        "marked: the differences of another version are those from this one"
    } else {
        "no version is marked"
    };
    say(state, Tone::Plain, note);
    Vec::new()
}

/// The two versions that are compared, the one to begin with first; or why there are none.
pub(crate) fn pair(state: &State) -> Result<(ImageName, Digest, Digest), String> {
    let Some((image, after)) = state.subject_version() else {
        return Err(no_version(state));
    };
    let marked = state.stack.iter().rev().find_map(|view| match view {
        View::Versions(view) if &view.image == image => view.marked.as_ref(),
        _ => None,
    });
    let before = match marked.filter(|marked| *marked != after) {
        Some(marked) => marked.clone(),
        None => older(state, image, after)
            .ok_or_else(|| "there is no version before this one: mark another".to_owned())?,
    };
    let row = state.fleet.row(image);
    let held = |identity: &Digest| {
        row.and_then(|row| row.version(identity))
            .is_some_and(can_be_read)
    };
    if !held(&before) || !held(after) {
        return Err("one of the two versions is in no registry and on no engine".to_owned());
    }
    Ok((image.clone(), before, after.clone()))
}

/// The version before one.
fn older(state: &State, image: &ImageName, than: &Digest) -> Option<Digest> {
    let versions = &state.fleet.row(image)?.catalog.versions;
    let at = versions.iter().position(|one| &one.identity == than)?;
    versions.get(at + 1).map(|one| one.identity.clone())
}

/// Opens the comparison, and reads what has not been read yet.
pub(super) fn open(state: &mut State) -> Vec<Effect> {
    let Ok((image, before, after)) = pair(state) else {
        return Vec::new();
    };
    state.stack.push(View::Comparison(Box::new(ComparisonView {
        image: image.clone(),
        before: before.clone(),
        after: after.clone(),
        request: None,
        found: None,
        top: 0,
    })));
    let mut effects = Vec::new();
    for identity in [&before, &after] {
        if state.readings.report(identity).is_none() {
            effects.extend(anatomy::begin(state, &image, identity));
        }
    }
    effects.extend(go_on(state));
    effects
}

/// Has two versions compared, once both have been read.
pub(super) fn go_on(state: &mut State) -> Vec<Effect> {
    let State {
        readings,
        stack,
        last_request,
        ..
    } = state;
    let mut effects = Vec::new();
    for view in stack {
        let View::Comparison(view) = view else {
            continue;
        };
        if view.request.is_some() {
            continue;
        }
        let before = readings.report(&view.before);
        let after = readings.report(&view.after);
        if let (Some(before), Some(after)) = (before, after) {
            *last_request = Request(last_request.0 + 1);
            view.request = Some(*last_request);
            effects.push(Effect::Errand(Errand::Compare {
                request: *last_request,
                before: Shared(before),
                after: Shared(after),
            }));
        }
    }
    effects
}

/// Two versions have been compared.
pub(super) fn told(state: &mut State, request: Request, answer: Result<Arc<Difference>, String>) {
    for view in &mut state.stack {
        if let View::Comparison(view) = view
            && view.request == Some(request)
        {
            view.found = Some(answer);
            return;
        }
    }
}
