//! Two versions beside each other: what is shared and what must be pulled; what grew, by
//! layer, directory and package; packages, files and configuration.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::anatomy::diff::{DirectoryChange, LayerGrowth, Setting, SettingChange, Which};
use crate::anatomy::merged::LayerNo;
use crate::anatomy::packages::PackageNo;
use crate::anatomy::packages::diff::{Change, Way, What};
use crate::anatomy::report::{Difference, Report};
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;
use crate::tui::action::Command;
use crate::tui::state::{ComparisonView, Standing, Window};
use crate::tui::text::clip;
use crate::tui::widgets::page::Page;

use super::{Canvas, count, in_one_line, shown};

/// How many of a kind are told; the rest is counted.
const LAYERS: usize = 12;
const PACKAGES: usize = 60;
const DIRECTORIES: usize = 20;
const SETTINGS: usize = 60;

/// How many directories and packages explain a layer.
const REASONS: usize = 4;

/// Draws it.
pub(in crate::tui::views) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    canvas: &Canvas<'_>,
    view: &ComparisonView,
) -> Window {
    let theme = &canvas.theme;
    let (inside, mut page) = canvas.page(area);
    let title = format!(
        "{} {} → {}",
        view.image,
        version(canvas, view, &view.before),
        version(canvas, view, &view.after)
    );
    page.title(&title);
    match &view.found {
        Some(Ok(difference)) => tell(canvas, difference, &mut page),
        Some(Err(why)) => page.item(0, "✗", why, theme.bad),
        None => waiting(canvas, view, &mut page),
    }
    page.draw(frame.buffer_mut(), inside, view.top)
}

fn version(canvas: &Canvas<'_>, view: &ComparisonView, identity: &Digest) -> String {
    let version = canvas
        .fleet
        .row(&view.image)
        .and_then(|row| row.version(identity));
    version.map_or_else(|| identity.short().to_owned(), |it| it.shown().to_owned())
}

/// How far the reading of both is.
fn waiting(canvas: &Canvas<'_>, view: &ComparisonView, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    for identity in [&view.before, &view.after] {
        let name = version(canvas, view, identity);
        match canvas.state.readings.of(identity) {
            Standing::Done => page.pair_styled(&name, "✓ read", theme.good),
            Standing::Unread => page.pair_styled(&name, "not read", theme.quiet),
            Standing::UnderWay(reading) => match &reading.failed {
                Some(why) => {
                    page.pair_styled(&name, &format!("✗ {why}"), theme.bad);
                    let back = canvas.keymap.way(Command::Back);
                    page.styled(&format!("{back} goes back."), theme.quiet);
                }
                None => {
                    let words = super::progress_words(canvas, reading);
                    page.pair_styled(&name, &words, theme.busy);
                }
            },
        }
    }
}

fn tell(canvas: &Canvas<'_>, difference: &Difference, page: &mut Page<'_>) {
    summary(canvas, difference, page);
    growth(canvas, difference, page);
    packages(canvas, difference, page);
    files(canvas, difference, page);
    settings(canvas, difference, page);
}

/// A number of bytes with its sign.
fn signed(bytes: i64) -> String {
    let size = Bytes(bytes.unsigned_abs());
    match bytes {
        0 => "±0 B".to_owned(),
        1.. => format!("+{size}"),
        _ => format!("-{size}"),
    }
}

/// More is worth a look, less is as wanted.
fn style(canvas: &Canvas<'_>, bytes: i64) -> Style {
    match bytes {
        0 => canvas.theme.quiet,
        1.. => canvas.theme.warn,
        _ => canvas.theme.good,
    }
}

