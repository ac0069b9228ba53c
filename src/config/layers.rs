//! `[layers]`, and `[images.NAME.layers]`: what the layers of images must keep to.

use chrono::NaiveDate;
use toml::de::DeValue;

use crate::model::bytes::Bytes;
use crate::model::layer_rules::{Acceptance, LayerRules, MaxGrowth, Written};

use super::sheet::{At, Section, Sheet, kind};

const KEYS: [&str; 7] = [
    "max-size",
    "max-growth",
    "max-reclaimable",
    "max-reclaimable-percent",
    "forbidden-components",
    "forbidden-packages",
    "accept",
];
const GROWTH_KEYS: [&str; 3] = ["from", "bytes", "percent"];
const ACCEPT_KEYS: [&str; 4] = ["finding", "path", "reason", "until"];

/// Reads the table `layers` of a section, called `what` in sentences.
pub(super) fn read(sheet: &mut Sheet<'_>, parent: &Section<'_>, what: &str) -> LayerRules {
    let want = "a table (`[layers]`, then `max-size = \"500MB\"`)";
    let Some(section) = sheet.table(parent, "layers", what.to_owned(), want) else {
        return LayerRules::default();
    };
    sheet.only(&section, &KEYS);
    LayerRules {
        max_size: size(sheet, &section, "max-size"),
        max_growth: growth(sheet, &section),
        max_reclaimable: size(sheet, &section, "max-reclaimable"),
        max_reclaimable_percent: percent(sheet, &section, "max-reclaimable-percent"),
        forbidden_components: words(sheet, &section, "forbidden-components", "rust-rustup"),
        forbidden_packages: words(sheet, &section, "forbidden-packages", "gcc*"),
        accept: acceptances(sheet, &section),
    }
}

/// A size: a text with its unit, or a number of bytes.
fn size(sheet: &mut Sheet<'_>, section: &Section<'_>, key: &str) -> Option<Bytes> {
    let entry = section.get(key)?;
    let text = match entry.value.get_ref() {
        DeValue::String(text) => text.clone().into_owned(),
        DeValue::Integer(number) => number.as_str().to_owned(),
        other => {
            let what = format!(
                "`{key}` of {} must be a size (`{key} = \"20MB\"`), not {}",
                section.what,
                kind(other)
            );
            sheet.wrong(&entry.value.span(), what);
            return None;
        }
    };
    match Bytes::parse(&text) {
        Ok(bytes) => Some(bytes),
        Err(why) => {
            let what = format!("`{key}` of {}: {why}", section.what);
            sheet.wrong(&entry.value.span(), what);
            None
        }
    }
}

/// A share in percent: a number, or a text such as `"5%"`.
fn percent(sheet: &mut Sheet<'_>, section: &Section<'_>, key: &str) -> Option<f64> {
    let entry = section.get(key)?;
    let text = match entry.value.get_ref() {
        DeValue::String(text) => text.trim().trim_end_matches('%').trim_end().to_owned(),
        DeValue::Integer(number) => number.as_str().to_owned(),
        DeValue::Float(number) => number.as_str().to_owned(),
        _ => String::new(),
    };
    let read = text.parse::<f64>().ok();
    let read = read.filter(|number| number.is_finite() && *number >= 0.0);
    if read.is_none() {
        let what = format!(
            "`{key}` of {} must be a number of percent (`{key} = 5`), from 0 upwards",
            section.what
        );
        sheet.wrong(&entry.value.span(), what);
    }
    read
}

fn words(
    sheet: &mut Sheet<'_>,
    section: &Section<'_>,
    key: &str,
    example: &str,
) -> Option<Vec<Written>> {
    let list = sheet.texts(section, key, example)?;
    let written = |word| written(sheet, word);
    Some(list.value.into_iter().map(written).collect())
}

fn written(sheet: &Sheet<'_>, word: At<String>) -> Written {
    Written {
        line: sheet.line(&word.place),
        text: word.value,
    }
}

