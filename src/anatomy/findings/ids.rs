//! Every finding there is, by the name it keeps for good.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

macro_rules! findings {
    ($($variant:ident = $id:literal, $about:literal;)+) => {
        /// What a finding is about. The names are stable: acceptance lists and dashboards
        /// refer to them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FindingId {
            $(#[doc = $about] $variant,)+
        }

        impl FindingId {
            /// All of them, in the order they are told.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Its name, as it is written everywhere.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $id,)+ }
            }

            /// What it is about, in one sentence.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self { $(Self::$variant => $about,)+ }
            }
        }
    };
}

findings! {
    WasteDeleted = "waste-deleted", "A step deletes what a lower one wrote; the bytes are shipped all the same.";
    WasteReplaced = "waste-replaced", "A step writes anew what a lower one wrote; both copies are shipped.";
    WasteMetadata = "waste-metadata", "A step changes only owner, mode or attributes, and copies the whole content for it.";
    WasteDoubled = "waste-doubled", "A layer's archive has the same path more than once; all but the last are shipped for nothing.";
    SameContent = "same-content", "Files that are not hard links of each other have the same content.";
    AptLists = "apt-lists", "Package lists of apt are in the image.";
    AptArchives = "apt-archives", "Packages or indexes that apt keeps are in the image.";
    ApkCache = "apk-cache", "Indexes or packages that apk keeps are in the image.";
    RpmCache = "rpm-cache", "What dnf, yum or zypper keeps is in the image.";
    PacmanCache = "pacman-cache", "Packages or databases that pacman keeps are in the image.";
    PipCache = "pip-cache", "What pip, uv, Poetry or conda keeps is in the image.";
    NpmCache = "npm-cache", "What npm, yarn or pnpm keeps is in the image.";
    CargoCache = "cargo-cache", "The registry or build output of Cargo is in the image.";
    GoCache = "go-cache", "The module or build cache of Go is in the image.";
    BuildCache = "build-cache", "What another build tool keeps (Maven, Gradle, Composer, Bundler, ccache …) is in the image.";
    Toolchain = "toolchain", "A compiler or build system is in an image that is run.";
    HeavyComponent = "heavy-component", "A browser, media tool or machine learning library or model is in the image.";
    BuildOnlyFiles = "build-only-files", "Headers, static libraries or pkg-config files are in the image.";
    BuildLeftovers = "build-leftovers", "Caches of test runners, linters and frameworks, object files or debug builds are in the image.";
    SourceMaps = "source-maps", "Source maps are in the image.";
    CompiledPython = "compiled-python", "Python files compiled ahead of the first start are in the image.";
    UnstrippedPrograms = "unstripped-programs", "Programs or libraries carry symbol tables that only a debugger reads.";
    DebugSymbols = "debug-symbols", "Debug information is in the image.";
    Documentation = "documentation", "Documentation is in the image.";
    ManualPages = "manual-pages", "Manual pages are in the image.";
    Locales = "locales", "Translations and locales are in the image.";
    LogFiles = "log-files", "Logs of the build are in the image.";
    TemporaryFiles = "temporary-files", "Temporary files of the build are in the image.";
    EditorFiles = "editor-files", "Files that editors and desktops leave behind are in the image.";
    GitDirectory = "git-directory", "A Git repository, with its history, is in the image.";
    EnvFile = "env-file", "A file of environment variables, where secrets are kept, is in the image.";
    PrivateKey = "private-key", "A private key is in the image.";
    CredentialsFile = "credentials-file", "A file that holds credentials is in the image.";
    HiddenSecret = "hidden-secret", "A file with secrets is hidden by a later layer, and still in the image for whoever looks.";
    ReadableSecret = "readable-secret", "A file with secrets can be read by every user of the container.";
    SecretInEnv = "secret-in-env", "An environment variable of the image looks like a credential.";
    SecretInLabel = "secret-in-label", "A label of the image looks like a credential.";
    SecretInHistory = "secret-in-history", "The history of the image tells a credential.";
    SetuidFile = "setuid-file", "Programs run with their owner's or group's rights, whoever starts them.";
    FileCapability = "file-capability", "Programs have capabilities, whoever starts them.";
    WorldWritable = "world-writable", "Every user may write to a file or directory that is not sticky.";
    RunsAsRoot = "runs-as-root", "The container runs as root unless it is told otherwise.";
    NoHealthCheck = "no-health-check", "The image says nothing of how to tell that it is well.";
    NothingToStart = "nothing-to-start", "The image has neither an entry point nor a command.";
    EntryPointMissing = "entry-point-missing", "What the image starts is not in it.";
    EntryPointNotExecutable = "entry-point-not-executable", "What the image starts is there, but may not be executed.";
    InterpreterMissing = "interpreter-missing", "What the image starts asks for an interpreter or loader that the image does not have.";
    WrongLibc = "wrong-libc", "What the image starts was built for another C library than the image has.";
    LibraryMissing = "library-missing", "What the image starts asks for a library that the image does not have.";
    TooManyLayers = "too-many-layers", "The image has more layers than it needs.";
    OversizedLayer = "oversized-layer", "One layer is most of the image, so every change to it moves most of the image.";
    LargeFile = "large-file", "A single file is a large part of the image.";
    AbsentLayer = "absent-layer", "A layer's content was not there to be looked at.";
    FullBase = "full-base", "The base image brings documentation and translations that its slim variant leaves out.";
    BaseUnknown = "base-unknown", "The image does not say what it was built on.";
    BaseNotPinned = "base-not-pinned", "The image was built on a tag that moves.";
    AptUpdateAlone = "apt-update-alone", "Package lists are fetched in a step that installs nothing: the step is cached, the lists go stale.";
    AptRecommends = "apt-recommends", "Packages are installed together with all that they recommend.";
    InstallWithoutCleanup = "install-without-cleanup", "A step installs packages and leaves the package manager's lists and downloads in its layer.";
    SystemUpgrade = "system-upgrade", "A step upgrades the packages of the base image.";
    PipKeepsCache = "pip-keeps-cache", "A step installs with pip and leaves pip's cache in its layer.";
    NpmInstall = "npm-install", "A step installs with `npm install`, which may change the locked versions.";
    AddRemote = "add-remote", "A step adds a file from the network without a checksum.";
    PipeToShell = "pipe-to-shell", "A step runs what it downloads without looking at it.";
    RecursiveOwnership = "recursive-ownership", "A step does nothing but change owners or modes of whole directories.";
    Sudo = "sudo", "A step uses sudo, although steps run as root.";
    ContextCopied = "context-copied", "A step copies the whole build context, with files in it that were not meant.";
    ConsecutiveRuns = "consecutive-runs", "Several RUN steps stand in a row.";
    OddPath = "odd-path", "A layer's archive has absolute paths or ones with `..` in them.";
    DoubledPath = "doubled-path", "A layer's archive has the same path more than once.";
    BelowSymlink = "below-symlink", "A layer has paths below a directory that a lower layer has as a symlink.";
    OddEntry = "odd-entry", "A layer's archive has entries of an unknown type.";
    NotLookedInto = "not-looked-into", "Files that explain others were too large to be looked into.";
}

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for FindingId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// There is no finding of that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no finding `{0}`")]
pub struct NoSuchFinding(pub String);

impl FromStr for FindingId {
    type Err = NoSuchFinding;

    fn from_str(text: &str) -> Result<Self, NoSuchFinding> {
        let found = Self::ALL.iter().find(|id| id.as_str() == text);
        found.copied().ok_or_else(|| NoSuchFinding(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kebab_case_and_each_is_one() {
        let mut seen = std::collections::HashSet::new();
        for id in FindingId::ALL {
            let name = id.as_str();
            assert!(seen.insert(name), "{name} twice");
            assert!(
                name.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
            );
            assert_eq!(name.parse(), Ok(*id));
            assert!(id.about().ends_with('.'), "{name}");
        }
        assert!("waste".parse::<FindingId>().is_err());
    }
}
