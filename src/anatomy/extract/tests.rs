use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use super::*;
use crate::anatomy::archive::again::Again;
use crate::anatomy::archive::testing::{Files, Sample, Stored, docker25, folder, legacy, oci};
use crate::anatomy::archive::wanted::Wanted;
use crate::anatomy::archive::{Opened, read_stream};
use crate::anatomy::progress::Unwatched;
use crate::anatomy::shelf::{MemoryShelf, Shelf as _};
use crate::anatomy::tar::testing::{Archive, Entry, gnu_sparse};

struct InMemory(HashMap<Digest, Vec<u8>>);

impl Layers for InMemory {
    fn each(
        &mut self,
        wanted: &[Digest],
        _: &dyn Progress,
        take: &mut TakeLayer<'_>,
    ) -> Result<(), AnatomyError> {
        for diff_id in wanted {
            let layer = self.0.get(diff_id).ok_or_else(|| AnatomyError::Missing {
                what: "the layer".to_owned(),
                name: diff_id.to_string(),
            })?;
            take(diff_id, &mut layer.as_slice())?;
        }
        Ok(())
    }
}

fn image(layers: &[Vec<u8>]) -> (Anatomy, InMemory) {
    let sample = Sample::of(layers.to_vec(), "linux/amd64", &["web:1"]);
    let bytes = crate::anatomy::archive::testing::archive(&oci(&[(sample, "")], Stored::Plain));
    let (shelf, limits) = (MemoryShelf::default(), Limits::default());
    let facts = read_stream(
        &bytes[..],
        &Wanted::default(),
        None,
        &shelf,
        &limits,
        &Unwatched,
    );
    let anatomy = Anatomy::assemble(facts.expect("an image"), |it| shelf.get(it));
    let layers = layers
        .iter()
        .map(|it| (Digest::of(it), it.clone()))
        .collect();
    (anatomy.expect("few"), InMemory(layers))
}

fn node(anatomy: &Anatomy, path: &str) -> NodeId {
    anatomy.merged.find(path.as_bytes()).expect(path)
}

fn take(
    (anatomy, layers): &mut (Anatomy, InMemory),
    at: u16,
    path: &str,
    into: &Path,
) -> Result<Extracted, AnatomyError> {
    let what = (LayerNo(at), node(anatomy, path));
    let allowance = Allowance::default();
    extract(
        anatomy,
        what,
        into,
        allowance,
        layers,
        &Limits::default(),
        &Unwatched,
    )
}

/// Everything below a folder: path and content, or where a link leads.
fn listing(at: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut queue = vec![at.to_owned()];
    while let Some(folder) = queue.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.strip_prefix(at).expect("below").display().to_string();
            let kind = fs::symlink_metadata(&path).expect("there");
            if kind.is_dir() {
                found.push((name, "/".to_owned()));
                queue.push(path);
            } else if kind.is_symlink() {
                let to = fs::read_link(&path).expect("a link");
                found.push((name, format!("-> {}", to.display())));
            } else {
                let content = fs::read(&path).expect("a file");
                found.push((name, String::from_utf8_lossy(&content).into_owned()));
            }
        }
    }
    found.sort();
    found
}

fn pairs(found: &[(String, String)]) -> Vec<(&str, &str)> {
    found
        .iter()
        .map(|(path, is)| (path.as_str(), is.as_str()))
        .collect()
}

fn two_layers() -> (Anatomy, InMemory) {
    let first = Archive::default()
        .directory(b"app/")
        .file(b"app/old", b"removed later")
        .file(b"app/same", b"first")
        .file(b"app/twice", b"one")
        .file(b"app/twice", b"two")
        .file(b"no/entry/of/its/own", b"deep")
        .end();
    let second = Archive::default()
        .file(b"app/.wh.old", b"")
        .file(b"./app/same", b"second")
        .link(b'1', b"app/linked", b"app/twice")
        .link(b'2', b"app/symlink", b"/etc/passwd")
        .entry(Entry {
            path: b"app/setuid",
            mode: 0o6777,
            content: b"x",
            ..Entry::default()
        })
        .entry(Entry {
            path: b"app/device",
            flag: b'3',
            ..Entry::default()
        })
        .end();
    image(&[first, second])
}

