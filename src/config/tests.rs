//! The room as a whole, against real files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;
use crate::model::digest::Digest;
use crate::model::fleet::{Fleet, Row};
use crate::model::project::{
    DEFAULT_SOAK, EngineAddress, EngineName, Environment, EnvironmentName, Grouping, Image,
    Selector, Tls,
};
use crate::model::reference::Repository;
use crate::model::time::Span;
use crate::model::version::Scheme;

/// A home, a working directory, an environment of its own.
struct Place {
    folder: TempDir,
    s: Surroundings,
}

impl Place {
    fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let s = Surroundings {
            cwd: folder.path().join("work"),
            home: Some(folder.path().join("home")),
            env: BTreeMap::new(),
        };
        fs::create_dir_all(&s.cwd).expect("cwd");
        fs::create_dir_all(folder.path().join("home/.docker")).expect("home");
        Self { folder, s }
    }

    fn set(mut self, name: &str, value: &str) -> Self {
        self.s.env.insert(name.to_owned(), value.to_owned());
        self
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().expect("parent")).expect("folder");
        fs::write(&path, text).expect("file");
        path
    }

    fn context(&self, name: &str, host: &str, more: &str) -> String {
        let id = Digest::of(name.as_bytes());
        let id = id.as_str().trim_start_matches("sha256:").to_owned();
        let text = format!(
            r#"{{"Name":"{name}","Metadata":{{}},"Endpoints":{{"docker":{{"Host":"{host}"{more}}}}}}}"#
        );
        self.file(&format!("home/.docker/contexts/meta/{id}/meta.json"), &text);
        id
    }

    fn project(&self, text: &str) -> Result<Project, ConfigError> {
        self.file("work/karat.toml", text);
        load(None, &self.s)
    }

    fn wrong(&self, text: &str) -> String {
        self.project(text).expect_err(text).to_string()
    }

    fn found(&self, there: &[&str]) -> found::Found {
        let exists = |path: &Path| there.iter().any(|name| Path::new(name) == path);
        found::engines(&self.s, &Contexts::read(&self.s), &exists).expect("engines")
    }
}

const DOCKER: &str = "/var/run/docker.sock";

fn names(found: &found::Found) -> Vec<&str> {
    found.engines.keys().map(EngineName::as_str).collect()
}

fn address(project: &Project, name: &str) -> EngineAddress {
    project.engines[&EngineName::from(name)].clone()
}

#[test]
fn a_whole_file_is_read() {
    let place = Place::new();
    place.context("build", "ssh://ci@build-1", "");
    let project = place
        .project(
            r#"
[images.rust-base]
repository = "registry.example.com/golden/rust-base"
version    = "semver"
build      = { context = "images/rust-base", target = "runtime", args = { PROFILE = "release" }, engine = "dev" }
revoked    = ["1.0.3"]

[images.app]
repository = "app"
version = { pattern = 'r(\d+)' }
build = { context = ".", dockerfile = "docker/App", engine = "context:build" }

[environments.prod]
engines   = ["ssh://deploy@prod-1", "ssh://deploy@prod-2:2222"]
protected = true
read_only = true
soak      = "30m"
after     = "staging"

[environments.dev]
engines = ["tcp://10.0.0.1:2375"]
match = { label = "env=dev" }

[environments.staging]
engines = ["tcp://10.0.0.1:2375"]
match = { compose-project = "shop" }
after = "dev"
"#,
        )
        .expect("a right file");
    let folder = &place.s.cwd;
    assert_eq!(project.source, Source::File(folder.join("karat.toml")));
    assert_eq!(project.grouping, None);
    let order: Vec<&str> = project
        .environments
        .iter()
        .map(|e| e.name.as_str())
        .collect();
    assert_eq!(order, ["dev", "staging", "prod"]);
    let prod = &project.environments[2];
    assert!(prod.protected && prod.read_only);
    assert_eq!(prod.soak, Span::seconds(1_800));
    assert_eq!(prod.after, Some("staging".into()));
    assert_eq!(project.environments[0].soak, DEFAULT_SOAK);
    assert_eq!(
        project.environments[0].selector,
        Selector::Label {
            key: "env".into(),
            value: Some("dev".into())
        }
    );
    let images: Vec<&str> = project.images.iter().map(|i| i.name.as_str()).collect();
    assert_eq!(images, ["rust-base", "app"], "the order of the file");
    let build = project.images[0].build.clone().expect("a recipe");
    assert_eq!(build.context, folder.join("images/rust-base"));
    assert_eq!(build.dockerfile, folder.join("images/rust-base/Dockerfile"));
    assert_eq!(build.args["PROFILE"], "release");
    assert_eq!(project.images[0].revoked, ["1.0.3"]);
    let app = &project.images[1];
    assert_eq!(
        app.build.clone().expect("a recipe").dockerfile,
        folder.join("docker/App")
    );
    let Scheme::Pattern(regex) = &app.scheme else {
        panic!("{:?}", app.scheme)
    };
    assert!(regex.is_match("r12") && !regex.is_match("xr12") && !regex.is_match("r12x"));
    assert_eq!(
        address(&project, "context:build").to_string(),
        "ssh://ci@build-1"
    );
    assert_eq!(
        address(&project, "ssh://deploy@prod-2:2222").to_string(),
        "ssh://deploy@prod-2:2222"
    );
}

