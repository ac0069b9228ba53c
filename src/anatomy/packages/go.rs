//! Modules inside Go programs.

use super::gathering::Gathering;
use super::package::{Package, PackageKind, Source, text};
use super::stanzas::lines;
use crate::anatomy::layer::program::GoBuild;
use crate::anatomy::merged::LayerNo;

/// Lists the main module of a program, those it depends on, and the standard library.
pub(super) fn read(build: &GoBuild, path: &[u8], layer: LayerNo, into: &mut Gathering<'_>) {
    let module =
        |name: &[u8], version: &[u8]| Package::new(PackageKind::Go, name, version, layer, path);
    let mut replaceable = None;
    let mut modules: Vec<Package> = Vec::new();
    for line in lines(&build.modules) {
        let mut fields = line.split(|byte| *byte == b'\t');
        let what = fields.next().unwrap_or_default();
        let (name, version) = (
            fields.next().unwrap_or_default(),
            fields.next().unwrap_or_default(),
        );
        match what {
            b"mod" | b"dep" if !name.is_empty() => {
                replaceable = Some(modules.len());
                modules.push(module(name, version));
            }
            // What is in the program is the replacement; what it stands for is its source.
            b"=>" => {
                let replaced = replaceable.take().and_then(|at| modules.get_mut(at));
                if let Some(replaced) = replaced {
                    replaced.source = Some(Source {
                        name: std::mem::replace(&mut replaced.name, text(name)),
                        version: Some(std::mem::replace(&mut replaced.version, text(version))),
                    });
                }
            }
            _ => replaceable = None,
        }
    }
    let version = build.version.strip_prefix(b"go").unwrap_or(&build.version);
    if !version.is_empty() {
        modules.push(module(b"stdlib", version));
    }
    for module in modules {
        if into.add(module).is_none() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anatomy::layer::program::Elf;
    use crate::anatomy::packages::Inventory;
    use crate::anatomy::packages::testing::{Layer, merged, told};

    fn inventory(version: &[u8], modules: &[u8]) -> Inventory {
        let build = GoBuild {
            version: version.to_vec(),
            modules: modules.to_vec(),
        };
        let elf = Elf {
            go: Some(build),
            ..Elf::default()
        };
        Inventory::of_merged(&merged([Layer::default().program("bin/app", 5_000, elf)]))
    }

    #[test]
    fn modules_are_listed_without_sizes() {
        let modules = b"path\texample.com/app/cmd\nmod\texample.com/app\t(devel)\t\n\
            dep\tgolang.org/x/sys\tv0.1.0\th1:abc=\ndep\texample.com/old\tv1.0.0\n\
            =>\texample.com/fork\tv1.0.1\th1:def=\nbuild\t-compiler=gc\nbuild\tGOOS=linux\n";
        let inventory = inventory(b"go1.22.1", modules);
        assert_eq!(
            told(&inventory),
            [
                "go example.com/app (devel) ? ?",
                "go golang.org/x/sys v0.1.0 ? ?",
                "go example.com/fork v1.0.1 ? ?",
                "go stdlib 1.22.1 ? ?",
            ]
        );
        let fork = &inventory.packages[2];
        assert_eq!(fork.origin, b"bin/app");
        let replaced = fork.source.as_ref().expect("what it replaces");
        assert_eq!(replaced.name, "example.com/old");
        assert_eq!(replaced.version.as_deref(), Some("v1.0.0"));
        // The program itself is nobody's, and its bytes are told there.
        assert_eq!(inventory.unowned().bytes.0, 5_000);
    }

    #[test]
    fn hostile_modules_are_survived() {
        for (modules, packages) in [
            (&b""[..], 1),
            (b"\n\n=>\tlost\tv1\n", 1),
            (b"mod\n\tmod\tx\ndep\t\t\n", 1),
            (b"dep\ta\tv1\n=>\tb\n=>\tc\n", 2),
            (b"\xff\xfe\t\0\n", 1),
        ] {
            let inventory = inventory(b"go1", modules);
            assert_eq!(inventory.packages.len(), packages, "{modules:?}");
        }
        assert_eq!(inventory(b"", b"").packages.len(), 0);
    }
}