#[test]
fn a_folder_is_written_as_it_is_after_a_layer() {
    let mut image = two_layers();
    let into = tempfile::tempdir().expect("a folder");
    let done = take(&mut image, 1, "app", into.path()).expect("written");
    assert_eq!(done.path, into.path().join("app"));
    assert_eq!((done.entries, done.left_out), (6, 1));
    let found = listing(into.path());
    assert_eq!(
        pairs(&found),
        [
            ("app", "/"),
            ("app/linked", "two"),
            ("app/same", "second"),
            ("app/setuid", "x"),
            ("app/symlink", "-> /etc/passwd"),
            ("app/twice", "two"),
        ]
    );
    let metadata = |path: &str| fs::metadata(into.path().join(path)).expect(path);
    assert_eq!(metadata("app/setuid").permissions().mode() & 0o7777, 0o755);
    assert_eq!(metadata("app/linked").ino(), metadata("app/twice").ino());

    let earlier = tempfile::tempdir().expect("a folder");
    take(&mut image, 0, "app", earlier.path()).expect("written");
    let found = listing(earlier.path());
    assert_eq!(
        pairs(&found),
        [
            ("app", "/"),
            ("app/old", "removed later"),
            ("app/same", "first"),
            ("app/twice", "two"),
        ]
    );
}

#[test]
fn a_file_and_the_root_are_written() {
    let mut image = two_layers();
    let into = tempfile::tempdir().expect("a folder");
    take(&mut image, 1, "app/same", into.path()).expect("written");
    assert_eq!(pairs(&listing(into.path())), [("same", "second")]);
    let done = take(&mut image, 1, "", into.path()).expect("written");
    assert_eq!(done.path, into.path().join("rootfs"));
    let deep = into.path().join("rootfs/no/entry/of/its/own");
    assert_eq!(fs::read(deep).expect("a file"), b"deep");
    // What is there is never touched.
    let error = take(&mut image, 1, "app/same", into.path()).expect_err("there already");
    assert!(
        matches!(error, AnatomyError::AlreadyThere { .. }),
        "{error}"
    );
}

#[test]
fn nothing_is_written_outside_the_folder() {
    let outer = tempfile::tempdir().expect("a folder");
    let outside = outer.path().join("outside");
    fs::create_dir(&outside).expect("made");
    fs::write(outside.join("secret"), b"secret").expect("written");
    let outside = outside.to_str().expect("text").to_owned();
    let secret = format!("{outside}/secret");
    let before = listing(outer.path());
    let first = Archive::default()
        .file(b"../climbed", b"x")
        .file(b"/absolute", b"x")
        .file(b"a/../../../climbed too", b"x")
        .link(b'2', b"link", outside.as_bytes())
        .link(b'2', b"up", b"..")
        .end();
    let second = Archive::default()
        .file(b"link/below", b"x")
        .file(b"up/below", b"x")
        .link(b'1', b"hard", secret.as_bytes())
        .link(b'1', b"harder", b"../outside/secret")
        .end();
    // In one layer, the link comes before the file below it.
    let third = Archive::default()
        .link(b'2', b"same", outside.as_bytes())
        .file(b"same/below", b"x")
        .end();
    let mut image = image(&[first, second, third]);
    for at in 0..3 {
        let into = outer.path().join(format!("into{at}"));
        fs::create_dir(&into).expect("made");
        take(&mut image, at, "", &into).expect("written");
        let found = listing(&into);
        let has = |path: &str| found.iter().any(|(it, _)| it == path);
        assert!(has("rootfs/climbed") && has("rootfs/absolute"), "{found:?}");
        assert!(!has("rootfs/hard") && !has("rootfs/harder"), "{found:?}");
        assert!(found.iter().all(|(_, is)| is != "secret"), "{found:?}");
        // Where engines put it: a lower layer's link gives way to a directory, one of the
        // same layer is followed, within the root.
        let below = match at {
            0 => None,
            1 => Some(into.join("rootfs/link/below")),
            _ => Some(into.join("rootfs").join(&outside[1..]).join("below")),
        };
        if let Some(below) = below {
            assert_eq!(fs::read(below).expect("inside"), b"x");
        }
        fs::remove_dir_all(&into).expect("removed");
        assert_eq!(listing(outer.path()), before);
    }
}

#[test]
fn links_that_wait_in_the_folder_are_not_followed() {
    let outer = tempfile::tempdir().expect("a folder");
    let (into, outside) = (outer.path().join("into"), outer.path().join("outside"));
    fs::create_dir(&into).expect("made");
    fs::create_dir(&outside).expect("made");
    std::os::unix::fs::symlink(&outside, into.join("app")).expect("a link");
    std::os::unix::fs::symlink(outside.join("same"), into.join("same")).expect("a link");
    let mut image = two_layers();
    for path in ["app", "app/same"] {
        let error = take(&mut image, 1, path, &into).expect_err("a link is there");
        assert!(
            matches!(error, AnatomyError::AlreadyThere { .. }),
            "{error}"
        );
    }
    assert_eq!(listing(&outside), []);
    let target = Target::open(&into).expect("a folder");
    let below = [b"app".to_vec(), b"x".to_vec()];
    assert!(target.folder(&below, 0o755).is_err());
    assert!(target.symlink(&below, b"x").is_err());
    assert!(
        target
            .folder(&[b"..".to_vec(), b"x".to_vec()], 0o755)
            .is_err()
    );
    assert_eq!(listing(&outside), []);
}