#[test]
fn every_problem_is_told_with_its_place() {
    let place = Place::new();
    place.context("build", "ssh://ci@build-1", "");
    let text = r#"
imags = 1

[images.app]
repository = "app:1.2"
version = "semvr"
build = { contxt = ".", args = { N = 4 }, engine = "prd" }

[images.bare]
version = { pattern = "(" }

[environments.prod]
engins = ["context:default"]
protected = "yes"
soak = "30 minits"
after = "stagin"
match = { label = "=x" }

[environments.staging]
engines = ["context:biuld", "tcp://host:99999", "unix://rel.sock", "nonsense", 3, "ssh://u:pw@h"]
read-only = true

[environments.none]
engines = []
"#;
    let got = place.wrong(text);
    let want = [
        "karat.toml:2:1: a project file has no key `imags`; did you mean `images`?",
        "karat.toml:5:14: a repository has no tag and no digest: write `app`",
        "karat.toml:6:11: `semvr` is no way to read versions; did you mean `semver`?",
        "karat.toml:7:1: `build` of image `app` has no `context`",
        "karat.toml:7:11: `build` of image `app` has no key `contxt`; did you mean `context`?",
        "karat.toml:7:38: `N` of `args` in `build` of image `app` must be a text in quotes, not a whole number",
        "karat.toml:7:52: `prd` is neither an environment nor an engine; did you mean `prod`?",
        "karat.toml:9:9: image `bare` has no repository",
        "karat.toml:10:23: `(` is no regular expression: unclosed group",
        "karat.toml:12:15: environment `prod` has no engines",
        "karat.toml:13:1: environment `prod` has no key `engins`; did you mean `engines`?",
        "karat.toml:14:13: `protected` of environment `prod` must be true or false, not a text",
        "karat.toml:15:8: `soak` of environment `prod`: `30 minits` is not a length of time",
        "karat.toml:16:9: there is no environment `stagin`; did you mean `staging`?",
        "karat.toml:17:19: a label has a name",
        "karat.toml:20:12: there is no Docker context `biuld`; did you mean `build`?",
        "karat.toml:20:29: `tcp://host:99999`: `99999` is no port",
        "karat.toml:20:49: `unix://rel.sock`: the path of a socket is absolute",
        "karat.toml:20:68: `nonsense` is no engine",
        "karat.toml:20:80: `engines` of environment `staging` must be a list of texts",
        "karat.toml:20:83: the `ssh://` address has a password in it",
        "karat.toml:21:1: environment `staging` has no key `read-only`; did you mean `read_only`?",
        "karat.toml:24:11: environment `none` has no engines: name at least one",
    ];
    for (got, want) in got.lines().zip(want) {
        assert!(got.starts_with(want), "got  {got}\nwant {want}");
    }
    assert_eq!(got.lines().count(), want.len(), "{got}");
    assert!(!got.contains("pw@h"), "a password is never repeated");
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    let place = Place::new();
    assert_eq!(
        place.wrong("[images.a]\nrepository = \"a\"\nrepository = \"b\"\n"),
        "karat.toml:3:1: `repository` is given twice"
    );
    let text = place.wrong("[images.a\nrepository = \"ä\"\n= 3\n");
    assert!(text.starts_with("karat.toml:1:"), "{text}");
    assert!(text.lines().count() >= 2, "{text}");
    assert!(
        place
            .wrong("images = 3")
            .contains("`images` of a project file must be tables")
    );
    assert!(
        place
            .wrong("[[environments]]\nx=1")
            .contains("must be tables with a name")
    );
    assert!(
        place
            .wrong("[images]\na = 1")
            .contains("`a` must be tables with a name")
    );
    fs::write(place.s.cwd.join("karat.toml"), [0xff, 0xfe]).expect("written");
    let text = load(None, &place.s).expect_err("bytes").to_string();
    assert!(text.contains("not UTF-8"), "{text}");
}

