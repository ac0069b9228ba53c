//! What the demo's images are made of: layers of files that exist only in this process, as
//! large and as wasteful as such images are.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::cast::{Build, Cast};
use super::contents::{self, Part};
use super::dice::Dice;
use super::lay;
use super::past::Past;
use super::table::{LINES, Line};
use crate::anatomy::Anatomy;
use crate::anatomy::findings::AcceptanceList;
use crate::anatomy::image::{Fit, History, ImageFacts, LayerFacts, Presence, Settings, Step};
use crate::anatomy::layer::index::LayerIndex;
use crate::anatomy::layers::Known;
use crate::anatomy::report::Report;
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;
use crate::model::time::Timestamp;
use crate::target::memory::{File, Interior};
use crate::tui::effect::{Content, Explaining, FileAt, LayerRead};

/// How fast the demo's engines hand an image over.
const BYTES_A_SECOND: u64 = 160_000_000;

/// How often one hears how far it is.
const TELLS_EVERY: Duration = Duration::from_millis(60);

/// Every version there is to be taken apart.
pub(in crate::cli) struct Anatomies {
    cast: Cast,
    dice: Dice,
    start: Timestamp,
    versions: BTreeMap<Digest, (&'static Line, &'static str)>,
    /// Layers that have been read before.
    seen: Mutex<HashSet<Digest>>,
}

impl Anatomies {
    pub(super) fn new(cast: &Cast, dice: Dice, start: Timestamp) -> Self {
        let mut versions = BTreeMap::new();
        for line in &LINES {
            for version in line.versions {
                for build in [Build::First, Build::Second, Build::Lost] {
                    let identity = cast.identity(line.role, version, build);
                    versions.insert(identity, (line, *version));
                }
            }
        }
        Self {
            cast: cast.clone(),
            dice,
            start,
            versions,
            seen: Mutex::default(),
        }
    }

    /// Takes a version apart, telling how far it is. Nothing, when it was cancelled.
    pub(in crate::cli) async fn explain(
        &self,
        identity: &Digest,
        tell: &mpsc::Sender<Explaining>,
        cancel: &CancellationToken,
    ) -> Option<Result<Report, String>> {
        let Some((line, version)) = self.versions.get(identity) else {
            return Some(Err(
                "this version was built here a moment ago: what is made up as one goes has no files to look at".to_owned(),
            ));
        };
        let facts = self.facts(identity, line, version);
        let told = std::sync::Arc::new(facts.clone());
        let layers = self.layers(identity, line, version);
        // Whoever has gone cancels, too.
        let _ = tell
            .send(Explaining::Facts {
                facts: told,
                sizes: layers
                    .iter()
                    .map(|layer| Some(layer.file_bytes()))
                    .collect(),
            })
            .await;
        let fresh: u64 = layers
            .iter()
            .filter(|layer| !self.knows(&layer.diff_id))
            .map(|layer| layer.tar_bytes.0)
            .sum();
        let mut done = 0;
        for (place, layer) in layers.iter().enumerate() {
            let remembered = self.knows(&layer.diff_id);
            if !remembered {
                let end = done + layer.tar_bytes.0;
                while done < end {
                    tokio::select! {
                        () = cancel.cancelled() => return None,
                        () = tokio::time::sleep(TELLS_EVERY) => {}
                    }
                    let step = BYTES_A_SECOND / 1_000 * 60;
                    done = (done + step).min(end);
                    let bytes = Explaining::Bytes {
                        done: Bytes(done),
                        total: Some(Bytes(fresh)),
                    };
                    let _ = tell.send(bytes).await;
                }
                self.learn(&layer.diff_id);
            }
            let read = LayerRead {
                bytes: layer.file_bytes(),
                entries: layer.entries().len(),
                remembered,
            };
            let _ = tell.send(Explaining::Layer { place, read }).await;
        }
        let known = self.known(identity);
        let now = self.start;
        let worked_out = tokio::task::spawn_blocking(move || {
            let mut layers = layers.into_iter();
            Anatomy::assemble(facts, |_| layers.next())
                .map(|anatomy| Report::of(anatomy, &known, &AcceptanceList::default(), now))
                .map_err(|error| error.to_string())
        });
        let report = worked_out.await;
        Some(report.unwrap_or_else(|error| Err(error.to_string())))
    }

    /// The content of a file.
    pub(in crate::cli) fn read(&self, of: &FileAt) -> Result<Content, String> {
        let path = String::from_utf8_lossy(&of.path).into_owned();
        let (line, version) = self
            .versions
            .get(&of.identity)
            .ok_or_else(|| format!("/{path} cannot be read: this version is not known"))?;
        let parts = self.parts(&of.identity, line, version);
        let last = of.layer.unwrap_or(parts.len());
        let found = parts
            .into_iter()
            .take(last.saturating_add(1))
            .flatten()
            .rfind(|part| part.path() == path);
        let Some(part) = found else {
            return Err(format!("/{path} is no file that could be read"));
        };
        Ok(contents::content(self.dice, &part))
    }

    /// What a shell in a container of a version finds: the layers, one over the other.
    pub(super) fn interior(&self, identity: &Digest) -> Option<Interior> {
        let (line, version) = self.versions.get(identity)?;
        let mut files: BTreeMap<String, File> = BTreeMap::new();
        for part in self.parts(identity, line, version).iter().flatten() {
            let path = format!("/{}", part.path());
            match part.found() {
                Some(file) => {
                    // Its owner may have changed since; what it says has not.
                    let text = files.get(&path).and_then(|before| before.text.clone());
                    let text = file.text.clone().or(text);
                    files.insert(path, File { text, ..file });
                }
                None => files.retain(|one, _| {
                    let below = one.strip_prefix(&path);
                    !below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                }),
            }
        }
        Some(Interior {
            user: contents::USER.to_owned(),
            working_dir: contents::WORKING_DIR.to_owned(),
            files,
        })
    }

