//! Registries and channels in the interface: hundreds of tags that are read as one looks at
//! them, and a tag that is moved by keys.

use std::io::Write as _;
use std::process::{Child, Stdio};
use std::time::Duration;

use karat::model::digest::Digest;
use karat::model::reference::Repository;
use karat::registry::manifest::OCI_MANIFEST;
use karat::registry::{Pointer, Registries, Remote};
use serde_json::json;

use crate::pty::{ENTER, ESC, TAB};
use crate::stage::{Somebody, Stage};
use crate::support::registry::{Registry, skopeo};
use crate::support::{needs, until};

/// How many versions there are.
const TAGS: usize = 300;

/// Pushes an image with one file in one layer, and answers its digest.
async fn push(remote: &Remote, version: &str) -> Digest {
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(version.len() as u64);
    header.set_mode(0o644);
    tar.append_data(&mut header, "version", version.as_bytes())
        .expect("a file");
    let tar = tar.into_inner().expect("a tar");
    let diff_id = Digest::of(&tar);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&tar).expect("packed");
    let layer = gzip.finish().expect("packed");
    let config = json!({
        "architecture": "amd64", "os": "linux", "created": "2026-11-01T10:00:00Z",
        "config": { "Labels": { "org.opencontainers.image.version": version } },
        "rootfs": { "type": "layers", "diff_ids": [diff_id] },
    })
    .to_string();
    let (layer_size, config_size) = (layer.len(), config.len());
    let layer = remote.push_bytes(layer.into()).await.expect("a layer");
    let config = remote.push_bytes(config.into()).await.expect("a config");
    let manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": config, "size": config_size,
        },
        "layers": [{
            "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
            "digest": layer, "size": layer_size,
        }],
    })
    .to_string();
    let tag = Pointer::Tag(version.to_owned());
    remote
        .put_manifest(&tag, OCI_MANIFEST, manifest.into())
        .await
        .expect("a manifest")
}

/// A registry with so many versions of `golden/web`, of which `dev` points to the newest and
/// `prod` to the first.
struct Line {
    registry: Registry,
    web: Remote,
    newest: Digest,
    runtime: tokio::runtime::Runtime,
}

impl Line {
    fn new() -> Self {
        let registry = Registry::in_memory();
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let repository = Repository::new(&format!("{}/golden/web", registry.host()));
        let (web, newest) = runtime.block_on(async {
            let web = Registries::default().repository(&repository).expect("it");
            let mut digests = Vec::new();
            for number in 0..TAGS {
                digests.push(push(&web, &format!("1.{number}.0")).await);
            }
            let newest = digests.last().expect("some").clone();
            web.retag(&newest, "dev").await.expect("a tag");
            web.retag(&digests[0], "prod").await.expect("a tag");
            (web, newest)
        });
        Self {
            registry,
            web,
            newest,
            runtime,
        }
    }

    fn points_to(&self, tag: &str) -> Option<Digest> {
        let tag = Pointer::Tag(tag.to_owned());
        let there = self.runtime.block_on(self.web.head(&tag)).expect("asked");
        there.map(|there| there.digest)
    }

    /// Somebody in a project whose two environments are channels.
    fn somebody(&self) -> Somebody {
        let project = format!(
            "[images.web]\nrepository = \"{}/golden/web\"\nversion = \"semver\"\n\
             [environments.dev]\nchannel = \"dev\"\n\
             [environments.prod]\nchannel = \"prod\"\nafter = \"dev\"\nprotected = true\n",
            self.registry.host()
        );
        Somebody::with_project(&project)
    }
}

/// The row of a version: its line, if it is on screen.
fn row<'a>(text: &'a str, version: &str) -> Option<&'a str> {
    text.lines().find(|line| {
        let line = line.trim_start_matches(['│', ' ', '›']);
        line.split_whitespace().next() == Some(version)
    })
}

