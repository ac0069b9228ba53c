//! What is written of one image, in every way.

use serde_json::Value;

use super::fixture::{compared, whole};
use super::text::Style;
use super::{diff_json, diff_markdown, diff_text, json, markdown, text};
use crate::cli::table::Colour;

const PLAIN: Style = Style {
    colour: Colour::Never,
    width: 90,
    all: false,
};

fn all() -> Style {
    Style { all: true, ..PLAIN }
}

#[test]
fn the_report_for_a_terminal() {
    insta::assert_snapshot!("report", text::layers(&whole(), PLAIN));
    insta::assert_snapshot!("report_all", text::layers(&whole(), all()));
}

#[test]
fn a_report_keeps_to_its_width_and_has_colour_only_where_it_is_wanted() {
    let whole = whole();
    for width in [40, 60, 120] {
        let report = text::layers(&whole, Style { width, ..all() });
        assert!(!report.contains('\u{1b}'), "{width}");
    }
    let coloured = Style {
        colour: Colour::Always,
        ..PLAIN
    };
    let coloured = text::layers(&whole, coloured);
    assert!(coloured.contains("\u{1b}[1mLAYERS\u{1b}[0m"), "{coloured}");
    let mut bare = coloured;
    for code in ["0", "1", "2", "31", "32", "33"] {
        bare = bare.replace(&format!("\u{1b}[{code}m"), "");
    }
    assert_eq!(bare, text::layers(&whole, PLAIN));
}

#[test]
fn the_documents_for_scripts() {
    let layers = json::layers(&whole());
    for key in [
        "schema",
        "layer_bytes",
        "visible_bytes",
        "reclaimable_bytes",
        "efficiency",
        "layers",
        "packages",
        "components",
        "waste",
        "findings",
    ] {
        assert!(!layers[key].is_null(), "{key}");
    }
    let bytes = |key: &str| layers[key].as_u64().expect("bytes");
    assert_eq!(
        bytes("layer_bytes"),
        bytes("visible_bytes") + bytes("reclaimable_bytes")
    );
    assert_eq!(layers["layers"][3]["present"], false);
    assert_eq!(layers["layers"][3]["file_bytes"], Value::Null);
    insta::assert_snapshot!("layers_json", format!("{layers:#}"));
    insta::assert_snapshot!("diff_json", format!("{:#}", diff_json::diff(&compared())));
}

#[test]
fn the_documents_for_a_pull_request() {
    insta::assert_snapshot!("markdown", markdown::full(&whole()));
    insta::assert_snapshot!("markdown_summary", markdown::summary(&whole()));
    insta::assert_snapshot!("diff_markdown", diff_markdown::full(&compared()));
    let summary = diff_markdown::summary(&compared());
    assert!(summary.len() <= diff_markdown::full(&compared()).len());
}

#[test]
fn the_comparison_for_a_terminal() {
    insta::assert_snapshot!("diff", diff_text::diff(&compared(), PLAIN));
}

/// However it is written, the value of a credential is not in it, and nothing that a
/// terminal would obey.
#[test]
fn no_credential_and_no_escape_comes_out() {
    let (whole, compared) = (whole(), compared());
    for (what, text) in [
        ("text", text::layers(&whole, all())),
        ("markdown", markdown::full(&whole)),
        ("diff", diff_text::diff(&compared, all())),
        ("diff markdown", diff_markdown::full(&compared)),
        ("json", json::layers(&whole).to_string()),
        ("diff json", diff_json::diff(&compared).to_string()),
    ] {
        assert!(!text.contains("hunter2"), "{what}: {text}");
        assert!(!text.contains('\u{1b}'), "{what}");
    }
}
