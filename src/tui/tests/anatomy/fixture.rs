//! Two versions of an image, file by file, made by hand.

use std::sync::Arc;

use crate::anatomy::Anatomy;
use crate::anatomy::findings::AcceptanceList;
use crate::anatomy::image::{Fit, History, ImageFacts, LayerFacts, Presence, Settings, Step};
use crate::anatomy::layer::builder::{LayerBuilder, NewEntry, Payload};
use crate::anatomy::layer::index::{Kind, LayerIndex, Owner};
use crate::anatomy::layer::kept;
use crate::anatomy::report::Report;
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;
use crate::tui::tests::fixture::{DAY, ago, identity, now};

/// What a layer has at a path.
#[derive(Clone, Debug)]
pub(in crate::tui::tests) enum Has {
    /// A file so long, of this content.
    File(u64, u64),
    /// The same, owned by somebody.
    Owned(u64, u64),
    /// The same, setuid.
    Setuid(u64),
    /// A file that is kept, for what it tells of others.
    Text(String),
    /// A symlink.
    Link(&'static str),
    /// Nothing any more.
    Gone,
}

/// A layer: its instruction, and what it has.
pub(in crate::tui::tests) type Made = (String, Vec<(Vec<u8>, Has)>);

const MB: u64 = 1_000_000;

fn at(path: &str, has: Has) -> (Vec<u8>, Has) {
    (path.as_bytes().to_vec(), has)
}

fn status(packages: &[(&str, &str)]) -> Has {
    let text: String = packages
        .iter()
        .map(|(name, version)| {
            format!(
                "Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n"
            )
        })
        .collect();
    Has::Text(text)
}

fn list(paths: &[&str]) -> Has {
    Has::Text(paths.iter().map(|path| format!("/{path}\n")).collect())
}

fn base() -> Made {
    let instruction = "# debian.sh --arch 'amd64' out/ 'bookworm' '@1794528000'";
    let all = vec![
        at("bin/bash", Has::File(1_300_000, 1)),
        at("usr/bin/passwd", Has::Setuid(68_000)),
        at(
            "usr/lib/x86_64-linux-gnu/libc.so.6",
            Has::File(1_900_000, 2),
        ),
        at("usr/share/zoneinfo/tzdata.zi", Has::File(3 * MB, 3)),
        at("usr/share/doc/bash/copyright", Has::File(11_000, 4)),
        at("lib64", Has::Link("usr/lib64")),
        at(
            "var/lib/dpkg/status",
            status(&[("bash", "5.2.15-2+b9"), ("libc6", "2.36-9+deb12u13")]),
        ),
        at("var/lib/dpkg/info/bash.list", list(&["bin/bash"])),
        at(
            "var/lib/dpkg/info/libc6.list",
            list(&["usr/lib/x86_64-linux-gnu/libc.so.6"]),
        ),
    ];
    (instruction.to_owned(), all)
}

fn installed() -> Made {
    let instruction = "RUN apt-get update && apt-get install -y --no-install-recommends \\\n    build-essential ca-certificates curl";
    let all = vec![
        at(
            "usr/lib/gcc/x86_64-linux-gnu/12/cc1",
            Has::File(28 * MB, 10),
        ),
        at(
            "usr/lib/gcc/x86_64-linux-gnu/12/cc1plus",
            Has::File(31 * MB, 11),
        ),
        at("usr/bin/curl", Has::File(300_000, 12)),
        at("usr/bin/node", Has::File(41 * MB, 15)),
        at(
            "var/lib/apt/lists/deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages",
            Has::File(19 * MB, 13),
        ),
        at("var/cache/apt/pkgcache.bin", Has::File(26 * MB, 14)),
        at(
            "var/lib/dpkg/status",
            status(&[
                ("bash", "5.2.15-2+b9"),
                ("libc6", "2.36-9+deb12u13"),
                ("gcc-12", "12.2.0-14+deb12u1"),
                ("curl", "7.88.1-10+deb12u14"),
            ]),
        ),
        at(
            "var/lib/dpkg/info/gcc-12.list",
            list(&[
                "usr/lib/gcc/x86_64-linux-gnu/12/cc1",
                "usr/lib/gcc/x86_64-linux-gnu/12/cc1plus",
            ]),
        ),
        at("var/lib/dpkg/info/curl.list", list(&["usr/bin/curl"])),
    ];
    (instruction.to_owned(), all)
}

/// The layers of a version: those of two differ from the third on.
fn layers(version: &str) -> Vec<Made> {
    let newer = version == "1.5.0";
    let of = u64::from(newer);
    let source = vec![
        at("srv/app/package.json", Has::File(1_400, 20 + of)),
        at("srv/app/src/cart.js", Has::File(48_000, 22 + of)),
        at(
            "srv/app/.git/objects/pack/pack-1f.pack",
            Has::File(11 * MB, 24 + of),
        ),
        at("srv/app/.env", Has::File(220, 26)),
    ];
    let modules = if newer { 96 * MB } else { 71 * MB };
    let fetched = vec![
        at(
            "srv/app/node_modules/typescript/lib/tsc.js",
            Has::File(9 * MB, 30),
        ),
        at(
            "srv/app/node_modules/@swc/core/swc.node",
            Has::File(modules, 31 + of),
        ),
        at(
            "root/.npm/_cacache/content-v2/sha512/00/1f",
            Has::File(38 * MB, 33 + of),
        ),
    ];
    let mut last = vec![
        at("root/.npm", Has::Gone),
        at("srv/app/src/cart.js", Has::Owned(48_000, 22 + of)),
        at(
            "srv/app/node_modules/@swc/core/swc.node",
            Has::Owned(modules, 31 + of),
        ),
        at(
            "srv/app/dist/bundle.js",
            Has::Owned(6 * MB + of * MB, 40 + of),
        ),
    ];
    if newer {
        last.push(at("srv/app/dist/bundle.js.map", Has::Owned(14 * MB, 42)));
    }
    vec![
        base(),
        installed(),
        ("COPY . /srv/app".to_owned(), source),
        ("RUN npm ci && npm run build".to_owned(), fetched),
        (
            "RUN npm cache clean --force \\\n    && rm -rf /root/.npm \\\n    && chown -R node:node /srv/app".to_owned(),
            last,
        ),
    ]
}

fn index(made: &Made) -> LayerIndex {
    let mut builder = LayerBuilder::new();
    let mut listed = std::collections::BTreeSet::new();
    for (path, has) in &made.1 {
        let parts: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
        for depth in 1..parts.len() {
            if listed.insert(parts[..depth].to_vec()) && !matches!(has, Has::Gone) {
                let node = builder.node(parts[..depth].iter().copied()).expect("room");
                add(
                    &mut builder,
                    node,
                    Kind::Directory,
                    0o755,
                    (0, Payload::None),
                    0,
                );
            }
        }
        let node = builder.node(parts.iter().copied()).expect("room");
        match has {
            Has::File(size, hash) => {
                add(
                    &mut builder,
                    node,
                    Kind::File,
                    0o644,
                    (*size, Payload::Content(*hash)),
                    0,
                );
            }
            Has::Owned(size, hash) => {
                let what = (*size, Payload::Content(*hash));
                add(&mut builder, node, Kind::File, 0o644, what, 1_000);
            }
            Has::Setuid(size) => {
                let what = (*size, Payload::Content(*size));
                add(&mut builder, node, Kind::File, 0o4755, what, 0);
            }
            Has::Text(text) => {
                let what = (text.len() as u64, Payload::Content(text.len() as u64));
                let entry = add(&mut builder, node, Kind::File, 0o644, what, 0);
                builder.keep(entry, kept::pack(text.as_bytes()).expect("memory"));
            }
            Has::Link(to) => {
                let what = (0, Payload::Symlink(to.as_bytes()));
                add(&mut builder, node, Kind::Symlink, 0o777, what, 0);
            }
            Has::Gone => {
                add(&mut builder, node, Kind::Whiteout, 0, (0, Payload::None), 0);
            }
        }
    }
    let size = builder.len() as u64 * 512;
    builder.finish(Digest::of(format!("{made:?}").as_bytes()), Bytes(size))
}

fn add(
    builder: &mut LayerBuilder,
    node: crate::anatomy::layer::index::LocalNode,
    kind: Kind,
    mode: u16,
    (size, payload): (u64, Payload<'_>),
    uid: u32,
) -> u32 {
    let owner = Owner { uid, gid: uid };
    builder
        .add(NewEntry {
            node,
            kind,
            mode,
            owner,
            size,
            payload,
        })
        .expect("room")
}

/// What an image of these layers says of itself.
fn facts(config: Digest, made: &[Made], indexes: &[LayerIndex], version: &str) -> ImageFacts {
    let steps: Vec<Step> = made
        .iter()
        .enumerate()
        .map(|(at, (instruction, _))| Step {
            number: at + 1,
            raw: instruction.clone(),
            instruction: instruction.clone(),
            created: Some(ago(2 * DAY)),
            comment: None,
            empty: false,
        })
        .collect();
    let layers = indexes
        .iter()
        .zip(&steps)
        .map(|(index, step)| LayerFacts {
            diff_id: index.diff_id.clone(),
            blob: None,
            blob_bytes: Some(Bytes(index.file_bytes().0 / 3)),
            presence: Presence::Present,
            step: Some(step.clone()),
        })
        .collect();
    ImageFacts {
        names: vec![format!("registry.example.com/golden/shop-web:{version}")],
        index: None,
        manifest: None,
        config,
        platform: "linux/amd64".into(),
        created: Some(ago(2 * DAY)),
        settings: Settings {
            env: vec![
                format!("APP_VERSION={version}"),
                format!("API_TOKEN=ghp_{version}-not-to-be-told-to-anybody"),
            ],
            cmd: vec!["node".into(), "dist/bundle.js".into()],
            user: "node".into(),
            ..Settings::default()
        },
        layers,
        history: History {
            steps,
            fit: Fit::Whole,
        },
    }
}

/// What an image of these layers says of itself, and their indexes.
pub(in crate::tui::tests) fn taken(
    config: Digest,
    made: &[Made],
    version: &str,
) -> (ImageFacts, Vec<LayerIndex>) {
    let indexes: Vec<LayerIndex> = made.iter().map(index).collect();
    (facts(config, made, &indexes, version), indexes)
}

/// An image of these layers, explained.
pub(in crate::tui::tests) fn explained(config: Digest, made: &[Made], version: &str) -> Report {
    let (facts, indexes) = taken(config, made, version);
    let mut indexes = indexes.into_iter();
    let anatomy = Anatomy::assemble(facts, |_| indexes.next()).expect("room");
    let known = [
        (
            "debian:bookworm-slim".to_owned(),
            vec![index(&base()).diff_id],
        ),
        (
            "shop-api 1.9.3".to_owned(),
            vec![
                index(&base()).diff_id,
                index(&installed()).diff_id,
                Digest::of(b"the API"),
            ],
        ),
    ];
    Report::of(anatomy, &known, &AcceptanceList::default(), now())
}

/// What a version of `shop-web` says of itself.
pub(in crate::tui::tests) fn outline(version: &str) -> (ImageFacts, Vec<LayerIndex>) {
    taken(identity("shop-web", version), &layers(version), version)
}

/// A version of `shop-web`, explained.
pub(in crate::tui::tests) fn report(version: &str) -> Arc<Report> {
    let config = identity("shop-web", version);
    Arc::new(explained(config, &layers(version), version))
}

/// Every version that can be taken apart.
pub(in crate::tui::tests) fn of(wanted: &Digest) -> Option<&'static str> {
    ["1.5.0", "1.4.2", "1.4.1"]
        .into_iter()
        .find(|version| identity("shop-web", version) == *wanted)
}