#[test]
fn environments_must_fit_together() {
    let place = Place::new();
    let two = |a: &str, b: &str| {
        format!(
            "[environments.a]\nengines = [\"tcp://h:1\"]\n{a}\n[environments.b]\nengines = [\"http://h:1\"]\n{b}\n"
        )
    };
    for (a, b) in [
        ("", ""),
        ("", "match = { label = \"env=b\" }"),
        (
            "match = { label = \"env\" }",
            "match = { label = \"env=b\" }",
        ),
        (
            "match = { label = \"env=b\" }",
            "match = { label = \"env=b\" }",
        ),
        (
            "match = { compose-project = \"x\" }",
            "match = { compose-project = \"x\" }",
        ),
    ] {
        let text = place.wrong(&two(a, b));
        assert!(
            text.starts_with("karat.toml:4:15: environments `a` and `b` take the same containers"),
            "{text}"
        );
    }
    let apart = two(
        "match = { label = \"env=a\" }",
        "match = { label = \"env=b\" }",
    );
    assert!(place.project(&apart).is_ok());
    let circle = two(
        "after = \"b\"\nmatch = { label = \"env=a\" }",
        "after = \"a\"\nmatch = { label = \"env=b\" }",
    );
    assert_eq!(
        place.wrong(&circle),
        "karat.toml:3:9: the environments come after each other in a circle: a after b after a"
    );
    let own = "[environments.a]\nengines = [\"tcp://h:1\", \"tcp://h:1\"]\nafter = \"a\"\n";
    assert_eq!(
        place.wrong(own),
        "karat.toml:2:25: `tcp://h:1` is listed twice\n\
         karat.toml:3:9: environment `a` cannot come after itself"
    );
    let several = "[environments.a]\nengines = [\"tcp://h:1\"]\nmatch = { label = \"x\", compose-project = \"y\" }\n";
    assert!(place.wrong(several).contains("takes one condition"));
}

#[test]
fn the_file_is_found_upward_or_where_the_flag_says() {
    let place = Place::new();
    let text = "[environments.a]\nengines = [\"tcp://h:1\"]\n";
    place.file("work/karat.toml", text);
    let deep = place.s.cwd.join("a/b");
    fs::create_dir_all(&deep).expect("folders");
    let below = Surroundings {
        cwd: deep.clone(),
        ..place.s.clone()
    };
    let project = load(None, &below).expect("found upward");
    assert_eq!(project.source, Source::File(place.s.cwd.join("karat.toml")));
    place.file(
        "work/other.toml",
        "[environments.b]\nengines = [\"tcp://h:1\"]\n",
    );
    let project = load(Some(Path::new("../../other.toml")), &below).expect("the flag's");
    assert_eq!(project.environments[0].name.as_str(), "b");
    assert!(
        load(Some(&place.s.cwd), &below).is_ok(),
        "a folder with a file in it"
    );
    let text = load(Some(Path::new("gone.toml")), &below)
        .expect_err("missing")
        .to_string();
    assert!(text.contains("there is no project file at"), "{text}");
}

