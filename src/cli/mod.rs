//! The verbs, for scripts and for people without the interface: one file a command.
pub mod demo;
