//! What is written, and that a client that is not ours reads the same.

use futures_util::StreamExt as _;
use hyper::body::Bytes as Chunk;
use karat::model::bytes::Bytes;
use karat::model::digest::Digest;
use karat::registry::manifest::OCI_MANIFEST;
use karat::registry::{Attached, Deleted, Document, Mounted, Registries, RegistryError};
use serde_json::{Value, json};

use crate::images::{Image, by, noise, push, push_index, put, read, remote, tag};
use crate::support::faults::{Fault, Faults};
use crate::support::registry::{Registry, skopeo};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_is_read_by_skopeo_and_the_other_way_round() {
    let registry = Registry::plain();
    let registries = Registries::default();
    let host = registry.host();
    let web = remote(&registries, &host, "golden/web");
    let big = noise(3, 500_000);
    let index = push_index(&web, "1.0.0", &[b"base", &big]).await;
    let reference = format!("docker://{host}/golden/web:1.0.0");
    let raw = skopeo(&["inspect", "--raw", "--tls-verify=false", &reference]);
    assert_eq!(raw.as_bytes(), &index.bytes[..]);
    let folder = tempfile::tempdir_in("/var/tmp").expect("a folder");
    let layout = format!("oci:{}:x", folder.path().display());
    skopeo(&[
        "copy",
        "--all",
        "--src-tls-verify=false",
        &reference,
        &layout,
    ]);
    // Everything is there: skopeo reads all layers and checks them. Back under another name.
    let theirs = format!("docker://{host}/golden/theirs:2");
    skopeo(&["copy", "--all", "--dest-tls-verify=false", &layout, &theirs]);
    let theirs = remote(&registries, &host, "golden/theirs");
    let document = theirs.existing(&tag("2")).await.expect("there");
    assert_eq!(document.digest, index.digest);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tag_moves_by_digest_and_no_blob_does() {
    let registry = Registry::plain();
    let wire = Faults::before(registry.port);
    let registries = Registries::default();
    let web = remote(&registries, &wire.host(), "golden/web");
    let one = push(&web, Some("1.0.0"), "amd64", &[&noise(4, 100_000)]).await;
    let two = push(&web, Some("2.0.0"), "amd64", &[&noise(5, 100_000)]).await;
    wire.forget();
    for image in [&one, &two, &one] {
        let digest = &image.document.digest;
        web.retag(digest, "prod").await.expect("moved");
        let now = web.head(&tag("prod")).await.expect("asked").expect("there");
        assert_eq!(&now.digest, digest);
    }
    assert_eq!(
        wire.count("GET", "/blobs/") + wire.count("POST", "/blobs/"),
        0
    );
    let (sent, got) = wire.moved();
    assert!(sent < 5_000 && got < 5_000, "{sent} {got}");
    let nowhere = Digest::of(b"nowhere");
    let wrong = web.retag(&nowhere, "prod").await.expect_err("not there");
    assert!(wrong.is_not_there(), "{wrong}");

    // Somebody else writes the tag between our writing it and our looking at it.
    let moved = json!({ "docker": "x" }).to_string();
    wire.next(
        1,
        "HEAD",
        "manifests/prod",
        Fault::Answer(
            "200 OK",
            vec![("Docker-Content-Digest", two.document.digest.to_string())],
            moved,
        ),
    );
    let wrong = web.retag(&one.document.digest, "prod").await;
    assert!(
        matches!(&wrong, Err(RegistryError::Overtaken { now, .. }) if *now == two.document.digest.to_string()),
        "{wrong:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn versions_are_deleted_where_the_registry_lets_them() {
    let registry = Registry::plain();
    let registries = Registries::default();
    let web = remote(&registries, &registry.host(), "golden/web");
    let image = push(&web, Some("1.0.0"), "amd64", &[b"x"]).await;
    let digest = image.document.digest;
    assert_eq!(web.delete(&digest).await, Ok(Deleted::Gone));
    assert_eq!(web.delete(&digest).await, Ok(Deleted::NotThere));
    assert_eq!(web.head(&tag("1.0.0")).await, Ok(None));

    let strict = Registry::without_delete();
    let web = remote(&registries, &strict.host(), "golden/web");
    let image = push(&web, Some("1.0.0"), "amd64", &[b"x"]).await;
    let wrong = web.delete(&image.document.digest).await.expect_err("no");
    assert!(matches!(wrong, RegistryError::NoDelete { .. }), "{wrong}");
    assert!(
        wrong.to_string().contains("does not allow deleting"),
        "{wrong}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blobs_are_mounted_and_sent() {
    let registry = Registry::plain();
    let registries = Registries::default();
    let host = registry.host();
    let (web, other) = (
        remote(&registries, &host, "golden/web"),
        remote(&registries, &host, "team/web"),
    );
    let bytes = noise(6, 200_000);
    let digest = web.push_bytes(bytes.clone().into()).await.expect("sent");
    assert_eq!(other.has_blob(&digest).await, Ok(None));
    assert_eq!(other.mount_blob(&digest, &web).await, Ok(Mounted::Done));
    assert_eq!(read(&other, &digest, None).await, Ok(bytes.clone()));
    let nowhere = Digest::of(b"nowhere");
    assert_eq!(other.mount_blob(&nowhere, &web).await, Ok(Mounted::Refused));
    // The upload that was begun instead is given up: of it, this registry keeps empty folders.
    let uploads = registry
        .folder
        .path()
        .join("storage/docker/registry/v2/repositories/team/web/_uploads");
    for upload in std::fs::read_dir(uploads).expect("uploads").flatten() {
        assert!(!upload.path().join("data").exists(), "{upload:?}");
        assert!(!upload.path().join("startedat").exists(), "{upload:?}");
    }

    // A stream that ends with an error leaves nothing.
    let broken = futures_util::stream::iter([
        Ok(Chunk::from(bytes[..1_000].to_vec())),
        Err(RegistryError::Canceled),
    ]);
    let size = Bytes(2_000);
    let wrong = web.push_blob(&nowhere, size, broken.boxed()).await;
    assert_eq!(wrong, Err(RegistryError::Canceled));
    assert_eq!(web.has_blob(&nowhere).await, Ok(None));
    // What is sent under a wrong digest is refused by the registry.
    let lie = futures_util::stream::iter([Ok(Chunk::from(bytes[..2_000].to_vec()))]);
    let wrong = web.push_blob(&nowhere, size, lie.boxed()).await;
    assert!(
        matches!(wrong, Err(RegistryError::Answered { status: 400, .. })),
        "{wrong:?}"
    );
    let empty = web.push_bytes(Chunk::new()).await.expect("nothing, sent");
    assert_eq!(web.has_blob(&empty).await, Ok(Some(Bytes(0))));
}

fn attachment(image: &Image, kind: &str, number: u32) -> Value {
    json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": kind,
        "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": image.config, "size": image.config_size },
        "layers": [],
        "subject": {
            "mediaType": OCI_MANIFEST, "digest": image.document.digest, "size": image.document.size(),
        },
        "annotations": { "number": number.to_string() },
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn attachments_are_listed_under_the_tag_and_none_is_lost_in_a_race() {
    let registry = Registry::plain();
    let registries = Registries::default();
    let web = remote(&registries, &registry.host(), "golden/web");
    let image = push(&web, Some("1.0.0"), "amd64", &[b"x"]).await;
    let subject = &image.document;
    assert_eq!(web.referrers(&subject.digest).await, Ok(Vec::new()));
    let many = (0..6).map(|number| {
        let json = attachment(&image, "application/vnd.example.note", number);
        let document = Document::new(OCI_MANIFEST, Chunk::from(json.to_string()));
        let web = web.clone();
        tokio::spawn(async move { web.attach(&document).await })
    });
    for done in futures_util::future::join_all(many).await {
        assert_eq!(done.expect("no panic"), Ok(Attached::ByTag));
    }
    let found = web.referrers(&subject.digest).await.expect("listed");
    let mut numbers: Vec<&str> = found
        .iter()
        .map(|it| it.annotations["number"].as_str())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, ["0", "1", "2", "3", "4", "5"]);
    assert_eq!(
        found[0].artifact_type.as_deref(),
        Some("application/vnd.example.note")
    );
    // Again is as good as once.
    let json = attachment(&image, "application/vnd.example.note", 3);
    let document = Document::new(OCI_MANIFEST, Chunk::from(json.to_string()));
    assert_eq!(web.attach(&document).await, Ok(Attached::ByTag));
    assert_eq!(
        web.referrers(&subject.digest).await.map(|it| it.len()),
        Ok(6)
    );
    let plain = push(&web, None, "arm64", &[b"y"]).await;
    assert_eq!(web.attach(&plain.document).await, Ok(Attached::ToNothing));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn referrers_come_in_pages_and_their_account_is_the_registrys() {
    let registry = Registry::plain();
    let wire = Faults::before(registry.port);
    let registries = Registries::default();
    let web = remote(&registries, &wire.host(), "golden/web");
    let image = push(&web, Some("1.0.0"), "amd64", &[b"x"]).await;
    let digest = &image.document.digest;
    let entry = |name: &[u8]| {
        json!({ "schemaVersion": 2, "manifests": [{
            "mediaType": OCI_MANIFEST, "digest": Digest::of(name), "size": 3, "artifactType": "a/b",
        }] })
        .to_string()
    };
    let path = format!("/v2/golden/web/referrers/{digest}");
    let kind = || {
        (
            "Content-Type",
            "application/vnd.oci.image.index.v1+json".to_owned(),
        )
    };
    let next = ("Link", format!("<{path}?page=2>; rel=\"next\""));
    wire.next(
        1,
        "GET",
        "page=2",
        Fault::Answer("200 OK", vec![kind()], entry(b"two")),
    );
    wire.next(
        1,
        "GET",
        "/referrers/",
        Fault::Answer("200 OK", vec![kind(), next], entry(b"one")),
    );
    let found = web.referrers(digest).await.expect("listed");
    let digests: Vec<&Digest> = found.iter().map(|it| &it.digest).collect();
    assert_eq!(digests, [&Digest::of(b"one"), &Digest::of(b"two")]);

    // A registry that says it keeps account is not given a tag as well.
    let json = attachment(&image, "a/b", 1);
    let document = Document::new(OCI_MANIFEST, Chunk::from(json.to_string()));
    wire.next(
        1,
        "PUT",
        "/manifests/",
        Fault::Answer(
            "201 Created",
            vec![("OCI-Subject", digest.to_string())],
            String::new(),
        ),
    );
    assert_eq!(web.attach(&document).await, Ok(Attached::ByRegistry));
    assert_eq!(web.tags().await.expect("tags"), ["1.0.0"]);
    // A page of something before the registry is no account.
    let page = || ("Content-Type", "text/html".to_owned());
    wire.next(
        1,
        "GET",
        "/referrers/",
        Fault::Answer("404 Not Found", vec![page()], "<html>".to_owned()),
    );
    assert_eq!(web.referrers(digest).await, Ok(Vec::new()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_registry_refuses_is_told_in_its_words() {
    let registry = Registry::plain();
    let registries = Registries::default();
    let web = remote(&registries, &registry.host(), "golden/web");
    let json = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST,
        "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": Digest::of(b"gone"), "size": 4 },
        "layers": [],
    });
    let bytes = Chunk::from(json.to_string());
    let wrong = web.put_manifest(&tag("x"), OCI_MANIFEST, bytes).await;
    let told = wrong.expect_err("its config is not there").to_string();
    assert!(told.contains("refused while writing"), "{told}");
    assert!(told.contains("blob unknown"), "{told}");
    let index = put(
        &web,
        Some("empty"),
        karat::registry::manifest::OCI_INDEX,
        &json!({
            "schemaVersion": 2, "mediaType": karat::registry::manifest::OCI_INDEX, "manifests": [],
        }),
    )
    .await;
    let wrong = web
        .put_manifest(&by(&Digest::of(b"other")), OCI_MANIFEST, index.bytes)
        .await;
    assert!(
        matches!(wrong, Err(RegistryError::WrongDigest { .. })),
        "{wrong:?}"
    );
}
