//! `karat layers IMAGE --markdown`: a report for a wiki, a summary for a pull request.
//!
//! Whatever comes from the image stands as plain text: nothing in a name or an instruction
//! becomes a link, a picture or HTML.

use std::fmt::Write as _;

use super::sections::tally;
use super::text::count;
use super::words;
use crate::anatomy::components::PathText;
use crate::anatomy::findings::{Finding, Severity};
use crate::anatomy::image::Presence;
use crate::explain::Whole;
use crate::model::bytes::Bytes;
use crate::model::text::printable;

/// How many of each a summary has.
const SHORT: usize = 5;

/// The whole report.
#[must_use]
pub fn full(whole: &Whole) -> String {
    let mut out = head(whole);
    layers(&mut out, whole);
    waste(&mut out, whole, usize::MAX);
    directories(&mut out, whole);
    packages(&mut out, whole, usize::MAX);
    components(&mut out, whole, usize::MAX);
    findings(&mut out, whole, usize::MAX);
    out
}

/// What fits a pull request: the figures, what costs most, what is severe.
#[must_use]
pub fn summary(whole: &Whole) -> String {
    let mut out = head(whole);
    waste(&mut out, whole, SHORT);
    components(&mut out, whole, SHORT);
    findings(&mut out, whole, SHORT);
    out
}

