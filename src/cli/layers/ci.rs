//! `karat layers --ci`: the rules of the project file and of `.dive-ci`.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::anatomy::Anatomy;
use crate::anatomy::components::{Installed, Rules, recognise};
use crate::anatomy::merged::{LayerNo, View};
use crate::anatomy::packages::Inventory;
use crate::anatomy::rules::dive::DiveRules;
use crate::anatomy::rules::judge::{Figures, judge};
use crate::anatomy::rules::{Verdict, dive, dive_file};
use crate::anatomy::waste::Waste;
use crate::anatomy::waste::dive::Dive;
use crate::cli::anatomy::json::image;
use crate::cli::anatomy::verdicts::{self, Judged};
use crate::cli::args::Layers;
use crate::cli::layout;
use crate::cli::output::{self, Exit};
use crate::cli::reading::Reading;
use crate::cli::session::Session;
use crate::explain::Ask;
use crate::model::bytes::Bytes;
use crate::model::layer_rules::{LayerRules, Written};
use crate::model::nearest;

/// The file that dive reads, by its name.
const DIVE_FILE: &str = ".dive-ci";

/// It is a few lines long; a larger one is none.
const LARGEST: u64 = 1024 * 1024;

pub(super) async fn run(
    session: &Session,
    reading: &Reading<'_>,
    ask: &Ask,
    args: &Layers,
) -> Result<Exit, Exit> {
    let refused = |why: String| reading.refused(&why);
    let file = super::accepted::file(&session.project.source);
    let images = session.project.images.iter().map(|it| &it.layers);
    for rules in std::iter::once(&session.project.layers).chain(images) {
        known_components(rules, &file).map_err(refused)?;
    }
    let dive_rules = dive_rules(&session.surroundings.cwd, args.ci_config.as_deref());
    let dive_rules = dive_rules.map_err(refused)?;
    let explained = reading.explain(ask).await?;
    let anatomy = explained.anatomy;
    let rules = super::rules_of(session, ask, &anatomy.facts.names);
    if !rules.judges() && dive_rules.is_none() {
        let why = format!(
            "there is no rule to judge by: write a `[layers]` table into {file}, such as `max-size = \"500MB\"`, or a {DIVE_FILE}"
        );
        return Err(refused(why));
    }
    let reference = reference(session, reading, ask, &rules).await?;
    let mut judged: Judged = by_project(&anatomy, &rules, reference.as_ref())
        .into_iter()
        .map(|verdict| (file.clone(), verdict))
        .collect();
    if let Some((path, rules)) = dive_rules {
        let figures = Dive::of(&anatomy.merged);
        let place = path.file_name().unwrap_or(path.as_os_str());
        let place = place.to_string_lossy().into_owned();
        let verdicts = dive::judge(&rules, &figures);
        judged.extend(verdicts.into_iter().map(|it| (place.clone(), it)));
    }
    if session.json {
        output::json(&verdicts::to_json(&image(&anatomy.facts), &judged));
    } else {
        let name = anatomy.facts.names.first();
        let name = name.map_or(ask.text.as_str(), String::as_str);
        let text = verdicts::text(name, &judged, session.colour, layout::width());
        output::result(&text);
    }
    if judged.iter().all(|(_, verdict)| verdict.kept) {
        Ok(Exit::DONE)
    } else {
        Ok(Exit::REFUSED)
    }
}

/// What growth is measured against: its name, and its size.
async fn reference(
    session: &Session,
    reading: &Reading<'_>,
    ask: &Ask,
    rules: &LayerRules,
) -> Result<Option<(String, Bytes)>, Exit> {
    let Some(growth) = &rules.max_growth else {
        return Ok(None);
    };
    let against = ask
        .against(&session.project, &growth.from)
        .map_err(|error| reading.refused(&format!("`from` of `max-growth`: {error}")))?;
    let explained = reading.explain(&against).await?;
    let bytes = explained.anatomy.merged.layer_bytes();
    Ok(Some((against.text, bytes)))
}

