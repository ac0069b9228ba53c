//! What a registry says of a version, beside what engines say: its packed size, its platforms,
//! what is attached to it; and tags of which only the name is known.

use crate::model::bytes::Bytes;
use crate::model::catalog::{Unread, Version};
use crate::model::fleet::{Link, Row};
use crate::model::remote::Presence;
use crate::tui::listing::rows::NOT_READ;
use crate::tui::widgets::page::Page;
use crate::tui::widgets::table::Said;

use super::{Canvas, moment};

/// A size, marked where it is that of packed layers: the two cannot be compared.
pub(super) fn size_words((size, packed): (Bytes, bool)) -> String {
    if packed {
        format!("{size} packed")
    } else {
        size.to_string()
    }
}

/// The row of a tag of which only the name is known.
pub(super) fn said(canvas: &Canvas<'_>, unread: &Unread) -> Vec<Said> {
    let theme = &canvas.theme;
    let nothing = || (String::new(), theme.quiet);
    vec![
        (unread.tag.clone(), theme.quiet),
        nothing(),
        (NOT_READ.to_owned(), theme.quiet),
        nothing(),
        nothing(),
        nothing(),
        (unread.tag.clone(), theme.quiet),
    ]
}

/// What is to be said of such a tag.
pub(super) fn unread(canvas: &Canvas<'_>, row: &Row, unread: &Unread, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    let repository = &row.image.repository;
    page.pair("tag", &format!("{repository}:{}", unread.tag));
    match canvas.registry_of(repository).map(|state| &state.link) {
        Some(Link::Down { error, .. }) => page.styled(
            &format!("✗ {NOT_READ}, and its registry does not answer: {error}"),
            theme.bad,
        ),
        _ => page.styled(
            &format!("… {NOT_READ}: only its name is known, and its registry is being asked"),
            theme.busy,
        ),
    }
}

/// What of it stands below the list.
pub(super) fn summary(version: &Version, page: &mut Page<'_>) {
    let Some(remote) = &version.remote else {
        return;
    };
    if let Some(packed) = remote.compressed {
        page.pair("to pull", &format!("{packed} packed"));
    }
    page.pair("attached", &attached_words(version));
}

/// Its packed size, for which platforms it is, and when it was pushed.
pub(super) fn packed(canvas: &Canvas<'_>, version: &Version, page: &mut Page<'_>) {
    let Some(remote) = &version.remote else {
        return;
    };
    let packed = remote
        .compressed
        .map_or_else(|| "not known".to_owned(), |it| it.to_string());
    page.pair("packed", &format!("{packed}, as its registry has it"));
    if !remote.platforms.is_empty() {
        page.pair("platforms", &remote.platforms.join(" "));
    }
    if let Some(at) = remote.pushed {
        page.pair(
            "pushed",
            &format!("{} ({} ago)", moment(at), canvas.age(at)),
        );
    }
}

/// What is attached to it in its registry. That a signature is a good one is not looked at.
pub(super) fn attached(version: &Version, page: &mut Page<'_>) {
    let Some(remote) = &version.remote else {
        return;
    };
    page.title("Attached in its registry: present or absent, and never checked");
    let words = |of: fn(&crate::model::remote::Attached) -> Presence| {
        let attached = remote.attached.as_ref();
        attached.map_or(NOT_LOOKED_UP, |attached| of(attached).word())
    };
    page.pair("signature", words(|it| it.signature));
    page.pair("SBOM", words(|it| it.sbom));
    page.pair("provenance", words(|it| it.provenance));
}

/// What is attached is asked for only once somebody looks.
const NOT_LOOKED_UP: &str = "not looked up yet";

fn attached_words(version: &Version) -> String {
    let attached = version.remote.as_ref().and_then(|it| it.attached.as_ref());
    attached.map_or_else(
        || NOT_LOOKED_UP.to_owned(),
        |attached| {
            format!(
                "signature {}, SBOM {}, provenance {}",
                attached.signature.word(),
                attached.sbom.word(),
                attached.provenance.word()
            )
        },
    )
}
