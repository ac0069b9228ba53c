//! What is no layer, or a hostile one: one sentence each, in bounded time and memory.

use std::cell::Cell;
use std::io::{self, Read};

use super::*;
use crate::anatomy::progress::Progress;
use crate::anatomy::tar::testing::{Archive, Entry, block, gnu_sparse};

fn error(bytes: &[u8]) -> String {
    try_read(bytes).expect_err("no layer").to_string()
}

#[test]
fn what_is_no_layer_is_told() {
    let expected = "a layer was expected (a tar archive, plain or compressed with gzip or \
                    zstd), but this is ";
    for (bytes, found) in [
        (b"{\"schemaVersion\": 2}".to_vec(), "JSON"),
        (b"<!DOCTYPE html><html>404</html>".to_vec(), "an HTML page"),
        (b"just a text\n".repeat(100), "text"),
        (gzip(b"{\"errors\": []}"), "JSON within gzip data"),
        (zstd(&b"text ".repeat(200)), "text within zstd data"),
        (gzip(&gzip(b"twice")), "gzip data within gzip data"),
        (
            b"\xfd7zXZ\0 and so on".to_vec(),
            "xz data, which karat does not unpack",
        ),
        (vec![0; 100], "zero bytes only"),
    ] {
        assert_eq!(error(&bytes), format!("{expected}{found}"));
    }
    let garbage = error(b"\x1f\x8bgarbage that is no gzip at all");
    assert!(
        garbage.starts_with("the layer cannot be unpacked: the gzip data is damaged ("),
        "{garbage}"
    );
}

#[test]
fn an_empty_layer_is_a_layer() {
    for bytes in [
        Vec::new(),
        vec![0; 512],
        vec![0; 1024],
        vec![0; 10_240],
        gzip(b""),
        gzip(&[0; 1024]),
        zstd(&[0; 1024]),
    ] {
        let index = read(&bytes);
        assert!(index.entries().is_empty());
    }
}

#[test]
fn a_truncated_layer_is_told() {
    let noise: Vec<u8> = (0..50_000_u32).map(|at| (at * at >> 5) as u8).collect();
    let tar = Archive::default().file(b"a", &noise).end();
    let plain = error(&tar[..20_000]);
    assert_eq!(
        plain,
        "the layer cannot be read: the tar archive is truncated: it ends at byte 20000, \
         within the content of a file"
    );
    for (packed, how) in [(gzip(&tar), "gzip"), (zstd(&tar), "zstd")] {
        let error = error(&packed[..packed.len() / 2]);
        let expected = format!(
            "the layer cannot be unpacked: the {how} data is truncated: it ends within a \
             compressed block"
        );
        assert_eq!(error, expected);
    }
}

#[test]
fn claims_cost_nothing() {
    let endless = |size| Entry {
        size: Some(size),
        ..Entry::default()
    };
    let huge = 1 << 60;
    let too_long = "the layer claims to have files of more than";
    for (bytes, says) in [
        (block(endless(huge)).to_vec(), too_long),
        (block(endless(1 << 40)).to_vec(), "truncated"),
        (block(endless(u64::MAX)).to_vec(), "a length is none"),
        (gnu_sparse(b"f", &[(huge, 0)], huge), too_long),
        (gnu_sparse(b"f", &[(0, 1)], 1 << 40), "truncated"),
    ] {
        let error = error(&bytes);
        assert!(error.contains(says), "{error}");
    }
    // Holes cost nothing, however long: a tebibyte here.
    let holes = Archive::default()
        .raw(&gnu_sparse(b"a", &[(1 << 40, 0)], 1 << 40))
        .raw(&gnu_sparse(b"b", &[(5, 3), (1 << 40, 0)], 1 << 40))
        .raw(b"abc")
        .pad()
        .end();
    let index = read(&holes);
    assert_eq!(index.file_bytes().0, 2 << 40);
    assert_ne!(index.entries()[0].payload, index.entries()[1].payload);
}

#[test]
fn programs_made_of_holes_are_not_written_out_forever() {
    let mut archive = Archive::default();
    for _ in 0..200 {
        let mut header: [u8; 512] = gnu_sparse(b"a.so", &[(0, 4), (64 << 20, 0)], 64 << 20)
            .try_into()
            .expect("one block");
        header[100..107].copy_from_slice(b"0000755");
        crate::anatomy::tar::testing::seal(&mut header);
        archive = archive.raw(&header).raw(b"\x7fELF").pad();
    }
    let begun = std::time::Instant::now();
    assert_eq!(read(&archive.end()).entries().len(), 200);
    // Written out they would be 12.8 GB.
    assert!(begun.elapsed().as_secs() < 20);
}

#[test]
fn a_bomb_is_defused() {
    let limits = Limits {
        any_ratio_bytes: 8 << 20,
        ..Limits::default()
    };
    // A file of zeros, and an archive of nothing but headers.
    let zeros = Archive::default().file(b"zeros", &vec![0; 32 << 20]).end();
    let headers = block(Entry::default()).repeat(40_000);
    for tar in [zeros, headers] {
        let error = read_layer(&gzip(&tar)[..], &limits, &Unwatched).expect_err("a bomb");
        assert!(error.to_string().contains("decompression bomb"), "{error}");
    }
}

/// Counts, and has enough after a while.
struct Impatient {
    seen: Cell<u64>,
    patience: u64,
}

impl Progress for Impatient {
    fn advanced(&self, bytes: u64) {
        self.seen.set(self.seen.get() + bytes);
    }
    fn cancelled(&self) -> bool {
        self.seen.get() >= self.patience
    }
}

#[test]
fn progress_is_told_in_bytes_of_the_source_and_cancelling_is_heeded() {
    let tar = Archive::default().file(b"a", &vec![b'a'; 3 << 20]).end();
    for bytes in [tar.clone(), gzip(&tar), zstd(&tar)] {
        let patient = Impatient {
            seen: Cell::new(0),
            patience: u64::MAX,
        };
        read_layer(&bytes[..], &Limits::default(), &patient).expect("a layer");
        assert_eq!(patient.seen.get(), bytes.len() as u64);
        let impatient = Impatient {
            seen: Cell::new(0),
            patience: 1,
        };
        let error = read_layer(&bytes[..], &Limits::default(), &impatient);
        assert!(matches!(error, Err(LayerError::Cancelled)), "{error:?}");
        assert!(impatient.seen.get() <= 512 << 10);
    }
}

#[test]
fn a_source_that_fails_is_told() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("pulled the plug"))
        }
    }
    let tar = Archive::default().file(b"a", &vec![b'a'; 3 << 20]).end();
    for bytes in [&tar[..5000], &gzip(&tar)[..100]] {
        let error = read_layer(bytes.chain(Broken), &Limits::default(), &Unwatched);
        let error = error.expect_err("broken").to_string();
        assert_eq!(error, "the layer cannot be read on: pulled the plug");
    }
}
