//! Images taken apart straight from a registry by the real binary: what is read, how much of
//! it, and what is told where that does not go well.

use std::io::{Read as _, Write as _};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use hyper::body::Bytes as Chunk;
use karat::model::digest::Digest;
use karat::registry::manifest::OCI_MANIFEST;
use karat::registry::{Registries, Remote};
use serde_json::{Value, json};

use crate::images::{noise, push, push_index, put, remote};
use crate::pty::{ESC, Term};
use crate::support::faults::{Fault, Faults};
use crate::support::image::Recipe;
use crate::support::registry::{Certificates, Registry, htpasswd, skopeo};
use crate::support::{Engine, Karat, ended, until};

const GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
const PLAIN: &str = "application/vnd.oci.image.layer.v1.tar";
const FOREIGN: &str = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";

/// A layer: its media type, its blob, its diff id.
type Packed = (&'static str, Vec<u8>, Digest);

/// One file as a layer, packed in this way.
fn packed(media_type: &'static str, name: &str, content: &[u8]) -> Packed {
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    tar.append_data(&mut header, name, content).expect("a file");
    let tar = tar.into_inner().expect("a tar");
    let diff_id = Digest::of(&tar);
    let blob = match media_type {
        ZSTD => zstd::bulk::compress(&tar, 1).expect("packed"),
        PLAIN => tar,
        _ => {
            let level = flate2::Compression::fast();
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), level);
            gzip.write_all(&tar).expect("packed");
            gzip.finish().expect("packed")
        }
    };
    (media_type, blob, diff_id)
}

/// Pushes an image of these layers; of foreign ones only what is said of them.
async fn push_packed(remote: &Remote, tag: &str, layers: &[Packed]) -> Digest {
    let (mut blobs, mut diff_ids) = (Vec::new(), Vec::new());
    for (media_type, bytes, diff_id) in layers {
        let digest = Digest::of(bytes);
        let mut blob = json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() });
        if *media_type == FOREIGN {
            blob["urls"] = json!(["https://layers.example.com/one"]);
        } else {
            let sent = remote.push_bytes(Chunk::from(bytes.clone())).await;
            assert_eq!(sent.expect("a layer"), digest);
        }
        blobs.push(blob);
        diff_ids.push(diff_id);
    }
    let config = json!({
        "architecture": "amd64", "os": "linux", "created": "2026-11-01T10:00:00Z",
        "config": { "Env": ["A=b"], "Cmd": ["run"] },
        "history": diff_ids.iter().map(|_| json!({ "created_by": "COPY . /" })).collect::<Vec<_>>(),
        "rootfs": { "type": "layers", "diff_ids": diff_ids },
    })
    .to_string();
    let size = config.len();
    let config = remote.push_bytes(config.into()).await.expect("a config");
    let manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": config, "size": size,
        },
        "layers": blobs,
    });
    put(remote, Some(tag), OCI_MANIFEST, &manifest).await.digest
}

/// A registry behind a wire that counts, and a client that goes around it.
struct Shop {
    wire: Faults,
    web: Remote,
    registry: Registry,
}

impl Shop {
    fn open() -> Self {
        let registry = Registry::plain();
        let wire = Faults::before(registry.port);
        let web = remote(&Registries::default(), &registry.host(), "golden/web");
        Self {
            wire,
            web,
            registry,
        }
    }

    fn name(&self, rest: &str) -> String {
        format!("docker://{}/golden/web{rest}", self.wire.host())
    }

    /// The blobs that were asked for, but for configurations.
    fn layers_read(&self, layers: &[Packed]) -> usize {
        let of = |(_, bytes, _): &Packed| self.wire.count("GET", Digest::of(bytes).as_str());
        layers.iter().map(of).sum()
    }

    /// Copies to where skopeo keeps it.
    fn skopeo_copy(&self, all: bool, from: &str, to: &str) {
        let from = format!("docker://{}/golden/web{from}", self.registry.host());
        let mut arguments = vec!["copy", "-q", "--src-tls-verify=false"];
        if all {
            arguments.push("--all");
        }
        if to.starts_with("oci:") {
            arguments.push("--preserve-digests");
        }
        arguments.extend([from.as_str(), to]);
        skopeo(&arguments);
    }
}

