//! Images written by tests, in every layout.

use std::io::Write as _;
use std::path::Path;

use super::blobs::path_of;
use crate::anatomy::tar::testing::Archive;
use crate::model::digest::Digest;

/// What a layout has at a path.
#[derive(Clone, Debug)]
pub(in crate::anatomy) enum At {
    File(Vec<u8>),
    Symlink(String),
    HardLink(String),
}

/// A layout: paths, in the order of the archive.
pub(in crate::anatomy) type Files = Vec<(String, At)>;

/// How blobs of layers are stored.
#[derive(Clone, Copy, Debug)]
pub(in crate::anatomy) enum Stored {
    Plain,
    Gzip,
    /// Of two members.
    Gzip2,
    Zstd,
}

/// An image.
#[derive(Clone, Debug)]
pub(in crate::anatomy) struct Sample {
    pub(in crate::anatomy) layers: Vec<Vec<u8>>,
    pub(in crate::anatomy) config: Vec<u8>,
    pub(in crate::anatomy) names: Vec<&'static str>,
}

impl Sample {
    /// An image of these layers, one step of history for each and an empty one behind.
    pub(in crate::anatomy) fn of(
        layers: Vec<Vec<u8>>,
        platform: &str,
        names: &[&'static str],
    ) -> Self {
        let ids: Vec<String> = layers
            .iter()
            .map(|it| format!("\"{}\"", Digest::of(it)))
            .collect();
        let mut steps: Vec<String> = (0..layers.len())
            .map(|n| format!("{{\"created_by\":\"/bin/sh -c make {n}\"}}"))
            .collect();
        steps.push(
            "{\"created_by\":\"/bin/sh -c #(nop)  CMD [\\\"sh\\\"]\",\"empty_layer\":true}".into(),
        );
        let mut parts = platform.split('/');
        let mut next = || parts.next().unwrap_or_default();
        let (os, architecture, variant) = (next(), next(), next());
        let config = format!(
            "{{\"os\":\"{os}\",\"architecture\":\"{architecture}\",\"variant\":\"{variant}\",\
             \"config\":{{\"Env\":[\"A=1\"]}},\"rootfs\":{{\"type\":\"layers\",\"diff_ids\":[{}]}},\
             \"history\":[{}]}}",
            ids.join(","),
            steps.join(",")
        );
        Self {
            layers,
            config: config.into_bytes(),
            names: names.to_vec(),
        }
    }

    /// Three layers, the last the same as the first.
    pub(in crate::anatomy) fn small() -> Self {
        let first = Archive::default()
            .directory(b"etc/")
            .file(b"etc/passwd", b"root")
            .file(b"etc/hosts", b"::1 localhost")
            .link(b'2', b"etc/mtab", b"/proc/mounts")
            .end();
        let second = Archive::default()
            .directory(b"app/")
            .file(b"app/program", &[7; 3000])
            .link(b'1', b"app/other", b"app/program")
            .file(b"etc/.wh.hosts", b"")
            .end();
        Self::of(
            vec![first.clone(), second, first],
            "linux/amd64",
            &["golden/web:1.4.2"],
        )
    }

    pub(in crate::anatomy) fn diff_ids(&self) -> Vec<Digest> {
        self.layers.iter().map(|it| Digest::of(it)).collect()
    }

    fn config_hex(&self) -> String {
        hex(&Digest::of(&self.config))
    }

    fn tags(&self) -> String {
        let tags: Vec<String> = self.names.iter().map(|it| format!("\"{it}\"")).collect();
        tags.join(",")
    }

    /// A manifest, and the blobs it tells of.
    pub(in crate::anatomy) fn manifest(&self, stored: Stored) -> (Vec<u8>, Files) {
        let mut files = vec![blob(&self.config)];
        let mut layers = Vec::new();
        for layer in &self.layers {
            let packed = pack(layer, stored);
            layers.push(format!(
                "{{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar{}\",\"digest\":\"{}\",\"size\":{}}}",
                match stored {
                    Stored::Plain => "",
                    Stored::Gzip | Stored::Gzip2 => "+gzip",
                    Stored::Zstd => "+zstd",
                },
                Digest::of(&packed),
                packed.len()
            ));
            if !files
                .iter()
                .any(|(path, _)| *path == path_of(&Digest::of(&packed)))
            {
                files.push(blob(&packed));
            }
        }
        let manifest = format!(
            "{{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\
             \"config\":{{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"{}\",\"size\":{}}},\
             \"layers\":[{}]}}",
            Digest::of(&self.config),
            self.config.len(),
            layers.join(",")
        );
        (manifest.into_bytes(), files)
    }
}

pub(in crate::anatomy) fn hex(digest: &Digest) -> String {
    digest
        .as_str()
        .split_once(':')
        .expect("a digest")
        .1
        .to_owned()
}

pub(in crate::anatomy) fn blob(bytes: &[u8]) -> (String, At) {
    (path_of(&Digest::of(bytes)), At::File(bytes.to_vec()))
}

fn file(path: &str, bytes: impl Into<Vec<u8>>) -> (String, At) {
    (path.to_owned(), At::File(bytes.into()))
}

pub(in crate::anatomy) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).expect("memory");
    packer.finish().expect("memory")
}

