//! The dialogs, and what they remember while they are open.

use tui_input::Input;

use crate::model::plan::OperationId;
use crate::model::project::EnvironmentName;
use crate::tui::action::Command;
use crate::tui::effect::{Confirmed, Request, ShellWish, Wanted};
use crate::tui::locked::CutOff;

use super::{ContainerKey, Form};

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
    /// What was cut off, to be settled once confirmed.
    Recover(Box<RecoverDialog>),
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
        /// The environment that is touched.
        environment: Option<EnvironmentName>,
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
    /// Fields and buttons.
    pub(crate) form: Form,
    /// First line drawn.
    pub(crate) top: usize,
    /// The fleet moved under the dialog: what moved, and the wish for a new plan.
    pub(crate) moved: Option<(String, Request)>,
    /// It was made anew, because of this.
    pub(crate) anew: Option<String>,
    /// In what the plan and the fleet differed from the start: a plan may be fresher than
    /// the fleet on screen, and what was so already has not moved.
    pub(crate) baseline: Vec<String>,
    /// The containers there were when the dialog opened.
    pub(crate) known: Vec<ContainerKey>,
}

impl PlanDialog {
    /// A fresh dialog: Cancel has the focus.
    pub(crate) fn new(wanted: Wanted, plan: Confirmed, anew: Option<String>) -> Self {
        let form = match &plan {
            Confirmed::Deploy(plan) if plan.is_empty() => Form::closes(),
            Confirmed::Deploy(plan) if plan.protected => {
                Form::new(Some(plan.environment.clone()), true)
            }
            Confirmed::Publish(plan) if plan.replaces.is_some() => Form::wants_why(),
            Confirmed::Deploy(_) | Confirmed::Rebuild(_) | Confirmed::Publish(_) => {
                Form::new(None, true)
            }
        };
        Self {
            wanted,
            plan,
            form,
            top: 0,
            moved: None,
            anew,
            baseline: Vec::new(),
            known: Vec::new(),
        }
    }
}

/// What was cut off, to be settled once confirmed. What is shown is what is settled.
#[derive(Clone, Debug)]
pub(crate) struct RecoverDialog {
    /// What is settled. At least one.
    pub(crate) found: Vec<CutOff>,
    /// What is left alone, because it touches what is read-only.
    pub(crate) left_out: Vec<CutOff>,
    /// Fields and buttons.
    pub(crate) form: Form,
    /// First line drawn.
    pub(crate) top: usize,
    /// It was asked anew, because of this.
    pub(crate) anew: Option<String>,
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
    /// The environments that are touched.
    pub(crate) environments: Vec<EnvironmentName>,
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
    /// The environments that it is about.
    pub(crate) environments: Vec<EnvironmentName>,
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
    /// Fields and buttons.
    pub(crate) form: Form,
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

impl ShellDialog {
    /// A fresh dialog: Cancel has the focus.
    pub(crate) fn new(title: String, options: Vec<ShellOption>) -> Self {
        let mut this = Self {
            title,
            options,
            selected: 0,
            follows: false,
            form: Form::closes(),
            top: 0,
        };
        this.ask_anew();
        this
    }

    /// Selects an option. Another place, another question: Cancel has the focus, and names
    /// are typed anew.
    pub(crate) fn select(&mut self, at: usize) {
        self.selected = at.min(self.options.len().saturating_sub(1));
        self.follows = true;
        self.ask_anew();
    }

    fn ask_anew(&mut self) {
        let typed = self.option().filter(|option| option.typed);
        let wants = typed.and_then(|option| option.environment.clone());
        // It is not written into the history: there is no reason to be given.
        self.form = Form::new(wants, false);
    }

    /// The option that is selected.
    pub(crate) fn option(&self) -> Option<&ShellOption> {
        self.options.get(self.selected)
    }
}

impl Dialog {
    /// The fields and buttons, of a dialog that has some.
    pub(crate) const fn form(&self) -> Option<&Form> {
        match self {
            Self::Plan(dialog) => Some(&dialog.form),
            Self::Shell(dialog) => Some(&dialog.form),
            Self::Recover(dialog) => Some(&dialog.form),
            _ => None,
        }
    }

    /// The same, to be typed in.
    pub(crate) const fn form_mut(&mut self) -> Option<&mut Form> {
        match self {
            Self::Plan(dialog) => Some(&mut dialog.form),
            Self::Shell(dialog) => Some(&mut dialog.form),
            Self::Recover(dialog) => Some(&mut dialog.form),
            _ => None,
        }
    }
}
