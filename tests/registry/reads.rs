//! Tags, manifests, blobs, images: read from a plain registry.

use karat::model::bytes::Bytes;
use karat::model::digest::Digest;
use karat::model::reference::Repository;
use karat::registry::inspect::describe;
use karat::registry::{Fresh, Registries, RegistryError};

use crate::images::{by, noise, push, push_index, read, remote, tag};
use crate::support::faults::{Fault, Faults};
use crate::support::registry::{Registry, skopeo};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_repository_has_is_read() {
    let registry = Registry::plain();
    let registries = Registries::default();
    let web = remote(&registries, &registry.host(), "golden/web");
    assert!(matches!(
        web.tags().await,
        Err(RegistryError::NoRepository { .. })
    ));
    let big = noise(1, 300_000);
    let image = push(&web, Some("1.0.0"), "amd64", &[&big, b"small"]).await;
    push(&web, Some("1.1.0"), "amd64", &[&big, b"other"]).await;
    // This registry has them in no order.
    let mut tags = web.tags().await.expect("tags");
    tags.sort();
    assert_eq!(tags, ["1.0.0", "1.1.0"]);

    let head = web.head(&tag("1.0.0")).await.expect("asked");
    let head = head.expect("there");
    assert_eq!(head.digest, image.document.digest);
    assert_eq!(head.size, image.document.size());
    assert_eq!(head.media_type, image.document.media_type);
    assert_eq!(web.head(&tag("9.9.9")).await, Ok(None));
    assert_eq!(web.manifest(&tag("9.9.9")).await, Ok(None));
    let nowhere = Digest::of(b"nowhere");
    assert_eq!(web.head(&by(&nowhere)).await, Ok(None));

    let document = web.existing(&tag("1.0.0")).await.expect("there");
    assert_eq!(document, image.document, "the bytes as they were put");
    let known = image.document.digest.clone();
    assert_eq!(
        web.manifest_if_changed("1.0.0", &known).await,
        Ok(Fresh::Same)
    );
    assert!(matches!(
        web.manifest_if_changed("1.1.0", &known).await,
        Ok(Fresh::Changed(_))
    ));
    assert_eq!(
        web.manifest_if_changed("2.0.0", &known).await,
        Ok(Fresh::Gone)
    );

    let (layer, size, _) = &image.layers[0];
    assert_eq!(web.has_blob(layer).await, Ok(Some(Bytes(*size))));
    assert_eq!(web.has_blob(&nowhere).await, Ok(None));
    let bytes = read(&web, layer, Some(*size)).await.expect("a blob");
    assert_eq!(&Digest::of(&bytes), layer);
    let part = web.blob_range(layer, 100..1_100).await.expect("a part");
    assert_eq!(part, bytes[100..1_100]);
    let beyond = web.blob_range(layer, size - 5..size + 5).await;
    assert!(
        matches!(beyond, Err(RegistryError::WrongSize { .. })),
        "{beyond:?}"
    );
    let small = web.small_blob(&image.config, Bytes(10)).await;
    assert!(
        matches!(small, Err(RegistryError::TooLarge { .. })),
        "{small:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_is_described_without_its_layers() {
    let registry = Registry::plain();
    let wire = Faults::before(registry.port);
    let registries = Registries::default();
    let web = remote(&registries, &wire.host(), "golden/web");
    let big = noise(2, 2_000_000);
    let index = push_index(&web, "1.0.0", &[b"base", &big]).await;
    wire.forget();
    let arm = "linux/arm64".parse_platform();
    let found = describe(&web, &tag("1.0.0"), Some(&arm))
        .await
        .expect("there");
    assert_eq!(found.index, Some(index.digest.clone()));
    assert_eq!(found.platforms, ["linux/amd64", "linux/arm64"]);
    assert_eq!(found.layers.len(), 1);
    assert_eq!(found.attestations.len(), 1);
    let amd = "linux/amd64".parse_platform();
    let found = describe(&web, &tag("1.0.0"), Some(&amd))
        .await
        .expect("there");
    assert_eq!(found.layers.len(), 2);
    assert_eq!(found.diff_ids.len(), 2);
    assert_eq!(found.layers[1].diff_id.as_ref(), found.diff_ids.last());
    let config = found.raw_config.len() as u64;
    let layers: u64 = found.layers.iter().map(|layer| layer.size.0).sum();
    assert_eq!(found.compressed, Bytes(config + layers));
    assert_eq!(
        found.created.map(|it| it.to_rfc3339()).as_deref(),
        Some("2026-11-01T10:00:00+00:00")
    );
    assert_eq!(found.labels["org.opencontainers.image.version"], "none");
    assert!(
        wire.moved().1 < 20_000,
        "no layer was read: {:?}",
        wire.moved()
    );

    // The same, told by a client that is not ours.
    let reference = format!("docker://{}/golden/web:1.0.0", registry.host());
    let told = skopeo(&[
        "inspect",
        "--tls-verify=false",
        "--override-arch",
        "amd64",
        &reference,
    ]);
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(told["Digest"], index.digest.as_str());
    assert_eq!(told["Layers"][1], found.layers[1].digest.as_str());

    let s390 = "linux/s390x".parse_platform();
    let none = describe(&web, &tag("1.0.0"), Some(&s390)).await;
    let told = none.expect_err("no such platform").to_string();
    assert!(
        told.ends_with("has no image for linux/s390x; there is linux/amd64, linux/arm64"),
        "{told}"
    );
}

trait ParsePlatform {
    fn parse_platform(&self) -> karat::anatomy::archive::platform::Platform;
}

impl ParsePlatform for str {
    fn parse_platform(&self) -> karat::anatomy::archive::platform::Platform {
        karat::anatomy::archive::platform::Platform::parse(self).expect("a platform")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_names_the_nearest_that_is() {
    let registry = Registry::plain();
    let registries = Registries::default();
    let web = remote(&registries, &registry.host(), "golden/web");
    push(&web, Some("1.0.0"), "amd64", &[b"x"]).await;
    let told = |error: RegistryError| error.to_string();
    let wrong = web.existing(&tag("1.0.O")).await.map_err(told);
    let host = registry.host();
    assert_eq!(
        wrong.expect_err("no such tag"),
        format!("{host}/golden/web has no tag `1.0.O`; did you mean `1.0.0`?")
    );
    let other = remote(&registries, &host, "golden/wob");
    let wrong = other.existing(&tag("1.0.0")).await.map_err(told);
    assert_eq!(
        wrong.expect_err("no such repository"),
        format!(
            "the registry {host} has no repository `golden/wob`; check its name, or push to it first"
        )
    );
    let wrong = web.existing(&tag("a/../b")).await.map_err(told);
    assert!(
        wrong
            .expect_err("no tag")
            .contains("tags are made of letters"),
        "nothing is asked under such a path"
    );
    let bare = registries.repository(&Repository::new("golden/web"));
    assert!(matches!(bare, Err(RegistryError::NoHost(_))), "{bare:?}");
    let odd = registries.repository(&Repository::new(&format!("{host}/../x")));
    assert!(
        matches!(odd, Err(RegistryError::NoRepository { .. })),
        "{odd:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tags_come_in_pages() {
    let registry = Registry::plain();
    let wire = Faults::before(registry.port);
    let registries = Registries::default();
    let web = remote(&registries, &wire.host(), "golden/web");
    let page = |tags: &str| format!("{{\"name\":\"golden/web\",\"tags\":[{tags}]}}");
    let next = |link: &str| vec![("Link", format!("<{link}>; rel=\"next\""))];
    let list = "/v2/golden/web/tags/list";
    wire.next(
        1,
        "GET",
        "tags/list?n=",
        Fault::Answer(
            "200 OK",
            next(&format!("{list}?last=b&n=2")),
            page("\"a\",\"b\""),
        ),
    );
    wire.next(
        1,
        "GET",
        "last=b",
        Fault::Answer(
            "200 OK",
            next(&format!("{list}?last=d")),
            page("\"c\",\"d\""),
        ),
    );
    wire.next(
        1,
        "GET",
        "last=d",
        Fault::Answer("200 OK", vec![], page("\"e\"")),
    );
    assert_eq!(web.tags().await.expect("pages"), ["a", "b", "c", "d", "e"]);

    // Round in a circle, and away to where the login must not go.
    wire.next(
        9,
        "GET",
        "tags/list",
        Fault::Answer("200 OK", next(list), page("")),
    );
    let wrong = web.tags().await.expect_err("a circle").to_string();
    assert!(wrong.contains("go in a circle"), "{wrong}");
    let wire = Faults::before(registry.port);
    let web = remote(&registries, &wire.host(), "golden/web");
    wire.next(
        1,
        "GET",
        "tags/list",
        Fault::Answer(
            "200 OK",
            next("http://127.0.0.2:1/v2/x/tags/list"),
            page(""),
        ),
    );
    let wrong = web.tags().await.expect_err("elsewhere").to_string();
    assert!(wrong.contains("is on another host"), "{wrong}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tags_that_did_not_change_are_not_sent_again() {
    let registry = Registry::plain();
    let wire = Faults::before(registry.port);
    let registries = Registries::default();
    let web = remote(&registries, &wire.host(), "golden/web");
    let etag = || vec![("ETag", "\"one\"".to_owned())];
    let page = r#"{"tags":["a","\u001b[31mred","b"]}"#.to_owned();
    wire.next(1, "GET", "tags/list", Fault::Answer("200 OK", etag(), page));
    let none = String::new();
    wire.next(
        1,
        "GET",
        "tags/list",
        Fault::Answer("304 Not Modified", etag(), none),
    );
    assert_eq!(
        web.tags().await.expect("tags"),
        ["a", "b"],
        "what is no tag is none"
    );
    wire.forget();
    assert_eq!(web.tags().await.expect("tags"), ["a", "b"]);
    let asked = wire.heads().concat().to_lowercase();
    assert!(asked.contains("if-none-match: \"one\""), "{asked}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_thousand_tags_are_read() {
    let registry = Registry::in_memory();
    let registries = Registries::default();
    let web = remote(&registries, &registry.host(), "golden/web");
    let image = push(&web, Some("0"), "amd64", &[b"x"]).await;
    let tags = registry
        .folder
        .path()
        .join("storage/docker/registry/v2/repositories/golden/web/_manifests/tags");
    for number in 1..5_000 {
        let current = tags.join(format!("1.0.{number}/current"));
        std::fs::create_dir_all(&current).expect("a folder");
        std::fs::write(current.join("link"), image.document.digest.as_str()).expect("a link");
    }
    let begun = std::time::Instant::now();
    let found = web.tags().await.expect("tags");
    eprintln!("5,000 tags: {:?}", begun.elapsed());
    assert_eq!(found.len(), 5_000);
    let head = web.head(&tag("1.0.4999")).await.expect("asked");
    assert_eq!(head.map(|it| it.digest), Some(image.document.digest));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registry_is_greeted() {
    let registry = Registry::plain();
    let registries = Registries::default();
    let checked = registries.check(&registry.host()).await.expect("there");
    assert_eq!(checked.scheme, "http");
    assert_eq!(checked.version.as_deref(), Some("registry/2.0"));
    assert_eq!(checked.who, None);
    let ahead = checked.clock_ahead.expect("a date");
    assert!((-1_500..1_500).contains(&ahead), "{ahead}");

    let host = format!("127.0.0.1:{}", crate::support::registry::free_port());
    let wrong = registries.check(&host).await.expect_err("nobody there");
    assert!(matches!(wrong, RegistryError::Refused { .. }), "{wrong:?}");
    let wrong = registries.check("no-such-host.invalid:5000").await;
    assert!(
        matches!(wrong, Err(RegistryError::UnknownHost { .. })),
        "{wrong:?}"
    );
}