#[test]
fn a_file_of_images_only_leaves_the_environments_to_be_found() {
    let place = Place::new().set("DOCKER_HOST", "tcp://h:1");
    let project = place
        .project("[images.a]\nrepository = \"a\"\n")
        .expect("right");
    assert_eq!(project.grouping, Some(Grouping::ByLabel));
    assert_eq!(project.engines.len(), 1);
    assert_eq!(project.images.len(), 1);
}

#[test]
fn without_a_file_every_context_is_an_engine() {
    let place = Place::new();
    let found = place.found(&[DOCKER]);
    assert_eq!(names(&found), ["context:default"]);
    assert_eq!(found.grouping, Grouping::ByLabel);

    place.context("prod", "ssh://deploy@prod-1", "");
    place.context("same", "unix:///var/run/docker.sock", "");
    let found = place.found(&[DOCKER]);
    assert_eq!(
        names(&found),
        ["context:default", "context:prod"],
        "no engine twice"
    );
    assert_eq!(found.grouping, Grouping::ByEngine);

    place.file(
        "home/.docker/config.json",
        r#"{"currentContext":"same","auths":{}}"#,
    );
    assert_eq!(
        names(&place.found(&[DOCKER])),
        ["context:prod", "context:same"]
    );

    place.file("home/.docker/config.json", r#"{"currentContext":"prod"}"#);
    place.context("same", "tcp://h:1", "");
    assert_eq!(
        names(&place.found(&[])),
        ["context:prod", "context:same"],
        "no socket here, and nobody chose it"
    );
}

#[test]
fn a_broken_context_hides_no_other() {
    let place = Place::new();
    place.file(
        "home/.docker/contexts/meta/0123456789abcdef/meta.json",
        "{ not json",
    );
    place.file(
        "home/.docker/contexts/meta/kube/meta.json",
        r#"{"Name":"kube","Endpoints":{"kubernetes":{}}}"#,
    );
    place.context("windows", "npipe:////./pipe/docker_engine", "");
    fs::create_dir_all(
        place
            .s
            .home
            .clone()
            .expect("home")
            .join(".docker/contexts/meta/empty"),
    )
    .expect("folder");
    let found = place.found(&[DOCKER]);
    assert_eq!(found.grouping, Grouping::ByLabel, "one usable engine");
    let broken: Vec<String> = found
        .engines
        .iter()
        .filter_map(|(name, address)| match address {
            EngineAddress::Broken(why) => Some(format!("{name}: {why}")),
            _ => None,
        })
        .collect();
    assert_eq!(broken.len(), 3, "{broken:?}");
    assert!(
        broken[0].starts_with("context:0123456789ab: ") && broken[0].contains("makes no sense")
    );
    assert!(broken[1].contains("names no Docker engine"));
    assert!(broken[2].contains("does not speak `npipe://`"));
}

#[test]
fn the_environment_chooses_the_engine() {
    let place = Place::new().set("DOCKER_CONTEXT", "prod");
    let text = load(None, &place.s).expect_err("unknown").to_string();
    assert!(
        text.starts_with("DOCKER_CONTEXT: there is no Docker context `prod`"),
        "{text}"
    );
    place.context("prod", "ssh://deploy@prod-1", "");
    assert_eq!(names(&place.found(&[DOCKER])), ["context:prod"]);

    let place = place.set("DOCKER_HOST", "unix:///run/other.sock");
    let found = place.found(&[DOCKER]);
    assert_eq!(
        names(&found),
        ["unix:///run/other.sock"],
        "DOCKER_HOST before DOCKER_CONTEXT"
    );
    assert_eq!(found.grouping, Grouping::ByLabel);

    let place = place.set("DOCKER_HOST", "tcp:/nonsense");
    let text = load(None, &place.s).expect_err("nonsense").to_string();
    assert!(
        text.starts_with("DOCKER_HOST: `tcp:/nonsense` is no engine"),
        "{text}"
    );

    let place = place
        .set("DOCKER_HOST", "")
        .set("DOCKER_CONTEXT", "default");
    assert_eq!(names(&place.found(&[DOCKER])), ["context:default"]);
}

#[test]
fn podman_stands_in_for_a_missing_docker() {
    let place = Place::new().set("XDG_RUNTIME_DIR", "/run/user/7");
    let user = "/run/user/7/podman/podman.sock";
    let system = "/run/podman/podman.sock";
    assert_eq!(names(&place.found(&[DOCKER, user])), ["context:default"]);
    assert_eq!(names(&place.found(&[])), ["context:default"]);
    for (there, socket) in [(vec![user, system], user), (vec![system], system)] {
        let found = place.found(&there);
        assert_eq!(names(&found), ["podman"]);
        let address = found.engines.values().next().cloned();
        assert_eq!(address, Some(EngineAddress::Unix(PathBuf::from(socket))));
    }
    let place = place.set("CONTAINER_HOST", "unix:///x/podman.sock");
    let project = place
        .project("[environments.a]\nengines = [\"podman\"]\n")
        .expect("right");
    assert_eq!(
        address(&project, "podman").to_string(),
        "unix:///x/podman.sock"
    );
}

#[test]
fn tls_material_comes_along() {
    let place = Place::new();
    let id = place.context("secure", "tcp://h", "");
    place.context("open", "tcp://h", "");
    place.context("unchecked", "tcp://h:77", r#","SkipTLSVerify":true"#);
    let tls = format!("home/.docker/contexts/tls/{id}/docker");
    let ca = place.file(&format!("{tls}/ca.pem"), "x");
    let cert = place.file(&format!("{tls}/cert.pem"), "x");
    let found = place.found(&[DOCKER]);
    let get = |name: &str| found.engines[&EngineName::from(name)].clone();
    assert_eq!(
        get("context:secure"),
        EngineAddress::Tcp {
            authority: "h:2376".into(),
            tls: Some(Tls {
                ca: Some(ca),
                cert: Some(cert),
                key: None,
                skip_verify: false
            })
        }
    );
    assert_eq!(
        get("context:open"),
        EngineAddress::Tcp {
            authority: "h:2375".into(),
            tls: None
        }
    );
    let EngineAddress::Tcp { tls: Some(tls), .. } = get("context:unchecked") else {
        panic!("encrypted")
    };
    assert!(tls.skip_verify && tls.ca.is_none());

    let certs = place.file("certs/key.pem", "x");
    let folder = certs.parent().expect("parent").display().to_string();
    let place = place
        .set("DOCKER_HOST", "tcp://[::1]:2376")
        .set("DOCKER_TLS_VERIFY", "1")
        .set("DOCKER_CERT_PATH", &folder);
    let found = place.found(&[DOCKER]);
    assert_eq!(
        found.engines[&EngineName::from("tcp://[::1]:2376")],
        EngineAddress::Tcp {
            authority: "[::1]:2376".into(),
            tls: Some(Tls {
                key: Some(certs),
                ..Tls::default()
            })
        }
    );
    let project = place
        .project("[environments.a]\nengines = [\"context:default\"]\n")
        .expect("right");
    assert!(
        matches!(
            address(&project, "context:default"),
            EngineAddress::Tcp { tls: Some(_), .. }
        ),
        "the context `default` is what DOCKER_HOST says, as for Docker"
    );
}

fn environment(name: &str, selector: Selector) -> Environment {
    Environment {
        name: name.into(),
        engines: vec!["tcp://h:1".into()],
        selector,
        protected: false,
        read_only: false,
        soak: DEFAULT_SOAK,
        after: None,
    }
}

fn image(name: &str, repository: &str) -> Image {
    Image {
        name: name.into(),
        repository: Repository::new(repository),
        scheme: Scheme::Detect,
        build: None,
        revoked: Vec::new(),
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
    }
}

fn found_project() -> Project {
    Project {
        source: Source::Found,
        images: Vec::new(),
        environments: Vec::new(),
        grouping: Some(Grouping::ByLabel),
        engines: BTreeMap::new(),
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
    let mut read = project.environments.clone();
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
fn the_data_folder_can_be_named() {
    let place = Place::new().set("KARAT_HOME", "data");
    assert_eq!(data_dir(&place.s).expect("named"), place.s.cwd.join("data"));
}
