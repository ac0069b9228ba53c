//! karat's own rules, as the project file has them.

use super::{Figure, Limit, Verdict, percent_of};
use crate::model::bytes::Bytes;
use crate::model::layer_rules::{LayerRules, MaxGrowth, Written, fits};

/// What is judged.
#[derive(Clone, Debug, Default)]
pub struct Figures<'a> {
    /// Σ file bytes of all layers.
    pub layer_bytes: Bytes,
    /// Of those, what is not visible in the end.
    pub reclaimable_bytes: Bytes,
    /// Ids of the components that were recognised.
    pub components: Vec<&'a str>,
    /// Names of the packages that are installed.
    pub packages: Vec<&'a str>,
    /// What growth is measured against: what it is called, and Σ file bytes of its layers.
    pub reference: Option<(&'a str, Bytes)>,
}

/// A verdict for each rule that was set, in the order of the documentation.
#[must_use]
pub fn judge(rules: &LayerRules, figures: &Figures<'_>) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    if let Some(limit) = rules.max_size {
        verdicts.push(bytes("max-size", figures.layer_bytes, limit));
    }
    if let (Some(growth), Some((name, before))) = (&rules.max_growth, figures.reference) {
        grown(&mut verdicts, growth, figures.layer_bytes, name, before);
    }
    if let Some(limit) = rules.max_reclaimable {
        let figure = figures.reclaimable_bytes;
        verdicts.push(bytes("max-reclaimable", figure, limit));
    }
    if let Some(limit) = rules.max_reclaimable_percent {
        let figure = percent_of(figures.reclaimable_bytes, figures.layer_bytes);
        verdicts.push(Verdict {
            rule: "max-reclaimable-percent",
            figure: Figure::Percent(figure),
            limit: Limit::AtMost(Figure::Percent(limit)),
            kept: figure <= limit,
            because: Vec::new(),
        });
    }
    for (rule, patterns, there) in [
        (
            "forbidden-components",
            &rules.forbidden_components,
            &figures.components,
        ),
        (
            "forbidden-packages",
            &rules.forbidden_packages,
            &figures.packages,
        ),
    ] {
        if let Some(patterns) = patterns {
            verdicts.push(forbidden(rule, patterns, there));
        }
    }
    verdicts
}

fn bytes(rule: &'static str, figure: Bytes, limit: Bytes) -> Verdict {
    Verdict {
        rule,
        figure: Figure::Bytes(figure),
        limit: Limit::AtMost(Figure::Bytes(limit)),
        kept: figure <= limit,
        because: Vec::new(),
    }
}

fn grown(verdicts: &mut Vec<Verdict>, growth: &MaxGrowth, now: Bytes, name: &str, before: Bytes) {
    let more = Bytes(now.0.saturating_sub(before.0));
    let against = vec![format!("{name} has {before}, this one {now}")];
    if let Some(limit) = growth.bytes {
        verdicts.push(Verdict {
            rule: "max-growth.bytes",
            figure: Figure::Growth {
                bytes: Bytes(now.0.abs_diff(before.0)),
                shrunk: now < before,
            },
            limit: Limit::AtMost(Figure::Bytes(limit)),
            kept: more <= limit,
            because: against.clone(),
        });
    }
    if let Some(limit) = growth.percent {
        // From nothing, anything is more than any share.
        let figure = percent_of(more, before);
        verdicts.push(Verdict {
            rule: "max-growth.percent",
            figure: Figure::Percent(figure),
            limit: Limit::AtMost(Figure::Percent(limit)),
            kept: figure <= limit,
            because: against,
        });
    }
}

fn forbidden(rule: &'static str, patterns: &[Written], there: &[&str]) -> Verdict {
    let mut found: Vec<String> = there
        .iter()
        .filter(|name| patterns.iter().any(|pattern| fits(&pattern.text, name)))
        .map(|name| (*name).to_owned())
        .collect();
    found.sort();
    found.dedup();
    Verdict {
        rule,
        figure: Figure::Count(found.len()),
        limit: Limit::AtMost(Figure::Count(0)),
        kept: found.is_empty(),
        because: found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures() -> Figures<'static> {
        Figures {
            layer_bytes: Bytes(1_000),
            reclaimable_bytes: Bytes(100),
            components: vec!["rust-rustup", "python3"],
            packages: vec!["gcc-12", "libc6", "gcc-12"],
            reference: Some(("1.4.0", Bytes(800))),
        }
    }

    /// `RULE FIGURE (LIMIT) kept|broken: because`.
    fn told(rules: &LayerRules, figures: &Figures<'_>) -> Vec<String> {
        judge(rules, figures)
            .iter()
            .map(|it| {
                let kept = if it.kept { "kept" } else { "broken" };
                let because = it.because.join(", ");
                format!("{} {} ({}) {kept}: {because}", it.rule, it.figure, it.limit)
            })
            .collect()
    }

    #[test]
    fn a_rule_that_is_not_set_is_not_judged() {
        assert_eq!(judge(&LayerRules::default(), &figures()), []);
    }

    #[test]
    fn every_rule_has_its_figure_and_its_limit() {
        let written = |text: &str| Written {
            text: text.to_owned(),
            line: 1,
        };
        let words = |text: &str| Some(text.split(' ').map(written).collect());
        let rules = |size, reclaimable, share, growth, percent| LayerRules {
            max_size: Some(Bytes(size)),
            max_growth: Some(MaxGrowth {
                from: "1.4.0".to_owned(),
                bytes: Some(Bytes(growth)),
                percent: Some(percent),
            }),
            max_reclaimable: Some(Bytes(reclaimable)),
            max_reclaimable_percent: Some(share),
            forbidden_components: words("rust-* go"),
            forbidden_packages: words("gcc* make"),
            accept: Vec::new(),
        };
        // At the limit a rule holds; one byte over, it does not.
        assert_eq!(
            told(&rules(1_000, 100, 10.0, 200, 25.0), &figures()),
            [
                "max-size 1 kB (at most 1 kB) kept: ",
                "max-growth.bytes +200 B (at most 200 B) kept: 1.4.0 has 800 B, this one 1 kB",
                "max-growth.percent 25.0 % (at most 25.0 %) kept: 1.4.0 has 800 B, this one 1 kB",
                "max-reclaimable 100 B (at most 100 B) kept: ",
                "max-reclaimable-percent 10.0 % (at most 10.0 %) kept: ",
                "forbidden-components 1 (none may be) broken: rust-rustup",
                "forbidden-packages 1 (none may be) broken: gcc-12",
            ]
        );
        let broken = judge(&rules(999, 99, 9.9, 199, 24.9), &figures());
        assert!(broken.iter().all(|it| !it.kept), "{broken:?}");
    }

    #[test]
    fn smaller_is_no_growth_and_something_from_nothing_is() {
        let rules = LayerRules {
            max_growth: Some(MaxGrowth {
                from: "x".to_owned(),
                bytes: Some(Bytes(0)),
                percent: Some(0.0),
            }),
            ..LayerRules::default()
        };
        for (before, now, kept) in [(10, 9, true), (10, 10, true), (0, 0, true), (0, 1, false)] {
            let figures = Figures {
                layer_bytes: Bytes(now),
                reference: Some(("x", Bytes(before))),
                ..Figures::default()
            };
            for verdict in judge(&rules, &figures) {
                assert_eq!(verdict.kept, kept, "{before} {now} {verdict:?}");
            }
        }
    }
}
