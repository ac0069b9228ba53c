//! Building on a simulated engine: the steps of a written recipe, one after another, with
//! what they print, a cache that remembers, and an end that may be bad.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::carriage::move_bytes;
use super::image::{Conduct, SimImage};
use super::{SimEngine, TargetError, Watch};
use crate::engine::build::{BuildError, Built};
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;
use crate::model::gather::IMAGE_LABEL;
use crate::model::observation::LocalImage;
use crate::model::progress::{BuildState, BuildStep, Progress};
use crate::model::rebuild::{BASE_NAME, RebuildPlan};
use crate::model::reference::ImageRef;
use crate::model::time::{Span, Timestamp};
use crate::target::BuildFailure;

/// A build context, sent whole.
const CONTEXT: Bytes = Bytes(3_400_000);
/// A base image, pulled anew.
const BASE: Bytes = Bytes(31_000_000);

/// The recipes a simulated engine knows, by their context.
#[derive(Clone, Default)]
pub struct Workshop {
    recipes: Arc<BTreeMap<PathBuf, (String, Option<Snag>)>>,
}

/// Why a recipe cannot be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snag {
    /// The beginning of the instruction that fails.
    pub at: String,
    /// What it prints before.
    pub log: Vec<String>,
    /// Its exit code.
    pub code: i64,
}

impl Workshop {
    /// A workshop with these recipes: the text of each Dockerfile, and what is wrong with it.
    #[must_use]
    pub fn new(recipes: BTreeMap<PathBuf, (String, Option<Snag>)>) -> Self {
        Self {
            recipes: Arc::new(recipes),
        }
    }

    /// What names the steps of a recipe in an engine's cache.
    #[must_use]
    pub fn keys(&self, context: &Path) -> Vec<Digest> {
        let steps = self
            .recipes
            .get(context)
            .map(|(dockerfile, _)| steps(dockerfile));
        let steps = steps.unwrap_or_default();
        steps.into_iter().map(|step| step.key).collect()
    }
}

/// One instruction.
struct Instruction {
    text: String,
    /// Of this instruction and all before it.
    key: Digest,
    /// Whether the sources it copies differ each time, and with them all that follows.
    fresh: bool,
}

fn steps(dockerfile: &str) -> Vec<Instruction> {
    let mut before = String::new();
    let mut fresh = false;
    dockerfile
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#') && !line.starts_with("ARG "))
        .map(|line| {
            before.push_str(line);
            before.push('\n');
            fresh |= line.starts_with("COPY . ");
            Instruction {
                text: line.to_owned(),
                key: Digest::of(before.as_bytes()),
                fresh,
            }
        })
        .collect()
}

/// Builds the version of a plan.
pub(super) async fn build(
    engine: &SimEngine,
    plan: &RebuildPlan,
    watch: &Watch,
) -> Result<Built, BuildFailure> {
    let begun = Instant::now();
    let tag = ImageRef {
        repository: plan.repository.clone(),
        tag: Some(plan.version.0.clone()),
        digest: None,
    };
    let looked = watch.or_cancel(engine.answer("looking for an image")).await;
    looked.map_err(|error| lost(&tag.to_string(), error))?;
    let taken = engine.with(|state| {
        let mut images = state.images.values();
        images.any(|image| image.local.tags.contains(&tag))
    });
    if taken {
        return Err(BuildFailure::Exists {
            tag: tag.to_string(),
        });
    }
    let (dockerfile, snag) = engine
        .workshop
        .recipes
        .get(&plan.recipe.context)
        .cloned()
        .ok_or_else(|| BuildError::Engine {
            doing: "reading the recipe".to_owned(),
            error: "nobody wrote it".to_owned(),
        })?;
    bring(engine, plan, watch).await?;
    run(engine, plan, &steps(&dockerfile), snag.as_ref(), watch).await?;
    let image = made(engine, plan, &tag);
    let built = Built {
        image_id: image.local.id.clone(),
        size: image.local.size,
        took: engine.clock.since(begun),
    };
    engine.lay_image(image);
    Ok(built)
}

