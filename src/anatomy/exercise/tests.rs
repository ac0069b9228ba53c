//! What fuzzing began with and what it found, done again.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::super::archive::testing::{
    At, Sample, Stored, archive, docker25, kaniko, legacy, nested, oci,
};
use super::super::layer::codec::encode;
use super::super::tar::testing::{Archive, gnu_sparse};
use super::*;

fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target)
}

fn replay(target: &str, exercise: fn(&[u8])) {
    let folder = corpus(target);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{} must be there: {error}", folder.display()))
        .map(|file| file.expect("readable").path())
        .collect();
    files.sort();
    assert!(
        files.len() >= 3,
        "seeds are missing in {}",
        folder.display()
    );
    for file in files {
        println!("{}", file.display());
        let data = fs::read(&file).expect("readable");
        let begun = Instant::now();
        exercise(&data);
        let seconds = begun.elapsed().as_secs();
        assert!(seconds < 10, "{} takes {seconds} s", file.display());
    }
}

#[test]
fn the_corpus_of_tar_archives_is_read() {
    replay("tar", tar);
}

#[test]
fn the_corpus_of_layers_is_read() {
    replay("layer", layer);
}

#[test]
fn the_corpus_of_programs_is_read() {
    replay("program", program);
}

#[test]
fn the_corpus_of_indexes_is_read() {
    replay("index", index);
}

#[test]
fn the_corpus_of_images_is_read() {
    replay("image", image);
}

#[test]
fn the_corpus_of_documents_is_read() {
    replay("document", document);
}

/// A small image in every layout, and the documents in them.
fn images() -> Vec<(String, &'static str, Vec<u8>)> {
    let sample = Sample::small();
    let one = std::slice::from_ref(&sample);
    let platforms = [(sample.clone(), "linux/amd64")];
    let layouts = [
        ("legacy", legacy(one)),
        ("docker25", docker25(one)),
        ("oci", oci(&[(sample.clone(), "1")], Stored::Gzip)),
        ("nested", nested(&platforms, Stored::Zstd)),
        ("kaniko", kaniko(&sample, Stored::Gzip2)),
    ];
    let mut seeds = Vec::new();
    for (name, files) in layouts {
        seeds.push((name.to_owned(), "image", archive(&files)));
        for (place, (_, at)) in files.iter().enumerate() {
            if let At::File(json) = at
                && json.starts_with(b"{")
                && json.len() > 20
            {
                seeds.push((format!("{name}-{place}"), "document", json.clone()));
            }
        }
    }
    let whole = b"{\"os\":\"linux\",\"created\":\"2024-05-06T07:08:09Z\",\"config\":{\"Labels\":{\"a\":\"b\"},\
        \"ExposedPorts\":{\"80/tcp\":{}},\"Shell\":[\"/bin/bash\",\"-c\"]},\"rootfs\":{\"diff_ids\":[]},\"history\":[\
        {\"created_by\":\"RUN |2 A=1 B=a b /bin/sh -c make # buildkit\"},{\"created_by\":\"/bin/sh -c #(nop) COPY file:5f in /x\"}]}";
    seeds.push(("whole".to_owned(), "document", whole.to_vec()));
    seeds
}

/// Archives that have a little of everything.
fn archives() -> Vec<(&'static str, Vec<u8>)> {
    let names = Archive::default()
        .long(b'L', &[b'n'; 120])
        .long(b'K', b"target")
        .link(b'2', b"short", b"short")
        .pax(&[(b"path", b"pax/path"), (b"size", b"5"), (b"uid", b"70000")])
        .file(b"x", b"12345")
        .pax(&[(b"SCHILY.xattr.security.capability", b"\x01\0\0\x02")])
        .program(b"bin/a", b"#!/bin/sh\n")
        .records(b'g', &[(b"comment", b"global")]);
    let kinds = Archive::default()
        .directory(b"./")
        .directory(b"etc/")
        .file(b"etc/passwd", b"root:x:0:0::/root:/bin/sh\n")
        .link(b'1', b"etc/two", b"etc/passwd")
        .link(b'3', b"dev/a", b"")
        .link(b'6', b"dev/b", b"")
        .file(b"../.wh.gone", b"")
        .file(b"etc/.wh..wh..opq", b"")
        .file(b".wh..wh.plnk/1.2", b"shared")
        .link(b'1', b"linked", b".wh..wh.plnk/1.2");
    let old = Archive::default()
        .raw(&gnu_sparse(b"s", &[(0, 2), (600, 2), (5000, 0)], 5000))
        .raw(b"abcd")
        .pad();
    let many: Vec<_> = (0..30).map(|at| (at * 5000, 1)).collect();
    let more = Archive::default()
        .raw(&gnu_sparse(b"s", &many, 1 << 30))
        .raw(&[7; 30])
        .pad();
    let mut content = b"2\n0\n2\n5000\n1\n".to_vec();
    content.resize(512, 0);
    content.extend(b"abc");
    let pax = Archive::default()
        .pax(&[
            (b"GNU.sparse.map", b"0,2,600,1"),
            (b"GNU.sparse.size", b"700"),
        ])
        .file(b"zero", b"abc")
        .pax(&[
            (b"GNU.sparse.major", b"1"),
            (b"GNU.sparse.minor", b"0"),
            (b"GNU.sparse.name", b"one"),
            (b"GNU.sparse.realsize", b"6000"),
        ])
        .file(b"x", &content);
    [
        ("names", names),
        ("kinds", kinds),
        ("old", old),
        ("more", more),
        ("pax", pax),
    ]
    .map(|(name, archive)| (name, archive.end()))
    .to_vec()
}

#[test]
#[ignore = "writes fuzz/corpus; run by hand when there are new things to read"]
fn write_seeds() {
    use std::io::Write as _;

    let write = |target: &str, name: &str, data: &[u8]| {
        let folder = corpus(target);
        fs::create_dir_all(&folder).expect("writable");
        fs::write(folder.join(name), data).expect("writable");
    };
    for (name, data) in archives() {
        write("tar", name, &data);
        write("layer", name, &data);
        let read = read_layer(&data[..], &Limits::default(), &Unwatched).expect("a layer");
        let sealed = encode(&read).expect("memory");
        write("index", name, &codec::open(&sealed).expect("sound"));
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(&data).expect("memory");
        write(
            "layer",
            &format!("{name}.gz"),
            &gzip.finish().expect("memory"),
        );
        let zstd = zstd::bulk::compress(&data, 3).expect("memory");
        write("layer", &format!("{name}.zst"), &zstd);
    }
    for (name, target, data) in images() {
        write(target, &name, &data);
    }
    for (name, data) in super::super::layer::elf_seeds() {
        write("program", name, &data);
    }
}
