//! The one table of what can be done. Keys, footer, help and palette are all read from it;
//! which keys stand for an entry is in [`super::keymap`], why it cannot be used just now in
//! [`super::available`].

use crossterm::event::{KeyCode, KeyEvent};

use crate::model::time::Timestamp;

use super::effect::Message;
use super::keymap::{Key, ctrl, key, letter};

/// What [`update`](super::update::update) is told.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// Something from the table.
    Do(Command),
    /// The first keys of a sequence: this one more.
    Wait(Key),
    /// A key that goes on with none of the sequences that began.
    Astray(Key),
    /// A key whose action must not be had here: why.
    Withheld(String),
    /// A key for the text field that has the focus.
    Type(KeyEvent),
    /// Text pasted.
    Paste(String),
    /// The wheel: rows, negative upwards.
    Wheel(i16),
    /// The left button, at a column and a row.
    Click(u16, u16),
    /// The terminal's new size.
    Resize(u16, u16),
    /// Time went by.
    Tick(Timestamp),
    /// Nobody did anything for a while: time to ask for what is looked at.
    Rest,
    /// News from outside.
    Told(Box<Message>),
    /// The terminal said whether its background is light.
    Background {
        /// Whether it is.
        light: bool,
    },
    /// A signal that ends the process.
    Signal(i32),
    /// The terminal is gone.
    Closed,
}

/// Everything a key can do. Each is explained, for the reader of the help, in [`TABLE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Command {
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    First,
    Last,
    Open,
    Back,
    NextField,
    PreviousField,
    Versions,
    Anatomy,
    Files,
    Map,
    Components,
    Packages,
    Findings,
    Added,
    Changed,
    Removed,
    OnlyLayer,
    Extract,
    Copy,
    MarkVersion,
    Compare,
    RollBack,
    Promote,
    PromoteAll,
    Rebuild,
    RebuildClean,
    Publish,
    History,
    HistoryAll,
    Operations,
    CancelOperation,
    Recover,
    Refresh,
    Engines,
    Filter,
    KeepFilter,
    QuickFilters,
    Skewed,
    Unhealthy,
    Failed,
    Production,
    Today,
    ShowAll,
    SortNext,
    SortTurn,
    CopyDigest,
    CopyLine,
    Home,
    Palette,
    Logs,
    Shell,
    Search,
    NextMatch,
    PreviousMatch,
    Wrap,
    Save,
    Help,
    Leave,
    Interrupt,
    Suspend,
    NextTheme,
    Mouse,
}

impl Command {
    /// Whether it only moves about: never offered in the palette, never worth a hint.
    pub(crate) const fn moves(self) -> bool {
        matches!(
            self,
            Self::Up
                | Self::Down
                | Self::Left
                | Self::Right
                | Self::PageUp
                | Self::PageDown
                | Self::First
                | Self::Last
        )
    }
}

/// Where an entry of the table holds: a view, or the dialog above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// The fleet.
    Home,
    /// The versions of an image.
    Versions,
    /// One version.
    Version,
    /// One image in one environment.
    Deployment,
    /// What a version is made of.
    Anatomy,
    /// Two versions beside each other.
    Comparison,
    /// A file of a version.
    Content,
    /// The list of operations.
    Operations,
    /// One operation.
    Operation,
    /// What a deployment's containers write.
    Logs,
    /// The line in which a log is searched.
    Search,
    /// The history.
    History,
    /// One event.
    Event,
    /// The engines.
    Engines,
    /// One engine.
    Engine,
    /// A list, while its filter is typed.
    Filter,
    /// The help.
    Help,
    /// The dialog that shows a plan.
    Plan,
    /// A dialog that asks.
    Ask,
    /// A dialog to choose from.
    Choose,
    /// A dialog to read, or to wait in.
    Notice,
    /// The palette.
    Palette,
}

