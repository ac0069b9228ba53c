//! How quickly an image is taken apart, beside the least that could be done with the same
//! bytes; and how much memory one of 100,000 files in each of ten layers takes.
//! `cargo bench --bench anatomy`; `scripts/compare-peers` measures the program beside others.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

#[path = "../interface/dissected.rs"]
mod dissected;

use std::hint::black_box;
use std::io::{Read as _, Write as _};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use karat::anatomy::Report;
use karat::anatomy::components::{Installed, Rules, recognise};
use karat::anatomy::findings::{AcceptanceList, Subject, examine};
use karat::anatomy::layer::codec;
use karat::anatomy::layer::index::LayerIndex;
use karat::anatomy::layer::reader::read_layer;
use karat::anatomy::limits::Limits;
use karat::anatomy::merged::{Builder, LayerNo, View};
use karat::anatomy::progress::Unwatched;
use karat::model::time::Timestamp;
use sha2::{Digest as _, Sha256};

fn now() -> Timestamp {
    "2026-11-27T00:00:00Z".parse().expect("a time")
}

/// A layer of 20,000 files of 5 kB whose text is not all the same.
fn archive() -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    let mut text = vec![0_u8; 5_000];
    for file in 0..20_000_u64 {
        for (at, byte) in text.iter_mut().enumerate() {
            let mixed = (at as u64 ^ file).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 59;
            *byte = b'a' + u8::try_from(mixed).expect("small") % 26;
        }
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        let path = format!("usr/lib/python3/package-{}/module-{file}.py", file / 50);
        tar.append_data(&mut header, path, text.as_slice())
            .expect("memory");
    }
    tar.into_inner().expect("memory")
}

/// Reading a layer, and the least that must be done: its diff id is the SHA-256 of all of it.
fn layers(bench: &mut Criterion) {
    let plain = archive();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&plain).expect("memory");
    let gzip = gzip.finish().expect("memory");
    let mut group = bench.benchmark_group("layer");
    group.throughput(Throughput::Bytes(plain.len() as u64));
    group.sample_size(10);
    let read = |bytes: &[u8]| {
        let index = read_layer(bytes, &Limits::default(), &Unwatched).expect("a layer");
        assert_eq!(index.entries().len(), 20_000);
        index
    };
    group.bench_function("floor: SHA-256", |bench| {
        bench.iter(|| black_box(Sha256::digest(&plain)));
    });
    group.bench_function("read, plain", |bench| bench.iter(|| read(&plain)));
    group.bench_function("floor: gunzip and SHA-256", |bench| {
        bench.iter(|| {
            let mut hash = Sha256::new();
            let mut decoder = GzDecoder::new(gzip.as_slice());
            let mut piece = vec![0; 64 << 10];
            loop {
                match decoder.read(&mut piece).expect("gzip") {
                    0 => break black_box(hash.finalize()),
                    length => hash.update(&piece[..length]),
                }
            }
        });
    });
    group.bench_function("read, gzip", |bench| bench.iter(|| read(&gzip)));
    group.finish();
}

/// What is done with layers that were read before.
fn kept(bench: &mut Criterion) {
    let index = dissected::layer(1);
    let bytes = codec::encode(&index).expect("memory");
    println!("index of 100,000 files: {} bytes", bytes.len());
    let mut group = bench.benchmark_group("100,000 files");
    group.sample_size(20);
    group.bench_function("pack the index", |bench| {
        bench.iter(|| codec::encode(&index).expect("memory"));
    });
    group.bench_function("unpack the index", |bench| {
        bench.iter(|| codec::decode(&bytes).expect("sound"));
    });
    let anatomy = one_layer(&index);
    let report = Report::of(anatomy, &[], &AcceptanceList::default(), now());
    let (anatomy, view) = (&report.anatomy, &report.view);
    group.bench_function("recognise components", |bench| {
        let installed = Installed::new(&report.inventory);
        bench.iter(|| recognise(&anatomy.merged, view, &installed, Rules::built_in()));
    });
    group.bench_function("examine for findings", |bench| {
        let installed = Installed::new(&report.inventory);
        bench.iter(|| {
            examine(Subject {
                anatomy,
                view,
                owners: &installed,
                components: &report.components,
                waste: &report.waste,
            })
        });
    });
    group.finish();
}

fn one_layer(index: &LayerIndex) -> karat::anatomy::Anatomy {
    let mut facts = dissected::facts();
    facts.layers.truncate(1);
    let mut once = Some(index.clone());
    karat::anatomy::Anatomy::assemble(facts, |_| once.take()).expect("room")
}

/// Ten layers of 100,000 files.
fn merging(bench: &mut Criterion) {
    let layers: Vec<LayerIndex> = (0..dissected::LAYERS).map(dissected::layer).collect();
    let mut group = bench.benchmark_group("100,000 files x 10 layers");
    group.sample_size(10);
    group.bench_function("merge", |bench| {
        bench.iter(|| {
            let mut builder = Builder::new();
            for layer in &layers {
                builder.add(layer).expect("room");
            }
            builder.finish()
        });
    });
    drop(layers);
    let anatomy = dissected::anatomy();
    let mut view = View::new(&anatomy.merged, LayerNo(0));
    let last = u16::try_from(dissected::LAYERS - 1).expect("few");
    let mut turn = (1..=last).chain((0..last).rev()).cycle();
    group.bench_function("from layer to layer", |bench| {
        bench.iter(|| view.go(&anatomy.merged, LayerNo(turn.next().expect("a layer"))));
    });
    group.bench_function("explain", |bench| {
        bench.iter_with_large_drop(|| dissected::report(now()));
    });
    group.finish();
}

/// Resident memory, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
    kilobytes.expect("it is there").parse::<u64>().expect("kB") * 1_024
}

/// What the image and its explanation take when nothing else is held.
fn memory(_: &mut Criterion) {
    let before = resident();
    let anatomy = dissected::anatomy();
    let apart = resident();
    let report = Report::of(anatomy, &[], &AcceptanceList::default(), now());
    let explained = resident();
    let megabytes = |to: u64| to.saturating_sub(before) as f64 / 1e6;
    println!(
        "100,000 files x 10 layers: {:.0} MB taken apart, {:.0} MB explained, {} to be seen",
        megabytes(apart),
        megabytes(explained),
        report.view.visible_bytes()
    );
}

criterion_group!(benches, memory, layers, kept, merging);
criterion_main!(benches);
