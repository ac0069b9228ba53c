//! Layers read from archives that are built block by block.

mod bad;
mod codec;
mod contents;
mod names;

use super::index::{Kind, LayerEntry, LayerIndex, Oddity};
use super::reader::{LayerError, read_layer};
use crate::anatomy::limits::Limits;
use crate::anatomy::progress::Unwatched;

fn try_read(bytes: &[u8]) -> Result<LayerIndex, LayerError> {
    read_layer(bytes, &Limits::default(), &Unwatched)
}

fn read(bytes: &[u8]) -> LayerIndex {
    try_read(bytes).expect("a layer")
}

/// Paths and kinds, in the archive's order.
fn listed(index: &LayerIndex) -> Vec<(String, Kind)> {
    index
        .entries()
        .iter()
        .map(|entry| (path(index, entry), entry.kind))
        .collect()
}

fn path(index: &LayerIndex, entry: &LayerEntry) -> String {
    String::from_utf8_lossy(&index.path(entry.node)).into_owned()
}

fn oddities(index: &LayerIndex) -> Vec<(Oddity, String)> {
    index
        .oddities
        .iter()
        .map(|odd| (odd.what, String::from_utf8_lossy(&odd.path).into_owned()))
        .collect()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content).expect("memory");
    encoder.finish().expect("memory")
}

fn zstd(content: &[u8]) -> Vec<u8> {
    ::zstd::bulk::compress(content, 1).expect("memory")
}
