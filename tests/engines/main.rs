//! Tests against real engines. They fail when there is none: nothing is skipped in silence.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::indexing_slicing)]

mod build;
mod demo;
mod local;
mod rebuild;
