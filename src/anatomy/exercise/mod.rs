//! What is done with bytes of strangers, and what must hold whatever they are: the targets of
//! fuzzing. Compiled for those, and for the tests, which do the same with what fuzzing found.

#[cfg(test)]
mod tests;

use std::io::Cursor;

use super::Anatomy;
use super::archive::read_stream;
use super::archive::wanted::{Expected, Wanted};
use super::config::Configuration;
use super::image::Presence;
use super::layer::codec;
use super::layer::index::{Kind, LayerIndex};
use super::layer::paths::Normal;
use super::layer::reader::read_layer;
use super::limits::Limits;
use super::merged::{Builder, LayerNo, View};
use super::progress::Unwatched;
use super::shelf::{MemoryShelf, Shelf as _};
use super::tar::{Header, Piece, Reader, TarError};
use crate::model::digest::Digest;

/// Small ones, so that what is bounded is seen to be.
fn limits() -> Limits {
    Limits {
        archive_bytes: 64 << 20,
        any_ratio_bytes: 4 << 20,
        entries: 20_000,
        pax_bytes: 64 << 10,
        name_bytes: 16 << 10,
        extents: 10_000,
        all_extents: 20_000,
        kept_bytes: 1 << 20,
        program_bytes: 1 << 20,
        hole_bytes: 16 << 20,
        ..Limits::default()
    }
}

/// Reads bytes as a tar archive. Every entry is as long as it says, and the same entries are
/// found whether contents are read, passed over, or sought over.
///
/// # Panics
/// When that is not so.
pub fn tar(data: &[u8]) {
    let read = walk(data, |reader, header| {
        let mut length = 0_u64;
        while let Some(piece) = reader.piece()? {
            length += match piece {
                Piece::Data(data) => data.len() as u64,
                Piece::Hole(length) => length,
            };
        }
        assert_eq!(
            length, header.size,
            "a content has another length than its header says"
        );
        Ok(())
    });
    let passed = walk(data, |reader, _| reader.skip_content());
    let sought = walk(data, |reader, _| reader.seek_over_content());
    assert!(
        read == passed && read == sought,
        "entries are lost by passing over contents"
    );
}

type InMemory<'a> = Reader<Cursor<&'a [u8]>>;

/// All headers, and whether the archive was read to its end.
fn walk<'a>(
    data: &'a [u8],
    mut content: impl FnMut(&mut InMemory<'a>, &Header) -> Result<(), TarError>,
) -> (Vec<Header>, bool) {
    let mut reader = Reader::new(Cursor::new(data), &limits());
    let mut headers = Vec::new();
    let mut header = Header::default();
    let whole = loop {
        match reader.next_entry(&mut header) {
            Ok(true) => headers.push(header.clone()),
            Ok(false) => {
                break reader
                    .finish()
                    .is_ok_and(|length| length == data.len() as u64);
            }
            Err(_) => break false,
        }
        if content(&mut reader, &header).is_err() {
            break false;
        }
    };
    (headers, whole)
}

/// Reads bytes as a layer, plain or compressed. Its index can be kept and had again, and be
/// put on top of others.
///
/// # Panics
/// When that is not so.
pub fn layer(data: &[u8]) {
    let Ok(index) = read_layer(data, &limits(), &Unwatched) else {
        return;
    };
    if index.tar_bytes.0 == data.len() as u64 {
        assert_eq!(index.diff_id, Digest::of(data), "not every byte was hashed");
        let (headers, _) = walk(data, |reader, _| reader.skip_content());
        let mut path = Normal::default();
        let listed = headers.iter().filter(|header| {
            path.set(&header.path);
            path.is_listed(header.kind)
        });
        assert_eq!(
            listed.count(),
            index.entries().len(),
            "entries are counted otherwise"
        );
    }
    let kept = codec::encode(&index).map(|bytes| codec::decode(&bytes));
    assert!(
        kept.is_ok_and(|kept| kept.as_ref() == Ok(&index)),
        "an index is not the same again"
    );
    for entry in index.entries() {
        // A part for every two bytes of the longest header, at most.
        assert!(index.path(entry.node).len() <= 64 << 10, "a path grows");
    }
    stack(&index);
}

