//! What was typed against what a row shows.
//!
//! A filter is words. Every word must match, smart in case: one without a capital finds
//! both. A word matches a name fuzzily (`shw` finds `shop-web`); in several words, and in
//! what is long, it must stand as it is: in a sentence every few letters are found somewhere.

use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization};
use nucleo_matcher::{Config, Matcher, Utf32Str, Utf32String};

use crate::model::text::printable;

/// The longest name, in characters, that is matched fuzzily.
const FUZZY: usize = 32;

/// A filter's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    words: Vec<Word>,
    /// Rows that match are left out instead.
    pub(crate) inverted: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Word {
    /// As it was typed; capitals count if there are some.
    typed: String,
    fuzzy: Atom,
    whole: Atom,
}

impl Words {
    /// The words of a text; nothing if there are none. A `!` in front inverts all of it.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let (inverted, rest) = split(text);
        let words: Vec<Word> = printable(rest)
            .split_whitespace()
            .map(|word| Word {
                typed: word.to_owned(),
                fuzzy: atom(word, AtomKind::Fuzzy),
                whole: atom(word, AtomKind::Substring),
            })
            .collect();
        (!words.is_empty()).then_some(Self { words, inverted })
    }
}

/// Whether a filter's text inverts, and the rest of it.
pub(crate) fn split(text: &str) -> (bool, &str) {
    let text = text.trim_start();
    text.strip_prefix('!')
        .map_or((false, text), |rest| (true, rest.trim_start()))
}

fn atom(word: &str, kind: AtomKind) -> Atom {
    Atom::new(word, CaseMatching::Smart, Normalization::Smart, kind, false)
}

/// What a row is found by: groups of texts. A row matches if one of its groups has every
/// word, each in any of its texts, or in those that all groups share.
#[derive(Debug, Default)]
pub(crate) struct Hay {
    shared: Vec<Text>,
    groups: Vec<Vec<Text>>,
}

/// One text.
#[derive(Debug)]
enum Text {
    /// As most are: compared byte by byte, which is many times quicker than what other
    /// scripts take.
    Ascii {
        /// Without capitals.
        small: Box<str>,
        /// With its capitals, if it has some.
        capitals: Option<Box<str>>,
        /// Whether it is matched fuzzily.
        fuzzy: bool,
    },
    /// Any other.
    Other(Utf32String),
}

impl Text {
    fn of(text: &str) -> Self {
        if !text.is_ascii() {
            return Self::Other(Utf32String::from(text));
        }
        let has_capitals = text.bytes().any(|c| c.is_ascii_uppercase());
        Self::Ascii {
            small: text.to_ascii_lowercase().into(),
            capitals: has_capitals.then(|| text.into()),
            fuzzy: is_fuzzy(text.len(), text.contains(' ')),
        }
    }

    fn has(&self, word: &Word, matcher: &mut Matcher) -> bool {
        match self {
            Self::Ascii {
                small,
                capitals,
                fuzzy,
            } if word.typed.is_ascii() => {
                let counts = word.typed.bytes().any(|c| c.is_ascii_uppercase());
                let text = match capitals {
                    Some(capitals) if counts => capitals,
                    _ => small,
                };
                if *fuzzy {
                    in_order(&word.typed, text)
                } else {
                    text.contains(&*word.typed)
                }
            }
            // What is not ASCII is in no text that is.
            Self::Ascii { .. } => false,
            Self::Other(text) => {
                let text = text.slice(..);
                fitting(word, text).score(text, matcher).is_some()
            }
        }
    }
}

/// Whether the letters of a word stand in a text, in their order.
fn in_order(word: &str, text: &str) -> bool {
    let mut rest = text.bytes();
    word.bytes().all(|letter| rest.any(|one| one == letter))
}

/// Whether a text of so many characters is matched fuzzily.
const fn is_fuzzy(length: usize, has_blanks: bool) -> bool {
    length <= FUZZY && !has_blanks
}

impl Hay {
    /// Adds a text that belongs to every group. Found as it is shown: printable.
    pub(crate) fn share(&mut self, text: &str) {
        push(&mut self.shared, text);
    }

    /// Begins a group; texts that follow belong to it.
    pub(crate) fn begin(&mut self) {
        self.groups.push(Vec::new());
    }

    /// Adds a text to the group begun last.
    pub(crate) fn push(&mut self, text: &str) {
        match self.groups.last_mut() {
            Some(group) => push(group, text),
            None => push(&mut self.shared, text),
        }
    }
}

fn push(texts: &mut Vec<Text>, text: &str) {
    if !text.is_empty() {
        texts.push(Text::of(&printable(text)));
    }
}

/// Matches rows. Keeps scratch memory from one to the next.
pub(crate) struct Finder<'w> {
    words: &'w Words,
    matcher: Matcher,
}

