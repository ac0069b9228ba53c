//! `.dive-ci`: the piece of YAML that dive reads, and nothing else of YAML.
//!
//! Unlike dive this refuses a rule it does not know: a misspelt one would never be judged,
//! and nobody would notice.

use super::dive::DiveRules;
use crate::model::bytes::Bytes;
use crate::model::nearest;

const KEYS: [&str; 3] = [
    "lowestEfficiency",
    "highestWastedBytes",
    "highestUserWastedPercent",
];

/// The file is none that dive would understand as it was meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}: {what}")]
pub struct NotDiveRules {
    /// The line, from 1.
    pub line: usize,
    /// One sentence.
    pub what: String,
}

/// Reads the text of a `.dive-ci`. What it leaves out is as dive has it: efficiency at least
/// 0.9, at most 0.1 of the user's bytes wasted, any number of bytes.
///
/// # Errors
/// [`NotDiveRules`] with the line.
pub fn read(text: &str) -> Result<DiveRules, NotDiveRules> {
    let mut rules = DiveRules::default();
    let mut block = Block::None;
    let mut given: Vec<&str> = Vec::new();
    let mut rules_seen = false;
    for (place, raw) in text.lines().enumerate() {
        let line = place + 1;
        let wrong = |what: String| NotDiveRules { line, what };
        let content = without_comment(raw);
        let trimmed = content.trim();
        if trimmed.is_empty() || (line_is_marker(content) && matches!(block, Block::None)) {
            continue;
        }
        let indent = content.len() - content.trim_start_matches(' ').len();
        if content.trim_start_matches(' ').starts_with('\t') {
            return Err(wrong("YAML is not indented with tabs: use spaces".into()));
        }
        if indent == 0 && !trimmed.starts_with("- ") {
            let (key, value) = pair(trimmed).map_err(&wrong)?;
            block = if key == "rules" {
                if std::mem::replace(&mut rules_seen, true) {
                    return Err(wrong("`rules` is given twice".into()));
                }
                if !value.is_empty() && value != "{}" {
                    return Err(wrong(
                        "`rules:` stands alone, with one rule a line, indented, below it".into(),
                    ));
                }
                Block::Rules(None)
            } else {
                // dive reads nothing but `rules` from this file.
                Block::Other
            };
            continue;
        }
        match &mut block {
            Block::Other => {}
            Block::None => return Err(wrong(format!("`rules:` must come before `{trimmed}`"))),
            Block::Rules(depth) => {
                if *depth.get_or_insert(indent) != indent {
                    return Err(wrong("every rule is indented alike".into()));
                }
                let (key, value) = pair(trimmed).map_err(&wrong)?;
                if let Some(known) = KEYS.iter().find(|known| **known == key) {
                    if given.contains(known) {
                        return Err(wrong(format!("`{key}` is given twice")));
                    }
                    given.push(known);
                    set(&mut rules, known, &value).map_err(&wrong)?;
                } else if !key.contains('/') {
                    // `plugin/rule` is of plugins, which dive never had.
                    let hint = nearest::hint(&key, KEYS);
                    return Err(wrong(format!("dive has no rule `{key}`{hint}")));
                }
            }
        }
    }
    Ok(rules)
}

/// Below which key a line stands.
enum Block {
    None,
    /// The rules, with the depth of the first of them.
    Rules(Option<usize>),
    Other,
}

fn line_is_marker(line: &str) -> bool {
    line.trim_end() == "---"
}

/// A comment begins at the start of a line or behind a blank, not inside quotes.
fn without_comment(line: &str) -> &str {
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (None, '"' | '\'') if before.is_whitespace() => quote = Some(c),
            (None, '#') if before.is_whitespace() => return line.get(..at).unwrap_or(line),
            _ => {}
        }
        before = c;
    }
    line
}

/// `key: value`, the value without its quotes.
fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = match text.split_once(": ") {
        Some((key, value)) => (key, value),
        None => match text.strip_suffix(':') {
            Some(key) => (key, ""),
            None => return Err(format!("`{text}` is no `name: value`")),
        },
    };
    Ok((unquoted(key)?, unquoted(value)?))
}

fn unquoted(text: &str) -> Result<String, String> {
    let text = text.trim();
    for quote in ['"', '\''] {
        if let Some(rest) = text.strip_prefix(quote) {
            return match rest.strip_suffix(quote) {
                Some(inside) if !inside.contains([quote, '\\']) => Ok(inside.to_owned()),
                _ => Err(format!("`{text}` is no text in quotes")),
            };
        }
    }
    if text.starts_with(['[', '&', '*', '!', '|', '>', '@', '`', '%']) {
        return Err(format!(
            "`{text}` is more YAML than rules need: write a number, a size or `disabled`"
        ));
    }
    Ok(text.to_owned())
}

