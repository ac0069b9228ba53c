//! The versions of an image, newest first; and one of them, whole.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::model::catalog::{Entry, Version};
use crate::model::digest::Digest;
use crate::model::fleet::{Link, Row};
use crate::model::known_good::Objection;
use crate::model::project::ImageName;
use crate::tui::action::Command;
use crate::tui::listing::rows::{known_good_in, left_behind, runs_in, size_of};
use crate::tui::state::{Layout, Versions, Window};
use crate::tui::widgets::page::Page;
use crate::tui::widgets::table::{Column, Rows, Said};

use super::{Canvas, lists, moment, remote};

const COLUMNS: &[Column] = &[
    Column::new("VERSION", 14, 2, 0),
    Column::new("DIGEST", 12, 0, 1).unsearched(),
    Column::new("RUNS IN", 13, 3, 0),
    Column::new("KNOWN GOOD", 13, 3, 0),
    Column::new("AGE", 6, 0, 2).unsearched(),
    Column::new("SIZE", 9, 0, 3).unsearched(),
    Column::new("TAGS", 14, 3, 4),
];

/// Draws the list, and the story of the selected one below.
pub(super) fn list(
    frame: &mut Frame<'_>,
    area: Rect,
    canvas: &Canvas<'_>,
    view: &Versions,
    layout: &mut Layout,
) {
    let theme = &canvas.theme;
    let Some(row) = canvas.fleet.row(&view.image) else {
        let mut page = Page::new(theme, area.width.saturating_sub(2));
        page.styled(
            &format!(
                "This image is no longer in the fleet. {} goes back.",
                canvas.keymap.way(Command::Back)
            ),
            theme.warn,
        );
        layout.view = page.draw(frame.buffer_mut(), lists::inside(area), 0);
        return;
    };
    if row.catalog.entries() == 0 {
        let mut page = Page::new(theme, area.width.saturating_sub(2));
        page.styled(&nowhere(canvas, row), theme.warn);
        layout.view = page.draw(frame.buffer_mut(), lists::inside(area), 0);
        return;
    }
    let area = lists::head(frame, area, canvas, None);
    if lists::nothing(frame, area, canvas) {
        return;
    }
    let entry = |place: usize| row.catalog.entry(*view.list.order().get(place)?);
    let mut story = Page::new(theme, area.width.saturating_sub(2));
    match entry(view.list.at()) {
        Some(Entry::Known(version)) => {
            let runs = runs_in(&canvas.fleet, row, &version.identity).join(", ");
            if !runs.is_empty() {
                story.pair_styled("runs in", &runs, theme.good);
            }
            tell(canvas, row, version, &mut story);
            if !version.tags.is_empty() {
                story.pair("tags", &version.tags.join(" "));
            }
            remote::summary(version, &mut story);
        }
        Some(Entry::Unread(unread)) => remote::unread(canvas, row, unread, &mut story),
        None => {}
    }
    let line = |place: usize| match entry(place) {
        Some(Entry::Known(version)) => said(canvas, row, version, view.marked.as_ref()),
        Some(Entry::Unread(unread)) => remote::said(canvas, unread),
        None => Vec::new(),
    };
    let sort = canvas.preferences.versions;
    let rows = Rows {
        total: view.list.counts().0,
        selected: view.list.at(),
        top: view.top,
        sorted: (sort.column(), sort.sign()),
        words: view.list.filters.words(),
        row: &line,
    };
    (layout.view, layout.hits) = lists::above(frame, area, canvas, (COLUMNS, &rows), &story);
}

/// Why there is nothing to show: who was asked, and what came of it.
fn nowhere(canvas: &Canvas<'_>, row: &Row) -> String {
    let repository = &row.image.repository;
    let engines = format!("No engine that answers has a version of {repository}");
    match canvas.registry_of(repository).map(|state| &state.link) {
        Some(Link::Up) => format!("{engines}, and its registry has no tag of it."),
        Some(Link::Down { error, .. }) => {
            format!("{engines}, and its registry does not answer: {error}")
        }
        Some(Link::Connecting) => format!("{engines}, and its registry has not answered yet."),
        None => format!("{engines}."),
    }
}

