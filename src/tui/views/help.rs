//! Help: the table of actions with the keys that stand for them, those of the view one comes
//! from first; what of the keys in the settings was refused; and the signs.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::model::observation::Health;
use crate::model::skew::SkewKind;
use crate::tui::action::{Entry, Place, TABLE};
use crate::tui::available::forbidden;
use crate::tui::keymap::shown;
use crate::tui::state::Window;
use crate::tui::widgets::page::Page;

use super::Canvas;

/// Draws it.
pub(super) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    canvas: &Canvas<'_>,
    of: Place,
    top: usize,
) -> Window {
    let theme = &canvas.theme;
    let (inside, mut page) = canvas.page(area);
    let moves = |entry: &Entry| entry.command.moves();
    let (here, elsewhere): (Vec<&Entry>, Vec<&Entry>) =
        TABLE.iter().partition(|entry| entry.places.contains(&of));
    page.title(of.words());
    for entry in here.iter().filter(|entry| !moves(entry)) {
        tell(&mut page, canvas, entry);
    }
    page.title("Moving");
    for entry in TABLE.iter().filter(|entry| moves(entry)) {
        tell(&mut page, canvas, entry);
    }
    if elsewhere.iter().any(|entry| !moves(entry)) {
        page.title("Elsewhere");
        for entry in elsewhere.into_iter().filter(|entry| !moves(entry)) {
            tell(&mut page, canvas, entry);
        }
    }
    if !canvas.keymap.complaints.is_empty() {
        page.title("Refused in your settings");
        for complaint in &canvas.keymap.complaints {
            page.item(0, "!", &complaint.to_string(), theme.warn);
        }
    }
    page.title("Signs");
    for health in [
        Health::Healthy,
        Health::NoCheck,
        Health::Starting,
        Health::Unhealthy,
        Health::NotRunning,
    ] {
        let (sign, style) = theme.health(health);
        page.labelled(sign, 4, health.word(), style);
    }
    for (kind, words) in SKEWS {
        page.labelled(kind.sign(), 4, words, theme.skew(*kind));
    }
    page.labelled(
        "…1",
        4,
        "one more of these signs had no room: it is told below the fleet when its cell is selected",
        theme.warn,
    );
    page.labelled(
        "◆",
        4,
        "known good: what a roll back would choose",
        theme.known_good,
    );
    page.labelled(
        "⚑",
        4,
        "protected: its name is typed before it is changed",
        theme.protected,
    );
    page.labelled("⟳", 4, "under way, or locked by an operation", theme.busy);
    for (sign, words, style) in [
        (
            "+",
            "in an anatomy: the selected layer added it",
            theme.good,
        ),
        ("~", "the selected layer changed it", theme.warn),
        ("-", "the selected layer removed it", theme.bad),
        ("·", "the selected layer did something in it", theme.text),
        ("░", "the part of a layer that is for nothing", theme.text),
    ] {
        page.labelled(sign, 4, words, style);
    }
    page.draw(frame.buffer_mut(), inside, top)
}

const SKEWS: &[(SkewKind, &str)] = &[
    (SkewKind::BehindNewest, "older than the newest version"),
    (
        SkewKind::BehindUpstream,
        "older than what runs in the environment before it",
    ),
    (
        SkewKind::AheadOfUpstream,
        "newer than what runs in the environment before it",
    ),
    (
        SkewKind::MixedDigests,
        "its containers run different digests",
    ),
    (
        SkewKind::MovedTag,
        "the tag it was deployed from names another digest now",
    ),
    (
        SkewKind::ContestedLabel,
        "its version label stands for two digests",
    ),
    (
        SkewKind::NotInVersions,
        "what runs is not in the version list",
    ),
];

fn tell(page: &mut Page<'_>, canvas: &Canvas<'_>, entry: &Entry) {
    let keys: Vec<String> = canvas.keymap.of(entry).iter().map(|it| shown(it)).collect();
    // An action without a key is found in the palette.
    let keys = if keys.is_empty() {
        canvas.keymap.way(entry.command)
    } else {
        keys.join(", ")
    };
    match forbidden(canvas, entry.command) {
        Some(why) => {
            let text = format!("(read-only) {}: {why}", entry.help);
            page.labelled("no key now", 15, &text, canvas.theme.quiet);
        }
        None => page.labelled(&keys, 15, entry.help, canvas.theme.text),
    }
}
