//! Makes plans and runs them, step by step, with progress, cancel and undo; recovers what was cut off.
pub mod rebuild;
