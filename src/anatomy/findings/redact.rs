//! Credentials blacked out, wherever an image tells them.

use std::collections::BTreeSet;
use std::fmt;

use super::secret_names::{is_secret_name, is_secret_value};
use super::tokens::{find, shape_of};
use crate::anatomy::image::ImageFacts;

/// What stands for a credential.
const BLACK: &str = "***";
/// A value shorter than this is not looked for elsewhere: it would black out half a text.
const SHORTEST: usize = 6;
/// How many values are looked for elsewhere.
const MOST: usize = 1_000;

/// Blacks out the credentials of one image: those that give themselves away, and those that
/// were told elsewhere in it.
pub struct Redactor {
    /// The longest first, so that none is left half.
    values: Vec<String>,
}

// The values are what must not be told.
impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} values)", self.values.len())
    }
}

impl Redactor {
    /// Learns what an image tells of credentials.
    #[must_use]
    pub fn new(facts: &ImageFacts) -> Self {
        let mut values = BTreeSet::new();
        let mut learn = |value: &str| {
            let value = value.trim().trim_matches(['"', '\'']);
            if value.len() >= SHORTEST {
                values.insert(value.to_owned());
            }
        };
        let settings = &facts.settings;
        let env = settings.env.iter().filter_map(|it| it.split_once('='));
        let labels = settings.labels.iter();
        for (name, value) in env.chain(labels.map(|(name, value)| (name.as_str(), value.as_str())))
        {
            if is_secret(name, value) {
                learn(value);
            }
        }
        for step in &facts.history.steps {
            for found in find(&step.raw) {
                learn(step.raw.get(found.value).unwrap_or_default());
            }
        }
        let mut values: Vec<String> = values.into_iter().take(MOST).collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Self { values }
    }

    /// The text without credentials.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for found in find(text) {
            out.push_str(text.get(at..found.value.start).unwrap_or_default());
            out.push_str(BLACK);
            at = found.value.end;
        }
        out.push_str(text.get(at..).unwrap_or_default());
        for value in &self.values {
            if out.contains(value) {
                out = out.replace(value, BLACK);
            }
        }
        out
    }
}

/// Whether a variable or label is a credential, by its name or its value.
pub(super) fn is_secret(name: &str, value: &str) -> bool {
    (is_secret_name(name) && is_secret_value(value)) || shape_of(value).is_some()
}
