//! Indexes packed and unpacked, damaged ones too.

use super::*;
use crate::anatomy::layer::codec::{CodecError, decode, encode};
use crate::anatomy::layer::index::{Kept, LocalNode};
use crate::anatomy::tar::testing::{Archive, Entry};

fn index() -> LayerIndex {
    read(
        &Archive::default()
            .directory(b"etc")
            .file(b"etc/passwd", b"root:x:0:0\n")
            .pax(&[(b"SCHILY.xattr.user.a", b"1")])
            .program(b"bin/sh", b"#!/bin/other\n")
            .link(b'1', b"bin/bash", b"bin/sh")
            .link(b'2', b"bin/dash", b"sh")
            .entry(Entry {
                path: b"../out",
                owner: (5, 6),
                ..Entry::default()
            })
            .file(b"var/.wh.lib", b"")
            .end(),
    )
}

#[test]
fn an_index_comes_back_as_it_was() {
    let index = index();
    let bytes = encode(&index).expect("memory");
    assert_eq!(decode(&bytes), Ok(index));
    let empty = read(b"");
    assert_eq!(decode(&encode(&empty).expect("memory")), Ok(empty));
}

#[test]
fn damage_is_noticed_wherever_it_is() {
    let bytes = encode(&index()).expect("memory");
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x41;
        let expected = if at == 3 {
            CodecError::OtherVersion
        } else {
            CodecError::Damaged
        };
        assert_eq!(decode(&damaged), Err(expected), "{at}");
        assert_eq!(decode(&bytes[..at]), Err(CodecError::Damaged), "{at}");
    }
    assert_eq!(
        decode(&[&bytes[..], b"x"].concat()),
        Err(CodecError::Damaged)
    );
}

#[test]
fn an_index_that_makes_no_sense_is_refused() {
    let wrong: [fn(&mut LayerIndex); 11] = [
        |it| it.nodes.clear(),
        |it| it.nodes[0].0 = 1,
        |it| it.nodes[1].0 = 1,
        |it| it.nodes[1].0 = u32::MAX,
        |it| it.entries[0].node = LocalNode(1000),
        |it| it.entries[0].owner = 1000,
        |it| it.entries[3].payload = 1000,
        |it| it.entries[4].payload = u64::MAX,
        |it| {
            it.entries[1].size = u64::MAX;
            it.entries[2].size = 1;
        },
        |it| it.attributes[0].entry = 1000,
        |it| {
            let kept = Kept {
                entry: 0,
                packed: Vec::new(),
            };
            it.kept.push(kept);
        },
    ];
    for (which, wrong) in wrong.iter().enumerate() {
        let mut index = index();
        wrong(&mut index);
        let bytes = encode(&index).expect("memory");
        assert_eq!(decode(&bytes), Err(CodecError::Damaged), "{which}");
    }
}
