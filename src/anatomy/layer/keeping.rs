//! Which files' contents are kept whole, because they explain others.
//!
//! Everything that works on kept contents (packages, releases, users, where a loader looks)
//! finds here that it is kept; a rule that is missing here is a file that is never seen.

use super::kept::LARGEST;

/// Which files, and how long at most.
struct Rule {
    directory: Directory,
    name: Name,
    most: u64,
}

enum Directory {
    Any,
    Is(&'static [u8]),
    EndsWith(&'static [u8]),
    /// `node_modules/NAME` or `node_modules/@SCOPE/NAME`.
    NodeModule,
}

enum Name {
    Is(&'static [u8]),
    /// Begins and ends with these.
    Like(&'static [u8], &'static [u8]),
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

const fn rule(directory: Directory, name: Name, most: u64) -> Rule {
    Rule {
        directory,
        name,
        most,
    }
}

/// A database of packages at one place.
const fn database(directory: &'static [u8], name: &'static [u8]) -> Rule {
    rule(Directory::Is(directory), Name::Is(name), LARGEST)
}

/// A small file at one place.
const fn small(directory: &'static [u8], name: &'static [u8]) -> Rule {
    rule(Directory::Is(directory), Name::Is(name), MIB)
}

static RULES: [Rule; 27] = [
    database(b"var/lib/dpkg", b"status"),
    database(b"var/lib/dpkg", b"diversions"),
    database(b"var/lib/apt", b"extended_states"),
    rule(
        Directory::Is(b"var/lib/dpkg/info"),
        Name::Like(b"", b".list"),
        16 * MIB,
    ),
    // Images without dpkg have one file a package, and its files' sums beside.
    rule(
        Directory::Is(b"var/lib/dpkg/status.d"),
        Name::Like(b"", b""),
        16 * MIB,
    ),
    database(b"lib/apk/db", b"installed"),
    database(b"usr/lib/apk/db", b"installed"),
    small(b"etc/apk", b"world"),
    // What is still in a write-ahead log beside it (`rpmdb.sqlite-wal`) is not seen.
    database(b"var/lib/rpm", b"rpmdb.sqlite"),
    database(b"usr/lib/sysimage/rpm", b"rpmdb.sqlite"),
    database(b"usr/share/rpm", b"rpmdb.sqlite"),
    rule(
        Directory::EndsWith(b".dist-info"),
        Name::Is(b"METADATA"),
        MIB,
    ),
    rule(
        Directory::EndsWith(b".dist-info"),
        Name::Is(b"RECORD"),
        16 * MIB,
    ),
    rule(
        Directory::EndsWith(b".egg-info"),
        Name::Is(b"PKG-INFO"),
        MIB,
    ),
    rule(
        Directory::EndsWith(b".egg-info"),
        Name::Is(b"installed-files.txt"),
        16 * MIB,
    ),
    rule(Directory::EndsWith(b"EGG-INFO"), Name::Is(b"PKG-INFO"), MIB),
    rule(Directory::Any, Name::Like(b"", b".egg-info"), MIB),
    rule(Directory::NodeModule, Name::Is(b"package.json"), 256 * KIB),
    small(b"etc", b"os-release"),
    small(b"usr/lib", b"os-release"),
    small(b"etc", b"passwd"),
    small(b"etc", b"group"),
    small(b"etc", b"ld.so.conf"),
    rule(
        Directory::Is(b"etc/ld.so.conf.d"),
        Name::Like(b"", b".conf"),
        MIB,
    ),
    rule(
        Directory::Is(b"etc"),
        Name::Like(b"ld-musl-", b".path"),
        MIB,
    ),
    small(b"etc", b"alpine-release"),
    small(b"etc", b"debian_version"),
];

/// How many bytes of a file are kept at most, by its directory and name; nothing: it is not
/// kept.
pub(super) fn most(directory: &[u8], name: &[u8]) -> Option<u64> {
    RULES
        .iter()
        .find(|rule| rule.name.matches(name) && rule.directory.matches(directory))
        .map(|rule| rule.most)
}

impl Name {
    fn matches(&self, name: &[u8]) -> bool {
        match self {
            Self::Is(it) => *it == name,
            Self::Like(begin, end) => name.starts_with(begin) && name.ends_with(end),
        }
    }
}

impl Directory {
    fn matches(&self, directory: &[u8]) -> bool {
        match self {
            Self::Any => true,
            Self::Is(it) => *it == directory,
            Self::EndsWith(end) => directory.ends_with(end),
            Self::NodeModule => is_node_module(directory),
        }
    }
}

fn is_node_module(directory: &[u8]) -> bool {
    let mut parts = directory.rsplit(|byte| *byte == b'/');
    let (name, up, above) = (parts.next(), parts.next(), parts.next());
    let named = name.is_some_and(|name| !name.is_empty() && !name.starts_with(b"@"));
    match (up, above) {
        (Some(b"node_modules"), _) => named,
        (Some(scope), Some(b"node_modules")) => named && scope.starts_with(b"@"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_explains_others_is_kept_and_nothing_else() {
        let most = |path: &str| {
            let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
            most(directory.as_bytes(), name.as_bytes())
        };
        for kept in [
            "var/lib/dpkg/status",
            "var/lib/dpkg/status.d/tzdata",
            "var/lib/dpkg/status.d/tzdata.md5sums",
            "var/lib/dpkg/info/libc6:amd64.list",
            "var/lib/dpkg/diversions",
            "lib/apk/db/installed",
            "usr/lib/apk/db/installed",
            "var/lib/rpm/rpmdb.sqlite",
            "usr/lib/sysimage/rpm/rpmdb.sqlite",
            "usr/lib/python3/dist-packages/six-1.16.dist-info/METADATA",
            "app/venv/lib/python3.12/site-packages/six-1.16.dist-info/RECORD",
            "usr/lib/python3/dist-packages/six.egg-info/PKG-INFO",
            "usr/lib/python3/dist-packages/six.egg-info",
            "app/node_modules/express/package.json",
            "app/node_modules/@types/node/package.json",
            "app/node_modules/.pnpm/a@1/node_modules/a/package.json",
            "etc/os-release",
            "usr/lib/os-release",
            "etc/passwd",
            "etc/ld.so.conf",
            "etc/ld.so.conf.d/libc.conf",
        ] {
            assert!(most(kept).is_some(), "{kept}");
        }
        for other in [
            "status",
            "var/lib/dpkg/status-old",
            "var/lib/dpkg/info/libc6:amd64.md5sums",
            "var/lib/rpm/rpmdb.sqlite-wal",
            "METADATA",
            "app/METADATA",
            "app/package.json",
            "app/node_modules/express/lib/package.json",
            "app/node_modules/package.json",
            "etc/shadow",
            "root/etc/passwd",
        ] {
            assert_eq!(most(other), None, "{other}");
        }
        assert_eq!(most("a/node_modules/b/package.json"), Some(256 << 10));
    }
}
