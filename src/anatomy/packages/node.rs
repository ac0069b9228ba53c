//! Node's packages: `node_modules/NAME/package.json`.

use serde::Deserialize;

use super::gathering::{Gathering, Why};
use super::package::{Package, PackageKind};
use super::sources::Content;

/// The parts of a `package.json` that matter here.
#[derive(Deserialize)]
struct Manifest {
    name: Option<String>,
    version: Option<String>,
}

/// Reads all packages. What lies below one's directory is its own.
pub(super) fn read(manifests: &[Content<'_>], into: &mut Gathering<'_>) {
    for manifest in manifests {
        let parsed = manifest.unpack().and_then(|content| parse(&content).ok());
        let Some(parsed) = parsed else {
            into.trouble(&manifest.path, Why::Unreadable);
            continue;
        };
        // Without a version it is no package, but a part of one.
        let (Some(name), Some(version)) = (parsed.name, parsed.version) else {
            continue;
        };
        let layer = into.layer_of(manifest.entry);
        let (name, version) = (name.as_bytes(), version.as_bytes());
        let package = Package::new(PackageKind::Node, name, version, layer, &manifest.path);
        let Some(package) = into.add(package) else {
            return;
        };
        if let Some(directory) = into.merged.parent(manifest.node) {
            into.claim_below(package, directory);
        }
    }
}

fn parse(content: &[u8]) -> serde_json::Result<Manifest> {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    serde_json::from_slice(content)
}

#[cfg(test)]
mod tests {
    use crate::anatomy::packages::Inventory;
    use crate::anatomy::packages::testing::{Layer, merged, told};

    const LEFT: &str = r#"{"name":"left-pad","version":"1.3.0","main":[{"a":{}}]}"#;
    const INNER: &str = r#"{"version":"0.1.0","name":"inner"}"#;
    const SCOPED: &str = r#"{"name":"@scope/tool","version":"2.0.0-beta.1"}"#;

    #[test]
    fn packages_own_what_is_below_but_not_what_others_own() {
        let inventory = Inventory::of_merged(&merged([
            Layer::default()
                .kept("app/node_modules/left-pad/package.json", LEFT)
                .file("app/node_modules/left-pad/index.js", 10)
                .kept("app/node_modules/left-pad/lib/package.json", INNER)
                .kept(
                    "app/node_modules/left-pad/node_modules/inner/package.json",
                    INNER,
                )
                .file("app/node_modules/left-pad/node_modules/inner/a/b.js", 20)
                .kept("app/package.json", r#"{"name":"app","version":"1"}"#),
            Layer::default()
                .kept("app/node_modules/@scope/tool/package.json", SCOPED)
                .kept("app/node_modules/@scope/package.json", SCOPED),
        ]));
        let left = 10 + LEFT.len() + INNER.len();
        assert_eq!(
            told(&inventory),
            [
                format!("node left-pad 1.3.0 {left} 3"),
                format!("node inner 0.1.0 {} 2", 20 + INNER.len()),
                format!("node @scope/tool 2.0.0-beta.1 {} 1", SCOPED.len()),
            ]
        );
        let layers: Vec<_> = inventory.packages.iter().map(|it| it.layer.0).collect();
        assert_eq!(layers, [0, 0, 1]);
        assert_eq!(inventory.packages[1].within, None);
    }

    #[test]
    fn hostile_manifests_are_survived() {
        let deep = "[".repeat(100_000);
        for (hostile, packages, troubles) in [
            (&b""[..], 0, 1),
            (b"[]", 0, 1),
            (b"{", 0, 1),
            (br#"{"name":3,"version":"1"}"#, 0, 1),
            (br#"{"type":"module"}"#, 0, 0),
            (b"\xef\xbb\xbf{\"name\":\"a\",\"version\":\"1\"}", 1, 0),
            (b"{\"name\":\"\xff\",\"version\":\"1\"}", 0, 1),
            (deep.as_bytes(), 0, 1),
        ] {
            let layer = Layer::default().kept("node_modules/a/package.json", hostile);
            let inventory = Inventory::of_merged(&merged([layer]));
            assert_eq!(inventory.packages.len(), packages, "{hostile:?}");
            assert_eq!(inventory.troubles.len(), troubles, "{hostile:?}");
        }
    }
}
