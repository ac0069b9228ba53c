//! What a made-up shell knows of the container it is in.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::APP_LOG;
use super::files::Files;
use crate::target::WindowSize;
use crate::target::memory::interior::File;
use crate::target::memory::{SimContainer, SimEngine, SimImage};

/// The container, as its shell knows it.
pub(super) struct Place {
    pub(super) hostname: String,
    pub(super) user: String,
    pub(super) folder: String,
    pub(super) home: String,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) files: Files,
    /// What else runs in it.
    pub(super) app: Option<String>,
    /// `linux/amd64`.
    pub(super) platform: String,
    pub(super) size: Arc<Mutex<WindowSize>>,
    /// How the last command ended.
    pub(super) status: i64,
}

impl Place {
    /// What a shell in a container knows of it.
    pub(super) fn of(
        engine: &SimEngine,
        container: &SimContainer,
        made: bool,
        size: Arc<Mutex<WindowSize>>,
    ) -> Self {
        let image = engine.with(|state| state.images.get(&container.image_id).cloned());
        let interior = engine.interior(&container.image_id).unwrap_or_default();
        let or = |text: String, other: &str| {
            if text.is_empty() {
                other.to_owned()
            } else {
                text
            }
        };
        let user = or(interior.user, "root");
        let folder = or(interior.working_dir, "/");
        let home = if user == "root" { "/root" } else { &folder }.to_owned();
        let hostname = if made {
            "karat-shell".to_owned()
        } else {
            container.id.chars().take(12).collect()
        };
        let mut files = Files::new(interior.files);
        files.folder(&folder);
        files.add("/.dockerenv", File::text(""));
        files.add("/etc/hostname", File::text(format!("{hostname}\n")));
        if let Some(image) = &image {
            files.add("/run/image-labels", File::text(labels(image)));
            files.add(&image.command, File::opaque(0o755, 0));
        }
        if !made {
            lived(&mut files, container);
        }
        Self {
            variables: variables(container, image.as_ref(), &hostname, &home),
            files,
            app: (!made)
                .then(|| image.map_or_else(|| container.name.clone(), |image| image.command)),
            platform: engine.facts.platform.clone(),
            hostname,
            user,
            folder,
            home,
            size,
            status: 0,
        }
    }

    /// The words before what is typed.
    pub(super) fn prompt(&self) -> String {
        let sign = if self.user == "root" { '#' } else { '$' };
        format!("{}@{}:{}{sign} ", self.user, self.hostname, self.folder)
    }
}

fn labels(image: &SimImage) -> String {
    let labels = image.local.labels.iter();
    labels
        .map(|(name, value)| format!("{name}={value}\n"))
        .collect()
}

/// What a container has beyond its image: volumes, and what changed in it.
fn lived(files: &mut Files, container: &SimContainer) {
    for mount in &container.body.mounts {
        if let Some((_, path)) = mount.split_once(" → ") {
            files.folder(path);
        }
    }
    for (sign, path) in &container.drift {
        match sign {
            'D' => files.remove(path),
            _ => files.add(path, File::opaque(0o644, 0)),
        }
    }
    files.add(APP_LOG, File::opaque(0o620, 0));
}

fn variables(
    container: &SimContainer,
    image: Option<&SimImage>,
    hostname: &str,
    home: &str,
) -> BTreeMap<String, String> {
    let always = [
        ("HOME", home),
        ("HOSTNAME", hostname),
        (
            "PATH",
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ),
        ("TERM", "xterm-256color"),
    ];
    let mut all: BTreeMap<String, String> = always
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    all.extend(image.map(|image| image.env.clone()).unwrap_or_default());
    // Of what its user set, only the names are simulated.
    let own = container.body.env.iter();
    all.extend(own.map(|name| (name.clone(), "•••".to_owned())));
    all
}
