//! One layer: its archive read once, from front to back, into an index that is kept for good.
//!
//! What a layer holds depends on nothing but its bytes, so an index may be remembered by
//! diff id. What of it is *visible* depends on the layers around it: that is
//! [`merged`](super::merged).

pub mod builder;
pub mod codec;
pub mod content;
mod contents;
mod elf;
mod error;
pub mod index;
mod keeping;
pub mod kept;
pub mod names;
mod paths;
pub mod program;
pub mod reader;
mod source;
#[cfg(test)]
mod tests;
