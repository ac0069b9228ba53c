//! Crates inside Rust programs that were built with `cargo auditable`.

use serde::Deserialize;

use super::gathering::{Gathering, Why};
use super::package::{Package, PackageKind, Source};
use crate::anatomy::merged::LayerNo;

#[derive(Deserialize)]
struct Audit {
    packages: Vec<Crate>,
}

#[derive(Deserialize)]
struct Crate {
    name: String,
    version: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    kind: Use,
    #[serde(default)]
    root: bool,
}

/// What a crate was used for.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Use {
    /// It is in the program.
    #[default]
    Runtime,
    /// It ran while the program was built, and is not in it.
    Build,
    /// Something new.
    #[serde(other)]
    Other,
}

/// Lists the crates that are in a program, its own first.
pub(super) fn read(audit: &[u8], path: &[u8], layer: LayerNo, into: &mut Gathering<'_>) {
    let Ok(mut audit) = serde_json::from_slice::<Audit>(audit) else {
        into.trouble(path, Why::Unreadable);
        return;
    };
    audit.packages.sort_by_key(|it| !it.root);
    let inside = audit.packages.iter().filter(|it| it.kind != Use::Build);
    for it in inside {
        let (name, version) = (it.name.as_bytes(), it.version.as_bytes());
        let mut package = Package::new(PackageKind::Cargo, name, version, layer, path);
        // Where it was taken from, if not from where every crate is.
        package.source =
            matches!(it.source.as_str(), "git" | "local" | "registry").then(|| Source {
                name: it.source.clone(),
                version: None,
            });
        if into.add(package).is_none() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::anatomy::layer::program::Elf;
    use crate::anatomy::packages::Inventory;
    use crate::anatomy::packages::testing::{Layer, merged, told};

    fn inventory(audit: &[u8]) -> Inventory {
        let elf = Elf {
            cargo_auditable: Some(audit.to_vec()),
            ..Elf::default()
        };
        Inventory::of_merged(&merged([Layer::default().program("bin/app", 5_000, elf)]))
    }

    #[test]
    fn crates_are_listed_without_sizes() {
        let audit = br#"{"packages":[
            {"name":"cc","version":"1.0.83","source":"crates.io","kind":"build"},
            {"name":"serde","version":"1.0.190","source":"crates.io","dependencies":[0]},
            {"name":"app","version":"0.1.0","source":"local","dependencies":[1],"root":true}]}"#;
        let inventory = inventory(audit);
        assert_eq!(
            told(&inventory),
            ["cargo app 0.1.0 ? ?", "cargo serde 1.0.190 ? ?"]
        );
        let source = inventory.packages[0].source.as_ref().expect("a source");
        assert_eq!(source.name, "local");
        assert_eq!(inventory.packages[1].source, None);
        assert_eq!(inventory.packages[1].origin, b"bin/app");
    }

    #[test]
    fn hostile_audits_are_told() {
        let deep = format!("{{\"packages\":{}", "[".repeat(100_000));
        for hostile in [
            &b""[..],
            b"{}",
            b"[]",
            b"{\"packages\":[{}]}",
            deep.as_bytes(),
        ] {
            let inventory = inventory(hostile);
            assert_eq!(inventory.packages, []);
            assert_eq!(inventory.troubles[0].path, b"bin/app");
        }
        let new = br#"{"packages":[{"name":"a","version":"1","kind":"new","more":1}]}"#;
        assert_eq!(inventory(new).packages.len(), 1);
    }
}
