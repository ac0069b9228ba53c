//! The files of the demo's layers, told as tables: a Debian, what `apt-get` installs, what
//! `cargo` fetches and builds, and what is left behind on the way.

use std::collections::BTreeSet;

use super::dice::Dice;
use crate::anatomy::layer::builder::{LayerBuilder, NewEntry, Payload, TooMany};
use crate::anatomy::layer::index::{Kind, LayerIndex, Owner};
use crate::anatomy::layer::kept;
use crate::anatomy::layer::program::{Elf, Program};
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;
use crate::target::memory::File;
use crate::tui::effect::Content;

/// What installs the packages.
pub(super) const RUN_APT: &str = "RUN apt-get update && apt-get install -y --no-install-recommends \\\n    build-essential pkg-config libssl-dev ca-certificates tini curl";

/// What builds, and cleans up too late.
pub(super) const RUN_BUILD: &str = "RUN cargo build --release --locked \\\n    && install -D target/release/app bin/app \\\n    && rm -rf target /usr/local/cargo/registry \\\n    && chown -R app:app /srv/app";

/// As whom the demo's images run, and where.
pub(super) const USER: &str = "app";
pub(super) const WORKING_DIR: &str = "/srv/app";

/// Whose files are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Root,
    App,
}

/// How large a file is.
#[derive(Clone, Debug, PartialEq)]
enum Size {
    /// So many parts of what the layer has.
    Weight(u64),
    /// As large as its content.
    Text(String),
    /// As another layer has it already.
    Bytes(u64),
    /// A directory, a link.
    None,
}

/// What a path of a layer is.
#[derive(Clone, Debug, PartialEq)]
enum What {
    File,
    Program { crates: bool },
    Link(String),
    Gone,
}

/// A path of a layer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    path: String,
    what: What,
    size: Size,
    mode: u16,
    whose: Whose,
    /// Its content, where it is explained by it.
    kept: bool,
    bytes: u64,
    /// Of which version: contents differ from one to the next.
    of: String,
}

impl Part {
    fn file(path: impl Into<String>, weight: u64) -> Self {
        Self {
            path: path.into(),
            what: What::File,
            size: Size::Weight(weight),
            mode: 0o644,
            whose: Whose::Root,
            kept: false,
            bytes: 0,
            of: String::new(),
        }
    }

    fn text(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            size: Size::Text(text.into()),
            ..Self::file(path, 0)
        }
    }

    fn kept(mut self) -> Self {
        self.kept = true;
        self
    }

    fn mode(mut self, mode: u16) -> Self {
        self.mode = mode;
        self
    }

    fn of(mut self, version: &str) -> Self {
        version.clone_into(&mut self.of);
        self
    }

    fn program(path: impl Into<String>, weight: u64, crates: bool) -> Self {
        Self {
            what: What::Program { crates },
            mode: 0o755,
            ..Self::file(path, weight)
        }
    }

    fn link(path: &str, target: &str) -> Self {
        Self {
            what: What::Link(target.to_owned()),
            size: Size::None,
            mode: 0o777,
            ..Self::file(path, 0)
        }
    }

    fn gone(path: &str) -> Self {
        Self {
            what: What::Gone,
            size: Size::None,
            ..Self::file(path, 0)
        }
    }

    /// Where.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// As a shell finds it; nothing where it takes away what was below.
    pub(super) fn found(&self) -> Option<File> {
        let link = match &self.what {
            What::Gone => return None,
            What::Link(target) => Some(target.clone()),
            What::File | What::Program { .. } => None,
        };
        let text = match &self.size {
            Size::Text(text) => Some(text.clone()),
            Size::Weight(_) | Size::Bytes(_) | Size::None => None,
        };
        let owner = match self.whose {
            Whose::Root => "root",
            Whose::App => USER,
        };
        Some(File {
            mode: self.mode,
            owner: owner.to_owned(),
            bytes: self.bytes,
            text,
            link,
        })
    }
}

