//! Images taken apart, against what the engine itself shows of them.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use karat::anatomy::image::{ImageFacts, LayerFacts};
use karat::anatomy::layer::index::Kind;
use karat::anatomy::merged::{LayerNo, NodeId, View};
use karat::explain::{Ask, Explained, Explainer, Watch};
use karat::model::digest::Digest;
use karat::model::project::Project;
use karat::store::Store;
use serde_json::{Value, json};

use crate::place::{REPOSITORY, loaded, project};
use crate::support::image::Recipe;
use crate::support::proxy::{Rule, When};
use crate::support::{Api, Engine, Karat, Proxy, ended};

/// Steps, each in the shell of a container of the version before: everything that an engine
/// writes into a layer in its own way.
const STEPS: [&str; 4] = [
    "mkdir -p /opt/a/b /opt/keep; echo one >/opt/a/b/one; echo two >/opt/a/two;
     ln /opt/a/two /opt/a/also; ln -s a /opt/link; echo odd >'/opt/odd name';
     echo keep >/opt/keep/me; chmod 4755 /opt/a/two; touch /opt/empty",
    // Removed, rewritten, changed in nothing but its mode, one of two names gone.
    "rm -rf /opt/a/b; rm /ballast; echo longer-than-before >/opt/keep/me; chmod 600 /version;
     rm /opt/a/two",
    // A directory removed and made anew: opaque, or whited out file by file.
    "rm -rf /opt/a; mkdir /opt/a; echo new >/opt/a/new; rm /opt/link; mkdir /opt/link;
     echo in >/opt/link/in",
    // A file where a directory was, and the other way round.
    "rm -rf /opt/keep; echo file >/opt/keep; rm /opt/empty; mkdir -p /opt/empty/not",
];

/// An engine with an image of five layers; answers its name.
fn layered(api: &Api) -> String {
    api.image(&Recipe {
        ballast: 300_000,
        ..Recipe::new(REPOSITORY, "0")
    });
    for (place, step) in STEPS.iter().enumerate() {
        let script = format!(
            "busybox() {{ /bin/busybox \"$@\"; }};
             for it in mkdir rm ln chmod touch; do eval \"$it() {{ /bin/busybox $it \\\"\\$@\\\"; }}\"; done
             set -e; {step}"
        );
        let made = api.create(
            "step",
            &json!({
                "Image": format!("{REPOSITORY}:{place}"),
                "Cmd": ["/bin/sh", "-c", script],
                "Healthcheck": { "Test": ["NONE"] },
            }),
        );
        api.post(&format!("/containers/{made}/start"), &Value::Null);
        let ended = api.post(&format!("/containers/{made}/wait"), &Value::Null);
        assert_eq!(ended["StatusCode"], 0, "{step}");
        let tag = place + 1;
        api.post(
            &format!("/commit?container={made}&repo={REPOSITORY}&tag={tag}"),
            &json!({ "Cmd": ["/bin/sh", "/app/run.sh"] }),
        );
        api.remove("step");
    }
    format!("{REPOSITORY}:{}", STEPS.len())
}

/// What a path is: kind, length, permissions, owner, where it points.
type What = (char, u64, u32, u64, u64, String);

/// What the engine itself puts into every container.
const OF_THE_ENGINE: [&str; 8] = [
    ".dockerenv",
    "dev",
    "etc/hostname",
    "etc/hosts",
    "etc/mtab",
    "etc/resolv.conf",
    "proc",
    "sys",
];

fn of_the_engine(path: &str) -> bool {
    OF_THE_ENGINE.iter().any(|it| {
        path == *it
            || path
                .strip_prefix(it)
                .is_some_and(|rest| rest.starts_with('/'))
    })
}

