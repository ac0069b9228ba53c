//! Findings that somebody decided to live with: `[[layers.accept]]` of the project file.

use crate::anatomy::findings::{Accept, AcceptanceList, FindingId};
use crate::cli::session::Session;
use crate::model::layer_rules::{Acceptance, LayerRules, Written};
use crate::model::nearest;
use crate::model::project::Source;

/// Looks whether every list of the project can be used: before an image is read for it.
///
/// # Errors
/// One sentence with the file and the line.
pub(super) fn check(session: &Session) -> Result<(), String> {
    let images = session.project.images.iter().map(|it| &it.layers);
    let mut all = std::iter::once(&session.project.layers).chain(images);
    all.try_for_each(|rules| list(session, rules).map(drop))
}

/// The list of these rules.
///
/// # Errors
/// One sentence with the file and the line.
pub(super) fn list(session: &Session, rules: &LayerRules) -> Result<AcceptanceList, String> {
    let file = file(&session.project.source);
    let lines: Result<Vec<Accept>, String> =
        rules.accept.iter().map(|it| line(it, &file)).collect();
    AcceptanceList::new(&lines?).map_err(|error| format!("{file}: {error}"))
}

/// The project file, as it is told in sentences.
pub(super) fn file(source: &Source) -> String {
    match source {
        Source::File(path) => path.file_name().map_or_else(
            || path.display().to_string(),
            |name| name.to_string_lossy().into_owned(),
        ),
        Source::Found => "karat.toml".to_owned(),
    }
}

fn line(acceptance: &Acceptance, file: &str) -> Result<Accept, String> {
    if let Some(Written { text, line }) = &acceptance.finding {
        let known = FindingId::ALL.iter().map(|id| id.as_str());
        if !known.clone().any(|id| id == text) {
            let hint = nearest::hint(text, known);
            return Err(format!("{file}:{line}: there is no finding `{text}`{hint}"));
        }
    }
    let accept = Accept {
        id: acceptance.finding.as_ref().map(|it| it.text.clone()),
        path: acceptance.path.as_ref().map(|it| it.text.clone()),
        reason: acceptance.reason.clone(),
        until: acceptance.until.to_string(),
    };
    // Each by itself, so that a wrong one can be told with its line.
    if let Err(error) = AcceptanceList::new(std::slice::from_ref(&accept)) {
        let place = acceptance.path.as_ref().or(acceptance.finding.as_ref());
        let line = place.map_or(0, |it| it.line);
        return Err(format!("{file}:{line}: {error}"));
    }
    Ok(accept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acceptance(finding: Option<&str>, path: Option<&str>) -> Acceptance {
        let written = |text: &str| Written {
            text: text.to_owned(),
            line: 7,
        };
        Acceptance {
            finding: finding.map(written),
            path: path.map(written),
            reason: "known".to_owned(),
            until: "2027-03-31".parse().expect("a day"),
        }
    }

    #[test]
    fn a_finding_that_there_is_not_is_told_with_its_line() {
        let why = line(&acceptance(Some("setuid-fiel"), None), "karat.toml");
        let why = why.expect_err("no such finding");
        assert!(
            why.starts_with(
                "karat.toml:7: there is no finding `setuid-fiel`; did you mean `setuid-file`?"
            ),
            "{why}"
        );
        let accept = line(&acceptance(Some("setuid-file"), Some("/usr/bin/*")), "x");
        let accept = accept.expect("right");
        assert_eq!(accept.id.as_deref(), Some("setuid-file"));
        assert_eq!(accept.until, "2027-03-31");
    }
}