fn lost(what: &str, error: TargetError) -> BuildFailure {
    match error {
        TargetError::Cancelled => BuildError::Cancelled.into(),
        TargetError::Engine(error) => BuildFailure::Engine {
            what: what.to_owned(),
            error,
        },
        other => BuildError::Engine {
            doing: format!("bringing {what}"),
            error: other.to_string(),
        }
        .into(),
    }
}

/// The base, where it is to be pulled, and the context.
async fn bring(engine: &SimEngine, plan: &RebuildPlan, watch: &Watch) -> Result<(), BuildFailure> {
    let base = plan.labels.get(BASE_NAME).filter(|_| plan.pull);
    let base = base.map(|base| (format!("the base image {base}"), BASE));
    let context = format!("the build context of {} {}", plan.image, plan.version);
    for (what, total) in base.into_iter().chain([(context, CONTEXT)]) {
        let tell = |done| {
            watch.tell_if_idle(Progress::Bytes {
                engine: engine.name().clone(),
                what: what.clone(),
                done,
                total: Some(total),
            });
        };
        let moved = watch.or_cancel(move_bytes(engine, total, tell)).await;
        moved.map_err(|error| lost(&what, error))?;
    }
    Ok(())
}

async fn run(
    engine: &SimEngine,
    plan: &RebuildPlan,
    steps: &[Instruction],
    snag: Option<&Snag>,
    watch: &Watch,
) -> Result<(), BuildFailure> {
    let count = steps.len();
    for (place, step) in steps.iter().enumerate() {
        let name = format!("[{}/{count}] {}", place + 1, step.text);
        let tell = |state| {
            watch.tell(Progress::Build(BuildStep {
                id: step.key.to_string(),
                name: name.clone(),
                state,
            }))
        };
        let known = engine.with(|state| state.cache.contains(&step.key));
        if known && !step.fresh && !plan.no_cache {
            tell(BuildState::Cached).await;
            continue;
        }
        tell(BuildState::Running).await;
        let begun = Instant::now();
        let snag = snag.filter(|snag| step.text.starts_with(&snag.at));
        let said = print(engine, &step.text, snag, watch).await?;
        if let Some(snag) = snag {
            let command = step.text.trim_start_matches("RUN ");
            let error = format!(
                "process \"/bin/sh -c {command}\" did not complete successfully: exit code: {}",
                snag.code
            );
            tell(BuildState::Failed(error.clone())).await;
            return Err(BuildError::Step {
                step: name,
                error,
                log: said,
            }
            .into());
        }
        tell(BuildState::Done(engine.clock.since(begun))).await;
        engine.change(|state| state.cache.insert(step.key.clone()));
    }
    Ok(())
}

/// What a step prints while it runs; it takes its time, and stops at once when it is told.
async fn print(
    engine: &SimEngine,
    text: &str,
    snag: Option<&Snag>,
    watch: &Watch,
) -> Result<Vec<String>, BuildFailure> {
    let (pause, mut lines) = words(text);
    lines.extend(snag.into_iter().flat_map(|snag| snag.log.clone()));
    let mut said = Vec::new();
    for line in lines {
        pause_or_end(engine, pause, watch).await?;
        watch.tell(Progress::Log(line.clone())).await;
        said.push(line);
    }
    pause_or_end(engine, pause, watch).await?;
    Ok(said)
}

async fn pause_or_end(
    engine: &SimEngine,
    pause: Duration,
    watch: &Watch,
) -> Result<(), BuildFailure> {
    let waited = watch.or_cancel(async {
        engine.clock.sleep(pause).await;
        engine.reachable("building")
    });
    waited.await.map_err(|error| match error {
        TargetError::Cancelled => BuildError::Cancelled.into(),
        other => BuildFailure::Build(BuildError::Engine {
            doing: "building".to_owned(),
            error: other.to_string(),
        }),
    })
}

