//! The files of the demo's layers: a Debian, what `apt-get` installs, what `cargo` fetches and
//! builds, and what is left behind on the way.
//!
//! | file | subject |
//! |---|---|
//! | `packages`, `crates` | tables of what is installed, and the files of it |
//! | `layers` | which files each layer has |
//! | `indexed` | a layer as it would have been read from its archive |

mod crates;
mod indexed;
mod layers;
mod packages;

use super::dice::Dice;
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;
use crate::target::memory::File;
use crate::tui::effect::Content;

pub(super) use indexed::index;

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

/// The files of each layer, the lowest first, as heavy as the layers are.
pub(super) fn parts(
    dice: Dice,
    (name, version): (&str, &str),
    sizes: &[(Digest, Bytes)],
) -> Vec<Vec<Part>> {
    let source = layers::source(dice, name, version);
    let all = [
        layers::base(),
        layers::installed(),
        vec![
            Part::text("srv/app/Cargo.toml", layers::manifest(name, version)),
            Part::file("srv/app/Cargo.lock", 1).of(version),
        ],
        crates::libraries(dice, version),
        source,
        layers::tests(dice, name, version),
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
    let last = layers::program(name, version, copied);
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