pub(in crate::anatomy) fn pack(bytes: &[u8], stored: Stored) -> Vec<u8> {
    match stored {
        Stored::Plain => bytes.to_vec(),
        Stored::Gzip => gzip(bytes),
        Stored::Gzip2 => {
            let (first, second) = bytes.split_at(bytes.len() / 2);
            [gzip(first), gzip(second)].concat()
        }
        Stored::Zstd => zstd::bulk::compress(bytes, 1).expect("memory"),
    }
}

/// Before Docker 25. A layer that is in it already is a link, as 20.10 writes it.
pub(in crate::anatomy) fn legacy(samples: &[Sample]) -> Files {
    let mut files = Files::new();
    let mut list = Vec::new();
    for sample in samples {
        let mut paths = Vec::new();
        for (place, layer) in sample.layers.iter().enumerate() {
            // Not the digest of the layer: that of the chain up to it.
            let id = hex(&Digest::of(
                &[
                    sample.config.as_slice(),
                    &[u8::try_from(place).expect("few")],
                ]
                .concat(),
            ));
            let before = sample.layers.iter().take(place).position(|it| it == layer);
            let path = format!("{id}/layer.tar");
            files.push(file(&format!("{id}/VERSION"), "1.0"));
            files.push(file(&format!("{id}/json"), "{\"id\":\"x\"}"));
            files.push(match before {
                None => file(&path, layer.clone()),
                Some(before) => {
                    let target: &String = &paths[before];
                    (path.clone(), At::Symlink(format!("../{target}")))
                }
            });
            paths.push(path);
        }
        files.push(file(
            &format!("{}.json", sample.config_hex()),
            sample.config.clone(),
        ));
        let quoted: Vec<String> = paths.iter().map(|it| format!("\"{it}\"")).collect();
        list.push(format!(
            "{{\"Config\":\"{}.json\",\"RepoTags\":[{}],\"Layers\":[{}]}}",
            sample.config_hex(),
            sample.tags(),
            quoted.join(",")
        ));
    }
    files.push(file("manifest.json", format!("[{}]", list.join(","))));
    files.push(file("repositories", "{}"));
    files
}

fn index(descriptors: &[String]) -> String {
    format!(
        "{{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":[{}]}}",
        descriptors.join(",")
    )
}

/// A descriptor, with more members behind.
pub(in crate::anatomy) fn descriptor(manifest: &[u8], kind: &str, more: &str) -> String {
    format!(
        "{{\"mediaType\":\"application/vnd.oci.image.{kind}.v1+json\",\"digest\":\"{}\",\"size\":{}{more}}}",
        Digest::of(manifest),
        manifest.len()
    )
}

/// OCI alone; the tag is what `oci:DIR:TAG` names.
pub(in crate::anatomy) fn oci(samples: &[(Sample, &str)], stored: Stored) -> Files {
    let mut files = vec![file("oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}")];
    let mut list = Vec::new();
    for (sample, tag) in samples {
        let (manifest, blobs) = sample.manifest(stored);
        files.extend(blobs);
        files.push(blob(&manifest));
        let annotations =
            format!(",\"annotations\":{{\"org.opencontainers.image.ref.name\":\"{tag}\"}}");
        list.push(descriptor(
            &manifest,
            "manifest",
            if tag.is_empty() { "" } else { &annotations },
        ));
    }
    files.push(file("index.json", index(&list)));
    files
}

