//! karat: the life of golden container images, in the terminal.
//!
//! Which version runs in which environment, how far the environments have skewed apart, and
//! one key to rebuild, promote or roll back, on real Docker engines.
//!
//! # The house
//! Each folder is a room; a room may use those below it in this list, never one above.
//!
//! | room | what it is for |
//! |---|---|
//! | `main.rs` | parse arguments, run, turn the outcome into an exit code |
//! | [`tui`] | the terminal interface: state, actions, loop, views |
//! | [`cli`] | the same verbs for scripts: one file a command, text and JSON |
//! | [`operate`] | makes plans and runs them: steps, progress, cancel, undo, recover |
//! | [`observe`] | keeps the fleet current: engine events, back-off |
//! | [`explain`] | an image taken apart: from the cheapest source, each layer read once |
//! | [`target`] | where versions run: `trait Target`, and one folder a kind |
//! | [`engine`] | one Docker engine: connect, read, move images, build |
//! | [`registry`] | one OCI registry: tags, manifests, blobs, copy, events |
//! | [`store`] | SQLite: history, last known fleet. Never the authority |
//! | [`anatomy`] | what an image is made of: archives, layers, files, waste |
//! | [`config`] | project file, Docker contexts → model |
//! | [`model`] | what things are and the rules between them; no I/O, no clock |

pub mod anatomy;
pub mod cli;
pub mod config;
pub mod engine;
pub mod explain;
pub mod model;
pub mod observe;
pub mod operate;
pub mod registry;
pub mod store;
pub mod target;
pub mod tui;
