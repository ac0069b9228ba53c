//! `karat versions IMAGE` for people: the versions, newest first.

use crate::model::catalog::{Entry, Unread, Version};
use crate::model::fleet::{Cell, Fleet, Row};
use crate::model::known_good::Verdict;
use crate::model::project::{Environment, EnvironmentName};
use crate::model::remote::RemoteImage;
use crate::model::text::printable;
use crate::model::time::Span;

use super::json::{known_good_in, running_in};
use super::table::{CellLines, Colour, Paint, Table, Text, wrapped};

/// How wide the columns of tags and environments get before they are wrapped.
const TAGS_WIDTH: usize = 32;

/// The versions of one image with where each runs and where it is known good; below, for
/// one environment, or for each in which the image runs, what there is to go back to and
/// why. With one environment, only that is looked at.
#[must_use]
pub fn render(fleet: &Fleet, row: &Row, only: Option<&EnvironmentName>, colour: Colour) -> String {
    let name = printable(row.image.name.as_str());
    let repository = printable(row.image.repository.as_str());
    let mut out = colour.paint(Paint::Faint, &format!("{name} in {repository}")) + "\n\n";
    if row.catalog.versions.is_empty() && row.catalog.unread.is_empty() {
        return out + "no version is known: no engine or registry that answers has one\n";
    }
    let head = [
        "VERSION",
        "OTHER TAGS",
        "DIGEST",
        "BUILT",
        "SIZE",
        "RUNS IN",
        "NOTES",
    ];
    let mut table = Table::new(head.map(|text| Text::new(Paint::Head, text)).into());
    for entry in row.catalog.in_order() {
        let version = match entry {
            Entry::Known(version) => version,
            Entry::Unread(unread) => {
                table.row(unread_line(unread));
                continue;
            }
        };
        table.row(line(fleet, row, version, only));
    }
    out.push_str(&table.render(colour));
    let places = fleet.environments.iter().zip(&row.cells);
    for (environment, cell) in
        places.filter(|(environment, _)| only.is_none_or(|only| only == &environment.name))
    {
        out.push_str(&known_good(environment, cell, only.is_some(), colour));
    }
    out
}

/// One version.
fn line(
    fleet: &Fleet,
    row: &Row,
    version: &Version,
    only: Option<&EnvironmentName>,
) -> Vec<CellLines> {
    let label = version.label.as_ref().map(|label| label.0.as_str());
    let tags = version.tags.iter().map(String::as_str);
    let tags: Vec<&str> = tags.filter(|tag| Some(*tag) != label).collect();
    let shown = |name: &&str| only.is_none_or(|only| only.as_str() == *name);
    let running: Vec<&str> = running_in(fleet, row, &version.identity)
        .filter(shown)
        .collect();
    let built = version
        .created
        .map(|at| format!("{} ago", Span::between(at, fleet.at)));
    let mut notes: CellLines = Vec::new();
    if version.revoked {
        notes.push(Text::new(Paint::Bad, "revoked"));
    }
    let good: Vec<&str> = known_good_in(fleet, row, &version.identity)
        .filter(shown)
        .collect();
    if !good.is_empty() {
        notes.push(Text::whole(
            Paint::Good,
            &format!("known good in {}", good.join(", ")),
        ));
    }
    if version
        .label
        .as_ref()
        .is_some_and(|label| row.catalog.contested.contains(label))
    {
        notes.push(Text::new(
            Paint::Bad,
            "the label stands for several digests",
        ));
    }
    let packed = version.remote.as_ref().and_then(|remote| remote.compressed);
    let size = match (version.size, packed) {
        (Some(size), None) => size.to_string(),
        (None, Some(packed)) => format!("{packed} packed"),
        (Some(size), Some(packed)) => format!("{size}, {packed} packed"),
        (None, None) => "–".to_owned(),
    };
    notes.extend(version.remote.iter().flat_map(in_registry));
    vec![
        vec![Text::plain(label.unwrap_or("–"))],
        wrapped(Paint::Faint, &tags, TAGS_WIDTH),
        vec![Text::new(Paint::Faint, version.identity.short())],
        vec![Text::plain(built.as_deref().unwrap_or("–"))],
        vec![Text::plain(&size)],
        wrapped(Paint::Plain, &running, TAGS_WIDTH),
        notes,
    ]
}

/// A tag of which only the name is known.
fn unread_line(unread: &Unread) -> Vec<CellLines> {
    let label = unread.label.as_ref().map(|label| label.0.as_str());
    let tag = if label.is_none() {
        unread.tag.as_str()
    } else {
        ""
    };
    vec![
        vec![Text::plain(label.unwrap_or("–"))],
        vec![Text::new(Paint::Faint, tag)],
        vec![Text::new(Paint::Faint, "not read")],
        vec![Text::plain("–")],
        vec![Text::plain("–")],
        Vec::new(),
        Vec::new(),
    ]
}

