use crate::anatomy::packages::testing::{Layer, merged, told};
use crate::anatomy::packages::{Inventory, Why};

const INSTALLED: &str = "C:Q1abc=\nP:musl\nV:1.2.4-r2\nA:x86_64\nS:1\nI:2\no:musl\nt:1\np:so:libc.musl-x86_64.so.1=1\nF:lib\nR:libc.musl-x86_64.so.1\na:0:0:777\nR:ld-musl-x86_64.so.1\nZ:Q1x=\n\n\
C:Q1def=\nP:busybox\nV:1.36.1-r5\nA:x86_64\nD:so:libc.musl-x86_64.so.1 !conflict other>=1\nF:bin\nM:0:0:755\nR:busybox\nF:\nR:top\n\n\
P:virtual\nV:0\nD:busybox~1.36\n";

fn alpine(installed: &[u8]) -> Inventory {
    Inventory::of_merged(&merged([
        Layer::default()
            .file("lib/ld-musl-x86_64.so.1", 600)
            .symlink("lib/libc.musl-x86_64.so.1", "ld-musl-x86_64.so.1")
            .file("bin/busybox", 800)
            .file("top", 1)
            .kept("lib/apk/db/installed", "P:replaced\nV:1\n"),
        Layer::default()
            .kept("lib/apk/db/installed", installed)
            .kept("etc/apk/world", "virtual@edge\n"),
    ]))
}

#[test]
fn packages_are_read_with_their_files() {
    let inventory = alpine(INSTALLED.as_bytes());
    assert_eq!(
        told(&inventory),
        [
            "apk musl 1.2.4-r2 600 2",
            "apk busybox 1.36.1-r5 801 2",
            "apk virtual 0 0 0"
        ]
    );
    assert_eq!(inventory.troubles, []);
    let layers: Vec<_> = inventory.packages.iter().map(|it| it.layer.0).collect();
    assert_eq!(layers, [0, 0, 1]);
    let source = inventory.packages[0].source.as_ref().expect("a source");
    assert_eq!(
        (source.name.as_str(), source.version.as_deref()),
        ("musl", Some("1.2.4-r2"))
    );
    assert_eq!(inventory.closure("virtual").len(), 3);
    assert_eq!(inventory.exclusive("virtual").len(), 3);
    // Not asked for by name, but `virtual` needs it.
    assert_eq!(inventory.exclusive("busybox").len(), 2);
}

#[test]
fn hostile_databases_are_survived() {
    for (hostile, packages, trouble) in [
        (&b""[..], 0, false),
        (b"\n\n\n", 0, false),
        (b"no database", 0, true),
        (b"V:1\nA:x\n\nF:lib\nR:x\n", 0, true),
        (b"P:a", 1, false),
        (b"P:\xff\nF:../..\nR:../../etc\nF:/\nR:", 1, false),
        (b"P:a\nP:b\n\n\n\nP:c\r\n\r\nP:d", 3, false),
    ] {
        let inventory = alpine(hostile);
        assert_eq!(inventory.packages.len(), packages, "{hostile:?}");
        let told = inventory
            .troubles
            .iter()
            .any(|it| it.what == Why::Unreadable);
        assert_eq!(told, trouble, "{hostile:?}");
    }
}
