//! What the layers of an image must keep to: the `[layers]` tables of the project file.

use chrono::NaiveDate;

use super::bytes::Bytes;

/// What the layers of an image must keep to. What is not said is not judged.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayerRules {
    /// Σ file bytes of all layers, at most.
    pub max_size: Option<Bytes>,
    /// How much larger than another image it may be.
    pub max_growth: Option<MaxGrowth>,
    /// File bytes in layers that are not visible in the end, at most.
    pub max_reclaimable: Option<Bytes>,
    /// The same as a share of all layers' bytes, in percent.
    pub max_reclaimable_percent: Option<f64>,
    /// Components that must not be there: their ids, `*` for any letters.
    pub forbidden_components: Option<Vec<Written>>,
    /// Packages that must not be there: their names, `*` for any letters.
    pub forbidden_packages: Option<Vec<Written>>,
    /// Findings that are known and accepted.
    pub accept: Vec<Acceptance>,
}

/// How much larger than another image an image may be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MaxGrowth {
    /// Than which: a reference, or a version of the same image.
    pub from: String,
    /// By so many bytes at most.
    pub bytes: Option<Bytes>,
    /// By so many percent at most.
    pub percent: Option<f64>,
}

/// A finding that is known and accepted: why, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// Which findings, by id. Nothing: any.
    pub finding: Option<Written>,
    /// Only those whose paths all match. Nothing: anywhere.
    pub path: Option<Written>,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    pub until: NaiveDate,
}

/// A word of the project file that only others can judge, and where it stands.
#[derive(Clone, Debug)]
pub struct Written {
    /// The word.
    pub text: String,
    /// Its line, from one.
    pub line: usize,
}

impl PartialEq for Written {
    /// The same word is the same, wherever it stands.
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Written {}

impl LayerRules {
    /// These rules with those of one image over them: what the image says takes the place
    /// of what is said for all; acceptances add up.
    #[must_use]
    pub fn over(&self, image: &Self) -> Self {
        let one = image.clone();
        let all = self.clone();
        Self {
            max_size: one.max_size.or(all.max_size),
            max_growth: one.max_growth.or(all.max_growth),
            max_reclaimable: one.max_reclaimable.or(all.max_reclaimable),
            max_reclaimable_percent: one.max_reclaimable_percent.or(all.max_reclaimable_percent),
            forbidden_components: one.forbidden_components.or(all.forbidden_components),
            forbidden_packages: one.forbidden_packages.or(all.forbidden_packages),
            accept: all.accept.into_iter().chain(one.accept).collect(),
        }
    }

    /// Whether there is anything to judge by.
    #[must_use]
    pub fn judges(&self) -> bool {
        *self
            != Self {
                accept: self.accept.clone(),
                ..Self::default()
            }
    }
}

/// Whether a text fits a pattern in which `*` stands for any letters, also none.
#[must_use]
pub fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_letters() {
        for (pattern, text, want) in [
            ("gcc", "gcc", true),
            ("gcc", "gcc-12", false),
            ("gcc*", "gcc-12", true),
            ("gcc*", "gcc", true),
            ("*-dev", "libssl-dev", true),
            ("*-dev", "libssl-dev-x", false),
            ("lib*-dev", "libssl-dev", true),
            ("lib*ssl*dev", "libssl-dev", true),
            ("a*a", "a", false),
            ("*", "", true),
            ("", "", true),
            ("", "x", false),
            ("ä*", "äö", true),
        ] {
            assert_eq!(fits(pattern, text), want, "{pattern} {text}");
        }
    }

    #[test]
    fn what_an_image_says_takes_the_place_of_what_is_said_for_all() {
        let written = |text: &str| Written {
            text: text.to_owned(),
            line: 1,
        };
        let accept = |id: &str| Acceptance {
            finding: Some(written(id)),
            path: None,
            reason: "known".to_owned(),
            until: NaiveDate::MAX,
        };
        let all = LayerRules {
            max_size: Some(Bytes(1)),
            max_reclaimable: Some(Bytes(2)),
            forbidden_packages: Some(vec![written("gcc*")]),
            accept: vec![accept("a")],
            ..LayerRules::default()
        };
        let one = LayerRules {
            max_size: Some(Bytes(9)),
            forbidden_packages: Some(Vec::new()),
            accept: vec![accept("b")],
            ..LayerRules::default()
        };
        let both = all.over(&one);
        assert_eq!(both.max_size, Some(Bytes(9)));
        assert_eq!(both.max_reclaimable, Some(Bytes(2)));
        assert_eq!(both.forbidden_packages, Some(Vec::new()));
        assert_eq!(both.accept, [accept("a"), accept("b")]);
        assert!(both.judges());
        let only = LayerRules {
            accept: vec![accept("a")],
            ..LayerRules::default()
        };
        assert!(!only.judges());
    }
}
