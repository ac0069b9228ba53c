//! An image for the tests of this folder: packages, waste, hostile names, a credential.

use std::collections::BTreeMap;

use crate::anatomy::Anatomy;
use crate::anatomy::findings::{Accept, AcceptanceList};
use crate::anatomy::image::{Fit, History, ImageFacts, LayerFacts, Presence, Settings, Step};
use crate::anatomy::layer::index::LayerIndex;
use crate::anatomy::layer::reader::read_layer;
use crate::anatomy::limits::Limits;
use crate::anatomy::progress::Unwatched;
use crate::explain::{Compared, Explained, Origin, Whole};
use crate::model::digest::Digest;
use crate::model::testing::{digest, minute};

/// Files of one layer: path and content, `/` behind a folder's.
fn layer(files: &[(&[u8], &[u8])]) -> LayerIndex {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        let folder = path.ends_with(b"/");
        header.set_entry_type(if folder {
            tar::EntryType::Directory
        } else {
            tar::EntryType::Regular
        });
        header.set_mode(0o755);
        header.set_size(content.len() as u64);
        header.as_gnu_mut().expect("gnu").name[..path.len()].copy_from_slice(path);
        header.set_cksum();
        tar.append(&header, *content).expect("a file");
    }
    let bytes = tar.into_inner().expect("a tar");
    read_layer(bytes.as_slice(), &Limits::default(), &Unwatched).expect("a layer")
}

const STATUS: &str = "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\n\
    Version: 2.36-9\n\nPackage: web\nStatus: install ok installed\nArchitecture: amd64\n\
    Version: VERSION\n";

fn layers(version: &str, size: usize) -> Vec<LayerIndex> {
    let status = STATUS.replace("VERSION", version);
    let web = vec![b'w'; size];
    vec![
        layer(&[
            (b"etc/", b""),
            (b"etc/os-release", b"ID=debian\nPRETTY_NAME=\"Debian 12\"\n"),
            (b"usr/lib/libc.so.6", &[b'c'; 40_000]),
            (b"var/lib/dpkg/status", status.as_bytes()),
            (b"var/lib/dpkg/info/libc6.list", b"/usr/lib/libc.so.6\n"),
            (b"var/lib/dpkg/info/web.list", b"/usr/bin/web\n"),
        ]),
        layer(&[
            (b"usr/bin/web", &web),
            (b"tmp/cache.bin", &[b't'; 30_000]),
            (b"opt/odd\x1b[31m\xff", b"odd"),
        ]),
        layer(&[(b"tmp/.wh.cache.bin", b""), (b"usr/bin/web", &web)]),
    ]
}

fn step(number: usize, instruction: &str) -> Step {
    Step {
        number,
        raw: instruction.to_owned(),
        instruction: instruction.to_owned(),
        created: Some(minute(0)),
        comment: None,
        empty: false,
    }
}

fn explained(version: &str, size: usize) -> Explained {
    let instructions = [
        step(1, "ADD rootfs.tar.xz /"),
        step(
            3,
            "RUN --mount=type=cache,target=/c make install TOKEN=hunter2hunter2",
        ),
        step(4, "RUN rm /tmp/cache.bin && chmod 755 /usr/bin/web"),
    ];
    let mut indexes = layers(version, size);
    let layers = indexes.iter().zip(&instructions);
    let mut facts = ImageFacts {
        names: vec![format!("golden/web:{version}")],
        index: None,
        manifest: Some(digest("manifest")),
        config: digest(&format!("config {version}")),
        platform: "linux/amd64".to_owned(),
        created: Some(minute(0)),
        settings: Settings {
            env: vec![
                "PATH=/bin".to_owned(),
                format!("VERSION={version}"),
                "TOKEN=hunter2hunter2".to_owned(),
            ],
            cmd: vec!["/usr/bin/web".to_owned()],
            labels: BTreeMap::new(),
            ..Settings::default()
        },
        layers: layers
            .map(|(index, step)| LayerFacts {
                diff_id: index.diff_id.clone(),
                blob: None,
                blob_bytes: None,
                presence: Presence::Present,
                step: Some(step.clone()),
            })
            .collect(),
        history: History {
            steps: instructions.to_vec(),
            fit: Fit::Whole,
        },
    };
    // One that is listed and was not there to be read.
    facts.layers.push(LayerFacts {
        diff_id: digest("absent"),
        blob: Some(digest("absent blob")),
        blob_bytes: Some(crate::model::bytes::Bytes(5_000)),
        presence: Presence::NotPresent,
        step: None,
    });
    let anatomy = Anatomy::assemble(facts, |diff_id: &Digest| {
        let place = indexes.iter().position(|it| it.diff_id == *diff_id)?;
        Some(indexes.swap_remove(place))
    });
    Explained {
        anatomy: anatomy.expect("room"),
        origin: Origin::Archive("web.tar".into()),
    }
}

/// The image, explained; one finding of it is accepted.
pub(crate) fn whole() -> Whole {
    let accept = Accept {
        id: Some("runs-as-root".to_owned()),
        path: None,
        reason: "the platform maps users".to_owned(),
        until: "2027-03-31".to_owned(),
    };
    let accept = AcceptanceList::new(&[accept]).expect("right");
    Whole::of(explained("1.4.2", 60_000), &[], &accept, minute(0))
}

/// The image beside the version before it.
pub(crate) fn compared() -> Compared {
    Compared::of(explained("1.4.1", 20_000), explained("1.4.2", 60_000))
}
