//! The client of registries against a real one: Debian's `docker-registry`, plain, with TLS
//! and logins, and behind a wire on which things go wrong. What was written is read by
//! `skopeo`, a client that is not ours. Nothing is skipped where one is missing.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::indexing_slicing)]

// Shared with tests that use more of it.
#[allow(unused_imports)]
#[path = "../support/mod.rs"]
mod support;

// A terminal, of which the tests of the interface use more.
#[allow(dead_code)]
#[path = "../terminal/pty.rs"]
mod pty;

mod anatomy;
mod channels;
mod copies;
mod doctor;
mod faults;
mod images;
mod logins;
mod reads;
mod tokens;
mod writes;
