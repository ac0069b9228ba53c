//! An image explained, as text, as JSON and as Markdown.
//!
//! | file | subject |
//! |---|---|
//! | [`json`], [`diff_json`] | for scripts: `docs/json.md` says what every key means |
//! | [`text`], `sections`, [`diff_text`] | for a terminal |
//! | [`markdown`], [`diff_markdown`] | for a pull request or a wiki |
//! | [`verdicts`] | rules and how they came out, in all three |
//! | [`words`] | sentences and names that all of them use |

pub mod diff_json;
pub mod diff_markdown;
pub mod diff_text;
#[cfg(test)]
mod fixture;
pub mod json;
pub mod markdown;
mod sections;
pub mod text;
pub mod verdicts;
pub mod words;

#[cfg(test)]
mod tests;
