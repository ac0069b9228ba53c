//! An engine, as `karat doctor` sees it.

use std::time::Instant;

use crate::engine::Engine;
use crate::engine::build::{Builder, builder_of};
use crate::model::checkup::{self, Finding};
use crate::model::observation::{EngineKind, ImageStore};
use crate::model::time::Span;
use crate::target::TargetError;

/// Reads what matters to operations.
pub(super) async fn look(engine: &Engine) -> Result<Vec<Finding>, TargetError> {
    let asked = Instant::now();
    engine.ping().await?;
    let took = Span(asked.elapsed());
    let facts = engine.facts().await?;
    let mut findings = vec![Finding::good("reach", format!("answered in {took}"))];
    let kind = match facts.kind {
        EngineKind::Podman => "Podman",
        _ => "Docker",
    };
    let store = match facts.store {
        ImageStore::Classic => "classic image store",
        ImageStore::Containerd => "containerd's image store",
    };
    findings.push(Finding::good(
        "version",
        format!(
            "{kind} {}, API {}, {}, {store}",
            facts.version, facts.api, facts.platform
        ),
    ));
    if let Some(ahead) = engine.clock_ahead().await? {
        findings.push(checkup::clock(ahead));
    }
    findings.push(match builder_of(engine.docker()).await {
        Ok(Builder::Classic) => Finding::note(
            "builds",
            "with the classic builder: it has no BuildKit",
            "`RUN --mount` and cache mounts do not work there; build elsewhere (`--engine`) or install buildx",
        ),
        Ok(_) => Finding::good("builds", "with BuildKit"),
        Err(error) => Finding::note(
            "builds",
            error.to_string(),
            "versions cannot be built there; everything else works",
        ),
    });
    if facts.kind == EngineKind::Podman {
        findings.push(Finding::note(
            "cancel",
            "Podman runs the build step under way to its end before it notices a cancel",
            "nothing to do but wait",
        ));
    }
    Ok(findings)
}
