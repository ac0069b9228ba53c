use std::ops::ControlFlow;

use super::search::{Query, Scene, walk};
use super::*;
use crate::anatomy::merged::Merged;
use crate::anatomy::sketch::merged;

const LAYERS: &[&str] = &[
    "d bin mode=755 \n f bin/sh 50 1 \n f bin/ls 30 2 \n h bin/dash bin/sh \n d etc \n f etc/passwd 5 3 \n f opt/old/x 100",
    "f bin/ls 30 2 mode=4755 \n f etc/passwd 7 4 \n w opt/old \n d srv \n f srv/a 9 \n d etc",
];

fn name(merged: &Merged, node: NodeId) -> String {
    String::from_utf8_lossy(merged.name(node)).into_owned()
}

/// `DEPTH NAME BYTES MARK`, line by line.
fn shown(merged: &Merged, tree: &Tree) -> Vec<String> {
    let mark = |row: &Row| match row.mark {
        Mark::Unchanged => " ",
        Mark::Added => "+",
        Mark::Changed(_) => "~",
        Mark::Removed => "-",
    };
    tree.lines(merged, 0..usize::MAX)
        .map(|line| {
            let row = line.row;
            let (name, bytes) = (name(merged, row.node), row.bytes.0);
            format!("{}{}{name} {bytes}", " ".repeat(line.depth), mark(&row))
        })
        .collect()
}

fn node(merged: &Merged, path: &str) -> NodeId {
    merged.find(path.as_bytes()).expect("found")
}

#[test]
fn a_tree_shows_what_is_visible_and_what_the_layer_did() {
    let merged = merged(LAYERS);
    let mut tree = Tree::new(&merged, LayerNo(1));
    assert_eq!(
        shown(&merged, &tree),
        ["-opt 100", " bin 80", "+srv 9", " etc 7"]
    );
    for path in ["bin", "etc", "opt", "opt/old", "srv"] {
        tree.expand(&merged, node(&merged, path), true);
    }
    let all = [
        "-opt 100",
        " -old 100",
        "  -x 100",
        " bin 80",
        "  sh 50",
        " ~ls 30",
        "  dash 0",
        "+srv 9",
        " +a 9",
        " etc 7",
        " ~passwd 7",
    ];
    assert_eq!(shown(&merged, &tree), all);
    tree.go(&merged, LayerNo(0));
    assert_eq!(
        shown(&merged, &tree),
        [
            "+opt 100",
            " +old 100",
            "  +x 100",
            "+bin 80",
            " +sh 50",
            " +ls 30",
            " +dash 0",
            "+etc 5",
            " +passwd 5"
        ]
        .map(|line| match line {
            // No layer has an entry for these.
            "+opt 100" => " opt 100",
            " +old 100" => "  old 100",
            other => other,
        })
    );
    tree.go(&merged, LayerNo(1));
    assert_eq!(shown(&merged, &tree), all);
    tree.expand(&merged, node(&merged, "bin"), false);
    assert_eq!(tree.len(), 8);
}

#[test]
fn a_tree_of_one_layer_shows_what_it_has_and_removed() {
    let merged = merged(LAYERS);
    let mut tree = Tree::new(&merged, LayerNo(1));
    tree.set_scope(&merged, Scope::Layer);
    tree.set_order(&merged, Order::Name);
    tree.reveal(&merged, node(&merged, "bin/ls"));
    tree.reveal(&merged, node(&merged, "etc/passwd"));
    assert_eq!(
        shown(&merged, &tree),
        [
            " bin 30",
            " ~ls 30",
            " etc 7",
            " ~passwd 7",
            "-opt 100",
            "+srv 9"
        ]
    );
}

#[test]
fn rows_are_filtered_by_what_the_layer_did() {
    let merged = merged(LAYERS);
    let mut tree = Tree::new(&merged, LayerNo(1));
    let none = Filter {
        added: false,
        changed: false,
        removed: false,
        unchanged: false,
    };
    let cases: [(Filter, &[&str]); 4] = [
        (
            Filter {
                added: true,
                ..none
            },
            &["+srv 9"],
        ),
        (
            Filter {
                changed: true,
                ..none
            },
            &[" bin 80", " etc 7"],
        ),
        (
            Filter {
                removed: true,
                ..none
            },
            &["-opt 100"],
        ),
        (none, &[]),
    ];
    for (filter, expected) in cases {
        tree.set_filter(&merged, filter);
        assert_eq!(shown(&merged, &tree), expected, "{filter:?}");
    }
}