#[test]
fn holes_stay_holes() {
    let mut layer = gnu_sparse(b"sparse", &[(1 << 20, 512)], 1 << 30);
    layer.extend([b'x'; 512]);
    layer.extend([0; 1024]);
    let mut image = image(&[layer]);
    let into = tempfile::tempdir().expect("a folder");
    let done = take(&mut image, 0, "sparse", into.path()).expect("written");
    assert_eq!(done.bytes, Bytes(1 << 30));
    let metadata = fs::metadata(done.path).expect("there");
    assert_eq!(metadata.len(), 1 << 30);
    assert!(metadata.blocks() * 512 < 1 << 20);
}

#[test]
fn the_beginning_of_a_file_is_shown() {
    let text = "Käse und Brot\n".repeat(100);
    let layer = Archive::default()
        .file(b"text", text.as_bytes())
        .file(b"umlaut", "aä".as_bytes())
        .file(b"program", b"\x7fELF\0\x01")
        .file(b"empty", b"")
        .link(b'2', b"link", b"text")
        .link(b'1', b"linked", b"text")
        .directory(b"folder/")
        .end();
    let (anatomy, mut layers) = image(&[layer]);
    let mut show = |path: &str, most| {
        let at = anatomy.merged.last().expect("a layer");
        let entry = anatomy
            .merged
            .visible(node(&anatomy, path), at)
            .expect(path);
        show_text(
            &anatomy,
            entry,
            most,
            &mut layers,
            &Limits::default(),
            &Unwatched,
        )
    };
    let shown = |text: &str, cut, binary| Shown {
        text: text.to_owned(),
        cut,
        binary,
    };
    for (path, most, is) in [
        ("text", 1 << 20, shown(&text, false, false)),
        ("text", 7, shown("Käse u", true, false)),
        ("linked", 4, shown("Käs", true, false)),
        ("umlaut", 2, shown("a", true, false)),
        ("program", 100, shown("\u{7f}ELF\0\u{1}", false, true)),
        ("empty", 100, shown("", false, false)),
    ] {
        let found = show(path, most).expect(path);
        assert_eq!(found, is, "{path}");
    }
    for path in ["link", "folder"] {
        let error = show(path, 10).expect_err(path);
        assert!(
            matches!(error, AnatomyError::NothingToExtract { .. }),
            "{error}"
        );
    }
}

#[test]
fn what_is_too_much_or_not_there_is_told() {
    let (anatomy, mut layers) = two_layers();
    let into = tempfile::tempdir().expect("a folder");
    let whole = (LayerNo(1), NodeId::ROOT);
    for (bytes, entries) in [(1, 100), (1000, 3)] {
        let allowance = Allowance {
            bytes: Bytes(bytes),
            entries,
        };
        let limits = Limits::default();
        let error = extract(
            &anatomy,
            whole,
            into.path(),
            allowance,
            &mut layers,
            &limits,
            &Unwatched,
        );
        let error = error.expect_err("too much");
        assert!(
            matches!(error, AnatomyError::TooMuchToExtract { .. }),
            "{error}"
        );
    }
    assert_eq!(listing(into.path()), []);
    let mut image = (anatomy, InMemory(HashMap::new()));
    let error = take(&mut image, 1, "app", into.path()).expect_err("no layers");
    assert!(matches!(error, AnatomyError::Missing { .. }), "{error}");
    let nowhere = into.path().join("nowhere");
    let error = take(&mut image, 1, "app", &nowhere).expect_err("no folder");
    assert!(matches!(error, AnatomyError::Unwritable { .. }), "{error}");
    // At a layer where it is not there yet.
    let error = take(&mut image, 0, "app/linked", into.path()).expect_err("not there");
    assert!(
        matches!(error, AnatomyError::NothingToExtract { .. }),
        "{error}"
    );
}

