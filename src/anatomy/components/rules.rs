//! The rules by which components are recognised, read from `rules.toml`.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::glob::{BadGlob, GlobSet, wildcard};

/// The rules that come with karat.
const BUILT_IN: &str = include_str!("rules.toml");

/// What kind of thing a component is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Compilers and build systems.
    Toolchain,
    /// Browsers.
    Browser,
    /// Tools for pictures, sound, video and screens.
    Media,
    /// Models, and the libraries that run them.
    Ml,
    /// What a package manager or build tool keeps for next time.
    Cache,
    /// What nothing needs.
    Waste,
    /// What runs a language.
    Runtime,
    /// Libraries of a language.
    Deps,
    /// Tools for people.
    Tool,
    /// Libraries of the system.
    Libs,
    /// Data that programs read.
    Data,
    /// Whole applications.
    Apps,
}

impl Class {
    /// Whether it deserves a second look in an image that is only run.
    #[must_use]
    pub const fn stands_out(self) -> bool {
        matches!(
            self,
            Self::Toolchain | Self::Browser | Self::Media | Self::Ml
        )
    }

    /// Its name, as it is written everywhere.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Toolchain => "toolchain",
            Self::Browser => "browser",
            Self::Media => "media",
            Self::Ml => "ml",
            Self::Cache => "cache",
            Self::Waste => "waste",
            Self::Runtime => "runtime",
            Self::Deps => "deps",
            Self::Tool => "tool",
            Self::Libs => "libs",
            Self::Data => "data",
            Self::Apps => "apps",
        }
    }
}

/// How one component is recognised, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name for programs.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// What it is.
    pub class: Class,
    #[serde(default)]
    paths: Vec<String>,
    #[serde(default)]
    except: Vec<String>,
    #[serde(default)]
    packages: Vec<String>,
    #[serde(default)]
    but_not: Vec<String>,
    #[serde(default)]
    unowned: bool,
    /// What to do, in one sentence.
    pub advice: String,
    /// How, in a Dockerfile.
    pub snippet: String,
}

impl Rule {
    /// Whether a package belongs to it.
    #[must_use]
    pub fn has_package(&self, name: &str) -> bool {
        let among = |patterns: &[String]| {
            patterns
                .iter()
                .any(|pattern| wildcard(pattern.as_bytes(), name.as_bytes()))
        };
        among(&self.packages) && !among(&self.but_not)
    }

    /// Whether it is about files that no package owns.
    #[must_use]
    pub const fn only_unowned(&self) -> bool {
        self.unowned
    }
}