#[test]
fn a_row_says_what_changed_and_how_many_names_there_are() {
    let merged = merged(LAYERS);
    let tree = Tree::new(&merged, LayerNo(1));
    let rows = tree.list(&merged, node(&merged, "bin"));
    let row = |name: &str| {
        let is_it = |row: &&Row| merged.name(row.node) == name.as_bytes();
        *rows.iter().find(is_it).expect("a row")
    };
    let changed = Changed {
        mode: true,
        ..Changed::default()
    };
    assert_eq!(row("ls").mark, Mark::Changed(changed));
    assert_eq!(
        (row("ls").layer, row("sh").layer),
        (Some(LayerNo(1)), Some(LayerNo(0)))
    );
    assert_eq!(
        (row("sh").names, row("dash").names, row("ls").names),
        (2, 2, 1)
    );
    assert!((row("sh").share - 0.625).abs() < 1e-9);
    assert_eq!(row("ls").mode, Some(0o4755));
}

#[test]
fn what_changed_is_told_apart() {
    let cases = [
        ("f a 5 1", "f a 5 1", Changed::default()),
        (
            "f a 5 1",
            "f a 5 2",
            Changed {
                content: true,
                ..Changed::default()
            },
        ),
        (
            "f a 5 1",
            "f a 5 1 uid=7",
            Changed {
                owner: true,
                ..Changed::default()
            },
        ),
        (
            "l a x mode=644",
            "l a y mode=644",
            Changed {
                content: true,
                ..Changed::default()
            },
        ),
        (
            "f a 0",
            "d a mode=644",
            Changed {
                kind: true,
                ..Changed::default()
            },
        ),
    ];
    for (before, after, changed) in cases {
        let merged = merged(&[before, after]);
        let mark = Marks::of(&merged, LayerNo(1)).mark(&merged, node(&merged, "a"));
        assert_eq!(mark, Mark::Changed(changed), "{before}, then {after}");
    }
}

#[test]
fn paths_are_found_by_words_and_by_expression() {
    let merged = merged(LAYERS);
    let paths = |query: &Query, limit| {
        let below = NodeId::ROOT;
        let at = LayerNo(1);
        let found = query.run(&merged, Scene { below, at }, limit);
        let path = |node: &NodeId| String::from_utf8(merged.path(*node)).expect("UTF-8");
        (
            found.nodes.iter().map(path).collect::<Vec<_>>(),
            found.count,
        )
    };
    let fuzzy = |text| paths(&Query::fuzzy(text), 10);
    assert_eq!(fuzzy("epw"), (vec!["etc/passwd".to_owned()], 1));
    assert_eq!(fuzzy("sh bin").0, ["bin/sh", "bin/dash"]);
    assert_eq!(fuzzy("old").1, 0);
    let scene = Scene {
        below: node(&merged, "bin"),
        at: LayerNo(1),
    };
    let all = Query::fuzzy("s").run(&merged, scene, 10);
    assert_eq!(all.count, 3, "below a directory: {all:?}");
    let regex = |text| Query::regex(text).expect("an expression");
    assert_eq!(paths(&regex("^bin/.*sh$"), 10).0, ["bin/sh", "bin/dash"]);
    assert_eq!(paths(&regex("s"), 1), (vec!["srv".to_owned()], 6));
    assert_eq!(paths(&regex("."), 0), (vec![], 8));
    let wrong = Query::regex("bin/(")
        .expect_err("no expression")
        .to_string();
    assert!(
        wrong.contains("bin/(") && wrong.contains("unclosed"),
        "{wrong}"
    );
    assert!(Query::regex("(a{1000}){1000}").is_err());
}

#[test]
fn a_walk_meets_every_visible_path_once() {
    let merged = merged(LAYERS);
    let mut paths = Vec::new();
    let scene = |below| Scene {
        below,
        at: LayerNo(0),
    };
    let walked = walk(&merged, scene(NodeId::ROOT), |node, path| {
        assert_eq!(merged.path(node), path);
        paths.push(String::from_utf8_lossy(path).into_owned());
        ControlFlow::Continue(())
    });
    assert!(walked.is_continue());
    paths.sort();
    assert_eq!(
        paths,
        [
            "bin",
            "bin/dash",
            "bin/ls",
            "bin/sh",
            "etc",
            "etc/passwd",
            "opt/old/x"
        ]
    );
    // Below a directory, until somebody has had enough.
    let mut paths = Vec::new();
    let walked = walk(&merged, scene(node(&merged, "bin")), |_, path| {
        paths.push(String::from_utf8_lossy(path).into_owned());
        if paths.len() == 2 {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    assert!(walked.is_break());
    assert_eq!(paths, ["bin/dash", "bin/ls"]);
}

#[test]
fn modes_are_written_as_ls_does() {
    for (kind, mode, text) in [
        (Kind::File, 0o644, "-rw-r--r--"),
        (Kind::File, 0o4755, "-rwsr-xr-x"),
        (Kind::File, 0o6644, "-rwSr-Sr--"),
        (Kind::Directory, 0o1777, "drwxrwxrwt"),
        (Kind::Directory, 0o1666, "drw-rw-rwT"),
        (Kind::Symlink, 0o777, "lrwxrwxrwx"),
        (Kind::Fifo, 0, "p---------"),
        (Kind::CharDevice, 0o2711, "crwx--s--x"),
    ] {
        assert_eq!(mode_string(kind, mode), text);
    }
}