fn summary(canvas: &Canvas<'_>, difference: &Difference, page: &mut Page<'_>) {
    let diff = &difference.diff;
    let (before, after) = (&difference.before, &difference.after);
    let visible = |report: &Report| report.waste.visible_bytes;
    let seen = format!(
        "{} → {}: {}",
        visible(before),
        visible(after),
        signed(diff.growth)
    );
    page.pair_styled("seen", &seen, style(canvas, diff.growth));
    let sum = |report: &Report| report.waste.layer_bytes;
    page.pair("layers", &format!("{} → {}", sum(before), sum(after)));
    let waste = |report: &Report| report.waste.reclaimable();
    page.pair(
        "for nothing",
        &format!("{} → {}", waste(before), waste(after)),
    );
    let all = after.anatomy.facts.layers.len() as u64;
    let shared = format!("{} of {}", diff.shared, count(all, "layer", "layers"));
    page.pair("shared", &shared);
    let pull = &diff.pull;
    let mut text = format!(
        "{} in {}",
        pull.bytes,
        count(pull.layers as u64, "layer", "layers")
    );
    if pull.uncompressed > 0 {
        text.push_str("; compressed it is less, which is not known here");
    }
    if pull.unknown > 0 {
        let unknown = count(pull.unknown as u64, "layer", "layers");
        text.push_str(&format!("; of {unknown} nothing is known"));
    }
    page.pair("to pull", &text);
}

/// A layer that both have, or one that was built anew by the same instruction; or one that
/// only one of them has.
struct Grown {
    before: Option<LayerNo>,
    after: Option<LayerNo>,
    growth: i64,
    directories: Vec<(Vec<u8>, i64)>,
}

impl Grown {
    fn of(one: &LayerGrowth) -> Self {
        let (before, after) = match one.layer {
            Which::Shared(layer) => (Some(layer), Some(layer)),
            Which::Before(layer) => (Some(layer), None),
            Which::After(layer) => (None, Some(layer)),
        };
        Self {
            before,
            after,
            growth: one.growth,
            directories: one.directories.clone(),
        }
    }

    /// The same instruction in the version before.
    fn join(&mut self, other: Self) {
        self.before = other.before;
        self.growth = self.growth.saturating_add(other.growth);
        for (path, bytes) in other.directories {
            match self
                .directories
                .iter_mut()
                .find(|(known, _)| *known == path)
            {
                Some((_, sum)) => *sum = sum.saturating_add(bytes),
                None => self.directories.push((path, bytes)),
            }
        }
        self.directories.retain(|(_, bytes)| *bytes != 0);
        self.directories
            .sort_by_key(|(_, bytes)| std::cmp::Reverse(bytes.unsigned_abs()));
    }
}

/// Layers by how much of what is seen they grew or shrank. Those of one instruction belong
/// together: what was built anew is not all of it growth.
fn grown(difference: &Difference) -> Vec<Grown> {
    let layers = difference.diff.layers.iter();
    let (mut old, mut all): (Vec<Grown>, Vec<Grown>) =
        layers.map(Grown::of).partition(|one| one.after.is_none());
    for one in all.iter_mut().filter(|one| one.before.is_none()) {
        let step = one.after.and_then(|it| difference.after.instruction(it));
        let same = |other: &Grown| {
            let before = other
                .before
                .and_then(|it| difference.before.instruction(it));
            step.is_some() && before == step
        };
        if let Some(at) = old.iter().position(same) {
            one.join(old.remove(at));
        }
    }
    all.extend(old);
    all.sort_by_key(|one| std::cmp::Reverse(one.growth.unsigned_abs()));
    all
}

/// What grew: by layer, there by directory, and by package.
fn growth(canvas: &Canvas<'_>, difference: &Difference, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    page.title("Where it grew, and where it shrank");
    let layers = grown(difference);
    if layers.is_empty() {
        page.styled("nowhere: what is seen is the same", theme.quiet);
    }
    for layer in layers.iter().take(LAYERS) {
        one_layer(canvas, difference, layer, page);
    }
    more(canvas, layers.len(), LAYERS, page);
}

