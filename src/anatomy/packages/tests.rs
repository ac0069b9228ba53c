//! What is true of all kinds of packages together.

use super::testing::{Layer, merged, told};
use super::{Inventory, Why};
use crate::anatomy::merged::{LayerNo, View};

fn directories(inventory: &Inventory) -> Vec<String> {
    let row = |it: &super::UnownedDirectory| {
        let path = String::from_utf8_lossy(&it.path).into_owned();
        let whole = if it.whole { "whole" } else { "itself" };
        format!("/{path} {} {} {whole}", it.bytes.0, it.files)
    };
    inventory.unowned().directories.iter().map(row).collect()
}

#[test]
fn an_empty_image_has_nothing() {
    let inventory = Inventory::of_merged(&merged([]));
    assert_eq!(inventory.packages, []);
    assert_eq!(inventory.unowned().files, 0);
}

#[test]
fn what_nobody_owns_is_told_by_directory() {
    let inventory = Inventory::of_merged(&merged([Layer::default()
        .kept(
            "var/lib/dpkg/status",
            "Package: a\nStatus: install ok installed\nVersion: 1\n",
        )
        .kept(
            "var/lib/dpkg/info/a.list",
            "/usr/bin/a\n/usr/lib/shared/a\n",
        )
        .file("usr/bin/a", 10)
        .file("usr/bin/mine", 300)
        .file("usr/lib/shared/a", 10)
        .file("usr/lib/shared/deep/b", 40)
        .file("opt/app/node/bin/tool", 2000)
        .file("opt/app/node/lib/x", 2000)
        .file("opt/app/readme", 5)
        .directory("empty")]));
    assert_eq!(
        directories(&inventory),
        [
            "/opt/app/node 4000 2 whole",
            "/usr/bin 300 1 itself",
            "/var/lib/dpkg 51 1 itself",
            "/usr/lib/shared/deep 40 1 whole",
            "/opt/app 5 1 itself",
        ]
    );
}

#[test]
fn every_visible_byte_is_somebodys_or_nobodys() {
    let image = merged([
        Layer::default()
            .kept("lib/apk/db/installed", "P:a\nV:1\nF:usr/bin\nR:a\nR:b\n")
            .file("usr/bin/a", 100)
            .file("usr/bin/b", 50)
            // The first name is nobody's; the second is.
            .file("first", 1000)
            .hard_link("node_modules/x/second", "first")
            .kept(
                "node_modules/x/package.json",
                r#"{"name":"x","version":"1"}"#,
            )
            .file("left", 70)
            .hard_link("over", "left"),
        Layer::default().file("usr/bin/b", 5).whiteout("left"),
    ]);
    let inventory = Inventory::of_merged(&image);
    let node = r#"{"name":"x","version":"1"}"#.len();
    assert_eq!(
        told(&inventory),
        [
            "apk a 1 105 2".to_owned(),
            format!("node x 1 {} 2", 1000 + node)
        ]
    );
    let owned: u64 = inventory
        .packages
        .iter()
        .filter_map(|it| it.bytes)
        .map(|it| it.0)
        .sum();
    let visible = View::new(&image, LayerNo(1)).visible_bytes();
    assert_eq!(owned + inventory.unowned().bytes.0, visible.0);
}

#[test]
fn symlinks_are_followed_as_far_as_linux_does() {
    let list = "/loop/a\n/abs/f\n/up/f\n/chain/f\n/x/../real/g\n/real/h/\n";
    let image = merged([Layer::default()
        .kept(
            "var/lib/dpkg/status",
            "Package: a\nStatus: install ok installed\nVersion: 1\n",
        )
        .kept("var/lib/dpkg/info/a.list", list)
        .symlink("loop", "loop")
        .symlink("abs", "/real")
        .symlink("up", "../../real/./")
        .symlink("chain", "abs")
        .directory("x")
        .file("real/f", 10)
        .file("real/g", 10)
        .symlink("real/h", "f")]);
    let inventory = Inventory::of_merged(&image);
    // f, g, h and the list itself.
    assert_eq!(inventory.packages[0].files, Some(4));
    assert_eq!(inventory.ownership.contested, 0);
}

#[test]
fn mazes_of_symlinks_end() {
    let target = "./".repeat(2_000);
    let mut layer = Layer::default().directory("a");
    let mut list = String::new();
    for number in 0..300 {
        layer = layer.symlink(&format!("a/l{number}"), &target);
        for inside in 0..300 {
            list += &format!("/a/l{number}/d{inside}/f\n");
        }
    }
    let status = "Package: a\nStatus: install ok installed\nVersion: 1\n";
    let image = merged([layer
        .kept("var/lib/dpkg/status", status)
        .kept("var/lib/dpkg/info/a.list", list)]);
    let inventory = Inventory::of_merged(&image);
    assert_eq!(inventory.packages.len(), 1);
    assert_eq!(inventory.troubles[0].what, Why::TooManySymlinks);
}