/// A package: its name, version, how heavy it is, and its files.
type Package = (&'static str, &'static str, u64, &'static [&'static str]);

const LIB: &str = "usr/lib/x86_64-linux-gnu";

const BASE: [Package; 22] = [
    (
        "libc6",
        "2.36-9+deb12u13",
        5_200,
        &["LIB/libc.so.6", "LIB/libm.so.6", "LIB/ld-linux-x86-64.so.2"],
    ),
    (
        "libc-bin",
        "2.36-9+deb12u13",
        1_900,
        &["sbin/ldconfig", "usr/bin/getconf", "usr/bin/iconv"],
    ),
    (
        "coreutils",
        "9.1-1",
        6_600,
        &[
            "bin/ls",
            "bin/cp",
            "bin/sort",
            "bin/sha256sum",
            "usr/bin/factor",
        ],
    ),
    (
        "perl-base",
        "5.36.0-7+deb12u3",
        7_100,
        &[
            "usr/bin/perl",
            "LIB/perl-base/unicore.pl",
            "LIB/perl-base/POSIX.so",
        ],
    ),
    ("bash", "5.2.15-2+b9", 1_300, &["bin/bash"]),
    ("dash", "0.5.12-2", 126, &["bin/dash"]),
    (
        "apt",
        "2.6.1",
        3_900,
        &[
            "usr/bin/apt-get",
            "LIB/libapt-pkg.so.6.0",
            "usr/lib/apt/methods/http",
        ],
    ),
    (
        "dpkg",
        "1.21.22",
        5_100,
        &["usr/bin/dpkg", "usr/bin/dpkg-deb", "usr/bin/dpkg-query"],
    ),
    (
        "libgnutls30",
        "3.7.9-2+deb12u5",
        2_100,
        &["LIB/libgnutls.so.30.34.3"],
    ),
    (
        "libunistring2",
        "1.0-2",
        1_900,
        &["LIB/libunistring.so.2.2.0"],
    ),
    ("libdb5.3", "5.3.28+dfsg2-1", 1_700, &["LIB/libdb-5.3.so"]),
    (
        "libsystemd0",
        "252.39-1~deb12u1",
        890,
        &["LIB/libsystemd.so.0.35.0"],
    ),
    (
        "libstdc++6",
        "12.2.0-14+deb12u1",
        2_300,
        &["LIB/libstdc++.so.6.0.30"],
    ),
    ("gpgv", "2.2.40-1.1+deb12u1", 900, &["usr/bin/gpgv"]),
    (
        "util-linux",
        "2.38.1-5+deb12u3",
        3_400,
        &["bin/lsblk", "usr/bin/unshare", "sbin/fsck"],
    ),
    (
        "passwd",
        "1:4.13+dfsg1-1+deb12u1",
        2_400,
        &["usr/bin/passwd", "usr/bin/chage", "usr/sbin/useradd"],
    ),
    (
        "login",
        "1:4.13+dfsg1-1+deb12u1",
        900,
        &["bin/login", "bin/su"],
    ),
    (
        "tzdata",
        "2025b-0+deb12u2",
        2_500,
        &[
            "usr/share/zoneinfo/tzdata.zi",
            "usr/share/zoneinfo/leap-seconds.list",
        ],
    ),
    ("tar", "1.34+dfsg-1.2+deb12u1", 900, &["bin/tar"]),
    ("sed", "4.9-1", 320, &["bin/sed"]),
    ("grep", "3.8-5", 700, &["bin/grep"]),
    (
        "base-files",
        "12.4+deb12u12",
        340,
        &["etc/debian_version", "usr/share/common-licenses/GPL-3"],
    ),
];

