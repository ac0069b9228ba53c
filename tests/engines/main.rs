//! Tests against real engines. They fail when there is none: nothing is skipped in silence.
#![allow(missing_docs)]

mod build;
mod local;
