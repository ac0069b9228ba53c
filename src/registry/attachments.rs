//! Whether a version has a signature, a list of what is in it, and a record of how it was
//! built. Only that they are there: nothing here says that they are true.

use super::Remote;
use super::error::RegistryError;
use super::inspect::Described;
use super::manifest::{Content, Descriptor, Pointer};
use super::referrers::fallback_tag;
use crate::model::digest::Digest;

/// What is there. Present or not; never whether it can be trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// A signature (cosign, Notation).
    pub signature: bool,
    /// A software bill of materials (SPDX, CycloneDX).
    pub sbom: bool,
    /// A record of how it was built (SLSA, in-toto).
    pub provenance: bool,
}

impl Presence {
    const fn all(self) -> bool {
        self.signature && self.sbom && self.provenance
    }

    /// Takes note of what a media type or a predicate's type stands for.
    fn note(&mut self, kind: &str) {
        let kind = kind.to_ascii_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| kind.contains(word));
        if has(&["spdx", "cyclonedx", "sbom", "syft"]) {
            self.sbom = true;
        } else if has(&["slsa", "provenance"]) {
            self.provenance = true;
        } else if has(&[
            "signature",
            "simplesigning",
            "sigstore.bundle",
            "cosign.artifact.sig",
        ]) {
            self.signature = true;
        }
    }

    /// Takes note of what a descriptor says of itself. False: it does not say enough.
    fn note_descriptor(&mut self, it: &Descriptor) -> bool {
        let predicate = [
            "in-toto.io/predicate-type",
            "dev.sigstore.bundle.predicateType",
            "predicateType",
        ]
        .iter()
        .find_map(|key| it.annotations.get(*key));
        if let Some(predicate) = predicate {
            self.note(predicate);
            return true;
        }
        let kind = it.artifact_type.as_deref().unwrap_or_default();
        self.note(kind);
        // What kind of statement an in-toto envelope has, its layers say.
        !kind.is_empty() && !kind.contains("in-toto") && !kind.contains("sigstore.bundle")
    }
}

/// What is attached to an image: to its manifest or its index, by referrers, by cosign's tags,
/// by BuildKit's manifests in the index.
///
/// # Errors
/// The registry's.
pub async fn attachments(remote: &Remote, image: &Described) -> Result<Presence, RegistryError> {
    let mut found = Presence::default();
    let attested = image.attestations.iter().filter(|it| {
        let of = it.annotations.get("vnd.docker.reference.digest");
        of.is_none_or(|of| of == image.manifest.as_str())
    });
    for manifest in attested {
        look_into(remote, &mut found, &manifest.digest).await?;
    }
    let targets = image.index.iter().chain([&image.manifest]);
    for target in targets {
        if found.all() {
            break;
        }
        for it in remote.referrers(target).await? {
            if !found.note_descriptor(&it) {
                look_into(remote, &mut found, &it.digest).await?;
            }
        }
        by_tags(remote, &mut found, target).await?;
    }
    Ok(found)
}

/// cosign's own tags: `sha256-….sig`, `.sbom`, `.att`.
async fn by_tags(
    remote: &Remote,
    found: &mut Presence,
    target: &Digest,
) -> Result<(), RegistryError> {
    let tag = |suffix: &str| Pointer::Tag(format!("{}.{suffix}", fallback_tag(target)));
    if !found.signature && remote.head(&tag("sig")).await?.is_some() {
        found.signature = true;
    }
    if !found.sbom && remote.head(&tag("sbom")).await?.is_some() {
        found.sbom = true;
    }
    if found.sbom && found.provenance {
        return Ok(());
    }
    if let Some(attested) = remote.head(&tag("att")).await? {
        look_into(remote, found, &attested.digest).await?;
    }
    Ok(())
}

/// What the layers of a manifest say they are.
async fn look_into(
    remote: &Remote,
    found: &mut Presence,
    digest: &Digest,
) -> Result<(), RegistryError> {
    let Some(document) = remote.manifest(&Pointer::Digest(digest.clone())).await? else {
        return Ok(());
    };
    if let Ok(Content::Manifest(manifest)) = document.content() {
        for layer in &manifest.layers {
            if !found.note_descriptor(layer) {
                found.note(&layer.media_type);
            }
        }
        for kind in manifest.annotations.values() {
            if kind.starts_with("https://") {
                found.note(kind);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_apart() {
        let told = |kind: &str| {
            let mut found = Presence::default();
            found.note(kind);
            (found.signature, found.sbom, found.provenance)
        };
        for (kind, want) in [
            (
                "application/vnd.dev.cosign.simplesigning.v1+json",
                (true, false, false),
            ),
            (
                "application/vnd.cncf.notary.signature",
                (true, false, false),
            ),
            (
                "application/vnd.dev.sigstore.bundle.v0.3+json",
                (true, false, false),
            ),
            ("https://spdx.dev/Document", (false, true, false)),
            ("application/vnd.cyclonedx+json", (false, true, false)),
            ("https://slsa.dev/provenance/v1", (false, false, true)),
            (
                "application/vnd.oci.image.layer.v1.tar+gzip",
                (false, false, false),
            ),
        ] {
            assert_eq!(told(kind), want, "{kind}");
        }
    }
}
