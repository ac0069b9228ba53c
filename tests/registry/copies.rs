//! Versions copied: within a registry, to another one, broken off, with what is attached.

use std::sync::Mutex;

use hyper::body::Bytes as Chunk;
use karat::model::bytes::Bytes;
use karat::model::digest::Digest;
use karat::registry::copy::{CopyNews, CopyOptions, How, copy};
use karat::registry::manifest::OCI_MANIFEST;
use karat::registry::{Document, Registries, RegistryError};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::images::{by, noise, push, push_index, remote, tag};
use crate::support::faults::{Fault, Faults};
use crate::support::registry::{Registry, skopeo};

fn to(name: &str) -> CopyOptions {
    CopyOptions {
        tag: Some(name.to_owned()),
        ..CopyOptions::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_index_goes_to_another_registry_and_only_what_is_missing() {
    let (one, two) = (Registry::plain(), Registry::plain());
    let wire = Faults::before(one.port);
    let registries = Registries::default();
    let source = remote(&registries, &wire.host(), "golden/web");
    let target = remote(&registries, &two.host(), "prod/web");
    let (base, big) = (noise(7, 400_000), noise(8, 700_000));
    let index = push_index(&source, "1.0.0", &[&base, &big]).await;
    let news = Mutex::new(Vec::new());
    let cancel = CancellationToken::new();
    let tell = |it: CopyNews| news.lock().expect("news").push(it);
    let done = copy(&source, &target, &tag("1.0.0"), &to("prod"), tell, &cancel)
        .await
        .expect("copied");
    assert_eq!(done.digest, index.digest);
    assert_eq!((done.blobs_mounted, done.blobs_present), (0, 0));
    assert_eq!(done.manifests, 4, "the index, two images, what attests");
    // Base and big, a configuration each, a statement; the base is in both images.
    assert_eq!(done.blobs_copied, 5);
    let planned = news.lock().expect("news").iter().find_map(|it| match it {
        CopyNews::Planned { blobs, bytes } => Some((*blobs, *bytes)),
        _ => None,
    });
    assert_eq!(planned.map(|it| it.0), Some(5), "known beforehand");
    let reference = format!("docker://{}/prod/web:prod", two.host());
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

    // The next version shares its base: that is not even read.
    push_index(&source, "1.1.0", &[&base, b"little"]).await;
    wire.forget();
    let done = copy(
        &source,
        &target,
        &tag("1.1.0"),
        &to("prod"),
        |_| {},
        &cancel,
    )
    .await
    .expect("copied");
    assert_eq!(
        done.blobs_copied, 2,
        "a configuration and the little layer; the other image is the same: {done:?}"
    );
    assert!(done.bytes_copied < Bytes(5_000), "{done:?}");
    assert!(wire.moved().1 < 20_000, "{:?}", wire.moved());
    // And what is there whole moves nothing.
    let done = copy(
        &source,
        &target,
        &tag("1.1.0"),
        &to("again"),
        |_| {},
        &cancel,
    )
    .await
    .expect("copied");
    assert_eq!(
        (done.blobs_copied, done.blobs_present, done.manifests),
        (0, 0, 0)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn within_a_registry_blobs_are_mounted_and_where_it_will_not_they_are_sent() {
    let registry = Registry::plain();
    let wire = Faults::before(registry.port);
    let registries = Registries::default();
    let source = remote(&registries, &wire.host(), "golden/web");
    let (prod, other) = (
        remote(&registries, &wire.host(), "prod/web"),
        remote(&registries, &wire.host(), "other/web"),
    );
    let big = noise(9, 600_000);
    push(&source, Some("1.0.0"), "amd64", &[&big, b"x"]).await;
    wire.forget();
    let cancel = CancellationToken::new();
    let done = copy(&source, &prod, &tag("1.0.0"), &to("live"), |_| {}, &cancel)
        .await
        .expect("copied");
    assert_eq!((done.blobs_mounted, done.blobs_copied), (3, 0));
    let (sent, got) = wire.moved();
    assert!(sent < 10_000 && got < 10_000, "no blob moved: {sent} {got}");
    // An upload instead of a mount is what a registry answers that will not.
    wire.next(
        9,
        "POST",
        "?mount=",
        Fault::Answer(
            "202 Accepted",
            vec![("Location", "/v2/other/web/blobs/uploads/x".to_owned())],
            String::new(),
        ),
    );
    let hows = Mutex::new(Vec::new());
    let tell = |it: CopyNews| {
        if let CopyNews::Blob { how, .. } = it {
            hows.lock().expect("hows").push(how);
        }
    };
    let done = copy(&source, &other, &tag("1.0.0"), &to("live"), tell, &cancel)
        .await
        .expect("copied");
    assert_eq!((done.blobs_mounted, done.blobs_copied), (0, 3));
    assert_eq!(*hows.lock().expect("hows"), [How::Streamed; 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cuts_on_either_side_are_got_over() {
    let (one, two) = (Registry::plain(), Registry::plain());
    let (left, right) = (Faults::before(one.port), Faults::before(two.port));
    let registries = Registries::default();
    let source = remote(&registries, &left.host(), "golden/web");
    let target = remote(&registries, &right.host(), "golden/web");
    let big = noise(10, 3_000_000);
    let image = push(&source, Some("1.0.0"), "amd64", &[&big]).await;
    let layer = image.layers[0].0.as_str();
    left.next(2, "GET", layer, Fault::CutAfter(1_200_000));
    right.next(1, "PATCH", "/blobs/uploads/", Fault::LoseAnswer);
    right.next(
        1,
        "PUT",
        "/manifests/",
        Fault::Answer("500 Internal Server Error", vec![], String::new()),
    );
    let cancel = CancellationToken::new();
    let done = copy(
        &source,
        &target,
        &tag("1.0.0"),
        &to("1.0.0"),
        |_| {},
        &cancel,
    )
    .await
    .expect("copied in spite of it");
    assert_eq!(done.digest, image.document.digest);
    let reference = format!("docker://{}/golden/web:1.0.0", two.host());
    let folder = tempfile::tempdir_in("/var/tmp").expect("a folder");
    let layout = format!("oci:{}:x", folder.path().display());
    skopeo(&["copy", "--src-tls-verify=false", &reference, &layout]);
    let resumed = left
        .heads()
        .iter()
        .any(|head| head.to_lowercase().contains("range: bytes=1200000-"));
    assert!(resumed, "it went on where it was cut: {:#?}", left.heads());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_blob_is_never_taken_in_and_a_broken_off_copy_leaves_no_version() {
    let (one, two) = (Registry::plain(), Registry::plain());
    let wire = Faults::before(one.port);
    let registries = Registries::default();
    let source = remote(&registries, &wire.host(), "golden/web");
    let target = remote(&registries, &two.host(), "golden/web");
    let big = noise(11, 500_000);
    let image = push(&source, Some("1.0.0"), "amd64", &[&big, b"x"]).await;
    let layer = image.layers[0].0.clone();
    wire.next(9, "GET", layer.as_str(), Fault::Flip(1_000));
    let cancel = CancellationToken::new();
    let wrong = copy(
        &source,
        &target,
        &tag("1.0.0"),
        &to("1.0.0"),
        |_| {},
        &cancel,
    )
    .await;
    assert!(
        matches!(wrong, Err(RegistryError::WrongDigest { .. })),
        "{wrong:?}"
    );
    let is_empty = |name: &'static str| {
        let target = &target;
        let (layer, digest) = (&layer, image.document.digest.clone());
        async move {
            assert_eq!(target.has_blob(layer).await, Ok(None), "{name}");
            assert_eq!(target.head(&tag("1.0.0")).await, Ok(None), "{name}");
            assert_eq!(target.head(&by(&digest)).await, Ok(None), "{name}");
        }
    };
    is_empty("damaged").await;

    // Canceled in the middle of the blob.
    let wire = Faults::before(one.port);
    let source = remote(&registries, &wire.host(), "golden/web");
    wire.next(
        1,
        "GET",
        layer.as_str(),
        Fault::Slow(1_000, std::time::Duration::from_millis(20)),
    );
    let tell = |it: CopyNews| {
        if matches!(it, CopyNews::Moved(_)) {
            cancel.cancel();
        }
    };
    let done = copy(&source, &target, &tag("1.0.0"), &to("1.0.0"), tell, &cancel).await;
    assert_eq!(done, Err(RegistryError::Canceled));
    is_empty("canceled").await;
    // Nothing of it is in the way of another try.
    let cancel = CancellationToken::new();
    let done = copy(
        &source,
        &target,
        &tag("1.0.0"),
        &to("1.0.0"),
        |_| {},
        &cancel,
    )
    .await;
    assert!(done.is_ok(), "{done:?}");
}

/// A process that is killed in the middle of a copy: this very test, run by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_copy_leaves_no_version_and_is_no_obstacle() {
    const TEST: &str = "copies::a_killed_copy_leaves_no_version_and_is_no_obstacle";
    let registries = Registries::default();
    let cancel = CancellationToken::new();
    let hosts = std::env::var("KARAT_TEST_COPY").unwrap_or_default();
    if let Some((from, into)) = hosts.split_once(' ') {
        let source = remote(&registries, from, "golden/web");
        let target = remote(&registries, into, "golden/web");
        let done = copy(
            &source,
            &target,
            &tag("1.0.0"),
            &to("1.0.0"),
            |_| {},
            &cancel,
        )
        .await;
        panic!("it should have been killed before: {done:?}");
    }
    let (one, two) = (Registry::plain(), Registry::plain());
    let wire = Faults::before(one.port);
    let big = noise(20, 2_000_000);
    let source = remote(&registries, &one.host(), "golden/web");
    let target = remote(&registries, &two.host(), "golden/web");
    let index = push_index(&source, "1.0.0", &[b"base", &big]).await;
    let pause = std::time::Duration::from_millis(50);
    // All blobs, so that the large one is among them whatever it is called.
    wire.next(99, "GET", "/blobs/", Fault::Slow(1_000, pause));
    let mut child = std::process::Command::new(std::env::current_exe().expect("itself"))
        .args(["--exact", TEST])
        .env("KARAT_TEST_COPY", format!("{} {}", wire.host(), two.host()))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    let begun = || (wire.moved().1 > 20_000).then_some(());
    crate::support::until("the copy", std::time::Duration::from_secs(20), begun);
    child.kill().expect("it runs still");
    child.wait().expect("it is gone");
    assert_eq!(target.head(&tag("1.0.0")).await, Ok(None));
    assert_eq!(target.head(&by(&index.digest)).await, Ok(None));
    let done = copy(
        &source,
        &target,
        &tag("1.0.0"),
        &to("1.0.0"),
        |_| {},
        &cancel,
    )
    .await
    .expect("copied");
    assert_eq!(done.digest, index.digest);
    let reference = format!("docker://{}/golden/web:1.0.0", two.host());
    let raw = skopeo(&["inspect", "--raw", "--tls-verify=false", &reference]);
    assert_eq!(raw.as_bytes(), &index.bytes[..]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_attached_comes_along_and_what_is_attached_to_that() {
    let (one, two) = (Registry::plain(), Registry::plain());
    let registries = Registries::default();
    let source = remote(&registries, &one.host(), "golden/web");
    let target = remote(&registries, &two.host(), "golden/web");
    let image = push(&source, Some("1.0.0"), "amd64", &[b"x"]).await;
    let note = source
        .push_bytes(Chunk::from_static(b"a note"))
        .await
        .expect("sent");
    let attach = |subject: Document, kind: &'static str| {
        let json = json!({
            "schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": kind,
            "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": image.config, "size": image.config_size },
            "layers": [{ "mediaType": "text/plain", "digest": note, "size": 6 }],
            "subject": { "mediaType": subject.media_type, "digest": subject.digest, "size": subject.size() },
        });
        let document = Document::new(OCI_MANIFEST, Chunk::from(json.to_string()));
        let source = &source;
        async move {
            source.attach(&document).await.expect("attached");
            document
        }
    };
    let bill = attach(image.document.clone(), "application/spdx+json").await;
    attach(bill.clone(), "application/vnd.cncf.notary.signature").await;
    let cancel = CancellationToken::new();
    let (version, prod) = (tag("1.0.0"), to("prod"));
    let again = || copy(&source, &target, &version, &prod, |_| {}, &cancel);
    let done = again().await.expect("copied");
    assert_eq!(done.referrers, 2);
    let there = target
        .referrers(&image.document.digest)
        .await
        .expect("listed");
    assert_eq!(there.len(), 1);
    assert_eq!(there[0].digest, bill.digest);
    assert_eq!(
        target.referrers(&bill.digest).await.map(|it| it.len()),
        Ok(1)
    );
    assert_eq!(target.has_blob(&note).await, Ok(Some(Bytes(6))));
    // One that comes later is brought along although the image is there.
    attach(
        image.document.clone(),
        "application/vnd.cncf.notary.signature",
    )
    .await;
    let done = again().await.expect("copied");
    assert_eq!((done.manifests, done.referrers), (0, 3));
    assert_eq!(
        target
            .referrers(&image.document.digest)
            .await
            .map(|it| it.len()),
        Ok(2)
    );

    let described = karat::registry::inspect::describe(&target, &tag("prod"), None)
        .await
        .expect("there");
    let found = karat::registry::attachments::attachments(&target, &described)
        .await
        .expect("looked");
    assert!(
        found.signature && found.sbom && !found.provenance,
        "{found:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_buildkit_and_cosign_leave_is_found() {
    let registry = Registry::plain();
    let registries = Registries::default();
    let web = remote(&registries, &registry.host(), "golden/web");
    push_index(&web, "1.0.0", &[b"a", b"b"]).await;
    let amd =
        karat::anatomy::archive::platform::Platform::parse("linux/amd64").expect("a platform");
    let look = async || {
        let described = karat::registry::inspect::describe(&web, &tag("1.0.0"), Some(&amd))
            .await
            .expect("there");
        let found = karat::registry::attachments::attachments(&web, &described)
            .await
            .expect("looked");
        ((found.signature, found.sbom, found.provenance), described)
    };
    let (found, described) = look().await;
    assert_eq!(
        found,
        (false, false, true),
        "BuildKit's provenance is in the index"
    );
    let cosign =
        |suffix: &str| format!("{}.{suffix}", described.manifest.as_str().replace(':', "-"));
    push(&web, Some(&cosign("sig")), "amd64", &[b"signature"]).await;
    assert_eq!(look().await.0, (true, false, true));
    push(&web, Some(&cosign("sbom")), "amd64", &[b"bill"]).await;
    assert_eq!(look().await.0, (true, true, true));
}

/// Attaches a note of some kind to what lies under a digest.
pub(crate) async fn attach(remote: &karat::registry::Remote, subject: &Digest, kind: &str) {
    let pointer = karat::registry::Pointer::Digest(subject.clone());
    let there = remote.existing(&pointer).await.expect("it is there");
    let config = remote
        .push_bytes(Chunk::from_static(b"{}"))
        .await
        .expect("sent");
    let json = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": kind,
        "config": { "mediaType": "application/vnd.oci.empty.v1+json", "digest": config, "size": 2 },
        "layers": [{ "mediaType": "application/vnd.oci.empty.v1+json", "digest": config, "size": 2 }],
        "subject": { "mediaType": there.media_type, "digest": there.digest, "size": there.size() },
    });
    let document = Document::new(OCI_MANIFEST, Chunk::from(json.to_string()));
    remote.attach(&document).await.expect("attached");
}
