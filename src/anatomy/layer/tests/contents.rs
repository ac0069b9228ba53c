//! What is worked out of contents: hashes, kept files, programs.

use super::*;
use crate::anatomy::layer::content::hash;
use crate::anatomy::layer::kept::unpack;
use crate::anatomy::layer::program::Program;
use crate::anatomy::tar::testing::{Archive, Entry, gnu_sparse};
use crate::model::digest::Digest;

#[test]
fn the_diff_id_is_of_every_byte_whatever_it_is_packed_with() {
    let content: Vec<u8> = (0..300_000_u32).map(|at| (at % 250) as u8).collect();
    let mut tar = Archive::default()
        .file(b"a", &content)
        .file(b"b", b"x")
        .end();
    // Padding up to a record, as GNU tar writes it, and more behind it.
    tar.resize(tar.len().next_multiple_of(10_240), 0);
    tar.extend(b"behind the end");
    let diff_id = Digest::of(&tar);
    let (first, second) = tar.split_at(1000);
    let plain = read(&tar);
    for packed in [
        gzip(&tar),
        [gzip(first), gzip(second)].concat(),
        zstd(&tar),
        [
            zstd(first),
            vec![0x5e, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 9],
            zstd(second),
        ]
        .concat(),
    ] {
        assert_eq!(read(&packed), plain);
    }
    assert_eq!(plain.diff_id, diff_id);
    assert_eq!(plain.tar_bytes.0, tar.len() as u64);
    assert_eq!(plain.entries()[0].payload, hash(&content));
    assert_eq!(plain.entries()[1].payload, hash(b"x"));
}

#[test]
fn a_sparse_file_is_what_its_reader_sees() {
    let mut dense = vec![0; 300_000];
    dense[..5].copy_from_slice(b"begin");
    dense[200_000..200_003].copy_from_slice(b"end");
    let sparse = Archive::default()
        .raw(&gnu_sparse(b"sparse", &[(0, 5), (200_000, 3)], 300_000))
        .raw(b"beginend")
        .pad();
    let index = read(&sparse.file(b"dense", &dense).end());
    let entries = index.entries();
    assert_eq!(entries[0].size, 300_000);
    assert_eq!(entries[0].payload, entries[1].payload);
    assert_eq!(entries[0].payload, hash(&dense));
}

#[test]
fn what_explains_others_is_kept_whole() {
    let status = b"Package: a\nStatus: install ok installed\n".repeat(10_000);
    let index = read(
        &Archive::default()
            .file(b"./var/lib/dpkg/status", &status)
            .file(b"other", &status)
            .file(b"var/lib/dpkg/info/a.list", b"/.\n/a\n")
            .file(b"etc/passwd", b"")
            .file(b"x/node_modules/y/package.json", &vec![b' '; 300_000])
            .end(),
    );
    let kept: Vec<_> = index.kept.iter().map(|it| it.entry).collect();
    assert_eq!(kept, [0, 2, 3]);
    assert_eq!(unpack(&index.kept[0].packed), Some(status));
    assert_eq!(unpack(&index.kept[1].packed), Some(b"/.\n/a\n".to_vec()));
    assert_eq!(unpack(&index.kept[2].packed), Some(Vec::new()));
    let odd = "x/node_modules/y/package.json".to_owned();
    assert_eq!(oddities(&index), [(Oddity::TooLargeToKeep, odd)]);
}

#[test]
fn no_more_is_kept_of_a_layer_than_is_allowed() {
    let limits = Limits {
        kept_bytes: 1000,
        ..Limits::default()
    };
    let bytes = Archive::default()
        .file(b"etc/passwd", &[b'x'; 600])
        .file(b"etc/group", &[b'x'; 600])
        .file(b"etc/os-release", &[b'x'; 400])
        .end();
    let index = read_layer(&bytes[..], &limits, &Unwatched).expect("a layer");
    let kept: Vec<_> = index.kept.iter().map(|it| it.entry).collect();
    assert_eq!(kept, [0, 2]);
    assert_eq!(index.oddity_count, 1);
}

#[test]
fn programs_are_told_from_other_files() {
    let elf = crate::anatomy::layer::elf::testing::Builder::default().build();
    let index = read(
        &Archive::default()
            .program(b"bin/a", &elf)
            .file(b"lib/b.so.1", &elf)
            .file(b"doc/c", &elf)
            .program(b"bin/script", b"#! /usr/bin/env python3 \nimport os\n")
            .file(b"bin/script.txt", b"#!/bin/sh\n")
            .program(b"bin/tiny", b"#!")
            .program(b"bin/text", b"text")
            .program(b"bin/empty", b"")
            .program(b"bin/long", &[&b"#!/bin/"[..], &[b'x'; 5000]].concat())
            .program(b"bin/begins", b"\x7fELF, but is none")
            .end(),
    );
    let told: Vec<_> = index.programs.iter().map(|it| it.entry).collect();
    assert_eq!(told, [0, 1, 3, 5, 8]);
    assert!(matches!(index.programs[0].program, Program::Elf(_)));
    let script = |words: &[u8]| Program::Script(words.to_vec());
    assert_eq!(index.programs[2].program, script(b"/usr/bin/env python3"));
    assert_eq!(index.programs[3].program, script(b""));
    let long = [&b"/bin/"[..], &[b'x'; 249]].concat();
    assert_eq!(index.programs[4].program, script(&long));
}

#[test]
fn a_kept_file_can_be_a_script_too() {
    let content = b"#!/bin/sh\n# six.egg-info\n";
    let bytes = Archive::default().entry(Entry {
        path: b"lib/six.egg-info",
        mode: 0o755,
        content,
        ..Entry::default()
    });
    let index = read(&bytes.end());
    assert_eq!(unpack(&index.kept[0].packed), Some(content.to_vec()));
    assert_eq!(
        index.programs[0].program,
        Program::Script(b"/bin/sh".to_vec())
    );
}
