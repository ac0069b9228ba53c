//! Bytes in, explanation out: what an image is made of.
//!
//! This room knows archives, layers and files. It knows nothing of engines, of registries or
//! of the store, and it never waits for anything but the reader it was given: whoever calls
//! it brings the bytes and takes the explanation away.
//!
//! | room | subject |
//! |---|---|
//! | [`whole`] | an image taken apart: where everything else begins |
//! | [`image`] | what an image says of itself: digests, configuration, layers, history |
//! | [`tar`] | tar archives, entry by entry, as they pass |
//! | [`limits`], [`progress`], [`sniff`] | how much is believed of an archive, how far it is read, what it looks like |
//! | [`compression`] | gzip and zstd, told by their first bytes |
//! | [`layer`] | one layer: its archive read once, front to back, into a compact index |
//! | [`components`] | toolchains, browsers, caches …: what an image is recognised to have in it |
//! | [`merged`] | layers on top of each other: what is visible, from when to when |
//! | [`rules`] | what an image must keep to: size rules, and dive's |
//! | [`waste`] | what is carried and not shown, and who pays for it |
//! | [`packages`] | what is installed, and whose each file is |

pub mod components;
pub mod compression;
pub mod image;
pub mod layer;
pub mod limits;
pub mod merged;
pub mod packages;
pub mod progress;
pub mod rules;
#[cfg(test)]
mod sketch;
pub mod sniff;
pub mod tar;
pub mod waste;
pub mod whole;

pub use whole::Anatomy;
