//! Files brought in by ADD and COPY: from the network, or a whole build context.

use crate::anatomy::findings::finding::{Finding, Severity};
use crate::anatomy::findings::ids::FindingId;
use crate::anatomy::findings::shell::keyword;
use crate::anatomy::image::Step;
use crate::anatomy::layer::index::Kind;
use crate::anatomy::merged::{EntryId, LayerNo};
use crate::anatomy::whole::Anatomy;

pub(super) fn add_remote(step: &Step) -> Option<Finding> {
    let rest = keyword(&step.instruction, "ADD")?;
    let words = || rest.split_whitespace();
    let remote = words().any(|word| {
        let word = word.trim_matches(['"', '[', ']', ',']);
        word.starts_with("http://") || word.starts_with("https://")
    });
    let checked = words().any(|word| word.starts_with("--checksum"));
    (remote && !checked).then(|| {
        Finding::new(
            FindingId::AddRemote,
            Severity::Low,
            format!("Step {} adds a file from the network", step.number),
            "Give its checksum (ADD --checksum=sha256:…), so that the same source builds the same image.",
        )
    })
}

/// What a copied build context tells of having been copied unseen.
const GIVEAWAYS: &[(&[u8], Kind)] = &[
    (b".git", Kind::Directory),
    (b".env", Kind::File),
    (b"node_modules", Kind::Directory),
    (b".venv", Kind::Directory),
    (b"__pycache__", Kind::Directory),
    (b".idea", Kind::Directory),
    (b".vscode", Kind::Directory),
    (b".DS_Store", Kind::File),
    (b"Dockerfile", Kind::File),
];

pub(super) fn context(anatomy: &Anatomy, step: &Step, layer: Option<LayerNo>) -> Option<Finding> {
    let rest = keyword(&step.instruction, "COPY").or_else(|| keyword(&step.instruction, "ADD"))?;
    let words: Vec<&str> = rest
        .split('#')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    if words.iter().any(|word| word.starts_with("--from")) {
        return None;
    }
    let paths = words.iter().filter(|word| !word.starts_with("--"));
    let paths: Vec<&str> = paths
        .map(|word| word.trim_matches(['"', '[', ']', ',']))
        .collect();
    let (_, sources) = paths.split_last()?;
    if !sources
        .iter()
        .any(|source| matches!(*source, "." | "./" | "/"))
    {
        return None;
    }
    let merged = &anatomy.merged;
    let mut told: Vec<&str> = Vec::new();
    let giveaway = |id: EntryId| {
        let entry = merged.entry(id)?;
        let name = merged.name(entry.node);
        let known = GIVEAWAYS
            .iter()
            .find(|(it, kind)| *it == name && entry.kind == *kind)?;
        std::str::from_utf8(known.0).ok()
    };
    for name in merged.entries_of(layer?).filter_map(giveaway) {
        if !told.contains(&name) {
            told.push(name);
        }
    }
    // A Dockerfile alone is no harm.
    if told.iter().all(|name| *name == "Dockerfile") {
        return None;
    }
    told.sort_unstable();
    let names = told.join(", ");
    Some(Finding::new(
        FindingId::ContextCopied,
        Severity::Medium,
        format!(
            "Step {} copies the whole build context, {names} included",
            step.number
        ),
        "Name them in .dockerignore, or copy only the folders that are needed.",
    ))
}