/// The report without what an image is called, which depends on where it is.
fn report(karat: &Karat, image: &str, more: &[&str]) -> Value {
    let mut arguments = vec!["layers", image];
    arguments.extend(more);
    let mut told = karat.json(&arguments);
    let names = told["image"]["names"].take();
    assert!(names.is_array(), "{told:#}");
    told
}

fn interrupt(child: &Child) {
    let pid = child.id().to_string();
    let killed = Command::new("kill").args(["-INT", &pid]).status();
    assert!(killed.expect("kill").success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_told_of_an_image_is_the_same_from_everywhere() {
    let shop = Shop::open();
    let layers = [
        packed(GZIP, "etc/base", b"the base"),
        packed(ZSTD, "srv/app", &noise(31, 300_000)),
        packed(PLAIN, "srv/plain", b"as it is"),
    ];
    push_packed(&shop.web, "1.0.0", &layers).await;
    let folder = tempfile::tempdir().expect("a folder");
    let layout = format!("oci:{}/layout:1.0.0", folder.path().display());
    shop.skopeo_copy(false, ":1.0.0", &layout);
    // Each with a memory of its own: nothing is known to any.
    let here = report(&Karat::new(""), &shop.name(":1.0.0"), &[]);
    let there = report(&Karat::new(""), &layout, &[]);
    assert_eq!(here, there);
    assert_eq!(here["layers"].as_array().map(Vec::len), Some(3));
    assert_eq!(here["layers"][1]["blob_bytes"], layers[1].1.len() as u64);

    // An archive of Docker's packs anew, and knows no zstd: everything but the blobs is the
    // same.
    let some = [layers[0].clone(), layers[2].clone()];
    push_packed(&shop.web, "1.1.0", &some).await;
    let saved = format!("docker-archive:{}/saved.tar", folder.path().display());
    shop.skopeo_copy(false, ":1.1.0", &format!("{saved}:golden/web:1.1.0"));
    let mut saved = report(&Karat::new(""), &saved, &[]);
    let mut here = report(&Karat::new(""), &shop.name(":1.1.0"), &[]);
    for told in [&mut saved, &mut here] {
        told["image"]["manifest_digest"].take();
        for layer in told["layers"].as_array_mut().expect("layers") {
            layer["blob_digest"].take();
            layer["blob_bytes"].take();
        }
    }
    assert_eq!(here, saved);

    // In words, it is said where it was.
    let words = Karat::new("").run(&["layers", &shop.name(":1.0.0")]).is(0);
    let place = format!("in the registry as {}/golden/web:1.0.0", shop.wire.host());
    words.says(&place);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_platforms_the_one_that_is_wanted_is_read() {
    let shop = Shop::open();
    let index = push_index(&shop.web, "2.0.0", &[b"the base", b"the app"]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let layout = format!("oci:{}/layout:2.0.0", folder.path().display());
    shop.skopeo_copy(true, ":2.0.0", &layout);
    for platform in ["linux/amd64", "linux/arm64"] {
        let one = ["--platform", platform];
        let here = report(&Karat::new(""), &shop.name(":2.0.0"), &one);
        assert_eq!(here["image"]["platform"], platform);
        assert_eq!(here["image"]["index_digest"], index.digest.as_str());
        assert_eq!(here, report(&Karat::new(""), &layout, &one));
    }
    let wrong = Karat::new("").run(&[
        "layers",
        &shop.name(":2.0.0"),
        "--platform",
        "linux/riscv64",
    ]);
    wrong.is(1).says("there is linux/amd64, linux/arm64");

    // One alone is not passed off as another.
    push(&shop.web, Some("3.0.0"), "amd64", &[b"the base"]).await;
    let arguments = ["layers", &shop.name(":3.0.0"), "--platform", "linux/arm64"];
    let wrong = Karat::new("").run(&arguments).is(1);
    wrong.says("there is no image for linux/arm64, only for `linux/amd64`");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_is_not_known_is_read() {
    let shop = Shop::open();
    let one = [
        packed(GZIP, "base", b"the base"),
        packed(GZIP, "app", b"one"),
    ];
    let two = [
        one[0].clone(),
        packed(ZSTD, "app", b"two"),
        packed(GZIP, "more", b"more"),
    ];
    let digest = push_packed(&shop.web, "1.0.0", &one).await;
    push_packed(&shop.web, "2.0.0", &two).await;
    let karat = Karat::new("");
    let first = karat.json(&["layers", &shop.name(":1.0.0")]);
    assert_eq!(shop.layers_read(&one), 2);
    shop.wire.forget();
    karat.json(&["layers", &shop.name(":2.0.0")]);
    assert_eq!((shop.layers_read(&one), shop.layers_read(&two)), (0, 2));

    // What a tag points to may have changed: that is asked, and nothing else.
    shop.wire.forget();
    let again = karat.json(&["layers", &shop.name(":1.0.0")]);
    assert_eq!(first, again);
    assert_eq!(shop.wire.count("GET", "/blobs/"), 0);
    assert_eq!(shop.wire.count("GET", "/manifests/"), 1);

    // A digest means the same for ever: nothing is asked at all.
    shop.wire.forget();
    let by_digest = report(&karat, &shop.name(&format!("@{digest}")), &[]);
    assert_eq!(by_digest["layers"], first["layers"]);
    assert_eq!(shop.wire.heads(), Vec::<String>::new());

    // Another repository may not have it.
    let other = shop.name(&format!("-other@{digest}"));
    karat
        .run(&["layers", &other])
        .is(1)
        .says("golden/web-other");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn layers_come_several_at_once_and_a_reading_is_stopped_at_once() {
    let shop = Shop::open();
    let layers: Vec<Packed> = (0..6)
        .map(|at| packed(GZIP, &format!("file-{at}"), &noise(40 + at, 200_000)))
        .collect();
    push_packed(&shop.web, "1.0.0", &layers).await;
    // None of them is read to its end before the others have begun.
    let slow = Fault::Slow(1_000, Duration::from_millis(500));
    for (_, bytes, _) in &layers {
        let digest = Digest::of(bytes);
        shop.wire.next(1, "GET", digest.as_str(), slow.clone());
    }
    let karat = Karat::new("");
    let child = karat.spawn(&["layers", &shop.name(":1.0.0")]);
    until("four layers", Duration::from_secs(30), || {
        (shop.layers_read(&layers) == 4).then_some(())
    });
    let begun = Instant::now();
    interrupt(&child);
    let done = ended(child);
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
    done.is(130).says("reading was stopped");
    assert_eq!(shop.layers_read(&layers), 4, "no more than four at once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_layer_that_is_cut_short_goes_on_where_it_was() {
    let shop = Shop::open();
    let layers = [packed(GZIP, "app", &noise(51, 2_000_000))];
    push_packed(&shop.web, "1.0.0", &layers).await;
    let digest = Digest::of(&layers[0].1);
    let cut = Fault::CutAfter(700_000);
    shop.wire.next(2, "GET", digest.as_str(), cut);
    let told = Karat::new("").json(&["layers", &shop.name(":1.0.0")]);
    assert_eq!(told["layers"][0]["file_bytes"], 2_000_000);
    let ranges = shop.wire.heads().join("\n").to_lowercase();
    assert!(ranges.contains("range: bytes=700000-"), "{ranges}");
    assert!(ranges.contains("range: bytes=1400000-"), "{ranges}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_what_it_says_is_told_and_not_remembered() {
    let shop = Shop::open();
    let layers = [
        packed(GZIP, "app", &noise(61, 300_000)),
        packed(PLAIN, "plain", &noise(62, 300_000)),
    ];
    push_packed(&shop.web, "1.0.0", &layers).await;
    for (_, bytes, _) in &layers {
        let karat = Karat::new("");
        let digest = Digest::of(bytes);
        let flip = Fault::Flip(150_000);
        shop.wire.next(1, "GET", digest.as_str(), flip);
        shop.wire.forget();
        let told = karat.run(&["layers", &shop.name(":1.0.0")]).is(1);
        told.says(&format!("blob {digest}"));
        assert_eq!(shop.wire.count("GET", digest.as_str()), 1);
        karat.run(&["layers", &shop.name(":1.0.0")]).is(0);
        assert_eq!(shop.wire.count("GET", digest.as_str()), 2, "read once more");
    }
    let karat = Karat::new("");

    // A blob that is right, and not the layer that the configuration means.
    let mut other = packed(GZIP, "other", b"other");
    let right = other.2.clone();
    other.2 = Digest::of(b"something else");
    push_packed(&shop.web, "2.0.0", &[other.clone()]).await;
    let wrong = karat.run(&["layers", &shop.name(":2.0.0")]).is(1);
    let wrong = wrong.says(&format!("has the diff id {right}"));
    wrong.says(other.2.as_str());
    shop.wire.forget();
    karat.run(&["layers", &shop.name(":2.0.0")]).is(1);
    assert_eq!(shop.layers_read(&[other]), 1, "it was not remembered");

    // More layers than the configuration tells of.
    let config = json!({ "os": "linux", "architecture": "amd64", "rootfs": { "diff_ids": [] } });
    let config = config.to_string();
    let size = config.len();
    let digest = shop.web.push_bytes(config.into()).await.expect("a config");
    let manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest, "size": size,
        },
        "layers": [{
            "mediaType": GZIP, "digest": Digest::of(&layers[0].1), "size": layers[0].1.len(),
        }],
    });
    put(&shop.web, Some("3.0.0"), OCI_MANIFEST, &manifest).await;
    let wrong = karat.run(&["layers", &shop.name(":3.0.0")]).is(1);
    wrong.says("lists 1 layers, but the configuration 0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_layer_that_is_kept_elsewhere_is_not_present() {
    let shop = Shop::open();
    let layers = [
        packed(FOREIGN, "base", b"kept elsewhere"),
        packed(GZIP, "app", b"here"),
    ];
    push_packed(&shop.web, "1.0.0", &layers).await;
    let told = Karat::new("").json(&["layers", &shop.name(":1.0.0")]);
    assert_eq!(told["layers"][0]["present"], false);
    assert_eq!(told["layers"][1]["present"], true);
    assert_eq!(shop.layers_read(&layers[..1]), 0, "nothing asks for it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_or_no_image_is_one_sentence() {
    let shop = Shop::open();
    push(&shop.web, Some("1.2.0"), "amd64", &[b"the base"]).await;
    let karat = Karat::new("");
    let told = karat.run(&["layers", &shop.name(":1.2.O")]).is(1);
    told.says("has no tag `1.2.O`; did you mean `1.2.0`?");
    karat
        .run(&["layers", &shop.name("-none:1")])
        .is(1)
        .says("golden/web-none");
    karat
        .run(&["layers", "docker://golden/web:1"])
        .is(1)
        .says("names no registry, so nothing is looked up for it");
    let chart = shop.web.push_bytes(Chunk::from_static(b"{}")).await;
    let manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST,
        "config": {
            "mediaType": "application/vnd.cncf.helm.config.v1+json",
            "digest": chart.expect("a blob"), "size": 2,
        },
        "layers": [],
    });
    put(&shop.web, Some("chart"), OCI_MANIFEST, &manifest).await;
    let told = karat.run(&["layers", &shop.name(":chart")]).is(1);
    told.says("application/vnd.cncf.helm.config.v1+json");
    let nobody = crate::support::registry::free_port();
    let gone = format!("docker://127.0.0.1:{nobody}/golden/web:1");
    let told = karat.run(&["layers", &gone]).is(1);
    told.says("refused the connection");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_read_of_the_layers_that_have_them() {
    let shop = Shop::open();
    let layers = [
        packed(GZIP, "etc/base", b"the base\n"),
        packed(ZSTD, "srv/app", b"the app\n"),
    ];
    push_packed(&shop.web, "1.0.0", &layers).await;
    let karat = Karat::new("");
    let image = shop.name(":1.0.0");
    let tree = karat.run(&["layers", &image, "--tree"]).is(0);
    tree.says("srv");
    shop.wire.forget();
    let shown = karat.run(&["layers", &image, "--cat", "/srv/app"]).is(0);
    assert_eq!(shown.out, "the app\n");
    assert_eq!(shop.layers_read(&layers[..1]), 0);
    assert_eq!(shop.layers_read(&layers[1..]), 1);
    let to = karat.home.path().join("out");
    let to = to.to_str().expect("text");
    karat
        .run(&["layers", &image, "--extract", "/etc", "--to", to])
        .is(0);
    let mut text = String::new();
    let path = karat.home.path().join("out/etc/base");
    let mut file = std::fs::File::open(path).expect("written");
    file.read_to_string(&mut text).expect("read");
    assert_eq!(text, "the base\n");
    assert_eq!(shop.layers_read(&layers[..1]), 1);

    // One that is damaged on the way is not passed off as right.
    let digest = Digest::of(&layers[1].1);
    shop.wire.next(1, "GET", digest.as_str(), Fault::Flip(60));
    let wrong = karat.run(&["layers", &image, "--cat", "/srv/app"]);
    wrong.is(1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registry_with_tls_and_logins_is_read_as_the_project_says() {
    let folder = Registry::folder();
    let certificates = Certificates::make(folder.path());
    let top = htpasswd(folder.path(), "ci", "hunter2-and-more");
    let registry = Registry::in_folder(folder, &certificates.http(false), &top);
    let host = registry.host();
    let project = format!(
        "[images.web]\nrepository = \"{host}/golden/web\"\n[environments.prod]\nchannel = \"prod\"\n[registries.\"{host}\"]\nca = \"{}\"\nusername_env = \"REGISTRY_USER\"\npassword_env = \"REGISTRY_PASSWORD\"\n",
        certificates.ca.display()
    );
    let mut karat = Karat::new(&project);
    let settings = karat::model::registry::RegistrySettings {
        ca: Some(certificates.ca.clone()),
        login: karat::model::registry::LoginSource::Command(
            ["printf", "ci:hunter2-and-more"]
                .map(str::to_owned)
                .to_vec(),
        ),
        ..Default::default()
    };
    let registries = Registries::new([(host.clone(), settings)].into());
    let web = remote(&registries, &host, "golden/web");
    push(&web, Some("1.0.0"), "amd64", &[b"the base"]).await;
    let image = format!("docker://{host}/golden/web:1.0.0");
    karat
        .run(&["layers", &image])
        .is(1)
        .says("REGISTRY_PASSWORD");
    karat.env = [
        ("REGISTRY_USER", "ci"),
        ("REGISTRY_PASSWORD", "hunter2-and-more"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    let done = karat.run(&["layers", &image]).is(0);
    assert!(!done.said().contains("hunter2"), "{}", done.said());
}

/// Makes an image on an engine, under the name it has behind the wire, and copies it to the
/// registry.
fn on_both(shop: &Shop, engine: &Engine, tag: &str) {
    let full = format!("{}/golden/web", shop.wire.host());
    engine.api.image(&Recipe::new(&full, tag));
    let path = format!("/images/{full}:{tag}/get");
    let saved = engine.api.ask("GET", &path, "text/plain", b"");
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("web.tar");
    std::fs::write(&archive, saved.expect("saved").body).expect("a file");
    skopeo(&[
        "copy",
        "-q",
        "--dest-tls-verify=false",
        &format!("docker-archive:{}", archive.display()),
        &format!("docker://{}/golden/web:{tag}", shop.registry.host()),
    ]);
}

/// A project with that image on an engine.
fn project(shop: &Shop, engine: &Engine) -> String {
    format!(
        "[images.web]\nrepository = \"{}/golden/web\"\n[environments.dev]\nengines = [\"{}\"]\n",
        shop.wire.host(),
        engine.address()
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_interface_reads_a_version_from_the_registry_that_has_it() {
    let shop = Shop::open();
    let engine = Engine::start();
    on_both(&shop, &engine, "0.9.0");
    on_both(&shop, &engine, "1.0.0");
    let more = [packed(GZIP, "srv/more", b"more")];
    push_packed(&shop.web, "2.0.0", &more).await;
    let karat = Karat::new(&project(&shop, &engine));
    let home = karat.home.path();
    let variables = [
        ("HOME", home.display().to_string()),
        ("KARAT_HOME", home.join("karat").display().to_string()),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value));
    let words = [env!("CARGO_BIN_EXE_karat")];
    let term = Term::open((140, 40), &words, home, &variables.to_vec());
    // The registry is among those that are asked.
    term.sees("1 engine up");
    term.keys("v");
    term.see("both versions", |text| {
        text.contains("0.9.0") && text.contains("2.0.0")
    });
    // The newest is first, and no engine has it. The selection stayed on what was there before.
    term.keys("\x1b[H");
    shop.wire.forget();
    term.keys("a");
    term.sees("anatomy of web 2.0.0");
    term.sees("The largest layers");
    assert_eq!(shop.layers_read(&more), 1);
    term.keys(ESC);
    term.misses("anatomy of web");

    // The older one is on the engine, too: the registry is rather asked.
    shop.wire.forget();
    term.keys("\x1b[B");
    term.keys("a");
    term.sees("anatomy of web 1.0.0");
    term.sees("The largest layers");
    let blobs = shop.wire.count("GET", "/golden/web/blobs/");
    assert!(blobs >= 1, "{:?}", shop.wire.heads());
    term.keys(ESC);
    term.misses("anatomy of web");

    // Where it does not let the layers be read, the engine hands them over.
    let kept_back = Fault::Answer("403 Forbidden", Vec::new(), String::new());
    shop.wire.next(9, "GET", "/golden/web/blobs/", kept_back);
    shop.wire.forget();
    term.keys("\x1b[B");
    term.keys("a");
    term.sees("anatomy of web 0.9.0");
    term.sees("The largest layers");
    assert!(shop.wire.count("GET", "/golden/web/blobs/") >= 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn versions_of_registries_and_engines_are_compared() {
    let shop = Shop::open();
    let engine = Engine::start();
    on_both(&shop, &engine, "1.0.0");
    let more = packed(GZIP, "more", b"more");
    push_packed(&shop.web, "2.0.0", &[more]).await;
    let full = format!("{}/golden/web", shop.wire.host());
    let karat = Karat::new(&project(&shop, &engine));
    let (one, two) = (shop.name(":1.0.0"), shop.name(":2.0.0"));
    let told = karat.json(&["diff", &format!("docker-daemon:{full}:1.0.0"), &one]);
    let (before, after) = (&told["before"]["image"], &told["after"]["image"]);
    assert!(before["config_digest"].is_string(), "{told:#}");
    assert_eq!(before["config_digest"], after["config_digest"]);
    karat.run(&["diff", &one, &two]).is(0).says("more");

    // A plain name that no engine has stands for one of the registry that it names.
    shop.wire.forget();
    let done = karat.run(&["layers", &format!("{full}:2.0.0")]).is(0);
    done.says("no engine that answers has")
        .says("it was read from its registry");
    shop.wire.forget();
    let told = karat.run(&["layers", &format!("{full}:2.O.0")]).is(1);
    told.says("there is no image").says("did you mean `2.0.0`?");

    // Of one that the project does not name, or on one engine, nothing is looked up.
    shop.wire.forget();
    karat.run(&["layers", &format!("{full}-x:2.0.0")]).is(1);
    karat.run(&["layers", "web:2.0.0"]).is(1);
    let one_engine = ["layers", &format!("{full}:2.0.0"), "--engine", "dev"];
    karat.run(&one_engine).is(1);
    assert_eq!(shop.wire.heads(), Vec::<String>::new());
}
