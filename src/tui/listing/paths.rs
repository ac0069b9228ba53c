//! What was typed against the paths of an image: words, fuzzily in names and as they are in
//! paths; or, behind a `~`, a regular expression on the whole path.

use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use regex::bytes::{Regex, RegexBuilder};

use super::matching::split;
use crate::anatomy::merged::{Merged, NodeId};
use crate::model::text::printable;

/// How large an expression may become.
const LARGEST: usize = 1 << 20;

/// What a text is searched by.
enum Way {
    Words(Vec<(Atom, Atom)>),
    Expression(Regex),
    Nothing,
}

/// The paths of an image that a text finds.
#[derive(Clone, Debug)]
pub(crate) struct Sought {
    text: String,
    found: Vec<NodeId>,
    /// What is wrong with the expression.
    pub(crate) complaint: Option<String>,
}

impl Sought {
    /// Looks through all paths; through those known already, where the text has only grown.
    pub(crate) fn of(merged: &Merged, text: &str, known: Option<Self>) -> Self {
        if let Some(known) = known {
            if known.text == text {
                return known;
            }
            let (inverted, plain) = split(text);
            let grows = !inverted
                && !plain.starts_with('~')
                && !known.text.is_empty()
                && !known.text.starts_with(['!', '~'])
                && text.starts_with(&known.text)
                && known.complaint.is_none();
            if grows {
                return Self::among(merged, text, known.found.into_iter());
            }
        }
        Self::among(merged, text, merged.every_node())
    }

    fn among(merged: &Merged, text: &str, paths: impl Iterator<Item = NodeId>) -> Self {
        let (inverted, plain) = split(text);
        let (way, complaint) = match plain.strip_prefix('~') {
            Some(expression) => expression_of(expression),
            None => (words_of(plain), None),
        };
        let mut matcher = Matcher::new(Config::DEFAULT.match_paths());
        let mut buffer = Vec::new();
        let found = paths
            .filter(|node| *node != NodeId::ROOT)
            .filter(|node| {
                let matches = match &way {
                    Way::Nothing => return complaint.is_none(),
                    Way::Expression(expression) => {
                        let mut path = vec![b'/'];
                        path.extend(merged.path(*node));
                        expression.is_match(&path)
                    }
                    Way::Words(words) => has(merged, *node, words, (&mut matcher, &mut buffer)),
                };
                matches != inverted
            })
            .collect();
        Self {
            text: text.to_owned(),
            found,
            complaint,
        }
    }

    /// Those in a directory, however deep.
    pub(crate) fn below<'a>(
        &'a self,
        merged: &'a Merged,
        directory: NodeId,
    ) -> impl Iterator<Item = NodeId> + 'a {
        let inside = move |node: &NodeId| {
            directory == NodeId::ROOT
                || std::iter::successors(merged.parent(*node), |at| merged.parent(*at))
                    .any(|up| up == directory)
        };
        self.found.iter().copied().filter(inside)
    }
}

fn expression_of(text: &str) -> (Way, Option<String>) {
    if text.is_empty() {
        return (Way::Nothing, None);
    }
    // As with words, capitals count only if some are typed.
    let any_capital = text.chars().any(char::is_uppercase);
    let built = RegexBuilder::new(text)
        .size_limit(LARGEST)
        .dfa_size_limit(LARGEST)
        .case_insensitive(!any_capital)
        .unicode(false)
        .build();
    match built {
        Ok(expression) => (Way::Expression(expression), None),
        Err(error) => {
            let error = error.to_string();
            let why = error
                .lines()
                .last()
                .unwrap_or_default()
                .trim_start_matches("error: ");
            (
                Way::Nothing,
                Some(format!("no expression yet: {}", printable(why))),
            )
        }
    }
}

fn words_of(text: &str) -> Way {
    let atom = |word: &str, kind| {
        Atom::new(word, CaseMatching::Smart, Normalization::Smart, kind, false)
    };
    let words: Vec<_> = printable(text)
        .split_whitespace()
        .map(|word| {
            (
                atom(word, AtomKind::Fuzzy),
                atom(word, AtomKind::Substring),
            )
        })
        .collect();
    if words.is_empty() {
        Way::Nothing
    } else {
        Way::Words(words)
    }
}

/// Whether each word is in the name, fuzzily, or in the path as it stands.
fn has(
    merged: &Merged,
    node: NodeId,
    words: &[(Atom, Atom)],
    (matcher, buffer): (&mut Matcher, &mut Vec<char>),
) -> bool {
    let name = String::from_utf8_lossy(merged.name(node));
    let mut path = None;
    words.iter().all(|(fuzzy, whole)| {
        if fuzzy
            .score(Utf32Str::new(&name, buffer), matcher)
            .is_some()
        {
            return true;
        }
        let path = path.get_or_insert_with(|| {
            String::from_utf8_lossy(&merged.path(node)).into_owned()
        });
        whole.score(Utf32Str::new(path, buffer), matcher).is_some()
    })
}
