//! Tests against real engines. They fail when there is none: nothing is skipped in silence.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::indexing_slicing)]

#[path = "../support/mod.rs"]
mod support;

mod anatomy;
mod build;
mod compare;
mod demo;
mod disturbances;
mod kills;
mod library;
mod live;
mod local;
mod logs;
mod meanwhile;
mod oddities;
mod operations;
mod parity;
mod place;
mod reach;
mod rebuild;
mod refusals;
mod registry;
mod shells;
