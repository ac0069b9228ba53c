//! What an engine tells of an image without handing it over: its settings, its steps and how
//! long its layers are. Shown until the image itself has been read, which is then believed.

use serde_json::{Value, json};

use crate::anatomy::config::Configuration;
use crate::anatomy::config::instruction::instruction;
use crate::anatomy::image::{Fit, ImageFacts, LayerFacts, Presence};
use crate::engine::json as read;
use crate::model::bytes::Bytes;

/// What is known of an image before any of it is read.
#[derive(Clone, Debug)]
pub struct Outline {
    /// What it says of itself.
    pub facts: ImageFacts,
    /// How long the files of each of its layers are, by the engine's word.
    pub sizes: Vec<Option<Bytes>>,
}

/// A step as the engine's history has it.
struct Told<'a> {
    by: &'a str,
    created: Option<i64>,
    comment: &'a str,
    size: u64,
}

/// Puts together what the engine says of the image and of its history, the newest step first.
/// Nothing, where it does not say what the layers are.
pub(super) fn outline(names: Vec<String>, image: &Value, history: &[Value]) -> Option<Outline> {
    let layers = read::list(image, "/RootFS/Layers");
    let told: Vec<Told<'_>> = history.iter().rev().map(told).collect();
    let made = made_layers(&told, layers.len());
    let steps: Vec<Value> = told
        .iter()
        .zip(&made)
        .map(|(step, made)| {
            let created = step
                .created
                .and_then(|at| chrono::DateTime::from_timestamp(at, 0));
            json!({
                "created": created.map(|at| at.to_rfc3339()),
                "created_by": step.by,
                "comment": step.comment,
                "empty_layer": !made,
            })
        })
        .collect();
    let document = json!({
        "os": image.get("Os"),
        "architecture": image.get("Architecture"),
        "variant": image.get("Variant"),
        "created": image.get("Created"),
        "config": image.get("Config"),
        "rootfs": { "type": "layers", "diff_ids": layers },
        "history": steps,
    });
    let configuration = Configuration::read(document.to_string().as_bytes()).ok()?;
    let fits = configuration.history.fit == Fit::Whole;
    let long = told.iter().zip(&made).filter(|(_, made)| **made);
    let sizes = if fits {
        long.map(|(step, _)| Some(Bytes(step.size))).collect()
    } else {
        vec![None; layers.len()]
    };
    Some(Outline {
        facts: facts(names, image, configuration),
        sizes,
    })
}

fn facts(names: Vec<String>, image: &Value, configuration: Configuration) -> ImageFacts {
    let steps = configuration.steps();
    let layers = configuration.diff_ids.iter().zip(steps);
    let layers = layers.map(|(diff_id, step)| LayerFacts {
        diff_id: diff_id.clone(),
        blob: None,
        blob_bytes: None,
        presence: Presence::Present,
        step,
    });
    ImageFacts {
        names,
        index: None,
        manifest: None,
        config: read::digest(image, "/Id").unwrap_or_else(|| configuration.digest.clone()),
        platform: configuration.platform.clone(),
        created: configuration.created,
        layers: layers.collect(),
        settings: configuration.settings,
        history: configuration.history,
    }
}

fn told(step: &Value) -> Told<'_> {
    let text = |key: &str| step.get(key).and_then(Value::as_str).unwrap_or_default();
    Told {
        by: text("CreatedBy"),
        created: read::number(step, "/Created"),
        comment: text("Comment"),
        size: step.get("Size").and_then(Value::as_u64).unwrap_or(0),
    }
}

