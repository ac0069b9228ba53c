//! Pieces that several views are made of. None of them knows what a fleet is.

pub(super) mod bar;
pub(super) mod dialog;
pub(super) mod field;
pub(super) mod log;
pub(super) mod page;
pub(super) mod table;