/// What an instruction prints, and how long it pauses before each line.
fn words(text: &str) -> (Duration, Vec<String>) {
    let every = |millis| Duration::from_millis(millis);
    let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
    if text.contains("apt-get") {
        let lines = lines(&[
            "Get:1 http://deb.debian.org/debian bookworm InRelease [151 kB]",
            "Get:2 http://deb.debian.org/debian bookworm/main amd64 Packages [8793 kB]",
            "Fetched 9 254 kB in 1s (6 881 kB/s)",
            "The following NEW packages will be installed:",
            "  ca-certificates libssl3 openssl tini",
            "Setting up tini (0.19.0-1) ...",
            "Processing triggers for libc-bin (2.36-9) ...",
        ]);
        return (every(260), lines);
    }
    if text.contains("cargo build") {
        let crates = [
            "bytes", "tokio", "hyper", "serde", "tracing", "sqlx", "rustls",
        ];
        let mut all: Vec<String> = crates
            .iter()
            .map(|one| format!("   Compiling {one} v1"))
            .collect();
        all.push("    Finished `release` profile [optimized] target(s)".to_owned());
        return (every(900), all);
    }
    if text.contains("test") {
        let lines = lines(&[
            "running 48 tests",
            "test api::accepts_an_order ... ok",
            "test api::refuses_an_empty_basket ... ok",
        ]);
        return (every(700), lines);
    }
    if text.contains("npm") || text.contains("pip") {
        let lines = lines(&["resolving", "fetching 214 packages", "214 packages in 3 s"]);
        return (every(600), lines);
    }
    (every(180), Vec::new())
}

/// The image a build ends with: the newest one's layers, the last two of them new.
fn made(engine: &SimEngine, plan: &RebuildPlan, tag: &ImageRef) -> SimImage {
    let created: Timestamp = engine.clock.now();
    let parent = engine.with(|state| {
        let same = state.images.values().filter(|image| {
            let mut tags = image.local.tags.iter();
            tags.any(|tag| tag.repository == plan.repository)
        });
        same.max_by_key(|image| image.local.created).cloned()
    });
    let new = |what: &str| Digest::of(format!("{what} of {tag} at {created}").as_bytes());
    let kept = parent.as_ref().map_or(&[][..], |parent| {
        parent
            .layers
            .get(..parent.layers.len().saturating_sub(2))
            .unwrap_or_default()
    });
    let mut layers = kept.to_vec();
    layers.push((new("libraries"), Bytes(38_200_000)));
    layers.push((new("program"), Bytes(11_700_000)));
    let mut labels = plan.labels.clone();
    labels.insert(IMAGE_LABEL.to_owned(), plan.repository.to_string());
    let mut env = parent
        .as_ref()
        .map(|parent| parent.env.clone())
        .unwrap_or_default();
    env.insert("APP_VERSION".to_owned(), plan.version.0.clone());
    let mut image = SimImage {
        local: LocalImage {
            id: new("config"),
            config: Some(new("config")),
            tags: vec![tag.clone()],
            repo_digests: Vec::new(),
            created: Some(created),
            size: None,
            labels,
            platform: engine.facts.platform.clone(),
            diff_ids: layers.iter().map(|(digest, _)| digest.clone()).collect(),
            content: new("content"),
            remote: None,
        },
        layers,
        env,
        command: parent
            .as_ref()
            .map_or_else(|| plan.image.0.clone(), |parent| parent.command.clone()),
        conduct: Conduct {
            fault: None,
            ..parent.map_or_else(
                || Conduct {
                    checked: true,
                    boots_in: Span::seconds(3),
                    ..Conduct::default()
                },
                |parent| parent.conduct,
            )
        },
    };
    image.local.size = Some(image.size());
    image
}
