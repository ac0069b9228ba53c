//! A buffer in front of a reader that knows its place in the stream.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

/// The unit of tar.
pub(super) const BLOCK: usize = 512;
/// How much is read at once: what the caches of a processor hold, far more than a header.
const BUFFER: usize = 256 << 10;

/// A buffered reader.
pub(super) struct Input<R> {
    inner: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Bytes taken from the reader.
    read: u64,
}

impl<R: Read> Input<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            buffer: vec![0; BUFFER],
            start: 0,
            end: 0,
            read: 0,
        }
    }

    /// The place in the stream of what comes next.
    pub(super) const fn offset(&self) -> u64 {
        self.read - (self.end - self.start) as u64
    }

    /// How many bytes can be taken at once; zero at the end of the stream.
    pub(super) fn fill(&mut self) -> io::Result<usize> {
        while self.start == self.end {
            self.start = 0;
            self.end = 0;
            match self.inner.read(&mut self.buffer) {
                Ok(0) => return Ok(0),
                Ok(count) => {
                    self.end = count.min(self.buffer.len());
                    self.read += self.end as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.end - self.start)
    }

    /// Takes what is buffered, at most so much.
    pub(super) fn take(&mut self, most: u64) -> &[u8] {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let start = self.start;
        self.start = start.saturating_add(most).min(self.end);
        self.buffer.get(start..self.start).unwrap_or_default()
    }

    /// What is buffered, not taken.
    pub(super) fn peek(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Reads a block; answers how much of it there was before the end of the stream.
    pub(super) fn block(&mut self, block: &mut [u8; BLOCK]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < BLOCK && self.fill()? > 0 {
            let part = self.take((BLOCK - filled) as u64);
            if let Some(place) = block.get_mut(filled..filled + part.len()) {
                place.copy_from_slice(part);
            }
            filled += part.len();
        }
        Ok(filled)
    }

    /// Passes over so much; answers how much of it there was before the end of the stream.
    pub(super) fn skip(&mut self, length: u64) -> io::Result<u64> {
        let mut passed = 0;
        while passed < length && self.fill()? > 0 {
            passed += self.take(length - passed).len() as u64;
        }
        Ok(passed)
    }

    /// Reads to the end of the stream; answers its whole length.
    pub(super) fn drain(&mut self) -> io::Result<u64> {
        self.skip(u64::MAX)?;
        Ok(self.read)
    }

    pub(super) fn into_inner(self) -> R {
        self.inner
    }
}

impl<R: Read + Seek> Input<R> {
    /// Passes over so much without reading it; answers whether it was there.
    pub(super) fn seek_over(&mut self, length: u64) -> io::Result<bool> {
        let buffered = (self.end - self.start) as u64;
        if length <= buffered {
            self.take(length);
            return Ok(true);
        }
        // To the last byte of it, which is read: a seek beyond the end would not be noticed.
        let by = length - buffered - 1;
        let Ok(distance) = i64::try_from(by) else {
            return Ok(false);
        };
        self.inner.seek(SeekFrom::Current(distance))?;
        self.read = self.read.saturating_add(by);
        self.start = self.end;
        Ok(self.skip(1)? == 1)
    }
}
