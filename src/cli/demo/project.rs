//! The project folder of the demo: what is written, and what is taken away again.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::DemoError;
use super::table::{BASE, Edition, IMAGES, PLACES, SOAK_SECONDS, is_checked, repository};
use crate::model::digest::Digest;
use crate::model::project::EngineName;

/// The list of what was written, so that only that is taken away, and only unchanged.
const MANIFEST: &str = ".karat-demo.json";

/// Files of the project folder: path within it, and text.
pub(super) type Files = BTreeMap<String, String>;

#[derive(Serialize, Deserialize)]
struct Manifest {
    schema: u32,
    /// Path within the folder → digest of what was written.
    files: BTreeMap<String, Digest>,
}

/// `karat.toml`.
pub(super) fn project_file(engine: &EngineName) -> String {
    let engine = toml::Value::String(engine.as_str().to_owned()).to_string();
    let mut text = String::from(
        "# The demo fleet of karat: a small shop in four environments on one engine.\n\
         # `karat demo --clean` takes it away again.\n",
    );
    for image in IMAGES {
        text.push_str(&format!(
            "\n[images.{image}]\n\
             repository = \"{}\"\n\
             version    = \"semver\"\n\
             build      = {{ context = \"images/{image}\" }}\n",
            repository(image)
        ));
    }
    for place in PLACES {
        let protected = if place.name == "prod" {
            "protected = true   # its name must be typed\n"
        } else {
            ""
        };
        text.push_str(&format!(
            "\n[environments.{}]\n\
             engines   = [{engine}]\n\
             match     = {{ label = \"karat.environment={}\" }}\n\
             {protected}\
             soak      = \"{SOAK_SECONDS}s\"\n",
            place.name, place.name
        ));
    }
    text
}

/// What one version of an image is built from.
pub(super) fn recipe(edition: &Edition) -> Files {
    let (image, (base, tag)) = (edition.image, BASE);
    let folder = format!("images/{image}");
    let check = if is_checked(image) {
        "HEALTHCHECK --interval=2s --timeout=2s --retries=2 CMD test -e /tmp/healthy\n"
    } else {
        ""
    };
    Files::from([
        (
            format!("{folder}/Dockerfile"),
            format!(
                "# A golden image of karat's demo fleet: `karat rebuild {image}` builds the next version.\n\
                 FROM {base}:{tag}\n\
                 COPY app /app\n\
                 {check}\
                 CMD [\"/bin/sh\", \"/app/run.sh\"]\n"
            ),
        ),
        (format!("{folder}/.dockerignore"), "*\n!app\n".to_owned()),
        (
            format!("{folder}/app/release"),
            format!("{image} {}\n", edition.version),
        ),
        (
            format!("{folder}/app/needs"),
            format!("{}\n", edition.needs),
        ),
        (format!("{folder}/app/run.sh"), RUN.to_owned()),
    ])
}

const RUN: &str = r#"#!/bin/sh
# Lives like a service: healthy once its environment offers the database schema it needs,
# gone at once when it is told to stop.
trap 'exit 0' TERM INT
release=$(cat /app/release)
needs=$(cat /app/needs)
echo "$release starts: needs schema $needs, finds schema ${SCHEMA:-0}"
if test "${SCHEMA:-0}" -ge "$needs"; then
    : > /tmp/healthy
    echo "$release is ready"
else
    echo "$release cannot start: the schema is too old" >&2
fi
while :; do
    sleep 3600 &
    wait $!
done
"#;

/// Whether a demo may be laid out in this folder.
///
/// # Errors
/// It holds a demo already, or something else.
pub(super) fn check_free(dir: &Path) -> Result<(), DemoError> {
    if dir.join(MANIFEST).exists() {
        return Err(DemoError::AlreadyThere {
            what: format!("its project is in `{}`", dir.display()),
        });
    }
    let taken = || DemoError::FolderTaken {
        path: dir.to_owned(),
    };
    match fs::read_dir(dir).map(|mut entries| entries.next().is_some()) {
        Ok(false) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        _ => Err(taken()),
    }
}

/// Writes files, and notes them in the manifest first: what is listed but not there does
/// no harm.
///
/// # Errors
/// [`DemoError::File`].
pub(super) fn write(dir: &Path, files: &Files) -> Result<(), DemoError> {
    fs::create_dir_all(dir).map_err(DemoError::file("create", dir))?;
    let mut manifest = read_manifest(dir)?.unwrap_or(Manifest {
        schema: 1,
        files: BTreeMap::new(),
    });
    for (name, text) in files {
        let digest = Digest::of(text.as_bytes());
        manifest.files.insert(name.clone(), digest);
    }
    let text = serde_json::to_string_pretty(&manifest).unwrap_or_default();
    let path = dir.join(MANIFEST);
    fs::write(&path, text).map_err(DemoError::file("write", &path))?;
    for (name, text) in files {
        let path = dir.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(DemoError::file("create", parent))?;
        }
        fs::write(&path, text).map_err(DemoError::file("write", &path))?;
    }
    Ok(())
}

