//! Takes the demo fleet away: exactly it.

use std::collections::HashMap;
use std::path::Path;

use bollard::Docker;
use bollard::errors::Error as EngineError;
use bollard::models::ImageSummary;
use bollard::query_parameters::{
    ListContainersOptions, ListImagesOptions, RemoveContainerOptions, RemoveImageOptions,
};

use super::error::DemoError;
use super::project;
use super::table::LABEL;

/// Locks of operations on the demo's containers that were cut off: they carry karat's own
/// labels, and are known by their name.
const LOCKS: &str = "karat-lock-karat-demo-";

/// What of the demo is on an engine.
pub(super) struct Found {
    /// Id and name.
    pub(super) containers: Vec<(String, String)>,
    pub(super) images: Vec<ImageSummary>,
}

impl Found {
    /// # Errors
    /// The engine does not answer.
    pub(super) async fn on(docker: &Docker) -> Result<Self, DemoError> {
        let mut containers = Vec::new();
        for (key, value) in [("label", format!("{LABEL}=1")), ("name", LOCKS.to_owned())] {
            let options = ListContainersOptions {
                all: true,
                filters: Some(HashMap::from([(key.to_owned(), vec![value])])),
                ..ListContainersOptions::default()
            };
            let listed = docker
                .list_containers(Some(options))
                .await
                .map_err(DemoError::engine("listing containers"))?;
            for one in listed {
                let names = one.names.unwrap_or_default();
                let name = names
                    .first()
                    .map_or("", |name| name.trim_start_matches('/'));
                let ours = key == "label" || name.starts_with(LOCKS);
                if let Some(id) = one.id.filter(|_| ours) {
                    containers.push((id, name.to_owned()));
                }
            }
        }
        Ok(Self {
            containers,
            images: images(docker).await?,
        })
    }

    /// What there is, in words; nothing if nothing.
    pub(super) fn words(&self) -> Option<String> {
        match (self.containers.len(), self.images.len()) {
            (0, 0) => None,
            (containers, images) => Some(format!(
                "{containers} containers and {images} images on the engine"
            )),
        }
    }
}

async fn images(docker: &Docker) -> Result<Vec<ImageSummary>, DemoError> {
    let label = vec![format!("{LABEL}=1")];
    let options = ListImagesOptions {
        all: true,
        filters: Some(HashMap::from([("label".to_owned(), label)])),
        ..ListImagesOptions::default()
    };
    docker
        .list_images(Some(options))
        .await
        .map_err(DemoError::engine("listing images"))
}

/// Takes the demo away: its containers and images on the engine, whoever laid them out or
/// built on them since, and the project folder as far as it is unchanged. `out` hears what
/// is done, a line each.
///
/// # Errors
/// [`DemoError`]: the engine does not answer, or a file cannot be removed. What is left
/// can be taken away by trying again.
pub async fn clean(
    docker: &Docker,
    dir: &Path,
    out: &mut (dyn FnMut(&str) + Send),
) -> Result<(), DemoError> {
    let found = Found::on(docker).await?;
    if found.words().is_none() {
        out("no demo fleet on this engine");
    }
    if !found.containers.is_empty() {
        let removals = found
            .containers
            .iter()
            .map(|(id, name)| remove_container(docker, id, name));
        futures_util::future::try_join_all(removals).await?;
        out(&format!("removed {} containers", found.containers.len()));
    }
    let (removed, kept) = remove_images(docker).await?;
    if removed > 0 {
        out(&format!("removed {removed} images"));
    }
    for reason in kept {
        out(&reason);
    }
    let folder = project::remove(dir)?;
    if folder.files > 0 {
        out(&format!(
            "removed {} files of `{}`",
            folder.files,
            dir.display()
        ));
    }
    for path in &folder.changed {
        out(&format!("kept `{}`: it was changed since", path.display()));
    }
    if folder.folder_stays && folder.changed.is_empty() {
        out(&format!("kept `{}`: other files are in it", dir.display()));
    }
    Ok(())
}

pub(super) async fn remove_container(
    docker: &Docker,
    id: &str,
    name: &str,
) -> Result<(), DemoError> {
    let options = RemoveContainerOptions {
        force: true,
        v: true,
        ..RemoveContainerOptions::default()
    };
    match docker.remove_container(id, Some(options)).await {
        Ok(()) => Ok(()),
        // Gone, or going: somebody else removes it.
        Err(EngineError::DockerResponseServerError {
            status_code: 404 | 409,
            ..
        }) => Ok(()),
        Err(error) => Err(DemoError::engine(format!("removing `{name}`"))(error)),
    }
}

/// Removes images until no more will go: one goes only after those built on it. Never by
/// force: an image that somebody's container uses stays, and is named.
async fn remove_images(docker: &Docker) -> Result<(usize, Vec<String>), DemoError> {
    let mut removed = 0;
    loop {
        let listed = images(docker).await?;
        let mut kept = Vec::new();
        let before = listed.len();
        for image in &listed {
            let mut names: Vec<&str> = image.repo_tags.iter().map(String::as_str).collect();
            names.retain(|name| *name != "<none>:<none>");
            if names.is_empty() {
                names.push(&image.id);
            }
            for name in names {
                let gone = docker
                    .remove_image(name, None::<RemoveImageOptions>, None)
                    .await;
                match gone {
                    Ok(_)
                    | Err(EngineError::DockerResponseServerError {
                        status_code: 404, ..
                    }) => {}
                    Err(EngineError::DockerResponseServerError { message, .. }) => {
                        kept.push(format!("kept the image `{name}`: {message}"));
                    }
                    Err(error) => {
                        return Err(DemoError::engine(format!("removing `{name}`"))(error));
                    }
                }
            }
        }
        let left = images(docker).await?.len();
        removed += before.saturating_sub(left);
        if left == 0 || left == before {
            return Ok((removed, kept));
        }
    }
}
