//! Bytes in, explanation out: what an image is made of.
//!
//! This room knows archives, layers and files. It knows nothing of engines, of registries or
//! of the store, and it never waits for anything but the reader it was given: whoever calls
//! it brings the bytes and takes the explanation away.
//!
//! | room | subject |
//! |---|---|
//! | [`whole`] | an image taken apart: where everything else begins |
//! | [`config`] | an image's configuration: its JSON, its history, its instructions |
//! | [`image`] | what an image says of itself: digests, configuration, layers, history |
//! | [`archive`] | images in archives and folders, in every layout, read into one and the same |
//! | [`shelf`] | where what was read of a layer is kept |
//! | [`extract`] | files out of an image, shown or written into a folder |
//! | [`error`] | what can be wrong with an image |
//! | [`tar`] | tar archives, entry by entry, as they pass |
//! | [`limits`], [`progress`], [`sniff`] | how much is believed of an archive, how far it is read, what it looks like |
//! | [`compression`] | gzip and zstd, told by their first bytes |
//! | [`layer`] | one layer: its archive read once, front to back, into a compact index |
//! | [`report`] | everything worked out of an image, once |
//! | [`components`] | toolchains, browsers, caches …: what an image is recognised to have in it |
//! | [`findings`] | what is wrong with it, by how much, where, and what to do |
//! | [`diff`] | two versions: what is shared, what grew and where, what is configured differently |
//! | [`layers`] | layers, explained: what each did, what it costs, who else has it |
//! | [`merged`] | layers on top of each other: what is visible, from when to when |
//! | [`packages`] | what is installed, and whose each file is |
//! | [`resolve`] | paths found as the kernel would, through symlinks |
//! | [`rules`] | what an image must keep to: size rules, and dive's |
//! | [`tree`] | files as a tree: listed, marked, filtered, searched |
//! | [`treemap`] | boxes whose areas are sizes |
//! | [`waste`] | what is carried and not shown, and who pays for it |

pub mod archive;
pub mod components;
pub mod compression;
pub mod config;
pub mod diff;
pub mod error;
#[cfg(any(test, fuzzing))]
pub mod exercise;
pub mod extract;
pub mod findings;
pub mod image;
pub mod layer;
pub mod layers;
pub mod limits;
pub mod merged;
pub mod packages;
pub mod progress;
pub mod report;
pub mod resolve;
pub mod rules;
pub mod shelf;
#[cfg(test)]
pub(crate) mod sketch;
pub mod sniff;
pub mod tar;
pub mod tree;
pub mod treemap;
pub mod waste;
pub mod whole;

pub use report::Report;
pub use whole::Anatomy;