/// Text that may stand in a paragraph or a table.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in printable(text).chars() {
        match c {
            // HTML and what begins a link, a code, an emphasis, a cell or a mention.
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            '#' => out.push_str("&#35;"),
            ':' => out.push_str("&#58;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '!' | '~' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// Text as code, fit for a table: as many backticks around it as it needs.
pub(super) fn code(text: &str) -> String {
    let text = printable(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if longest > 0 { " " } else { "" };
    // A table ends a cell even within code.
    let text = text.replace('|', "\\|");
    format!("{fence}{pad}{text}{pad}{fence}")
}

fn head(whole: &Whole) -> String {
    let facts = &whole.anatomy.facts;
    let mut out = format!("## {}\n\n", code(whole.name()));
    let _ = writeln!(
        out,
        "{}, {}, configuration {}",
        plain(&facts.platform),
        count(facts.layers.len(), "layer", "layers"),
        code(facts.config.as_str())
    );
    let reclaimable = whole.reclaimable();
    let all = whole.waste.layer_bytes;
    let _ = write!(
        out,
        "\n| in layers | visible | reclaimable | efficiency |\n|--:|--:|--:|--:|\n\
         | {all} | {} | {reclaimable} ({}) | {} |\n",
        whole.waste.visible_bytes,
        words::percent(reclaimable, all),
        words::percent(whole.waste.visible_bytes, all),
    );
    out
}

fn layers(out: &mut String, whole: &Whole) {
    out.push_str(
        "\n### Layers\n\n| # | size | hidden | files | instruction |\n|--:|--:|--:|:--|:--|\n",
    );
    for explained in &whole.layers.all {
        let place = usize::from(explained.layer.0);
        let facts = whole.anatomy.facts.layers.get(place);
        let present = facts.is_some_and(|it| it.presence == Presence::Present);
        let instruction = whole.instruction(explained.layer);
        let instruction = instruction.map_or("not known".to_owned(), |text| code(&text));
        let hidden: Bytes = explained
            .dead
            .iter()
            .fold(Bytes(0), |sum, (_, bytes)| sum + *bytes);
        let work = &explained.work;
        let (size, hidden, files) = if present {
            (
                explained.file_bytes.to_string(),
                hidden.to_string(),
                format!(
                    "+{} ~{} −{}",
                    work.added.count, work.changed.count, work.removed.count
                ),
            )
        } else {
            ("not present".to_owned(), String::new(), String::new())
        };
        let _ = writeln!(
            out,
            "| {} | {size} | {hidden} | {files} | {instruction} |",
            words::number(explained.layer)
        );
    }
}

fn waste(out: &mut String, whole: &Whole, most: usize) {
    let payments = whole.waste.payments.iter().filter(|it| it.bytes.0 > 0);
    let lines: Vec<String> = payments
        .take(most)
        .map(|it| format!("- {}", plain(&words::payment(whole, it))))
        .collect();
    section(out, "Waste", &lines);
}

fn directories(out: &mut String, whole: &Whole) {
    let found = words::directories(&whole.anatomy.merged, &whole.view, 50, 4);
    if found.is_empty() {
        return;
    }
    out.push_str("\n### Directories\n\n| size | directory |\n|--:|:--|\n");
    for directory in found {
        let path = code(&directory.path.to_string());
        let _ = writeln!(out, "| {} | {path} |", directory.bytes);
    }
}

fn packages(out: &mut String, whole: &Whole, most: usize) {
    let all = &whole.inventory.packages;
    if all.is_empty() {
        return;
    }
    let _ = write!(
        out,
        "\n### Packages\n\n{}; {} belong to none.\n\n| size | package | version | kind | layer |\n|--:|:--|:--|:--|--:|\n",
        count(all.len(), "package", "packages"),
        whole.inventory.unowned().bytes
    );
    let mut by_size: Vec<_> = all.iter().collect();
    by_size.sort_by_key(|it| std::cmp::Reverse(it.bytes.map_or(0, |bytes| bytes.0)));
    for package in by_size.into_iter().take(most) {
        let size = package.bytes.map_or(String::new(), |it| it.to_string());
        let _ = writeln!(
            out,
            "| {size} | {} | {} | {} | {} |",
            code(&package.name),
            code(&package.version),
            package.kind,
            words::number(package.layer)
        );
    }
}

fn components(out: &mut String, whole: &Whole, most: usize) {
    let all = whole.components.all.iter();
    // A summary tells of what deserves a second look.
    let lines: Vec<String> = all
        .filter(|it| it.stands_out || most == usize::MAX)
        .take(most)
        .map(|it| {
            format!(
                "- **{}** ({}): {}, freed if removed {}. {}",
                plain(&it.name),
                it.class.as_str(),
                it.own_bytes,
                it.exclusive_bytes,
                plain(&it.advice)
            )
        })
        .collect();
    section(out, "Components", &lines);
}

fn findings(out: &mut String, whole: &Whole, most: usize) {
    let all = whole.findings.all.iter();
    let counting: Vec<&Finding> = all.filter(|it| it.counts()).collect();
    if counting.is_empty() {
        return;
    }
    let _ = write!(out, "\n### Findings\n\n{}\n\n", tally(&counting));
    let shown = |it: &&&Finding| most == usize::MAX || it.severity >= Severity::Medium;
    for finding in counting.iter().filter(shown).take(most) {
        let _ = writeln!(
            out,
            "- **{}** {} ({}). {}",
            finding.severity,
            plain(&finding.title),
            code(finding.id.as_str()),
            plain(&finding.remedy)
        );
        if most == usize::MAX {
            for path in &finding.examples {
                let _ = writeln!(out, "  - {}", code(&PathText::to_string(path)));
            }
        }
    }
}

fn section(out: &mut String, title: &str, lines: &[String]) {
    if !lines.is_empty() {
        let _ = write!(out, "\n### {title}\n\n{}\n", lines.join("\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_the_image_becomes_markup() {
        for (text, want) in [
            ("apt-get update", "apt-get update"),
            (
                "![x](https://evil) <img src=x> @all #1",
                "\\!\\[x\\](https&#58;//evil) &lt;img src=x&gt; &#64;all &#35;1",
            ),
            ("a|b\n*c*", "a\\|b␊\\*c\\*"),
        ] {
            assert_eq!(plain(text), want);
        }
        for (text, want) in [
            ("RUN a", "`RUN a`"),
            ("a ` b", "`` a ` b ``"),
            ("a|b", "`a\\|b`"),
            ("``", "``` `` ```"),
        ] {
            assert_eq!(code(text), want);
        }
    }
}
