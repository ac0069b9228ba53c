//! Keys and sequences of keys: read from the settings, shown in hints, made from what the
//! terminal sends.
//!
//! `crokey` reads such names too, but takes `P` for `p`, which are two keys here, and builds
//! a procedural macro for it; what is needed is this page.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key: a code, and what is held with it. Shift is part of a letter (`P`), never of its
/// own; Shift-Tab is `BackTab`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    code: KeyCode,
    held: KeyModifiers,
}

/// A key without anything held.
pub(crate) const fn key(code: KeyCode) -> Key {
    Key {
        code,
        held: KeyModifiers::NONE,
    }
}

/// A letter or sign, as it is typed.
pub(crate) const fn letter(c: char) -> Key {
    key(KeyCode::Char(c))
}

/// A letter with Ctrl.
pub(crate) const fn ctrl(c: char) -> Key {
    Key {
        code: KeyCode::Char(c),
        held: KeyModifiers::CONTROL,
    }
}

/// Keys pressed one after another; most are of one.
pub(crate) type Sequence = Vec<Key>;

/// The longest sequence: more is no shortcut.
const LONGEST: usize = 5;

/// Why a text is no key, or no sequence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyError {
    /// No key is called so.
    #[error(
        "`{0}` is no key: write a letter or sign, `enter`, `f5`, `ctrl-x`, `alt-x`, `shift-tab` …"
    )]
    Unknown(String),
    /// A terminal sends another key for it.
    #[error("a terminal cannot tell `{0}` from {1}")]
    Same(String, &'static str),
    /// A terminal has no code for it.
    #[error("a terminal sends nothing for `{0}`: Ctrl goes with a letter or `space`")]
    Unsent(String),
    /// Nothing is written.
    #[error("it names no key; to take every key away, give an empty list")]
    Empty,
    /// More keys than anybody presses.
    #[error("it is longer than {LONGEST} keys")]
    TooLong,
    /// Esc ends a sequence.
    #[error("Esc ends a sequence, so it cannot be part of one")]
    EscInside,
}

