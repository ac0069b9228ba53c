//! Writing `karat.toml`.

use super::*;
use crate::model::fleet::{Fleet, Row};
use crate::model::layer_rules::LayerRules;
use crate::model::project::{
    DEFAULT_SOAK, Environment, EnvironmentName, Grouping, Image, Selector,
};
use crate::model::reference::Repository;
use crate::model::testing::{container, digest, engine, engines};
use crate::model::version::Scheme;

fn environment(name: &str, selector: Selector) -> Environment {
    Environment {
        name: name.into(),
        engines: vec!["tcp://h:1".into()],
        selector,
        protected: false,
        read_only: false,
        soak: DEFAULT_SOAK,
        after: None,
        channel: None,
    }
}

fn image(name: &str, repository: &str) -> Image {
    Image {
        name: name.into(),
        repository: Repository::new(repository),
        scheme: Scheme::Detect,
        build: None,
        revoked: Vec::new(),
        layers: LayerRules::default(),
    }
}

fn fleet(images: &[Image], environments: Vec<Environment>) -> Fleet {
    let row = |image: &Image| Row {
        image: image.clone(),
        catalog: Default::default(),
        cells: Vec::new(),
    };
    Fleet {
        at: chrono::DateTime::UNIX_EPOCH,
        source: Source::Found,
        environments,
        rows: images.iter().map(row).collect(),
        engines: BTreeMap::new(),
        stray_locks: Vec::new(),
    }
}

fn found_project() -> Project {
    Project {
        source: Source::Found,
        images: Vec::new(),
        environments: Vec::new(),
        grouping: Some(Grouping::ByLabel),
        engines: BTreeMap::new(),
        layers: LayerRules::default(),
        registries: BTreeMap::new(),
    }
}

#[test]
fn what_init_writes_is_read_back() {
    let place = Place::new();
    let images = [
        image("shop-web", "registry:5000/golden/shop-web"),
        image("we\"ird \\ näme", "tool"),
    ];
    let label = |value: &str| Selector::Label {
        key: "karat.environment".into(),
        value: Some(value.into()),
    };
    let environments = vec![
        environment("prod", label("prod")),
        environment("dev", label("dev")),
        environment(
            "shop-staging",
            Selector::ComposeProject("shop-staging".into()),
        ),
        environment("tcp://h:1", Selector::Unlabelled),
    ];
    let text = render_project(&fleet(&images, environments.clone()), &found_project());
    let project = place.project(&text).expect(&text);
    assert_eq!(project.images, images);
    let mut read = project.environments;
    let afters: BTreeMap<String, Option<EnvironmentName>> = read
        .iter()
        .map(|e| (e.name.0.clone(), e.after.clone()))
        .collect();
    assert_eq!(afters["prod"], Some("shop-staging".into()));
    assert_eq!(afters["shop-staging"], Some("dev".into()));
    assert_eq!((&afters["dev"], &afters["tcp://h:1"]), (&None, &None));
    assert!(
        read.iter()
            .all(|e| e.protected == (e.name.as_str() == "prod"))
    );
    for environment in &mut read {
        environment.after = None;
        environment.protected = false;
    }
    read.sort_by(|a, b| a.name.cmp(&b.name));
    let mut wanted = environments;
    wanted.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(read, wanted);
}

#[test]
fn a_project_written_again_stays_the_same() {
    let place = Place::new();
    let project = place
        .project(
            r#"
[images.a]
repository = "a"
version = { pattern = '(\d+)-"x"' }
build = { context = "/src/a", dockerfile = "/src/D", target = "t", args = { "a b" = "c\n\u0001" }, engine = "dev" }
revoked = ["1", "sha256:x"]
[images.b]
repository = "b"
version = "calver"
[environments.dev]
engines = ["tcp://h:1", "ssh://u@h"]
soak = "1h30m"
[environments.live]
engines = ["tcp://i:1"]
protected = true
read_only = true
after = "dev"
"#,
        )
        .expect("right");
    let text = render_project(
        &fleet(&project.images, project.environments.clone()),
        &project,
    );
    assert_eq!(place.project(&text).expect(&text), project);
    let empty = render_project(&fleet(&[], Vec::new()), &found_project());
    assert!(place.project(&empty).is_ok(), "{empty}");
}

#[test]
fn an_existing_file_is_never_overwritten() {
    let place = Place::new();
    let path = place.s.cwd.join("karat.toml");
    write_new(&path, "# one").expect("written");
    let text = write_new(&path, "# two").expect_err("refused").to_string();
    assert!(text.contains("is left as it is"), "{text}");
    assert_eq!(fs::read_to_string(&path).expect("read"), "# one");
    let nowhere = write_new(&place.s.cwd.join("no/where.toml"), "").expect_err("no folder");
    assert!(matches!(nowhere, ConfigError::Unwritable { .. }));
}

#[test]
fn odd_names_are_left_out_and_the_file_is_read() {
    let place = Place::new();
    let odd = [
        "a\u{1b}[31mb",
        "a\nb = 1",
        "a\u{202e}b",
        "a\u{200b}",
        "\u{7f}",
        " ",
        "a\u{2028}[images.x]",
    ];
    let mut environments = vec![
        environment("dev", Selector::ComposeProject("dev".into())),
        environment("we=ird \"' # ]", label("we=ird \"' # ]")),
        // Its name is fine, what tells its containers is not.
        environment("shop", Selector::ComposeProject("sh\u{202e}op".into())),
    ];
    for name in odd {
        environments.push(environment(name, Selector::ComposeProject(name.into())));
        environments.push(environment(name, label(name)));
    }
    environments.push(Environment {
        after: Some(odd[0].into()),
        channel: None,
        ..environment("prod", label("prod"))
    });
    let images = [image("web", "web"), image("w\u{202e}eb", "web2")];
    let text = render_project(&fleet(&images, environments), &found_project());
    let hostile =
        |c: char| c != '\n' && crate::model::text::printable(&c.to_string()) != c.to_string();
    assert!(!text.chars().any(hostile), "{text:?}");
    assert!(
        text.contains("# environment `a␛[31mb` is left out"),
        "{text}"
    );
    let project = place.project(&text).expect(&text);
    let names: Vec<&str> = project
        .environments
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    assert_eq!(names, ["dev", "we=ird \"' # ]", "prod"]);
    assert_eq!(project.environments[2].after, None);
    assert_eq!(project.images.len(), 1);
}

fn label(value: &str) -> Selector {
    Selector::Label {
        key: "karat.environment".into(),
        value: Some(value.into()),
    }
}

#[test]
fn an_image_without_a_name_is_none_of_the_project_and_said_to_be_left_out() {
    let place = Place::new();
    let digest = digest("d0e6");
    let mut fleet = fleet(
        &[image("tool", "tool"), image(digest.short(), digest.short())],
        vec![environment("dev", Selector::All)],
    );
    let one = |name: &str| container(name, digest.as_str(), "d0e6");
    fleet.engines = engines([engine("tcp://h:1", Vec::new(), vec![one("a"), one("b")])]);
    let text = render_project(&fleet, &found_project());
    let project = place.project(&text).expect(&text);
    assert_eq!(project.images, [image("tool", "tool")]);
    let said = format!(
        "2 containers are left out: their images have no name ({})",
        digest.short()
    );
    assert_eq!(left_out(&fleet), Some(said.clone()));
    assert!(text.contains(&said), "{text}");
    fleet.engines.clear();
    assert_eq!(left_out(&fleet), None);
}
