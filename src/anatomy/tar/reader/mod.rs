//! Entry after entry, and the content of each.
//!
//! | file | subject |
//! |---|---|
//! | `maps` | where the content of a sparse file lies |

mod maps;

use std::io::{self, Read, Seek};

use super::block::{Block, text};
use super::error::TarError;
use super::header::{EntryType, Header};
use super::input::{BLOCK, Input};
use super::pax::Pax;
use super::sparse::{Map, Stretch};
use crate::anatomy::limits::Limits;
use crate::anatomy::sniff;

/// Reads an archive from front to back.
///
/// [`next_entry`](Self::next_entry) reads a header; then the entry's content can be had by
/// [`piece`](Self::piece) or through [`Read`], or be left: the next header is found anyway.
pub struct Reader<R> {
    input: Input<R>,
    limits: Limits,
    block: Block,
    pax: Pax,
    long_path: Vec<u8>,
    long_link: Vec<u8>,
    scratch: Vec<u8>,
    content: Content,
    entries: u64,
    extents: u64,
    ended: bool,
}

/// What is left of an entry's content.
#[derive(Default)]
struct Content {
    /// Stored bytes not yet taken.
    stored: u64,
    /// Bytes behind them that fill up the last block.
    padding: u64,
    /// How far a reader of the file is, and how long the file is.
    position: u64,
    size: u64,
    sparse: bool,
    map: Map,
}

/// A piece of a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Bytes.
    Data(&'a [u8]),
    /// So many zeros that are not stored.
    Hole(u64),
}

impl<R: Read> Reader<R> {
    /// Reads an archive.
    pub fn new(reader: R, limits: &Limits) -> Self {
        Self {
            input: Input::new(reader),
            limits: *limits,
            block: Block([0; BLOCK]),
            pax: Pax::default(),
            long_path: Vec::new(),
            long_link: Vec::new(),
            scratch: Vec::new(),
            content: Content::default(),
            entries: 0,
            extents: 0,
            ended: false,
        }
    }

