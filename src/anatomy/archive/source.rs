//! Where an image is to be had, as it is written on a command line: skopeo's words.
//!
//! | written | means |
//! |---|---|
//! | `docker-archive:PATH[:NAME[:TAG]]` | a file that `docker save` wrote; `-` is standard input |
//! | `oci-archive:PATH[:TAG]` | an OCI layout in a tar archive; `-` is standard input |
//! | `oci:DIR[:TAG]` | an OCI layout in a folder |
//! | `docker-daemon:NAME` | an image of the engine |
//! | `docker://NAME` | an image of a registry |
//! | `NAME[:TAG][@DIGEST]`, or an id | whatever the caller takes it for: the engine first |

use std::path::{Path, PathBuf};

use crate::model::digest::Digest;
use crate::model::reference::ImageRef;

/// Where an image is to be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file of `docker save`, or an OCI layout in an archive: which of the two is found
    /// out by looking, so both words do for either.
    Archive(Place),
    /// A folder with an OCI layout.
    Directory(Place),
    /// An image of the engine.
    Engine(Name),
    /// An image of a registry.
    Registry(ImageRef),
    /// A name alone.
    Name(Name),
}

/// A file or folder, and which image of those in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file or folder.
    pub path: PathBuf,
    /// Name, tag or digest of the image in it. Without one there must be only one.
    pub name: Option<String>,
}

impl Place {
    /// Whether standard input is meant.
    #[must_use]
    pub fn is_standard_input(&self) -> bool {
        self.path.as_os_str() == "-"
    }
}

/// What an image is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// `golden/web:1.4.2`. The short form of an id reads like a repository: engines try both.
    Reference(ImageRef),
    /// The whole id.
    Id(Digest),
}

/// The text says not where an image is to be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotASource {
    /// There is such a file, and a name was expected.
    #[error(
        "`{path}` is a file: write `docker-archive:{path}` to read the image in it, or `docker-daemon:{path}` if an image is called so"
    )]
    File {
        /// As it was written.
        path: String,
    },
    /// There is such a folder, and a name was expected.
    #[error("`{path}` is a folder with an OCI layout: write `oci:{path}` to read the image in it")]
    Folder {
        /// As it was written.
        path: String,
    },
    /// There is no such file.
    #[error(
        "`{path}` reads like a file, and there is none: write an image's name, or `docker-archive:PATH`, `oci-archive:PATH` or `oci:DIR`"
    )]
    NoFile {
        /// As it was written.
        path: String,
    },
    /// Another program's word.
    #[error(
        "karat does not read `{transport}`; it reads `docker-archive:PATH`, `oci-archive:PATH`, `oci:DIR`, `docker-daemon:NAME`, `docker://NAME` and plain names"
    )]
    Transport {
        /// The word.
        transport: String,
    },
    /// A transport without anything behind it.
    #[error("`{transport}` needs {what} behind it, such as `{transport}{example}`")]
    Incomplete {
        /// Which.
        transport: &'static str,
        /// A path, say.
        what: &'static str,
        /// One.
        example: &'static str,
    },
    /// Neither.
    #[error(
        "`{text}` is not an image: write a name such as `web:1.4.2`, or `docker-archive:PATH`, `oci-archive:PATH` or `oci:DIR`"
    )]
    NoName {
        /// As it was written.
        text: String,
    },
}

/// What a bare word is besides a name, on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDisk {
    /// Nothing that matters.
    Nothing,
    /// A file.
    File,
    /// A folder with an OCI layout.
    Layout,
}

impl OnDisk {
    /// Looks.
    #[must_use]
    pub fn look(path: &Path) -> Self {
        if path.is_file() {
            Self::File
        } else if path.join("oci-layout").is_file() {
            Self::Layout
        } else {
            Self::Nothing
        }
    }
}

/// Other programs' transports, which no image is ever called like.
const OTHERS: [&str; 8] = [
    "containers-storage:",
    "docker-tarball:",
    "dir:/",
    "dir:.",
    "ostree:",
    "sif:",
    "podman:",
    "tarball:",
];

impl Source {
    /// Reads where an image is to be had. A file of that name is looked for only to say
    /// something helpful.
    ///
    /// # Errors
    /// [`NotASource`].
    pub fn parse(text: &str) -> Result<Self, NotASource> {
        Self::parse_where(text, OnDisk::look)
    }

    /// The same, with someone else looking.
    ///
    /// # Errors
    /// [`NotASource`].
    pub fn parse_where(text: &str, look: impl FnOnce(&Path) -> OnDisk) -> Result<Self, NotASource> {
        if let Some(rest) = text.strip_prefix("docker-archive:") {
            return place("docker-archive:", rest, "web.tar").map(Self::Archive);
        }
        if let Some(rest) = text.strip_prefix("oci-archive:") {
            return place("oci-archive:", rest, "web.tar").map(Self::Archive);
        }
        if let Some(rest) = text.strip_prefix("oci:") {
            return place("oci:", rest, "web:1.4.2").map(Self::Directory);
        }
        if let Some(rest) = text.strip_prefix("docker-daemon:") {
            return named("docker-daemon:", rest).map(Self::Engine);
        }
        if let Some(rest) = text.strip_prefix("docker://") {
            return match named("docker://", rest)? {
                Name::Reference(reference) => Ok(Self::Registry(reference)),
                Name::Id(_) => Err(no_name(text)),
            };
        }
        let other = OTHERS.iter().find(|other| text.starts_with(*other));
        let scheme = text.split_once("://").map(|(scheme, _)| scheme);
        if let Some(transport) = match (other, scheme) {
            (Some(other), _) => Some((*other).trim_end_matches(['/', '.']).to_owned()),
            (None, Some(scheme)) => Some(format!("{scheme}://")),
            (None, None) => None,
        } {
            return Err(NotASource::Transport { transport });
        }
        bare(text, look)
    }
}

