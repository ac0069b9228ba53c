//! Tar archives, read as they pass: nothing is allocated because a header claims it, nothing
//! is held but a buffer.
//!
//! Read is what the engines read (they all use Go's `archive/tar`), in its way where archives
//! are ambiguous:
//!
//! - v7, ustar with its prefix, GNU long names and links, PAX headers (a PAX record wins over
//!   the header's field, a GNU long name over both);
//! - **global** PAX headers are read past: engines ignore them, as seen on one
//!   (20.10.24: a global `uid` or `path` changes nothing in a container);
//! - numbers in octal and base 256; checksums both ways they were ever computed;
//! - sparse files: old GNU with extension blocks, PAX 0.0, 0.1 and 1.0;
//! - an end without its two zero blocks, even without the padding of the last content, is an
//!   end; one within a content is an error.

mod block;
mod error;
mod header;
mod input;
mod pax;
mod reader;
mod sparse;
#[cfg(test)]
pub(in crate::anatomy) mod testing;
#[cfg(test)]
mod tests;

pub use error::TarError;
pub use header::{EntryType, Header};
pub use reader::{Piece, Reader};
