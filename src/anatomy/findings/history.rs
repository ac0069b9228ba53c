//! Habits of Dockerfiles that the history tells of. Where the layer can be looked at, what
//! counts is what is in it, not what the instruction leaves unsaid: a cache mount leaves no
//! trace in the history, and none in the layer.

use super::finding::{Finding, Places, Severity};
use super::ids::FindingId;
use super::shell::{Command, commands, keyword, script};
use crate::anatomy::image::Step;
use crate::anatomy::layer::index::Kind;
use crate::anatomy::merged::{EntryId, LayerNo, NodeId};
use crate::anatomy::whole::Anatomy;
use crate::model::bytes::Bytes;

/// RUN steps in a row that are worth a word.
const IN_A_ROW: usize = 3;
/// Less is a lock file or an empty directory's log.
const AT_LEAST: u64 = 10_000;

/// One RUN step, read.
struct Run<'a> {
    step: &'a Step,
    commands: Vec<Command>,
    /// Its layer, where that is known and there.
    layer: Option<LayerNo>,
}

pub(super) fn findings(anatomy: &Anatomy, places: &Places<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for step in &anatomy.facts.history.steps {
        let layer = layer_of(anatomy, step);
        let place = || places.step(step.number, &step.instruction);
        let found: Vec<Finding> = match script(&step.instruction) {
            Some(script) => {
                let run = Run {
                    step,
                    commands: commands(script),
                    layer,
                };
                run.findings(anatomy)
            }
            None => add_remote(step)
                .into_iter()
                .chain(context(anatomy, step, layer))
                .collect(),
        };
        findings.extend(found.into_iter().map(|finding| finding.at(place())));
    }
    findings.extend(in_a_row(anatomy, places));
    findings
}

/// The layer a step made, if its content is there.
fn layer_of(anatomy: &Anatomy, step: &Step) -> Option<LayerNo> {
    let made = |facts: &crate::anatomy::image::LayerFacts| {
        facts.step.as_ref().map(|it| it.number) == Some(step.number)
    };
    let place = anatomy.facts.layers.iter().position(made)?;
    let is_there = anatomy.archives.get(place).is_some_and(Option::is_some);
    let layer = u16::try_from(place).ok().map(LayerNo);
    layer.filter(|_| is_there)
}

