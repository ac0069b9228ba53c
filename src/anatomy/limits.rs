//! How much of an archive is believed, before it is called hostile.

/// Ceilings for what is read from strangers. The defaults let every image through that was
/// ever seen in earnest; each one that is passed is told by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest archive, uncompressed: 1 TiB.
    pub archive_bytes: u64,
    /// So much may come out of a compressed archive at any ratio: 1 GiB. Beyond it,
    /// [`ratio`](Self::ratio) holds.
    pub any_ratio_bytes: u64,
    /// How many bytes may come out of one: 200. Real layers pack 2:1 to 20:1, gzip can do
    /// 1032:1 and zstd far more, of zeros only.
    pub ratio: u64,
    /// Entries of one archive, headers that describe others included: 20 million.
    pub entries: u64,
    /// The longest PAX header: 1 MiB.
    pub pax_bytes: u64,
    /// The longest path or link target: 64 KiB. Linux takes 4 KiB.
    pub name_bytes: u64,
    /// Pieces of one sparse file: 1 million.
    pub extents: u64,
    /// Pieces of all sparse files of one archive: 4 million.
    pub all_extents: u64,
    /// All files of one layer, as a reader sees them, holes included: 128 TiB. So the sum of
    /// as many layers as an image can have does not overflow.
    pub file_bytes: u64,
    /// Contents kept of one layer because they explain others: 256 MiB.
    pub kept_bytes: u64,
    /// What is copied or unpacked out of the programs of one layer (libraries they ask for,
    /// Go's and cargo's lists of modules): 64 MiB.
    pub program_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            archive_bytes: 1 << 40,
            any_ratio_bytes: 1 << 30,
            ratio: 200,
            entries: 20_000_000,
            pax_bytes: 1 << 20,
            name_bytes: 64 << 10,
            extents: 1_000_000,
            all_extents: 4_000_000,
            file_bytes: 128 << 40,
            kept_bytes: 256 << 20,
            program_bytes: 64 << 20,
        }
    }
}
