//! Package lists, and what package managers and build tools keep.

use super::finding::Severity;
use super::groups::Group;
use super::ids::FindingId;

/// A lock or an empty index is nothing to speak of.
const AT_LEAST: u64 = 10_000;

const fn cache(
    id: FindingId,
    paths: &'static [&'static str],
    what: &'static str,
    remedy: &'static str,
) -> Group {
    Group {
        id,
        paths,
        except: &[],
        at_least: AT_LEAST,
        at_most: Severity::High,
        what,
        remedy,
    }
}

pub(super) const GROUPS: &[Group] = &[
    cache(
        FindingId::AptLists,
        &["var/lib/apt/lists/**"],
        "of package lists of apt",
        "Delete /var/lib/apt/lists/* in the RUN that fetched them, or put them in a cache mount.",
    ),
    cache(
        FindingId::AptArchives,
        &["var/cache/apt/**"],
        "of packages and indexes kept by apt",
        "Run apt-get clean in the RUN that installs, or put /var/cache/apt in a cache mount.",
    ),
    cache(
        FindingId::ApkCache,
        &["var/cache/apk/**", "etc/apk/cache/**"],
        "kept by apk",
        "Install with apk add --no-cache.",
    ),
    cache(
        FindingId::RpmCache,
        &["var/cache/{dnf,yum,zypp,libdnf5}/**"],
        "kept by dnf, yum or zypper",
        "Run dnf clean all in the RUN that installs, or put the cache in a cache mount.",
    ),
    cache(
        FindingId::PacmanCache,
        &["var/cache/pacman/pkg/**", "var/lib/pacman/sync/**"],
        "kept by pacman",
        "Run pacman -Scc --noconfirm in the RUN that installs.",
    ),
    cache(
        FindingId::PipCache,
        &[
            "**/.cache/{pip,uv,pypoetry,pipenv,pdm}/**",
            "opt/{conda,miniconda3,mambaforge,miniforge3}/pkgs/**",
        ],
        "kept by pip and its kin",
        "Install with pip install --no-cache-dir, or put the cache in a cache mount.",
    ),
    cache(
        FindingId::NpmCache,
        &[
            "**/.npm/{_cacache,_logs,_npx}/**",
            "**/.cache/{yarn,pnpm,node-gyp,node}/**",
            "**/.yarn/{cache,berry}/**",
            "**/.pnpm-store/**",
            "usr/local/share/.cache/yarn/**",
            "**/.local/share/pnpm/store/**",
            "**/.bun/install/cache/**",
        ],
        "kept by npm, yarn or pnpm",
        "Put the cache in a cache mount, or delete it in the RUN that installs.",
    ),
    cache(
        FindingId::CargoCache,
        &[
            "**/.cargo/{registry,git}/**",
            "usr/local/cargo/{registry,git}/**",
            "**/target/{debug,release}/{deps,build,incremental,.fingerprint}/**",
        ],
        "kept by Cargo",
        "Build in a stage of its own with cache mounts, and copy the program out of it.",
    ),
    cache(
        FindingId::GoCache,
        &["**/go/pkg/{mod,sumdb}/**", "**/.cache/go-build/**"],
        "kept by Go",
        "Build in a stage of its own with cache mounts, and copy the program out of it.",
    ),
    cache(
        FindingId::BuildCache,
        &[
            "**/.m2/repository/**",
            "**/.gradle/**",
            "**/.composer/cache/**",
            "**/.cache/{composer,bazel,ccache,sccache,pre-commit}/**",
            "**/.ccache/**",
            "usr/local/bundle/cache/**",
            "**/.gem/**/cache/**",
            "**/.nuget/packages/**",
            "**/.ivy2/cache/**",
        ],
        "kept by build tools",
        "Build in a stage of its own with a cache mount, and copy only what runs.",
    ),
];