/// Reads bytes as a program.
///
/// # Panics
/// When the layer around them cannot be read.
pub fn program(data: &[u8]) {
    let mut tar = Vec::with_capacity(data.len() + 1536);
    tar.extend(header_of(data.len()));
    tar.extend(data);
    tar.resize(tar.len().next_multiple_of(512), 0);
    let index = read_layer(&tar[..], &limits(), &Unwatched);
    assert!(
        index.is_ok_and(|it| it.entries().len() == 1),
        "a layer is not read"
    );
}

/// A header of an executable file.
fn header_of(length: usize) -> [u8; 512] {
    let mut block = [0_u8; 512];
    let mut put = |at: usize, text: &str| {
        for (place, byte) in block.iter_mut().skip(at).zip(text.bytes()) {
            *place = byte;
        }
    };
    put(0, "program");
    put(100, "0000755");
    put(124, &format!("{length:011o}"));
    put(148, "        ");
    put(156, "0");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    let mut put = |text: &str| {
        for (place, byte) in block.iter_mut().skip(148).zip(text.bytes()) {
            *place = byte;
        }
    };
    put(&format!("{sum:06o}\0"));
    block
}

/// Reads bytes as what is within a kept index. What passes can be put on top of others.
///
/// # Panics
/// When it cannot.
pub fn index(data: &[u8]) {
    if let Ok(bytes) = codec::seal(data)
        && let Ok(index) = codec::decode(&bytes)
    {
        stack(&index);
    }
}

/// Reads bytes as the archive of an image, from front to back. What is read can be put
/// together, and is found again without reading anything.
///
/// # Panics
/// When that is not so.
pub fn image(data: &[u8]) {
    let (shelf, limits, wanted) = (MemoryShelf::default(), limits(), Wanted::default());
    let Ok(facts) = read_stream(data, &wanted, None, &shelf, &limits, &Unwatched) else {
        return;
    };
    for layer in &facts.layers {
        let known = shelf.has(&layer.diff_id);
        assert!(
            known == (layer.presence == Presence::Present),
            "a layer is there and is not"
        );
    }
    let expected = Expected {
        config: Some(facts.config.clone()),
        diff_ids: facts.layers.iter().map(|it| it.diff_id.clone()).collect(),
    };
    let again = read_stream(data, &wanted, Some(&expected), &shelf, &limits, &Unwatched);
    assert!(
        again.is_ok_and(|again| again.config == facts.config && again.settings == facts.settings),
        "an image is another the second time"
    );
    let _ = Anatomy::assemble(facts, |it| shelf.get(it));
}

/// Reads bytes as a configuration, and as what lists images.
///
/// # Panics
/// When more comes out than went in.
pub fn document(data: &[u8]) {
    super::archive::try_documents(data);
    let Ok(read) = Configuration::read(data) else {
        return;
    };
    let written = read
        .history
        .steps
        .iter()
        .map(|it| it.raw.len())
        .sum::<usize>();
    assert!(written <= data.len(), "a history grows");
    for step in &read.history.steps {
        let longest = step.raw.len() + "RUN ".len();
        assert!(step.instruction.len() <= longest, "an instruction grows");
    }
    assert!(read.steps().len() == read.diff_ids.len(), "steps are lost");
}

/// Puts a layer on top of itself, and looks at both.
fn stack(index: &LayerIndex) {
    let mut builder = Builder::new();
    if builder.add(index).is_err() || builder.add(index).is_err() {
        return;
    }
    let merged = builder.finish();
    let mut view = View::new(&merged, LayerNo(0));
    let first = view.visible_bytes();
    view.go(&merged, LayerNo(1));
    view.go(&merged, LayerNo(0));
    assert_eq!(
        view.visible_bytes(),
        first,
        "a view is another when it comes back"
    );
    assert!(
        first <= merged.layer_bytes(),
        "more is visible than there is"
    );
    for entry in index.entries() {
        let told = match entry.kind {
            Kind::Symlink => index.symlink_target(entry).is_some(),
            Kind::HardLink => index.hard_link_target(entry).is_some(),
            _ => true,
        };
        assert!(told, "a link leads nowhere");
    }
}
