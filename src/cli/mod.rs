//! The verbs, for scripts and for people without the interface: one file a command.

pub mod demo;
#[cfg(test)]
mod fixture;
pub mod history_text;
pub mod json;
pub mod status_text;
pub mod table;
pub mod versions_text;