impl Place {
    /// As the help calls it.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Home => "The fleet",
            Self::Versions => "Versions of an image",
            Self::Version => "One version",
            Self::Deployment => "A deployment",
            Self::Anatomy => "The anatomy of a version",
            Self::Comparison => "Two versions compared",
            Self::Content => "A file of a version",
            Self::Operations => "Operations",
            Self::Operation => "One operation",
            Self::Logs => "Logs",
            Self::Search => "Searching a log",
            Self::History => "History",
            Self::Event => "One event",
            Self::Engines => "Engines",
            Self::Engine => "One engine",
            Self::Filter => "Typing a filter",
            Self::Help => "Help",
            Self::Plan => "The plan dialog",
            Self::Ask | Self::Choose | Self::Notice => "A dialog",
            Self::Palette => "The palette",
        }
    }

    /// Whether letters may be for a text field here.
    pub(crate) const fn is_typed_in(self) -> bool {
        matches!(
            self,
            Self::Plan | Self::Palette | Self::Filter | Self::Search
        )
    }

    /// Whether it is a view, not a dialog above one.
    pub(crate) fn is_view(self) -> bool {
        VIEWS.contains(&self)
    }
}

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Entry {
    /// What it does.
    pub(crate) command: Command,
    /// Its stable name, for settings.
    pub(crate) id: &'static str,
    /// Its keys unless the settings say otherwise, the one to show first.
    pub(crate) keys: &'static [Key],
    /// For hints: one or two words.
    pub(crate) name: &'static str,
    /// For the help: a whole line.
    pub(crate) help: &'static str,
    /// Where it holds.
    pub(crate) places: &'static [Place],
    /// Whether the footer hints at it, space permitting.
    pub(crate) hint: bool,
    /// It changes what runs: not bound at all where karat is read-only.
    pub(crate) danger: bool,
}

use Place as P;

/// All of them.
pub(crate) const EVERYWHERE: &[Place] = &[
    P::Home,
    P::Versions,
    P::Version,
    P::Deployment,
    P::Anatomy,
    P::Comparison,
    P::Content,
    P::Operations,
    P::Operation,
    P::Logs,
    P::History,
    P::Event,
    P::Engines,
    P::Engine,
    P::Help,
    P::Plan,
    P::Ask,
    P::Choose,
    P::Notice,
    P::Palette,
    P::Filter,
    P::Search,
];
const VIEWS: &[Place] = &[
    P::Home,
    P::Versions,
    P::Version,
    P::Deployment,
    P::Anatomy,
    P::Comparison,
    P::Content,
    P::Operations,
    P::Operation,
    P::Logs,
    P::History,
    P::Event,
    P::Engines,
    P::Engine,
    P::Help,
];
const LISTS: &[Place] = &[
    P::Home,
    P::Versions,
    P::Anatomy,
    P::Operations,
    P::History,
    P::Engines,
];
const QUICK: &[Place] = &[P::Home, P::History];
const SIDEWAYS: &[Place] = &[
    P::Home,
    P::Deployment,
    P::Anatomy,
    P::Plan,
    P::Ask,
    P::Logs,
    P::Operation,
];
const OF_A_LOG: &[Place] = &[P::Logs, P::Operation];
const OF_A_CELL: &[Place] = &[P::Home, P::Deployment];
const WITH_A_COMMAND_LINE: &[Place] = &[
    P::Home,
    P::Versions,
    P::Version,
    P::Deployment,
    P::Anatomy,
    P::Comparison,
    P::Operations,
    P::Operation,
    P::History,
    P::Event,
    P::Plan,
    P::Choose,
];
const OF_AN_IMAGE: &[Place] = &[P::Home, P::Deployment, P::Versions];

const fn entry(
    command: Command,
    id: &'static str,
    keys: &'static [Key],
    name: &'static str,
    help: &'static str,
    places: &'static [Place],
) -> Entry {
    Entry {
        command,
        id,
        keys,
        name,
        help,
        places,
        hint: true,
        danger: false,
    }
}

impl Entry {
    const fn quiet(mut self) -> Self {
        self.hint = false;
        self
    }
    const fn danger(mut self) -> Self {
        self.danger = true;
        self
    }
}

