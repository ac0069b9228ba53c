//! What somebody decided to live with.

use super::*;
use crate::anatomy::findings::{Accept, Acceptance, AcceptanceList, Severity};

fn accept(id: Option<&str>, path: Option<&str>, until: &str) -> Accept {
    Accept {
        id: id.map(str::to_owned),
        path: path.map(str::to_owned),
        reason: "known".to_owned(),
        until: until.to_owned(),
    }
}

/// The state of the finding about logs and of the one about a key, by a list.
fn states(lines: &[Accept]) -> (Acceptance, Acceptance) {
    let mut findings = found(files(&["var/log/a", "var/log/b", "root/.ssh/id_rsa"], MIB));
    let list = AcceptanceList::new(lines).expect("a list");
    let now = "2026-11-26T12:00:00Z".parse().expect("a moment");
    list.apply(&mut findings.all, now);
    let of = |id| only(&findings, id).acceptance.clone();
    (of(FindingId::LogFiles), of(FindingId::PrivateKey))
}

fn is_accepted(acceptance: &Acceptance) -> bool {
    matches!(acceptance, Acceptance::Accepted { .. })
}

#[test]
fn findings_are_accepted_by_id_and_by_path() {
    for (lines, log, key) in [
        (vec![], false, false),
        (
            vec![accept(Some("log-files"), None, "2026-11-26")],
            true,
            false,
        ),
        (
            vec![accept(None, Some("var/log/**"), "2026-12-01")],
            true,
            false,
        ),
        (
            vec![accept(None, Some("var/log/a"), "2026-12-01")],
            false,
            false,
        ),
        (
            vec![
                accept(None, Some("var/log/a"), "2026-12-01"),
                accept(None, Some("var/log/b"), "2026-12-01"),
            ],
            true,
            false,
        ),
        (
            vec![accept(Some("private-key"), Some("**/id_rsa"), "2026-12-01")],
            false,
            true,
        ),
        (
            vec![accept(Some("private-key"), Some("other"), "2026-12-01")],
            false,
            false,
        ),
        (
            vec![accept(Some("env-file"), Some("**"), "2026-12-01")],
            false,
            false,
        ),
        (vec![accept(None, Some("**"), "2026-12-01")], true, true),
    ] {
        let (of_log, of_key) = states(&lines);
        assert_eq!(
            (is_accepted(&of_log), is_accepted(&of_key)),
            (log, key),
            "{lines:?}"
        );
    }
}

#[test]
fn what_expired_counts_again_and_says_so() {
    let day = |text: &str| text.parse().expect("a day");
    let (log, _) = states(&[accept(Some("log-files"), None, "2026-11-25")]);
    let want = Acceptance::Expired {
        reason: "known".to_owned(),
        until: day("2026-11-25"),
    };
    assert_eq!(log, want);
    // The longest decides; of paths the first to end.
    let (log, _) = states(&[
        accept(Some("log-files"), None, "2026-11-01"),
        accept(None, Some("var/log/a"), "2027-01-01"),
        accept(None, Some("var/log/b"), "2026-12-24"),
    ]);
    let want = Acceptance::Accepted {
        reason: "known".to_owned(),
        until: day("2026-12-24"),
    };
    assert_eq!(log, want);
}

#[test]
fn what_is_accepted_does_not_count() {
    let mut findings = found(files(&["root/.ssh/id_rsa"], 100));
    assert_eq!(findings.severest(), Some(Severity::High));
    let lines = [accept(None, Some("root/**"), "2027-01-01")];
    let list = AcceptanceList::new(&lines).expect("a list");
    let at = |text: &str| text.parse().expect("a moment");
    list.apply(&mut findings.all, at("2026-11-26T12:00:00Z"));
    assert_eq!(findings.severest(), Some(Severity::Note));
    list.apply(&mut findings.all, at("2027-01-02T00:00:00Z"));
    assert_eq!(findings.severest(), Some(Severity::High));
    assert_eq!(list.idle(&findings.all), [0; 0]);
    let other = AcceptanceList::new(&[accept(Some("sudo"), None, "2027-01-01")]).expect("a list");
    assert_eq!(other.idle(&findings.all), [0]);
}

#[test]
fn lines_that_cannot_be_used_say_why() {
    let mut silent = accept(Some("sudo"), None, "2027-01-01");
    silent.reason = " ".to_owned();
    for (line, want) in [
        (accept(None, None, "2027-01-01"), "neither `id` nor `path`"),
        (
            accept(Some("sudoo"), None, "2027-01-01"),
            "no finding `sudoo`",
        ),
        (accept(Some("sudo"), None, "soon"), "`soon` is no day"),
        (
            accept(None, Some("a/{b"), "2027-01-01"),
            "not a path pattern",
        ),
        (silent, "has no reason"),
    ] {
        let error = AcceptanceList::new(&[line])
            .expect_err("no list")
            .to_string();
        assert!(error.contains(want), "{error}");
    }
}