/// Docker 25 and later: an OCI layout, with a `manifest.json` as well.
pub(in crate::anatomy) fn docker25(samples: &[Sample]) -> Files {
    let mut files = Files::new();
    let (mut list, mut saved) = (Vec::new(), Vec::new());
    for sample in samples {
        let (manifest, blobs) = sample.manifest(Stored::Plain);
        files.extend(blobs);
        files.push(blob(&manifest));
        for name in &sample.names {
            list.push(descriptor(
                &manifest,
                "manifest",
                &format!(",\"annotations\":{{\"io.containerd.image.name\":\"docker.io/{name}\"}}"),
            ));
        }
        if sample.names.is_empty() {
            list.push(descriptor(&manifest, "manifest", ""));
        }
        let layers: Vec<String> = sample
            .diff_ids()
            .iter()
            .map(|it| format!("\"{}\"", path_of(it)))
            .collect();
        saved.push(format!(
            "{{\"Config\":\"{}\",\"RepoTags\":[{}],\"Layers\":[{}]}}",
            path_of(&Digest::of(&sample.config)),
            sample.tags(),
            layers.join(",")
        ));
    }
    files.push(file("index.json", index(&list)));
    files.push(file("manifest.json", format!("[{}]", saved.join(","))));
    files.push(file("oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}"));
    files
}

/// One image for several platforms, each with an attestation.
pub(in crate::anatomy) fn nested(samples: &[(Sample, &str)], stored: Stored) -> Files {
    let mut files = Files::new();
    let mut list = Vec::new();
    for (sample, platform) in samples {
        let (manifest, blobs) = sample.manifest(stored);
        files.extend(blobs);
        files.push(blob(&manifest));
        let (os, architecture) = platform.split_once('/').expect("two parts");
        list.push(descriptor(
            &manifest,
            "manifest",
            &format!(",\"platform\":{{\"os\":\"{os}\",\"architecture\":\"{architecture}\"}}"),
        ));
        let attestation = b"{\"config\":{\"digest\":\"x\"},\"layers\":[]}".to_vec();
        files.push(blob(&attestation));
        list.push(descriptor(
            &attestation,
            "manifest",
            ",\"platform\":{\"os\":\"unknown\",\"architecture\":\"unknown\"},\
             \"annotations\":{\"vnd.docker.reference.type\":\"attestation-manifest\"}",
        ));
    }
    let nested = index(&list).into_bytes();
    files.push(blob(&nested));
    let named = ",\"annotations\":{\"io.containerd.image.name\":\"docker.io/golden/web:1.4.2\",\
                 \"org.opencontainers.image.ref.name\":\"1.4.2\"}";
    files.push(file(
        "index.json",
        index(&[descriptor(&nested, "index", named)]),
    ));
    files
}

/// kaniko's and go-containerregistry's names; skopeo's are much like them.
pub(in crate::anatomy) fn kaniko(sample: &Sample, stored: Stored) -> Files {
    let config = format!("sha256:{}", sample.config_hex());
    let mut files = vec![file(&config, sample.config.clone())];
    let mut paths = Vec::new();
    for layer in &sample.layers {
        let packed = pack(layer, stored);
        let path = format!("{}.tar.gz", hex(&Digest::of(&packed)));
        if !files.iter().any(|(known, _)| *known == path) {
            files.push(file(&path, packed));
        }
        paths.push(format!("\"{path}\""));
    }
    let saved = format!(
        "[{{\"Config\":\"{config}\",\"RepoTags\":[{}],\"Layers\":[{}]}}]",
        sample.tags(),
        paths.join(",")
    );
    files.push(file("manifest.json", saved));
    files
}

/// A layout as an archive.
pub(in crate::anatomy) fn archive(files: &Files) -> Vec<u8> {
    let mut archive = Archive::default();
    for (path, at) in files {
        archive = match at {
            At::File(bytes) => archive.file(path.as_bytes(), bytes),
            At::Symlink(target) => archive.link(b'2', path.as_bytes(), target.as_bytes()),
            At::HardLink(target) => archive.link(b'1', path.as_bytes(), target.as_bytes()),
        };
    }
    archive.end()
}

/// A layout as a folder.
pub(in crate::anatomy) fn folder(files: &Files, at: &Path) {
    for (path, content) in files {
        let path = at.join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        if let At::File(bytes) = content {
            std::fs::write(path, bytes).expect("written");
        }
    }
}
