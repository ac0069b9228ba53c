//! The engines and how they stand; and one of them, whole.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::model::fleet::{EngineState, Link};
use crate::model::observation::{Health, ImageStore, Observation};
use crate::model::project::EngineName;
use crate::model::step::Course;
use crate::tui::action::{Command, Place};
use crate::tui::listing::rows::{images_of, kind_of, link_word, served, version_of};
use crate::tui::state::{EnginesView, Layout, Window};
use crate::tui::widgets::page::Page;
use crate::tui::widgets::table::{Column, Rows, Said};

use super::{Canvas, lists, moment};

const COLUMNS: &[Column] = &[
    Column::new("STATE", 12, 0, 0),
    Column::new("ENGINE", 16, 3, 0),
    Column::new("SERVES", 14, 1, 1),
    Column::new("VERSION", 15, 0, 2),
    Column::new("CONTAINERS", 10, 0, 4).unsearched(),
    Column::new("IMAGES", 8, 0, 5).unsearched(),
    Column::new("AS OF", 9, 0, 3).unsearched(),
];

/// Draws the list, and the story of the selected one below.
pub(super) fn list(
    frame: &mut Frame<'_>,
    area: Rect,
    canvas: &Canvas<'_>,
    view: &EnginesView,
    layout: &mut Layout,
) {
    let theme = &canvas.theme;
    if canvas.fleet.engines.is_empty() {
        let mut page = Page::new(theme, area.width);
        page.text("No engine takes part: karat found none, and the project file names none.");
        layout.view = page.draw(frame.buffer_mut(), area, 0);
        return;
    }
    let area = lists::head(frame, area, canvas, None);
    if lists::nothing(frame, area, canvas) {
        return;
    }
    let engine = |place: usize| {
        let at = *view.list.order().get(place)?;
        canvas.fleet.engines.iter().nth(at)
    };
    let mut story = Page::new(theme, area.width.saturating_sub(2));
    if let Some((name, state)) = engine(view.list.at()) {
        story.styled(name.as_str(), theme.title);
        tell_link(canvas, (name, state), &mut story);
        tell_trouble(canvas, state, &mut story);
    }
    let line = |place: usize| engine(place).map_or_else(Vec::new, |it| said(canvas, it));
    let sort = canvas.preferences.engines;
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

/// The sign and style of how an engine stands.
fn standing(canvas: &Canvas<'_>, link: &Link) -> (&'static str, Style) {
    match link {
        Link::Up => ("●", canvas.theme.good),
        Link::Connecting => ("…", canvas.theme.busy),
        Link::Down { .. } => ("✗", canvas.theme.bad),
    }
}

fn said(canvas: &Canvas<'_>, (name, engine): (&EngineName, &EngineState)) -> Vec<Said> {
    let theme = &canvas.theme;
    let (sign, style) = standing(canvas, &engine.link);
    let last = engine.last.as_ref();
    // Old data is quiet: it may not be true any more.
    let text = if engine.link == Link::Up {
        theme.text
    } else {
        theme.quiet
    };
    let count = |count: Option<usize>| count.map_or_else(String::new, |it| it.to_string());
    let seen = match (&engine.link, last) {
        (Link::Up, _) if name.is_engine() => "now".to_owned(),
        (_, Some(last)) => format!("{} ago", canvas.age(last.at)),
        (_, None) => "never".to_owned(),
    };
    vec![
        (format!("{sign} {}", link_word(&engine.link)), style),
        (name.to_string(), theme.text),
        (served(&canvas.fleet, name).join(", "), text),
        (
            version_of(name, last.map(|it| &it.facts)).unwrap_or_default(),
            text,
        ),
        (
            count(
                last.filter(|_| name.is_engine())
                    .map(|it| it.containers.len()),
            ),
            text,
        ),
        (images(name, last), text),
        (seen, theme.quiet),
    ]
}

/// How many images it has; a registry has tags, and a channel neither.
fn images(name: &EngineName, last: Option<&Observation>) -> String {
    let Some(last) = last.filter(|_| name.course() == Course::Container) else {
        return String::new();
    };
    let count = images_of(last);
    match name.is_registry() {
        true if count == 1 => "1 tag".to_owned(),
        true => format!("{count} tags"),
        false => count.to_string(),
    }
}

/// How the connection stands, the error in full, and what comes next.
fn tell_link(
    canvas: &Canvas<'_>,
    (name, engine): (&EngineName, &EngineState),
    page: &mut Page<'_>,
) {
    let theme = &canvas.theme;
    let (sign, style) = standing(canvas, &engine.link);
    match &engine.link {
        Link::Up => {
            // A registry tells nobody when something changes there.
            let what = match (name.is_engine(), &engine.last) {
                (false, Some(last)) => format!("read {} ago", canvas.age(last.at)),
                _ => "what it says is live".to_owned(),
            };
            page.pair_styled("state", &format!("{sign} up: {what}"), style);
        }
        Link::Connecting => page.pair_styled(
            "state",
            &format!("{sign} connecting: asked, not answered yet"),
            style,
        ),
        Link::Down {
            error,
            since,
            retry_at,
        } => {
            let text = format!(
                "{sign} down since {} ({} ago)",
                moment(*since),
                canvas.age(*since)
            );
            page.pair_styled("state", &text, style);
            page.pair_styled("error", error, style);
            let next = match retry_at {
                Some(at) if *at > canvas.now => {
                    format!(
                        "karat tries again in {}; {}: at once",
                        canvas.until(*at),
                        canvas.keymap.way(Command::Refresh)
                    )
                }
                Some(_) => "karat is trying again".to_owned(),
                None => format!(
                    "karat does not try again by itself; {}: try now",
                    canvas.keymap.way(Command::Refresh)
                ),
            };
            page.pair("next", &next);
        }
    }
    if engine.link != Link::Up {
        let seen = engine.last.as_ref().map_or_else(
            || "it has never answered".to_owned(),
            |last| format!("what is shown of it is {} old", canvas.age(last.at)),
        );
        page.pair_styled("as of", &seen, theme.warn);
    }
}

/// Locks and what karat keeps there.
fn tell_trouble(canvas: &Canvas<'_>, engine: &EngineState, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    let Some(last) = &engine.last else {
        return;
    };
    for lock in &last.locks {
        let ours = canvas.running().any(|one| one.id == lock.operation);
        let hint = if ours {
            format!("; {} shows it", canvas.keymap.way(Command::Operations))
        } else {
            format!(
                "; if it was cut off, {} at home finishes or undoes it",
                canvas.keymap.way_in(Place::Home, Command::Recover)
            )
        };
        let text = format!(
            "⟳ {}: {} by {}, {} ago{hint}",
            lock.container,
            lock.summary,
            lock.owner,
            canvas.age(lock.since)
        );
        page.pair_styled("locked", &text, theme.busy);
    }
}

