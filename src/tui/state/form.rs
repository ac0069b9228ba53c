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
    /// The switch.
    Switch,
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
    /// The environments whose names must be typed; where there are several, one after another.
    pub(crate) wants: Vec<EnvironmentName>,
    /// The names, as far as they are typed.
    pub(crate) name: Input,
    /// Why, where it is asked for.
    pub(crate) reason: Option<Input>,
    /// Whether it is not done without a reason.
    pub(crate) must_say_why: bool,
    /// Something that may be done besides, where it is offered: in words, and whether it is.
    pub(crate) switch: Option<(String, bool)>,
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
    pub(crate) fn new(wants: impl IntoIterator<Item = EnvironmentName>, asks_why: bool) -> Self {
        Self {
            focus: Focus::Cancel,
            wants: wants.into_iter().collect(),
            name: Input::default(),
            reason: asks_why.then(Input::default),
            must_say_why: false,
            switch: None,
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

    /// One that is not confirmed without a reason.
    pub(crate) fn wants_why() -> Self {
        Self {
            must_say_why: true,
            ..Self::new(None, true)
        }
    }

    /// Whether the switch is on.
    pub(crate) fn switched_on(&self) -> bool {
        self.switch.as_ref().is_some_and(|(_, on)| *on)
    }

    /// The fields and buttons there are, in the order of Tab.
    fn stops(&self) -> Vec<Focus> {
        let name = self.is_wanted().then_some(Focus::Name);
        let reason = self.reason.is_some().then_some(Focus::Reason);
        let confirm = self.confirms.then_some(Focus::Confirm);
        let switch = self.switch.is_some().then_some(Focus::Switch);
        let all = [name, reason, switch, Some(Focus::Cancel), confirm];
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
            Focus::Switch | Focus::Cancel | Focus::Confirm => None,
        }
    }

    fn field_mut(&mut self) -> Option<&mut Input> {
        match self.focus {
            Focus::Name => Some(&mut self.name),
            Focus::Reason => self.reason.as_mut(),
            Focus::Switch | Focus::Cancel | Focus::Confirm => None,
        }
    }

    /// A key for a field. Typing while a button has the focus goes to the name, where one is
    /// wanted: nothing else could be meant.
    pub(crate) fn typed(&mut self, key: KeyEvent) {
        self.complaint = None;
        if self.field().is_none() && self.is_wanted() {
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

    /// Whether a name must be typed.
    pub(crate) const fn is_wanted(&self) -> bool {
        !self.wants.is_empty()
    }

    /// What must be typed.
    pub(crate) fn wanted(&self) -> String {
        let names: Vec<&str> = self.wants.iter().map(EnvironmentName::as_str).collect();
        names.join(" ")
    }

    /// Whether what must be typed is.
    pub(crate) fn is_named(&self) -> bool {
        !self.is_wanted() || self.name.value().trim() == self.wanted()
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
            Focus::Switch => {
                if let Some((_, on)) = &mut self.switch {
                    *on = !*on;
                }
                Pressed::Stays
            }
            Focus::Name | Focus::Confirm => Pressed::Confirmed,
        }
    }

    /// Says why it is not done now, and brings the focus to what is missing.
    pub(crate) fn object(&mut self, complaint: String) {
        self.complaint = Some(complaint);
        if self.is_wanted() {
            self.focus = Focus::Name;
        } else if self.must_say_why {
            self.focus = Focus::Reason;
        }
    }

    /// That there is no reason where there must be one.
    pub(crate) fn unexplained(&self) -> Option<String> {
        let missing = self.must_say_why && self.why().is_empty();
        missing.then(|| "a version's tag is not moved without a reason: type one first".to_owned())
    }

    /// What of the name is in the way.
    pub(crate) fn misnamed(&self) -> Option<String> {
        if self.is_named() {
            return None;
        }
        let wanted = self.wanted();
        Some(if !self.name.value().trim().is_empty() {
            format!("that is not {wanted}: nothing was done")
        } else if self.wants.len() == 1 {
            format!("{wanted} is protected: type its name first")
        } else {
            format!("these are protected: type {wanted} first")
        })
    }
}

/// Pastes what can be typed.
pub(crate) fn paste(field: &mut Input, text: &str) {
    for c in text.chars().filter(|c| !c.is_control()).take(LONGEST) {
        field.handle(InputRequest::InsertChar(c));
    }
}