fn one_layer(canvas: &Canvas<'_>, difference: &Difference, grown: &Grown, page: &mut Page<'_>) {
    let (report, layer, whose) = match (grown.before, grown.after) {
        (Some(before), Some(after)) if before == after && after.0 < difference.diff.shared => {
            (&difference.after, after, "shared layer")
        }
        (Some(_), Some(after)) => (&difference.after, after, "layer"),
        (None, Some(after)) => (&difference.after, after, "new layer"),
        (Some(before), None) => (&difference.before, before, "old layer"),
        (None, None) => return,
    };
    let step = report.instruction(layer).map_or_else(String::new, |text| {
        format!(": {}", clip(&in_one_line(&text), 80))
    });
    let text = format!("{whose} {}{step}", layer.0 + 1);
    let style = style(canvas, grown.growth);
    page.labelled(&signed(grown.growth), 11, &text, style);
    for (path, bytes) in grown.directories.iter().take(REASONS) {
        let text = format!("{} /{}", signed(*bytes), shown(path));
        page.item(11, "·", &text, canvas.theme.quiet);
    }
    for text in packages_of(difference, grown) {
        page.item(11, "·", &text, canvas.theme.quiet);
    }
}

/// The packages by which a layer grew or shrank, those that weigh most.
fn packages_of(difference: &Difference, grown: &Grown) -> Vec<String> {
    let (old, new) = (&difference.before.inventory, &difference.after.inventory);
    let mut found: Vec<(u64, String)> = difference
        .packages
        .changes
        .iter()
        .filter_map(|change| {
            let (package, here, did) = match change.what {
                What::Added(to) => (new.package(to)?, grown.after, "brings"),
                What::Changed { to, .. } => (new.package(to)?, grown.after, "has"),
                What::Removed(from) => (old.package(from)?, grown.before, "had"),
            };
            let bytes = package.bytes.unwrap_or_default();
            let is_here = here == Some(package.layer) && bytes.0 > 0;
            is_here.then(|| {
                let text = format!("{did} {} {} ({bytes})", package.name, package.version);
                (bytes.0, text)
            })
        })
        .collect();
    found.sort_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
    let told = found.into_iter().take(REASONS);
    told.map(|(_, text)| text).collect()
}

fn packages(canvas: &Canvas<'_>, difference: &Difference, page: &mut Page<'_>) {
    let changes = &difference.packages.changes;
    page.title(&format!(
        "Packages: {}",
        count(changes.len() as u64, "difference", "differences")
    ));
    for change in changes.iter().take(PACKAGES) {
        package(canvas, difference, change, page);
    }
    more(canvas, changes.len(), PACKAGES, page);
}

fn package(canvas: &Canvas<'_>, difference: &Difference, change: &Change, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    let version = |report: &Report, number: PackageNo| {
        report
            .inventory
            .package(number)
            .map_or_else(String::new, |it| it.version.clone())
    };
    let (old, new) = (&difference.before, &difference.after);
    let (sign, text, style) = match change.what {
        What::Added(to) => ("+ added", version(new, to), theme.warn),
        What::Removed(from) => ("- removed", version(old, from), theme.good),
        What::Changed { from, to, way } => {
            let sign = match way {
                Way::Up => "↑ upgraded",
                Way::Down => "↓ downgraded",
                Way::Sideways => "~ changed",
            };
            let style = if way == Way::Down {
                theme.bad
            } else {
                theme.text
            };
            let text = format!("{} → {}", version(old, from), version(new, to));
            (sign, text, style)
        }
    };
    let growth = change
        .growth
        .filter(|it| *it != 0)
        .map_or_else(String::new, |it| format!("  {}", signed(it)));
    let text = format!("{} {text} ({}){growth}", change.name, change.kind);
    page.labelled(sign, 14, &text, style);
}

/// Directories by how much they grew or shrank, those that say most.
fn files(canvas: &Canvas<'_>, difference: &Difference, page: &mut Page<'_>) {
    let files = &difference.diff.files;
    let (before, after) = (
        &difference.before.anatomy.merged,
        &difference.after.anatomy.merged,
    );
    let root = files.directories.first().copied().unwrap_or_default();
    page.title(&format!("Files: {}", tallies(&root)));
    // A directory whose growth is all one child's is told by that child.
    let mut told: Vec<&DirectoryChange> = files
        .directories
        .iter()
        .enumerate()
        .filter(|(at, one)| {
            let inside = files.directories.iter().enumerate();
            *at != 0
                && !inside
                    .filter(|(child, it)| it.parent == *at && child != at)
                    .any(|(_, it)| same_work(it, one))
        })
        .map(|(_, one)| one)
        .collect();
    told.sort_by_key(|one| std::cmp::Reverse((one.growth.unsigned_abs(), work(one))));
    for one in told.iter().take(DIRECTORIES) {
        let path = shown(&one.path(before, after));
        let text = format!("/{path}  {}", tallies(one));
        page.labelled(&signed(one.growth), 11, &text, style(canvas, one.growth));
    }
    more(canvas, told.len(), DIRECTORIES, page);
}

