//! The interface, tried without a terminal: screens as text, and the real loop driven by
//! keys on a buffer.

mod accents;
mod anatomy;
mod cells;
mod driven;
mod fixture;
mod footer;
mod hands;
mod hostile;
mod leaving;
pub(crate) mod lines;
mod lists;
mod logs;
mod mouse;
mod moving;
mod narrow;
mod orders;
mod palette;
mod pictures;
mod reasons;
mod recovering;
mod registries;
mod returning;
mod screens;
mod several;
mod shells;
