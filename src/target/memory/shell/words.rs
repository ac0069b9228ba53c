//! What was typed, taken apart as a shell does: words, and what joins commands.

use std::iter::Peekable;
use std::str::Chars;

/// A command with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// When it is carried out.
    pub(super) joint: Joint,
    /// Its words; never none.
    pub(super) words: Vec<Word>,
}

/// What is between a command and the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joint {
    /// `;`, or nothing.
    Always,
    /// `&&`
    IfDone,
    /// `||`
    IfFailed,
}

/// A word. What its variables are is known only when its command is carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    parts: Vec<Part>,
    /// A quoted word is one even where it is empty.
    quoted: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable(String),
}

impl Word {
    /// What it says now; nothing where nothing is left of it.
    pub(super) fn expand(&self, value: impl Fn(&str) -> String) -> Option<String> {
        let text: String = self
            .parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Variable(name) => value(name),
            })
            .collect();
        (self.quoted || !text.is_empty()).then_some(text)
    }

    fn push(&mut self, letter: char) {
        if let Some(Part::Text(text)) = self.parts.last_mut() {
            text.push(letter);
        } else {
            self.parts.push(Part::Text(letter.to_string()));
        }
    }
}

/// The commands of a line, or why it cannot be understood.
pub(super) fn calls(line: &str) -> Result<Vec<Call>, String> {
    let mut scan = Scanner {
        letters: line.chars().peekable(),
        calls: Vec::new(),
        words: Vec::new(),
        word: None,
        joint: Joint::Always,
    };
    scan.all()?;
    scan.end_word();
    if scan.words.is_empty() && scan.joint != Joint::Always {
        return Err("syntax error: a command is missing at the end".to_owned());
    }
    scan.end_call();
    Ok(scan.calls)
}

struct Scanner<'a> {
    letters: Peekable<Chars<'a>>,
    calls: Vec<Call>,
    words: Vec<Word>,
    word: Option<Word>,
    joint: Joint,
}

impl Scanner<'_> {
    fn all(&mut self) -> Result<(), String> {
        while let Some(letter) = self.letters.next() {
            match letter {
                ' ' | '\t' => self.end_word(),
                '#' if self.word.is_none() => return Ok(()),
                '\'' => self.single()?,
                '"' => self.double()?,
                '\\' => {
                    let escaped = self.letters.next().unwrap_or('\\');
                    self.word().push(escaped);
                }
                '$' => self.variable()?,
                ';' => self.join(";", Joint::Always)?,
                '&' if self.letters.next_if_eq(&'&').is_some() => self.join("&&", Joint::IfDone)?,
                '|' if self.letters.next_if_eq(&'|').is_some() => {
                    self.join("||", Joint::IfFailed)?;
                }
                '&' | '|' | '<' | '>' | '(' | ')' | '`' => return Err(beyond(letter)),
                _ => self.word().push(letter),
            }
        }
        Ok(())
    }

    fn word(&mut self) -> &mut Word {
        self.word.get_or_insert_default()
    }

    fn end_word(&mut self) {
        self.words.extend(self.word.take());
    }

    fn end_call(&mut self) {
        if !self.words.is_empty() {
            self.calls.push(Call {
                joint: self.joint,
                words: std::mem::take(&mut self.words),
            });
        }
    }

    fn join(&mut self, sign: &str, joint: Joint) -> Result<(), String> {
        self.end_word();
        if self.words.is_empty() {
            return Err(format!("syntax error: `{sign}` unexpected"));
        }
        self.end_call();
        self.joint = joint;
        Ok(())
    }

    fn single(&mut self) -> Result<(), String> {
        self.word().quoted = true;
        loop {
            match self.letters.next() {
                Some('\'') => return Ok(()),
                Some(letter) => self.word().push(letter),
                None => return Err(unterminated()),
            }
        }
    }

    fn double(&mut self) -> Result<(), String> {
        self.word().quoted = true;
        loop {
            match self.letters.next() {
                Some('"') => return Ok(()),
                Some('$') => self.variable()?,
                Some('`') => return Err(beyond('`')),
                Some('\\') => {
                    let special = |next: &char| matches!(next, '"' | '\\' | '$' | '`');
                    let letter = self.letters.next_if(special).unwrap_or('\\');
                    self.word().push(letter);
                }
                Some(letter) => self.word().push(letter),
                None => return Err(unterminated()),
            }
        }
    }

    /// What follows a `$`.
    fn variable(&mut self) -> Result<(), String> {
        let mut name = String::new();
        match self.letters.peek() {
            Some('?') => name.extend(self.letters.next()),
            Some('(') => return Err(beyond('(')),
            Some('{') => {
                self.letters.next();
                while let Some(letter) = self.letters.next_if(|letter| *letter != '}') {
                    name.push(letter);
                }
                if self.letters.next().is_none() {
                    return Err("syntax error: `${` without `}`".to_owned());
                }
            }
            _ => {
                let part = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '_';
                while let Some(letter) = self.letters.next_if(part) {
                    name.push(letter);
                }
            }
        }
        if name.is_empty() {
            self.word().push('$');
        } else {
            self.word().parts.push(Part::Variable(name));
        }
        Ok(())
    }
}

fn beyond(sign: char) -> String {
    format!("`{sign}` is beyond a shell that is made up: `help` lists what there is")
}

fn unterminated() -> String {
    "syntax error: unterminated quoted string".to_owned()
}
