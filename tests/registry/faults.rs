//! What goes wrong on the way and in the registry: got over where that is right, told in one
//! sentence where it is not.

use std::time::{Duration, Instant};

use karat::model::digest::Digest;
use karat::registry::inspect::describe;
use karat::registry::{Registries, RegistryError};

use crate::images::{by, noise, push, read, remote, tag};
use crate::support::faults::{Fault, Faults};
use crate::support::registry::Registry;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blob_that_is_cut_short_goes_on_and_one_that_is_damaged_is_told() {
    let registry = Registry::plain();
    let wire = Faults::before(registry.port);
    let registries = Registries::default();
    let web = remote(&registries, &wire.host(), "golden/web");
    let bytes = noise(12, 4_000_000);
    let size = Some(bytes.len() as u64);
    let digest = web.push_bytes(bytes.clone().into()).await.expect("sent");
    // Three cuts, one of them before the first byte.
    wire.next(1, "GET", digest.as_str(), Fault::CutAfter(0));
    wire.next(2, "GET", digest.as_str(), Fault::CutAfter(1_500_000));
    wire.forget();
    assert!(read(&web, &digest, size).await == Ok(bytes.clone()));
    assert_eq!(wire.count("GET", digest.as_str()), 4);
    let ranges: Vec<String> = wire
        .heads()
        .iter()
        .flat_map(|head| head.lines())
        .filter(|line| line.to_lowercase().starts_with("range:"))
        .map(str::to_owned)
        .collect();
    assert_eq!(ranges.len(), 2, "{ranges:?}");
    assert!(
        ranges[0].contains("=1500000-") && ranges[1].contains("=3000000-"),
        "{ranges:?}"
    );

    // Cut again and again at the same place it is given up.
    wire.next(20, "GET", digest.as_str(), Fault::CutAfter(0));
    let wrong = read(&web, &digest, size).await.expect_err("given up");
    assert!(
        matches!(wrong, RegistryError::Unreachable { .. }),
        "{wrong:?}"
    );

    let wire = Faults::before(registry.port);
    let web = remote(&registries, &wire.host(), "golden/web");
    wire.next(1, "GET", digest.as_str(), Fault::Flip(2_000_000));
    let wrong = read(&web, &digest, size).await.expect_err("damaged");
    assert!(
        matches!(wrong, RegistryError::WrongDigest { .. }),
        "{wrong:?}"
    );
    assert!(
        wrong
            .to_string()
            .contains("damaged or exchanged on the way"),
        "{wrong}"
    );
    let wrong = read(&web, &digest, Some(17))
        .await
        .expect_err("another size");
    assert!(
        matches!(wrong, RegistryError::WrongSize { .. }),
        "{wrong:?}"
    );
    assert!(read(&web, &digest, None).await == Ok(bytes.clone()));
    // A registry that knows no ranges sends all of it again.
    wire.next(1, "GET", digest.as_str(), Fault::CutAfter(1_500_000));
    wire.next(1, "GET", digest.as_str(), Fault::NoRange);
    wire.forget();
    assert!(read(&web, &digest, size).await == Ok(bytes));
    assert!(wire.moved().1 > 5_000_000, "{:?}", wire.moved());
    let gone = Digest::of(b"gone");
    let wrong = read(&web, &gone, None).await.expect_err("not there");
    assert!(wrong.is_not_there(), "{wrong}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_manifest_is_told() {
    let registry = Registry::plain();
    let wire = Faults::before(registry.port);
    let registries = Registries::default();
    let web = remote(&registries, &wire.host(), "golden/web");
    let image = push(&web, Some("1.0.0"), "amd64", &[b"x"]).await;
    for what in [tag("1.0.0"), by(&image.document.digest)] {
        wire.next(1, "GET", "/manifests/", Fault::Flip(30));
        let wrong = web.manifest(&what).await.expect_err("damaged");
        assert!(
            matches!(wrong, RegistryError::WrongDigest { .. }),
            "{wrong:?}"
        );
    }
    // One that does not say the digest of a tag: it is read.
    wire.next(
        1,
        "HEAD",
        "/manifests/1.0.0",
        Fault::Without("docker-content-digest"),
    );
    let head = web
        .head(&tag("1.0.0"))
        .await
        .expect("asked")
        .expect("there");
    assert_eq!(head.digest, image.document.digest);
    assert_eq!(head.media_type, image.document.media_type);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_are_waited_for_and_stumbling_is_forgiven() {
    let registry = Registry::plain();
    let wire = Faults::before(registry.port);
    let registries = Registries::default();
    let web = remote(&registries, &wire.host(), "golden/web");
    push(&web, Some("1.0.0"), "amd64", &[b"x"]).await;
    let answer = |status, headers| Fault::Answer(status, headers, String::new());
    let limit = |wait: &str| {
        answer(
            "429 Too Many Requests",
            vec![("Retry-After", wait.to_owned())],
        )
    };
    wire.next(1, "GET", "tags/list", limit("2"));
    let begun = Instant::now();
    assert!(web.tags().await.is_ok());
    assert!(begun.elapsed() >= Duration::from_secs(2), "it waited");
    // What changes something is sent again too, where it was not begun.
    wire.next(1, "POST", "/blobs/uploads/", limit("0"));
    assert!(web.push_bytes("y".into()).await.is_ok());
    wire.next(1, "GET", "tags/list", limit("300"));
    let begun = Instant::now();
    let wrong = web.tags().await.expect_err("too long");
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "it does not wait in vain"
    );
    let told = wrong.to_string();
    assert!(told.ends_with("; try again in 5 min"), "{told}");

    for status in [
        "500 Internal Server Error",
        "502 Bad Gateway",
        "503 Service Unavailable",
    ] {
        wire.next(2, "GET", "tags/list", answer(status, vec![]));
        assert!(web.tags().await.is_ok(), "{status}");
    }
    wire.next(1, "GET", "manifests/1.0.0", Fault::CutAfter(20));
    assert!(
        web.existing(&tag("1.0.0")).await.is_ok(),
        "a manifest cut short"
    );
    wire.next(4, "GET", "tags/list", answer("502 Bad Gateway", vec![]));
    let wrong = web.tags().await.expect_err("for good");
    assert!(
        wrong.to_string().contains("bad gateway (HTTP status 502)"),
        "{wrong}"
    );
    // An upload that was begun is not begun twice.
    wire.forget();
    wire.next(
        1,
        "POST",
        "/blobs/uploads/",
        answer("500 Internal Server Error", vec![]),
    );
    let wrong = web.push_bytes("z".into()).await.expect_err("once");
    assert_eq!(wrong.status(), Some(500));
    assert_eq!(wire.count("POST", "/blobs/uploads/"), 1);
    // The answer to the last step is lost, and the step was done.
    wire.next(1, "PUT", "/blobs/uploads/", Fault::LoseAnswer);
    let sent = web.push_bytes("zz".into()).await;
    assert!(sent.is_ok(), "{sent:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_registry_or_no_image_is_told() {
    let registry = Registry::plain();
    let wire = Faults::before(registry.port);
    let registries = Registries::default();
    let web = remote(&registries, &wire.host(), "golden/web");
    let page = |status| {
        Fault::Answer(
            status,
            vec![("Content-Type", "text/html; charset=utf-8".to_owned())],
            "<html>hello</html>".to_owned(),
        )
    };
    for status in ["200 OK", "404 Not Found"] {
        wire.next(1, "GET", "tags/list", page(status));
        let wrong = web.tags().await.expect_err("a page");
        assert!(
            wrong
                .to_string()
                .contains("answers a web page, not a registry's answer"),
            "{wrong}"
        );
        wire.next(2, "GET", "/v2/ ", page(status));
        let wrong = registries.check(&wire.host()).await.expect_err("a page");
        assert!(
            matches!(wrong, RegistryError::NotARegistry { .. }),
            "{wrong:?}"
        );
        wire.next(1, "HEAD", "manifests", page(status));
        let wrong = web.head(&tag("1")).await.expect_err("a page");
        assert!(
            matches!(wrong, RegistryError::NotARegistry { .. }),
            "{wrong:?}"
        );
    }
    let wire = Faults::before(registry.port);
    let web = remote(&registries, &wire.host(), "golden/web");
    let old = r#"{"schemaVersion":1,"name":"x","fsLayers":[{"blobSum":"x"}]}"#;
    let kind = vec![(
        "Content-Type",
        "application/vnd.docker.distribution.manifest.v1+prettyjws".to_owned(),
    )];
    wire.next(
        1,
        "GET",
        "manifests/old",
        Fault::Answer("200 OK", kind, old.to_owned()),
    );
    let wrong = describe(&web, &tag("old"), None).await.expect_err("old");
    assert!(
        wrong.to_string().contains("has a manifest of schema 1"),
        "{wrong}"
    );
    push(&web, Some("1"), "amd64", &[b"x"]).await;
    let image = web.existing(&tag("1")).await.expect("there");
    let helm = String::from_utf8_lossy(&image.bytes)
        .replace("vnd.oci.image.config.v1", "vnd.cncf.helm.config.v1");
    wire.next(
        1,
        "GET",
        "manifests/helm",
        Fault::Answer("200 OK", vec![], helm),
    );
    let wrong = describe(&web, &tag("helm"), None).await.expect_err("helm");
    assert!(
        wrong
            .to_string()
            .ends_with("is no image: it is `application/vnd.cncf.helm.config.v1+json`"),
        "{wrong}"
    );
    wire.next(
        1,
        "GET",
        "manifests/odd",
        Fault::Answer("200 OK", vec![], "[]".to_owned()),
    );
    let wrong = describe(&web, &tag("odd"), None).await.expect_err("odd");
    assert!(
        matches!(wrong, RegistryError::Unreadable { .. }),
        "{wrong:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_registry_is_waited_for() {
    let registry = Registry::plain();
    let wire = Faults::before(registry.port);
    let registries = Registries::default();
    let web = remote(&registries, &wire.host(), "golden/web");
    let bytes = noise(13, 200_000);
    let digest = web.push_bytes(bytes.clone().into()).await.expect("sent");
    wire.next(
        1,
        "GET",
        digest.as_str(),
        Fault::Slow(2_000, Duration::from_millis(10)),
    );
    assert!(read(&web, &digest, None).await == Ok(bytes));
}
