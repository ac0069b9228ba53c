//! What happens to the interface, before it is known what it means.

use crossterm::event as terminal;

use super::action::Action;
use super::state::State;

/// Something from outside: the terminal or the operating system.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Event {
    /// A key, a paste, a mouse button, a new size.
    Terminal(terminal::Event),
    /// The terminal said whether its background is light.
    Background {
        /// Whether it is.
        light: bool,
    },
    /// A signal that ends the process: its number.
    Signal(i32),
    /// The process was stopped and goes on: the terminal must be taken again.
    Continued,
    /// Nothing more will come: the terminal is gone.
    Closed,
}

/// What a terminal event means, given what is on screen; nothing for what means nothing.
pub(crate) fn action_for(state: &State, event: terminal::Event) -> Option<Action> {
    match event {
        terminal::Event::Key(key) if key.kind != terminal::KeyEventKind::Release => {
            super::keys::action_for(state, key)
        }
        terminal::Event::Paste(text) => Some(Action::Paste(text)),
        terminal::Event::Mouse(mouse) => match mouse.kind {
            terminal::MouseEventKind::ScrollUp => Some(Action::Wheel(-3)),
            terminal::MouseEventKind::ScrollDown => Some(Action::Wheel(3)),
            terminal::MouseEventKind::Down(terminal::MouseButton::Left) => {
                Some(Action::Click(mouse.column, mouse.row))
            }
            _ => None,
        },
        terminal::Event::Resize(columns, rows) => Some(Action::Resize(columns, rows)),
        _ => None,
    }
}
