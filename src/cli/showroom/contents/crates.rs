//! What `cargo` fetches, as a table, and the files of it.

use super::Part;
use crate::cli::showroom::dice::Dice;

/// What `cargo` fetches: a name, the numbers of a version, how heavy it is.
pub(super) const CRATES: [(&str, u64, u64, u64); 24] = [
    ("tokio", 1, 46, 820),
    ("hyper", 1, 7, 170),
    ("axum", 0, 8, 190),
    ("tower", 0, 5, 110),
    ("serde", 1, 0, 80),
    ("serde_json", 1, 0, 150),
    ("rustls", 0, 23, 420),
    ("aws-lc-sys", 0, 31, 7_900),
    ("ring", 0, 17, 2_200),
    ("sqlx-core", 0, 8, 260),
    ("sqlx-postgres", 0, 8, 210),
    ("tracing", 0, 1, 120),
    ("tracing-subscriber", 0, 3, 240),
    ("regex", 1, 12, 460),
    ("regex-automata", 0, 4, 610),
    ("chrono", 0, 4, 230),
    ("chrono-tz", 0, 10, 1_300),
    ("uuid", 1, 18, 70),
    ("clap", 4, 5, 310),
    ("reqwest", 0, 12, 190),
    ("image", 0, 25, 880),
    ("libsqlite3-sys", 0, 35, 5_200),
    ("zstd-sys", 2, 0, 1_900),
    ("windows-sys", 0, 61, 9_100),
];

/// The patch number of a crate in a version.
fn patch(dice: Dice, name: &str, version: &str) -> u64 {
    // Most stay from one version to the next.
    let moves = dice.throw(&format!("crate {name} moves in {version}"), 5) == 0;
    let of = if moves { version } else { "" };
    dice.throw(&format!("patch {name} {of}"), 24)
}

pub(super) fn libraries(dice: Dice, version: &str) -> Vec<Part> {
    const HOME: &str = "usr/local/cargo/registry";
    let mut parts = Vec::new();
    for (name, major, minor, weight) in CRATES {
        let patch = patch(dice, name, version);
        let whole = format!("{name}-{major}.{minor}.{patch}");
        let index = "index.crates.io-1949cf8c6b5b557f";
        parts
            .push(Part::file(format!("{HOME}/cache/{index}/{whole}.crate"), weight / 4).of(&whole));
        for (file, share) in [("src/lib.rs", 40), ("src/tables.rs", 50), ("README.md", 3)] {
            let path = format!("{HOME}/src/{index}/{whole}/{file}");
            parts.push(Part::file(path, (weight * share / 100).max(1)).of(&whole));
        }
    }
    parts
}

/// What `cargo auditable` would leave in a program.
pub(super) fn auditable(dice: Dice, version: &str) -> String {
    let packages: Vec<String> = CRATES
        .iter()
        .filter(|(name, ..)| *name != "windows-sys")
        .map(|(name, major, minor, _)| {
            let patch = patch(dice, name, version);
            format!(
                "{{\"name\":\"{name}\",\"version\":\"{major}.{minor}.{patch}\",\"source\":\"crates.io\"}}"
            )
        })
        .collect();
    format!("{{\"packages\":[{}]}}", packages.join(","))
}
