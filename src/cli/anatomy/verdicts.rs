//! Rules and how they came out, for a terminal, for scripts and for a pull request.

use serde_json::{Value, json};

use crate::anatomy::rules::{Figure, Limit, Verdict};
use crate::cli::json::SCHEMA;
use crate::cli::layout::hang;
use crate::cli::table::{Colour, Paint};
use crate::model::text::printable;

/// Verdicts, and where each rule was set: `karat.toml`, `.dive-ci`.
pub type Judged = Vec<(String, Verdict)>;

/// A line for each rule, with its figure and its limit; the last says how it came out.
#[must_use]
pub fn text(name: &str, judged: &Judged, colour: Colour, width: usize) -> String {
    let mut out = colour.paint(Paint::Head, &printable(name)) + "\n";
    let longest = judged.iter().map(|(_, it)| it.rule.len()).max();
    let longest = longest.unwrap_or(0);
    for (place, verdict) in judged {
        let (paint, sign) = if verdict.kept {
            (Paint::Good, "✓")
        } else {
            (Paint::Bad, "✗")
        };
        let rule = format!("{:<longest$}", verdict.rule);
        let place = colour.paint(Paint::Faint, &printable(place));
        out.push_str(&format!(
            "  {}  {}, {}  {place}\n",
            colour.paint(paint, &format!("{sign} {rule}")),
            verdict.figure,
            verdict.limit,
        ));
        for why in &verdict.because {
            hang(&mut out, "", why, longest + 6, width);
        }
    }
    let broken = judged.iter().filter(|(_, it)| !it.kept).count();
    let last = match broken {
        0 => colour.paint(Paint::Good, "every rule holds"),
        1 => colour.paint(Paint::Bad, "1 rule is broken"),
        broken => colour.paint(Paint::Bad, &format!("{broken} rules are broken")),
    };
    out.push_str(&format!("\n{last}\n"));
    out
}

/// The same as JSON.
#[must_use]
pub fn to_json(image: &Value, judged: &Judged) -> Value {
    let rules: Vec<Value> = judged
        .iter()
        .map(|(place, verdict)| {
            let (sense, limit) = match verdict.limit {
                Limit::AtMost(figure) => ("at_most", figure),
                Limit::AtLeast(figure) => ("at_least", figure),
            };
            json!({
                "rule": verdict.rule,
                "set_in": place,
                "kept": verdict.kept,
                "unit": unit(verdict.figure),
                "figure": number(verdict.figure),
                "limit": number(limit),
                "limit_is": sense,
                "because": verdict.because,
            })
        })
        .collect();
    json!({
        "schema": SCHEMA,
        "image": image,
        "passed": judged.iter().all(|(_, it)| it.kept),
        "rules": rules,
    })
}

const fn unit(figure: Figure) -> &'static str {
    match figure {
        Figure::Bytes(_) | Figure::Growth { .. } => "bytes",
        Figure::Percent(_) => "percent",
        Figure::Ratio(_) => "ratio",
        Figure::Count(_) => "count",
    }
}

/// As a number; one that is infinite is not to be had in JSON, and is `null`.
fn number(figure: Figure) -> Value {
    match figure {
        Figure::Bytes(bytes) => json!(bytes.0),
        Figure::Growth {
            bytes,
            shrunk: false,
        } => json!(bytes.0),
        Figure::Growth { bytes, .. } => json!(i64::try_from(bytes.0).map_or(i64::MIN, |it| -it)),
        Figure::Percent(share) | Figure::Ratio(share) => json!(share),
        Figure::Count(count) => json!(count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::bytes::Bytes;

    fn judged() -> Judged {
        let verdict = |rule, figure, limit, kept, because: &[&str]| Verdict {
            rule,
            figure,
            limit,
            kept,
            because: because.iter().map(|it| (*it).to_owned()).collect(),
        };
        vec![
            (
                "karat.toml".to_owned(),
                verdict(
                    "max-size",
                    Figure::Bytes(Bytes(412_300_000)),
                    Limit::AtMost(Figure::Bytes(Bytes(500_000_000))),
                    true,
                    &[],
                ),
            ),
            (
                "karat.toml".to_owned(),
                verdict(
                    "forbidden-packages",
                    Figure::Count(1),
                    Limit::AtMost(Figure::Count(0)),
                    false,
                    &["gcc-12"],
                ),
            ),
            (
                ".dive-ci".to_owned(),
                verdict(
                    "lowestEfficiency",
                    Figure::Ratio(f64::INFINITY),
                    Limit::AtLeast(Figure::Ratio(0.9)),
                    true,
                    &[],
                ),
            ),
            (
                "karat.toml".to_owned(),
                verdict(
                    "max-growth.bytes",
                    Figure::Growth {
                        bytes: Bytes(5),
                        shrunk: true,
                    },
                    Limit::AtMost(Figure::Bytes(Bytes(0))),
                    true,
                    &["1.4.0 has 10 B, this one 5 B"],
                ),
            ),
        ]
    }

    #[test]
    fn every_rule_has_its_line() {
        let text = text("web:1\u{1b}", &judged(), Colour::Never, 80);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn as_json_every_rule_has_figure_limit_and_unit() {
        let told = to_json(&json!({"names": ["web:1"]}), &judged());
        assert_eq!(told["passed"], false);
        assert_eq!(
            told["rules"][1],
            json!({
                "rule": "forbidden-packages",
                "set_in": "karat.toml",
                "kept": false,
                "unit": "count",
                "figure": 1,
                "limit": 0,
                "limit_is": "at_most",
                "because": ["gcc-12"],
            })
        );
        assert_eq!(told["rules"][2]["figure"], Value::Null);
        assert_eq!(told["rules"][3]["figure"], -5);
    }
}
