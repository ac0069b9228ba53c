//! What an image is recognised to have in it: toolchains, browsers, media tools, models,
//! caches, what can go, and what all of it weighs.
//!
//! Rules say by which paths and packages a component is known; they are data, in
//! `rules.toml`. Their order is their precedence: a file belongs to the first component that
//! claims it, by its path or by the package that owns it, so the own bytes of all components
//! add up to no more than what is visible.
//!
//! This room looks at the merged filesystem only. Who owns a file it is told through
//! [`Owners`]; it opens nothing and reads no database itself.

pub mod glob;
pub mod owners;
pub mod recognise;
pub mod rules;
#[cfg(test)]
pub(in crate::anatomy) mod testing;
#[cfg(test)]
mod tests;
pub mod words;

pub use owners::{NoPackages, Owners};
pub use recognise::{Component, Components, LayerShare, Why, recognise};
pub use rules::{Class, Rule, Rules};
pub use words::PathText;
