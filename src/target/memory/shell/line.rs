//! The line discipline of a terminal: what is typed is echoed, gathered into a line, and may
//! be taken back until the line is ended.

use unicode_width::UnicodeWidthChar as _;

/// Bytes of a line; a terminal takes no more, either.
const LONGEST: usize = 4_096;

/// What came of a byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// Nothing but this, which is written back.
    Echo(String),
    /// A line was ended.
    Line(String),
    /// Ctrl-C: the line is given up.
    Interrupt,
    /// Ctrl-D on an empty line: nothing more will be typed.
    End,
    /// Ctrl-L: the screen is to be cleared; this stands in the line.
    Clear(String),
}

/// A line under way.
#[derive(Debug, Default)]
pub(super) struct Line {
    text: String,
    /// A character that has come in part.
    begun: Vec<u8>,
    /// Where in a key's escape sequence we are: nothing of it is text.
    sequence: Sequence,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sequence {
    #[default]
    None,
    Escape,
    /// `ESC [`, until its final byte.
    Control,
    /// `ESC O`: one byte more.
    Single,
}

impl Line {
    /// Takes a byte in.
    pub(super) fn take(&mut self, byte: u8) -> Typed {
        if self.in_sequence(byte) {
            return Typed::Echo(String::new());
        }
        if byte < 0x20 || byte == 0x7f {
            self.begun.clear();
            return self.control(byte);
        }
        self.begun.push(byte);
        match std::str::from_utf8(&self.begun) {
            Ok(text) => {
                let letter = text.chars().next();
                self.begun.clear();
                letter.map_or_else(|| Typed::Echo(String::new()), |letter| self.add(letter))
            }
            Err(error) if error.error_len().is_none() => Typed::Echo(String::new()),
            Err(_) => {
                let alone = self.begun.len() == 1;
                self.begun.clear();
                if alone {
                    Typed::Echo(String::new())
                } else {
                    // What came before is no text; this may be.
                    self.take(byte)
                }
            }
        }
    }

    fn in_sequence(&mut self, byte: u8) -> bool {
        let (next, taken) = match (self.sequence, byte) {
            (Sequence::None, 0x1b) => (Sequence::Escape, true),
            (Sequence::None, _) => (Sequence::None, false),
            (Sequence::Escape, b'[') => (Sequence::Control, true),
            (Sequence::Escape, b'O') => (Sequence::Single, true),
            (Sequence::Control, 0x20..=0x3f) => (Sequence::Control, true),
            // An Esc alone, and then a key that is not text: that key counts.
            (_, 0x00..=0x1a) => (Sequence::None, false),
            _ => (Sequence::None, true),
        };
        self.sequence = next;
        taken
    }

    fn add(&mut self, letter: char) -> Typed {
        if letter.is_control() {
            return Typed::Echo(String::new());
        }
        if self.text.len() + letter.len_utf8() > LONGEST {
            return Typed::Echo("\x07".to_owned());
        }
        self.text.push(letter);
        Typed::Echo(letter.to_string())
    }

    fn control(&mut self, byte: u8) -> Typed {
        match byte {
            b'\r' | b'\n' => Typed::Line(std::mem::take(&mut self.text)),
            0x03 => {
                self.text.clear();
                Typed::Interrupt
            }
            0x04 if self.text.is_empty() => Typed::End,
            0x08 | 0x7f => Typed::Echo(self.rub_out(1)),
            0x0c => Typed::Clear(self.text.clone()),
            // Ctrl-U, Ctrl-W.
            0x15 => Typed::Echo(self.rub_out(self.text.chars().count())),
            0x17 => {
                let left = self.text.trim_end();
                let kept = left.rfind(' ').map_or(0, |at| at + 1);
                let gone = self.text.get(kept..).unwrap_or_default().chars().count();
                Typed::Echo(self.rub_out(gone))
            }
            _ => Typed::Echo(String::new()),
        }
    }

    /// Takes the last characters back, from the screen as well: of their width there.
    fn rub_out(&mut self, count: usize) -> String {
        let mut width = 0;
        for _ in 0..count {
            width += self.text.pop().and_then(|one| one.width()).unwrap_or(0);
        }
        "\u{8} \u{8}".repeat(width)
    }
}
