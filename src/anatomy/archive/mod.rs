//! Images in archives and folders, in every layout there is, all read into one and the same.
//!
//! | room | subject |
//! |---|---|
//! | [`source`] | where an image is to be had, as it is written on a command line |
//! | [`wanted`], [`platform`] | which image of those that are there |
//! | `document` | indexes and manifests |
//! | `choose`, `plan` | from what is listed to the image wanted, to what must be read |
//! | `blobs`, `layout` | names in archives, what they lead to, what they claim |
//! | `store`, `opened` | a file or folder, read in any order: only what is not known |
//! | `stream` | an archive that passes by once |
//! | [`again`] | layers out of one that passes by once more |
//!
//! Layouts: `docker save` before Docker 25 (`manifest.json`, a folder for each layer, links
//! for layers that are the same) and since (an OCI layout with a `manifest.json` as well);
//! OCI alone, nested indexes and attestations included; kaniko's and others' `manifest.json`
//! with names of their own. Which it is, is found out by looking.

pub mod again;
mod blobs;
mod choose;
mod document;
mod layer;
mod layout;
mod opened;
mod plan;
pub mod platform;
pub mod source;
mod store;
mod stream;
#[cfg(test)]
pub(in crate::anatomy) mod testing;
#[cfg(test)]
mod tests;
pub mod wanted;

pub use opened::{Opened, read_directory, read_file};
pub use stream::read_stream;

/// Reads bytes as each document that lists images.
#[cfg(any(test, fuzzing))]
pub(in crate::anatomy) fn try_documents(json: &[u8]) {
    let _ = document::saved(json);
    let _ = document::document(json);
}
