//! Many globs over paths of any bytes, walked together down a tree.
//!
//! All globs become one trie of path segments. Whoever walks a tree carries a [`Cursor`] and
//! steps it by the name of each child: a name is looked up once, whatever the number of
//! globs, and branches no glob can match cost nothing but the globs that begin with `**`.
//!
//! `*` is any run of bytes in a segment, `?` one byte, `**` as a whole segment any number of
//! segments (at its end at least one), `{a,b}` either; nothing else is special.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

/// How many globs one pattern may stand for once its braces are spelled out.
const ALTERNATIVES: usize = 512;

/// The pattern cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadGlob {
    /// `{` and `}` do not match.
    #[error("`{0}` is not a path pattern: a brace is not closed or not opened")]
    Braces(String),
    /// There is nothing in it.
    #[error("a path pattern is empty: write a path such as `var/log/**`")]
    Empty,
    /// It stands for too many.
    #[error("`{0}` is not a path pattern: its braces stand for more than {ALTERNATIVES} paths")]
    TooMany(String),
}

/// Globs, each with a tag that says what it is for.
#[derive(Clone, Debug)]
pub struct GlobSet {
    states: Vec<State>,
}

/// What may come next.
#[derive(Clone, Debug, Default)]
struct State {
    literals: HashMap<Box<[u8]>, u32>,
    wild: Wilds,
    /// The state of a `**` that stands next.
    deep: Option<u32>,
    /// It is one: it stays.
    stays: bool,
    /// Globs that end here.
    tags: Vec<u32>,
}

/// Segments with `*` or `?` in them, by what a name must end or begin with to match: most
/// names are told from most of them by one byte.
#[derive(Clone, Debug, Default)]
struct Wilds {
    by_end: BTreeMap<u8, Vec<(Wild, u32)>>,
    by_begin: BTreeMap<u8, Vec<(Wild, u32)>>,
    others: Vec<(Wild, u32)>,
}

/// A segment with `*` or `?` in it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wild {
    pattern: Box<[u8]>,
    /// How many bytes at its end are neither.
    literal_end: usize,
}

/// How far a walk has come in every glob that still may match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor(Vec<u32>);

impl Default for GlobSet {
    fn default() -> Self {
        Self {
            states: vec![State::default()],
        }
    }
}

impl GlobSet {
    /// Adds a pattern.
    ///
    /// # Errors
    /// [`BadGlob`].
    pub fn add(&mut self, pattern: &[u8], tag: u32) -> Result<(), BadGlob> {
        for path in alternatives(pattern)? {
            self.add_plain(&path, tag)?;
        }
        Ok(())
    }

    fn add_plain(&mut self, path: &[u8], tag: u32) -> Result<(), BadGlob> {
        let mut at = 0;
        for segment in path.split(|byte| *byte == b'/') {
            match segment {
                // Slashes around it, or doubled.
                [] => {}
                b"**" => at = self.deeper(at),
                _ => at = self.next(at, segment),
            }
        }
        if at == 0 {
            return Err(BadGlob::Empty);
        }
        if let Some(state) = self.states.get_mut(at as usize)
            && !state.tags.contains(&tag)
        {
            state.tags.push(tag);
        }
        Ok(())
    }

    fn fresh(&mut self, stays: bool) -> u32 {
        let place = u32::try_from(self.states.len()).unwrap_or(u32::MAX);
        self.states.push(State {
            stays,
            ..State::default()
        });
        place
    }

    fn deeper(&mut self, at: u32) -> u32 {
        match self.states.get(at as usize) {
            // `**/**` is `**`.
            Some(state) if state.stays => return at,
            Some(State {
                deep: Some(deep), ..
            }) => return *deep,
            _ => {}
        }
        let deep = self.fresh(true);
        if let Some(state) = self.states.get_mut(at as usize) {
            state.deep = Some(deep);
        }
        deep
    }

    fn next(&mut self, at: u32, segment: &[u8]) -> u32 {
        let is_wild = segment.iter().copied().any(is_special);
        let known = self.states.get(at as usize).and_then(|state| {
            if is_wild {
                state.wild.of(segment)
            } else {
                state.literals.get(segment).copied()
            }
        });
        if let Some(known) = known {
            return known;
        }
        let to = self.fresh(false);
        if let Some(state) = self.states.get_mut(at as usize) {
            if is_wild {
                state.wild.add(segment, to);
            } else {
                state.literals.insert(segment.into(), to);
            }
        }
        to
    }

    /// Where a walk begins: at the root.
    #[must_use]
    pub fn start(&self) -> Cursor {
        Cursor(vec![0])
    }

    /// Goes down to a child. Returns whether anything below it can still match.
    pub fn step(&self, from: &Cursor, name: &[u8], to: &mut Cursor) -> bool {
        to.0.clear();
        for at in &from.0 {
            let Some(state) = self.states.get(*at as usize) else {
                continue;
            };
            if state.stays {
                to.put(*at);
            }
            state.go(name, to);
            if let Some(deep) = state.deep {
                to.put(deep);
                if let Some(deep) = self.states.get(deep as usize) {
                    deep.go(name, to);
                }
            }
        }
        !to.0.is_empty()
    }

    /// The tags of the globs that match where a walk has come to; a tag may come twice.
    pub fn tags<'a>(&'a self, at: &'a Cursor) -> impl Iterator<Item = u32> + 'a {
        at.0.iter()
            .filter_map(|state| self.states.get(*state as usize))
            .flat_map(|state| state.tags.iter().copied())
    }

    /// Whether a path matches.
    #[must_use]
    pub fn matches(&self, path: &[u8]) -> bool {
        self.tags(&self.at(path)).next().is_some()
    }

