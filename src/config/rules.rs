//! What must hold between the environments of a project file, and their order.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::nearest;
use crate::model::project::{EngineAddress, EngineName, Environment, EnvironmentName, Selector};

use super::environment::Draft;
use super::sheet::Sheet;

/// Reports everything that cannot be true of these environments together.
pub(super) fn check(
    sheet: &mut Sheet<'_>,
    drafts: &[Draft],
    engines: &BTreeMap<EngineName, EngineAddress>,
) {
    unknown_upstream(sheet, drafts);
    circles(sheet, drafts);
    for draft in drafts {
        twice_in_one(sheet, draft, engines);
    }
    for (index, later) in drafts.iter().enumerate() {
        for earlier in drafts.iter().take(index) {
            overlap(sheet, earlier, later, engines);
        }
    }
}

fn unknown_upstream(sheet: &mut Sheet<'_>, drafts: &[Draft]) {
    for draft in drafts {
        let Some(after) = &draft.environment.after else {
            continue;
        };
        if *after == draft.environment.name {
            let what = format!("environment `{after}` cannot come after itself");
            sheet.wrong(&draft.after_place, what);
        } else if find(drafts, after).is_none() {
            let others = drafts
                .iter()
                .map(|other| other.environment.name.as_str())
                .filter(|name| *name != draft.environment.name.as_str());
            let hint = nearest::hint(after.as_str(), others);
            let what = format!("there is no environment `{after}`{hint}");
            sheet.wrong(&draft.after_place, what);
        }
    }
}

/// Environments that come after each other in a circle: each circle once, where the first
/// of it stands.
fn circles(sheet: &mut Sheet<'_>, drafts: &[Draft]) {
    let mut told: BTreeSet<&EnvironmentName> = BTreeSet::new();
    for start in drafts {
        let mut path: Vec<&EnvironmentName> = vec![&start.environment.name];
        let mut at = start;
        while let Some(next) = at.environment.after.as_ref().and_then(|a| find(drafts, a)) {
            let name = &next.environment.name;
            if let Some(from) = path.iter().position(|seen| *seen == name) {
                let circle = path.get(from..).unwrap_or_default();
                if circle.len() > 1 && !told.contains(name) && from == 0 {
                    let mut words: Vec<&str> = circle.iter().map(|name| name.as_str()).collect();
                    words.push(name.as_str());
                    let what = format!(
                        "the environments come after each other in a circle: {}",
                        words.join(" after ")
                    );
                    sheet.wrong(&start.after_place, what);
                    told.extend(circle.iter().copied());
                }
                break;
            }
            path.push(name);
            at = next;
        }
    }
}

fn find<'a>(drafts: &'a [Draft], name: &EnvironmentName) -> Option<&'a Draft> {
    drafts.iter().find(|draft| draft.environment.name == *name)
}

/// Whether two names mean one engine: the same text, or the same address.
fn same_engine(
    a: &EngineName,
    b: &EngineName,
    engines: &BTreeMap<EngineName, EngineAddress>,
) -> bool {
    a == b
        || match (engines.get(a), engines.get(b)) {
            (Some(EngineAddress::Broken(_)), _) | (None, _) => false,
            (one, other) => one == other,
        }
}

fn twice_in_one(
    sheet: &mut Sheet<'_>,
    draft: &Draft,
    engines: &BTreeMap<EngineName, EngineAddress>,
) {
    let names = &draft.environment.engines;
    for (index, (name, place)) in names.iter().zip(&draft.engine_places).enumerate() {
        let earlier = names
            .iter()
            .take(index)
            .find(|other| same_engine(other, name, engines));
        if let Some(earlier) = earlier {
            let what = if earlier == name {
                format!("`{name}` is listed twice")
            } else {
                format!("`{name}` is the same engine as `{earlier}`: list it once")
            };
            sheet.wrong(place, what);
        }
    }
}

/// Two environments that would show, and change, the same containers.
fn overlap(
    sheet: &mut Sheet<'_>,
    earlier: &Draft,
    later: &Draft,
    engines: &BTreeMap<EngineName, EngineAddress>,
) {
    let (one, other) = (&earlier.environment, &later.environment);
    if !meet(&one.selector, &other.selector) {
        return;
    }
    let shared = other
        .engines
        .iter()
        .zip(&later.engine_places)
        .find(|(name, _)| {
            one.engines
                .iter()
                .any(|known| same_engine(known, name, engines))
        });
    if let (Some(_), Some(channel)) = (shared, &other.channel) {
        let what = format!(
            "environments `{}` and `{}` are the same tag, {channel}: give each its own",
            one.name, other.name
        );
        sheet.wrong(&later.place, what);
        return;
    }
    if let Some((engine, _)) = shared {
        let what = format!(
            "environments `{}` and `{}` take the same containers of `{engine}`: tell them \
             apart with `match = {{ label = \"env={}\" }}` in each",
            one.name, other.name, other.name
        );
        sheet.wrong(&later.place, what);
    }
}

/// Whether two selectors take the same container for certain. Two different labels may
/// both be on one container too; that cannot be known from here.
fn meet(a: &Selector, b: &Selector) -> bool {
    match (a, b) {
        (Selector::All, _) | (_, Selector::All) => true,
        (
            Selector::Label { key, value },
            Selector::Label {
                key: other_key,
                value: other_value,
            },
        ) => key == other_key && (value == other_value || value.is_none() || other_value.is_none()),
        (one, other) => one == other,
    }
}

/// The environments, upstream first: each behind the one it names in `after`, otherwise in
/// the order of the file.
pub(super) fn in_order(drafts: Vec<Draft>) -> Vec<Environment> {
    let mut waiting: Vec<Environment> = drafts.into_iter().map(|d| d.environment).collect();
    let mut ordered: Vec<Environment> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let next = waiting
            .iter()
            .position(|environment| {
                environment
                    .after
                    .as_ref()
                    .is_none_or(|after| ordered.iter().any(|done| done.name == *after))
            })
            // Never for a checked file; the order of the file then.
            .unwrap_or(0);
        ordered.push(waiting.remove(next));
    }
    ordered
}