/// Which steps made a layer. Engines do not say so; but a step that wrote bytes did, and of
/// the others those that may write nothing, if with them there are as many as there are
/// layers. Where no way of counting fits, the first is answered, and claims nothing.
fn made_layers(steps: &[Told<'_>], layers: usize) -> Vec<bool> {
    let wrote: Vec<bool> = steps.iter().map(|step| step.size > 0).collect();
    let may = |keywords: &[&str]| -> Vec<bool> {
        let may = |step: &Told<'_>| {
            let text = instruction(step.by, &[]);
            keywords.contains(&text.split(' ').next().unwrap_or_default())
        };
        steps
            .iter()
            .map(|step| step.size > 0 || may(step))
            .collect()
    };
    let ways = [
        wrote.clone(),
        may(&["WORKDIR"]),
        may(&["RUN", "COPY", "ADD"]),
        may(&["RUN", "COPY", "ADD", "WORKDIR"]),
        vec![true; steps.len()],
    ];
    let count = |way: &Vec<bool>| way.iter().filter(|made| **made).count();
    let fits = ways.into_iter().find(|way| count(way) == layers);
    fits.unwrap_or(wrote)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(layers: usize) -> Value {
        let layers: Vec<String> = (0..layers).map(|at| format!("sha256:{at:064x}")).collect();
        json!({
            "Id": format!("sha256:{:064x}", 77),
            "Os": "linux",
            "Architecture": "amd64",
            "Created": "2026-11-01T10:00:00Z",
            "Config": { "User": "app", "Cmd": ["run"] },
            "RootFS": { "Type": "layers", "Layers": layers },
        })
    }

    fn history(steps: &[(&str, u64)]) -> Vec<Value> {
        let step = |(by, size): &(&str, u64)| json!({ "CreatedBy": by, "Size": size, "Created": 1_700_000_000 });
        steps.iter().rev().map(step).collect()
    }

    fn of(layers: usize, steps: &[(&str, u64)]) -> Outline {
        outline(vec!["web:1".to_owned()], &image(layers), &history(steps)).expect("an outline")
    }

    #[test]
    fn steps_are_joined_with_layers_as_far_as_that_can_be_told() {
        let base = ("/bin/sh -c #(nop) ADD file:0 in / ", 100);
        let cmd = ("/bin/sh -c #(nop)  CMD [\"sh\"]", 0);
        let workdir = ("WORKDIR /srv", 0);
        let nothing = ("RUN /bin/sh -c true # buildkit", 0);
        let built = ("RUN /bin/sh -c make # buildkit", 50);
        type Case<'a> = (usize, &'a [(&'a str, u64)], &'a [Option<&'a str>]);
        let cases: &[Case<'_>] = &[
            // Only what wrote something.
            (
                2,
                &[base, cmd, built],
                &[Some("ADD file:0 /"), Some("RUN make")],
            ),
            (1, &[base, workdir, nothing, cmd], &[Some("ADD file:0 /")]),
            // A folder made by BuildKit is a layer without a byte.
            (
                3,
                &[base, workdir, cmd, built],
                &[Some("ADD file:0 /"), Some("WORKDIR /srv"), Some("RUN make")],
            ),
            (
                2,
                &[base, nothing, cmd],
                &[Some("ADD file:0 /"), Some("RUN true")],
            ),
            (
                3,
                &[base, nothing, workdir, cmd],
                &[Some("ADD file:0 /"), Some("RUN true"), Some("WORKDIR /srv")],
            ),
            // Nothing is claimed where no way of counting fits.
            (5, &[base, cmd], &[None, None, None, None, None]),
            (1, &[base, built], &[None]),
            (2, &[], &[None, None]),
        ];
        for (layers, steps, want) in cases {
            let outline = of(*layers, steps);
            let got: Vec<Option<&str>> = outline
                .facts
                .layers
                .iter()
                .map(|layer| layer.step.as_ref().map(|step| step.instruction.as_str()))
                .collect();
            assert_eq!(got, *want, "{layers} layers of {steps:?}");
            assert_eq!(outline.sizes.len(), *layers);
        }
    }

    #[test]
    fn an_outline_has_what_the_engine_says() {
        let outline = of(2, &[("ADD a /", 100), ("RUN make", 50)]);
        assert_eq!(outline.sizes, [Some(Bytes(100)), Some(Bytes(50))]);
        assert_eq!(outline.facts.platform, "linux/amd64");
        assert_eq!(outline.facts.settings.user, "app");
        assert_eq!(outline.facts.called(), "web:1");
        assert!(outline.facts.config.as_str().ends_with("4d"));
        assert!(outline.facts.created.is_some());
        assert!(super::outline(Vec::new(), &json!({}), &[]).is_none_or(|it| it.sizes.is_empty()));
    }
}
