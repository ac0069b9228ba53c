//! Reading `karat.toml`.

use super::*;
use crate::model::project::{DEFAULT_SOAK, Grouping, Selector};
use crate::model::time::Span;
use crate::model::version::Scheme;

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
        cwd: deep,
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
fn a_repository_twice_and_a_pattern_without_a_group_are_problems() {
    let place = Place::new();
    let wrong = place
        .project(
            r#"
[images.web]
repository = "docker.io/library/web"

[images.other]
repository = "web"
version = { pattern = 'r\d+' }
"#,
        )
        .expect_err("a wrong file")
        .to_string();
    let lines: Vec<&str> = wrong.lines().collect();
    assert_eq!(
        lines,
        [
            "karat.toml:6:14: images `web` and `other` have the same repository `web`: keep one of them",
            "karat.toml:7:23: `r\\d+` captures nothing to order by: put what counts in parentheses (`r(\\d+)`)",
        ]
    );
}

#[test]
fn an_environment_may_be_a_channel() {
    use crate::model::channel::{Channel, ChannelPlace};
    use crate::model::project::{EngineAddress, EngineName};
    use crate::model::reference::Repository;
    let place = Place::new();
    let project = place
        .project(
            r#"
[images.rust-base]
repository = "registry.example.com/golden/rust-base"
[images.local]
repository = "local"
[environments.dev]
engines = ["tcp://10.0.0.1:2375"]
[environments.prod]
channel = "prod"
after = "dev"
protected = true
[environments.eu]
channel = { tag = "prod", registry = "eu.example.com" }
[environments.live]
channel = { tag = "stable", repository = "registry.example.com/live/{image}" }
"#,
        )
        .expect("a right file");
    let at = |name: &str| {
        let environment = project.environment(&name.into()).expect("it is there");
        (environment.channel.clone(), environment.engines.clone())
    };
    let (channel, engines) = at("prod");
    let prod = Channel {
        tag: "prod".to_owned(),
        place: ChannelPlace::Own,
    };
    assert_eq!(
        (channel.as_ref(), &engines[..]),
        (Some(&prod), &["channel:prod".into()][..])
    );
    assert_eq!(
        project.engines.get(&EngineName::from("channel:prod")),
        Some(&EngineAddress::Channel(prod))
    );
    assert_eq!(at("eu").1, ["channel:eu.example.com:prod".into()]);
    assert_eq!(
        at("live").1,
        ["channel:registry.example.com/live/{image}:stable".into()]
    );
    assert_eq!(at("dev").0, None);
    // Versions are read where the repository has a registry, and nowhere else.
    let registries: Vec<&EngineAddress> = project
        .engines
        .iter()
        .filter(|(name, _)| name.is_registry())
        .map(|(_, address)| address)
        .collect();
    let repository = Repository::new("registry.example.com/golden/rust-base");
    assert_eq!(registries, [&EngineAddress::Registry(repository)]);
}

#[test]
fn what_cannot_be_a_channel_is_told() {
    for (said, want) in [
        ("channel = 3", "must be a tag"),
        ("channel = \"no tag\"", "`no tag` is no tag"),
        ("channel = \"\"", "`` is no tag"),
        (
            "channel = { registry = \"eu.example.com\" }",
            "has no `tag`",
        ),
        (
            "channel = { tag = \"prod\", registry = \"eu\" }",
            "`eu` is no registry",
        ),
        (
            "channel = { tag = \"prod\", repository = \"live/x\" }",
            "`live/x` is no repository in a registry",
        ),
        (
            "channel = { tag = \"prod\", registry = \"eu.x\", repository = \"eu.x/y\" }",
            "names its registry itself",
        ),
        ("channel = { tagg = \"prod\" }", "did you mean `tag`"),
        (
            "channel = \"prod\"\nengines = [\"tcp://10.0.0.1:2375\"]",
            "is either engines or a channel",
        ),
        (
            "channel = \"prod\"\nmatch = { label = \"x\" }",
            "a channel has none",
        ),
        (
            "channel = \"prod\"\n[environments.b]\nchannel = \"prod\"",
            "are the same tag, prod",
        ),
    ] {
        let error = Place::new()
            .project(&format!("[environments.a]\n{said}\n"))
            .expect_err(said)
            .to_string();
        assert!(error.contains(want), "{said}: {error}");
    }
}
