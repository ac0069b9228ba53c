//! Pictures of anatomy: while a version is read, each of its sheets, two versions compared.

use super::super::anatomy::{after, asked_for, compared, file, read, reading, versions};
use super::super::screens::{press, told};
use super::{shows, shows_end};
use crate::tui::action::{Action, Command};
use crate::tui::effect::{Content, Message};
use crate::tui::theme::Theme;
use crate::tui::update::update;

#[test]
fn while_it_is_read() {
    let (mut state, request) = asked_for();
    shows("anatomy_asked_for", &mut state);
    let why = "the engine ssh://deploy@prod-1 hung up after 130 MB of 360 MB: try again, or ask another engine";
    told(&mut state, Message::Explained(request, Err(why.into())));
    shows("anatomy_failed", &mut state);
    let (mut state, _) = reading();
    shows("anatomy_reading", &mut state);
}

#[test]
fn layers_files_and_what_is_said_of_them() {
    shows("anatomy_whole", &mut read());
    shows("anatomy_layer", &mut after(&[Command::Last]));
    let walk = [Command::Last, Command::NextField];
    shows("anatomy_files", &mut after(&walk));
    shows(
        "anatomy_files_of_a_layer",
        &mut after(
            &[
                &walk[..],
                &[Command::OnlyLayer, Command::Open, Command::Open],
            ]
            .concat(),
        ),
    );
    shows(
        "anatomy_explanation",
        &mut after(&[Command::Last, Command::PreviousField]),
    );
    shows(
        "anatomy_filtered",
        &mut after(&[&walk[..], &[Command::Removed]].concat()),
    );
}

#[test]
fn a_map_with_and_without_colours() {
    let mut state = after(&[Command::Map]);
    shows("anatomy_map", &mut state);
    press(&mut state, Command::Open);
    press(&mut state, Command::Open);
    shows("anatomy_map_inside", &mut state);
    state.theme = Theme::colourless();
    shows("anatomy_map_colourless", &mut state);
}

#[test]
fn tables() {
    shows("anatomy_components", &mut after(&[Command::Components]));
    shows("anatomy_packages", &mut after(&[Command::Packages]));
    shows("anatomy_findings", &mut after(&[Command::Findings]));
    shows(
        "anatomy_finding",
        &mut after(&[Command::Findings, Command::NextField]),
    );
}

#[test]
fn two_versions() {
    let mut state = versions();
    press(&mut state, Command::MarkVersion);
    shows("versions_marked", &mut state);
    let mut state = versions();
    update(&mut state, Action::Do(Command::Compare));
    shows("comparison_reading", &mut state);
    let mut state = compared();
    shows("comparison", &mut state);
    shows_end("comparison_end", &mut state);
}

#[test]
fn a_file() {
    let content = |text: &str, binary| Content {
        text: text.into(),
        cut: false,
        binary,
    };
    let text = "export const cart = [];\n\n// two\tcolumns\n";
    shows("content", &mut file(Ok(content(text, false))));
    shows("content_binary", &mut file(Ok(content("\0\u{1}", true))));
    let why = "the engine has removed this image meanwhile";
    shows("content_not_readable", &mut file(Err(why.into())));
}
