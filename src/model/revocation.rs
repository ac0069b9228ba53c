//! Revoked versions: never chosen again, by whatever name they are called.

/// The label by which an image names the digest it is built from.
pub const BASE_DIGEST_LABEL: &str = "org.opencontainers.image.base.digest";

/// How many hexadecimal digits of a digest are enough to name it: what `docker ps` shows.
const ENOUGH: usize = 12;

/// Whether one of the project's `revoked` entries names something: a label word for word,
/// or a digest, whole or its first twelve or more hexadecimal digits, with or without
/// `sha256:` in front.
pub fn revokes<'a>(
    revoked: &[String],
    labels: impl IntoIterator<Item = &'a str>,
    digests: impl IntoIterator<Item = &'a str>,
) -> bool {
    if revoked.is_empty() {
        return false;
    }
    let mut labels = labels.into_iter();
    let mut digests = digests.into_iter();
    labels.any(|label| revoked.iter().any(|entry| entry == label))
        || digests.any(|digest| revoked.iter().any(|entry| names(entry, digest)))
}

fn names(entry: &str, digest: &str) -> bool {
    let hex = |text| bare(text).bytes().all(|b| b.is_ascii_hexdigit());
    bare(entry).len() >= ENOUGH && hex(entry) && bare(digest).starts_with(bare(entry))
}

fn bare(digest: &str) -> &str {
    digest.split_once(':').map_or(digest, |(_, hex)| hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_revoked_by_label_and_by_digest() {
        let digest = format!("sha256:{}", "0123456789ab".repeat(6));
        for (entry, want) in [
            ("1.4.2", true),
            ("1.4", false),
            (digest.as_str(), true),
            ("0123456789ab", true),
            ("sha256:0123456789ab", true),
            ("0123456789a", false),
            ("sha256:0123456789a", false),
            ("123456789ab0", false),
            ("", false),
        ] {
            let revoked = [entry.to_owned()];
            assert_eq!(
                revokes(&revoked, ["1.4.2"], [digest.as_str()]),
                want,
                "{entry}"
            );
        }
        assert!(!revokes(&[], ["1.4.2"], [digest.as_str()]));
    }
}