impl Run<'_> {
    fn findings(&self, anatomy: &Anatomy) -> Vec<Finding> {
        [
            self.apt_update_alone(),
            self.apt_recommends(),
            self.no_cleanup(anatomy),
            self.upgrade(),
            self.pip(anatomy),
            self.npm(),
            self.pipe_to_shell(),
            self.ownership(anatomy),
            self.sudo(),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn number(&self) -> usize {
        self.step.number
    }

    fn all(&self, programs: &'static [&'static str]) -> impl Iterator<Item = &Command> {
        let of = move |command: &&Command| programs.contains(&behind_sudo(command).program());
        self.commands.iter().filter(of)
    }

    fn installs(&self) -> impl Iterator<Item = &Command> {
        let all = self.all(&["apt-get", "apt", "aptitude"]);
        all.filter(|command| verb_is(command, &["install"]))
    }

    fn apt_update_alone(&self) -> Option<Finding> {
        let mut apt = self.all(&["apt-get", "apt", "aptitude"]);
        let updates = apt.any(|command| verb_is(command, &["update"]));
        let others = [
            "install",
            "upgrade",
            "dist-upgrade",
            "full-upgrade",
            "build-dep",
            "satisfy",
        ];
        let mut apt = self.all(&["apt-get", "apt", "aptitude"]);
        let does_more = apt.any(|command| verb_is(command, &others));
        (updates && !does_more).then(|| {
            Finding::new(
                FindingId::AptUpdateAlone,
                Severity::Low,
                format!("Step {} fetches package lists and installs nothing", self.number()),
                "Put apt-get update and apt-get install in one RUN: a cached update installs old versions, or none.",
            )
        })
    }

    fn apt_recommends(&self) -> Option<Finding> {
        let with = self.installs().any(|command| {
            !command.arguments().any(|word| {
                let word = word.to_ascii_lowercase();
                word == "--no-install-recommends"
                    || (word.contains("install-recommends=")
                        && (word.ends_with("=0")
                            || word.ends_with("=false")
                            || word.ends_with("=no")))
            })
        });
        with.then(|| {
            Finding::new(
                FindingId::AptRecommends,
                Severity::Note,
                format!(
                    "Step {} installs packages with all that they recommend",
                    self.number()
                ),
                "Add --no-install-recommends, and name what is missing then.",
            )
        })
    }

    fn no_cleanup(&self, anatomy: &Anatomy) -> Option<Finding> {
        let managers: [(&'static [&'static str], &[&str], &[&str]); 5] = [
            (
                &["apt-get", "apt", "aptitude"],
                &["install", "update"],
                &["var/lib/apt/lists", "var/cache/apt"],
            ),
            (&["apk"], &["add"], &["var/cache/apk", "etc/apk/cache"]),
            (
                &["dnf", "microdnf", "yum", "dnf5"],
                &["install", "update", "upgrade"],
                &["var/cache/dnf", "var/cache/yum", "var/cache/libdnf5"],
            ),
            (&["zypper"], &["install", "in"], &["var/cache/zypp"]),
            (
                &["pacman"],
                &["-S", "-Sy", "-Syu"],
                &["var/cache/pacman/pkg", "var/lib/pacman/sync"],
            ),
        ];
        for (programs, verbs, folders) in managers {
            let mut all = self.all(programs);
            let installs = all.any(|it| verb_is(it, verbs) || it.has(&["-S", "-Sy", "-Syu"]));
            if !installs {
                continue;
            }
            let left = match self.layer {
                Some(layer) => folders
                    .iter()
                    .map(|folder| bytes_below(anatomy, folder.as_bytes(), layer))
                    .fold(0, u64::saturating_add),
                // Not to be seen: only what the instruction says counts.
                None if self.says_it_cleans(programs) => 0,
                None => {
                    return Some(self.left(
                        None,
                        "may leave the package manager's lists and downloads in its layer",
                    ));
                }
            };
            if left >= AT_LEAST {
                let bytes = Bytes(left);
                let what = format!(
                    "leaves {bytes} of the package manager's lists and downloads in its layer"
                );
                return Some(self.left(Some(bytes), &what));
            }
        }
        None
    }

    fn left(&self, bytes: Option<Bytes>, what: &str) -> Finding {
        let severity = bytes.map_or(Severity::Note, Severity::of_bytes);
        let mut finding = Finding::new(
            FindingId::InstallWithoutCleanup,
            severity,
            format!("Step {} {what}", self.number()),
            "Clean up in the same RUN (rm -rf /var/lib/apt/lists/*, apk add --no-cache, dnf clean all), or use a cache mount.",
        );
        finding.bytes = bytes;
        finding
    }

    fn says_it_cleans(&self, programs: &'static [&'static str]) -> bool {
        let removes = self.all(&["rm"]).any(|it| {
            it.arguments()
                .any(|word| word.contains("/var/lib/apt/lists") || word.contains("/var/cache/"))
        });
        let cleans = self
            .all(programs)
            .any(|it| it.has(&["clean", "--no-cache", "autoclean", "-Scc"]));
        removes || cleans
    }

    fn upgrade(&self) -> Option<Finding> {
        let apt = self.all(&["apt-get", "apt", "aptitude"]).any(|it| {
            verb_is(
                it,
                &["upgrade", "dist-upgrade", "full-upgrade", "safe-upgrade"],
            )
        });
        let others = self
            .all(&["apk", "dnf", "microdnf", "yum", "zypper"])
            .any(|it| verb_is(it, &["upgrade", "update", "dup"]) && whole_system(it));
        (apt || others).then(|| {
            Finding::new(
                FindingId::SystemUpgrade,
                Severity::Low,
                format!("Step {} upgrades the packages of the base image", self.number()),
                "Start from a newer base image: an upgrade ships the packages a second time, and each build installs others.",
            )
        })
    }

    fn pip(&self, anatomy: &Anatomy) -> Option<Finding> {
        let keeps = |command: &Command| {
            let words: Vec<&str> = command.arguments().collect();
            let module = behind_sudo(command).program().starts_with("python");
            let is_pip = !module || words.windows(2).any(|pair| pair == ["-m", "pip"]);
            is_pip && words.contains(&"install") && !words.contains(&"--no-cache-dir")
        };
        let asks = self.all(&["pip", "pip3", "python", "python3"]).any(keeps);
        let by_variable = anatomy.facts.settings.env.iter().any(|it| {
            it.strip_prefix("PIP_NO_CACHE_DIR=")
                .is_some_and(|value| !value.is_empty())
        });
        if !asks || by_variable {
            return None;
        }
        let bytes = self.layer.map(|layer| pip_cache(anatomy, layer));
        if bytes.is_some_and(|bytes| bytes < AT_LEAST) {
            return None;
        }
        let mut finding = Finding::new(
            FindingId::PipKeepsCache,
            bytes.map_or(Severity::Note, |bytes| Severity::of_bytes(Bytes(bytes))),
            format!(
                "Step {} installs with pip and keeps its cache",
                self.number()
            ),
            "Add --no-cache-dir, or use a cache mount for /root/.cache/pip.",
        );
        finding.bytes = bytes.map(Bytes);
        Some(finding)
    }

    fn npm(&self) -> Option<Finding> {
        let project = |command: &&Command| {
            let global = command.has(&["-g", "--global", "--location=global"]);
            let mut names = command.arguments().filter(|word| !word.starts_with('-'));
            let verb = names.next();
            !global && matches!(verb, Some("install" | "i")) && names.next().is_none()
        };
        self.all(&["npm"]).find(project).map(|_| {
            Finding::new(
                FindingId::NpmInstall,
                Severity::Low,
                format!("Step {} installs with npm install", self.number()),
                "Use npm ci --omit=dev: it installs what the lock file says, and fails when that is out of date.",
            )
        })
    }

    fn pipe_to_shell(&self) -> Option<Finding> {
        const SHELLS: &[&str] = &[
            "sh", "bash", "ash", "dash", "zsh", "python", "python3", "perl", "ruby", "node",
        ];
        const FETCHERS: &[&str] = &["curl", "wget"];
        let mut fetched = false;
        let mut found = false;
        for command in &self.commands {
            let command = behind_sudo(command);
            let program = command.program();
            found |= fetched && SHELLS.contains(&program) && !command.has(&["-c", "-m"]);
            // What is fetched goes on through filters.
            fetched = (FETCHERS.contains(&program) || fetched) && command.piped;
            // `sh -c "$(curl …)"`, `bash <(curl …)`.
            let inner = command.words.iter().any(|word| {
                FETCHERS.iter().any(|it| {
                    word.starts_with(&format!("$({it} ")) || word.starts_with(&format!("`{it} "))
                })
            });
            found |= SHELLS.contains(&program) && inner;
            found |=
                SHELLS.contains(&program) && command.words.last().is_some_and(|word| word == "<");
        }
        found.then(|| {
            Finding::new(
                FindingId::PipeToShell,
                Severity::Medium,
                format!("Step {} runs what it downloads without looking at it", self.number()),
                "Download it, compare its checksum, then run it; or install a package that is signed.",
            )
        })
    }

    fn ownership(&self, anatomy: &Anatomy) -> Option<Finding> {
        let changes = |command: &Command| {
            let command = behind_sudo(command);
            matches!(command.program(), "chown" | "chmod" | "chgrp")
                && command.arguments().any(is_recursive)
        };
        let harmless = |command: &Command| {
            matches!(
                command.program(),
                "set" | "cd" | "echo" | "true" | ":" | "chown" | "chmod" | "chgrp"
            )
        };
        let only = self.commands.iter().any(changes) && self.commands.iter().all(harmless);
        if !only {
            return None;
        }
        let bytes = self.layer.map(|layer| anatomy.merged.bytes_of(layer));
        // Nothing was copied: there was nothing to change, or the engine shares the content.
        if bytes.is_some_and(|bytes| bytes.0 < AT_LEAST) {
            return None;
        }
        let what = bytes.map_or_else(String::new, |bytes| format!(": {bytes} are shipped again"));
        let mut finding = Finding::new(
            FindingId::RecursiveOwnership,
            bytes.map_or(Severity::Low, |bytes| {
                Severity::of_bytes(bytes).max(Severity::Low)
            }),
            format!(
                "Step {} does nothing but change owners or modes{what}",
                self.number()
            ),
            "Give owner and mode where the files are copied (COPY --chown=… --chmod=…).",
        );
        finding.bytes = bytes;
        Some(finding)
    }

    fn sudo(&self) -> Option<Finding> {
        let mut all = self.commands.iter();
        all.find(|command| command.program() == "sudo").map(|_| {
            Finding::new(
                FindingId::Sudo,
                Severity::Low,
                format!("Step {} uses sudo", self.number()),
                "Switch with USER instead: steps run as root unless told otherwise.",
            )
        })
    }
}