fn by_project(
    anatomy: &Anatomy,
    rules: &LayerRules,
    reference: Option<&(String, Bytes)>,
) -> Vec<Verdict> {
    let merged = &anatomy.merged;
    let waste = Waste::of(merged);
    let inventory = Inventory::of(anatomy);
    let view = View::new(merged, merged.last().unwrap_or(LayerNo(0)));
    let installed = Installed::new(&inventory);
    let components = recognise(merged, &view, &installed, Rules::built_in());
    let figures = Figures {
        layer_bytes: waste.layer_bytes,
        reclaimable_bytes: waste.reclaimable(),
        components: components.all.iter().map(|it| it.id.as_str()).collect(),
        packages: inventory
            .packages
            .iter()
            .map(|it| it.name.as_str())
            .collect(),
        reference: reference.map(|(name, bytes)| (name.as_str(), *bytes)),
    };
    judge(rules, &figures)
}

/// A component that karat does not know would never be found.
fn known_components(rules: &LayerRules, file: &str) -> Result<(), String> {
    let known = Rules::built_in().all().iter().map(|rule| rule.id.as_str());
    for Written { text, line } in rules.forbidden_components.iter().flatten() {
        if !text.contains('*') && !known.clone().any(|id| id == text) {
            let hint = nearest::hint(text, known);
            return Err(format!(
                "{file}:{line}: there is no component `{text}`{hint}"
            ));
        }
    }
    Ok(())
}

/// dive's rules, from the file that was named, or the one that lies here.
fn dive_rules(here: &Path, asked: Option<&Path>) -> Result<Option<(PathBuf, DiveRules)>, String> {
    let path = here.join(asked.unwrap_or(Path::new(DIVE_FILE)));
    let shown = asked.map_or(Path::new(DIVE_FILE), |asked| asked);
    let unreadable =
        |why: &dyn std::fmt::Display| format!("cannot read {}: {why}", shown.display());
    match std::fs::metadata(&path) {
        Ok(file) if file.len() > LARGEST => {
            return Err(unreadable(&"it is larger than 1 MB, and no list of rules"));
        }
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound && asked.is_none() => return Ok(None),
        Err(error) => return Err(unreadable(&error)),
    }
    let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&error))?;
    match dive_file::read(&text) {
        Ok(rules) => Ok(Some((path, rules))),
        Err(error) => Err(format!("{}:{error}", shown.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dives_file_is_read_where_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let here = folder.path();
        assert_eq!(dive_rules(here, None), Ok(None));
        let why = dive_rules(here, Some(Path::new("ci.yml"))).expect_err("none");
        assert!(why.starts_with("cannot read ci.yml: "), "{why}");
        let write = |text: &str| std::fs::write(here.join(DIVE_FILE), text).expect("a file");
        write("rules:\n  lowestEfficiency: 0.5\n");
        let (_, rules) = dive_rules(here, None).expect("read").expect("rules");
        assert_eq!(rules.lowest_efficiency, Some(0.5));
        write("rules:\n  lowestEfficency: 0.5\n");
        let why = dive_rules(here, None).expect_err("misspelt");
        assert!(why.starts_with(".dive-ci:2: dive has no rule"), "{why}");
    }

    #[test]
    fn a_component_that_there_is_not_is_told_with_its_line() {
        let rules = |text: &str| LayerRules {
            forbidden_components: Some(vec![Written {
                text: text.to_owned(),
                line: 3,
            }]),
            ..LayerRules::default()
        };
        let id = &Rules::built_in().all()[0].id;
        assert_eq!(known_components(&rules(id), "karat.toml"), Ok(()));
        assert_eq!(known_components(&rules("rust-*"), "karat.toml"), Ok(()));
        let why = known_components(&rules("no-such-thing-at-all"), "karat.toml");
        let why = why.expect_err("none");
        assert!(
            why.starts_with("karat.toml:3: there is no component"),
            "{why}"
        );
    }
}
