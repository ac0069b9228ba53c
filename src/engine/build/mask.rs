//! Takes the values of build arguments out of whatever a build says.

use std::collections::BTreeMap;

/// What stands where a value stood.
const MASK: &str = "•••";

/// From this length on a value is masked whatever its argument is called. Shorter ones
/// (`1`, `dev`) would take half of every log with them.
const LONG: usize = 6;

/// Hides the values of build arguments.
#[derive(Clone, Debug, Default)]
pub struct Mask {
    /// Longest first, so that a value that contains another is hidden whole.
    values: Vec<String>,
}

impl Mask {
    /// Hides every value of six characters and more, and every value whose argument's name
    /// sounds like a secret. A value of several lines is hidden line by line as well, as
    /// logs come in lines.
    #[must_use]
    pub fn new(args: &BTreeMap<String, String>) -> Self {
        let mut values: Vec<String> = args
            .iter()
            .flat_map(|(name, value)| {
                let least = if sounds_secret(name) { 1 } else { LONG };
                std::iter::once(value.trim())
                    .chain(value.lines().map(str::trim))
                    .filter(move |text| !text.is_empty() && text.chars().count() >= least)
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            .collect();
        values.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        values.dedup();
        Self { values }
    }

    /// The text without the values.
    #[must_use]
    pub fn hide(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for value in &self.values {
            if text.contains(value.as_str()) {
                text = text.replace(value.as_str(), MASK);
            }
        }
        text
    }
}

fn sounds_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    [
        "secret",
        "token",
        "passw",
        "pwd",
        "key",
        "credential",
        "auth",
        "private",
    ]
    .iter()
    .any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_may_be_secrets_never_show() {
        let args = [
            ("PROFILE", "release-candidate"),
            ("NPM_TOKEN", "ab1"),
            ("LEVEL", "3"),
            ("EMPTY_SECRET", ""),
            ("CERT", "first-line\nsecond-line\n"),
            ("LONGER", "release-candidate-2"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mask = Mask::new(&args.into_iter().collect());
        for (text, want) in [
            ("RUN make release-candidate", "RUN make •••"),
            ("release-candidate-2!", "•••!"),
            ("login ab1 at level 3", "login ••• at level 3"),
            ("+ echo second-line", "+ echo •••"),
            ("nothing here", "nothing here"),
        ] {
            assert_eq!(mask.hide(text), want);
        }
    }
}
