//! Version labels and their order.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::calver::Calver;
pub use super::next_version::NoNextVersion;
use super::time::Timestamp;

/// A tag that names a version under the image's scheme: `1.4.2-rc.1`, `2026.11.3`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VersionLabel(pub String);

impl fmt::Display for VersionLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The one tag that never names a version: it moves by design.
const LATEST: &str = "latest";

/// How an image's tags are read as versions, and ordered.
#[derive(Clone, Debug, Default)]
pub enum Scheme {
    /// Not said: semver if any tag reads as such, else calver if any does, else created.
    /// Read and compare with what [`resolve`](Scheme::resolve) makes of it; unresolved it
    /// reads as created.
    #[default]
    Detect,
    /// Semantic versions, a leading `v` allowed; pre-releases before their release. Two
    /// parts are enough: `1.4` reads as `1.4.0`.
    Semver,
    /// Dates: `2026.11`, `2026.11.3`, `2026-11-22`, `20261122`, an optional counter behind
    /// (`2026.11.22.2`, `2026.11.22-2`).
    Calver,
    /// Any tag but `latest`; the order is that of the images' creation.
    Created,
    /// Tags that match; ordered by their captured groups from left to right, numbers as
    /// numbers. A pattern without groups captures the whole tag.
    Pattern(regex::Regex),
}

impl PartialEq for Scheme {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Detect, Self::Detect)
            | (Self::Semver, Self::Semver)
            | (Self::Calver, Self::Calver)
            | (Self::Created, Self::Created) => true,
            (Self::Pattern(a), Self::Pattern(b)) => a.as_str() == b.as_str(),
            _ => false,
        }
    }
}

/// A label as its scheme orders it. Two keys of one scheme compare; what does not read
/// comes before all that does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// It does not read under the scheme.
    Unread,
    /// The scheme has no order of its own.
    Plain,
    /// Without build metadata, which never decides.
    Semver(semver::Version),
    /// Year, month, day or number in the month, counter.
    Calver([u64; 4]),
    /// The captured groups.
    Pattern(Vec<Vec<Chunk>>),
}

/// A piece of text, ordered as a person would: `build-9` before `build-10`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Chunk {
    /// Digits: how many without leading zeros, then which. Any length.
    Number(usize, String),
    /// Anything else.
    Text(String),
}

impl Scheme {
    /// The schemes that have a name of their own: `semver`, `calver`, `created`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "semver" => Some(Self::Semver),
            "calver" => Some(Self::Calver),
            "created" => Some(Self::Created),
            _ => None,
        }
    }

    /// Tags that match the expression as a whole.
    ///
    /// # Errors
    /// What is wrong with the expression.
    pub fn pattern(re: &str) -> Result<Self, regex::Error> {
        // Checked alone first: wrapped, `a)(b` would become a valid expression.
        regex::Regex::new(re)?;
        regex::Regex::new(&format!("^(?:{re})$")).map(Self::Pattern)
    }

    /// Makes `Detect` concrete by looking at the tags; every other scheme stays itself.
    ///
    /// A date such as `2026.11.3` reads as a semantic version too, but does not make the
    /// scheme semver: nobody's product is at version two thousand and twenty-six.
    #[must_use]
    pub fn resolve<'a>(&self, tags: impl IntoIterator<Item = &'a str>) -> Self {
        if !matches!(self, Self::Detect) {
            return self.clone();
        }
        let mut dates = false;
        for tag in tags {
            if Calver::parse(tag).is_some() {
                dates = true;
            } else if read_semver(tag).is_some() {
                return Self::Semver;
            }
        }
        if dates { Self::Calver } else { Self::Created }
    }

    /// The tag as a version, if it reads as one.
    #[must_use]
    pub fn label(&self, tag: &str) -> Option<VersionLabel> {
        (tag != LATEST && !tag.is_empty() && self.key(tag) != Key::Unread)
            .then(|| VersionLabel(tag.to_owned()))
    }

    /// Whether the label is a pre-release: `1.5.0-rc.1`. Only semver knows them.
    #[must_use]
    pub fn is_prerelease(&self, label: &VersionLabel) -> bool {
        matches!(self.key(&label.0), Key::Semver(version) if !version.pre.is_empty())
    }

    /// Orders two versions, each with its time of creation: a total order. First by the
    /// scheme, then by creation (not known before known), then by the text.
    #[must_use]
    pub fn compare(
        &self,
        a: (&VersionLabel, Option<Timestamp>),
        b: (&VersionLabel, Option<Timestamp>),
    ) -> Ordering {
        (self.key(&a.0.0), a.1, &a.0.0).cmp(&(self.key(&b.0.0), b.1, &b.0.0))
    }

    /// The tags that are versions, the newest first.
    #[must_use]
    pub fn newest_first<'a>(&self, tags: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        let labelled = tags.into_iter().filter(|tag| self.label(tag).is_some());
        let mut keyed: Vec<(Key, &str)> = labelled.map(|tag| (self.key(tag), tag)).collect();
        keyed.sort_by(|a, b| b.cmp(a));
        keyed.into_iter().map(|(_, tag)| tag).collect()
    }

    /// What the label is ordered by. Sort many labels by this: it reads each only once.
    pub(super) fn key(&self, text: &str) -> Key {
        match self {
            Self::Detect | Self::Created => Key::Plain,
            Self::Semver => read_semver(text).map_or(Key::Unread, Key::Semver),
            Self::Calver => Calver::parse(text).map_or(Key::Unread, |date| Key::Calver(date.key())),
            Self::Pattern(pattern) => pattern
                .captures(text)
                .map_or(Key::Unread, |captures| Key::Pattern(groups(&captures))),
        }
    }
}

