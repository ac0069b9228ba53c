//! A layer as it would have been read from its archive.

use std::collections::BTreeSet;

use super::crates::auditable;
use super::{Part, Size, What, Whose};
use crate::anatomy::layer::builder::{LayerBuilder, NewEntry, Payload, TooMany};
use crate::anatomy::layer::index::{Kind, LayerIndex, Owner};
use crate::anatomy::layer::kept;
use crate::anatomy::layer::program::{Elf, Program};
use crate::cli::showroom::dice::Dice;
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;

/// A layer as it would have been read from its archive.
pub(in crate::cli::showroom) fn index(
    dice: Dice,
    parts: &[Part],
    diff_id: Digest,
) -> Result<LayerIndex, TooMany> {
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
