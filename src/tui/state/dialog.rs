//! The dialogs, and what they remember while they are open.

use tui_input::Input;

use crate::model::plan::OperationId;
use crate::model::project::EnvironmentName;
use crate::tui::action::Command;
use crate::tui::effect::{Confirmed, Request, ShellWish, Wanted};

use super::ContainerKey;

/// A dialog above the views.
#[derive(Clone, Debug)]
pub(crate) enum Dialog {
    /// A plan is being made.
    Planning {
        /// Which wish.
        request: Request,
        /// For what.
        wanted: Wanted,
    },
    /// A plan, to be confirmed.
    Plan(Box<PlanDialog>),
    /// A question with a few answers.
    Ask(Ask),
    /// A list to choose from.
    Choose(Chooser),
    /// The quick filters.
    Quick(QuickMenu),
    /// Something to be read.
    Notice(Notice),
    /// A shell, to be confirmed.
    Shell(Box<ShellDialog>),
    /// A shell is being opened.
    Opening {
        /// Which wish.
        request: Request,
        /// What is opened, in words.
        words: String,
    },
    /// The palette.
    Palette(PaletteDialog),
}

/// The palette: what is looked for, and which line is selected.
#[derive(Clone, Debug, Default)]
pub(crate) struct PaletteDialog {
    /// What is looked for.
    pub(crate) typed: Input,
    /// Which of the lines found is selected.
    pub(crate) selected: usize,
    /// First line drawn.
    pub(crate) top: usize,
}

/// A plan, to be confirmed. What is shown is what is done.
#[derive(Clone, Debug)]
pub(crate) struct PlanDialog {
    /// What it was made for.
    pub(crate) wanted: Wanted,
    /// The plan.
    pub(crate) plan: Confirmed,
    /// What has the focus.
    pub(crate) focus: Focus,
    /// The environment's name, as far as it is typed.
    pub(crate) name: Input,
    /// Why, for the history.
    pub(crate) reason: Input,
    /// First line drawn.
    pub(crate) top: usize,
    /// The fleet moved under the dialog: what moved, and the wish for a new plan.
    pub(crate) moved: Option<(String, Request)>,
    /// It was made anew, because of this.
    pub(crate) anew: Option<String>,
    /// Why Enter did nothing.
    pub(crate) complaint: Option<String>,
    /// In what the plan and the fleet differed from the start: a plan may be fresher than
    /// the fleet on screen, and what was so already has not moved.
    pub(crate) baseline: Option<String>,
    /// The containers there were when the dialog opened.
    pub(crate) known: Vec<ContainerKey>,
}

/// What has the focus in a plan dialog.
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

impl PlanDialog {
    /// A fresh dialog: Cancel has the focus.
    pub(crate) fn new(wanted: Wanted, plan: Confirmed, anew: Option<String>) -> Self {
        Self {
            wanted,
            plan,
            focus: Focus::Cancel,
            name: Input::default(),
            reason: Input::default(),
            top: 0,
            moved: None,
            anew,
            complaint: None,
            baseline: None,
            known: Vec::new(),
        }
    }

    /// The name that must be typed, on a protected environment.
    pub(crate) fn name_to_type(&self) -> Option<&EnvironmentName> {
        match &self.plan {
            Confirmed::Deploy(plan) if plan.protected => Some(&plan.environment),
            Confirmed::Deploy(_) | Confirmed::Rebuild(_) => None,
        }
    }

    /// Whether a name must be typed.
    pub(crate) fn wants_name(&self) -> bool {
        self.name_to_type().is_some()
    }

    /// The field that has the focus.
    pub(crate) const fn field(&self) -> Option<&Input> {
        match self.focus {
            Focus::Name => Some(&self.name),
            Focus::Reason => Some(&self.reason),
            Focus::Cancel | Focus::Confirm => None,
        }
    }

    /// Nothing to do: everything is as wanted already.
    pub(crate) fn nothing_to_do(&self) -> bool {
        matches!(&self.plan, Confirmed::Deploy(plan) if plan.is_empty())
    }

    /// The fields and buttons there are, in the order of Tab.
    pub(crate) fn stops(&self) -> Vec<Focus> {
        let mut stops = Vec::with_capacity(4);
        if self.nothing_to_do() {
            return vec![Focus::Cancel];
        }
        if self.wants_name() {
            stops.push(Focus::Name);
        }
        stops.extend([Focus::Reason, Focus::Cancel, Focus::Confirm]);
        stops
    }
}