fn read_manifest(dir: &Path) -> Result<Option<Manifest>, DemoError> {
    let path = dir.join(MANIFEST);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(DemoError::file("read", &path)(error)),
    };
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|error| DemoError::file("read", &path)(io::Error::other(error)))
}

/// What became of the project folder.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Removed {
    /// How many files were taken away.
    pub(super) files: usize,
    /// Files that were changed since, and stay.
    pub(super) changed: Vec<PathBuf>,
    /// Whether the folder stays, because something else is in it.
    pub(super) folder_stays: bool,
}

/// Takes away what was written and is unchanged; then folders that are empty.
///
/// # Errors
/// [`DemoError::File`].
pub(super) fn remove(dir: &Path) -> Result<Removed, DemoError> {
    let mut removed = Removed::default();
    let Some(manifest) = read_manifest(dir)? else {
        return Ok(removed);
    };
    let mut folders = vec![dir.to_owned()];
    for (name, digest) in &manifest.files {
        // The list is a file like any other: it must not lead out of the folder.
        let inside = Path::new(name)
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if !inside {
            continue;
        }
        let path = dir.join(name);
        let above = path.ancestors().skip(1);
        folders.extend(above.take_while(|one| *one != dir).map(Path::to_owned));
        match fs::read(&path) {
            Ok(bytes) if Digest::of(&bytes) == *digest => {
                fs::remove_file(&path).map_err(DemoError::file("remove", &path))?;
                removed.files += 1;
            }
            Ok(_) => removed.changed.push(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(DemoError::file("remove", &path)(error)),
        }
    }
    let path = dir.join(MANIFEST);
    fs::remove_file(&path).map_err(DemoError::file("remove", &path))?;
    // Deepest first; one that is not empty refuses to go.
    folders.sort_by_key(|folder| std::cmp::Reverse(folder.components().count()));
    folders.dedup();
    for folder in folders {
        let _ = fs::remove_dir(folder);
    }
    removed.folder_stays = dir.exists();
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::demo::table::EDITIONS;

    #[test]
    fn only_what_was_written_and_is_unchanged_goes() {
        let outer = tempfile::tempdir().expect("a folder");
        let dir = outer.path().join("karat-demo");
        check_free(&dir).expect("free");
        for edition in &EDITIONS {
            write(&dir, &recipe(edition)).expect("written");
        }
        let again = check_free(&dir);
        assert!(matches!(again, Err(DemoError::AlreadyThere { .. })));
        let changed = dir.join("images/shop-web/app/needs");
        fs::write(&changed, "mine").expect("a file");
        fs::write(dir.join("notes"), "mine").expect("a file");
        let removed = remove(&dir).expect("removed");
        assert_eq!(removed.files, 3 * 5 - 1);
        assert_eq!(removed.changed, std::slice::from_ref(&changed));
        assert!(removed.folder_stays && changed.exists());
        assert!(!dir.join("images/shop-api").exists());
        let taken = check_free(&dir);
        assert!(matches!(taken, Err(DemoError::FolderTaken { .. })));
    }

    #[test]
    fn an_untouched_folder_goes_whole_and_a_list_leads_nowhere_else() {
        let outer = tempfile::tempdir().expect("a folder");
        let dir = outer.path().join("karat-demo");
        fs::write(outer.path().join("precious"), "x").expect("a file");
        let files = Files::from([("a/b".to_owned(), "x".to_owned())]);
        write(&dir, &files).expect("written");
        let evil = format!(
            "{{\"schema\":1,\"files\":{{\"../precious\":\"{0}\",\"a/b\":\"{0}\"}}}}",
            Digest::of(b"x")
        );
        fs::write(dir.join(MANIFEST), evil).expect("a file");
        let removed = remove(&dir).expect("removed");
        assert_eq!((removed.files, removed.folder_stays), (1, false));
        assert!(outer.path().join("precious").exists() && !dir.exists());
        assert_eq!(remove(&dir).expect("nothing"), Removed::default());
    }

    #[test]
    fn the_project_file_is_toml_whatever_the_engine_is_called() {
        let text = project_file(&EngineName::from("unix:///tmp/a \"b\".sock"));
        let table: toml::Table = text.parse().expect("toml");
        let prod = &table["environments"]["prod"];
        assert_eq!(
            prod["engines"][0].as_str(),
            Some("unix:///tmp/a \"b\".sock")
        );
        assert_eq!(prod["protected"].as_bool(), Some(true));
    }
}
