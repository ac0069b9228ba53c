//! How the demo's images are built: recipes that exist on paper only, and one of them cannot
//! be built.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::cast::Cast;
use super::dice::Dice;
use super::table::{LINES, Role};
use crate::model::project::Recipe;
use crate::operate::rebuild::{Recipes, Source, Written};
use crate::target::memory::{Snag, Workshop};

const DOCKERFILE: &str = "\
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends \\
    build-essential pkg-config libssl-dev ca-certificates tini curl
WORKDIR /srv/app
COPY Cargo.toml Cargo.lock ./
RUN cargo fetch --locked
COPY . .
RUN cargo test --release
RUN cargo build --release --locked \\
    && install -D target/release/app bin/app \\
    && rm -rf target /usr/local/cargo/registry \\
    && chown -R app:app /srv/app
USER app
";

/// What the failing recipe prints before it fails.
pub(super) const FAILING_TEST: [&str; 4] = [
    "test totals::rounds_half_up ... FAILED",
    "thread 'totals::rounds_half_up' panicked at src/totals.rs:88:",
    "assertion failed: left 1204, right 1205",
    "test result: FAILED. 47 passed; 1 failed",
];

/// Where an image is built from.
pub(super) fn recipe(company: &str, image: &str) -> Recipe {
    let context = context(company, image);
    Recipe {
        dockerfile: context.join("Dockerfile"),
        context,
        target: None,
        args: BTreeMap::new(),
        engine: Some("dev".to_owned()),
    }
}

fn context(company: &str, image: &str) -> PathBuf {
    PathBuf::from(format!("/srv/{company}/images/{image}"))
}

/// The recipes, as whoever plans a rebuild reads them and as the engines build them.
pub(super) fn recipes(dice: Dice, cast: &Cast) -> (Recipes, Workshop) {
    let mut written = BTreeMap::new();
    let mut built = BTreeMap::new();
    for line in &LINES {
        let image = cast.image(line.role);
        let context = context(cast.company, image);
        let source = Source {
            revision: Some(dice.hex(&format!("commit of {image}"), 40)),
            url: Some(format!("https://git.example.com/{}/{image}", cast.company)),
        };
        let dockerfile = DOCKERFILE.to_owned();
        let snag = (line.role == Role::Reports).then(|| Snag {
            at: "RUN cargo test".to_owned(),
            log: FAILING_TEST.map(str::to_owned).into(),
            code: 101,
        });
        let one = Written {
            dockerfile: dockerfile.clone(),
            source,
        };
        written.insert(context.clone(), one);
        built.insert(context, (dockerfile, snag));
    }
    (Recipes::Written(written.into()), Workshop::new(built))
}
