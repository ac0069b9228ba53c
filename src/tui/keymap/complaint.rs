//! What of the keys in the settings was refused, and why: by name, so that it is found.

use super::key::KeyError;
use crate::tui::action::Place;

/// One binding that was refused. The rest stand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Complaint {
    /// No action is called so.
    #[error("`{id}`: there is no such action{}", did_you_mean(*.near))]
    NoSuchAction {
        /// As written.
        id: String,
        /// What was probably meant.
        near: Option<&'static str>,
    },
    /// It is no key.
    #[error("`{id} = {written}`: {why}")]
    Unreadable {
        /// Of which action.
        id: String,
        /// As written.
        written: String,
        /// Why not.
        why: KeyError,
    },
    /// It stands for something else in one of its places.
    #[error("`{id} = {written}`: that is `{other}` already ({})", .place.words().to_lowercase())]
    Taken {
        /// Of which action.
        id: String,
        /// The sequence.
        written: String,
        /// What it stands for.
        other: &'static str,
        /// Where.
        place: Place,
    },
    /// One begins with the other, so the longer one could never be pressed.
    #[error(
        "`{id} = {written}`: one of it and `{taken}`, which is `{other}`, begins with the other ({})",
        .place.words().to_lowercase()
    )]
    Begins {
        /// Of which action.
        id: String,
        /// The sequence.
        written: String,
        /// The other action.
        other: &'static str,
        /// Its sequence.
        taken: String,
        /// Where.
        place: Place,
    },
    /// It would be typed where the action must be at hand.
    #[error(
        "`{id} = {}`: it would be typed in {}; give it a key that writes nothing too, such as `ctrl-x` or `f5`",
        .written.join(", "), .place.words().to_lowercase()
    )]
    Typed {
        /// Of which action.
        id: String,
        /// The sequences.
        written: Vec<String>,
        /// Where one types.
        place: Place,
    },
    /// Without it nobody gets out.
    #[error("`{id}` must have a key: it is how one gets out")]
    MustStay {
        /// Of which action.
        id: String,
    },
}

impl Complaint {
    /// Which action it is about.
    pub(super) fn id(&self) -> &str {
        match self {
            Self::NoSuchAction { id, .. }
            | Self::Unreadable { id, .. }
            | Self::Taken { id, .. }
            | Self::Begins { id, .. }
            | Self::Typed { id, .. }
            | Self::MustStay { id } => id,
        }
    }
}

fn did_you_mean(near: Option<&'static str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}