/// What sudo runs.
fn behind_sudo(command: &Command) -> Command {
    if command.program() != "sudo" {
        return command.clone();
    }
    let words = command.words.iter().skip(1);
    let words = words.skip_while(|word| word.starts_with('-') || word.contains('='));
    Command {
        words: words.cloned().collect(),
        piped: command.piped,
    }
}

fn verb_is(command: &Command, verbs: &[&str]) -> bool {
    let command = behind_sudo(command);
    let verb = command.verb();
    // An option before it may take a word: `apt-get -o Dpkg::Use-Pty=0 install`.
    verbs.contains(&verb) || (verb.contains("::") || verb.contains('=')) && command.has(verbs)
}

/// Whether no package is named, so that all are meant.
fn whole_system(command: &Command) -> bool {
    let command = behind_sudo(command);
    let names = command.arguments().filter(|word| !word.starts_with('-'));
    names.count() == 1
}

fn is_recursive(word: &str) -> bool {
    word == "--recursive"
        || (word.starts_with('-') && !word.starts_with("--") && word.contains('R'))
}

/// Bytes that a layer has below a folder, whatever became of them.
fn bytes_below(anatomy: &Anatomy, folder: &[u8], layer: LayerNo) -> u64 {
    let merged = &anatomy.merged;
    let mut ahead: Vec<NodeId> = merged.find(folder).into_iter().collect();
    let mut bytes: u64 = 0;
    while let Some(node) = ahead.pop() {
        let here = merged.history(node).filter_map(|id| merged.entry(id));
        for entry in here.filter(|entry| entry.layer == layer && entry.kind == Kind::File) {
            bytes = bytes.saturating_add(entry.size.0);
        }
        ahead.extend(merged.every_child(node));
    }
    bytes
}