#[test]
fn layers_of_a_file_or_folder_are_opened_again() {
    let sample = Sample::small();
    let files = oci(&[(sample, "")], Stored::Zstd);
    let at = tempfile::tempdir().expect("a folder");
    folder(&files, at.path());
    let file = at.path().join("image.tar");
    fs::write(&file, crate::anatomy::archive::testing::archive(&files)).expect("written");
    let (wanted, limits) = (Wanted::default(), Limits::default());
    for opened in [
        Opened::directory(at.path(), &wanted).expect("an image"),
        Opened::file(&file, &wanted, &limits, &Unwatched).expect("an image"),
    ] {
        let shelf = MemoryShelf::default();
        let facts = opened.read(&shelf, &limits, &Unwatched).expect("read");
        let anatomy = Anatomy::assemble(facts, |it| shelf.get(it)).expect("few");
        let into = tempfile::tempdir().expect("a folder");
        let mut layers = LayersOf {
            image: &opened,
            limits: &limits,
        };
        let what = (LayerNo(2), node(&anatomy, "app"));
        let allowance = Allowance::default();
        let done = extract(
            &anatomy,
            what,
            into.path(),
            allowance,
            &mut layers,
            &limits,
            &Unwatched,
        );
        assert_eq!(done.expect("written").entries, 3);
        assert_eq!(
            fs::read(into.path().join("app/other")).expect("a file"),
            [7; 3000]
        );
    }
}

/// What an archive handed over when it passed by.
struct Passed {
    shelf: MemoryShelf,
    anatomy: Anatomy,
    archive: Vec<u8>,
    begun: usize,
}

impl Passed {
    fn of(files: &Files) -> Self {
        let archive = crate::anatomy::archive::testing::archive(files);
        let (shelf, limits) = (MemoryShelf::default(), Limits::default());
        let wanted = Wanted::default();
        let facts = read_stream(&archive[..], &wanted, None, &shelf, &limits, &Unwatched);
        let anatomy = Anatomy::assemble(facts.expect("an image"), |it| shelf.get(it));
        Self {
            shelf,
            anatomy: anatomy.expect("few"),
            archive,
            begun: 0,
        }
    }

    /// The content of a file after the last layer.
    fn content(&mut self, path: &str) -> Result<Vec<u8>, AnatomyError> {
        let (archive, begun) = (&self.archive, &mut self.begun);
        let mut begin = || -> Result<Box<dyn Read + Send>, AnatomyError> {
            *begun += 1;
            Ok(Box::new(std::io::Cursor::new(archive.clone())))
        };
        let (wanted, limits) = (Wanted::default(), Limits::default());
        let mut layers = Again {
            begin: &mut begin,
            wanted: &wanted,
            shelf: &self.shelf,
            limits: &limits,
        };
        let merged = &self.anatomy.merged;
        let last = merged.last().expect("layers");
        let entry = merged.visible(node(&self.anatomy, path), last).expect(path);
        let mut out = Vec::new();
        write_content(
            &self.anatomy,
            entry,
            &mut out,
            &mut layers,
            &limits,
            &Unwatched,
        )?;
        Ok(out)
    }
}

#[test]
fn contents_are_picked_out_of_an_archive_that_passes_by() {
    let sample = Sample::small();
    let one = std::slice::from_ref(&sample);
    // How often it must pass: where the names say nothing, its documents are read first.
    for (layout, files, passes) in [
        ("OCI, gzip", oci(&[(sample.clone(), "")], Stored::Gzip), 1),
        ("OCI, plain", oci(&[(sample.clone(), "")], Stored::Plain), 1),
        ("Docker 25", docker25(one), 1),
        ("Docker 20", legacy(one), 2),
    ] {
        let mut passed = Passed::of(&files);
        assert_eq!(
            passed.content("app/other").expect(layout),
            [7; 3000],
            "{layout}"
        );
        assert_eq!(passed.begun, passes, "{layout}");
    }
}

#[test]
fn an_archive_that_ends_too_early_says_so() {
    let mut passed = Passed::of(&oci(&[(Sample::small(), "")], Stored::Plain));
    let half = passed.archive.len() / 2;
    passed.archive.truncate(half);
    let failed = passed.content("app/other").expect_err("half of it");
    assert!(!failed.to_string().is_empty(), "{failed}");
    // And another archive has none of the layers.
    passed.archive = Passed::of(&docker25(&[Sample::of(
        vec![Archive::default().file(b"x", b"y").end()],
        "linux/amd64",
        &["x:1"],
    )]))
    .archive;
    let failed = passed.content("app/other").expect_err("another image");
    assert!(matches!(failed, AnatomyError::Missing { .. }), "{failed}");
    assert_eq!(passed.begun, 3);
}
