//! Whether the terminal is light: asked of it, and its answer picked out of the keys.
//!
//! The answer (OSC 11, as xterm has it: `ESC ] 11 ; rgb:ffff/ffff/ffff BEL`) comes in among
//! what is typed, whenever the line is quick enough. To wait for it would hold up the first
//! frame; to read the terminal for it beside the reader of keys would take keys from it. So
//! there is one reader, and this looks at what it read: it takes the answer for one, and
//! gives everything else on.

use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

/// The question.
pub(crate) const QUESTION: &str = "\x1b]11;?\x07";

/// How long an answer is listened for. What comes later is typed by somebody.
pub(crate) const LISTENS: Duration = Duration::from_secs(5);

/// How long the rest of an answer may take once it has begun: it is sent in one go.
pub(crate) const REST: Duration = Duration::from_millis(200);

/// The longest answer: `11;rgba:` and four times four digits, with what is between them.
const LONGEST: usize = 32;

/// What was heard.
#[derive(Debug, PartialEq)]
pub(crate) enum Heard {
    /// Part of what may become an answer.
    More,
    /// Whether the background is light.
    Answer(bool),
    /// No answer: these are somebody's keys.
    Keys(Vec<Event>),
}

/// Listens for the answer.
#[derive(Debug, Default)]
pub(crate) struct Ear {
    begun: Vec<Event>,
    text: String,
}

impl Ear {
    /// Whether an answer has begun and not ended.
    pub(crate) const fn waits(&self) -> bool {
        !self.begun.is_empty()
    }

    /// Takes in one event.
    pub(crate) fn hear(&mut self, event: Event) -> Heard {
        let part = part(&event);
        match (self.waits(), part) {
            (false, Part::Begin) => self.begun.push(event),
            (true, Part::Within(c)) if self.text.len() < LONGEST => {
                self.begun.push(event);
                self.text.push(c);
            }
            (true, Part::End) => {
                if let Some(light) = light(&self.text) {
                    return Heard::Answer(light);
                }
                self.begun.push(event);
                return Heard::Keys(self.give_back());
            }
            _ => {
                self.begun.push(event);
                return Heard::Keys(self.give_back());
            }
        }
        Heard::More
    }

    /// Gives back what was taken for the beginning of an answer.
    pub(crate) fn give_back(&mut self) -> Vec<Event> {
        self.text.clear();
        std::mem::take(&mut self.begun)
    }
}

/// What an event may be of an answer, as the reader of keys takes its bytes apart.
enum Part {
    /// `ESC ]`: Alt and a bracket.
    Begin,
    Within(char),
    /// BEL is Ctrl-G, `ESC \` is Alt and a backslash.
    End,
    Nothing,
}

fn part(event: &Event) -> Part {
    let Event::Key(KeyEvent {
        code: KeyCode::Char(c),
        modifiers,
        ..
    }) = event
    else {
        return Part::Nothing;
    };
    let held = *modifiers - KeyModifiers::SHIFT;
    match (*c, held) {
        (']', KeyModifiers::ALT) => Part::Begin,
        ('g', KeyModifiers::CONTROL) | ('\\', KeyModifiers::ALT) => Part::End,
        (c, KeyModifiers::NONE) if c.is_ascii_hexdigit() || "rgba:;/".contains(c) => {
            Part::Within(c)
        }
        _ => Part::Nothing,
    }
}

/// Whether an answer names a light colour: one whose luminance is above that of a middle
/// grey, which reflects 18 % of the light.
fn light(answer: &str) -> Option<bool> {
    let colour = answer.strip_prefix("11;rgb")?;
    let colour = colour
        .strip_prefix('a')
        .unwrap_or(colour)
        .strip_prefix(':')?;
    let channels: Vec<f64> = colour.split('/').map(channel).collect::<Option<_>>()?;
    let &[red, green, blue, ..] = channels.as_slice() else {
        return None;
    };
    // The weights are those of Rec. 709; its gamma is near enough to 2.2.
    let luminance = 0.2126 * red.powf(2.2) + 0.7152 * green.powf(2.2) + 0.0722 * blue.powf(2.2);
    Some(luminance > 0.18)
}

/// One to four hexadecimal digits, as a part of the whole.
fn channel(digits: &str) -> Option<f64> {
    let most = 16_u32
        .checked_pow(u32::try_from(digits.len()).ok()?)?
        .checked_sub(1)?;
    let value = u16::from_str_radix(digits, 16).ok()?;
    (most > 0).then(|| f64::from(value) / f64::from(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(c: char, modifiers: KeyModifiers) -> Event {
        Event::Key(KeyEvent::new(KeyCode::Char(c), modifiers))
    }

    fn typed(text: &str) -> Vec<Event> {
        text.chars()
            .map(|c| {
                let shift = if c.is_uppercase() {
                    KeyModifiers::SHIFT
                } else {
                    KeyModifiers::NONE
                };
                key(c, shift)
            })
            .collect()
    }

    fn begin() -> Event {
        key(']', KeyModifiers::ALT)
    }

    fn bell() -> Event {
        key('g', KeyModifiers::CONTROL)
    }

    /// Everything that is given on, and the answer.
    fn listen(events: Vec<Event>) -> (Vec<Event>, Option<bool>) {
        let mut ear = Ear::default();
        let (mut keys, mut answer) = (Vec::new(), None);
        for event in events {
            match ear.hear(event) {
                Heard::More => {}
                Heard::Answer(light) => {
                    answer = Some(light);
                    ear = Ear::default();
                }
                Heard::Keys(some) => keys.extend(some),
            }
        }
        keys.extend(ear.give_back());
        (keys, answer)
    }

    #[test]
    fn an_answer_is_taken_out_of_the_keys_around_it() {
        for (colour, end, light) in [
            ("rgb:ffff/ffff/ffff", bell(), true),
            ("rgb:0000/0000/0000", key('\\', KeyModifiers::ALT), false),
            ("rgb:FD/F6/E3", bell(), true),
            ("rgba:1e1e/1e1e/2e2e/ffff", bell(), false),
        ] {
            let mut events = typed("jr");
            events.push(begin());
            events.extend(typed(&format!("11;{colour}")));
            events.push(end);
            events.extend(typed("q"));
            assert_eq!(listen(events), (typed("jrq"), Some(light)), "{colour}");
        }
    }

    #[test]
    fn whatever_is_no_answer_is_given_on_in_order() {
        let enter = Event::Key(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE));
        for events in [
            vec![begin()],
            [vec![begin()], typed("11;rgb:ffff/ffff"), vec![bell()]].concat(),
            [vec![begin()], typed("11"), vec![enter]].concat(),
            [vec![begin()], typed("11;rgb:zzzz/ffff/ffff"), vec![bell()]].concat(),
            [vec![begin()], typed(&"1".repeat(100)), vec![bell()]].concat(),
            vec![begin(), begin(), bell()],
            vec![Event::Paste("11;rgb:ffff/ffff/ffff".to_owned()), bell()],
        ] {
            assert_eq!(listen(events.clone()), (events, None));
        }
    }
}
