//! Contents that explain others, packed and unpacked.

use std::io::Read as _;

/// The largest content that is kept of one file.
pub const LARGEST: u64 = 64 * 1024 * 1024;

/// Packs a content.
///
/// # Errors
/// When there is no memory for it.
pub fn pack(content: &[u8]) -> std::io::Result<Vec<u8>> {
    zstd::bulk::compress(content, 3)
}

/// Unpacks a content. Nothing, when it is none that was packed here.
#[must_use]
pub fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    let unpacking = zstd::stream::read::Decoder::new(packed).ok()?;
    // What comes from the store may be damaged: never more than was ever kept.
    unpacking.take(LARGEST + 1).read_to_end(&mut content).ok()?;
    (content.len() as u64 <= LARGEST).then_some(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_is_unpacked() {
        let text = b"Package: libc6\n".repeat(1000);
        let packed = pack(&text).expect("memory");
        assert!(packed.len() < text.len() / 10);
        assert_eq!(unpack(&packed), Some(text));
        assert_eq!(unpack(b"none of ours"), None);
    }
}