impl<'w> Finder<'w> {
    /// One for these words.
    pub(crate) fn new(words: &'w Words) -> Self {
        Self {
            words,
            matcher: Matcher::new(Config::DEFAULT),
        }
    }

    /// Whether a row has the words. Inverting is the caller's.
    pub(crate) fn has(&mut self, hay: &Hay) -> bool {
        // Which words the shared texts have need not be asked again for every group.
        let mut missing = Vec::new();
        for word in &self.words.words {
            if !any(word, &hay.shared, &mut self.matcher) {
                missing.push(word);
            }
        }
        if missing.is_empty() {
            return true;
        }
        hay.groups.iter().any(|group| {
            missing
                .iter()
                .all(|word| any(word, group, &mut self.matcher))
        })
    }

    /// The characters of a text that matched, by position, in order; of every word that
    /// matches it.
    pub(crate) fn letters(&mut self, text: &str) -> Vec<u32> {
        let text = Utf32String::from(text);
        let mut letters = Vec::new();
        for word in &self.words.words {
            let atom = fitting(word, text.slice(..));
            // Of what does not match nothing is added.
            let _ = atom.indices(text.slice(..), &mut self.matcher, &mut letters);
        }
        letters.sort_unstable();
        letters.dedup();
        letters
    }
}

fn fitting<'w>(word: &'w Word, text: Utf32Str<'_>) -> &'w Atom {
    if is_fuzzy(text.len(), text.chars().any(|c| c == ' ')) {
        &word.fuzzy
    } else {
        &word.whole
    }
}

fn any(word: &Word, texts: &[Text], matcher: &mut Matcher) -> bool {
    texts.iter().any(|text| text.has(word, matcher))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(filter: &str, shared: &[&str], groups: &[&[&str]]) -> bool {
        let mut hay = Hay::default();
        for text in shared {
            hay.share(text);
        }
        for group in groups {
            hay.begin();
            for text in *group {
                hay.push(text);
            }
        }
        let words = Words::of(filter).expect("words");
        Finder::new(&words).has(&hay)
    }

    #[test]
    fn words_match_fuzzily_in_names_and_whole_in_sentences() {
        let sentence = "no answer within 10 s; is the host up? try again later on";
        for (filter, text, matches) in [
            ("shw", "shop-web", true),
            ("web shop", "shop-web", true),
            ("web api", "shop-web", false),
            ("Web", "shop-web", false),
            ("web", "Shop-WEB", true),
            ("kase", "käse", true),
            ("版", "版本", true),
            ("within 10", sentence, true),
            ("nasw", sentence, false),
            ("he", "2 behind newest", false),
            ("hind new", "2 behind newest", true),
            ("␛", "\u{1b}[2J", true),
            ("\u{1b}", "\u{1b}[2J", true),
        ] {
            assert_eq!(found(filter, &[text], &[]), matches, "{filter} in {text}");
        }
    }

    proptest! {
        /// The quick way finds what the library finds, no more and no less.
        #[test]
        fn ascii_is_found_the_quick_way_as_any_other(
            word in "[abA1.é]{1,4}",
            text in "[abAB1. -]{0,40}",
        ) {
            let words = Words::of(&word).expect("a word");
            let [word] = words.words.as_slice() else { panic!("one word") };
            let mut matcher = Matcher::new(Config::DEFAULT);
            let quick = Text::of(&text);
            let is_quick = matches!(quick, Text::Ascii { .. });
            prop_assert!(is_quick);
            let slow = Text::Other(Utf32String::from(&*text));
            prop_assert_eq!(quick.has(word, &mut matcher), slow.has(word, &mut matcher));
        }
    }

    #[test]
    fn the_words_must_meet_in_one_group() {
        let groups: &[&[&str]] = &[&["test", "unhealthy"], &["prod", "healthy"]];
        assert!(found("web test unhealthy", &["shop-web"], groups));
        assert!(found("prod", &["shop-web"], groups));
        assert!(!found("prod unh", &["shop-web"], groups));
        assert!(!found("api", &["shop-web"], groups));
    }

    #[test]
    fn an_exclamation_mark_in_front_inverts_all_of_it() {
        let words = Words::of(" ! web prod").expect("words");
        assert!(words.inverted);
        assert_eq!(words.words.len(), 2);
        assert!(!Words::of("web!").expect("words").inverted);
        for nothing in ["", "  ", "!", " ! "] {
            assert_eq!(Words::of(nothing), None);
        }
    }

    #[test]
    fn letters_are_told_by_position() {
        let words = Words::of("web").expect("words");
        assert_eq!(Finder::new(&words).letters("版-shop-web"), [7, 8, 9]);
        assert!(Finder::new(&words).letters("shop-api").is_empty());
    }
}