/// Draws one: how it stands, what it is, and what is on it.
pub(super) fn one(
    frame: &mut Frame<'_>,
    area: Rect,
    canvas: &Canvas<'_>,
    name: &EngineName,
    top: usize,
) -> Window {
    let (inside, mut page) = canvas.page(area);
    match canvas.fleet.engines.get(name) {
        Some(engine) => tell_all(canvas, name, engine, &mut page),
        None => page.styled(
            &format!(
                "This engine no longer takes part. {} goes back.",
                canvas.keymap.way(Command::Back)
            ),
            canvas.theme.warn,
        ),
    }
    page.draw(frame.buffer_mut(), inside, top)
}

fn tell_all(canvas: &Canvas<'_>, name: &EngineName, engine: &EngineState, page: &mut Page<'_>) {
    page.title(name.as_str());
    tell_link(canvas, (name, engine), page);
    tell_trouble(canvas, engine, page);
    let serves = served(&canvas.fleet, name);
    let serves = if serves.is_empty() {
        match kind_of(name) {
            Some(_) => "no environment: it is only read",
            None => "no environment",
        }
        .to_owned()
    } else {
        serves.join(", ")
    };
    page.pair("serves", &serves);
    let Some(last) = &engine.last else {
        return;
    };
    match kind_of(name) {
        None => {
            tell_facts(name, last, page);
            tell_containers(canvas, last, page);
        }
        Some(_) if name.is_registry() => tell_registry(last, page),
        Some(_) => tell_channel(canvas, last, page),
    }
}

