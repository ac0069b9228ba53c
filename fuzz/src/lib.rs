//! The rooms of karat that read bytes of strangers, for fuzzing.
#![allow(dead_code)]

#[path = "../../src/anatomy/mod.rs"]
pub mod anatomy;
#[path = "../../src/model/mod.rs"]
pub mod model;