fn set(rules: &mut DiveRules, key: &str, value: &str) -> Result<(), String> {
    let off = ["", "disabled", "off", "false", "null", "~"];
    let off = off.contains(&value.to_ascii_lowercase().as_str());
    match key {
        "highestWastedBytes" => {
            rules.highest_wasted_bytes = if off {
                None
            } else {
                let bytes = Bytes::parse(value).map_err(|why| format!("`{key}`: {why}"))?;
                Some(bytes)
            };
        }
        "lowestEfficiency" => rules.lowest_efficiency = share(key, value, off)?,
        _ => rules.highest_user_wasted_percent = share(key, value, off)?,
    }
    Ok(())
}

fn share(key: &str, value: &str, off: bool) -> Result<Option<f64>, String> {
    if off {
        return Ok(None);
    }
    let read = value.parse::<f64>().ok();
    match read.filter(|share| (0.0..=1.0).contains(share)) {
        Some(share) => Ok(Some(share)),
        None => Err(format!(
            "`{key}` is a share from 0 to 1, or `disabled`, not `{value}`"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(efficiency: Option<f64>, bytes: Option<u64>, share: Option<f64>) -> DiveRules {
        DiveRules {
            lowest_efficiency: efficiency,
            highest_wasted_bytes: bytes.map(Bytes),
            highest_user_wasted_percent: share,
        }
    }

    #[test]
    fn what_dive_understands_is_understood() {
        let default = rules(Some(0.9), None, Some(0.1));
        for (text, want) in [
            ("", default),
            ("---\n# nothing\n", default),
            ("rules:\n", default),
            (
                "rules:\n  lowestEfficiency: 0.95\n  highestWastedBytes: 20MB\n  highestUserWastedPercent: 0.20\n",
                rules(Some(0.95), Some(20_000_000), Some(0.2)),
            ),
            (
                "rules:\n    # a comment\n    highestWastedBytes: '19Mb' # another\n",
                rules(Some(0.9), Some(19_000_000), Some(0.1)),
            ),
            (
                "rules:\n  lowestEfficiency: disabled\n  highestWastedBytes: \"1048576\"\n  highestUserWastedPercent: off\n",
                rules(None, Some(1_048_576), None),
            ),
            (
                "---\nplugins:\n  - plugin1\n\nrules:\n  lowestEfficiency: 1\n\n  plugin1/rule1: error\n",
                rules(Some(1.0), None, Some(0.1)),
            ),
            (
                "rules:\r\n  lowestEfficiency: 0.5\r\n",
                rules(Some(0.5), None, Some(0.1)),
            ),
        ] {
            assert_eq!(read(text), Ok(want), "{text}");
        }
    }

    #[test]
    fn what_would_not_be_judged_is_refused_with_its_line() {
        for (text, want) in [
            (
                "lowestEfficiency 0.9",
                "1: `lowestEfficiency 0.9` is no `name: value`",
            ),
            (
                "  lowestEfficiency: 0.9",
                "1: `rules:` must come before `lowestEfficiency: 0.9`",
            ),
            (
                "rules:\n  lowestEfficency: 0.9",
                "2: dive has no rule `lowestEfficency`; did you mean `lowestEfficiency`?",
            ),
            (
                "rules:\n  lowestEfficiency: 95",
                "2: `lowestEfficiency` is a share from 0 to 1",
            ),
            (
                "rules:\n  lowestEfficiency: NaN",
                "2: `lowestEfficiency` is a share from 0 to 1",
            ),
            (
                "rules:\n  highestWastedBytes: lots",
                "2: `highestWastedBytes`: `lots` is not a size",
            ),
            ("rules: [a]", "1: `[a]` is more YAML than rules need"),
            ("rules: x", "1: `rules:` stands alone"),
            (
                "rules:\n\tlowestEfficiency: 1",
                "2: YAML is not indented with tabs",
            ),
            (
                "rules:\n  lowestEfficiency: 1\n    highestWastedBytes: 1",
                "3: every rule is indented alike",
            ),
            (
                "rules:\n  lowestEfficiency: 1\n  lowestEfficiency: 1",
                "3: `lowestEfficiency` is given twice",
            ),
            ("rules:\nrules:\n", "2: `rules` is given twice"),
            (
                "rules:\n  lowestEfficiency: '0.9",
                "2: `'0.9` is no text in quotes",
            ),
        ] {
            let why = read(text).expect_err(text).to_string();
            assert!(why.starts_with(want), "{text:?}: {why}");
        }
    }
}
