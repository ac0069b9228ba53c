use std::fs;

use super::*;
use crate::model::fleet::Row;
use crate::model::testing::{catalog_of, engine, engines, environment, image, local, minute};

/// `shop` with two versions on `dev`, and a recipe in a folder of its own.
struct Table {
    folder: tempfile::TempDir,
    fleet: Fleet,
    project: Project,
}

impl Table {
    fn new(dockerfile: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("Dockerfile"), dockerfile).expect("a file");
        let mut shop = image("shop");
        shop.build = Some(Recipe {
            context: folder.path().to_owned(),
            dockerfile: folder.path().join("Dockerfile"),
            target: None,
            args: [("SUITE".to_owned(), "12".to_owned())].into(),
            engine: None,
        });
        let environments = vec![environment("dev"), environment("prod")];
        let images = [local("a", &["shop:1.4.1"]), local("b", &["shop:1.4.2"])];
        let mut all = images.to_vec();
        all.push(local("base", &["debian:12"]));
        let fleet = Fleet {
            at: minute(0),
            source: crate::model::project::Source::Found,
            environments: environments.clone(),
            rows: vec![Row {
                image: shop,
                catalog: catalog_of(&[("dev", &images)]),
                cells: Vec::new(),
            }],
            engines: engines([engine("dev", all, Vec::new())]),
            stray_locks: Vec::new(),
        };
        Self {
            folder,
            fleet,
            project: crate::model::testing::project(environments),
        }
    }

    fn plan(&self, ask: &RebuildAsk) -> Result<RebuildPlan, RebuildRefusal> {
        plan(
            &self.fleet,
            &self.project,
            ask,
            &Recipes::default(),
            minute(0),
        )
    }

    fn recipe(&mut self) -> &mut Option<Recipe> {
        &mut self.fleet.rows[0].image.build
    }
}

fn ask() -> RebuildAsk {
    RebuildAsk {
        image: ImageName::from("shop"),
        version: None,
        no_cache: false,
        pull: false,
        build_args: BTreeMap::new(),
        engine: None,
        reason: None,
        who: "ann@laptop".to_owned(),
    }
}

#[test]
fn the_next_version_is_planned_with_its_labels() {
    let table = Table::new("ARG SUITE\nFROM debian:$SUITE\n");
    let mut wanted = ask();
    wanted.build_args.insert("LEVEL".to_owned(), "3".to_owned());
    let plan = table.plan(&wanted).expect("a plan");
    assert_eq!(plan.version.0, "1.4.3");
    assert_eq!(plan.previous.expect("a previous").0, "1.4.2");
    assert_eq!(plan.engine.as_str(), "dev");
    assert_eq!(plan.recipe.args.len(), 2);
    assert_eq!(plan.labels[VERSION], "1.4.3");
    assert_eq!(plan.labels[CREATED], "2026-11-22T12:00:00Z");
    assert_eq!(plan.labels[BASE_NAME], "debian:12");
    assert_eq!(
        plan.labels[BASE_DIGEST],
        crate::model::testing::digest("base").to_string()
    );
    assert!(!plan.labels.contains_key(REVISION));
}

#[test]
fn a_version_by_name_is_taken_if_it_is_one_and_free() {
    let table = Table::new("FROM scratch");
    let with = |version: &str| {
        let mut wanted = ask();
        wanted.version = Some(version.to_owned());
        table.plan(&wanted)
    };
    assert_eq!(with("2.0.0-rc.1").expect("a plan").version.0, "2.0.0-rc.1");
    let older = with("1.3.0").expect("a plan");
    assert!(older.warnings[0].contains("older than the newest"));
    for (version, want) in [
        ("1.4.1", "exists already (on dev)"),
        ("nonsense", "its versions are semantic versions"),
        ("latest", "no version"),
        ("-1", "cannot be a tag"),
        ("1.0.0+build", "cannot be a tag"),
    ] {
        let error = with(version).expect_err(version).to_string();
        assert!(error.contains(want), "{version}: {error}");
    }
}

#[test]
fn what_is_missing_is_refused_in_words() {
    let mut table = Table::new("FROM scratch");
    let refused =
        |table: &Table, ask: &RebuildAsk| table.plan(ask).expect_err("a refusal").to_string();
    let mut wanted = ask();
    wanted.image = ImageName::from("shpo");
    assert!(refused(&table, &wanted).contains("did you mean `shop`?"));
    let mut wanted = ask();
    wanted.engine = Some(EngineName::from("dve"));
    assert!(refused(&table, &wanted).contains("did you mean `dev`?"));
    fs::remove_file(table.folder.path().join("Dockerfile")).expect("removed");
    assert!(refused(&table, &ask()).contains("build.dockerfile"));
    if let Some(recipe) = table.recipe() {
        recipe.context = "/nowhere".into();
    }
    assert!(refused(&table, &ask()).contains("`/nowhere`, does not exist"));
    *table.recipe() = None;
    assert!(refused(&table, &ask()).contains("to [images.shop] in karat.toml"));
}

#[test]
fn the_engine_is_the_asked_one_then_the_recipes_then_the_first() {
    let mut table = Table::new("FROM scratch");
    let mut wanted = ask();
    if let Some(recipe) = table.recipe() {
        recipe.engine = Some("prod".to_owned());
    }
    assert_eq!(table.plan(&wanted).expect("a plan").engine.as_str(), "prod");
    wanted.engine = Some(EngineName::from("dev"));
    assert_eq!(table.plan(&wanted).expect("a plan").engine.as_str(), "dev");
}
