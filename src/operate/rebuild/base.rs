//! Which image a Dockerfile builds on in the end.

use std::collections::BTreeMap;

use regex::Regex;

/// The image that the built stage rests on, as the Dockerfile names it once its arguments
/// are filled in and stage names followed: `debian:12`. None for `scratch`, and where the
/// Dockerfile does not say.
#[must_use]
pub fn outermost(
    dockerfile: &str,
    target: Option<&str>,
    args: &BTreeMap<String, String>,
) -> Option<String> {
    let stages = stages(dockerfile, args);
    let mut at = match target {
        Some(target) => find(&stages, target).or_else(|| target.parse().ok())?,
        None => stages.len().checked_sub(1)?,
    };
    loop {
        let stage = stages.get(at)?;
        let earlier = stages.get(..at).unwrap_or_default();
        match find(earlier, &stage.from) {
            Some(earlier) => at = earlier,
            None if stage.from.is_empty() || stage.from == "scratch" => return None,
            None => return Some(stage.from.clone()),
        }
    }
}

struct Stage {
    name: Option<String>,
    from: String,
}

fn find(stages: &[Stage], name: &str) -> Option<usize> {
    stages.iter().position(|stage| {
        let own = stage.name.as_deref();
        own.is_some_and(|own| own.eq_ignore_ascii_case(name))
    })
}

fn stages(dockerfile: &str, args: &BTreeMap<String, String>) -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::new();
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    for line in instructions(dockerfile) {
        let (word, rest) = line
            .split_once(char::is_whitespace)
            .unwrap_or((line.as_str(), ""));
        if word.eq_ignore_ascii_case("FROM") {
            let mut words = rest.split_whitespace().filter(|w| !w.starts_with("--"));
            let from = expand(words.next().unwrap_or_default(), &known);
            let name = words
                .next()
                .filter(|word| word.eq_ignore_ascii_case("AS"))
                .and_then(|_| words.next())
                .map(str::to_owned);
            stages.push(Stage { name, from });
        } else if word.eq_ignore_ascii_case("ARG") && stages.is_empty() {
            // Only what stands before the first FROM counts for FROM.
            for declared in rest.split_whitespace() {
                let (name, default) = declared.split_once('=').unwrap_or((declared, ""));
                let default = default.trim_matches(['"', '\'']);
                let value = match args.get(name) {
                    Some(given) => given.clone(),
                    None => expand(default, &known),
                };
                known.insert(name.to_owned(), value);
            }
        }
    }
    stages
}

/// The instructions, each on one line: continued lines joined, comments and the bodies of
/// here-documents left out.
fn instructions(dockerfile: &str) -> Vec<String> {
    let escape = escape_character(dockerfile);
    let heredoc = Regex::new(r#"<<-?["']?([A-Za-z_][A-Za-z0-9_]*)"#).ok();
    let mut found = Vec::new();
    let mut open = String::new();
    let mut lines = dockerfile.lines();
    while let Some(line) = lines.next() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(continued) = line.strip_suffix(escape) {
            open.push_str(continued);
            open.push(' ');
            continue;
        }
        open.push_str(line);
        let whole = std::mem::take(&mut open);
        for end in heredoc.iter().flat_map(|regex| regex.captures_iter(&whole)) {
            let end = end.get(1).map_or("", |end| end.as_str());
            for body in lines.by_ref() {
                if body.trim_start_matches('\t').trim_end() == end {
                    break;
                }
            }
        }
        found.push(whole);
    }
    found
}

/// The character that continues a line: a directive at the very top may change it.
fn escape_character(dockerfile: &str) -> char {
    for line in dockerfile.lines() {
        let Some((name, value)) = line
            .trim()
            .strip_prefix('#')
            .and_then(|directive| directive.split_once('='))
        else {
            break;
        };
        if name.trim().eq_ignore_ascii_case("escape") {
            return value.trim().chars().next().unwrap_or('\\');
        }
    }
    '\\'
}

/// Fills in `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+other}`.
fn expand(text: &str, known: &BTreeMap<String, String>) -> String {
    let Ok(variable) = Regex::new(
        r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-+])([^}]*))?\})",
    ) else {
        return text.to_owned();
    };
    let filled = variable.replace_all(text, |found: &regex::Captures<'_>| {
        let group = |at| found.get(at).map(|group| group.as_str());
        let name = group(1).or_else(|| group(2)).unwrap_or_default();
        let value = known.get(name).map(String::as_str);
        let set = value.filter(|value| !value.is_empty());
        let other = group(4).unwrap_or_default();
        match group(3) {
            Some(":-") => set.unwrap_or(other),
            Some("-") => value.unwrap_or(other),
            Some(":+") if set.is_none() => "",
            Some("+") if value.is_none() => "",
            Some(_) => other,
            None => value.unwrap_or_default(),
        }
        .to_owned()
    });
    filled.trim_matches(['"', '\'']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_is_found_through_arguments_and_stages() {
        let given = BTreeMap::from([("SUITE".to_owned(), "trixie".to_owned())]);
        for (dockerfile, target, want) in [
            ("FROM debian:12", None, Some("debian:12")),
            (
                "from --platform=linux/amd64 debian:12 as x",
                None,
                Some("debian:12"),
            ),
            ("FROM scratch", None, None),
            ("", None, None),
            (
                "ARG SUITE=bookworm\nFROM debian:$SUITE",
                None,
                Some("debian:trixie"),
            ),
            (
                "ARG OTHER=bookworm\nFROM debian:${OTHER}",
                None,
                Some("debian:bookworm"),
            ),
            (
                "ARG A=\"12\" B=debian\nFROM $B:${A}",
                None,
                Some("debian:12"),
            ),
            ("FROM debian:${NONE:-11}", None, Some("debian:11")),
            ("ARG NONE\nFROM debian${NONE:+:x}", None, Some("debian")),
            ("FROM ${NONE}", None, None),
            (
                "FROM golang:1 AS build\nFROM debian:12 AS run\nCOPY --from=build /a /a",
                None,
                Some("debian:12"),
            ),
            (
                "FROM a:1 AS one\nFROM ONE AS two\nFROM two",
                None,
                Some("a:1"),
            ),
            ("FROM a:1 AS one\nFROM b:1 AS two", Some("One"), Some("a:1")),
            ("FROM a:1 AS one\nFROM b:1 AS two", Some("0"), Some("a:1")),
            ("FROM a:1", Some("nope"), None),
            (
                "# comment\nRUN <<EOF\nFROM no:1\nEOF\nFROM \\\n# inside\n  yes:1\n",
                None,
                Some("yes:1"),
            ),
            ("# escape=`\nFROM `\nyes:1", None, Some("yes:1")),
            ("FROM a:1\nARG SUITE=x\nFROM b:$SUITE", None, Some("b:")),
            ("FROM a@sha256:12 AS a", None, Some("a@sha256:12")),
        ] {
            assert_eq!(
                outermost(dockerfile, target, &given).as_deref(),
                want,
                "{dockerfile}"
            );
        }
    }
}