/// The files of a container of the image, as the engine exports them.
fn exported(api: &Api, image: &str) -> BTreeMap<String, What> {
    let made = api.create("exported", &json!({ "Image": image }));
    let path = format!("/containers/{made}/export");
    let answer = api.ask("GET", &path, "text/plain", b"").expect("exported");
    api.remove("exported");
    let mut files = BTreeMap::new();
    let mut linked = Vec::new();
    let mut archive = tar::Archive::new(answer.body.as_slice());
    for entry in archive.entries().expect("a tar") {
        let entry = entry.expect("an entry");
        let header = entry.header();
        let path = entry.path().expect("a path").display().to_string();
        let path = path.trim_matches('/').to_owned();
        if path.is_empty() || of_the_engine(&path) {
            continue;
        }
        let link = entry.link_name().expect("a link");
        let link = link.map_or(String::new(), |it| it.display().to_string());
        let (kind, link) = match header.entry_type() {
            tar::EntryType::Directory => ('d', String::new()),
            tar::EntryType::Symlink => ('l', link),
            tar::EntryType::Link => {
                linked.push((path.clone(), link));
                ('f', String::new())
            }
            _ => ('f', String::new()),
        };
        let mode = header.mode().expect("a mode") & 0o7777;
        let (uid, gid) = (header.uid().expect("a uid"), header.gid().expect("a gid"));
        let size = header.size().expect("a size");
        files.insert(path, (kind, size, mode, uid, gid, link));
    }
    // Another name of a file is that file.
    for (path, target) in linked {
        let file = files[target.trim_matches('/')].clone();
        files.insert(path, file);
    }
    files
}

/// The same as karat sees them.
fn seen(explained: &Explained) -> BTreeMap<String, What> {
    let merged = &explained.anatomy.merged;
    let view = View::new(merged, merged.last().unwrap_or(LayerNo(0)));
    let mut files = BTreeMap::new();
    let mut ahead = vec![NodeId::ROOT];
    while let Some(directory) = ahead.pop() {
        for child in view.children(merged, directory) {
            let path = String::from_utf8(merged.path(child.node)).expect("UTF-8");
            ahead.push(child.node);
            if of_the_engine(&path) {
                continue;
            }
            let entry = child.entry.and_then(|id| merged.entry(id));
            let Some(entry) = entry else {
                // No layer lists it: engines make such a folder so.
                files.insert(path, ('d', 0, 0o755, 0, 0, String::new()));
                continue;
            };
            let kind = match entry.kind {
                Kind::Directory => 'd',
                Kind::Symlink => 'l',
                _ => 'f',
            };
            let target = entry.target.unwrap_or_default();
            let what = (
                kind,
                entry.size.0,
                u32::from(entry.mode),
                entry.owner.uid.into(),
                entry.owner.gid.into(),
                String::from_utf8_lossy(target).into_owned(),
            );
            files.insert(path, what);
        }
    }
    files
}

fn explainer(project: Project) -> Explainer {
    let store = Arc::new(Store::in_memory().expect("a store"));
    Explainer::new(Arc::new(project), None, store)
}