/// Bytes of pip's cache in a layer, in whosever home it is.
fn pip_cache(anatomy: &Anatomy, layer: LayerNo) -> u64 {
    let merged = &anatomy.merged;
    let homes = merged.find(b"home").into_iter();
    let homes = homes.flat_map(|home| merged.every_child(home));
    let homes = homes.map(|home| merged.path(home));
    homes
        .chain([b"root".to_vec()])
        .map(|home| bytes_below(anatomy, &[&home[..], b"/.cache/pip"].concat(), layer))
        .fold(0, u64::saturating_add)
}

fn add_remote(step: &Step) -> Option<Finding> {
    let rest = keyword(&step.instruction, "ADD")?;
    let words = || rest.split_whitespace();
    let remote = words().any(|word| {
        let word = word.trim_matches(['"', '[', ']', ',']);
        word.starts_with("http://") || word.starts_with("https://")
    });
    let checked = words().any(|word| word.starts_with("--checksum"));
    (remote && !checked).then(|| {
        Finding::new(
            FindingId::AddRemote,
            Severity::Low,
            format!("Step {} adds a file from the network", step.number),
            "Give its checksum (ADD --checksum=sha256:…), so that the same source builds the same image.",
        )
    })
}

/// What a copied build context tells of having been copied unseen.
const GIVEAWAYS: &[(&[u8], Kind)] = &[
    (b".git", Kind::Directory),
    (b".env", Kind::File),
    (b"node_modules", Kind::Directory),
    (b".venv", Kind::Directory),
    (b"__pycache__", Kind::Directory),
    (b".idea", Kind::Directory),
    (b".vscode", Kind::Directory),
    (b".DS_Store", Kind::File),
    (b"Dockerfile", Kind::File),
];

