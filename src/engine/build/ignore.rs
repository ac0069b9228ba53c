//! `.dockerignore`, exactly as Docker reads it.
//!
//! The rules are those of Docker's own matcher: the last pattern that matches decides, a
//! `!` takes back, a pattern that matches a folder matches all below it, `*` and `?` stay
//! within one path segment, `**` spans any number of them. A leading slash says nothing.

use regex::Regex;

/// The patterns of one ignore file.
#[derive(Clone, Debug, Default)]
pub struct Ignore {
    patterns: Vec<Pattern>,
}

/// A line of an ignore file that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: `{pattern}` is not a pattern; correct or remove it")]
pub struct BadPattern {
    /// Counted from 1.
    pub line: usize,
    /// The text as it stands there.
    pub pattern: String,
}

#[derive(Clone, Debug)]
struct Pattern {
    /// `!`: what matches is taken back in.
    exception: bool,
    text: String,
    matcher: Matcher,
}

#[derive(Clone, Debug)]
enum Matcher {
    Exact,
    /// `some/folder/**`
    Prefix(String),
    /// `**/name`
    Suffix(String),
    Regex(Regex),
}

impl Ignore {
    /// Reads the text of an ignore file.
    ///
    /// # Errors
    /// [`BadPattern`] names the first line that is no pattern.
    pub fn parse(text: &str) -> Result<Self, BadPattern> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut patterns = Vec::new();
        for (number, line) in text.lines().enumerate() {
            // Only a `#` in the first column starts a comment.
            if line.starts_with('#') {
                continue;
            }
            let bad = || BadPattern {
                line: number + 1,
                pattern: line.to_owned(),
            };
            let trimmed = line.trim();
            let (exception, rest) = match trimmed.strip_prefix('!') {
                Some(rest) => (true, rest.trim()),
                None => (false, trimmed),
            };
            if rest.is_empty() {
                if exception {
                    return Err(bad());
                }
                continue;
            }
            let mut text = clean(rest);
            if text.len() > 1 && text.starts_with('/') {
                text.remove(0);
            }
            let matcher = compile(&text).ok_or_else(bad)?;
            patterns.push(Pattern {
                exception,
                text,
                matcher,
            });
        }
        Ok(Self { patterns })
    }

    /// Whether a path stays out of the context. `path` is relative to the context, with
    /// `/` between segments.
    #[must_use]
    pub fn excludes(&self, path: &str) -> bool {
        let mut excluded = false;
        for pattern in &self.patterns {
            // A pattern that could only say what is already so need not be looked at.
            if pattern.exception == excluded && pattern.matches_with_parents(path) {
                excluded = !pattern.exception;
            }
        }
        excluded
    }

    /// Whether an exception may take back something below an excluded folder, so that the
    /// folder has to be looked into all the same.
    #[must_use]
    pub fn may_take_back_below(&self, folder: &str) -> bool {
        let below = format!("{folder}/");
        self.patterns.iter().any(|pattern| {
            pattern.exception
                && (pattern.text.contains(['*', '?', '[', '\\'])
                    || format!("{}/", pattern.text).starts_with(&below))
        })
    }
}

impl Pattern {
    fn matches_with_parents(&self, path: &str) -> bool {
        self.matches(path)
            || path
                .match_indices('/')
                .any(|(at, _)| path.get(..at).is_some_and(|parent| self.matches(parent)))
    }

    fn matches(&self, path: &str) -> bool {
        match &self.matcher {
            Matcher::Exact => path == self.text,
            Matcher::Prefix(prefix) => path.starts_with(prefix),
            Matcher::Suffix(suffix) => {
                path.ends_with(suffix) || suffix.strip_prefix('/') == Some(path)
            }
            Matcher::Regex(regex) => regex.is_match(path),
        }
    }
}

/// The shortest spelling of the same path: no `.`, no doubled or trailing slash, `..`
/// resolved where something stands before it.
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(&last) if last != ".." => {
                    parts.pop();
                }
                _ if rooted => {}
                _ => parts.push(".."),
            },
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