/// Everything a key can do, in the order of the help; hints keep this order too.
pub(crate) static TABLE: &[Entry] = &[
    entry(
        Command::Open,
        "open",
        &[key(KeyCode::Enter)],
        "open",
        "open what is selected",
        LISTS,
    ),
    entry(
        Command::Open,
        "press",
        &[key(KeyCode::Enter)],
        "press",
        "in a dialog: press the button that has the focus, choose the line",
        &[P::Plan, P::Ask, P::Choose, P::Notice, P::Palette],
    ),
    entry(
        Command::RollBack,
        "roll-back",
        &[letter('r')],
        "roll back",
        "show the plan to go back to known good; on a version: to deploy that very one",
        &[P::Home, P::Deployment, P::Versions, P::Version],
    )
    .danger(),
    entry(
        Command::Promote,
        "promote",
        &[letter('p')],
        "promote",
        "show the plan to bring what runs here to the next environment",
        OF_A_CELL,
    )
    .danger(),
    entry(
        Command::Versions,
        "versions",
        &[letter('v')],
        "versions",
        "the versions of this image, newest first",
        OF_A_CELL,
    ),
    entry(
        Command::Anatomy,
        "anatomy",
        &[letter('a')],
        "anatomy",
        "why this version is as large as it is: layers, files, components, what is waste",
        &[P::Home, P::Deployment, P::Versions, P::Version],
    ),
    entry(
        Command::NextField,
        "next-pane",
        &[key(KeyCode::Tab)],
        "next pane",
        "in an anatomy: from the layers to the files, and on to the explanation",
        &[P::Anatomy],
    ),
    entry(
        Command::PreviousField,
        "previous-pane",
        &[key(KeyCode::BackTab)],
        "previous pane",
        "the pane before",
        &[P::Anatomy],
    )
    .quiet(),
    entry(
        Command::Files,
        "files",
        &[letter('1')],
        "files",
        "layers beside files; Enter goes into a directory, Esc out of it",
        &[P::Anatomy],
    )
    .quiet(),
    entry(
        Command::Map,
        "map",
        &[letter('2')],
        "map",
        "the files as rectangles: area is size, colour and number the layer that wrote them",
        &[P::Anatomy],
    )
    .quiet(),
    entry(
        Command::Components,
        "components",
        &[letter('3')],
        "components",
        "what it is made of, and what would be freed without it",
        &[P::Anatomy],
    )
    .quiet(),
    entry(
        Command::Packages,
        "packages",
        &[letter('4')],
        "packages",
        "packages, what they take on disk, and which layer brought them",
        &[P::Anatomy],
    )
    .quiet(),
    entry(
        Command::Findings,
        "findings",
        &[letter('5')],
        "findings",
        "what is waste, risky or missing, and the one thing to do about it",
        &[P::Anatomy],
    )
    .quiet(),
    entry(
        Command::Added,
        "only-added",
        &[letter('+')],
        "added",
        "only what the selected layer added; again: all",
        &[P::Anatomy],
    )
    .quiet(),
    entry(
        Command::Changed,
        "only-changed",
        &[letter('~')],
        "changed",
        "only what the selected layer changed; again: all",
        &[P::Anatomy],
    )
    .quiet(),
    entry(
        Command::Removed,
        "only-removed",
        &[letter('-')],
        "removed",
        "only what the selected layer removed; again: all",
        &[P::Anatomy],
    )
    .quiet(),
    entry(
        Command::OnlyLayer,
        "only-layer",
        &[letter('L')],
        "this layer",
        "only what the selected layer itself has, or the whole filesystem after it",
        &[P::Anatomy],
    ),
    entry(
        Command::Compare,
        "compare",
        &[letter('d')],
        "compare",
        "what differs from the version that is marked, else from the one before",
        &[P::Versions, P::Version, P::Anatomy],
    ),
    entry(
        Command::MarkVersion,
        "mark-version",
        &[letter('=')],
        "mark",
        "mark this version to compare another one with it; again: unmark",
        &[P::Versions],
    )
    .quiet(),
    entry(
        Command::Extract,
        "extract",
        &[letter('x')],
        "extract",
        "write the selected file or directory to the current folder",
        &[P::Anatomy, P::Content],
    ),
    entry(
        Command::Copy,
        "copy",
        &[letter('y')],
        "copy",
        "copy what is explained: an instruction, a path, a snippet for the Dockerfile",
        &[P::Anatomy],
    )
    .quiet(),
    entry(
        Command::Logs,
        "logs",
        &[letter('L')],
        "logs",
        "what the containers of this deployment write, followed",
        OF_A_CELL,
    ),
    entry(
        Command::Shell,
        "shell",
        &[letter('x')],
        "shell",
        "a shell in this container; on a version: in a throw-away container of it; asks first",
        &[P::Deployment, P::Versions, P::Version],
    )
    .danger(),
    entry(
        Command::Search,
        "search",
        &[letter('/')],
        "search",
        "find a text in the log; capital letters count only if some are typed",
        OF_A_LOG,
    ),
    entry(
        Command::Open,
        "find",
        &[key(KeyCode::Enter)],
        "find",
        "search for what was typed; for nothing: end the search",
        &[P::Search],
    ),
    entry(
        Command::NextMatch,
        "next-match",
        &[letter('n')],
        "next",
        "the next place of what was searched for",
        OF_A_LOG,
    ),
    entry(
        Command::PreviousMatch,
        "previous-match",
        &[letter('N')],
        "previous",
        "the place before",
        OF_A_LOG,
    )
    .quiet(),
    entry(
        Command::Wrap,
        "wrap",
        &[letter('w')],
        "wrap",
        "break long lines, or let them run out of sight",
        OF_A_LOG,
    ),
    entry(
        Command::Save,
        "save",
        &[ctrl('s')],
        "save",
        "save the lines that are kept to a new file in the current folder, bytes as received",
        &[P::Logs],
    ),
    entry(
        Command::Rebuild,
        "rebuild",
        &[letter('b')],
        "rebuild",
        "show the plan to build a new version of this image",
        OF_AN_IMAGE,
    )
    .danger(),
    entry(
        Command::Publish,
        "publish",
        &[letter('P')],
        "publish",
        "show the plan to push this version from its engine to its registry, under its tag",
        &[P::Versions, P::Version],
    )
    .danger(),
    entry(
        Command::History,
        "history",
        &[letter('t')],
        "history",
        "the time line: what was done to this image here, newest first",
        OF_AN_IMAGE,
    ),
    entry(
        Command::CancelOperation,
        "cancel",
        &[letter('c')],
        "cancel",
        "cancel this operation, after asking; what was done is undone",
        &[P::Operation, P::Operations],
    ),
    entry(
        Command::CopyDigest,
        "copy-digest",
        &[letter('y')],
        "copy digest",
        "copy the whole digest of what is selected",
        &[P::Home, P::Deployment, P::Versions, P::Version, P::Event],
    ),
    entry(
        Command::CopyLine,
        "copy-command",
        &[letter('Y'), ctrl('y')],
        "copy command",
        "copy the command line that does the same as what is shown or selected: in a plan this very plan, at a cell its roll back, else the versions; on an event or operation what repeats it",
        WITH_A_COMMAND_LINE,
    ),
    entry(
        Command::Filter,
        "filter",
        &[letter('/')],
        "filter",
        "show only what matches: every word, anywhere in the row; `!` in front: what does not",
        LISTS,
    ),
    entry(
        Command::KeepFilter,
        "keep-filter",
        &[key(KeyCode::Enter)],
        "keep",
        "keep the filter, and go on in the list",
        &[P::Filter],
    ),
    entry(
        Command::Engines,
        "engines",
        &[letter('e')],
        "engines",
        "the engines, and how they stand",
        VIEWS,
    ),
    entry(
        Command::Operations,
        "operations",
        &[letter('o')],
        "operations",
        "what runs, and what ran since karat was opened",
        VIEWS,
    ),
    entry(
        Command::QuickFilters,
        "quick-filters",
        &[letter('f')],
        "quick filters",
        "choose a quick filter; several hold together, and with what was typed",
        QUICK,
    )
    .quiet(),
    entry(
        Command::Skewed,
        "skewed",
        &[letter('1')],
        "skewed",
        "only images that skew in an environment on screen; again: all",
        &[P::Home],
    )
    .quiet(),
    entry(
        Command::Failed,
        "failed",
        &[letter('1')],
        "failed",
        "only what did not end as wanted; again: all",
        &[P::History],
    )
    .quiet(),
    entry(
        Command::Unhealthy,
        "unhealthy",
        &[letter('2')],
        "unhealthy",
        "only what is unhealthy, does not run, or does not answer; again: all",
        &[P::Home],
    )
    .quiet(),
    entry(
        Command::Production,
        "production",
        &[letter('3')],
        "production",
        "only protected environments; again: all",
        QUICK,
    )
    .quiet(),
    entry(
        Command::Today,
        "changed-today",
        &[letter('4')],
        "changed today",
        "only what changed since midnight, local time; again: all",
        QUICK,
    )
    .quiet(),
    entry(
        Command::ShowAll,
        "show-all",
        &[letter('0')],
        "show all",
        "take every filter away",
        LISTS,
    )
    .quiet(),
    entry(
        Command::SortNext,
        "sort",
        &[letter('s')],
        "sort",
        "sort by the next column; kept for the next time",
        LISTS,
    )
    .quiet(),
    entry(
        Command::SortTurn,
        "sort-turn",
        &[letter('S')],
        "turn",
        "sort the other way round",
        LISTS,
    )
    .quiet(),
    entry(
        Command::PromoteAll,
        "promote-all",
        &[letter('P')],
        "promote all",
        "show the plan to bring every image that runs here to the next environment",
        &[P::Home],
    )
    .danger()
    .quiet(),
    entry(
        Command::RebuildClean,
        "rebuild-clean",
        &[letter('B')],
        "rebuild clean",
        "like rebuild, with no cache and a fresh base image",
        OF_AN_IMAGE,
    )
    .danger()
    .quiet(),
    entry(
        Command::HistoryAll,
        "history-all",
        &[letter('T')],
        "all history",
        "the time line of everything",
        VIEWS,
    )
    .quiet(),
    entry(
        Command::Recover,
        "recover",
        &[letter('R')],
        "recover",
        "finish or undo operations that were cut off",
        &[P::Home, P::Deployment],
    )
    .danger()
    .quiet(),
    entry(
        Command::Refresh,
        "refresh",
        &[ctrl('r')],
        "ask again",
        "ask every engine anew now",
        &[P::Home, P::Deployment, P::Versions, P::Engines, P::Engine],
    )
    .quiet(),
    entry(
        Command::NextField,
        "next-field",
        &[key(KeyCode::Tab)],
        "next",
        "the next field or button; in a deployment or its logs: the next container",
        &[P::Plan, P::Ask, P::Deployment, P::Logs],
    ),
    entry(
        Command::PreviousField,
        "previous-field",
        &[key(KeyCode::BackTab)],
        "previous",
        "the field, button or container before",
        &[P::Plan, P::Ask, P::Deployment, P::Logs],
    )
    .quiet(),
    entry(
        Command::Back,
        "back",
        &[key(KeyCode::Esc)],
        "back",
        "back to where you came from, a filter first; out of a dialog without doing anything",
        EVERYWHERE,
    ),
    entry(
        Command::Home,
        "home",
        &[],
        "home",
        "the fleet, from wherever you are",
        VIEWS,
    )
    .quiet(),
    entry(
        Command::Palette,
        "palette",
        &[letter(':')],
        "palette",
        "find an action, an image or an environment by name",
        VIEWS,
    ),
    entry(
        Command::Help,
        "help",
        &[letter('?')],
        "help",
        "this page",
        VIEWS,
    ),
    entry(
        Command::Leave,
        "leave",
        &[letter('q')],
        "leave",
        "leave karat; asks first while an operation runs",
        VIEWS,
    ),
    entry(
        Command::Up,
        "up",
        &[key(KeyCode::Up), letter('k'), ctrl('p')],
        "up",
        "one row up",
        EVERYWHERE,
    )
    .quiet(),
    entry(
        Command::Down,
        "down",
        &[key(KeyCode::Down), letter('j'), ctrl('n')],
        "down",
        "one row down",
        EVERYWHERE,
    )
    .quiet(),
    entry(
        Command::Left,
        "left",
        &[key(KeyCode::Left), letter('h')],
        "left",
        "one column, container, button or rectangle to the left; in files: out of the directory",
        SIDEWAYS,
    )
    .quiet(),
    entry(
        Command::Right,
        "right",
        &[key(KeyCode::Right), letter('l')],
        "right",
        "one column, container, button or rectangle to the right; in files: into the directory",
        SIDEWAYS,
    )
    .quiet(),
    entry(
        Command::PageUp,
        "page-up",
        &[key(KeyCode::PageUp), ctrl('u')],
        "page up",
        "one page up",
        EVERYWHERE,
    )
    .quiet(),
    entry(
        Command::PageDown,
        "page-down",
        &[key(KeyCode::PageDown), ctrl('d')],
        "page down",
        "one page down",
        EVERYWHERE,
    )
    .quiet(),
    entry(
        Command::First,
        "first",
        &[letter('g'), key(KeyCode::Home)],
        "first",
        "the first row",
        VIEWS,
    )
    .quiet(),
    entry(
        Command::Last,
        "last",
        &[letter('G'), key(KeyCode::End)],
        "last",
        "the last row; in a log: follow it",
        VIEWS,
    )
    .quiet(),
    entry(
        Command::NextTheme,
        "theme",
        &[ctrl('t')],
        "next theme",
        "change the colours, until karat is left; settings.toml makes it last",
        VIEWS,
    )
    .quiet(),
    entry(
        Command::Mouse,
        "mouse",
        &[letter('m')],
        "mouse",
        "take the mouse, or leave it to the terminal to select text with",
        VIEWS,
    )
    .quiet(),
    entry(
        Command::Interrupt,
        "interrupt",
        &[ctrl('c')],
        "leave",
        "leave karat; again: cancel what runs and leave; again: leave at once",
        EVERYWHERE,
    )
    .quiet(),
    entry(
        Command::Suspend,
        "suspend",
        &[ctrl('z')],
        "suspend",
        "back to the shell; `fg` returns",
        EVERYWHERE,
    )
    .quiet(),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for place in EVERYWHERE {
            let mut seen = std::collections::HashMap::new();
            for entry in TABLE.iter().filter(|entry| entry.places.contains(place)) {
                for key in entry.keys {
                    let before = seen.insert(*key, entry.id);
                    assert_eq!(before, None, "{key} in {place:?}: {}", entry.id);
                }
            }
        }
    }

    #[test]
    fn every_id_is_there_once() {
        let mut ids: Vec<_> = TABLE.iter().map(|entry| entry.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), TABLE.len());
    }
}
