//! How quick it is. Run by hand, in release: `cargo test --release -- --ignored speed`.

use std::time::Instant;

use super::*;
use crate::anatomy::layer::codec::{decode, encode};
use crate::anatomy::tar::testing::Archive;

#[test]
#[ignore = "measures; run by hand, in release"]
fn speed_of_the_codec() {
    let mut archive = Archive::default();
    for file in 0..100_000_u32 {
        let path = format!("usr/lib/python3/package-{}/module-{file}.py", file / 50);
        archive = archive.file(path.as_bytes(), &file.to_le_bytes());
    }
    let index = read(&archive.end());
    let begun = Instant::now();
    let bytes = encode(&index).expect("memory");
    println!("encode: {:?}, {} bytes", begun.elapsed(), bytes.len());
    for _ in 0..5 {
        let begun = Instant::now();
        let decoded = decode(&bytes).expect("sound");
        println!(
            "decode: {:?}, {} entries",
            begun.elapsed(),
            decoded.entries().len()
        );
    }
}

#[test]
#[ignore = "measures; run by hand, in release, with KARAT_LAYER=FILE"]
fn speed_of_reading() {
    let path = std::env::var_os("KARAT_LAYER").expect("KARAT_LAYER names a layer's archive");
    for _ in 0..3 {
        let file = std::fs::File::open(&path).expect("readable");
        let begun = Instant::now();
        let index = read_layer(file, &Limits::default(), &Unwatched).expect("a layer");
        let seconds = begun.elapsed().as_secs_f64();
        let megabytes = index.tar_bytes.0 as f64 / 1e6;
        println!(
            "{} entries, {} programs, {} kept, {megabytes:.0} MB in {seconds:.3} s: {:.0} MB/s",
            index.entries().len(),
            index.programs.len(),
            index.kept.len(),
            megabytes / seconds
        );
    }
}
