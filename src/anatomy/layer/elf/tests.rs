//! Programs looked into.

use std::io::Write as _;

use super::testing::{BASE, Builder};
use super::*;
use crate::anatomy::layer::program::GoBuild;

fn look(bytes: &[u8]) -> Option<Elf> {
    let mut capture = Capture::default();
    capture.begin(bytes.len() as u64);
    for piece in bytes.chunks(100_000) {
        capture.push(piece);
    }
    read(capture.image(), &mut Budget::new(&Limits::default()))
}

fn zlib(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).expect("memory");
    encoder.finish().expect("memory")
}

fn with_text(bytes: &mut Vec<u8>, text: &[u8]) {
    let mut length = text.len();
    while length >= 0x80 {
        bytes.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes.extend(text);
}

/// As Go 1.18 and later write it.
fn go(version: &[u8], modules: &[u8]) -> Vec<u8> {
    let mut bytes = b"\xff Go buildinf:\x08\x02".to_vec();
    bytes.resize(32, 0);
    with_text(&mut bytes, version);
    with_text(&mut bytes, &[&[b'<'; 16], modules, &[b'>'; 16]].concat());
    bytes
}

const MODULES: &[u8] = b"path\texample.com/app\nmod\texample.com/app\t(devel)\t\n";

#[test]
fn every_width_and_order_is_read() {
    for (wide, big) in [(true, false), (true, true), (false, false), (false, true)] {
        let program = Builder {
            wide,
            big,
            interpreter: Some(b"/lib64/ld-linux-x86-64.so.2"),
            needed: vec![b"libc.so.6", b"libm.so.6"],
            sections: vec![
                (b".symtab", 2, vec![0; 480]),
                (b".strtab", 3, vec![0; 333]),
                (b".debug_info", 1, vec![0; 1000]),
                (b".zdebug_line", 1, vec![0; 24]),
                (b".comment", 1, vec![0; 77]),
                (b".dep-v0", 1, zlib(b"{\"packages\":[]}")),
                (b".go.buildinfo", 1, go(b"go1.22.1", MODULES)),
            ],
            ..Builder::default()
        };
        let expected = Elf {
            interpreter: Some(b"/lib64/ld-linux-x86-64.so.2".to_vec()),
            needed: vec![b"libc.so.6".to_vec(), b"libm.so.6".to_vec()],
            symbol_bytes: 813,
            debug_bytes: 1024,
            linked: true,
            opaque: false,
            go: Some(GoBuild {
                version: b"go1.22.1".to_vec(),
                modules: MODULES.to_vec(),
            }),
            cargo_auditable: Some(b"{\"packages\":[]}".to_vec()),
        };
        assert_eq!(look(&program.build()), Some(expected), "{wide} {big}");
    }
}

#[test]
fn what_is_not_there_is_not_told() {
    let bare = Builder::default();
    let expected = Elf {
        linked: true,
        ..Elf::default()
    };
    assert_eq!(look(&bare.build()), Some(expected));
    let object = Builder {
        kind: 1,
        sections: vec![(b".text", 1, vec![0; 9]), (b".debug_info", 8, Vec::new())],
        ..Builder::default()
    };
    assert_eq!(look(&object.build()), Some(Elf::default()));
    for none in [
        &b"\x7fELF"[..],
        b"\x7fELF\x03\x01",
        &[b"\x7fELF\x02\x01", &[0; 40][..]].concat(),
    ] {
        assert_eq!(look(none), None);
    }
}

#[test]
fn go_is_found_without_sections_and_in_its_old_format() {
    let stripped = Builder {
        writable: [vec![0; 64], go(b"go1.21.0", MODULES)].concat(),
        ..Builder::default()
    };
    let elf = look(&stripped.build()).expect("a program");
    assert_eq!(elf.go.expect("Go").version, b"go1.21.0");
    for (wide, big) in [(true, false), (false, true)] {
        let mut old = Builder {
            wide,
            big,
            ..Builder::default()
        };
        let word = if wide { 8 } else { 4 };
        let number = |value: u64| {
            let mut bytes = value.to_le_bytes()[..word].to_vec();
            if big {
                bytes.reverse();
            }
            bytes
        };
        let at = BASE + old.writable_at();
        let mut info = b"\xff Go buildinf:".to_vec();
        info.extend([word as u8, u8::from(big)]);
        info.extend([number(at + 64), number(at + 64 + 2 * word as u64)].concat());
        info.resize(64, 0);
        let modules = [&[b'<'; 16], MODULES, &[b'>'; 16]].concat();
        info.extend([number(at + 256), number(8)].concat());
        info.extend([number(at + 264), number(modules.len() as u64)].concat());
        info.resize(256, 0);
        info.extend(b"go1.16.5");
        info.extend(modules);
        old.writable = info;
        let elf = look(&old.build()).expect("a program");
        let expected = GoBuild {
            version: b"go1.16.5".to_vec(),
            modules: MODULES.to_vec(),
        };
        assert_eq!(elf.go, Some(expected));
    }
}

#[test]
fn a_large_program_is_looked_into_at_both_ends() {
    let large = Builder {
        room: 70 << 20,
        writable: go(b"go1.23.0", MODULES),
        interpreter: Some(b"/lib/ld-musl-x86_64.so.1"),
        sections: vec![
            (b".symtab", 2, vec![0; 3 << 20]),
            (b".strtab", 3, vec![0; 1 << 20]),
            (b".debug_info", 1, vec![0; 5 << 20]),
        ],
        ..Builder::default()
    };
    let bytes = large.build();
    assert!(bytes.len() as u64 > crate::anatomy::layer::kept::LARGEST);
    let elf = look(&bytes).expect("a program");
    assert_eq!((elf.symbol_bytes, elf.debug_bytes), (4 << 20, 5 << 20));
    assert_eq!(
        elf.interpreter.as_deref(),
        Some(&b"/lib/ld-musl-x86_64.so.1"[..])
    );
    assert_eq!(elf.go.expect("Go").version, b"go1.23.0");
    assert!(!elf.opaque);
    // One whose names of sections stand where nothing was kept.
    let mut capture = Capture::default();
    capture.begin(bytes.len() as u64);
    capture.push(&bytes[..41 << 20]);
    let cut = read(capture.image(), &mut Budget::new(&Limits::default())).expect("a program");
    assert!(cut.opaque && cut.symbol_bytes == 0);
}

#[test]
fn no_damage_makes_it_fall() {
    let program = Builder {
        interpreter: Some(b"/lib/ld.so"),
        needed: vec![b"libc.so.6"; 5],
        sections: vec![
            (b".symtab", 2, vec![0; 48]),
            (b".strtab", 3, vec![0; 9]),
            (b".dep-v0", 1, zlib(b"{}")),
            (b".go.buildinfo", 1, go(b"go1.22.1", MODULES)),
        ],
        ..Builder::default()
    };
    let bytes = program.build();
    for at in 0..bytes.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] = value;
            look(&damaged);
        }
        look(&bytes[..at]);
    }
}

#[test]
fn copies_are_limited() {
    let limits = Limits {
        program_bytes: 100,
        ..Limits::default()
    };
    let program = Builder {
        needed: vec![b"a-library-of-twenty-1"; 50],
        sections: vec![(b".dep-v0", 1, zlib(&[b' '; 5000]))],
        ..Builder::default()
    };
    let bytes = program.build();
    let mut capture = Capture::default();
    capture.begin(bytes.len() as u64);
    capture.push(&bytes);
    let mut budget = Budget::new(&limits);
    let elf = read(capture.image(), &mut budget).expect("a program");
    assert_eq!((elf.needed.len(), elf.opaque), (4, true));
    assert_eq!(elf.cargo_auditable, None);
    assert_eq!(budget.left, 0);
}
