//! Where entries belong, and what they are.

use super::*;
use crate::anatomy::layer::content::hash;
use crate::anatomy::layer::index::Owner;
use crate::anatomy::tar::testing::{Archive, Entry};

#[test]
fn paths_are_listed_where_they_lead() {
    let index = read(
        &Archive::default()
            .directory(b"./")
            .directory(b"./etc/")
            .file(b"./etc/motd", b"hello")
            .file(b"/absolute", b"")
            .file(b"etc/../up", b"")
            .file(b"../../out", b"")
            .file(b"deep/without/directories", b"")
            .end(),
    );
    let expected = [
        ("", Kind::Directory),
        ("etc", Kind::Directory),
        ("etc/motd", Kind::File),
        ("absolute", Kind::File),
        ("up", Kind::File),
        ("out", Kind::File),
        ("deep/without/directories", Kind::File),
    ];
    assert_eq!(
        listed(&index),
        expected.map(|(path, kind)| (path.to_owned(), kind))
    );
    let odd = ["/absolute", "etc/../up", "../../out"];
    assert_eq!(
        oddities(&index),
        odd.map(|path| (Oddity::NormalisedPath, path.to_owned()))
    );
}

#[test]
fn what_no_filesystem_has_is_left_out() {
    let index = read(
        &Archive::default()
            .file(b"./", b"a file at the root")
            .link(b'2', b"..", b"x")
            .file(b"a/.wh.", b"")
            .file(b"a/.wh...", b"")
            .file(b"kept", b"k")
            .end(),
    );
    assert_eq!(listed(&index), [("kept".to_owned(), Kind::File)]);
    let odd: Vec<_> = oddities(&index).into_iter().map(|it| it.0).collect();
    assert_eq!(odd.iter().filter(|it| **it == Oddity::NoPath).count(), 4);
    assert_eq!(index.oddity_count, 5);
}

#[test]
fn names_are_any_bytes() {
    let names: [&[u8]; 4] = [
        b"line\nbreak",
        b"\x1b[2Jgone",
        b"\xff\xfe\x80",
        "naïve/ü".as_bytes(),
    ];
    let long = vec![b'n'; 3000];
    let archive = names
        .iter()
        .fold(Archive::default(), |archive, name| archive.file(name, b""));
    let index = read(
        &archive
            .pax(&[(b"path", &long)])
            .file(b"short", b"")
            .long(b'L', &long)
            .file(b"short", b"")
            .end(),
    );
    let paths: Vec<_> = index
        .entries()
        .iter()
        .map(|it| index.path(it.node))
        .collect();
    assert_eq!(paths[..4], names);
    assert_eq!(paths[4..], [&long[..], &long]);
    assert_eq!(index.entries()[4].node, index.entries()[5].node);
}

#[test]
fn whiteouts_stand_at_what_they_remove() {
    let index = read(
        &Archive::default()
            .file(b"a/.wh.b", b"")
            .file(b".wh.top", b"")
            .file(b"c/.wh..wh..opq", b"")
            .file(b".wh..wh..opq", b"")
            .file(b"a.wh.b", b"plain")
            .file(b"c/.wh.d/e", b"plain")
            .end(),
    );
    let expected = [
        ("a/b", Kind::Whiteout),
        ("top", Kind::Whiteout),
        ("c", Kind::Opaque),
        ("", Kind::Opaque),
        ("a.wh.b", Kind::File),
        ("c/.wh.d/e", Kind::File),
    ];
    assert_eq!(
        listed(&index),
        expected.map(|(path, kind)| (path.to_owned(), kind))
    );
    assert_eq!(index.file_bytes().0, 10);
}

#[test]
fn aufs_metadata_is_left_out_but_for_what_is_linked() {
    let index = read(
        &Archive::default()
            .directory(b".wh..wh.plnk")
            .entry(Entry {
                path: b".wh..wh.plnk/412.2",
                content: b"shared",
                mode: 0o600,
                owner: (7, 8),
                ..Entry::default()
            })
            .directory(b".wh..wh.orph")
            .file(b".wh..wh.aufs", b"metadata")
            .file(b"sub/.wh..wh.aufs", b"metadata")
            .link(b'1', b"one", b".wh..wh.plnk/412.2")
            .link(b'1', b"two", b"./.wh..wh.plnk/412.2")
            .end(),
    );
    let expected = ["one", "two"].map(|path| (path.to_owned(), Kind::File));
    assert_eq!(listed(&index), expected);
    for entry in index.entries() {
        assert_eq!((entry.size, entry.mode), (6, 0o600));
        assert_eq!(entry.payload, hash(b"shared"));
        assert_eq!(index.owner(entry), Owner { uid: 7, gid: 8 });
    }
    assert_eq!(index.file_bytes().0, 12);
    assert_eq!(index.oddity_count, 5);
    let all = oddities(&index);
    assert!(all.iter().all(|(odd, _)| *odd == Oddity::AufsMetadata));
}

