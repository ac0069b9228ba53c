//! A layer's index as bytes, to be kept for good.

use std::io::{self, Read as _};

use xxhash_rust::xxh3::xxh3_64;

use super::index::{Kind, LayerIndex};

/// Counted up whenever the index, or what the reading of a layer puts into it, changes: what
/// was kept in another version is read anew.
const VERSION: u8 = 2;
const MAGIC: [u8; 3] = *b"kLi";
/// Magic, version, length of what was packed, hash of what follows.
const HEADER: usize = 4 + 8 + 8;
/// More than the index of the largest layer that is read.
const LARGEST: u64 = 4 << 30;
/// Quick both ways; names pack well at any level.
const LEVEL: i32 = 1;

/// An index cannot be had from some bytes. The layer must be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// They are of another version of karat.
    #[error("the kept index of this layer is of another version of karat; the layer is read again")]
    OtherVersion,
    /// They are damaged.
    #[error("the kept index of this layer is damaged; the layer is read again")]
    Damaged,
}

/// Packs an index.
///
/// # Errors
/// When there is no memory for it.
pub fn encode(index: &LayerIndex) -> io::Result<Vec<u8>> {
    seal(&postcard::to_stdvec(index).map_err(io::Error::other)?)
}

/// Packs what is within.
pub(in crate::anatomy) fn seal(plain: &[u8]) -> io::Result<Vec<u8>> {
    let packed = zstd::bulk::compress(plain, LEVEL)?;
    let mut bytes = Vec::with_capacity(HEADER + packed.len());
    bytes.extend(MAGIC);
    bytes.push(VERSION);
    bytes.extend((plain.len() as u64).to_le_bytes());
    bytes.extend(xxh3_64(&packed).to_le_bytes());
    bytes.extend(packed);
    Ok(bytes)
}

/// Unpacks an index, and looks whether everything in it is where it must be.
///
/// # Errors
/// [`CodecError`].
pub fn decode(bytes: &[u8]) -> Result<LayerIndex, CodecError> {
    let plain = open(bytes)?;
    let read = postcard::take_from_bytes::<LayerIndex>(&plain);
    match read {
        Ok((index, [])) if is_sound(&index) => Ok(index),
        _ => Err(CodecError::Damaged),
    }
}

/// Unpacks what is within.
pub(in crate::anatomy) fn open(bytes: &[u8]) -> Result<Vec<u8>, CodecError> {
    let (header, packed) = bytes.split_at_checked(HEADER).ok_or(CodecError::Damaged)?;
    let version = header
        .strip_prefix(&MAGIC)
        .and_then(|rest| rest.first())
        .ok_or(CodecError::Damaged)?;
    if *version != VERSION {
        return Err(CodecError::OtherVersion);
    }
    let number = |at: usize| {
        let field = header.get(at..).and_then(<[u8]>::first_chunk);
        field.map_or(0, |bytes| u64::from_le_bytes(*bytes))
    };
    let (length, hash) = (number(4), number(12));
    if length > LARGEST || hash != xxh3_64(packed) {
        return Err(CodecError::Damaged);
    }
    unpack(packed, length).ok_or(CodecError::Damaged)
}

fn unpack(packed: &[u8], length: u64) -> Option<Vec<u8>> {
    // The length is believed as far as that costs little.
    let room = usize::try_from(length.min(64 << 20)).ok()?;
    let mut plain = Vec::with_capacity(room);
    let decoder = zstd::stream::read::Decoder::with_buffer(packed).ok()?;
    decoder.take(length + 1).read_to_end(&mut plain).ok()?;
    (plain.len() as u64 == length).then_some(plain)
}

/// Whether everything that points somewhere points to something.
fn is_sound(index: &LayerIndex) -> bool {
    let nodes = index.nodes.len() as u64;
    let mut tree = index.nodes.iter().zip(0_u32..);
    let rooted = tree.next().is_some_and(|((parent, _), _)| *parent == 0);
    let parents = tree.all(|((parent, _), node)| *parent < node);
    let mut length = 0_u64;
    let entries = index.entries.iter().all(|entry| {
        let sum = length.checked_add(entry.size);
        length = sum.unwrap_or_default();
        let target = match entry.kind {
            Kind::HardLink => entry.payload < nodes,
            Kind::Symlink => u32::try_from(entry.payload).is_ok(),
            _ => true,
        };
        sum.is_some()
            && u64::from(entry.node.0) < nodes
            && usize::from(entry.owner) < index.owners.len()
            && (entry.size == 0 || entry.kind == Kind::File)
            && target
    });
    let count = index.entries.len();
    rooted
        && parents
        && entries
        && in_order(index.attributes.iter().map(|it| it.entry), count)
        && in_order(index.kept.iter().map(|it| it.entry), count)
        && in_order(index.programs.iter().map(|it| it.entry), count)
        && index.oddities.len() <= LayerIndex::ODDITIES
}

/// Whether places go up, and are of entries.
fn in_order(places: impl Iterator<Item = u32>, count: usize) -> bool {
    let mut next = 0_u64;
    let mut places = places.map(u64::from);
    places.all(|place| {
        let right = place >= next && place < count as u64;
        next = place + 1;
        right
    })
}