const INSTALLED: [Package; 14] = [
    (
        "gcc-12",
        "12.2.0-14+deb12u1",
        9_800,
        &[
            "usr/lib/gcc/x86_64-linux-gnu/12/cc1",
            "usr/lib/gcc/x86_64-linux-gnu/12/lto1",
            "usr/bin/x86_64-linux-gnu-gcc-12",
        ],
    ),
    (
        "g++-12",
        "12.2.0-14+deb12u1",
        6_900,
        &[
            "usr/lib/gcc/x86_64-linux-gnu/12/cc1plus",
            "usr/bin/x86_64-linux-gnu-g++-12",
        ],
    ),
    (
        "libstdc++-12-dev",
        "12.2.0-14+deb12u1",
        2_900,
        &[
            "usr/lib/gcc/x86_64-linux-gnu/12/libstdc++.a",
            "usr/include/c++/12/bits/stdc++.h",
        ],
    ),
    (
        "libc6-dev",
        "2.36-9+deb12u13",
        2_600,
        &["LIB/libc.a", "usr/include/stdio.h", "usr/include/pthread.h"],
    ),
    (
        "binutils-x86-64-linux-gnu",
        "2.40-2",
        3_700,
        &[
            "usr/bin/x86_64-linux-gnu-ld.bfd",
            "usr/bin/x86_64-linux-gnu-as",
            "LIB/libbfd-2.40-system.so",
        ],
    ),
    ("make", "4.3-4.1", 540, &["usr/bin/make"]),
    (
        "dpkg-dev",
        "1.21.22",
        800,
        &[
            "usr/bin/dpkg-buildpackage",
            "usr/share/dpkg/architecture.mk",
        ],
    ),
    (
        "perl",
        "5.36.0-7+deb12u3",
        2_300,
        &["usr/share/perl/5.36.0/perl5db.pl", "LIB/libperl.so.5.36"],
    ),
    ("pkg-config", "1.8.1-1", 120, &["usr/bin/pkg-config"]),
    (
        "libssl-dev",
        "3.0.17-1~deb12u3",
        2_800,
        &[
            "LIB/libcrypto.a",
            "LIB/libssl.a",
            "usr/include/openssl/ssl.h",
        ],
    ),
    (
        "libssl3",
        "3.0.17-1~deb12u3",
        1_500,
        &["LIB/libcrypto.so.3", "LIB/libssl.so.3"],
    ),
    (
        "ca-certificates",
        "20230311+deb12u1",
        240,
        &[
            "etc/ssl/certs/ca-certificates.crt",
            "usr/sbin/update-ca-certificates",
        ],
    ),
    ("curl", "7.88.1-10+deb12u14", 420, &["usr/bin/curl"]),
    ("tini", "0.19.0-1+b3", 60, &["usr/bin/tini"]),
];

