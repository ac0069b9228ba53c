//! The interface without a terminal and without a loop: for measuring what a key or a
//! message costs, from the event to the bytes a terminal would be sent.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crossterm::event::Event;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};

use super::Opening;
use super::action::Action;
use super::effect::{Effect, Errand, Message};
use super::event::action_for;
use super::state::State;
use super::update::update;
use super::views;

/// Takes the bytes and only counts them.
#[derive(Clone, Debug, Default)]
struct Counter(Arc<AtomicUsize>);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.fetch_add(bytes.len(), Ordering::Relaxed);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The interface without a terminal.
#[derive(Debug)]
pub struct Headless {
    state: State,
    terminal: Terminal<CrosstermBackend<Counter>>,
    sent: Counter,
    /// What the last event or message asked for.
    asked: Vec<Errand>,
}

impl Headless {
    /// Opens it at a size, columns and rows. Nothing is drawn yet.
    ///
    /// # Errors
    /// When there is no such screen.
    pub fn open(opening: &Opening, (columns, rows): (u16, u16)) -> io::Result<Self> {
        let mut state = opening.state();
        state.size = (columns, rows);
        let area = Rect::new(0, 0, columns, rows);
        let viewport = Viewport::Fixed(area);
        let sent = Counter::default();
        let backend = CrosstermBackend::new(sent.clone());
        let terminal = Terminal::with_options(backend, TerminalOptions { viewport })?;
        Ok(Self {
            state,
            terminal,
            sent,
            asked: Vec::new(),
        })
    }

    /// Does what a key, a click or a paste means, and draws.
    ///
    /// # Errors
    /// When it cannot be drawn.
    pub fn event(&mut self, event: Event) -> io::Result<usize> {
        if let Some(action) = action_for(&self.state, event) {
            self.act(action);
        }
        self.draw()
    }

    fn act(&mut self, action: Action) {
        let effects = update(&mut self.state, action).into_iter();
        let errands = effects.filter_map(|effect| match effect {
            Effect::Errand(errand) => Some(errand),
            _ => None,
        });
        self.asked = errands.collect();
    }

    /// What the last event or message asked for: nobody does it but the caller.
    #[must_use]
    pub fn asked(&self) -> &[Errand] {
        &self.asked
    }

    /// Takes in a message, and draws.
    ///
    /// # Errors
    /// When it cannot be drawn.
    pub fn told(&mut self, message: Message) -> io::Result<usize> {
        self.act(Action::Told(Box::new(message)));
        self.draw()
    }

    /// Draws. Answers how many bytes a terminal would have been sent.
    ///
    /// # Errors
    /// When it cannot be drawn.
    pub fn draw(&mut self) -> io::Result<usize> {
        let before = self.sent.0.load(Ordering::Relaxed);
        let state = &self.state;
        let mut layout = super::state::Layout::default();
        self.terminal
            .draw(|frame| layout = views::draw(frame, state))?;
        self.state.adopt(layout);
        Ok(self.sent.0.load(Ordering::Relaxed) - before)
    }
}