/// A project with one engine.
fn on(address: &str) -> String {
    project(&[("dev", &[address], "")])
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_visible_is_what_the_engine_exports() {
    let engine = Engine::start();
    let image = layered(&engine.api);
    let explainer = explainer(loaded(&on(&engine.address())));
    let ask = Ask::parse(&image).expect("a name");
    let explained = explainer.explain(&ask, &Watch::default()).await;
    let explained = explained.expect("explained");
    let (exported, seen) = (exported(&engine.api, &image), seen(&explained));
    for path in exported.keys().chain(seen.keys()) {
        assert_eq!(seen.get(path), exported.get(path), "{path}");
    }
    assert!(seen.contains_key("opt/odd name"), "{seen:#?}");
    assert!(!seen.contains_key("ballast"), "{seen:#?}");

    // Bytes: a file with several names once; here every file that has none is a file.
    let merged = &explained.anatomy.merged;
    let view = View::new(merged, merged.last().expect("layers"));
    let visible: u64 = exported.values().map(|what| what.1).sum();
    let of_engine = |path: &str| {
        merged
            .find(path.as_bytes())
            .map_or(0, |node| view.bytes(merged, node).0)
    };
    let extra: u64 = OF_THE_ENGINE.iter().map(|path| of_engine(path)).sum();
    assert_eq!(view.visible_bytes().0, visible + extra);
    let waste = karat::anatomy::waste::Waste::of(merged);
    assert_eq!(waste.visible_bytes, view.visible_bytes());
    assert!(waste.reclaimable().0 > 300_000, "{:?}", waste.reclaimable());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_engine_tells_beforehand_is_what_is_read() {
    let engine = Engine::start();
    let image = layered(&engine.api);
    let explainer = explainer(loaded(&on(&engine.address())));
    let ask = Ask::parse(&image).expect("a name");
    let outline = explainer.outline(&ask).await.expect("an answer");
    let outline = outline.expect("an outline");
    let watch = Watch::default();
    let explained = explainer.explain(&ask, &watch).await.expect("explained");
    let facts = &explained.anatomy.facts;
    assert_eq!(outline.facts.settings, facts.settings);
    assert_eq!(outline.facts.platform, facts.platform);
    // The image's id, which is its configuration's digest but for containerd's store.
    let id = engine.api.get(&format!("/images/{image}/json"))["Id"].clone();
    assert_eq!(Some(outline.facts.config.as_str()), id.as_str());
    let steps = |facts: &ImageFacts| -> Vec<_> {
        let of = |layer: &LayerFacts| {
            (
                layer.diff_id.clone(),
                layer.step.as_ref()?.instruction.clone(),
            )
                .into()
        };
        facts
            .layers
            .iter()
            .map(of)
            .collect::<Option<Vec<_>>>()
            .expect("steps")
    };
    assert_eq!(steps(&outline.facts), steps(facts));
    // Each layer was told of once, with about the bytes that were promised.
    let told = watch.new_layers();
    assert_eq!(told.len(), facts.layers.len());
    for (layer, promised) in outline.facts.layers.iter().zip(&outline.sizes) {
        let told = told.iter().find(|told| told.diff_id == layer.diff_id);
        let told = told.expect("told of");
        assert!(!told.remembered);
        // Engines count where symlinks point to, too, and containerd's store whole blocks of
        // its disk, folders included.
        let promised = promised.expect("a size").0;
        let blocks = told.entries as u64 * 8_192;
        assert!(
            (told.bytes.0..=told.bytes.0 + 1_000 + blocks).contains(&promised),
            "{told:?}, {promised}"
        );
    }
    // Half of it is known from another image: that is told at once.
    let watch = Watch::default();
    let ask = Ask::parse(&format!("{REPOSITORY}:2")).expect("a name");
    explainer.explain(&ask, &watch).await.expect("explained");
    let told = watch.new_layers();
    assert_eq!(
        told.iter().filter(|told| told.remembered).count(),
        3,
        "{told:?}"
    );
}

#[test]
fn the_same_image_is_the_same_wherever_it_is_and_is_read_once() {
    let engine = Engine::start();
    let image = layered(&engine.api);
    let proxy = Proxy::new(&engine.api.socket);
    let karat = Karat::new(&on(&proxy.address()));
    let exports = || {
        let seen = proxy.seen();
        seen.iter().filter(|it| it.contains("/get")).count()
    };
    let from_engine = karat.json(&["layers", &image]);
    assert_eq!(exports(), 1);
    let again = karat.json(&["layers", &image]);
    assert_eq!(exports(), 1, "{:?}", proxy.seen());
    assert_eq!(again, from_engine);
    // An id will do, and a version of the project's image.
    let id = engine.api.get(&format!("/images/{image}/json"))["Id"].clone();
    let id = id.as_str().expect("an id");
    assert_eq!(karat.json(&["layers", id]), from_engine);
    assert_eq!(karat.json(&["layers", "web:4"]), from_engine);
    assert_eq!(exports(), 1, "{:?}", proxy.seen());

    // An older version has no layer that is not known, but it was not met itself.
    let path = format!("/images/{image}/get");
    let answer = engine.api.ask("GET", &path, "text/plain", b"");
    let file = karat.home.path().join("web.tar");
    std::fs::write(&file, answer.expect("saved").body).expect("a file");
    let place = format!("docker-archive:{}", file.display());
    let elsewhere = Karat::new(&on(&proxy.address()));
    // In which blobs the layers were packed, and what lists them, is the archive's affair.
    let mut from_archive = elsewhere.json(&["layers", &place]);
    from_archive["image"]["manifest_digest"] = Value::Null;
    from_archive["image"]["index_digest"] = Value::Null;
    for layer in from_archive["layers"].as_array_mut().expect("a list") {
        layer["blob_digest"] = Value::Null;
        layer["blob_bytes"] = Value::Null;
    }
    assert_eq!(from_archive, from_engine);
    assert_eq!(exports(), 1, "an archive needs no engine");

    assert_eq!(from_engine["schema"], 1);
    assert_eq!(from_engine["layers"].as_array().map(Vec::len), Some(5));
    let sum = |key: &str| from_engine[key].as_u64().expect("bytes");
    assert_eq!(
        sum("layer_bytes"),
        sum("visible_bytes") + sum("reclaimable_bytes")
    );
    let waste = from_engine["waste"].as_array().expect("a list");
    let path = |it: &Value| it["path"].as_str().map(str::to_owned);
    assert_eq!(waste.first().and_then(path).as_deref(), Some("/ballast"));
    let text = karat.run(&["layers", &image]).is(0).out;
    for part in ["LAYERS", "WASTE", "removes 300", "reclaimable"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn contents_come_out_and_stay_where_they_are_told() {
    let engine = Engine::start();
    let image = layered(&engine.api);
    let karat = Karat::new(&on(&engine.address()));
    let cat = |path: &str, more: &[&str]| {
        let mut args = vec!["layers", image.as_str(), "--cat", path];
        args.extend(more);
        karat.run(&args).is(0).out
    };
    assert_eq!(cat("/opt/a/new", &[]), "new\n");
    assert_eq!(cat("opt/keep", &[]), "file\n");
    assert_eq!(cat("/opt/keep/me", &["--layer", "2"]), "keep\n");
    let done = karat.run(&["layers", &image, "--cat", "/opt/nwe"]).is(1);
    assert!(
        done.err.contains("there is no `nwe` in /opt"),
        "{}",
        done.err
    );
    karat
        .run(&["layers", &image, "--extract", "/opt", "--to", "out"])
        .is(0);
    let out = karat.home.path().join("out/opt");
    let read = |path: &str| std::fs::read_to_string(out.join(path)).expect(path);
    assert_eq!(read("a/new"), "new\n");
    assert_eq!(read("odd name"), "odd\n");
    assert!(out.join("empty/not").is_dir());
    // What is there is not written over.
    karat
        .run(&["layers", &image, "--extract", "/opt", "--to", "out"])
        .is(1)
        .says("is there already");
    let tree = karat.json(&["layers", &image, "--tree", "/opt"]);
    let entries = tree["entries"].as_array().expect("a list");
    assert_eq!(entries.len(), 5, "{tree:#}");
    let found = karat
        .run(&["layers", &image, "--regex", "^opt/.*new$"])
        .is(0);
    assert!(found.out.trim().ends_with("/opt/a/new"), "{}", found.out);
}

/// What an entry of a layer is: a file with this content, a folder, a link, another name.
enum Put<'a> {
    File(&'a str),
    Folder,
    Link(&'a str),
    Name(&'a str),
}

/// The name of [`by_hand`].
const BY_HAND: &str = "localhost/by-hand:1";

/// An archive as `docker save` of Docker 20.10 writes it, of an image with links of every
/// sort and with files that lower layers have in vain.
fn by_hand() -> Vec<u8> {
    let layers: [&[(&str, Put<'_>)]; 3] = [
        &[
            ("usr/lib/", Put::Folder),
            ("usr/lib/os", Put::File("a system\n")),
            ("usr/lib/twice", Put::Name("usr/lib/os")),
            ("lib", Put::Link("usr/lib")),
            ("etc/", Put::Folder),
            ("etc/relative", Put::Link("../usr/lib/os")),
            ("etc/absolute", Put::Link("/usr/lib/os")),
            ("etc/through", Put::Link("/lib/os")),
            ("etc/circle", Put::Link("circle")),
            ("opt/gone", Put::File("for nothing\n")),
        ],
        &[
            ("opt/.wh.gone", Put::File("")),
            ("usr/lib/other", Put::File("another\n")),
        ],
        &[
            ("usr/lib/other", Put::File("once more\n")),
            ("etc/other", Put::Link("../../lib/other")),
        ],
    ];
    let layers: Vec<Vec<u8>> = layers.iter().map(|entries| packed(entries)).collect();
    let hex = |bytes: &[u8]| Digest::of(bytes).as_str()["sha256:".len()..].to_owned();
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let diff_ids: Vec<String> = layers
        .iter()
        .map(|it| format!("sha256:{}", hex(it)))
        .collect();
    let history: Vec<Value> = (1..=layers.len())
        .map(|step| json!({ "created": "2026-01-01T00:00:00Z", "created_by": format!("RUN step {step}") }))
        .collect();
    let config = json!({
        "architecture": architecture, "os": "linux", "created": "2026-01-01T00:00:00Z",
        "config": { "Cmd": ["/x"] },
        "rootfs": { "type": "layers", "diff_ids": diff_ids },
        "history": history,
    })
    .to_string();
    let name = format!("{}.json", hex(config.as_bytes()));
    // Names that say nothing of what is in them.
    let places: Vec<String> = (0..layers.len())
        .map(|at| format!("{}/layer.tar", hex(&[u8::try_from(at).expect("few")])))
        .collect();
    let manifest = json!([{ "Config": name, "RepoTags": [BY_HAND], "Layers": places }]).to_string();
    let mut archive = tar::Builder::new(Vec::new());
    let mut put = |name: &str, bytes: &[u8]| {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive
            .append_data(&mut header, name, bytes)
            .expect("memory");
    };
    for (place, layer) in places.iter().zip(&layers) {
        put(place, layer);
    }
    put(&name, config.as_bytes());
    put("manifest.json", manifest.as_bytes());
    archive.into_inner().expect("memory")
}

fn packed(entries: &[(&str, Put<'_>)]) -> Vec<u8> {
    let mut layer = tar::Builder::new(Vec::new());
    for (path, what) in entries {
        let mut header = tar::Header::new_ustar();
        header.set_mode(0o755);
        header.set_size(0);
        let kind = match what {
            Put::File(_) => tar::EntryType::Regular,
            Put::Folder => tar::EntryType::Directory,
            Put::Link(_) => tar::EntryType::Symlink,
            Put::Name(_) => tar::EntryType::Link,
        };
        header.set_entry_type(kind);
        match what {
            Put::File(content) => {
                header.set_size(content.len() as u64);
                layer.append_data(&mut header, path, content.as_bytes())
            }
            Put::Folder => layer.append_data(&mut header, path, std::io::empty()),
            Put::Link(to) | Put::Name(to) => layer.append_link(&mut header, path, to),
        }
        .expect("memory");
    }
    layer.into_inner().expect("memory")
}

/// An engine takes that image in; answers where its archive is in a file.
fn take_in(api: &Api, karat: &Karat) -> String {
    let archive = by_hand();
    let answer = api.ask("POST", "/images/load", "application/x-tar", &archive);
    let answer = answer.expect("an answer");
    let said = String::from_utf8_lossy(&answer.body);
    assert!(
        answer.status == 200 && said.contains("Loaded image"),
        "{} {said}",
        answer.status
    );
    let file = karat.home.path().join("by-hand.tar");
    std::fs::write(&file, archive).expect("a file");
    format!("docker-archive:{}", file.display())
}

#[test]
fn a_file_is_shown_through_links_and_picked_out_of_what_the_engine_hands_over() {
    let engine = Engine::start();
    let proxy = Proxy::new(&engine.api.socket);
    let mut karat = Karat::new(&on(&proxy.address()));
    // Nowhere is room for a temporary file.
    karat.env.push(("TMPDIR".to_owned(), "/nowhere".to_owned()));
    let archive = take_in(&engine.api, &karat);
    let exports = || proxy.seen().iter().filter(|it| it.contains("/get")).count();
    for place in [BY_HAND, archive.as_str()] {
        for (path, content) in [
            ("/usr/lib/os", "a system\n"),
            ("/usr/lib/twice", "a system\n"),
            ("/etc/relative", "a system\n"),
            ("/etc/absolute", "a system\n"),
            ("/lib/os", "a system\n"),
            ("lib/twice", "a system\n"),
            ("/etc/through", "a system\n"),
            ("/etc/other", "once more\n"),
            ("/lib/../../etc/other", "once more\n"),
        ] {
            let before = exports();
            let done = karat.run(&["layers", place, "--cat", path]).is(0);
            assert_eq!(done.out, content, "{place} {path}: {}", done.err);
            // Once the image is known, what is asked for is picked out of one export.
            let cold = path == "/usr/lib/os";
            if place == BY_HAND && !cold {
                assert_eq!(exports() - before, 1, "{path}");
            }
        }
        let seen = ["layers", place, "--cat", "/usr/lib/other", "--layer", "2"];
        assert_eq!(karat.run(&seen).is(0).out, "another\n");
        karat
            .run(&["layers", place, "--cat", "/etc/circle"])
            .is(1)
            .says("they lead in a circle");
        let to = if place == BY_HAND {
            "engine"
        } else {
            "archive"
        };
        karat
            .run(&["layers", place, "--extract", "/", "--to", to])
            .is(0);
        let out = karat.home.path().join(to).join("rootfs");
        let read = |path: &str| std::fs::read_to_string(out.join(path)).expect(path);
        assert_eq!(read("usr/lib/twice"), "a system\n");
        assert_eq!(read("lib/other"), "once more\n");
        assert!(!out.join("opt/gone").exists());
    }
}

#[test]
fn a_platform_is_what_an_engine_has_or_a_sentence() {
    let engine = Engine::start();
    engine.api.usual(REPOSITORY, "1");
    platforms(
        &engine.api,
        &on(&engine.address()),
        &format!("{REPOSITORY}:1"),
    );
}

fn platforms(api: &Api, project: &str, image: &str) {
    let told = api.get(&format!("/images/{image}/json"));
    let text = |key: &str| told[key].as_str().expect("a word").to_owned();
    let own = format!("{}/{}", text("Os"), text("Architecture"));
    let other = if own == "linux/s390x" {
        "linux/amd64"
    } else {
        "linux/s390x"
    };
    let karat = Karat::new(project);
    let plain = karat.json(&["layers", image]);
    assert_eq!(plain["image"]["platform"], own.as_str());
    // What is known, and what is not known yet.
    for karat in [&karat, &Karat::new(project)] {
        let done = karat.run(&["layers", image, "--platform", other]).is(1);
        assert!(done.err.contains(other), "{}", done.err);
        assert_eq!(done.err.trim().lines().count(), 1, "{}", done.err);
        assert_eq!(karat.json(&["layers", image, "--platform", &own]), plain);
    }
    let done = karat.run(&["layers", image, "--platform", "windows"]);
    assert_ne!(done.code, Some(0), "{}", done.said());
}

#[test]
fn podman_has_the_same_image() {
    crate::reach::with_podman(on_podman);
}

fn on_podman(api: &Api) {
    let address = format!("unix://{}", api.socket.display());
    let mut karat = Karat::new(&on(&address));
    karat.env.push(("TMPDIR".to_owned(), "/nowhere".to_owned()));
    let archive = take_in(api, &karat);
    let from_archive = karat.json(&["layers", &archive]);
    let saved = api.ask("GET", &format!("/images/{BY_HAND}/get"), "text/plain", b"");
    let file = karat.home.path().join("podman.tar");
    std::fs::write(&file, saved.expect("saved").body).expect("a file");
    let saved = format!("docker-archive:{}", file.display());
    // Another store: it must be read, not remembered.
    let elsewhere = Karat::new(&on(&address));
    for (karat, place) in [
        (&elsewhere, BY_HAND),
        (&karat, BY_HAND),
        (&karat, saved.as_str()),
    ] {
        let told = karat.json(&["layers", place]);
        for key in [
            "layer_bytes",
            "visible_bytes",
            "reclaimable_bytes",
            "unowned",
            "directories",
            "efficiency",
            "waste",
        ] {
            assert_eq!(told[key], from_archive[key], "{place}: {key}");
        }
        let layers = |told: &Value| -> Vec<Value> {
            let layers = told["layers"].as_array().expect("a list").iter();
            layers
                .map(|it| json!([it["diff_id"], it["file_bytes"], it["added"], it["removed"]]))
                .collect()
        };
        assert_eq!(layers(&told), layers(&from_archive), "{place}");
        assert_eq!(layers(&told).len(), 3);
        for path in ["/etc/through", "/lib/twice"] {
            let done = karat.run(&["layers", place, "--cat", path]).is(0);
            assert_eq!(done.out, "a system\n", "{place} {path}");
        }
    }
    platforms(api, &on(&address), BY_HAND);
}

#[test]
fn rules_are_judged_with_their_figures() {
    let engine = Engine::start();
    let image = layered(&engine.api);
    let rules = |text: &str| {
        let project = format!("{}\n{text}\n", on(&engine.address()));
        Karat::new(&project)
    };
    let kept =
        rules("[layers]\nmax-size = \"50MB\"\nmax-growth = { from = \"3\", bytes = \"1kB\" }");
    kept.run(&["layers", &image, "--ci"])
        .is(0)
        .says("every rule holds");
    let broken = rules("[images.web.layers]\nmax-reclaimable = \"100kB\"");
    let done = broken.run(&["layers", &image, "--ci", "--json"]).is(3);
    let told = done.json();
    assert_eq!(told["passed"], false);
    assert_eq!(told["rules"][0]["rule"], "max-reclaimable");
    assert_eq!(told["rules"][0]["limit"], 100_000);
    // Rules of another image are none of its.
    let other =
        rules("[images.other]\nrepository = \"other\"\n[images.other.layers]\nmax-size = 1");
    other
        .run(&["layers", &image, "--ci"])
        .is(1)
        .says("there is no rule to judge by");
    std::fs::write(
        other.home.path().join(".dive-ci"),
        "rules:\n  lowestEfficiency: 0.1\n  highestWastedBytes: 1kB\n  highestUserWastedPercent: disabled\n",
    )
    .expect("a file");
    other
        .run(&["layers", &image, "--ci"])
        .is(3)
        .says("highestWastedBytes");
}

#[test]
fn a_reading_is_stopped_at_once() {
    let engine = Engine::start();
    engine.api.usual(REPOSITORY, "1");
    let proxy = Proxy::new(&engine.api.socket);
    let karat = Karat::new(&on(&proxy.address()));
    let held = proxy.hold(Rule {
        method: "GET",
        parts: vec!["/get".to_owned()],
        skip: 0,
        when: When::Before,
    });
    let child = karat.spawn(&["layers", &format!("{REPOSITORY}:1")]);
    let request = held.recv_timeout(Duration::from_secs(30)).expect("asked");
    let begun = Instant::now();
    let pid = child.id().to_string();
    let killed = Command::new("kill").args(["-INT", &pid]).status();
    assert!(killed.expect("kill").success());
    let done = ended(child);
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(done.code, Some(130), "{}", done.said());
    assert!(done.err.contains("reading was stopped"), "{}", done.err);
    drop(request);
}

#[test]
fn what_is_not_there_is_one_sentence() {
    let engine = Engine::start();
    let karat = Karat::new(&on(&engine.address()));
    for (image, sentence) in [
        ("nothing:1", "there is no image `nothing:1`"),
        (
            "docker://127.0.0.1:1/web:1",
            "the registry 127.0.0.1:1 refused the connection",
        ),
        ("docker-archive:none.tar", "there is no none.tar"),
    ] {
        let done = karat.run(&["layers", image]).is(1);
        assert!(done.err.contains(sentence), "{image}: {}", done.err);
        assert_eq!(done.err.trim().lines().count(), 1, "{}", done.err);
    }
    let text = karat.home.path().join("text.tar");
    let mut file = String::new();
    std::fs::File::open("/etc/passwd")
        .and_then(|mut it| it.read_to_string(&mut file))
        .expect("text");
    std::fs::write(&text, file).expect("a file");
    let done = karat
        .run(&["layers", &format!("docker-archive:{}", text.display())])
        .is(1);
    assert!(
        done.err.contains("an image's archive was expected"),
        "{}",
        done.err
    );
}