    /// Reads the next entry's header; answers whether there was one. What was not read of
    /// the content before it is passed over.
    ///
    /// # Errors
    /// [`TarError`]. After one nothing more can be read.
    pub fn next_entry(&mut self, header: &mut Header) -> Result<bool, TarError> {
        self.skip_content()?;
        self.pax.clear();
        self.long_path.clear();
        self.long_link.clear();
        while self.header_block()? {
            match self.block.kind() {
                b'x' | b'X' => {
                    self.meta("a PAX header", self.limits.pax_bytes)?;
                    let at = self.input.offset();
                    let parsed = self.pax.parse(&self.scratch);
                    parsed.map_err(|what| TarError::Damaged { at, what })?;
                }
                b'g' => self.meta("a PAX header", self.limits.pax_bytes)?,
                b'L' => {
                    self.meta("a long path", self.limits.name_bytes)?;
                    std::mem::swap(&mut self.long_path, &mut self.scratch);
                }
                b'K' => {
                    self.meta("a long link target", self.limits.name_bytes)?;
                    std::mem::swap(&mut self.long_link, &mut self.scratch);
                }
                flag => {
                    self.entry(flag, header)?;
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Reads a header's block; answers whether there was one before the archive's end.
    fn header_block(&mut self) -> Result<bool, TarError> {
        if self.ended {
            return Ok(false);
        }
        let at = self.input.offset();
        let filled = self.input.block(&mut self.block.0)?;
        if filled == 0 {
            self.ended = true;
            return Ok(false);
        }
        if filled < BLOCK {
            if at == 0 {
                let found = sniff::describe(self.block.0.get(..filled).unwrap_or_default());
                return Err(TarError::NotTar { found });
            }
            return Err(self.truncated("within a header"));
        }
        if self.block.is_zero() {
            return self.end_block(at);
        }
        if !self.block.checksum_is_right() {
            if at == 0 {
                let found = sniff::describe(&self.block.0);
                return Err(TarError::NotTar { found });
            }
            let what = "a header's checksum is wrong";
            return Err(TarError::Damaged { at, what });
        }
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(self.too_much("entries", self.limits.entries));
        }
        Ok(true)
    }

    /// The archive ends with two blocks of zeros; with one, where nothing follows it.
    fn end_block(&mut self, at: u64) -> Result<bool, TarError> {
        let filled = self.input.block(&mut self.block.0)?;
        let rest = self.block.0.get(..filled).unwrap_or_default();
        if rest.iter().any(|byte| *byte != 0) {
            let what = "something follows where it ends";
            return Err(TarError::Damaged { at, what });
        }
        self.ended = true;
        Ok(false)
    }

    /// Reads the content of a header that describes another.
    fn meta(&mut self, what: &'static str, limit: u64) -> Result<(), TarError> {
        let size = self.size_field()?;
        if size > limit {
            return Err(self.too_much(what, limit));
        }
        self.scratch.clear();
        let mut left = size;
        while left > 0 {
            if self.input.fill()? == 0 {
                return Err(self.truncated("within a header"));
            }
            let part = self.input.take(left);
            self.scratch.extend_from_slice(part);
            left -= part.len() as u64;
        }
        self.input.skip(padding(size))?;
        Ok(())
    }

    fn size_field(&self) -> Result<u64, TarError> {
        self.block
            .size()
            .ok_or_else(|| self.damaged("a length is none"))
    }

    /// Puts an entry's header together from its block and those before it.
    fn entry(&mut self, flag: u8, header: &mut Header) -> Result<(), TarError> {
        header.clear();
        self.names(header)?;
        header.kind = EntryType::of(flag, &header.path);
        self.numbers(header)?;
        std::mem::swap(&mut header.xattrs, &mut self.pax.xattrs);
        let told = self.pax.size.map_or_else(|| self.size_field(), Ok)?;
        let stored = if header.kind.has_content() { told } else { 0 };
        if i64::try_from(stored).is_err() {
            return Err(self.damaged("a length is beyond what a file can have"));
        }
        self.content.stored = stored;
        self.content.padding = padding(stored);
        self.content.position = 0;
        self.content.size = stored;
        self.content.sparse = false;
        self.content.map.clear();
        if header.kind == EntryType::File {
            self.sparse(flag, header)?;
        }
        header.size = self.content.size;
        header.stored = self.content.stored;
        header.sparse = self.content.sparse;
        header.offset = self.input.offset();
        Ok(())
    }

    fn names(&self, header: &mut Header) -> Result<(), TarError> {
        let long = text(&self.long_path);
        let told = [long, &self.pax.path];
        if let Some(path) = told.iter().find(|path| !path.is_empty()) {
            header.path.extend_from_slice(path);
        } else {
            let prefix = self.block.prefix();
            if !prefix.is_empty() {
                header.path.extend_from_slice(prefix);
                header.path.push(b'/');
            }
            header.path.extend_from_slice(self.block.name());
        }
        let told = [text(&self.long_link), &self.pax.link, self.block.link()];
        if let Some(link) = told.iter().find(|link| !link.is_empty()) {
            header.link.extend_from_slice(link);
        }
        self.check_names(header)
    }

    fn check_names(&self, header: &Header) -> Result<(), TarError> {
        let limit = self.limits.name_bytes;
        for (name, what) in [
            (&header.path, "a long path"),
            (&header.link, "a long link target"),
        ] {
            if name.len() as u64 > limit {
                return Err(self.too_much(what, limit));
            }
        }
        Ok(())
    }

    fn numbers(&self, header: &mut Header) -> Result<(), TarError> {
        let block = &self.block;
        let mode = block.mode().ok_or_else(|| self.damaged("a mode is none"))?;
        header.mode = low(mode);
        let uid = self.pax.uid.or_else(|| block.uid());
        header.uid = low(uid.ok_or_else(|| self.damaged("a user's number is none"))?);
        let gid = self.pax.gid.or_else(|| block.gid());
        header.gid = low(gid.ok_or_else(|| self.damaged("a group's number is none"))?);
        if matches!(header.kind, EntryType::CharDevice | EntryType::BlockDevice) {
            let device = block.device();
            let (major, minor) = device.ok_or_else(|| self.damaged("a device has no numbers"))?;
            (header.major, header.minor) = (low(major), low(minor));
        }
        Ok(())
    }

    /// The next piece of the entry's content; nothing at its end.
    ///
    /// # Errors
    /// [`TarError`], [`TarError::Truncated`] where the archive ends before the content.
    pub fn piece(&mut self) -> Result<Option<Piece<'_>>, TarError> {
        self.piece_of(u64::MAX)
    }

    /// The next piece of at most so many bytes.
    fn piece_of(&mut self, most: u64) -> Result<Option<Piece<'_>>, TarError> {
        let content = &mut self.content;
        let left = content.size.saturating_sub(content.position);
        if left == 0 || most == 0 {
            return Ok(None);
        }
        let stretch = if content.sparse {
            content.map.at(content.position, content.size)
        } else {
            Stretch::Data(left)
        };
        match stretch {
            Stretch::Hole(length) => {
                let length = length.min(most);
                content.position += length;
                Ok(Some(Piece::Hole(length)))
            }
            Stretch::Data(length) => {
                if self.input.fill()? == 0 {
                    return Err(self.truncated("within the content of a file"));
                }
                let data = self.input.take(length.min(most));
                self.content.position += data.len() as u64;
                self.content.stored = self.content.stored.saturating_sub(data.len() as u64);
                Ok(Some(Piece::Data(data)))
            }
        }
    }

    /// Passes over what is left of the entry's content.
    ///
    /// # Errors
    /// [`TarError`], [`TarError::Truncated`] where the archive ends before the content.
    pub fn skip_content(&mut self) -> Result<(), TarError> {
        let stored = self.content.stored;
        if self.input.skip(stored)? < stored {
            return Err(self.truncated("within the content of a file"));
        }
        self.end_content()
    }

    /// The content is behind us; its padding is passed over, and may be missing at the end.
    fn end_content(&mut self) -> Result<(), TarError> {
        self.content.stored = 0;
        self.content.position = self.content.size;
        let padding = std::mem::take(&mut self.content.padding);
        self.input.skip(padding)?;
        Ok(())
    }

    /// Reads on to the end of the stream, behind the archive's end; answers the length of all.
    ///
    /// # Errors
    /// [`TarError`].
    pub fn finish(&mut self) -> Result<u64, TarError> {
        self.skip_content()?;
        self.ended = true;
        Ok(self.input.drain()?)
    }

    /// The place in the stream of what is read next.
    pub const fn offset(&self) -> u64 {
        self.input.offset()
    }

    /// The reader beneath, out of which more may have been read than was taken.
    pub fn into_inner(self) -> R {
        self.input.into_inner()
    }

    /// What the stream begins with, before anything was read by [`next_entry`](Self::next_entry);
    /// empty, when it is empty.
    ///
    /// # Errors
    /// What the reader beneath answers.
    pub fn peek(&mut self) -> io::Result<&[u8]> {
        self.input.fill()?;
        Ok(self.input.peek())
    }

    fn damaged(&self, what: &'static str) -> TarError {
        let at = self.input.offset();
        TarError::Damaged { at, what }
    }

    fn truncated(&self, inside: &'static str) -> TarError {
        let at = self.input.offset();
        TarError::Truncated { at, inside }
    }

    fn too_much(&self, what: &'static str, limit: u64) -> TarError {
        let at = self.input.offset();
        TarError::TooMuch { what, limit, at }
    }
}

impl<R: Read + Seek> Reader<R> {
    /// Passes over what is left of the entry's content without reading it.
    ///
    /// # Errors
    /// [`TarError`], [`TarError::Truncated`] where the archive ends before the content.
    pub fn seek_over_content(&mut self) -> Result<(), TarError> {
        let stored = self.content.stored;
        if stored > 0 && !self.input.seek_over(stored)? {
            return Err(self.truncated("within the content of a file"));
        }
        self.end_content()
    }
}

/// The content of the entry that was read last, as a reader of the file sees it.
impl<R: Read> Read for Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len();
        match self.piece_of(most as u64)? {
            None => Ok(0),
            Some(Piece::Data(data)) => {
                let (place, _) = buffer.split_at_mut(data.len().min(most));
                place.copy_from_slice(data);
                Ok(data.len())
            }
            Some(Piece::Hole(length)) => {
                let length = usize::try_from(length).unwrap_or(most).min(most);
                let (place, _) = buffer.split_at_mut(length);
                place.fill(0);
                Ok(length)
            }
        }
    }
}

/// What fills up the last block of a content.
const fn padding(length: u64) -> u64 {
    let block = BLOCK as u64;
    (block - length % block) % block
}

/// The part of a number that Linux looks at.
fn low(number: i64) -> u32 {
    u32::try_from(number & 0xffff_ffff).unwrap_or_default()
}