#[test]
fn one_path_twice_is_listed_twice() {
    let index = read(
        &Archive::default()
            .file(b"a", b"first")
            .file(b"./a", b"second")
            .end(),
    );
    assert_eq!(listed(&index).len(), 2);
    assert_eq!(index.entries()[0].node, index.entries()[1].node);
    assert_eq!(index.file_bytes().0, 11);
}

#[test]
fn links_point_where_they_lead() {
    let index = read(
        &Archive::default()
            .file(b"bin/one", b"x")
            .link(b'1', b"bin/two", b"/bin/../bin/one")
            .link(b'1', b"below", b"of/a/lower/layer")
            .link(b'2', b"symbolic", b"../as/written")
            .end(),
    );
    let entries = index.entries();
    assert_eq!(index.hard_link_target(&entries[1]), Some(entries[0].node));
    let lower = index.hard_link_target(&entries[2]).expect("a hard link");
    assert_eq!(index.path(lower), b"of/a/lower/layer");
    assert_eq!(
        index.symlink_target(&entries[3]),
        Some(&b"../as/written"[..])
    );
    assert_eq!(index.file_bytes().0, 1);
}

#[test]
fn modes_owners_and_devices_are_told() {
    let device = |flag, path| Entry {
        path,
        flag,
        mode: 0o20_660,
        device: (259, 0xf_ffff),
        ..Entry::default()
    };
    let index = read(
        &Archive::default()
            .entry(Entry {
                path: b"su",
                mode: 0o104_755,
                owner: (1000, 2000),
                ..Entry::default()
            })
            .entry(device(b'3', b"char"))
            .entry(device(b'4', b"block"))
            .entry(device(b'6', b"pipe"))
            .entry(Entry {
                path: b"unknown",
                flag: b'Z',
                content: b"taken for a file",
                ..Entry::default()
            })
            .end(),
    );
    let entries = index.entries();
    assert_eq!(entries[0].mode, 0o4755);
    assert_eq!(
        index.owner(&entries[0]),
        Owner {
            uid: 1000,
            gid: 2000
        }
    );
    let kinds: Vec<_> = entries.iter().map(|it| it.kind).collect();
    assert_eq!(
        kinds,
        [
            Kind::File,
            Kind::CharDevice,
            Kind::BlockDevice,
            Kind::Fifo,
            Kind::File
        ]
    );
    assert_eq!(entries[1].payload, 259 << 32 | 0xf_ffff);
    assert_eq!(entries[4].size, 16);
    assert_eq!(
        oddities(&index),
        [(Oddity::UnknownType, "unknown".to_owned())]
    );
}

#[test]
fn attributes_are_told_and_compared() {
    let capability = b"\x01\0\0\x02\0\x20\0\0";
    let both = [
        (&b"SCHILY.xattr.security.capability"[..], &capability[..]),
        (b"SCHILY.xattr.user.a", b"1"),
    ];
    let turned = [both[1], both[0]];
    let other = [(&b"SCHILY.xattr.user.a"[..], &b"2"[..])];
    let index = read(
        &Archive::default()
            .pax(&both)
            .program(b"ping", b"")
            .pax(&turned)
            .program(b"ping6", b"")
            .pax(&other)
            .directory(b"dir")
            .file(b"none", b"")
            .end(),
    );
    let told: Vec<_> = index.attributes.iter().map(|it| it.entry).collect();
    assert_eq!(told, [0, 1, 2]);
    assert_eq!(index.attributes[0].hash, index.attributes[1].hash);
    assert_ne!(index.attributes[0].hash, index.attributes[2].hash);
    assert_eq!(
        index.attributes[0].capability.as_deref(),
        Some(&capability[..])
    );
    assert_eq!(index.attributes[2].capability, None);
}

#[test]
fn a_global_header_changes_nothing() {
    let files = Archive::default().file(b"a", b"1").file(b"b", b"2");
    let with = Archive::default()
        .records(b'g', &[(b"comment", b"0123abc"), (b"uid", b"55")])
        .raw(&files.0)
        .end();
    let (with, without) = (read(&with), read(&files.end()));
    assert_eq!(listed(&with), listed(&without));
    assert_eq!(with.owner(&with.entries()[0]), Owner::default());
}