/// A question with a few answers; the first one, which changes nothing, has the focus.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    /// The heading.
    pub(crate) title: String,
    /// The question.
    pub(crate) text: String,
    /// What can be answered.
    pub(crate) answers: Vec<(String, Answer)>,
    /// Which has the focus.
    pub(crate) focus: usize,
}

/// What an answer does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Nothing.
    Nothing,
    /// Cancel an operation.
    Cancel(OperationId),
    /// Cancel everything, and leave when it has ended.
    CancelAllAndLeave,
    /// Settle what was cut off.
    Recover,
}

/// A list to choose from.
#[derive(Clone, Debug)]
pub(crate) struct Chooser {
    /// The heading.
    pub(crate) title: String,
    /// What there is.
    pub(crate) options: Vec<Choice>,
    /// Which is selected.
    pub(crate) selected: usize,
}

/// The quick filters that there are for a list.
#[derive(Clone, Debug)]
pub(crate) struct QuickMenu {
    /// What each line does.
    pub(crate) options: Vec<Command>,
    /// Which is selected.
    pub(crate) selected: usize,
}

/// One line of a chooser.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    /// The environment.
    pub(crate) environment: EnvironmentName,
    /// What runs there.
    pub(crate) note: String,
    /// Why it cannot be chosen.
    pub(crate) unavailable: Option<String>,
    /// What choosing it wants.
    pub(crate) wanted: Wanted,
}

/// Something to be read.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    /// The heading.
    pub(crate) title: String,
    /// The text.
    pub(crate) text: String,
    /// First line drawn.
    pub(crate) top: usize,
}

/// A shell, to be confirmed: where it may be opened, and what that does.
#[derive(Clone, Debug)]
pub(crate) struct ShellDialog {
    /// The heading.
    pub(crate) title: String,
    /// Where it may be opened. At least one.
    pub(crate) options: Vec<ShellOption>,
    /// Which is selected.
    pub(crate) selected: usize,
    /// Another one was selected: it must be seen, wherever the text was scrolled to.
    pub(crate) follows: bool,
    /// What has the focus.
    pub(crate) focus: ShellFocus,
    /// The environment's name, as far as it is typed.
    pub(crate) name: Input,
    /// Why Enter did nothing.
    pub(crate) complaint: Option<String>,
    /// First line drawn.
    pub(crate) top: usize,
}

/// One place a shell may be opened in.
#[derive(Clone, Debug)]
pub(crate) struct ShellOption {
    /// What is wished for.
    pub(crate) wish: ShellWish,
    /// In a few words: `with the settings of shop-web in prod`.
    pub(crate) label: String,
    /// The environment that is touched.
    pub(crate) environment: Option<EnvironmentName>,
    /// Whether its name must be typed.
    pub(crate) typed: bool,
    /// What it does, in full.
    pub(crate) text: String,
    /// Why it cannot be opened.
    pub(crate) unavailable: Option<String>,
}

/// What has the focus in a dialog for a shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShellFocus {
    /// The field for the environment's name.
    Name,
    /// The button that does nothing: where the focus starts.
    Cancel,
    /// The button that opens it.
    Open,
}

impl ShellDialog {
    /// A fresh dialog: Cancel has the focus.
    pub(crate) fn new(title: String, options: Vec<ShellOption>) -> Self {
        Self {
            title,
            options,
            selected: 0,
            follows: false,
            focus: ShellFocus::Cancel,
            name: Input::default(),
            complaint: None,
            top: 0,
        }
    }

    /// Selects an option. Another place, another question: Cancel has the focus, and names
    /// are typed anew.
    pub(crate) fn select(&mut self, at: usize) {
        self.selected = at.min(self.options.len().saturating_sub(1));
        self.follows = true;
        self.focus = ShellFocus::Cancel;
        self.name.reset();
        self.complaint = None;
    }

    /// The option that is selected.
    pub(crate) fn option(&self) -> Option<&ShellOption> {
        self.options.get(self.selected)
    }

    /// The name that must be typed.
    pub(crate) fn name_to_type(&self) -> Option<&EnvironmentName> {
        self.option()
            .filter(|option| option.typed)
            .and_then(|option| option.environment.as_ref())
    }

    /// The field and buttons there are, in the order of Tab.
    pub(crate) fn stops(&self) -> Vec<ShellFocus> {
        let mut stops = vec![ShellFocus::Cancel, ShellFocus::Open];
        if self.name_to_type().is_some() {
            stops.insert(0, ShellFocus::Name);
        }
        stops
    }
}
