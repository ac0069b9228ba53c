//! Reading `[layers]`.

use super::*;
use crate::model::bytes::Bytes;
use crate::model::layer_rules::{Acceptance, LayerRules, MaxGrowth, Written};

const WHOLE: &str = r#"
[images.web]
repository = "golden/web"

[images.web.layers]
max-size = 1000

[layers]
max-size                = "500MB"
max-growth              = { from = "1.4.0", bytes = "20 MiB", percent = 2.5 }
max-reclaimable         = "20MB"
max-reclaimable-percent = "5 %"
forbidden-components    = ["rust-rustup"]
forbidden-packages      = ["gcc*"]

[[layers.accept]]
finding = "setuid-files"
path    = "/usr/bin/su*"
reason  = "needed"
until   = 2027-03-31

[[layers.accept]]
path   = "/opt/legacy/*"
reason = "goes with 2.0"
until  = "2027-04-01"
"#;

fn whole() -> LayerRules {
    let day = |text: &str| text.parse().expect("a day");
    let written = |text: &str| Written {
        text: text.to_owned(),
        line: 0,
    };
    LayerRules {
        max_size: Some(Bytes(500_000_000)),
        max_growth: Some(MaxGrowth {
            from: "1.4.0".to_owned(),
            bytes: Some(Bytes(20 << 20)),
            percent: Some(2.5),
        }),
        max_reclaimable: Some(Bytes(20_000_000)),
        max_reclaimable_percent: Some(5.0),
        forbidden_components: Some(vec![written("rust-rustup")]),
        forbidden_packages: Some(vec![written("gcc*")]),
        accept: vec![
            Acceptance {
                finding: Some(written("setuid-files")),
                path: Some(written("/usr/bin/su*")),
                reason: "needed".to_owned(),
                until: day("2027-03-31"),
            },
            Acceptance {
                finding: None,
                path: Some(written("/opt/legacy/*")),
                reason: "goes with 2.0".to_owned(),
                until: day("2027-04-01"),
            },
        ],
    }
}

#[test]
fn what_layers_must_keep_to_is_read() {
    let project = Place::new().project(WHOLE).expect("a right file");
    assert_eq!(project.layers, whole());
    let finding = project.layers.accept[0].finding.as_ref();
    assert_eq!(finding.map(|it| it.line), Some(17));
    let web = LayerRules {
        max_size: Some(Bytes(1_000)),
        ..LayerRules::default()
    };
    assert_eq!(project.images[0].layers, web);
}

#[test]
fn what_init_writes_of_it_is_read_back() {
    let place = Place::new();
    let project = place.project(WHOLE).expect("a right file");
    let mut text = String::from("[images.web]\nrepository = \"golden/web\"\n");
    render_layers::layers_text(&mut text, "images.web.layers", &project.images[0].layers);
    render_layers::layers_text(&mut text, "layers", &project.layers);
    let again = place.project(&text).expect("a right file");
    assert_eq!(again.layers, project.layers);
    assert_eq!(again.images[0].layers, project.images[0].layers);
}

#[test]
fn every_problem_of_it_is_told_with_its_place() {
    let text = r#"
[layers]
max-siz = "1MB"
max-size = "big"
max-reclaimable = true
max-reclaimable-percent = -1
max-growth = { form = "1.4.0" }
forbidden-packages = "gcc"

[[layers.accept]]
finding = "x"

[[layers.accept]]
reason = "because"
until = 2027-13-01x
"#;
    let want = ["15:9: this is not TOML"];
    check(text, &want);
    let text = text.replace("2027-13-01x", "\"soon\"");
    let want = [
        "3:1: `layers` has no key `max-siz`; did you mean `max-size`?",
        "4:12: `max-size` of `layers`: `big` is not a size: write for example",
        "5:19: `max-reclaimable` of `layers` must be a size (`max-reclaimable = \"20MB\"`), not true or false",
        "6:27: `max-reclaimable-percent` of `layers` must be a number of percent",
        "7:1: `max-growth` of `layers` has no `from`",
        "7:1: `max-growth` of `layers` has no limit",
        "7:16: `max-growth` of `layers` has no key `form`; did you mean `from`?",
        "8:22: `forbidden-packages` of `layers` must be a list of texts",
        "10:1: `accept` of `layers` has no `reason`",
        "10:1: `accept` of `layers` has no `until`",
        "13:1: `accept` of `layers` accepts nothing",
        "15:9: `until` of `accept` of `layers` must be a day (`until = 2027-03-31`)",
    ];
    check(&text, &want);
}

fn check(text: &str, want: &[&str]) {
    let got = Place::new().wrong(text);
    let got: Vec<&str> = got.lines().collect();
    assert_eq!(got.len(), want.len(), "{got:#?}");
    for (got, want) in got.iter().zip(want) {
        assert!(
            got.starts_with(&format!("karat.toml:{want}")),
            "{got}\n{want}"
        );
    }
}
