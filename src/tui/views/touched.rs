//! The environments that a dialog touches: in words, and each with its accent.

use ratatui::style::Style;

use crate::model::project::{Environment, EnvironmentName};
use crate::tui::widgets::page::Page;

use super::{Canvas, home};

/// Those of them that there are, and where each stands.
fn found<'a>(
    canvas: &'a Canvas<'_>,
    names: &'a [EnvironmentName],
) -> impl Iterator<Item = (usize, &'a Environment)> {
    names.iter().filter_map(|name| {
        let at = canvas.fleet.column(name)?;
        Some((at, canvas.fleet.environments.get(at)?))
    })
}

/// The accent of a dialog that touches these: that of a protected one if there is any.
pub(super) fn accent(canvas: &Canvas<'_>, names: &[EnvironmentName], none: Style) -> Style {
    let protected = found(canvas, names).find(|(_, environment)| environment.protected);
    let first = protected.or_else(|| found(canvas, names).next());
    first.map_or(none, |(at, environment)| {
        canvas.theme.environment(at, environment)
    })
}

/// A line for each, and a blank one below them.
pub(super) fn tell(canvas: &Canvas<'_>, names: &[EnvironmentName], page: &mut Page<'_>) {
    for name in names {
        let known = found(canvas, std::slice::from_ref(name)).next();
        let heading = known.map_or_else(|| name.to_string(), |(_, it)| home::heading(it));
        let style = accent(canvas, std::slice::from_ref(name), canvas.theme.title);
        page.environment(&heading, style);
    }
    if !names.is_empty() {
        page.blank();
    }
}
