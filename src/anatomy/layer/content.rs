//! A file's content as one number, holes and all, at no cost for holes.
//!
//! Two files have the same number when a reader sees the same bytes in them, whether a page
//! of zeros is stored or left out. The number is XXH3-64 of the content; where the content
//! has whole pages of zeros, they are left out of it, and where they were is hashed beside.
//! So a hole of any length costs the same, and a file full of zeros less than any other.

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// Content is looked at in pages of this size, from its beginning.
const PAGE: usize = 4096;
static ZEROS: [u8; PAGE] = [0; PAGE];

/// Hashes one content at a time.
pub struct ContentHasher {
    data: Xxh3,
    /// Where runs of zero pages are: offset and length of each.
    runs: Xxh3,
    has_runs: bool,
    length: u64,
    /// Zeros since the beginning of a page that are not hashed yet.
    zeros: u64,
}

impl Default for ContentHasher {
    fn default() -> Self {
        Self::new()
    }
}

impl ContentHasher {
    /// Of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            data: Xxh3::new(),
            runs: Xxh3::new(),
            has_runs: false,
            length: 0,
            zeros: 0,
        }
    }

    /// Takes bytes.
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = self.room();
            // Whether the page was all zeros so far.
            if self.zeros > 0 || room == PAGE {
                let page = bytes.get(..room).unwrap_or(bytes);
                if is_zero(page) {
                    self.zeros += page.len() as u64;
                    self.length += page.len() as u64;
                    bytes = bytes.get(page.len()..).unwrap_or_default();
                    continue;
                }
                self.flush();
            }
            let (data, rest) = bytes.split_at(stretch(bytes, room));
            self.data.update(data);
            self.length += data.len() as u64;
            bytes = rest;
        }
    }

    /// Takes so many zeros.
    pub fn hole(&mut self, mut length: u64) {
        if self.zeros == 0 {
            let room = self.room();
            if room < PAGE {
                let fill = ZEROS.get(..room).unwrap_or_default();
                let fill = fill
                    .get(..usize::try_from(length).unwrap_or(room))
                    .unwrap_or(fill);
                self.data.update(fill);
                self.length += fill.len() as u64;
                length -= fill.len() as u64;
            }
        }
        self.zeros = self.zeros.saturating_add(length);
        self.length = self.length.saturating_add(length);
    }

    /// The number, and a fresh start.
    pub fn finish(&mut self) -> u64 {
        self.flush();
        let mut hash = self.data.digest();
        if self.has_runs {
            let parts = [hash, self.runs.digest(), self.length];
            hash = xxh3_64(parts.map(u64::to_le_bytes).as_flattened());
            self.runs.reset();
            self.has_runs = false;
        }
        self.data.reset();
        self.length = 0;
        hash
    }

    /// What is left of the page that is being read.
    fn room(&self) -> usize {
        let within = self.length % PAGE as u64;
        PAGE - usize::try_from(within).unwrap_or_default()
    }

    /// Hashes the zeros that are held back.
    fn flush(&mut self) {
        let zeros = std::mem::take(&mut self.zeros);
        let rest = zeros % PAGE as u64;
        let pages = zeros - rest;
        if pages > 0 {
            self.runs.update(&(self.length - zeros).to_le_bytes());
            self.runs.update(&pages.to_le_bytes());
            self.has_runs = true;
        }
        let rest = usize::try_from(rest).unwrap_or_default();
        self.data.update(ZEROS.get(..rest).unwrap_or_default());
    }
}

/// The number of a content that is in memory.
#[must_use]
pub fn hash(content: &[u8]) -> u64 {
    if content.len() < PAGE {
        return xxh3_64(content);
    }
    let mut hasher = ContentHasher::new();
    hasher.update(content);
    hasher.finish()
}

/// How far it is to the next page of zeros, the first page's rest not looked at.
fn stretch(bytes: &[u8], room: usize) -> usize {
    let Some(behind) = bytes.get(room..) else {
        return bytes.len();
    };
    let pages = behind.chunks(PAGE).take_while(|page| !is_zero(page));
    room + pages.map(<[u8]>::len).sum::<usize>()
}

fn is_zero(part: &[u8]) -> bool {
    ZEROS.get(..part.len()) == Some(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_pieces(content: &[u8], size: usize) -> u64 {
        let mut hasher = ContentHasher::new();
        content.chunks(size).for_each(|piece| hasher.update(piece));
        hasher.finish()
    }

    #[test]
    fn a_content_without_pages_of_zeros_is_hashed_as_it_is() {
        let content: Vec<u8> = (0..50_000_u32).map(|at| (at % 251) as u8).collect();
        for length in [0, 1, 4095, 4096, 4097, 50_000] {
            let content = &content[..length];
            assert_eq!(hash(content), xxh3_64(content));
            assert_eq!(in_pieces(content, 1000), xxh3_64(content));
        }
        assert_eq!(hash(&[0; 4095]), xxh3_64(&[0; 4095]));
    }

    #[test]
    fn holes_and_zeros_are_the_same_however_they_come() {
        let mut content = vec![1; 40_000];
        for (from, to) in [(0, 4096), (5000, 9000), (12_000, 30_000), (35_000, 40_000)] {
            content[from..to].fill(0);
        }
        let expected = hash(&content);
        for size in [1, 7, 512, 4096, 5000, 40_000] {
            assert_eq!(in_pieces(&content, size), expected, "{size}");
        }
        let mut hasher = ContentHasher::new();
        hasher.hole(4000);
        hasher.hole(96);
        hasher.update(&content[4096..5000]);
        hasher.hole(4000);
        hasher.update(&content[9000..13_000]);
        hasher.hole(17_000);
        hasher.update(&content[30_000..35_000]);
        hasher.hole(5000);
        assert_eq!(hasher.finish(), expected);
        // And it begins afresh.
        assert_eq!(hasher.finish(), hash(b""));
    }

    #[test]
    fn where_the_zeros_are_and_how_many_matters() {
        let of = |parts: &[(u64, u8)]| {
            let mut hasher = ContentHasher::new();
            for (hole, byte) in parts {
                hasher.hole(*hole);
                hasher.update(&[*byte; 4096]);
            }
            hasher.finish()
        };
        let page = PAGE as u64;
        let all = [
            of(&[(0, 1), (page, 1)]),
            of(&[(page, 1), (0, 1)]),
            of(&[(0, 1), (2 * page, 1)]),
            of(&[(0, 1), (1 << 60, 1)]),
            of(&[(0, 1), (0, 1)]),
        ];
        for (place, one) in all.iter().enumerate() {
            assert!(all[place + 1..].iter().all(|other| other != one));
        }
    }
}
