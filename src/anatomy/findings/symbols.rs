//! Symbol tables and debug information, within programs and in files of their own.

use std::collections::BTreeMap;

use super::finding::{Finding, Places, Severity};
use super::groups::Group;
use super::ids::FindingId;
use crate::anatomy::components::PathText;
use crate::anatomy::components::words::count;
use crate::anatomy::layer::program::{Elf, Program};
use crate::anatomy::merged::{EntryId, LayerNo, Merged, View};
use crate::model::bytes::Bytes;

/// Less is not worth a word.
const AT_LEAST: u64 = 500_000;

/// Debug information in files of its own.
pub(super) const GROUPS: &[Group] = &[Group {
    id: FindingId::DebugSymbols,
    paths: &["usr/lib/debug/**", "**/*.{debug,dwo,dwp,pdb,dSYM}"],
    except: &["**/*.dwp/**"],
    at_least: AT_LEAST,
    at_most: Severity::High,
    what: "of debug information in files of its own",
    remedy: "Keep it beside the image, for the debugger that asks for it.",
}];

pub(super) fn findings(
    merged: &Merged,
    view: &View,
    in_group: &[bool],
    places: &Places<'_>,
) -> (Vec<Finding>, u64) {
    let mut symbols = Sum::default();
    let mut debug = Sum::default();
    for (id, program) in merged.programs() {
        let Program::Elf(elf) = program else { continue };
        let Some(entry) = merged.entry(id) else {
            continue;
        };
        let seen = merged.is_visible(id, view.at()) && view.weight(merged, id).0 > 0;
        if !seen || in_group.get(entry.node.place()) == Some(&true) {
            continue;
        }
        let (of_symbols, of_debug) = removable(elf, entry.size.0);
        symbols.add(id, entry.layer, of_symbols);
        debug.add(id, entry.layer, of_debug);
    }
    let all = symbols.bytes.saturating_add(debug.bytes);
    let findings = [
        symbols.finding(
            merged,
            places,
            FindingId::UnstrippedPrograms,
            "of symbol tables that only a debugger reads",
            "Strip programs before they are copied (strip, ldflags -s -w, profile.release.strip = true).",
        ),
        debug.finding(
            merged,
            places,
            FindingId::DebugSymbols,
            "of debug information inside programs and libraries",
            "Build without debug information, or split it off with objcopy --only-keep-debug and strip.",
        ),
    ];
    (findings.into_iter().flatten().collect(), all)
}

/// What `strip` would free of a file: its symbols, and its debug information. An object that
/// is yet to be linked, or a module of the kernel, needs its symbols. What sections claim
/// beyond the file's length is not believed.
fn removable(elf: &Elf, size: u64) -> (u64, u64) {
    let debug = elf.debug_bytes.min(size);
    let symbols = if elf.linked {
        elf.symbol_bytes.min(size - debug)
    } else {
        0
    };
    (symbols, debug)
}

#[derive(Default)]
struct Sum {
    bytes: u64,
    files: Vec<(u64, EntryId)>,
    layers: BTreeMap<LayerNo, u64>,
}

impl Sum {
    fn add(&mut self, id: EntryId, layer: LayerNo, bytes: u64) {
        if bytes == 0 {
            return;
        }
        self.bytes = self.bytes.saturating_add(bytes);
        self.files.push((bytes, id));
        *self.layers.entry(layer).or_default() += bytes;
    }

    fn finding(
        mut self,
        merged: &Merged,
        places: &Places<'_>,
        id: FindingId,
        what: &str,
        remedy: &str,
    ) -> Option<Finding> {
        if self.bytes < AT_LEAST {
            return None;
        }
        self.files
            .sort_by_key(|(bytes, id)| (std::cmp::Reverse(*bytes), *id));
        let bytes = Bytes(self.bytes);
        let files = count(self.files.len() as u64, "file", "files");
        let title = format!("{bytes} {what}, in {files}");
        let most = self.layers.iter().max_by_key(|(_, bytes)| **bytes);
        let entries = self.files.iter().filter_map(|(_, id)| merged.entry(*id));
        let paths = entries.map(|entry| PathText(merged.path(entry.node)));
        let place = most.map_or_else(Default::default, |(layer, _)| places.layer(*layer));
        Some(
            Finding::new(id, Severity::of_bytes(bytes), title, remedy)
                .bytes(bytes)
                .paths(paths, self.files.len() as u64)
                .at(place),
        )
    }
}
