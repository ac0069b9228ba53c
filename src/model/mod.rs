//! What things are, and the rules between them.
//!
//! Nothing here does input or output, waits, or reads a clock: the time is always an
//! argument. So every rule can be tried with a table of plain values.
//!
//! | file | subject |
//! |---|---|
//! | [`digest`], [`reference`](mod@reference), [`bytes`], [`time`] | the small words: digests, repositories and references, sizes, spans |
//! | [`version`], [`catalog`], [`gather`], [`revocation`] | version labels and their order; the versions of one image, and what is revoked |
//! | [`project`], [`layer_rules`] | images, environments, engines, what layers must keep to: what the project file says |
//! | [`registry`] | how registries are reached, and where logins come from |
//! | [`observation`] | what one engine answered at one moment |
//! | [`fleet`], [`assemble`], [`grouping`], [`skew`] | every deployment of every image in every environment, and how they differ |
//! | [`remote`], [`channel`], [`shared`] | what a registry says of an image; a moving tag as an environment; history that a team shares |
//! | [`content`] | by what the same image is recognised in every store |
//! | [`run`], [`known_good`] | what ran where and how it went; the version to go back to |
//! | [`plan`], [`rebuild`], [`publish`], [`step`], [`progress`], [`transfer`], [`event`] | what an operation will do, is doing, has done |
//! | [`details`], [`log`] | one container, read closely; lines it wrote |
//! | [`checkup`] | what is found when everything is looked at |
//! | [`nearest`], [`text`] | "did you mean"; text from elsewhere made fit for a terminal |

pub mod assemble;
pub mod bytes;
mod calver;
pub mod catalog;
mod cells;
pub mod channel;
pub mod checkup;
pub mod content;
pub mod details;
pub mod digest;
pub mod event;
pub mod fleet;
pub mod gather;
pub mod grouping;
pub mod known_good;
pub mod layer_rules;
pub mod learned;
pub mod log;
pub mod nearest;
mod next_version;
pub mod observation;
pub mod plan;
pub mod progress;
pub mod project;
pub mod publish;
pub mod rebuild;
pub mod reference;
pub mod registry;
pub mod remote;
pub mod revocation;
pub mod run;
pub mod shared;
pub mod skew;
pub mod step;
#[cfg(test)]
pub(crate) mod testing;
pub mod text;
pub mod time;
pub mod transfer;
pub mod version;
