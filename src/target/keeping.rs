//! What a registry keeps: its garbage collection takes every manifest that no tag holds.

use futures_util::{StreamExt as _, stream};

use crate::model::digest::Digest;
use crate::model::remote::{KEEP_TAG, is_technical};
use crate::registry::{Pointer, RegistryError, Remote};

/// How many tags are asked whether they hold something.
const ASKED: usize = 200;

/// Tags asked for at once.
const AT_ONCE: usize = 8;

/// The tag by which a version of an environment is kept.
#[must_use]
pub fn keep_tag(environment: &str, digest: &Digest) -> String {
    format!("{KEEP_TAG}{environment}-{}", digest.short())
}

/// Whether a tag other than `but` is found to hold a digest: `likely` is asked first, then the
/// tags whose names are the newest. Where none of those does, there may be one among the rest:
/// a tag too many does no harm, and one too few loses a version.
///
/// # Errors
/// The registry's.
pub async fn held(
    remote: &Remote,
    digest: &Digest,
    likely: Option<&str>,
    but: Option<&str>,
) -> Result<bool, RegistryError> {
    let holds = |tag: String| async move {
        let there = remote.head(&Pointer::Tag(tag)).await?;
        Ok::<_, RegistryError>(there.is_some_and(|there| there.digest == *digest))
    };
    if let Some(likely) = likely.filter(|tag| Some(*tag) != but)
        && holds(likely.to_owned()).await?
    {
        return Ok(true);
    }
    let mut tags = remote.tags().await?;
    tags.retain(|tag| Some(tag.as_str()) != but && !is_technical(tag));
    tags.sort_unstable_by(|a, b| b.cmp(a));
    tags.truncate(ASKED);
    let mut answers = stream::iter(tags).map(holds).buffer_unordered(AT_ONCE);
    while let Some(holds) = answers.next().await {
        if holds? {
            return Ok(true);
        }
    }
    Ok(false)
}
