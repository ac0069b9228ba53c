//! How a RUN installs packages, and what of the package manager it leaves in the layer.

use super::{AT_LEAST, Run, behind_sudo};
use crate::anatomy::findings::finding::{Finding, Severity};
use crate::anatomy::findings::ids::FindingId;
use crate::anatomy::findings::shell::Command;
use crate::anatomy::layer::index::Kind;
use crate::anatomy::merged::{LayerNo, NodeId};
use crate::anatomy::whole::Anatomy;
use crate::model::bytes::Bytes;

impl Run<'_> {
    fn installs(&self) -> impl Iterator<Item = &Command> {
        let all = self.all(&["apt-get", "apt", "aptitude"]);
        all.filter(|command| verb_is(command, &["install"]))
    }

    pub(super) fn apt_update_alone(&self) -> Option<Finding> {
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

    pub(super) fn apt_recommends(&self) -> Option<Finding> {
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

    pub(super) fn no_cleanup(&self, anatomy: &Anatomy) -> Option<Finding> {
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

    pub(super) fn upgrade(&self) -> Option<Finding> {
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

    pub(super) fn pip(&self, anatomy: &Anatomy) -> Option<Finding> {
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

    pub(super) fn npm(&self) -> Option<Finding> {
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