/// A registry: read for versions, nothing runs there.
fn tell_registry(last: &Observation, page: &mut Page<'_>) {
    page.title("What it is");
    page.pair(
        "kind",
        "a repository of a registry, read for the versions of an image",
    );
    page.pair("host", &last.facts.host);
    let tags = images_of(last);
    let text = match last.unread.len() {
        0 => format!("{tags}, all of them read"),
        unread => format!("{tags}, of which {unread} are read once somebody looks at them"),
    };
    page.pair("tags", &text);
    page.pair("last answer", &moment(last.at));
}

/// A channel: the same moving tag of every image.
fn tell_channel(canvas: &Canvas<'_>, last: &Observation, page: &mut Page<'_>) {
    page.title("What it is");
    page.pair(
        "kind",
        "a channel: a tag that is moved from version to version",
    );
    page.pair("last answer", &moment(last.at));
    page.title("What its tags point to");
    if last.containers.is_empty() {
        page.styled("none of them is there yet", canvas.theme.quiet);
    }
    for tag in &last.containers {
        let since = tag.started.map_or_else(String::new, |at| {
            format!("; unchanged for {}", canvas.age(at))
        });
        page.labelled(
            &tag.name,
            24,
            &format!("{}{since}", tag.id),
            canvas.theme.text,
        );
    }
}

fn tell_facts(name: &EngineName, last: &Observation, page: &mut Page<'_>) {
    let facts = &last.facts;
    page.title("What it is");
    let known = |text: &str| {
        if text.is_empty() {
            "not known".to_owned()
        } else {
            text.to_owned()
        }
    };
    let version = version_of(name, Some(facts)).unwrap_or_default();
    page.pair("version", &known(&version));
    page.pair("API", &known(&facts.api));
    page.pair("platform", &known(&facts.platform));
    page.pair("host", &known(&facts.host));
    page.pair("system", &known(&facts.system));
    let store = match facts.store {
        ImageStore::Classic => "classic: an image's id is its config digest",
        ImageStore::Containerd => "containerd's: an image's id is its manifest digest",
    };
    page.pair("image store", store);
    page.pair("driver", &known(&facts.driver));
    let images = match last.images_in_all {
        Some(all) => format!("{all}, of which {} matter here", last.images.len()),
        None => format!("{} that matter here", last.images.len()),
    };
    page.pair("images", &images);
    page.pair("last answer", &moment(last.at));
}

fn tell_containers(canvas: &Canvas<'_>, last: &Observation, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    let running = last
        .containers
        .iter()
        .filter(|it| it.health != Health::NotRunning)
        .count();
    page.title(&format!(
        "Its containers: {} of {} run",
        running,
        last.containers.len()
    ));
    for container in &last.containers {
        let (sign, style) = theme.health(container.health);
        let since = container
            .started
            .map_or_else(String::new, |at| format!(" for {}", canvas.age(at)));
        let text = format!(
            "{sign} {}{since}  {}",
            container.health.word(),
            container.image
        );
        page.labelled(&container.name, 24, &text, style);
    }
    if !last.parked.is_empty() {
        page.title("Kept to go back to, until their soak is over");
        for name in &last.parked {
            page.styled(name, theme.quiet);
        }
    }
}