#[test]
fn tags_become_versions_as_one_looks_at_them_and_a_channel_is_promoted_by_keys() {
    let line = Line::new();
    let somebody = line.somebody();
    let term = somebody.opens(110, 32);
    // Neither the channels nor the registry are engines, and a tag has no health.
    let home = term.see("both tags", |text| {
        text.contains("1.299.0") && text.contains("1.0.0") && text.contains("○ tag")
    });
    assert!(!home.contains("no check"), "{home}");
    assert!(home.contains("registries only"), "{home}");

    term.keys("v");
    term.see("the newest versions, read", |text| {
        text.contains("versions of web")
            && row(text, "1.290.0").is_some_and(|row| row.contains("packed"))
    });
    // What is attached to what is on screen is looked up without being asked for.
    term.sees("signature absent, SBOM absent, provenance absent");
    // Far below only names are known, until one rests there.
    term.keys("/1.150.0");
    term.keys(ENTER);
    term.see("one version, read", |text| {
        row(text, "1.150.0").is_some_and(|row| row.contains("packed"))
    });
    term.keys(ESC);
    term.sees("everything is shown again");
    // The selection stays on it, among its neighbours, which are read in their turn.
    term.see("its neighbours, read", |text| {
        text.contains("›1.150.0") && row(text, "1.151.0").is_some_and(|row| row.contains("packed"))
    });
    term.keys(ENTER);
    let one = term.see("one version, whole", |text| {
        text.contains("signature     absent") || text.contains("Digests")
    });
    assert!(one.contains("platforms     linux/amd64"), "{one}");
    assert!(!one.contains("verified"), "{one}");
    term.keys(ESC);
    term.sees("versions of web");
    term.keys(ESC);

    // From dev to prod, by name.
    term.sees("── web in");
    term.keys("h");
    term.sees("── web in dev");
    let before = line.points_to("prod");
    assert_ne!(before.as_ref(), Some(&line.newest));
    term.keys("p");
    let dialog = term.sees("[ Promote to prod ]");
    for words in ["PROMOTE from dev to prod", "1.299.0", "no byte is moved"] {
        assert!(dialog.contains(words), "`{words}` is missing:\n{dialog}");
    }
    assert!(!dialog.contains("health"), "{dialog}");
    assert_eq!(line.points_to("prod"), before);
    term.keys("prod");
    term.see("the name", |text| text.contains("go on: prod_"));
    term.keys(ENTER);
    term.sees("✓ done");
    assert_eq!(line.points_to("prod").as_ref(), Some(&line.newest));
    // The tag's own page tells who moved it, and there is nothing in it to look into.
    term.keys(ESC);
    term.sees("── web in dev");
    term.keys("l");
    term.sees("── web in prod");
    term.keys(ENTER);
    let page = term.see("who moved it", |text| {
        text.contains("put here      promote by")
    });
    assert!(page.contains("Its tag"), "{page}");
    term.keys("L");
    term.sees("a channel has no containers");
    // A registry that has gone says so, and the history how old it is.
    drop(line);
    term.keys("\x12");
    until("the registry is missed", Duration::from_secs(30), || {
        term.text().contains("registry down").then_some(())
    });
}

/// The same registry, for an engine that has a network of its own: over the same folder, on
/// the same port of that one's loopback.
struct Beside(Child);

impl Beside {
    fn of(stage: &Stage, registry: &Registry) -> Self {
        let child = stage
            .engine
            .inside(&needs("docker-registry", "docker-registry"))
            .arg("serve")
            .arg(registry.folder.path().join("config.yml"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a registry starts");
        Self(child)
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_version_is_published_by_keys() {
    let registry = Registry::plain();
    let repository = format!("{}/golden/web", registry.host());
    let stage = Stage::empty();
    let _beside = Beside::of(&stage, &registry);
    stage.engine.api.usual(&repository, "2.0.0");
    std::fs::create_dir_all(stage.project()).expect("a folder");
    let project = format!(
        "[images.web]\nrepository = \"{repository}\"\nversion = \"semver\"\n\
         [environments.prod]\nengines = [\"context:default\"]\n"
    );
    std::fs::write(stage.project().join("karat.toml"), project).expect("a file");
    let somebody = stage.somebody();
    let term = somebody.opens(110, 32);
    term.sees("1 engine up");
    term.keys("v");
    term.see("the version", |text| {
        row(text, "2.0.0").is_some() && text.contains("P publish")
    });
    term.keys("P");
    let dialog = term.sees("[ Publish 2.0.0 ]");
    for words in ["PUBLISH web 2.0.0", "nothing: the tag is not there yet"] {
        assert!(dialog.contains(words), "`{words}` is missing:\n{dialog}");
    }
    term.keys(TAB);
    term.sees("›[ Publish 2.0.0 ]‹");
    term.keys(ENTER);
    term.sees("✓ done");
    let reference = format!("docker://{repository}:2.0.0");
    let seen = skopeo(&["inspect", "--tls-verify=false", &reference]);
    assert!(seen.contains("sha256:"), "{seen}");
    // The list knows it by and by, and says why once is enough.
    term.keys(ESC);
    term.sees("versions of web");
    term.keys("\x12");
    term.sees("to pull");
    term.keys("P");
    term.sees("2.0.0 is in its registry already");
    // Another version under the same tag is another matter.
    let other = Repository::new(&repository);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let over = runtime.block_on(async {
        let web = Registries::default().repository(&other).expect("it");
        let other = push(&web, "other").await;
        web.retag(&other, "2.0.0").await.expect("a tag");
        other
    });
    term.keys("\x12");
    term.see("that both are there", |text| text.contains("two digests"));
    drop(over);
}
