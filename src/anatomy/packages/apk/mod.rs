//! Alpine's packages: `/lib/apk/db/installed`.

pub(super) mod version;

use std::collections::HashSet;

use super::dependencies::{Needing, Needs};
use super::gathering::{Gathering, Why};
use super::package::{Package, PackageKind, PackageNo, Source, text};
use super::sources::Content;
use super::stanzas::line;

/// What the database says of one package, before its files.
#[derive(Clone, Copy, Default)]
struct Head<'a> {
    name: &'a [u8],
    version: &'a [u8],
    arch: &'a [u8],
    origin: &'a [u8],
    depends: &'a [u8],
    provides: &'a [u8],
}

/// Reads a database; says what each package needs. `world` is what was asked for by name.
pub(super) fn read(
    database: &Content<'_>,
    world: Option<&Content<'_>>,
    into: &mut Gathering<'_>,
    needs: &mut Needs,
) {
    let Some(content) = database.unpack() else {
        into.trouble(&database.path, Why::Unreadable);
        return;
    };
    let from = needs.len();
    let mut any = content.trim_ascii().is_empty();
    let mut rest = content.as_slice();
    while let Some((head, body)) = next_head(&mut rest) {
        any = true;
        let Some(package) = note(&head, database, into, needs) else {
            return;
        };
        into.know_files(package);
        claim(package, body, into);
    }
    if !any {
        into.trouble(&database.path, Why::Unreadable);
    }
    if let Some(world) = world.and_then(Content::unpack) {
        let names = world.split(u8::is_ascii_whitespace).filter_map(name_of);
        needs.wanted_by_name(from, &names.collect::<HashSet<_>>());
    }
}

/// The next package that has a name, and its paragraph.
fn next_head<'a>(rest: &mut &'a [u8]) -> Option<(Head<'a>, &'a [u8])> {
    let mut head = Head::default();
    let mut body = *rest;
    loop {
        let Some((field, after)) = line(rest) else {
            return (!head.name.is_empty()).then_some((head, body));
        };
        if field.is_empty() {
            let body_length = body.len() - rest.len();
            *rest = after;
            if !head.name.is_empty() {
                return Some((head, body.get(..body_length)?));
            }
            (head, body) = (Head::default(), after);
            continue;
        }
        *rest = after;
        if let Some((key, value)) = keyed(field) {
            match key {
                b'P' => head.name = value,
                b'V' => head.version = value,
                b'A' => head.arch = value,
                b'o' => head.origin = value,
                b'D' => head.depends = value,
                b'p' => head.provides = value,
                _ => {}
            }
        }
    }
}

/// `V:1.2.4-r2`.
fn keyed(field: &[u8]) -> Option<(u8, &[u8])> {
    match field {
        [key, b':', value @ ..] => Some((*key, value)),
        _ => None,
    }
}

fn note(
    head: &Head<'_>,
    database: &Content<'_>,
    into: &mut Gathering<'_>,
    needs: &mut Needs,
) -> Option<PackageNo> {
    let layer = into.layer_of(database.entry);
    let mut package = Package::new(
        PackageKind::Apk,
        head.name,
        head.version,
        layer,
        &database.path,
    );
    package.arch = (!head.arch.is_empty()).then(|| text(head.arch));
    // Alpine builds all packages of an origin at once: they have its version.
    package.source = (!head.origin.is_empty()).then(|| Source {
        name: text(head.origin),
        version: Some(text(head.version)),
    });
    let number = into.add(package)?;
    let it = needs.package(number, head.name, head.arch);
    note_needs(head, it, needs);
    Some(number)
}

fn note_needs(head: &Head<'_>, it: Needing, needs: &mut Needs) {
    let words = |field| <[u8]>::split(field, u8::is_ascii_whitespace);
    for name in words(head.provides).filter_map(name_of) {
        needs.provide(it, name);
    }
    for name in words(head.depends).filter_map(name_of) {
        needs.require(it, std::iter::once(name));
    }
}

/// `so:libc.musl-x86_64.so.1=1` → `so:libc.musl-x86_64.so.1`; a conflict is no name.
fn name_of(word: &[u8]) -> Option<&[u8]> {
    let end = word
        .iter()
        .position(|byte| matches!(byte, b'=' | b'<' | b'>' | b'~' | b'@'))
        .unwrap_or(word.len());
    let name = word.get(..end)?;
    (!name.is_empty() && !name.starts_with(b"!")).then_some(name)
}

/// Files: `F:` names a directory, `R:` a file in it.
fn claim(package: PackageNo, body: &[u8], into: &mut Gathering<'_>) {
    let mut directory = Vec::new();
    let mut rest = body;
    while let Some((field, after)) = line(rest) {
        rest = after;
        match keyed(field) {
            Some((b'F', path)) => {
                directory.clear();
                directory.extend_from_slice(path);
                directory.push(b'/');
            }
            Some((b'R', name)) => {
                let length = directory.len();
                directory.extend_from_slice(name);
                into.claim(package, &directory);
                directory.truncate(length);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
