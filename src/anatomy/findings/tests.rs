//! Images, and what is found wrong with them.

mod acceptance;
mod files;
mod instructions;
mod secrets;
mod start;

use super::{Finding, FindingId, Findings, examine};
use crate::anatomy::components::testing::TestImage;
use crate::anatomy::components::{NoPackages, Owners, Rules, recognise};
use crate::anatomy::merged::{LayerNo, View};
use crate::anatomy::whole::Anatomy;

const MIB: u64 = 1 << 20;

fn examined(anatomy: &Anatomy, owners: &dyn Owners) -> Findings {
    let merged = &anatomy.merged;
    let view = View::new(merged, merged.last().unwrap_or(LayerNo(0)));
    let components = recognise(merged, &view, owners, Rules::built_in());
    let findings = examine(anatomy, &view, owners, &components);
    assert!(findings.removable_bytes <= merged.layer_bytes());
    for finding in &findings.all {
        assert!(!finding.title.is_empty() && !finding.remedy.is_empty());
        assert!(
            !finding.remedy.contains(". "),
            "one sentence: {}",
            finding.remedy
        );
        assert!(!finding.title.ends_with('.'), "{}", finding.title);
    }
    findings
}

fn found(image: TestImage) -> Findings {
    examined(&image.build(), &NoPackages)
}

/// The only finding of an id.
fn only(findings: &Findings, id: FindingId) -> &Finding {
    let all: Vec<&Finding> = findings.of(id).collect();
    assert_eq!(all.len(), 1, "{id}: {:#?}", findings.all);
    all[0]
}

fn has(findings: &Findings, id: FindingId) -> bool {
    findings.of(id).next().is_some()
}

/// An image of one layer with these files of that size.
fn files(paths: &[&str], size: u64) -> TestImage {
    TestImage::default().layer("COPY a b", |layer| {
        for path in paths {
            layer.file(path, size);
        }
    })
}
