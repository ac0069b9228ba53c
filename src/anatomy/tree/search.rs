//! Finding paths among all that are visible after a layer: fuzzily, or by a regular
//! expression. Whole paths are made on the way and kept only of what is found.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use regex::bytes::{Regex, RegexBuilder};

use crate::anatomy::merged::{LayerNo, Merged, NodeId};

/// After how many paths it is asked whether to go on.
const ASKED_EVERY: u32 = 4_096;

/// How much memory a regular expression may take when it is put together.
const LARGEST_EXPRESSION: usize = 1 << 20;

/// What is looked for.
#[derive(Clone, Debug)]
pub enum Query {
    /// Words, all of which must be there, smart in case; their letters in order, others
    /// between them.
    Fuzzy(Pattern),
    /// A regular expression over the whole path, without a leading slash.
    Regex(Regex),
}

/// Where to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scene {
    /// Below this directory.
    pub below: NodeId,
    /// At what is visible after this layer.
    pub at: LayerNo,
}

/// The text is no regular expression, or one that is too large.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot search for `{text}`: {why}")]
pub struct NotAnExpression {
    text: String,
    why: String,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The best first; by path where they are as good.
    pub nodes: Vec<NodeId>,
    /// How many there are, those included that were too many to keep.
    pub count: usize,
}

impl Query {
    /// Words.
    #[must_use]
    pub fn fuzzy(text: &str) -> Self {
        let (case, normal) = (CaseMatching::Smart, Normalization::Smart);
        Self::Fuzzy(Pattern::parse(text, case, normal))
    }

    /// A regular expression.
    ///
    /// # Errors
    /// [`NotAnExpression`].
    pub fn regex(text: &str) -> Result<Self, NotAnExpression> {
        RegexBuilder::new(text)
            .size_limit(LARGEST_EXPRESSION)
            .dfa_size_limit(LARGEST_EXPRESSION)
            .build()
            .map(Self::Regex)
            .map_err(|error| NotAnExpression {
                text: text.to_owned(),
                why: error
                    .to_string()
                    .lines()
                    .last()
                    .unwrap_or_default()
                    .to_owned(),
            })
    }

    /// As a person types it: an expression behind a tilde, else words.
    ///
    /// # Errors
    /// [`NotAnExpression`].
    pub fn typed(text: &str) -> Result<Self, NotAnExpression> {
        match text.strip_prefix('~') {
            Some(expression) => Self::regex(expression),
            None => Ok(Self::fuzzy(text)),
        }
    }

    /// Looks for it among the paths of a scene. At most `limit` are kept.
    #[must_use]
    pub fn run(&self, merged: &Merged, scene: Scene, limit: usize) -> Found {
        let found = self.run_while(merged, scene, limit, || true);
        found.unwrap_or_default()
    }

    /// The same, as long as somebody wants to know; nothing, when nobody does any more.
    pub fn run_while(
        &self,
        merged: &Merged,
        scene: Scene,
        limit: usize,
        wanted: impl Fn() -> bool,
    ) -> Option<Found> {
        let mut best = Best::new(limit);
        let mut matcher = Matcher::new(Config::DEFAULT.match_paths());
        let mut letters = Vec::new();
        let mut seen = 0_u32;
        let walked = walk(merged, scene, |node, path| {
            seen = seen.wrapping_add(1);
            if seen.is_multiple_of(ASKED_EVERY) && !wanted() {
                return ControlFlow::Break(());
            }
            let score = match self {
                Self::Fuzzy(pattern) => {
                    let text = String::from_utf8_lossy(path);
                    pattern.score(Utf32Str::new(&text, &mut letters), &mut matcher)
                }
                Self::Regex(regex) => regex.is_match(path).then_some(0),
            };
            if let Some(score) = score {
                best.add(score, path, node);
            }
            ControlFlow::Continue(())
        });
        walked.is_continue().then(|| best.found())
    }
}

/// A path that was found. The least is the best: the highest score, the shortest path, the
/// first.
type Hit = (Reverse<u32>, usize, Vec<u8>, NodeId);

struct Best {
    limit: usize,
    count: usize,
    /// The worst on top.
    heap: BinaryHeap<Hit>,
}

impl Best {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            count: 0,
            heap: BinaryHeap::new(),
        }
    }

    fn add(&mut self, score: u32, path: &[u8], node: NodeId) {
        self.count += 1;
        if self.heap.len() >= self.limit {
            let Some((worst, length, kept, _)) = self.heap.peek() else {
                return;
            };
            if (Reverse(score), path.len(), path) >= (*worst, *length, kept.as_slice()) {
                return;
            }
            self.heap.pop();
        }
        self.heap
            .push((Reverse(score), path.len(), path.to_vec(), node));
    }

    fn found(self) -> Found {
        let sorted = self.heap.into_sorted_vec();
        Found {
            nodes: sorted.into_iter().map(|(_, _, _, node)| node).collect(),
            count: self.count,
        }
    }
}

/// Every path of a scene, whole, until somebody has had enough.
pub fn walk(
    merged: &Merged,
    scene: Scene,
    mut each: impl FnMut(NodeId, &[u8]) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut path: Vec<u8> = merged.path(scene.below);
    // Siblings still to visit, with the length of their directory's path.
    let mut open = vec![(merged.every_child(scene.below), path.len())];
    while let Some((children, length)) = open.last_mut() {
        let Some(node) = children.next() else {
            open.pop();
            continue;
        };
        let length = *length;
        path.truncate(length);
        if length > 0 {
            path.push(b'/');
        }
        path.extend_from_slice(merged.name(node));
        if merged.visible(node, scene.at).is_some() {
            each(node, &path)?;
        }
        if merged.directory_of(node).is_some() {
            open.push((merged.every_child(node), path.len()));
        }
    }
    ControlFlow::Continue(())
}
