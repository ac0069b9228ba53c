//! What layers must keep to → `[layers]` tables: `karat init` keeps what a project says.

use std::fmt::Write as _;

use crate::model::layer_rules::{Acceptance, LayerRules, MaxGrowth, Written};

use super::render::{list, quoted};

/// Appends the table `name`, and one for each acceptance; nothing, where nothing is said.
pub(super) fn layers_text(text: &mut String, name: &str, rules: &LayerRules) {
    if rules.judges() {
        let _ = writeln!(text, "\n[{name}]");
        for (key, value) in lines(rules) {
            let _ = writeln!(text, "{key} = {value}");
        }
    }
    for acceptance in &rules.accept {
        let _ = writeln!(text, "\n[[{name}.accept]]");
        acceptance_text(text, acceptance);
    }
}

fn lines(rules: &LayerRules) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    let mut line = |key, value: Option<String>| lines.extend(value.map(|value| (key, value)));
    line("max-size", rules.max_size.map(|it| it.0.to_string()));
    line("max-growth", rules.max_growth.as_ref().map(growth));
    line(
        "max-reclaimable",
        rules.max_reclaimable.map(|it| it.0.to_string()),
    );
    line(
        "max-reclaimable-percent",
        rules.max_reclaimable_percent.map(|it| it.to_string()),
    );
    line(
        "forbidden-components",
        rules.forbidden_components.as_deref().map(words),
    );
    line(
        "forbidden-packages",
        rules.forbidden_packages.as_deref().map(words),
    );
    lines
}

fn words(words: &[Written]) -> String {
    let words: Vec<String> = words.iter().map(|word| word.text.clone()).collect();
    list(&words)
}

fn growth(growth: &MaxGrowth) -> String {
    let mut parts = vec![format!("from = {}", quoted(&growth.from))];
    parts.extend(growth.bytes.map(|it| format!("bytes = {}", it.0)));
    parts.extend(growth.percent.map(|it| format!("percent = {it}")));
    format!("{{ {} }}", parts.join(", "))
}

fn acceptance_text(text: &mut String, acceptance: &Acceptance) {
    for (key, value) in [
        (
            "finding",
            acceptance.finding.as_ref().map(|it| it.text.as_str()),
        ),
        ("path", acceptance.path.as_ref().map(|it| it.text.as_str())),
        ("reason", Some(acceptance.reason.as_str())),
    ] {
        if let Some(value) = value {
            let _ = writeln!(text, "{key} = {}", quoted(value));
        }
    }
    let _ = writeln!(text, "until = {}", acceptance.until);
}
