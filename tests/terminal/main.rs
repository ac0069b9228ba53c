//! The real binary in a pseudo-terminal, over real engines: what somebody sees who types
//! `karat`. They fail when no engine can be started: nothing is skipped in silence.
//!
//! | file | subject |
//! |---|---|
//! | `pty` | a terminal that a test can read and type into |
//! | `stage` | fleets to look at |
//! | `opening` | the first frame, with and without an engine that answers; sizes; no terminal |
//! | `acting` | rolling back by typing the name; Esc; leaving in the middle |
//! | `anatomy` | a version taken apart, and beside another |
//! | `inside` | logs of containers, and shells in them |
//! | `leaving` | signals, Ctrl-C, Ctrl-Z: the terminal is always given back |
//! | `demo` | the fleet that is made up: marked everywhere, worked on, nothing kept |
//! | `lists` | filters and sorting, and that the order is kept |
//! | `keying` | the palette, keys of the user's own, keys that are not bound |
//! | `living` | what changes on an engine changes on screen |
//! | `looking` | themes, light or dark, the mouse, refused settings, the log file |
//! | `registries` | tags that are read as one looks at them; a channel promoted by keys |
//! | `touching` | the mouse, pastes that mean harm, a window that is dragged about |
//! | `tour` | the tour of the README, word for word |
//! | `screenshots`, `svg` | the pictures of the README |
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::indexing_slicing)]

// Shared with tests that use more of it.
#[allow(unused_imports)]
#[path = "../support/mod.rs"]
mod support;

mod acting;
mod anatomy;
mod demo;
mod inside;
mod keying;
mod leaving;
mod lists;
mod living;
mod looking;
mod opening;
mod pty;
mod registries;
mod screenshots;
mod stage;
mod svg;
mod touching;
mod tour;