/// The rules are not what they should be.
#[derive(Debug, thiserror::Error)]
pub enum BadRules {
    /// It is no TOML, or not of this form.
    #[error("the rules of components cannot be read: {0}")]
    Form(#[from] toml::de::Error),
    /// A path pattern of one makes no sense.
    #[error("the component `{id}` cannot be recognised: {why}")]
    Glob {
        /// Which.
        id: String,
        /// Why not.
        why: BadGlob,
    },
    /// The size behind a path pattern is none.
    #[error("the component `{id}` cannot be recognised: `{text}` is no size such as `50 MiB`")]
    Size {
        /// Which.
        id: String,
        /// What stands there.
        text: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    component: Vec<Rule>,
}

/// All rules, ready to be used. A rule is known by its place.
#[derive(Debug, Default)]
pub struct Rules {
    rules: Vec<Rule>,
    /// Tags are places in `patterns`.
    globs: GlobSet,
    patterns: Vec<Pattern>,
}

/// What a path pattern is for.
#[derive(Clone, Copy, Debug)]
struct Pattern {
    rule: usize,
    /// Only files larger than this.
    larger_than: u64,
    /// It says what is left alone.
    except: bool,
}

impl Rules {
    /// The rules that come with karat.
    #[must_use]
    pub fn built_in() -> &'static Self {
        // That they can be read is tested: there is no other answer than the rules.
        static RULES: LazyLock<Rules> =
            LazyLock::new(|| Rules::parse(BUILT_IN).unwrap_or_default());
        &RULES
    }

    /// Reads rules.
    ///
    /// # Errors
    /// [`BadRules`].
    pub fn parse(text: &str) -> Result<Self, BadRules> {
        let File { component: rules } = toml::from_str(text)?;
        let mut globs = GlobSet::default();
        let mut patterns = Vec::new();
        for (place, rule) in rules.iter().enumerate() {
            let paths = rule.paths.iter().map(|path| (path, false));
            for (text, except) in paths.chain(rule.except.iter().map(|path| (path, true))) {
                let id = || rule.id.clone();
                let (path, larger_than) = sized(text).ok_or_else(|| BadRules::Size {
                    id: id(),
                    text: text.clone(),
                })?;
                let tag = u32::try_from(patterns.len()).unwrap_or(u32::MAX);
                globs
                    .add(path.as_bytes(), tag)
                    .map_err(|why| BadRules::Glob { id: id(), why })?;
                patterns.push(Pattern {
                    rule: place,
                    larger_than,
                    except,
                });
            }
        }
        Ok(Self {
            rules,
            globs,
            patterns,
        })
    }

    /// All of them, the first to claim a file first.
    #[must_use]
    pub fn all(&self) -> &[Rule] {
        &self.rules
    }

    pub(super) const fn globs(&self) -> &GlobSet {
        &self.globs
    }

    /// The first rule that claims a file: by path, of which `tags` are the patterns that
    /// match, or by the package that owns it.
    pub(super) fn claim(
        &self,
        tags: impl Iterator<Item = u32>,
        size: u64,
        owned: bool,
        by_package: Option<usize>,
    ) -> Option<usize> {
        let mut claims = by_package.into_iter().collect::<Vec<usize>>();
        let mut spared = Vec::new();
        for pattern in tags.filter_map(|tag| self.patterns.get(tag as usize)) {
            let fits = size > pattern.larger_than || pattern.larger_than == 0;
            let only_unowned = self.rules.get(pattern.rule).is_some_and(|it| it.unowned);
            if pattern.except {
                spared.push(pattern.rule);
            } else if fits && !(owned && only_unowned) {
                claims.push(pattern.rule);
            }
        }
        claims.retain(|rule| !spared.contains(rule));
        claims.into_iter().min()
    }
}

/// A path pattern, and how large a file must at least be: `**/*.bin > 50 MiB`.
fn sized(text: &str) -> Option<(&str, u64)> {
    let Some((path, size)) = text.split_once(" > ") else {
        return Some((text, 0));
    };
    let (number, unit) = size.trim().split_once(' ')?;
    let factor: u64 = match unit {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    Some((
        path.trim(),
        number.parse::<u64>().ok()?.checked_mul(factor)?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_that_come_along_are_sound() {
        let rules = Rules::parse(BUILT_IN).expect("rules");
        assert!(rules.all().len() >= 52, "{}", rules.all().len());
        let mut ids = std::collections::HashSet::new();
        for rule in rules.all() {
            let id = &rule.id;
            assert!(ids.insert(id.clone()), "{id} twice");
            assert!(!rule.paths.is_empty() || !rule.packages.is_empty(), "{id}");
            assert!(rule.advice.ends_with('.'), "{id}: a sentence");
            assert_eq!(rule.advice.matches(". ").count(), 0, "{id}: one sentence");
            assert!(!rule.snippet.trim().is_empty(), "{id}");
            assert!(
                id.bytes().all(|byte| byte.is_ascii_lowercase()
                    || byte.is_ascii_digit()
                    || matches!(byte, b'-' | b'_')),
                "{id}"
            );
        }
    }

    #[test]
    fn what_is_wrong_with_rules_is_said() {
        let rule = |paths: &str| {
            format!(
                "[[component]]\nid='x'\nname='X'\nclass='waste'\npaths=[{paths}]\nadvice='a'\nsnippet='s'\n"
            )
        };
        for (text, want) in [
            (rule("'a/{b'"), "`x` cannot be recognised"),
            (rule("'a > 5 parsecs'"), "is no size"),
            (rule("'a']\nsize=[3"), "unknown field"),
            ("component = 3".to_owned(), "cannot be read"),
        ] {
            let error = Rules::parse(&text).expect_err("no rules").to_string();
            assert!(error.contains(want), "{error}");
        }
    }

    #[test]
    fn sizes_stand_behind_patterns() {
        assert_eq!(sized("**/*.bin > 50 MiB"), Some(("**/*.bin", 50 << 20)));
        assert_eq!(sized("**/*.bin"), Some(("**/*.bin", 0)));
        assert_eq!(sized("a > 5"), None);
    }
}