fn context(anatomy: &Anatomy, step: &Step, layer: Option<LayerNo>) -> Option<Finding> {
    let rest = keyword(&step.instruction, "COPY").or_else(|| keyword(&step.instruction, "ADD"))?;
    let words: Vec<&str> = rest
        .split('#')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    if words.iter().any(|word| word.starts_with("--from")) {
        return None;
    }
    let paths = words.iter().filter(|word| !word.starts_with("--"));
    let paths: Vec<&str> = paths
        .map(|word| word.trim_matches(['"', '[', ']', ',']))
        .collect();
    let (_, sources) = paths.split_last()?;
    if !sources
        .iter()
        .any(|source| matches!(*source, "." | "./" | "/"))
    {
        return None;
    }
    let merged = &anatomy.merged;
    let mut told: Vec<&str> = Vec::new();
    let giveaway = |id: EntryId| {
        let entry = merged.entry(id)?;
        let name = merged.name(entry.node);
        let known = GIVEAWAYS
            .iter()
            .find(|(it, kind)| *it == name && entry.kind == *kind)?;
        std::str::from_utf8(known.0).ok()
    };
    for name in merged.entries_of(layer?).filter_map(giveaway) {
        if !told.contains(&name) {
            told.push(name);
        }
    }
    // A Dockerfile alone is no harm.
    if told.iter().all(|name| *name == "Dockerfile") {
        return None;
    }
    told.sort_unstable();
    let names = told.join(", ");
    Some(Finding::new(
        FindingId::ContextCopied,
        Severity::Medium,
        format!(
            "Step {} copies the whole build context, {names} included",
            step.number
        ),
        "Name them in .dockerignore, or copy only the folders that are needed.",
    ))
}

/// RUN steps in a row, the longest rows.
fn in_a_row(anatomy: &Anatomy, places: &Places<'_>) -> Option<Finding> {
    let steps = &anatomy.facts.history.steps;
    let is_run = |step: &Step| !step.empty && script(&step.instruction).is_some();
    let rows = steps.chunk_by(|one, two| is_run(one) == is_run(two));
    let rows = rows.filter(|row| row.first().is_some_and(is_run));
    let longest = rows.max_by_key(|row| row.len())?;
    let first = longest.first().filter(|_| longest.len() >= IN_A_ROW)?;
    let last = longest.last()?;
    let count = longest.len();
    let title = format!(
        "{count} RUN steps in a row, {} to {}",
        first.number, last.number
    );
    Some(
        Finding::new(
            FindingId::ConsecutiveRuns,
            Severity::Note,
            title,
            "Put together with && what always changes together; what one writes and another deletes stays in the image otherwise.",
        )
        .at(places.step(first.number, &first.instruction)),
    )
}
