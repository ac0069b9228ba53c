//! Finds the cheapest source of an image, reads of it what is not known yet, and remembers
//! what it read: a layer is read once in its life.
//!
//! This room joins those that know nothing of each other: `anatomy`, which takes bytes apart
//! and waits for nothing, and `engine` and `registry`, which bring them. It never changes
//! anything on an engine or in a registry.
//!
//! | file | subject |
//! |---|---|
//! | [`ask`] | which image is meant, and from where |
//! | [`explainer`] | the way from what is asked to an image taken apart |
//! | [`contents`] | what is in its files: its layers opened once more |
//! | `engines` | which engine has the image, and what it says of it |
//! | `registries` | what a registry says of the image, and its layers from there |
//! | `blobs` | a layer on its way from a registry |
//! | [`outline`] | what the engine tells of the image without handing it over |
//! | `shelf` | what is remembered, as `anatomy` wants it |
//! | [`watch`] | how far the reading is, and its end before time |
//! | [`whole`] | everything there is to say of an image, worked out once |
//! | [`compared`] | two images side by side |
//! | [`error`] | why there is none, one sentence each |

pub mod ask;
mod blobs;
pub mod compared;
pub mod contents;
mod engines;
pub mod error;
pub mod explainer;
pub mod outline;
mod registries;
mod shelf;
pub mod watch;
pub mod whole;

pub use ask::Ask;
pub use compared::Compared;
pub use contents::Contents;
pub use error::ExplainError;
pub use explainer::{Explained, Explainer, Origin};
pub use outline::Outline;
pub use watch::{LayerTold, Watch};
pub use whole::Whole;