/// A word without a transport.
fn bare(text: &str, look: impl FnOnce(&Path) -> OnDisk) -> Result<Source, NotASource> {
    let path = text.to_owned();
    match look(Path::new(text)) {
        OnDisk::File => return Err(NotASource::File { path }),
        OnDisk::Layout => return Err(NotASource::Folder { path }),
        OnDisk::Nothing => {}
    }
    let like_a_path = ["/", "./", "../", "~"];
    if like_a_path.iter().any(|start| text.starts_with(start)) || text == "." || text == ".." {
        return Err(NotASource::NoFile { path });
    }
    name(text).map(Source::Name).ok_or_else(|| no_name(text))
}

fn no_name(text: &str) -> NotASource {
    NotASource::NoName {
        text: text.to_owned(),
    }
}

fn name(text: &str) -> Option<Name> {
    if let Ok(id) = Digest::parse(text) {
        return Some(Name::Id(id));
    }
    ImageRef::parse(text).ok().map(Name::Reference)
}

fn named(transport: &'static str, rest: &str) -> Result<Name, NotASource> {
    if rest.is_empty() {
        return Err(NotASource::Incomplete {
            transport,
            what: "an image's name",
            example: "web:1.4.2",
        });
    }
    name(rest).ok_or_else(|| no_name(rest))
}

/// `PATH[:NAME]`: the path goes up to the first colon, as skopeo has it.
fn place(transport: &'static str, rest: &str, example: &'static str) -> Result<Place, NotASource> {
    let (path, name) = match rest.split_once(':') {
        Some((path, name)) => (path, Some(name.to_owned())),
        None => (rest, None),
    };
    if path.is_empty() || name.as_deref() == Some("") {
        return Err(NotASource::Incomplete {
            transport,
            what: "a path",
            example,
        });
    }
    Ok(Place {
        path: PathBuf::from(path),
        name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing(_: &Path) -> OnDisk {
        OnDisk::Nothing
    }

    fn at(path: &str, name: Option<&str>) -> Place {
        Place {
            path: path.into(),
            name: name.map(str::to_owned),
        }
    }

    fn reference(text: &str) -> ImageRef {
        ImageRef::parse(text).expect(text)
    }

    #[test]
    fn sources_are_read() {
        let id = Digest::of(b"id");
        for (text, source) in [
            ("docker-archive:a.tar", Source::Archive(at("a.tar", None))),
            ("docker-archive:-", Source::Archive(at("-", None))),
            (
                "docker-archive:/x/a.tar:golden/web:1",
                Source::Archive(at("/x/a.tar", Some("golden/web:1"))),
            ),
            (
                "oci-archive:a.tar:1",
                Source::Archive(at("a.tar", Some("1"))),
            ),
            ("oci:dir", Source::Directory(at("dir", None))),
            ("oci:/dir:1.2", Source::Directory(at("/dir", Some("1.2")))),
            (
                "docker-daemon:web:1",
                Source::Engine(Name::Reference(reference("web:1"))),
            ),
            (
                "docker://registry:5000/web:1",
                Source::Registry(reference("registry:5000/web:1")),
            ),
            ("web", Source::Name(Name::Reference(reference("web")))),
            (
                "registry:5000/web:1",
                Source::Name(Name::Reference(reference("registry:5000/web:1"))),
            ),
            ("dir:1", Source::Name(Name::Reference(reference("dir:1")))),
            (id.as_str(), Source::Name(Name::Id(id.clone()))),
        ] {
            assert_eq!(Source::parse_where(text, nothing), Ok(source), "{text}");
        }
        assert!(at("-", None).is_standard_input());
    }

    #[test]
    fn what_is_none_gets_a_sentence_that_helps() {
        for (text, says) in [
            ("", "write a name such as"),
            ("a b", "write a name such as"),
            ("docker-archive:", "needs a path behind it"),
            ("oci:dir:", "needs a path behind it"),
            ("docker-daemon:", "needs an image's name behind it"),
            ("docker://", "needs an image's name behind it"),
            (
                "containers-storage:web",
                "does not read `containers-storage:`",
            ),
            ("dir:/x", "does not read `dir:`"),
            ("https://example.com/x", "does not read `https://`"),
            ("./a.tar", "reads like a file, and there is none"),
            ("/a.tar", "reads like a file, and there is none"),
        ] {
            let error = Source::parse_where(text, nothing)
                .expect_err(text)
                .to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn a_file_or_folder_without_its_word_is_recognised() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("web.tar");
        std::fs::write(&file, b"x").expect("written");
        let text = file.to_str().expect("text");
        let error = Source::parse(text).expect_err(text).to_string();
        assert!(
            error.contains(&format!("write `docker-archive:{text}`")),
            "{error}"
        );
        let text = folder.path().to_str().expect("text").to_owned();
        assert!(matches!(
            Source::parse(&text),
            Err(NotASource::NoFile { .. })
        ));
        std::fs::write(folder.path().join("oci-layout"), b"{}").expect("written");
        let error = Source::parse(&text).expect_err("a folder").to_string();
        assert!(error.contains(&format!("write `oci:{text}`")), "{error}");
    }
}
