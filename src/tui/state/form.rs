//! What stands below a dialog that changes something: a field for the environment's name where
//! it is protected, one for the reason where there is a history for it, and two buttons, of
//! which the one that does nothing has the focus.

use crossterm::event::{Event, KeyEvent};
use tui_input::backend::crossterm::EventHandler as _;
use tui_input::{Input, InputRequest};

use crate::model::project::EnvironmentName;

/// The longest text that is pasted.
const LONGEST: usize = 500;

/// What has the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Focus {
    /// The field for the environment's name.
    Name,
    /// The field for the reason.
    Reason,
    /// The button that does nothing: where the focus starts.
    Cancel,
    /// The button that does it.
    Confirm,
}

/// Fields and buttons.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    /// What has the focus.
    pub(crate) focus: Focus,
    /// The environment whose name must be typed.
    pub(crate) wants: Option<EnvironmentName>,
    /// The name, as far as it is typed.
    pub(crate) name: Input,
    /// Why, where it is asked for.
    pub(crate) reason: Option<Input>,
    /// There is something to confirm.
    pub(crate) confirms: bool,
    /// Why Enter did nothing.
    pub(crate) complaint: Option<String>,
}

/// What Enter does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pressed {
    /// The dialog goes, and nothing is done.
    Cancelled,
    /// The dialog stays.
    Stays,
    /// It is to be done, if nothing is in the way.
    Confirmed,
}

impl Form {
    /// An empty one: Cancel has the focus.
    pub(crate) fn new(wants: Option<EnvironmentName>, asks_why: bool) -> Self {
        Self {
            focus: Focus::Cancel,
            wants,
            name: Input::default(),
            reason: asks_why.then(Input::default),
            confirms: true,
            complaint: None,
        }
    }

    /// One with nothing to confirm.
    pub(crate) fn closes() -> Self {
        Self {
            confirms: false,
            ..Self::new(None, false)
        }
    }

    /// The fields and buttons there are, in the order of Tab.
    fn stops(&self) -> Vec<Focus> {
        let name = self.wants.is_some().then_some(Focus::Name);
        let reason = self.reason.is_some().then_some(Focus::Reason);
        let confirm = self.confirms.then_some(Focus::Confirm);
        let all = [name, reason, Some(Focus::Cancel), confirm];
        all.into_iter().flatten().collect()
    }

    /// Goes so many stops on; beyond the last, it begins again.
    pub(crate) fn turn(&mut self, by: isize) {
        self.complaint = None;
        let stops = self.stops();
        let at = stops.iter().position(|one| *one == self.focus);
        let next = at
            .unwrap_or(0)
            .checked_add_signed(by)
            .unwrap_or(stops.len().saturating_sub(1));
        let next = stops.get(next).or(stops.first());
        self.focus = next.copied().unwrap_or(Focus::Cancel);
    }

    /// The field that has the focus.
    pub(crate) const fn field(&self) -> Option<&Input> {
        match self.focus {
            Focus::Name => Some(&self.name),
            Focus::Reason => self.reason.as_ref(),
            Focus::Cancel | Focus::Confirm => None,
        }
    }

    fn field_mut(&mut self) -> Option<&mut Input> {
        match self.focus {
            Focus::Name => Some(&mut self.name),
            Focus::Reason => self.reason.as_mut(),
            Focus::Cancel | Focus::Confirm => None,
        }
    }

    /// A key for a field. Typing while a button has the focus goes to the name, where one is
    /// wanted: nothing else could be meant.
    pub(crate) fn typed(&mut self, key: KeyEvent) {
        self.complaint = None;
        if self.field().is_none() && self.wants.is_some() {
            self.focus = Focus::Name;
        }
        if let Some(field) = self.field_mut() {
            field.handle_event(&Event::Key(key));
        }
    }

    /// Text pasted: into a field only, without anything that cannot be typed. A newline is no
    /// Enter: a paste never confirms.
    pub(crate) fn pasted(&mut self, text: &str) {
        if let Some(field) = self.field_mut() {
            paste(field, text);
        }
    }

    /// The reason that was given.
    pub(crate) fn why(&self) -> &str {
        self.reason.as_ref().map_or("", |it| it.value().trim())
    }

    /// Whether the name, where one is wanted, is typed.
    pub(crate) fn is_named(&self) -> bool {
        let typed = self.name.value().trim();
        self.wants.as_ref().is_none_or(|it| it.as_str() == typed)
    }

    /// Enter.
    pub(crate) fn press(&mut self) -> Pressed {
        self.complaint = None;
        match self.focus {
            Focus::Cancel => Pressed::Cancelled,
            // Enter in the reason goes on to the buttons, to Cancel first.
            Focus::Reason => {
                self.focus = Focus::Cancel;
                Pressed::Stays
            }
            Focus::Name | Focus::Confirm => Pressed::Confirmed,
        }
    }

    /// Says why it is not done now, and brings the focus to what is missing.
    pub(crate) fn object(&mut self, complaint: String) {
        self.complaint = Some(complaint);
        if self.wants.is_some() {
            self.focus = Focus::Name;
        }
    }

    /// What of the name is in the way.
    pub(crate) fn misnamed(&self) -> Option<String> {
        let wanted = self.wants.as_ref().filter(|_| !self.is_named())?;
        Some(if self.name.value().trim().is_empty() {
            format!("{wanted} is protected: type its name first")
        } else {
            format!("that is not {wanted}: nothing was done")
        })
    }
}

/// Pastes what can be typed.
pub(crate) fn paste(field: &mut Input, text: &str) {
    for c in text.chars().filter(|c| !c.is_control()).take(LONGEST) {
        field.handle(InputRequest::InsertChar(c));
    }
}