/// What `cargo` fetches: a name, the numbers of a version, how heavy it is.
const CRATES: [(&str, u64, u64, u64); 24] = [
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

/// The files of each layer, the lowest first, as heavy as the layers are.
pub(super) fn parts(
    dice: Dice,
    (name, version): (&str, &str),
    sizes: &[(Digest, Bytes)],
) -> Vec<Vec<Part>> {
    let source = source(dice, name, version);
    let all = [
        base(),
        installed(),
        vec![
            Part::text("srv/app/Cargo.toml", manifest(name, version)),
            Part::file("srv/app/Cargo.lock", 1).of(version),
        ],
        libraries(dice, version),
        source,
        tests(dice, name, version),
    ];
    let mut all: Vec<Vec<Part>> = all
        .into_iter()
        .zip(sizes)
        .map(|(parts, (_, bytes))| weighed(parts, bytes.0))
        .collect();
    let copied: Vec<Part> = all
        .get(2..5)
        .unwrap_or_default()
        .iter()
        .flatten()
        .filter(|part| part.path.starts_with("srv/app/"))
        .map(|part| Part {
            size: Size::Bytes(part.bytes),
            whose: Whose::App,
            kept: false,
            ..part.clone()
        })
        .collect();
    let last = program(name, version, copied);
    let size = sizes.get(6).map_or(0, |(_, bytes)| bytes.0);
    all.push(weighed(last, size));
    all
}

/// Shares the bytes of a layer out.
fn weighed(mut parts: Vec<Part>, bytes: u64) -> Vec<Part> {
    let fixed = |part: &Part| match &part.size {
        Size::Text(text) => text.len() as u64,
        Size::Bytes(bytes) => *bytes,
        Size::Weight(_) | Size::None => 0,
    };
    let weight = |part: &Part| match part.size {
        Size::Weight(weight) => weight,
        _ => 0,
    };
    let weights: u64 = parts.iter().map(weight).sum();
    let given: u64 = parts.iter().map(fixed).sum();
    let free = bytes.saturating_sub(given);
    let mut rest = free;
    for part in &mut parts {
        let share = u128::from(free) * u128::from(weight(part)) / u128::from(weights.max(1));
        let share = u64::try_from(share).unwrap_or_default();
        part.bytes = fixed(part) + share;
        rest = rest.saturating_sub(share);
    }
    // Not a byte is lost.
    if let Some(last) = parts
        .iter_mut()
        .rfind(|part| matches!(part.size, Size::Weight(_)))
    {
        last.bytes += rest;
    }
    parts
}

fn packages(all: &[Package]) -> Vec<Part> {
    let mut parts = Vec::new();
    for (name, _, weight, files) in all {
        let share = weight / files.len().max(1) as u64;
        let mut list = String::from("/.\n");
        for file in *files {
            let path = file.replace("LIB", LIB);
            list.push_str(&format!("/{path}\n"));
            let runs = path.contains("bin/") || path.ends_with("cc1") || path.ends_with("lto1");
            let part = if runs || path.contains(".so") {
                Part::program(path, share.max(1), false)
            } else {
                Part::file(path, share.max(1))
            };
            parts.push(part);
        }
        let doc = format!("usr/share/doc/{name}/copyright");
        list.push_str(&format!("/{doc}\n"));
        parts.push(Part::file(doc, 12));
        parts.push(Part::text(format!("var/lib/dpkg/info/{name}.list"), list).kept());
    }
    parts
}

fn status(all: &[&[Package]]) -> Part {
    let mut text = String::new();
    for (name, version, weight, _) in all.iter().copied().flatten() {
        text.push_str(&format!(
            "Package: {name}\nStatus: install ok installed\nInstalled-Size: {weight}\nArchitecture: amd64\nVersion: {version}\n\n"
        ));
    }
    Part::text("var/lib/dpkg/status", text).kept()
}

fn base() -> Vec<Part> {
    let mut parts = packages(&BASE);
    parts.push(status(&[&BASE]));
    for language in ["de", "fr", "es", "ja", "pt_BR", "ru", "zh_CN", "sv"] {
        let path = format!("usr/share/locale/{language}/LC_MESSAGES/coreutils.mo");
        parts.push(Part::file(path, 190));
    }
    parts.push(Part::file("usr/share/i18n/locales/cns11643_stroke", 2_300));
    parts.push(Part::text(
        "etc/os-release",
        "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nID=debian\nHOME_URL=\"https://www.debian.org/\"\n",
    ).kept());
    parts.push(Part::text(
        "etc/passwd",
        "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    ));
    parts.push(Part::link("lib64", "usr/lib64"));
    parts.push(Part::link("usr/bin/awk", "/etc/alternatives/awk"));
    for part in &mut parts {
        if matches!(
            part.path.as_str(),
            "bin/su" | "usr/bin/passwd" | "usr/bin/chage"
        ) {
            part.mode = 0o4755;
        }
    }
    parts
}

fn installed() -> Vec<Part> {
    let mut parts = packages(&INSTALLED);
    parts.push(status(&[&BASE, &INSTALLED]));
    // Nobody cleaned up in the same instruction.
    for (list, weight) in [
        ("main_binary-amd64_Packages.lz4", 4_600),
        ("main_i18n_Translation-en", 2_400),
        ("InRelease", 40),
    ] {
        let path = format!("var/lib/apt/lists/deb.debian.org_debian_dists_bookworm_{list}");
        parts.push(Part::file(path, weight));
    }
    parts.push(Part::file("var/cache/apt/pkgcache.bin", 2_900));
    parts.push(Part::file("var/cache/apt/srcpkgcache.bin", 2_800));
    parts.push(Part::file("var/log/dpkg.log", 60));
    parts.push(Part::file("var/log/apt/term.log", 35));
    parts.push(Part::link("usr/bin/gcc", "gcc-12"));
    parts.push(Part::link("usr/bin/cc", "/etc/alternatives/cc"));
    parts
}

fn manifest(name: &str, version: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2024\"\n\n[dependencies]\naxum = \"0.8\"\nsqlx = {{ version = \"0.8\", features = [\"postgres\"] }}\ntokio = {{ version = \"1\", features = [\"full\"] }}\n"
    )
}

fn libraries(dice: Dice, version: &str) -> Vec<Part> {
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

fn source(dice: Dice, name: &str, version: &str) -> Vec<Part> {
    let pack = dice.hex(&format!("pack {name} {version}"), 40);
    let mut parts: Vec<Part> = ["main", "routes", "orders", "stock", "payment", "health"]
        .map(|file| Part::file(format!("srv/app/src/{file}.rs"), 30).of(version))
        .into();
    parts
        .push(Part::file(format!("srv/app/.git/objects/pack/pack-{pack}.pack"), 1_500).of(version));
    parts.push(Part::file(format!("srv/app/.git/objects/pack/pack-{pack}.idx"), 90).of(version));
    parts.push(Part::text("srv/app/.git/HEAD", "ref: refs/heads/main\n"));
    parts.push(
        Part::text(
            "srv/app/.env",
            "DATABASE_URL=postgres://app:change-me@localhost/app\nAPI_TOKEN=for-tests-only\n",
        )
        .mode(0o600),
    );
    parts.push(Part::text(
        "srv/app/config/limits.toml",
        "[limits]\nrequests_a_second = 200\nbody = \"2 MB\"\n\n[pool]\nconnections = 16\n",
    ));
    parts.push(Part::file("srv/app/assets/catalogue.json", 220).of(version));
    parts.push(Part::file("srv/app/assets/logo.png", 180));
    parts.push(Part::text(
        "srv/app/README.md",
        format!("# {name}\n\nRun `cargo test` before you push.\n"),
    ));
    parts
}

fn tests(dice: Dice, name: &str, version: &str) -> Vec<Part> {
    let hash = |what: &str| dice.hex(&format!("{what} {name} {version}"), 16);
    let deps = "srv/app/target/release/deps";
    let mut parts = vec![
        Part::program(format!("{deps}/{name}-{}", hash("unit")), 2_900, false).of(version),
        Part::program(format!("{deps}/api-{}", hash("api")), 3_300, false).of(version),
    ];
    for (library, ..) in CRATES.iter().take(12) {
        let path = format!("{deps}/lib{library}-{}.rlib", hash(library));
        parts.push(Part::file(path, 320).of(version));
    }
    parts
}

fn program(name: &str, version: &str, copied: Vec<Part>) -> Vec<Part> {
    let mut parts = vec![
        Part::gone("srv/app/target"),
        Part::gone("usr/local/cargo/registry"),
        Part {
            whose: Whose::App,
            ..Part::program(format!("srv/app/bin/{name}"), 1_000, true).of(version)
        },
    ];
    parts.extend(copied);
    parts
}

/// What `cargo auditable` would leave in a program.
fn auditable(dice: Dice, version: &str) -> String {
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

/// A layer as it would have been read from its archive.
pub(super) fn index(dice: Dice, parts: &[Part], diff_id: Digest) -> Result<LayerIndex, TooMany> {
    let mut builder = LayerBuilder::new();
    let mut listed: BTreeSet<String> = BTreeSet::new();
    let mut length = 1_024;
    for part in parts {
        let mut above = String::new();
        for name in part.path.split('/') {
            if !above.is_empty() && listed.insert(above.clone()) {
                directory(&mut builder, &above, part.whose)?;
                length += 512;
            }
            if !above.is_empty() {
                above.push('/');
            }
            above.push_str(name);
        }
        add(dice, &mut builder, part)?;
        length += 512 + part.bytes.next_multiple_of(512);
    }
    Ok(builder.finish(diff_id, Bytes(length)))
}

const fn owner(whose: Whose) -> Owner {
    match whose {
        Whose::Root => Owner { uid: 0, gid: 0 },
        Whose::App => Owner {
            uid: 1_000,
            gid: 1_000,
        },
    }
}

fn directory(builder: &mut LayerBuilder, path: &str, whose: Whose) -> Result<(), TooMany> {
    let node = builder.node(path.split('/').map(str::as_bytes))?;
    let whose = if path.starts_with("srv/app") {
        whose
    } else {
        Whose::Root
    };
    builder.add(NewEntry {
        node,
        kind: Kind::Directory,
        mode: 0o755,
        owner: owner(whose),
        size: 0,
        payload: Payload::None,
    })?;
    Ok(())
}

fn add(dice: Dice, builder: &mut LayerBuilder, part: &Part) -> Result<(), TooMany> {
    let node = builder.node(part.path.split('/').map(str::as_bytes))?;
    let hash = dice.throw(&format!("content {} {}", part.path, part.of), u64::MAX);
    let (kind, payload) = match &part.what {
        What::File | What::Program { .. } => (Kind::File, Payload::Content(hash)),
        What::Link(target) => (Kind::Symlink, Payload::Symlink(target.as_bytes())),
        What::Gone => (Kind::Whiteout, Payload::None),
    };
    let entry = builder.add(NewEntry {
        node,
        kind,
        mode: part.mode,
        owner: owner(part.whose),
        size: part.bytes,
        payload,
    })?;
    if part.kept
        && let Size::Text(text) = &part.size
        && let Ok(packed) = kept::pack(text.as_bytes())
    {
        builder.keep(entry, packed);
    }
    if let What::Program { crates } = part.what {
        builder.program(entry, Program::Elf(elf(dice, part, crates)));
    }
    Ok(())
}

fn elf(dice: Dice, part: &Part, crates: bool) -> Elf {
    let own = part.path.starts_with("srv/app/");
    Elf {
        interpreter: Some(b"/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2".to_vec()),
        needed: vec![b"libc.so.6".to_vec()],
        // Nobody stripped what was built here.
        symbol_bytes: if own { part.bytes / 6 } else { 0 },
        debug_bytes: 0,
        linked: true,
        opaque: false,
        go: None,
        cargo_auditable: crates.then(|| auditable(dice, &part.of).into_bytes()),
        needs_glibc: Some((2, 34)),
        has_glibc: None,
    }
}

/// Bytes of a file that are made up to be looked at.
const SHOWN: u64 = 4_096;

/// The content of a file.
pub(super) fn content(dice: Dice, part: &Part) -> Content {
    let bytes = match &part.size {
        Size::Text(text) => text.clone().into_bytes(),
        _ => {
            let length = usize::try_from(part.bytes.min(SHOWN)).unwrap_or_default();
            let mut bytes = Vec::with_capacity(length);
            if matches!(part.what, What::Program { .. }) {
                bytes.extend_from_slice(b"\x7fELF\x02\x01\x01\0");
            }
            let mut block = 0;
            while bytes.len() < length {
                let text = format!("byte {block} {} {}", part.path, part.of);
                bytes.extend_from_slice(&dice.throw(&text, u64::MAX).to_le_bytes());
                block += 1;
            }
            bytes.truncate(length);
            bytes
        }
    };
    Content {
        text: String::from_utf8_lossy(&bytes).into_owned(),
        cut: part.bytes > SHOWN,
        binary: !matches!(part.size, Size::Text(_)),
    }
}