fn said(canvas: &Canvas<'_>, row: &Row, version: &Version, marked: Option<&Digest>) -> Vec<Said> {
    let theme = &canvas.theme;
    let good = known_good_in(&canvas.fleet, row, &version.identity);
    let mark = if version.revoked {
        ("⊘ revoked".to_owned(), theme.bad)
    } else if !good.is_empty() {
        (format!("◆ {}", good.join(", ")), theme.known_good)
    } else if left_behind(row, &version.identity) {
        ("✗ left behind".to_owned(), theme.bad)
    } else {
        (String::new(), theme.text)
    };
    let contested = version
        .label
        .as_ref()
        .is_some_and(|label| row.catalog.contested.contains(label));
    let name = if contested {
        (format!("{} ‼ two digests", version.shown()), theme.bad)
    } else {
        (version.shown().to_owned(), theme.text)
    };
    let name = if marked == Some(&version.identity) {
        (format!("= {}", name.0), name.1)
    } else {
        name
    };
    vec![
        name,
        (version.identity.short().to_owned(), theme.quiet),
        (
            runs_in(&canvas.fleet, row, &version.identity).join(", "),
            theme.good,
        ),
        mark,
        (
            version
                .created
                .map_or_else(String::new, |it| canvas.age(it)),
            theme.quiet,
        ),
        (
            size_of(version).map_or_else(String::new, remote::size_words),
            theme.quiet,
        ),
        (version.tags.join(" "), theme.quiet),
    ]
}

/// What speaks for and against a version, environment by environment.
fn tell(canvas: &Canvas<'_>, row: &Row, version: &Version, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    if version.revoked {
        page.styled(
            "⊘ revoked: it, or what it is built from, must not be chosen again",
            theme.bad,
        );
    }
    let mut anything = false;
    for (environment, cell) in canvas.fleet.environments.iter().zip(&row.cells) {
        let Some(verdict) = &cell.known_good else {
            continue;
        };
        if let Some(run) = &verdict.choice
            && run.identity == version.identity
        {
            let text = format!("◆ known good: {}", run.evidence());
            page.pair_styled(environment.name.as_str(), &text, theme.known_good);
            anything = true;
        }
        for over in &verdict.passed_over {
            if over.run.identity == version.identity && over.why != Objection::OlderRun {
                let text = format!("passed over: {}; {}", over.why.words(), over.run.evidence());
                page.pair_styled(environment.name.as_str(), &text, theme.objection(over.why));
                anything = true;
            }
        }
    }
    if !anything {
        page.styled("no ended run of this version is recorded", theme.quiet);
    }
}

/// Draws one version: every digest whole, every tag, where it lies.
pub(super) fn one(
    frame: &mut Frame<'_>,
    area: Rect,
    canvas: &Canvas<'_>,
    (image, identity): (&ImageName, &Digest),
    top: usize,
) -> Window {
    let theme = &canvas.theme;
    let (inside, mut page) = canvas.page(area);
    let found = canvas
        .fleet
        .row(image)
        .and_then(|row| Some((row, row.version(identity)?)));
    match found {
        Some((row, version)) => tell_all(canvas, row, version, &mut page),
        None => page.styled(
            &format!(
                "This version is no longer known. {} goes back.",
                canvas.keymap.way(Command::Back)
            ),
            theme.warn,
        ),
    }
    page.draw(frame.buffer_mut(), inside, top)
}

fn tell_all(canvas: &Canvas<'_>, row: &Row, version: &Version, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    page.title(&format!("{} {}", row.image.name, version.shown()));
    page.pair("repository", row.image.repository.as_str());
    page.pair("tags", &version.tags.join(" "));
    page.pair("platform", &version.platform);
    let built = version.created.map_or_else(
        || "not known".to_owned(),
        |at| format!("{} ({} ago)", moment(at), canvas.age(at)),
    );
    page.pair("built", &built);
    let size = version
        .size
        .map_or_else(|| "not known".to_owned(), |it| it.to_string());
    page.pair("size", &size);
    remote::packed(canvas, version, page);
    page.title("Digests");
    page.pair("identity", version.identity.as_str());
    let digest = |it: &Option<Digest>| {
        it.as_ref()
            .map_or_else(|| "not known".to_owned(), Digest::to_string)
    };
    page.pair("index", &digest(&version.digests.index));
    page.pair("manifest", &digest(&version.digests.manifest));
    page.pair("config", &digest(&version.digests.config));
    page.pair("content", version.content.as_str());
    page.title("Where it runs, and how it did");
    let runs = runs_in(&canvas.fleet, row, &version.identity).join(", ");
    let runs = if runs.is_empty() {
        "nowhere".to_owned()
    } else {
        runs
    };
    page.pair("runs in", &runs);
    tell(canvas, row, version, page);
    page.title("Where it lies");
    for held in &version.on_engines {
        let text = format!("{} as {}", held.image_id, held.tags.join(" "));
        page.labelled(held.engine.as_str(), 24, &text, theme.text);
    }
    for reference in &version.repo_digests {
        page.pair("registry", &reference.to_string());
    }
    remote::attached(version, page);
    if !version.labels.is_empty() {
        page.title("Labels");
        for (name, value) in &version.labels {
            page.labelled(name, 34, value, theme.text);
        }
    }
}
