//! A plan in words and as JSON: what `--dry-run` prints and a question is asked about.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::json::SCHEMA;
use crate::model::plan::{Frozen, Move, Obtain, Plan, Touch};
use crate::model::progress::Report;
use crate::model::rebuild::RebuildPlan;
use crate::model::step::Course;

/// A plan in words.
pub(super) fn text(plan: &Plan) -> String {
    let mut out = String::new();
    let protected = if plan.protected { " (protected)" } else { "" };
    let _ = writeln!(out, "{}{protected}", plan.summary());
    for one in &plan.moves {
        write_move(&mut out, one);
    }
    let steps = plan.course().steps();
    let steps: Vec<&str> = steps.iter().map(|step| step.words()).collect();
    let _ = writeln!(out, "  steps  {}", steps.join(" → "));
    let _ = match plan.course() {
        Course::Container => writeln!(
            out,
            "         any failure puts everything back; the old container stays parked for {}",
            plan.soak
        ),
        Course::Tag => writeln!(out, "         any failure puts the tag back"),
    };
    out
}

fn write_move(out: &mut String, one: &Move) {
    let from: Vec<String> = one.from.iter().map(version).collect();
    let _ = writeln!(out, "\n{}", one.image);
    let _ = writeln!(out, "  from   {}", from.join(", "));
    let _ = writeln!(out, "  to     {}", version(&one.to));
    let _ = writeln!(out, "         {}", one.to.identity);
    match &one.evidence {
        Some(evidence) => {
            let _ = writeln!(out, "  why    {evidence}");
        }
        None => {
            let _ = writeln!(
                out,
                "  why    you named it; it never ran here as far as karat knows"
            );
        }
    }
    for warning in &one.warnings {
        let _ = writeln!(out, "  !      {warning}");
    }
    for touch in &one.touches {
        write_touch(out, touch);
    }
}

fn write_touch(out: &mut String, touch: &Touch) {
    let _ = writeln!(out, "  on     {} · {}", touch.engine, touch.container);
    let _ = match touch.engine.course() {
        Course::Container => writeln!(
            out,
            "         {}; health is waited for up to {}",
            touch.obtain.words(),
            touch.health_wait
        ),
        Course::Tag => writeln!(out, "         {}", touch.obtain.words()),
    };
    for dependent in &touch.dependents {
        let _ = writeln!(
            out,
            "         {dependent} shares its namespaces and is recreated with it"
        );
    }
    for change in &touch.changes {
        let _ = writeln!(out, "         changes: {change}");
    }
    for note in &touch.notes {
        let _ = writeln!(out, "         note: {note}");
    }
}

fn version(version: &Frozen) -> String {
    format!("{} ({})", version.label, version.identity.short())
}

/// A plan as JSON.
pub(super) fn plan_json(plan: &Plan) -> Value {
    let version = |one: &Frozen| json!({ "version": one.label, "digest": one.identity, "reference": one.reference().to_string() });
    let moves: Vec<Value> = plan
        .moves
        .iter()
        .map(|one| {
            let containers: Vec<Value> = one.touches.iter().map(touch_json).collect();
            json!({
                "image": one.image,
                "from": one.from.iter().map(version).collect::<Vec<_>>(),
                "to": version(&one.to),
                "evidence": one.evidence,
                "warnings": one.warnings,
                "containers": containers,
            })
        })
        .collect();
    json!({
        "schema": SCHEMA,
        "operation": plan.kind.word(),
        "summary": plan.summary(),
        "environment": plan.environment,
        "from_environment": plan.from_environment,
        "protected": plan.protected,
        "moves": moves,
        "steps": plan.course().steps(),
    })
}

fn touch_json(touch: &Touch) -> Value {
    let mut obtain = json!(touch.obtain);
    if let Some(object) = obtain.as_object_mut() {
        for (plain, with_unit) in [("size", "size_bytes"), ("bytes", "pull_bytes")] {
            if let Some(size) = object.remove(plain) {
                object.insert(with_unit.to_owned(), size);
            }
        }
        if let Obtain::Pull { last, .. } = &touch.obtain {
            let last =
                last.map(|last| json!({ "pull_bytes": last.bytes, "took_ms": millis(last.took) }));
            object.insert("last".to_owned(), json!(last));
        }
    }
    json!({
        "engine": touch.engine,
        "container": touch.container,
        "container_id": touch.container_id,
        "obtain": obtain,
        "changes": touch.changes,
        "notes": touch.notes,
        "dependents": touch.dependents,
        "health_wait_ms": millis(touch.health_wait),
    })
}

fn millis(span: crate::model::time::Span) -> u64 {
    u64::try_from(span.0.as_millis()).unwrap_or(u64::MAX)
}

/// A rebuild in words. Values of build arguments are not shown: they may be secrets.
pub(super) fn rebuild_text(plan: &RebuildPlan) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "rebuild {} as {}:{}",
        plan.image, plan.repository, plan.version
    );
    let previous = plan
        .previous
        .as_ref()
        .map_or("none yet", |previous| &previous.0);
    let _ = writeln!(out, "  after   {previous}");
    let _ = writeln!(out, "  on      {}", plan.engine);
    let _ = writeln!(out, "  from    {}", plan.recipe.dockerfile.display());
    let _ = writeln!(out, "  context {}", plan.recipe.context.display());
    if let Some(target) = &plan.recipe.target {
        let _ = writeln!(out, "  target  {target}");
    }
    if !plan.recipe.args.is_empty() {
        let names: Vec<&str> = plan.recipe.args.keys().map(String::as_str).collect();
        let _ = writeln!(out, "  args    {}", names.join(", "));
    }
    for (key, value) in &plan.labels {
        let _ = writeln!(out, "  label   {key}={value}");
    }
    for warning in &plan.warnings {
        let _ = writeln!(out, "  !       {warning}");
    }
    out
}

/// A rebuild as JSON.
pub(super) fn rebuild_json(plan: &RebuildPlan, publish: bool) -> Value {
    json!({
        "schema": SCHEMA,
        "operation": "rebuild",
        "image": plan.image,
        "repository": plan.repository,
        "version": plan.version,
        "previous": plan.previous,
        "engine": plan.engine,
        "context": plan.recipe.context,
        "dockerfile": plan.recipe.dockerfile,
        "target": plan.recipe.target,
        "build_args": plan.recipe.args.keys().collect::<Vec<_>>(),
        "no_cache": plan.no_cache,
        "pull": plan.pull,
        "publish": publish,
        "labels": plan.labels,
        "warnings": plan.warnings,
    })
}

/// How an operation ended, as JSON.
pub(super) fn report_json(report: &Report) -> Value {
    let mut history = super::json::history(&report.events, &super::history::Shared::default());
    json!({
        "schema": SCHEMA,
        "id": report.id,
        "outcome": report.outcome,
        "summary": report.summary,
        "error": report.error,
        "duration_ms": millis(report.duration),
        "events": history.get_mut("events").map(Value::take),
    })
}
