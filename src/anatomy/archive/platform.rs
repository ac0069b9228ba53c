//! Platforms: for which an image was made, and which one is wanted.

use std::fmt;

/// `linux/amd64`, `linux/arm64/v8`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Platform {
    /// `linux`.
    pub os: String,
    /// `amd64`.
    pub architecture: String,
    /// `v8`; of those that have only one, and of the oldest `amd64`, none.
    pub variant: Option<String>,
}

/// The text names no platform.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a platform: write it like `linux/amd64` or `linux/arm/v7`, as `docker pull --platform` takes it"
)]
pub struct NotAPlatform(String);

impl Platform {
    /// From its parts, brought to one spelling: `aarch64` is `arm64/v8`.
    #[must_use]
    pub fn new(os: &str, architecture: &str, variant: &str) -> Self {
        let (architecture, variant) = match (architecture, variant) {
            ("x86_64" | "x86-64", variant) => ("amd64", variant),
            ("i386" | "i486" | "i586" | "i686" | "x86", variant) => ("386", variant),
            ("aarch64", variant) => ("arm64", variant),
            ("armhf", _) => ("arm", "v7"),
            ("armel", _) => ("arm", "v6"),
            other => other,
        };
        let variant = match (architecture, variant) {
            ("arm64", "" | "8") => "v8",
            ("arm", "" | "7") => "v7",
            ("arm", "6") => "v6",
            ("arm", "5") => "v5",
            ("amd64", "v1") => "",
            (_, variant) => variant,
        };
        Self {
            os: os.to_owned(),
            architecture: architecture.to_owned(),
            variant: (!variant.is_empty()).then(|| variant.to_owned()),
        }
    }

    /// What this program runs on, as Linux has it: images are of Linux.
    #[must_use]
    pub fn here() -> Self {
        Self::new("linux", std::env::consts::ARCH, "")
    }

    /// Reads `linux/arm64/v8`; an architecture alone is one of Linux.
    ///
    /// # Errors
    /// [`NotAPlatform`].
    pub fn parse(text: &str) -> Result<Self, NotAPlatform> {
        let wrong = || NotAPlatform(text.to_owned());
        let parts: Vec<&str> = text.split('/').collect();
        let part_ok = |part: &&str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        };
        if !parts.iter().all(part_ok) {
            return Err(wrong());
        }
        match parts.as_slice() {
            ["linux" | "windows" | "darwin" | "freebsd"] => Err(wrong()),
            [architecture] => Ok(Self::new("linux", architecture, "")),
            [os, architecture] => Ok(Self::new(os, architecture, "")),
            [os, architecture, variant] => Ok(Self::new(os, architecture, variant)),
            _ => Err(wrong()),
        }
    }

    /// How far an image for `other` is from what is wanted; nothing, when it does not run
    /// there. A processor runs what its elder variants run.
    #[must_use]
    pub fn distance_to(&self, other: &Self) -> Option<u32> {
        if self == other {
            return Some(0);
        }
        let same = self.os == other.os && self.architecture == other.architecture;
        same.then(|| self.generation()?.checked_sub(other.generation()?))
            .flatten()
    }

    fn generation(&self) -> Option<u32> {
        match (&self.variant, self.architecture.as_str()) {
            (Some(variant), "arm" | "arm64" | "amd64") => variant.strip_prefix('v')?.parse().ok(),
            (None, "amd64") => Some(1),
            _ => None,
        }
    }

    /// Whether it says nothing: how builders mark what is no image.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.os == "unknown" && self.architecture == "unknown"
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        match self.variant.as_deref() {
            Some("v8") if self.architecture == "arm64" => Ok(()),
            Some(variant) => write!(f, "/{variant}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_are_read_and_written_in_one_spelling() {
        for (text, shown) in [
            ("linux/amd64", "linux/amd64"),
            ("amd64", "linux/amd64"),
            ("linux/x86_64", "linux/amd64"),
            ("linux/amd64/v1", "linux/amd64"),
            ("linux/amd64/v3", "linux/amd64/v3"),
            ("linux/arm64", "linux/arm64"),
            ("linux/arm64/v8", "linux/arm64"),
            ("aarch64", "linux/arm64"),
            ("linux/arm", "linux/arm/v7"),
            ("linux/arm/v6", "linux/arm/v6"),
            ("windows/amd64", "windows/amd64"),
        ] {
            let read = Platform::parse(text).expect(text);
            assert_eq!(read.to_string(), shown, "{text}");
            assert_eq!(Platform::parse(shown), Ok(read));
        }
        for wrong in [
            "",
            "linux",
            "linux/",
            "/amd64",
            "a/b/c/d",
            "linux/a md",
            "linux/\u{1b}",
        ] {
            assert!(Platform::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_processor_runs_what_its_elders_run() {
        for (wanted, there, distance) in [
            ("linux/amd64", "linux/amd64", Some(0)),
            ("linux/arm64", "linux/arm64/v8", Some(0)),
            ("linux/arm/v7", "linux/arm/v6", Some(1)),
            ("linux/arm/v7", "linux/arm/v5", Some(2)),
            ("linux/arm/v6", "linux/arm/v7", None),
            ("linux/amd64/v3", "linux/amd64", Some(2)),
            ("linux/amd64", "linux/amd64/v2", None),
            ("linux/arm64", "linux/arm/v7", None),
            ("linux/amd64", "windows/amd64", None),
            ("linux/s390x", "linux/s390x", Some(0)),
        ] {
            let [wanted, there] = [wanted, there].map(|it| Platform::parse(it).expect(it));
            assert_eq!(wanted.distance_to(&there), distance, "{wanted} {there}");
        }
    }
}
