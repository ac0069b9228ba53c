//! The interface, tried without a terminal: screens as text, and the real loop driven by
//! keys on a buffer.

mod anatomy;
mod driven;
mod fixture;
mod hands;
mod hostile;
pub(crate) mod lines;
mod lists;
mod logs;
mod mouse;
mod narrow;
mod palette;
mod pictures;
mod screens;
mod shells;
