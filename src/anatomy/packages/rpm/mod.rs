//! RPM's packages: `/var/lib/rpm/rpmdb.sqlite`.

mod database;
mod header;
pub(super) mod version;

use self::header::{Header, Tag};
use super::dependencies::Needs;
use super::gathering::{Gathering, Why};
use super::package::{Package, PackageKind, PackageNo, Source, text};
use super::sources::Content;

/// Reads a database; says what each package needs.
pub(super) fn read(database: &Content<'_>, into: &mut Gathering<'_>, needs: &mut Needs) {
    let Some(content) = database.unpack() else {
        into.trouble(&database.path, Why::Unreadable);
        return;
    };
    let mut damaged = false;
    let read = database::each_header(content, |blob| match Header::parse(blob) {
        Some(header) => note(&header, database, into, needs),
        None => {
            damaged = true;
            true
        }
    });
    if damaged || read.is_err() {
        into.trouble(&database.path, Why::Unreadable);
    }
    provide_files(into, needs);
}

/// RPM's packages may need a file by its path, such as `/bin/sh`.
fn provide_files(into: &mut Gathering<'_>, needs: &mut Needs) {
    for path in needs.paths() {
        let owner = into.paths.find(&path).and_then(|node| into.owner(node));
        if let Some(owner) = owner.and_then(|owner| needs.of(owner)) {
            needs.provide(owner, &path);
        }
    }
}

/// Whether there is room for more.
fn note(
    header: &Header<'_>,
    database: &Content<'_>,
    into: &mut Gathering<'_>,
    needs: &mut Needs,
) -> bool {
    let word = |tag| header.string(tag).unwrap_or_default();
    let name = word(Tag::Name);
    // Keys that packages are signed with stand among them; they install nothing.
    if name.is_empty() || name == b"gpg-pubkey" {
        return true;
    }
    let layer = into.layer_of(database.entry);
    let version = full_version(header);
    let path = &database.path;
    let mut package = Package::new(PackageKind::Rpm, name, &version, layer, path);
    let arch = word(Tag::Arch);
    package.arch = (!arch.is_empty()).then(|| text(arch));
    package.source = source(word(Tag::SourceRpm));
    let Some(number) = into.add(package) else {
        return false;
    };
    claim(header, number, into);
    let it = needs.package(number, name, arch);
    for name in header.strings(Tag::ProvideName) {
        needs.provide(it, name);
    }
    for name in header.strings(Tag::RequireName) {
        // `rpmlib(…)` asks for features of RPM itself; `(a if b)` is a sentence of its own.
        if !name.starts_with(b"rpmlib(") && !name.starts_with(b"(") {
            needs.require(it, std::iter::once(name));
        }
    }
    for name in header.strings(Tag::RecommendName) {
        needs.recommend(it, std::iter::once(name));
    }
    true
}

/// `[EPOCH:]VERSION-RELEASE`.
fn full_version(header: &Header<'_>) -> Vec<u8> {
    let mut version = Vec::new();
    if let Some(epoch) = header.numbers(Tag::Epoch).next() {
        version.extend_from_slice(format!("{epoch}:").as_bytes());
    }
    version.extend_from_slice(header.string(Tag::Version).unwrap_or_default());
    version.push(b'-');
    version.extend_from_slice(header.string(Tag::Release).unwrap_or_default());
    version
}

/// `bash-5.1.8-6.el9.src.rpm` → `bash`, `5.1.8-6.el9`.
fn source(file: &[u8]) -> Option<Source> {
    let file = text(file);
    let stem = file.strip_suffix(".rpm")?;
    let (stem, _) = stem.rsplit_once('.')?;
    let (rest, release) = stem.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    Some(Source {
        name: name.to_owned(),
        version: Some(format!("{version}-{release}")),
    })
}

/// Files: each a name, and the number of its directory.
fn claim(header: &Header<'_>, package: PackageNo, into: &mut Gathering<'_>) {
    into.know_files(package);
    let directories: Vec<_> = header.strings(Tag::DirNames).collect();
    let mut states = header.bytes(Tag::FileStates).iter();
    let mut path = Vec::new();
    let files = header
        .strings(Tag::BaseNames)
        .zip(header.numbers(Tag::DirIndexes));
    for (name, directory) in files {
        // Zero is normal; others were replaced by another package's, or never installed.
        if states.next().is_some_and(|state| *state != 0) {
            continue;
        }
        let directory = usize::try_from(directory).ok();
        let Some(directory) = directory.and_then(|place| directories.get(place)) else {
            continue;
        };
        path.clear();
        path.extend_from_slice(directory);
        path.push(b'/');
        path.extend_from_slice(name);
        into.claim(package, &path);
    }
}

#[cfg(test)]
mod tests;
