//! Every key of the documents, on a fleet that has one of each.

use serde_json::json;

use super::*;
use crate::cli::fixture::{events, fleet};
use crate::cli::plan_text::report_json;
use crate::model::event::Outcome;
use crate::model::plan::OperationId;
use crate::model::progress::Report;
use crate::model::project::Source;
use crate::model::testing::digest;
use crate::model::time::Span;

#[test]
fn status_says_what_runs_where() {
    let status = status(&fleet());
    assert_eq!(status["schema"], 1);
    assert_eq!(status["time"], "2026-11-22T12:00:00Z");
    assert_eq!(status["project"], "/srv/karat.toml");
    let shop = &status["images"][0];
    assert_eq!(
        (&shop["name"], &shop["repository"], &shop["newest"]),
        (&json!("shop"), &json!("shop"), &json!("1.4.2"))
    );
    assert_eq!(
        shop["environments"][2],
        json!({
            "name": "prod",
            "protected": true,
            "version": "1.4.1",
            "digest": digest("1"),
            "digests": [digest("1")],
            "health": "unhealthy",
            "replicas": 2,
            "replicas_running": 2,
            "since": "2026-11-22T11:00:00Z",
            "skew": [
                {"kind": "behind_newest", "text": "1 behind newest"},
                {"kind": "behind_upstream", "text": "1 behind dev"},
            ],
            "known_good": {
                "version": "0",
                "digest": digest("0"),
                "reference": "shop:0",
                "evidence":
                    "ran 1 h here until Sun 2026-11-22 11:00 UTC, healthy when last read",
            },
            "error": null,
            "errors": [],
            "waiting_for": [],
            "locks": [{
                "engine": "prod",
                "container": "web",
                "operation": "00c0ffee00c0ffee",
                "summary": "roll back shop in prod to 1.4.0",
                "owner": "ann@laptop",
                "since": "2026-11-22T11:58:00Z",
            }],
        })
    );
}

#[test]
fn what_is_not_known_is_null_and_nothing_is_zero() {
    let status = status(&fleet());
    let staging = &status["images"][0]["environments"][1];
    for key in [
        "version",
        "digest",
        "health",
        "replicas",
        "since",
        "known_good",
    ] {
        assert_eq!(staging[key], Value::Null, "{key}");
    }
    assert_eq!(staging["error"], "staging: no answer within 5 s\u{1b}[31m");
    assert_eq!(staging["errors"][0]["last_seen"], Value::Null);
    // Prod has answered: that nothing of `side` runs there is known.
    assert_eq!(status["images"][1]["environments"][2]["replicas"], 0);
    assert_eq!(
        status["engines"][2],
        json!({
            "name": "staging",
            "state": "down",
            "error": "no answer within 5 s\u{1b}[31m",
            "since": "2026-11-22T11:57:00Z",
            "retry_at": "2026-11-22T12:01:00Z",
            "last_seen": null,
            "kind": null,
            "version": null,
            "api": null,
            "platform": null,
            "host": null,
        })
    );
    let mut found = fleet();
    found.source = Source::Found;
    assert_eq!(super::status(&found)["project"], Value::Null);
}

#[test]
fn versions_have_every_tag_and_digest() {
    let fleet = fleet();
    let versions = versions(&fleet, &fleet.rows[0]);
    assert_eq!(
        (&versions["schema"], &versions["image"]),
        (&json!(1), &json!("shop"))
    );
    assert_eq!(versions["versions"].as_array().map(Vec::len), Some(3));
    assert_eq!(
        versions["versions"][2],
        json!({
            "version": "1.4.0",
            "tags": ["1.4.0"],
            "identity": digest("0"),
            "digests": {"index": null, "manifest": null, "config": digest("0")},
            "created": "2026-11-22T12:00:00Z",
            "size_bytes": 5000,
            "compressed_bytes": null,
            "platform": "linux/amd64",
            "platforms": [],
            "in_registry": false,
            "pushed": null,
            "attached": null,
            "revoked": false,
            "running_in": [],
            "known_good_in": ["prod"],
            "engines": ["dev", "prod"],
        })
    );
    assert_eq!(versions["versions"][0]["running_in"], json!(["dev"]));
}

#[test]
fn history_is_newest_first() {
    let history = history(&events(), &crate::cli::history::Shared::default());
    assert_eq!(history["schema"], 1);
    assert_eq!(history["events"][0]["outcome"], "undone");
    assert_eq!(history["events"][0]["from"], Value::Null);
    assert_eq!(history["events"][0]["duration_ms"], Value::Null);
    assert_eq!(
        history["events"][1],
        json!({
            "id": "00c0ffee00c0ffee",
            "time": "2026-11-22T12:00:00Z",
            "who": "ann@laptop",
            "operation": "rollback",
            "image": "shop",
            "environment": "prod",
            "from": {"version": "1.4.2", "digest": digest("2")},
            "to": {"version": "1.4.1", "digest": digest("1")},
            "reason": "checkout broken\nbadly",
            "outcome": "done",
            "forked": false,
            "duration_ms": 12000,
            "error": null,
            "log": [],
        })
    );
}

#[test]
fn every_key_is_described() {
    fn keys(value: &Value, into: &mut std::collections::BTreeSet<String>) {
        match value {
            Value::Object(entries) => {
                for (key, value) in entries {
                    into.insert(key.clone());
                    keys(value, into);
                }
            }
            Value::Array(all) => all.iter().for_each(|one| keys(one, into)),
            _ => {}
        }
    }
    let described = include_str!("../../../docs/json.md");
    let fleet = fleet();
    let report = Report {
        id: OperationId("00c0ffee00c0ffee".to_owned()),
        outcome: Outcome::Done,
        summary: "it runs".to_owned(),
        error: None,
        events: events(),
        duration: Span::seconds(1),
    };
    for (heading, document) in [
        ("karat status --json", status(&fleet)),
        (
            "karat versions IMAGE --json",
            versions(&fleet, &fleet.rows[0]),
        ),
        (
            "karat history --json",
            history(&events(), &crate::cli::history::Shared::default()),
        ),
        ("karat promote`, `rollback`", report_json(&report)),
    ] {
        let begin = described.find(heading).expect(heading);
        // What is told of before is told of `as above`.
        let end = described[begin..]
            .find("\n## ")
            .map_or(described.len(), |it| begin + it);
        let mut all = std::collections::BTreeSet::new();
        keys(&document, &mut all);
        for key in all {
            let plain = described[..end].contains(&format!("`{key}`"));
            let list = described[..end].contains(&format!("`{key}[]`"));
            assert!(plain || list, "{heading}: {key}");
        }
    }
}