    /// The lowest tag that matches a path.
    #[must_use]
    pub fn first(&self, path: &[u8]) -> Option<u32> {
        self.tags(&self.at(path)).min()
    }

    fn at(&self, path: &[u8]) -> Cursor {
        let (mut at, mut next) = (self.start(), Cursor::default());
        for name in path.split(|byte| *byte == b'/').filter(|it| !it.is_empty()) {
            if !self.step(&at, name, &mut next) {
                return next;
            }
            std::mem::swap(&mut at, &mut next);
        }
        at
    }
}

impl Cursor {
    fn put(&mut self, state: u32) {
        if !self.0.contains(&state) {
            self.0.push(state);
        }
    }
}

impl State {
    fn go(&self, name: &[u8], to: &mut Cursor) {
        if let Some(next) = self.literals.get(name) {
            to.put(*next);
        }
        self.wild.go(name, to);
    }
}

const fn is_special(byte: u8) -> bool {
    matches!(byte, b'*' | b'?')
}

impl Wilds {
    fn list(&mut self, pattern: &[u8]) -> &mut Vec<(Wild, u32)> {
        let plain = |byte: Option<&u8>| byte.copied().filter(|byte| !is_special(*byte));
        match (plain(pattern.last()), plain(pattern.first())) {
            (Some(end), _) => self.by_end.entry(end).or_default(),
            (None, Some(begin)) => self.by_begin.entry(begin).or_default(),
            (None, None) => &mut self.others,
        }
    }

    fn add(&mut self, pattern: &[u8], to: u32) {
        self.list(pattern).push((Wild::new(pattern), to));
    }

    /// Where a pattern that was added leads.
    fn of(&self, pattern: &[u8]) -> Option<u32> {
        let lists = self.by_end.values().chain(self.by_begin.values());
        let mut all = lists.chain([&self.others]).flatten();
        let found = all.find(|(wild, _)| &*wild.pattern == pattern);
        found.map(|(_, to)| *to)
    }

    fn go(&self, name: &[u8], to: &mut Cursor) {
        let by_end = name.last().and_then(|end| self.by_end.get(end));
        let by_begin = name.first().and_then(|begin| self.by_begin.get(begin));
        let lists = by_end.into_iter().chain(by_begin).chain([&self.others]);
        for (wild, next) in lists.flatten() {
            if wild.matches(name) {
                to.put(*next);
            }
        }
    }
}

impl Wild {
    fn new(pattern: &[u8]) -> Self {
        let end = pattern.iter().rev().take_while(|byte| !is_special(**byte));
        Self {
            pattern: pattern.into(),
            literal_end: end.count(),
        }
    }

    fn matches(&self, name: &[u8]) -> bool {
        let end = self.pattern.len() - self.literal_end;
        // Most names end otherwise, and that is all there is to most of these patterns.
        self.pattern
            .get(end..)
            .is_some_and(|end| name.ends_with(end))
            && wildcard(&self.pattern, name)
    }
}

/// Whether a pattern of `*` and `?` matches a text whole.
#[must_use]
pub fn wildcard(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where the last `*` was, and how far it reached.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match (pattern.get(p), text.get(t)) {
            (Some(b'*'), _) => {
                star = Some((p, t));
                p += 1;
            }
            (Some(want), Some(is)) if *want == b'?' || want == is => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, reached)) => {
                    star = Some((at, reached + 1));
                    p = at + 1;
                    t = reached + 1;
                }
                None => return false,
            },
        }
    }
    pattern
        .get(p..)
        .is_none_or(|rest| rest.iter().all(|byte| *byte == b'*'))
}

/// The patterns without braces that one with braces stands for.
pub fn alternatives(pattern: &[u8]) -> Result<Vec<Vec<u8>>, BadGlob> {
    let text = || String::from_utf8_lossy(pattern).into_owned();
    let mut done = Vec::new();
    let mut open = vec![pattern.to_vec()];
    while let Some(next) = open.pop() {
        let Some((before, choices, after)) =
            first_brace(&next).map_err(|()| BadGlob::Braces(text()))?
        else {
            done.push(next);
            continue;
        };
        // The last choice is put down first, so that the first one is taken up next.
        for choice in choices.iter().rev() {
            open.push([before, choice, after].concat());
        }
        if open.len() + done.len() > ALTERNATIVES {
            return Err(BadGlob::TooMany(text()));
        }
    }
    Ok(done)
}

/// What stands before the first brace, the choices in it, and what stands behind it.
type Brace<'a> = (&'a [u8], Vec<&'a [u8]>, &'a [u8]);

fn first_brace(pattern: &[u8]) -> Result<Option<Brace<'_>>, ()> {
    let Some(open) = pattern.iter().position(|byte| matches!(byte, b'{' | b'}')) else {
        return Ok(None);
    };
    if pattern.get(open) == Some(&b'}') {
        return Err(());
    }
    let mut depth = 0_usize;
    let mut begins = open + 1;
    let mut choices = Vec::new();
    for (at, byte) in pattern.iter().enumerate().skip(open) {
        let ends = match (byte, depth) {
            (b'{', _) => {
                depth += 1;
                continue;
            }
            (b',', 1) => false,
            (b'}', 1) => true,
            (b'}', _) => {
                depth -= 1;
                continue;
            }
            _ => continue,
        };
        choices.push(pattern.get(begins..at).unwrap_or_default());
        begins = at + 1;
        if ends {
            let before = pattern.get(..open).unwrap_or_default();
            return Ok(Some((
                before,
                choices,
                pattern.get(begins..).unwrap_or_default(),
            )));
        }
    }
    Err(())
}
