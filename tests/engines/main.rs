//! Tests against real engines. They fail when there is none: nothing is skipped in silence.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::indexing_slicing)]

#[path = "../support/mod.rs"]
mod support;

mod build;
mod compare;
mod library;
mod demo;
mod local;
mod operations;
mod parity;
mod place;
mod rebuild;
mod refusals;
