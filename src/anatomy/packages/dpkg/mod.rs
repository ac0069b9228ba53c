//! Debian's packages: `/var/lib/dpkg`.

mod diversions;
mod status;
pub(super) mod version;

use std::collections::{HashMap, HashSet};

use self::diversions::Diversions;
use self::status::Control;
use super::dependencies::Needs;
use super::gathering::{Gathering, Why};
use super::package::{Package, PackageKind, PackageNo, Source, text};
use super::sources::Content;
use super::stanzas::{Stanzas, lines};

/// What of dpkg an image has.
#[derive(Default)]
pub(super) struct Database<'a> {
    /// `/var/lib/dpkg/status`.
    pub(super) status: Option<Content<'a>>,
    /// `/var/lib/dpkg/status.d/*`, where images without dpkg have one file a package.
    pub(super) single: Vec<Content<'a>>,
    /// `NAME` or `NAME:ARCH` → `/var/lib/dpkg/info/NAME.list`.
    pub(super) lists: HashMap<Vec<u8>, Content<'a>>,
    /// `NAME` → `/var/lib/dpkg/status.d/NAME.md5sums`.
    pub(super) sums: HashMap<Vec<u8>, Content<'a>>,
    /// `/var/lib/dpkg/diversions`.
    pub(super) diversions: Option<Content<'a>>,
    /// `/var/lib/apt/extended_states`.
    pub(super) marks: Option<Content<'a>>,
}

/// Reads all there is; says what each package needs.
pub(super) fn read(database: &Database<'_>, into: &mut Gathering<'_>, needs: &mut Needs) {
    let diversions = database.diversions.as_ref().map(Content::unpack);
    let diversions = diversions.flatten().unwrap_or_default();
    let diversions = Diversions::parse(&diversions);
    let from = needs.len();
    let mut reader = Reader {
        database,
        diversions: &diversions,
        infos: HashMap::new(),
    };
    if let Some(status) = &database.status {
        reader.status(status, into, needs);
    }
    for single in &database.single {
        reader.single(single, into, needs);
    }
    reader.claim_infos(into);
    let marks = database.marks.as_ref();
    if let Some(marks) = marks.and_then(Content::unpack) {
        read_marks(&marks, from, needs);
    }
}

struct Reader<'a> {
    database: &'a Database<'a>,
    diversions: &'a Diversions<'a>,
    /// By the stem of its files in `info`: which package has them.
    infos: HashMap<Vec<u8>, PackageNo>,
}

impl<'a> Reader<'a> {
    fn status(&mut self, status: &Content<'_>, into: &mut Gathering<'_>, needs: &mut Needs) {
        let Some(content) = status.unpack() else {
            into.trouble(&status.path, Why::Unreadable);
            return;
        };
        let mut any = content.trim_ascii().is_empty();
        for stanza in Stanzas::of(&content) {
            let control = Control::parse(stanza);
            any |= !control.name.is_empty();
            if control.name.is_empty() || !control.is_installed() {
                continue;
            }
            let Some((stem, list)) = self.list_of(&control) else {
                // Its files are not known.
                note(&control, status, into, needs);
                continue;
            };
            let Some(package) = note(&control, list, into, needs) else {
                return;
            };
            if let Some(content) = list.unpack() {
                into.know_files(package);
                for path in lines(&content) {
                    into.claim(package, self.diversions.place_of(path, control.name));
                }
            }
            self.infos.insert(stem, package);
        }
        if !any {
            into.trouble(&status.path, Why::Unreadable);
        }
    }

    /// A package's list, and its name: packages of several architectures side by side have
    /// theirs in it.
    fn list_of(&self, control: &Control<'_>) -> Option<(Vec<u8>, &'a Content<'a>)> {
        let with_arch = [control.name, b":", control.arch].concat();
        [with_arch, control.name.to_vec()]
            .into_iter()
            .find_map(|stem| self.database.lists.get(&stem).map(|list| (stem, list)))
    }

    fn single(&mut self, single: &Content<'_>, into: &mut Gathering<'_>, needs: &mut Needs) {
        let Some(content) = single.unpack() else {
            into.trouble(&single.path, Why::Unreadable);
            return;
        };
        for stanza in Stanzas::of(&content) {
            let control = Control::parse(stanza);
            if control.name.is_empty() || !control.is_here() {
                continue;
            }
            let Some(package) = note(&control, single, into, needs) else {
                return;
            };
            if let Some(sums) = self.database.sums.get(single.name())
                && let Some(content) = sums.unpack()
            {
                into.know_files(package);
                lines(&content)
                    .filter_map(path_of_sum)
                    .for_each(|path| into.claim(package, path));
            }
        }
    }

    /// What dpkg itself keeps of a package is the package's.
    fn claim_infos(&self, into: &mut Gathering<'_>) {
        let Some(info) = into.paths.directory(b"var/lib/dpkg/info") else {
            return;
        };
        let files: Vec<_> = into.merged.every_child(info).collect();
        for node in files {
            let name = into.merged.name(node);
            let Some(dot) = name.iter().rposition(|byte| *byte == b'.') else {
                continue;
            };
            let stem = name.get(..dot).unwrap_or_default();
            if let Some(package) = self.infos.get(stem) {
                into.claim_node(*package, node);
            }
        }
    }
}

/// `d41d8cd98f00b204e9800998ecf8427e  usr/share/doc/base-files/README`.
fn path_of_sum(line: &[u8]) -> Option<&[u8]> {
    let space = line.iter().position(|byte| *byte == b' ')?;
    Some(line.get(space..)?.trim_ascii_start())
}

fn note(
    control: &Control<'_>,
    written: &Content<'_>,
    into: &mut Gathering<'_>,
    needs: &mut Needs,
) -> Option<PackageNo> {
    let layer = into.layer_of(written.entry);
    let mut package = Package::new(
        PackageKind::Dpkg,
        control.name,
        control.version,
        layer,
        &written.path,
    );
    package.arch = (!control.arch.is_empty()).then(|| text(control.arch));
    package.source = control.source().map(|(name, version)| Source {
        name: text(name),
        version: Some(text(version)),
    });
    let number = into.add(package)?;
    note_needs(control, number, needs);
    Some(number)
}

fn note_needs(control: &Control<'_>, package: PackageNo, needs: &mut Needs) {
    let it = needs.package(package, control.name, control.arch);
    for (name, _) in status::relation(control.provides) {
        needs.provide(it, name);
    }
    for field in [control.pre_depends, control.depends] {
        for group in status::relations(field) {
            needs.require(it, status::relation(group).map(|(name, _)| name));
        }
    }
    for group in status::relations(control.recommends) {
        needs.recommend(it, status::relation(group).map(|(name, _)| name));
    }
    if control.essential || control.priority == b"required" {
        needs.keep_always(it);
    } else if control.priority == b"important" {
        needs.keep_as_important(it);
    }
}

/// apt's marks: what was installed only because something else needs it.
fn read_marks(content: &[u8], from: usize, needs: &mut Needs) {
    let mut along = HashSet::new();
    for stanza in Stanzas::of(content) {
        let (mut name, mut auto) = (&b""[..], false);
        for (field, value) in stanza.fields() {
            match field {
                b"Package" => name = value,
                b"Auto-Installed" => auto = value == b"1",
                _ => {}
            }
        }
        if auto && !name.is_empty() {
            along.insert(name);
        }
    }
    needs.came_along(from, &along);
}

#[cfg(test)]
mod tests;