    /// The layers of every version, by what it is called.
    fn known(&self, but: &Digest) -> Vec<Known> {
        let all = LINES
            .iter()
            .flat_map(|line| line.versions.iter().map(move |version| (line, *version)));
        let images = all.filter_map(|(line, version)| {
            let identity = &self.cast.identity(line.role, version, Build::First);
            let name = self.cast.image(line.role);
            let layers = lay::layers(self.dice, name, identity);
            let diff_ids = layers.into_iter().map(|(digest, _)| digest).collect();
            (identity != but).then(|| (format!("{name} {version}"), diff_ids))
        });
        let base = lay::layers(self.dice, "", &self.dice.digest("base alone"));
        let base = base.into_iter().take(1).map(|(digest, _)| digest).collect();
        images
            .chain([("debian:bookworm-slim".to_owned(), base)])
            .collect()
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, HashSet<Digest>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn knows(&self, diff_id: &Digest) -> bool {
        self.seen().contains(diff_id)
    }

    fn learn(&self, diff_id: &Digest) {
        self.seen().insert(diff_id.clone());
    }

    fn parts(&self, identity: &Digest, line: &Line, version: &str) -> Vec<Vec<Part>> {
        let name = self.cast.image(line.role);
        let sizes = lay::layers(self.dice, name, identity);
        contents::parts(self.dice, (name, version), &sizes)
    }

    /// The layers, read.
    fn layers(&self, identity: &Digest, line: &Line, version: &str) -> Vec<LayerIndex> {
        let name = self.cast.image(line.role);
        let sizes = lay::layers(self.dice, name, identity);
        let parts = contents::parts(self.dice, (name, version), &sizes);
        parts
            .iter()
            .zip(sizes)
            .filter_map(|(parts, (diff_id, _))| contents::index(self.dice, parts, diff_id).ok())
            .collect()
    }

    /// What an image says of itself.
    fn facts(&self, identity: &Digest, line: &Line, version: &str) -> ImageFacts {
        let name = self.cast.image(line.role);
        let past = Past {
            dice: self.dice,
            cast: &self.cast,
            start: self.start,
        };
        let built = past.built(line, version);
        let steps = steps(name, built);
        let mut made = steps.iter().filter(|step| !step.empty);
        let layers = lay::layers(self.dice, name, identity)
            .into_iter()
            .map(|(diff_id, bytes)| LayerFacts {
                blob: Some(self.dice.digest(&format!("blob {diff_id}"))),
                // As gzip leaves it.
                blob_bytes: Some(Bytes(bytes.0 / 5 * 2)),
                diff_id,
                presence: Presence::Present,
                step: made.next().cloned(),
            })
            .collect();
        let repository = self.cast.repository(line.role, line.hosted);
        ImageFacts {
            names: vec![format!("{repository}:{version}")],
            index: None,
            manifest: None,
            config: identity.clone(),
            platform: "linux/amd64".to_owned(),
            created: Some(built),
            settings: Settings {
                env: vec![
                    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
                    "CARGO_HOME=/usr/local/cargo".to_owned(),
                    format!("APP_VERSION={version}"),
                    "TZ=UTC".to_owned(),
                ],
                entrypoint: vec!["/usr/bin/tini".to_owned(), "--".to_owned()],
                cmd: vec![format!("/srv/app/bin/{name}")],
                user: contents::USER.to_owned(),
                working_dir: contents::WORKING_DIR.to_owned(),
                ports: vec!["8080/tcp".to_owned()],
                labels: lay::labels(&self.cast, line, version),
                ..Settings::default()
            },
            layers,
            history: History {
                steps,
                fit: Fit::Whole,
            },
        }
    }
}

/// The steps of a build, in the order of the Dockerfile.
fn steps(name: &str, built: Timestamp) -> Vec<Step> {
    let base = built - chrono::TimeDelta::days(9);
    let told: [(&str, bool); 12] = [
        (
            "# debian.sh --arch 'amd64' out/ 'bookworm' '@1794528000'",
            false,
        ),
        ("CMD [\"bash\"]", true),
        (contents::RUN_APT, false),
        ("WORKDIR /srv/app", true),
        ("COPY Cargo.toml Cargo.lock ./", false),
        ("RUN cargo fetch --locked", false),
        ("COPY . .", false),
        ("RUN cargo test --release", false),
        (contents::RUN_BUILD, false),
        ("USER app", true),
        ("EXPOSE 8080/tcp", true),
        ("ENTRYPOINT [\"/usr/bin/tini\" \"--\"]", true),
    ];
    told.into_iter()
        .chain([("", true)])
        .enumerate()
        .map(|(at, (instruction, empty))| {
            let instruction = if instruction.is_empty() {
                format!("CMD [\"/srv/app/bin/{name}\"]")
            } else {
                instruction.to_owned()
            };
            Step {
                number: at + 1,
                raw: instruction.clone(),
                instruction,
                created: Some(if at < 2 { base } else { built }),
                comment: (at >= 2).then(|| "buildkit.dockerfile.v0".to_owned()),
                empty,
            }
        })
        .collect()
}
