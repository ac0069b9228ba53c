//! Every key of the documents, on a fleet that has one of each.

use serde_json::json;

use super::*;
use crate::cli::fixture::{events, fleet};
use crate::model::testing::digest;

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
            "platform": "linux/amd64",
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
    let history = history(&events());
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
            "duration_ms": 12000,
            "error": null,
            "log": [],
        })
    );
}
