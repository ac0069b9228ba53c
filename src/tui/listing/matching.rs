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
    shared: Vec<Utf32String>,
    groups: Vec<Vec<Utf32String>>,
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

fn push(texts: &mut Vec<Utf32String>, text: &str) {
    if !text.is_empty() {
        texts.push(Utf32String::from(&*printable(text)));
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
    if text.len() <= FUZZY && !text.chars().any(|c| c == ' ') {
        &word.fuzzy
    } else {
        &word.whole
    }
}

fn any(word: &Word, texts: &[Utf32String], matcher: &mut Matcher) -> bool {
    texts.iter().any(|text| {
        let text = text.slice(..);
        fitting(word, text).score(text, matcher).is_some()
    })
}

#[cfg(test)]
mod tests {
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