const NAMES: &[(&str, KeyCode)] = &[
    ("enter", KeyCode::Enter),
    ("return", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("escape", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backtab", KeyCode::BackTab),
    ("space", KeyCode::Char(' ')),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
    ("page-up", KeyCode::PageUp),
    ("pgup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("page-down", KeyCode::PageDown),
    ("pgdn", KeyCode::PageDown),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("del", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("ins", KeyCode::Insert),
];

impl Key {
    /// What the terminal sent. Whatever it says of Shift, a letter is the one typed.
    pub(crate) fn pressed(event: KeyEvent) -> Self {
        let mut held = event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT);
        let shift = event.modifiers.contains(KeyModifiers::SHIFT);
        let code = match event.code {
            KeyCode::Char(c) if held.contains(KeyModifiers::CONTROL) => {
                KeyCode::Char(c.to_ascii_lowercase())
            }
            KeyCode::Char(c) if shift => KeyCode::Char(capital(c)),
            KeyCode::Tab if shift => KeyCode::BackTab,
            code => code,
        };
        if shift && !matches!(code, KeyCode::Char(_) | KeyCode::BackTab) {
            held |= KeyModifiers::SHIFT;
        }
        Self { code, held }
    }

    /// A key as it is written in the settings.
    pub(crate) fn parse(text: &str) -> Result<Self, KeyError> {
        let unknown = || KeyError::Unknown(text.to_owned());
        let mut rest = text;
        let mut held = KeyModifiers::NONE;
        while let Some((modifier, behind)) = modifier(rest) {
            held |= modifier;
            rest = behind;
        }
        let code = code(rest).ok_or_else(unknown)?;
        let event = Self::pressed(KeyEvent::new(code, held));
        if held.contains(KeyModifiers::CONTROL)
            && let KeyCode::Char(c) = event.code
        {
            match c {
                'i' => return Err(KeyError::Same(text.to_owned(), "Tab")),
                'm' => return Err(KeyError::Same(text.to_owned(), "Enter")),
                '[' => return Err(KeyError::Same(text.to_owned(), "Esc")),
                'a'..='z' | ' ' => {}
                _ => return Err(KeyError::Unsent(text.to_owned())),
            }
        }
        Ok(event)
    }

    /// Whether it writes something, or moves, in a text field.
    pub(crate) fn is_text(self) -> bool {
        match self.code {
            KeyCode::Char(_) => self.held.is_empty(),
            KeyCode::Backspace
            | KeyCode::Delete
            | KeyCode::Left
            | KeyCode::Right
            | KeyCode::Home
            | KeyCode::End => true,
            _ => false,
        }
    }

    /// Whether it changes what is in a text field.
    pub(crate) fn writes(self) -> bool {
        self.is_text()
            && !matches!(
                self.code,
                KeyCode::Left | KeyCode::Right | KeyCode::Home | KeyCode::End
            )
    }

    /// The same without Shift, if that was held with a key that is no letter.
    pub(crate) fn unshifted(self) -> Option<Self> {
        self.held.contains(KeyModifiers::SHIFT).then(|| Self {
            code: self.code,
            held: self.held - KeyModifiers::SHIFT,
        })
    }
}

/// The capital letter, where there is exactly one.
fn capital(c: char) -> char {
    let mut capitals = c.to_uppercase();
    match (capitals.next(), capitals.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

/// The modifier a text begins with, and what is behind it.
fn modifier(text: &str) -> Option<(KeyModifiers, &str)> {
    let at = text.find(['-', '+'])?;
    let (name, behind) = (text.get(..at)?, text.get(at + 1..)?);
    let modifier = match name.to_ascii_lowercase().as_str() {
        "ctrl" | "control" => KeyModifiers::CONTROL,
        "alt" => KeyModifiers::ALT,
        "shift" => KeyModifiers::SHIFT,
        _ => return None,
    };
    Some((modifier, behind))
}

fn code(name: &str) -> Option<KeyCode> {
    let mut chars = name.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        return (!c.is_control() && !c.is_whitespace()).then_some(KeyCode::Char(c));
    }
    let name = name.to_ascii_lowercase();
    if let Some(number) = name.strip_prefix('f').and_then(|it| it.parse().ok()) {
        return (1..=12).contains(&number).then_some(KeyCode::F(number));
    }
    NAMES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, code)| *code)
}

/// A sequence as it is written in the settings: keys with blanks between them.
pub(crate) fn parse_sequence(text: &str) -> Result<Sequence, KeyError> {
    let mut sequence = Sequence::new();
    for word in text.split_whitespace() {
        if sequence.len() == LONGEST {
            return Err(KeyError::TooLong);
        }
        sequence.push(Key::parse(word)?);
    }
    match sequence.as_slice() {
        [] => Err(KeyError::Empty),
        [_] => Ok(sequence),
        several if several.iter().any(|one| one.code == KeyCode::Esc) => Err(KeyError::EscInside),
        _ => Ok(sequence),
    }
}

/// A sequence as hints and help show it.
pub(crate) fn shown(sequence: &[Key]) -> String {
    let keys: Vec<String> = sequence.iter().map(ToString::to_string).collect();
    keys.join(" ")
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (modifier, name) in [
            (KeyModifiers::CONTROL, "Ctrl-"),
            (KeyModifiers::ALT, "Alt-"),
            (KeyModifiers::SHIFT, "Shift-"),
        ] {
            if self.held.contains(modifier) {
                f.write_str(name)?;
            }
        }
        match self.code {
            KeyCode::Char(' ') => f.write_str("Space"),
            KeyCode::Char(c) if self.held.contains(KeyModifiers::CONTROL) => {
                write!(f, "{}", capital(c))
            }
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::F(number) => write!(f, "F{number}"),
            KeyCode::Up => f.write_str("↑"),
            KeyCode::Down => f.write_str("↓"),
            KeyCode::Left => f.write_str("←"),
            KeyCode::Right => f.write_str("→"),
            KeyCode::PageUp => f.write_str("PgUp"),
            KeyCode::PageDown => f.write_str("PgDn"),
            KeyCode::BackTab => f.write_str("Shift-Tab"),
            other => write!(f, "{other:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_and_shown() {
        for (written, seen) in [
            ("p", "p"),
            ("P", "P"),
            ("shift-p", "P"),
            ("ctrl-r", "Ctrl-R"),
            ("Ctrl+R", "Ctrl-R"),
            ("ctrl-space", "Ctrl-Space"),
            ("alt-x", "Alt-x"),
            ("enter", "Enter"),
            ("ESC", "Esc"),
            ("shift-tab", "Shift-Tab"),
            ("backtab", "Shift-Tab"),
            ("shift-up", "Shift-↑"),
            ("f12", "F12"),
            ("f", "f"),
            ("-", "-"),
            ("+", "+"),
            ("page-down", "PgDn"),
            ("é", "é"),
            ("g v", "g v"),
            ("  space   p ", "Space p"),
        ] {
            let read = parse_sequence(written).map(|it| shown(&it));
            assert_eq!(read.as_deref(), Ok(seen), "{written}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused_with_the_reason() {
        for (written, why) in [
            ("", "names no key"),
            ("pageupp", "`pageupp` is no key"),
            ("f13", "`f13` is no key"),
            ("hyper-x", "`hyper-x` is no key"),
            ("ctrl-", "`ctrl-` is no key"),
            ("ctrl-i", "from Tab"),
            ("ctrl-m", "from Enter"),
            ("ctrl-1", "sends nothing"),
            ("g esc", "Esc ends a sequence"),
            ("a b c d e f", "longer than 5 keys"),
            ("\u{1b}", "is no key"),
        ] {
            let error = parse_sequence(written).expect_err(written).to_string();
            assert!(error.contains(why), "{written}: {error}");
        }
    }

    #[test]
    fn what_a_terminal_sends_is_the_key_that_is_written() {
        let sent = |code, held| Key::pressed(KeyEvent::new(code, held)).to_string();
        for (code, held, seen) in [
            (KeyCode::Char('P'), KeyModifiers::SHIFT, "P"),
            (KeyCode::Char('P'), KeyModifiers::NONE, "P"),
            (KeyCode::Char('p'), KeyModifiers::SHIFT, "P"),
            (KeyCode::Char('R'), KeyModifiers::CONTROL, "Ctrl-R"),
            (KeyCode::BackTab, KeyModifiers::SHIFT, "Shift-Tab"),
            (KeyCode::Tab, KeyModifiers::SHIFT, "Shift-Tab"),
            (KeyCode::Up, KeyModifiers::SHIFT, "Shift-↑"),
        ] {
            assert_eq!(sent(code, held), seen);
        }
    }
}
