//! What things are, and the rules between them.
//!
//! Nothing here does input or output, waits, or reads a clock: the time is always an
//! argument. So every rule can be tried with a table of plain values.
//!
//! | file | subject |
//! |---|---|
//! | [`digest`], [`reference`], [`bytes`], [`time`] | the small words: digests, repositories and references, sizes, spans |
//! | [`version`], [`catalog`] | version labels and their order; the versions of one image |
//! | [`project`] | images, environments, engines: what the project file says |
//! | [`observation`] | what one engine answered at one moment |
//! | [`fleet`], [`skew`] | every deployment of every image in every environment, and how they differ |
//! | [`run`], [`known_good`] | what ran where and how it went; the version to go back to |
//! | [`plan`], [`rebuild`], [`step`], [`progress`], [`event`] | what an operation will do, is doing, has done |
//! | [`details`] | one container, read closely |
//! | [`nearest`] | "did you mean" |

pub mod bytes;
mod calver;
pub mod catalog;
pub mod details;
pub mod digest;
pub mod event;
pub mod fleet;
pub mod gather;
pub mod known_good;
pub mod nearest;
mod next_version;
pub mod observation;
pub mod plan;
pub mod progress;
pub mod project;
pub mod rebuild;
pub mod reference;
pub mod revocation;
pub mod run;
pub mod skew;
pub mod step;
#[cfg(test)]
pub(crate) mod testing;
pub mod time;
pub mod version;
