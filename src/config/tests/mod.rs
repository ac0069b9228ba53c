//! The room as a whole, against real files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;
use crate::model::digest::Digest;
use crate::model::project::{EngineAddress, EngineName};

mod file;
mod found;
mod init;
mod layers;
mod registry;

/// A home, a working directory, an environment of its own.
struct Place {
    folder: TempDir,
    s: Surroundings,
}

impl Place {
    fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let s = Surroundings {
            cwd: folder.path().join("work"),
            home: Some(folder.path().join("home")),
            env: BTreeMap::new(),
        };
        fs::create_dir_all(&s.cwd).expect("cwd");
        fs::create_dir_all(folder.path().join("home/.docker")).expect("home");
        Self { folder, s }
    }

    fn set(mut self, name: &str, value: &str) -> Self {
        self.s.env.insert(name.to_owned(), value.to_owned());
        self
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().expect("parent")).expect("folder");
        fs::write(&path, text).expect("file");
        path
    }

    fn context(&self, name: &str, host: &str, more: &str) -> String {
        let id = Digest::of(name.as_bytes());
        let id = id.as_str().trim_start_matches("sha256:").to_owned();
        let text = format!(
            r#"{{"Name":"{name}","Metadata":{{}},"Endpoints":{{"docker":{{"Host":"{host}"{more}}}}}}}"#
        );
        self.file(&format!("home/.docker/contexts/meta/{id}/meta.json"), &text);
        id
    }

    fn project(&self, text: &str) -> Result<Project, ConfigError> {
        self.file("work/karat.toml", text);
        load(None, &self.s)
    }

    fn wrong(&self, text: &str) -> String {
        self.project(text).expect_err(text).to_string()
    }

    fn found(&self, there: &[&str]) -> crate::config::found::Found {
        let exists = |path: &Path| there.iter().any(|name| Path::new(name) == path);
        crate::config::found::engines(&self.s, &Contexts::read(&self.s), &exists).expect("engines")
    }
}

/// Docker's own socket.
const DOCKER: &str = "/var/run/docker.sock";

fn names(found: &crate::config::found::Found) -> Vec<&str> {
    found.engines.keys().map(EngineName::as_str).collect()
}

fn address(project: &Project, name: &str) -> EngineAddress {
    project.engines[&EngineName::from(name)].clone()
}

#[test]
fn the_data_folder_can_be_named() {
    let place = Place::new().set("KARAT_HOME", "data");
    assert_eq!(data_dir(&place.s).expect("named"), place.s.cwd.join("data"));
}