/// The form in which a pattern is matched: as plain text where that is enough.
fn compile(text: &str) -> Option<Matcher> {
    #[derive(PartialEq)]
    enum Kind {
        Exact,
        Prefix,
        Suffix,
        Regex,
    }
    let mut kind = Kind::Exact;
    let mut regex = String::from("^");
    let mut chars = text.chars().peekable();
    let mut first = true;
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.peek() == Some(&'*') => {
                chars.next();
                // `**/` is `**`.
                if chars.peek() == Some(&'/') {
                    chars.next();
                }
                if chars.peek().is_none() {
                    if kind == Kind::Exact {
                        kind = Kind::Prefix;
                    } else {
                        kind = Kind::Regex;
                    }
                    regex.push_str(".*");
                } else {
                    kind = Kind::Regex;
                    regex.push_str("(.*/)?");
                }
                if first {
                    kind = Kind::Suffix;
                }
            }
            '*' => {
                kind = Kind::Regex;
                regex.push_str("[^/]*");
            }
            '?' => {
                kind = Kind::Regex;
                regex.push_str("[^/]");
            }
            '\\' => {
                kind = Kind::Regex;
                regex.push('\\');
                regex.push(chars.next().unwrap_or('\\'));
            }
            '[' | ']' => {
                kind = Kind::Regex;
                regex.push(c);
            }
            '.' | '+' | '(' | ')' | '|' | '{' | '}' | '$' => {
                regex.push('\\');
                regex.push(c);
            }
            other => regex.push(other),
        }
        first = false;
    }
    Some(match kind {
        Kind::Exact => Matcher::Exact,
        Kind::Prefix => Matcher::Prefix(text.strip_suffix("**").unwrap_or(text).to_owned()),
        Kind::Suffix => Matcher::Suffix(text.strip_prefix("**").unwrap_or(text).to_owned()),
        Kind::Regex => Matcher::Regex(Regex::new(&format!("(?s){regex}$")).ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excludes(file: &str, path: &str) -> bool {
        Ignore::parse(file).expect(file).excludes(path)
    }

    #[test]
    fn the_cases_of_dockers_documentation() {
        for (file, path, want) in [
            ("# comment\n*/temp*", "somedir/temporary.txt", true),
            ("*/temp*", "somedir/temp", true),
            ("*/temp*", "somedir/temp/below", true),
            ("*/temp*", "temp", false),
            ("*/temp*", "a/b/temp", false),
            ("*/*/temp*", "somedir/subdir/temporary.txt", true),
            ("*/*/temp*", "somedir/temp", false),
            ("temp?", "tempa", true),
            ("temp?", "tempb", true),
            ("temp?", "temp", false),
            ("temp?", "tempab", false),
            ("**/*.go", "main.go", true),
            ("**/*.go", "a/b/c/main.go", true),
            ("**/*.go", "main.gox", false),
            ("*.md\n!README.md", "CONTRIBUTING.md", true),
            ("*.md\n!README.md", "README.md", false),
            ("*.md\n!README*.md\nREADME-secret.md", "README-x.md", false),
            (
                "*.md\n!README*.md\nREADME-secret.md",
                "README-secret.md",
                true,
            ),
            (
                "*.md\nREADME-secret.md\n!README*.md",
                "README-secret.md",
                false,
            ),
            ("/foo/bar", "foo/bar", true),
            ("foo/bar", "foo/bar", true),
            ("/foo/bar", "x/foo/bar", false),
            ("node_modules", "node_modules/a/b.js", true),
            ("node_modules", "x/node_modules", false),
            ("**/node_modules", "x/y/node_modules/a", true),
            ("**/node_modules", "node_modules", true),
        ] {
            assert_eq!(excludes(file, path), want, "{path} by {file:?}");
        }
    }

    #[test]
    fn the_corners_of_dockers_matcher() {
        for (file, path, want) in [
            ("**", "anything/at/all", true),
            ("*", "dir", true),
            ("*\n!src", "src/deep/file", false),
            ("*\n!src\nsrc/*.o", "src/a.o", true),
            ("*\n!src/keep", "src/keep", false),
            ("*\n!src/keep", "src/other", true),
            ("dir/**", "dir/a/b", true),
            ("dir/**", "dir", false),
            ("**/dir/**", "x/dir/a", true),
            ("**/dir2/*", "dir/dir2/file", true),
            ("**/dir2/*", "dir/dir2/dir2/file", true),
            ("a/**/b", "a/b", true),
            ("a/**/b", "a/x/y/b", true),
            ("a/**/b", "a/xb", false),
            ("**file", "file", true),
            ("**file", "dir/myfile", true),
            ("**/file", "myfile", false),
            ("  trailing  ", "trailing", true),
            ("! keep\n", "keep", false),
            ("keep\n! keep", "keep", false),
            (" # no comment", "# no comment", true),
            ("./dir/../file/", "file", true),
            ("\u{feff}bom", "bom", true),
            ("windows\r\nends\r\n", "windows", true),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("a\\*b", "a*b", true),
            ("a\\*b", "axb", false),
            ("a.b", "axb", false),
            ("a+(b)$", "a+(b)$", true),
            ("", "file", false),
            (".", "file", false),
            ("/", "file", false),
            ("é?", "éa", true),
        ] {
            assert_eq!(excludes(file, path), want, "{path} by {file:?}");
        }
    }

    #[test]
    fn a_line_that_is_no_pattern_is_named() {
        for (file, line) in [("ok\n[", 2), ("!", 1), ("a\n\n[a-", 3)] {
            assert_eq!(Ignore::parse(file).expect_err(file).line, line);
        }
    }

    #[test]
    fn an_excluded_folder_is_entered_only_for_an_exception() {
        let ignore = |file: &str| Ignore::parse(file).expect(file);
        assert!(!ignore("dir").may_take_back_below("dir"));
        assert!(ignore("dir\n!dir/keep").may_take_back_below("dir"));
        assert!(!ignore("dir\n!other/keep").may_take_back_below("dir"));
        assert!(ignore("*\n!**/*.md").may_take_back_below("dir"));
    }
}
