//! Layers on top of each other: what is visible, from when to when.
//!
//! Every entry of every layer is born in its layer and dies in the layer that replaces or
//! removes it, so what is visible after layer N is what was born by then and has not died:
//! no state is kept a layer, and any layer can be looked at at once. Sizes of directories
//! are kept by a [`View`], which moves from layer to layer.
//!
//! The rules are those of the OCI image specification's layer changesets, and where it is
//! silent, or engines do something else, what an engine shows:
//!
//! - whiteouts and opaque whiteouts hide what *lower* layers have, in any order with their
//!   siblings; what the same layer brings stays;
//! - a directory over a directory keeps what is inside; anything else over anything replaces
//!   it and all below it;
//! - a path below something that is no directory makes a directory of it, also where the
//!   path is only whited out;
//! - a path twice in one layer: the later one is visible, both count;
//! - a file's bytes are visible as long as one of its names is; a hard link may name a file
//!   of a lower layer.
//!
//! # What engines were seen to do
//! Archives of these shapes were loaded into Docker 20.10 with overlay2, fuse-overlayfs and
//! vfs, the main ones into Podman with overlay; a container was made of each and exported.
//!
//! | layer | overlay2, Podman | fuse-overlayfs | vfs | here |
//! |---|---|---|---|---|
//! | `lib/foo` over a lower layer's `lib -> usr/lib` | `lib` is a directory with `foo` alone; `usr/lib` is as it was | the same | `usr/lib/foo` | as overlay2, and listed in [`Merged::below_symlinks`] |
//! | `lib/.wh.old` over the same | `lib` is an empty directory, `usr/lib/old` stays | the same | `usr/lib/old` goes | as overlay2, listed |
//! | `lib -> usr/lib`, then `lib/foo`, in one layer | `usr/lib/foo`; an error where the layer has no `usr/lib` | the same | `usr/lib/foo` | `usr/lib/foo` |
//! | `lib/foo`, then `lib -> usr/lib` | `foo` is gone | the same | the same | the same |
//! | `.wh.a`, then `a` | the new `a` | nothing | the new `a` | the new `a` |
//! | `a`, then `.wh.a` | an error | nothing | nothing | the new `a` (the specification) |
//! | `.wh.d`, then the directory `d` with `d/y` | `d/y`, *and what lower layers have in `d`* | nothing | `d/y` | as overlay2, and listed in [`Merged::readded`] |
//! | `.wh.d`, then `d/y` alone | an error | nothing | `d/y` | `d/y` |
//! | a hard link to a file of a lower layer | an error | an error | linked | linked |
//! | a hard link before its file, or to itself | an error | an error | an error | another name of nothing |
//! | a hard link to a symlink | a symlink | a symlink | a symlink | a symlink |
//! | a file over a directory, a directory over a file or a symlink | replaced, with all below | the same | the same | the same |
//! | `d/x` over a lower layer's file `d`; `d/.wh.x` over it | `d` is a directory | the same | an error | `d` is a directory |
//! | a path twice | an error | an error | an error | the later one; both count |
//! | an opaque whiteout before or behind its siblings, or without a directory entry | lower layers' go | the same | the same | the same |
//! | a whiteout of what never was | nothing | nothing | nothing | nothing |
//!
//! One thing is left out: engines show a directory that no layer lists, once something was
//! in it. Here it is there as long as something is; it has no bytes either way.

mod build;
mod contents;
pub mod node;
mod paths;
mod resolve;
#[cfg(test)]
mod tests;
pub mod view;
mod walk;

pub use build::Builder;
pub use node::{Child, Entry, EntryId, LayerNo, Merged, NodeId};
pub use view::View;