fn work(one: &DirectoryChange) -> u64 {
    one.added.count + one.changed.count + one.removed.count
}

fn same_work(one: &DirectoryChange, other: &DirectoryChange) -> bool {
    (one.added, one.changed, one.removed) == (other.added, other.changed, other.removed)
}

/// `+3 ~1 -2 files`.
fn tallies(one: &DirectoryChange) -> String {
    let parts: Vec<String> = [
        ("+", one.added.count),
        ("~", one.changed.count),
        ("-", one.removed.count),
    ]
    .into_iter()
    .filter(|(_, number)| *number > 0)
    .map(|(sign, number)| format!("{sign}{number}"))
    .collect();
    if parts.is_empty() {
        "nothing differs".to_owned()
    } else {
        format!("{} files", parts.join(" "))
    }
}

fn settings(canvas: &Canvas<'_>, difference: &Difference, page: &mut Page<'_>) {
    let changes = &difference.diff.settings;
    page.title(&format!(
        "Configuration: {}",
        count(changes.len() as u64, "difference", "differences")
    ));
    for change in changes.iter().take(SETTINGS) {
        setting(canvas, difference, change, page);
    }
    more(canvas, changes.len(), SETTINGS, page);
}

fn setting(
    canvas: &Canvas<'_>,
    difference: &Difference,
    change: &SettingChange,
    page: &mut Page<'_>,
) {
    let theme = &canvas.theme;
    let name = setting_name(&change.setting);
    let value = |report: &Report, words: &Option<Vec<String>>| {
        let words = words.as_ref()?;
        let text = words.join(" ");
        // A value gives itself away beside its name.
        let prefix = match &change.setting {
            Setting::Env(name) | Setting::Label(name) => format!("{name}="),
            _ => String::new(),
        };
        let safe = report.redactor.redact(&format!("{prefix}{text}"));
        Some(safe.strip_prefix(&prefix).unwrap_or(&safe).to_owned())
    };
    let old = value(&difference.before, &change.before);
    let new = value(&difference.after, &change.after);
    let (text, style) = match (old, new) {
        (Some(old), Some(new)) => (format!("{old} → {new}"), theme.text),
        (None, Some(new)) => (format!("+ {new}"), theme.warn),
        (Some(old), None) => (format!("- {old}"), theme.bad),
        (None, None) => return,
    };
    page.labelled(&name, 24, &text, style);
}

fn setting_name(setting: &Setting) -> String {
    match setting {
        Setting::Platform => "platform".to_owned(),
        Setting::Env(name) => format!("env {name}"),
        Setting::Entrypoint => "entrypoint".to_owned(),
        Setting::Cmd => "cmd".to_owned(),
        Setting::User => "user".to_owned(),
        Setting::WorkingDir => "working dir".to_owned(),
        Setting::Port(port) => format!("port {port}"),
        Setting::Volume(path) => format!("volume {path}"),
        Setting::Label(name) => format!("label {name}"),
        Setting::HealthCheck => "health check".to_owned(),
        Setting::StopSignal => "stop signal".to_owned(),
        Setting::Shell => "shell".to_owned(),
        Setting::OnBuild => "on build".to_owned(),
    }
}

fn more(canvas: &Canvas<'_>, all: usize, told: usize, page: &mut Page<'_>) {
    let rest = all.saturating_sub(told);
    if rest > 0 {
        page.styled(&format!("and {rest} more"), canvas.theme.quiet);
    }
}