fn growth(sheet: &mut Sheet<'_>, section: &Section<'_>) -> Option<MaxGrowth> {
    let what = format!("`max-growth` of {}", section.what);
    let want = "a table (`max-growth = { from = \"1.4.0\", percent = 5 }`)";
    let section = sheet.table(section, "max-growth", what, want)?;
    sheet.only(&section, &GROWTH_KEYS);
    for (missing, what) in [
        (
            section.get("from").is_none(),
            "has no `from`: name the version, or the image, to compare with",
        ),
        (
            section.get("bytes").is_none() && section.get("percent").is_none(),
            "has no limit: add `bytes = \"20MB\"` or `percent = 5`",
        ),
    ] {
        if missing {
            sheet.wrong(&section.place, format!("{} {what}", section.what));
        }
    }
    let bytes = size(sheet, &section, "bytes");
    let percent = percent(sheet, &section, "percent");
    let from = sheet.text(&section, "from", "a version or a reference (`\"1.4.0\"`)")?;
    if from.value.trim().is_empty() {
        sheet.wrong(&from.place, "it names neither a version nor an image");
    }
    Some(MaxGrowth {
        from: from.value,
        bytes,
        percent,
    })
}

fn acceptances(sheet: &mut Sheet<'_>, section: &Section<'_>) -> Vec<Acceptance> {
    let Some(entry) = section.get("accept") else {
        return Vec::new();
    };
    let want = "tables (`[[layers.accept]]`, then `finding = \"…\"` and `reason = \"…\"`)";
    let DeValue::Array(array) = entry.value.get_ref() else {
        let got = kind(entry.value.get_ref());
        let what = format!("`accept` of {} must be {want}, not {got}", section.what);
        sheet.wrong(&entry.value.span(), what);
        return Vec::new();
    };
    let mut all = Vec::new();
    for element in array {
        let DeValue::Table(table) = element.get_ref() else {
            let got = kind(element.get_ref());
            let what = format!("`accept` of {} must be {want}; here is {got}", section.what);
            sheet.wrong(&element.span(), what);
            continue;
        };
        let what = format!("`accept` of {}", section.what);
        let one = Section::new(what, element.span(), table);
        all.extend(acceptance(sheet, &one));
    }
    all
}

fn acceptance(sheet: &mut Sheet<'_>, section: &Section<'_>) -> Option<Acceptance> {
    sheet.only(section, &ACCEPT_KEYS);
    let finding = sheet.text(section, "finding", "the id of a finding");
    let path = sheet.text(section, "path", "a path (`\"/opt/*\"`)");
    let reason = sheet.text(section, "reason", "a text that says why");
    if section.get("finding").is_none() && section.get("path").is_none() {
        let what = format!("{} accepts nothing: add `finding` or `path`", section.what);
        sheet.wrong(&section.place, what);
    }
    let blank = reason.as_ref().is_some_and(|it| it.value.trim().is_empty());
    if section.get("reason").is_none() || blank {
        let what = format!(
            "{} has no `reason`: whoever reads it later must know why",
            section.what
        );
        sheet.wrong(&section.place_of("reason"), what);
    }
    let until = until(sheet, section);
    Some(Acceptance {
        finding: finding.map(|text| written(sheet, text)),
        path: path.map(|text| written(sheet, text)),
        reason: reason?.value,
        until: until?,
    })
}

/// A day: as TOML has one, or as text.
fn until(sheet: &mut Sheet<'_>, section: &Section<'_>) -> Option<NaiveDate> {
    let Some(entry) = section.get("until") else {
        let what = format!(
            "{} has no `until`: say to which day it holds (`until = 2027-03-31`)",
            section.what
        );
        sheet.wrong(&section.place, what);
        return None;
    };
    let text = At {
        value: match entry.value.get_ref() {
            DeValue::String(text) => text.clone().into_owned(),
            DeValue::Datetime(day) => day.to_string(),
            _ => String::new(),
        },
        place: entry.value.span(),
    };
    let day = NaiveDate::parse_from_str(&text.value, "%Y-%m-%d").ok();
    if day.is_none() {
        let what = format!(
            "`until` of {} must be a day (`until = 2027-03-31`)",
            section.what
        );
        sheet.wrong(&text.place, what);
    }
    day
}
