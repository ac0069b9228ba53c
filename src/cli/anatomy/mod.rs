//! An image explained, as text, as JSON and as Markdown.
//!
//! | file | subject |
//! |---|---|
//! | [`json`], [`json_diff`] | for scripts: `docs/json.md` says what every key means |
//! | [`text`], [`sections`], [`text_diff`] | for a terminal |
//! | [`markdown`], [`markdown_diff`] | for a pull request or a wiki |
//! | [`verdicts`] | rules and how they came out, in all three |
//! | [`words`] | sentences and names that all of them use |

pub mod json;
pub mod markdown;
mod sections;
pub mod text;
pub mod verdicts;
pub mod words;
