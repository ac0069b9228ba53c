//! What is remembered of engines from one run to the next. An engine is the same whoever asks;
//! a channel is one of a project: `channel:prod` is another tag in another project, and is
//! remembered with the project's place.

use crate::model::fleet::Engines;
use crate::model::project::{EngineName, Project};
use crate::model::step::Course;
use crate::store::{Store, StoreError};

/// What stands between a channel's name and its project's.
const OF: &str = " of ";

/// Remembers what the engines said.
pub(super) fn remember(
    store: &Store,
    project: &Project,
    engines: &Engines,
) -> Result<(), StoreError> {
    let suffix = suffix(project);
    let named = engines.iter().map(|(name, state)| {
        let name = match name.course() {
            Course::Container => name.clone(),
            Course::Tag => EngineName(format!("{name}{suffix}")),
        };
        (name, state.clone())
    });
    store.remember_engines(&named.collect())
}

/// What the engines of a project said last. Where it cannot be read there is nothing.
pub(super) fn recall(store: &Store, project: &Project) -> Engines {
    let suffix = suffix(project);
    let all = store.last_engines().unwrap_or_default();
    all.into_iter()
        .filter_map(|(name, state)| match name.course() {
            Course::Container => Some((name, state)),
            Course::Tag => {
                let own = name.as_str().strip_suffix(&suffix)?;
                Some((EngineName::from(own), state))
            }
        })
        .collect()
}

fn suffix(project: &Project) -> String {
    format!("{OF}{}", project.source)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::project::Source;
    use crate::model::testing::{engine, engines, environment, project};

    #[test]
    fn a_channel_is_remembered_for_its_own_project() {
        let store = Store::in_memory().expect("a store");
        let [mut here, mut there] = [(); 2].map(|()| project(vec![environment("dev")]));
        here.source = Source::File("/srv/here/karat.toml".into());
        there.source = Source::File("/srv/there/karat.toml".into());
        let said = engines([
            engine("dev", Vec::new(), Vec::new()),
            engine("channel:prod", Vec::new(), Vec::new()),
        ]);
        remember(&store, &here, &said).expect("remembered");
        let names = |project: &Project| -> Vec<String> {
            let all = recall(&store, project);
            all.keys().map(ToString::to_string).collect()
        };
        assert_eq!(names(&here), ["channel:prod", "dev"]);
        assert_eq!(names(&there), ["dev"]);
    }
}