/// `v1.4`, `1.4.2-rc.1+build`: without the build metadata.
pub(super) fn read_semver(tag: &str) -> Option<semver::Version> {
    let bare = tag.strip_prefix(['v', 'V']).unwrap_or(tag);
    let end = bare.find(['-', '+']).unwrap_or(bare.len());
    let (numbers, rest) = bare.split_at_checked(end)?;
    let mut version = match numbers.matches('.').count() {
        1 => semver::Version::parse(&format!("{numbers}.0{rest}")),
        _ => semver::Version::parse(bare),
    }
    .ok()?;
    version.build = semver::BuildMetadata::EMPTY;
    Some(version)
}

fn groups(captures: &regex::Captures<'_>) -> Vec<Vec<Chunk>> {
    let first = usize::from(captures.len() > 1);
    captures
        .iter()
        .skip(first)
        .map(|group| group.map_or_else(Vec::new, |group| chunks(group.as_str())))
        .collect()
}

fn chunks(text: &str) -> Vec<Chunk> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let digits = first.is_ascii_digit();
        let end = rest
            .find(|c: char| c.is_ascii_digit() != digits)
            .unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        all.push(if digits {
            let number = piece.trim_start_matches('0');
            Chunk::Number(number.len(), number.to_owned())
        } else {
            Chunk::Text(piece.to_owned())
        });
        rest = after;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn label(text: &str) -> VersionLabel {
        VersionLabel(text.to_owned())
    }

    fn in_order(scheme: &Scheme, labels: &[&str]) {
        for (place, low) in labels.iter().enumerate() {
            for high in &labels[place + 1..] {
                let (a, b) = (label(low), label(high));
                assert_eq!(
                    scheme.compare((&a, None), (&b, None)),
                    Ordering::Less,
                    "{low} < {high}"
                );
            }
        }
    }

    #[test]
    fn schemes_are_named() {
        assert_eq!(Scheme::parse("semver"), Some(Scheme::Semver));
        assert_eq!(Scheme::parse("calver"), Some(Scheme::Calver));
        assert_eq!(Scheme::parse("created"), Some(Scheme::Created));
        assert_eq!(Scheme::parse("detect"), None);
        assert!(Scheme::pattern("(").is_err());
        assert!(Scheme::pattern("a)|(b").is_err());
    }

    #[test]
    fn tags_are_read_under_each_scheme() {
        let pattern = Scheme::pattern(r"r(\d+)").expect("pattern");
        for (scheme, yes, no) in [
            (
                &Scheme::Semver,
                &[
                    "1.4.2",
                    "v1.4.2",
                    "1.4",
                    "1.4-rc.1",
                    "1.4.2-rc.1+b7",
                    "0.0.0",
                ][..],
                &[
                    "latest", "1", "1.4.2.3", "01.2.3", "x", "", "v", "1.4.x", "1..2",
                ][..],
            ),
            (
                &Scheme::Calver,
                &[
                    "2026.11",
                    "2026.11.3",
                    "2026-11-22",
                    "20261122",
                    "2026.11.22.2",
                    "20261122-2",
                ],
                &[
                    "latest",
                    "1.4.2",
                    "2026",
                    "2026.13",
                    "2026-11-40",
                    "20261322",
                    "2026.11.x",
                ],
            ),
            (&Scheme::Created, &["dev", "1.4.2"], &["latest", ""]),
            (&pattern, &["r1", "r0012"], &["r", "xr1", "r1x", "latest"]),
        ] {
            for tag in yes {
                assert_eq!(scheme.label(tag), Some(label(tag)), "{scheme:?} {tag}");
            }
            for tag in no {
                assert_eq!(scheme.label(tag), None, "{scheme:?} {tag}");
            }
        }
    }

    #[test]
    fn the_scheme_is_found_by_looking_at_the_tags() {
        for (tags, want) in [
            (&["latest", "1.4.2", "20261122"][..], Scheme::Semver),
            (&["v1.4"], Scheme::Semver),
            (&["2026.11.3", "latest"], Scheme::Calver),
            (&["20261122"], Scheme::Calver),
            (&["dev", "latest"], Scheme::Created),
            (&["latest"], Scheme::Created),
            (&[], Scheme::Created),
        ] {
            assert_eq!(
                Scheme::Detect.resolve(tags.iter().copied()),
                want,
                "{tags:?}"
            );
        }
        assert_eq!(Scheme::Calver.resolve(["1.4.2"]), Scheme::Calver);
    }

    #[test]
    fn versions_are_ordered() {
        in_order(
            &Scheme::Semver,
            &[
                "dev",
                "0.9.9",
                "1.4.0-alpha",
                "1.4.0-alpha.1",
                "1.4.0-rc.2",
                "1.4.0-rc.10",
                "1.4",
                "1.4.0",
                "v1.4.2",
                "1.10.0",
                "2.0.0-rc.1",
                "2.0.0",
            ],
        );
        in_order(
            &Scheme::Calver,
            &[
                "2025.12",
                "2026.1",
                "2026.02",
                "2026-11-03",
                "20261122",
                "2026.11.22.2",
                "2026.12",
            ],
        );
        in_order(
            &Scheme::pattern(r"([a-z]+)-(\d+)").expect("pattern"),
            &["other", "a-9", "a-10", "b-1"],
        );
        in_order(
            &Scheme::pattern(r"build-\d+").expect("pattern"),
            &["build-9", "build-10"],
        );
    }

    #[test]
    fn creation_decides_when_the_scheme_does_not() {
        let at = |seconds| chrono::DateTime::from_timestamp(seconds, 0);
        let (a, b) = (label("z"), label("a"));
        assert_eq!(
            Scheme::Created.compare((&a, at(1)), (&b, at(2))),
            Ordering::Less
        );
        assert_eq!(
            Scheme::Created.compare((&a, None), (&b, at(2))),
            Ordering::Less
        );
        assert_eq!(
            Scheme::Created.compare((&a, at(1)), (&b, at(1))),
            Ordering::Greater
        );
        let (a, b) = (label("1.4.2+b"), label("1.4.2+a"));
        assert_eq!(
            Scheme::Semver.compare((&a, at(1)), (&b, at(2))),
            Ordering::Less
        );
    }

    #[test]
    fn pre_releases_are_known() {
        assert!(Scheme::Semver.is_prerelease(&label("1.5.0-rc.1")));
        assert!(!Scheme::Semver.is_prerelease(&label("1.5.0")));
        assert!(!Scheme::Created.is_prerelease(&label("1.5.0-rc.1")));
    }

    fn any_scheme() -> impl Strategy<Value = Scheme> {
        prop_oneof![
            Just(Scheme::Semver),
            Just(Scheme::Calver),
            Just(Scheme::Created),
            Just(Scheme::Detect),
            Just(Scheme::pattern(r"([a-z]*)-?(\d+)?").expect("pattern")),
        ]
    }

    fn any_tag() -> impl Strategy<Value = String> {
        prop_oneof![
            "v?[0-2]\\.[0-2](\\.[0-2])?(-(rc|a)(\\.?[0-2])?)?(\\+[ab])?",
            "v?202[56][.-]?(1|01|11)([.-]?(2|02|22))?([.-][23])?",
            "[ab]{0,2}-?(0?[0-9]{1,2})?",
            ".{0,6}",
        ]
    }

    fn any_time() -> impl Strategy<Value = Option<Timestamp>> {
        proptest::option::of((0..3_i64).prop_map(|s| {
            chrono::DateTime::from_timestamp(s, 0).expect("a small number of seconds is a moment")
        }))
    }

    proptest! {
        #[test]
        fn compare_is_a_total_order(
            scheme in any_scheme(),
            versions in proptest::collection::vec((any_tag(), any_time()), 3),
        ) {
            let labels: Vec<_> = versions.iter().map(|(t, at)| (label(t), *at)).collect();
            let cmp = |i: usize, j: usize| {
                scheme.compare((&labels[i].0, labels[i].1), (&labels[j].0, labels[j].1))
            };
            for i in 0..3 {
                prop_assert_eq!(cmp(i, i), Ordering::Equal);
                for j in 0..3 {
                    prop_assert_eq!(cmp(i, j), cmp(j, i).reverse());
                    prop_assert_eq!(cmp(i, j) == Ordering::Equal, labels[i] == labels[j]);
                    for k in 0..3 {
                        if cmp(i, j).is_le() && cmp(j, k).is_le() {
                            prop_assert!(cmp(i, k).is_le());
                        }
                    }
                }
            }
        }
    }
}