/// What the registry says of a version: platforms where there are several, and what is
/// attached.
fn in_registry(remote: &RemoteImage) -> CellLines {
    let mut lines = Vec::new();
    if remote.platforms.len() > 1 {
        lines.push(Text::whole(Paint::Faint, &remote.platforms.join(", ")));
    }
    if let Some(attached) = &remote.attached {
        let all = [
            ("signature", attached.signature),
            ("SBOM", attached.sbom),
            ("provenance", attached.provenance),
        ];
        let words = all.map(|(what, there)| format!("{what} {}", there.word()));
        lines.push(Text::whole(Paint::Faint, &words.join(", ")));
    }
    lines
}

/// What there is to go back to in one environment; with every objection, if asked for.
fn known_good(environment: &Environment, cell: &Cell, closely: bool, colour: Colour) -> String {
    let name = &environment.name;
    let Some(verdict) = &cell.known_good else {
        return if closely {
            format!(
                "\n{}\n",
                printable(&format!("in {name} nothing is seen to run"))
            )
        } else {
            String::new()
        };
    };
    let line = match &verdict.choice {
        Some(run) => {
            let version = run
                .version
                .as_deref()
                .unwrap_or_else(|| run.identity.short());
            let line = format!("known good in {name}: {version}, {}", run.evidence());
            colour.paint(Paint::Good, &printable(&line))
        }
        None => {
            let line = format!("known good in {name}: none; {}", why_none(verdict));
            colour.paint(Paint::Faint, &printable(&line))
        }
    };
    let mut out = format!("\n{line}\n");
    if closely {
        for one in &verdict.passed_over {
            let version = one
                .run
                .version
                .as_deref()
                .unwrap_or_else(|| one.run.identity.short());
            let line = format!(
                "  not {version}, {}: {}",
                one.run.evidence(),
                one.why.words()
            );
            out.push_str(&printable(&line));
            out.push('\n');
        }
    }
    out
}

fn why_none(verdict: &Verdict) -> &'static str {
    if verdict.passed_over.is_empty() {
        "karat has not ended a run there yet"
    } else {
        "every recorded run is passed over"
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::fleet;
    use super::*;

    #[test]
    fn versions_are_listed_newest_first() {
        let fleet = fleet();
        assert_eq!(
            render(&fleet, &fleet.rows[0], None, Colour::Never),
            "\
shop in shop

VERSION  OTHER TAGS  DIGEST        BUILT    SIZE  RUNS IN  NOTES
1.4.2                d4735e3a265e  0 s ago  5 kB  dev
1.4.1                6b86b273ff34  0 s ago  5 kB  prod
1.4.0                5feceb66ffc8  0 s ago  5 kB           known good in prod

known good in dev: none; karat has not ended a run there yet

known good in prod: 0, ran 1 h here until Sun 2026-11-22 11:00 UTC, healthy when last read
"
        );
    }

    #[test]
    fn one_environment_is_looked_at_closely() {
        let fleet = fleet();
        let text = |name| {
            render(
                &fleet,
                &fleet.rows[0],
                Some(&EnvironmentName::from(name)),
                Colour::Never,
            )
        };
        assert!(
            text("prod").ends_with(
                "
1.4.2                d4735e3a265e  0 s ago  5 kB
1.4.1                6b86b273ff34  0 s ago  5 kB  prod
1.4.0                5feceb66ffc8  0 s ago  5 kB           known good in prod

known good in prod: 0, ran 1 h here until Sun 2026-11-22 11:00 UTC, healthy when last read
  not lost, ran 1 h here until Sun 2026-11-22 08:40 UTC, healthy when last read: no engine and no registry has it any more
"
            ),
            "{}",
            text("prod")
        );
        assert!(text("staging").ends_with("\nin staging nothing is seen to run\n"));
    }

    #[test]
    fn what_is_wrong_with_a_version_is_noted() {
        let mut fleet = fleet();
        let catalog = &mut fleet.rows[0].catalog;
        catalog.contested = catalog.versions[0].label.clone().into_iter().collect();
        catalog.versions[0].revoked = true;
        catalog.versions[0].tags.push("stable\u{1b}".to_owned());
        let text = render(&fleet, &fleet.rows[0], None, Colour::Never);
        let lines: Vec<&str> = text.lines().skip(3).take(2).collect();
        assert_eq!(
            lines,
            [
                "1.4.2    stable␛     d4735e3a265e  0 s ago  5 kB  dev      revoked",
                "                                                           the label stands for several digests",
            ]
        );
        fleet.rows[0].catalog.versions.clear();
        let text = render(&fleet, &fleet.rows[0], None, Colour::Never);
        assert!(
            text.ends_with("no version is known: no engine or registry that answers has one\n")
        );
    }
}
