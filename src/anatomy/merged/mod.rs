//! Layers on top of each other: what is visible, from when to when.
//!
//! Every entry of every layer is born in its layer and dies in the layer that replaces or
//! removes it, so what is visible after layer N is what was born by then and has not died:
//! no state is kept a layer, and any layer can be looked at at once. Sizes of directories
//! are kept by a [`View`](view::View), which moves from layer to layer.
//!
//! The rules are those of the OCI image specification's layer changesets, and where it is
//! silent those of the engines, as seen on them:
//!
//! - whiteouts and opaque whiteouts hide what *lower* layers have, in any order with their
//!   siblings; what the same layer brings stays;
//! - a directory over a directory keeps what is inside; anything else over anything replaces
//!   it and all below it;
//! - a path twice in one layer: the later one is visible, both count;
//! - a file's bytes are visible as long as one of its names is.

mod build;
pub mod node;
pub mod view;

pub use build::Builder;
pub use node::{Child, Entry, EntryId, LayerNo, Merged, NodeId};
pub use view::View;
