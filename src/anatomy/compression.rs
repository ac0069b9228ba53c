//! Compressed archives, told by their first bytes and unpacked as they pass.

use std::fmt;
use std::io::{self, BufReader, ErrorKind, Read};

use flate2::bufread::MultiGzDecoder;

use super::limits::Limits;
use crate::model::bytes::Bytes;

/// How an archive is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all, or in a way that is not unpacked here.
    None,
    /// gzip, of one member or many (as estargz and pigz write it).
    Gzip,
    /// zstd, of one frame or many, skippable ones among them.
    Zstd,
}

impl Compression {
    /// How many bytes of the beginning tell.
    pub const ENOUGH: usize = 4;

    /// Tells by the beginning.
    #[must_use]
    pub fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::None,
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::None => "uncompressed",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        })
    }
}

/// Why something cannot be unpacked to its end. Found within the [`io::Error`]s of a
/// [`Decoder`]; those of the reader beneath come through as they are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnpackError {
    /// The data is none that this compression writes.
    #[error("the {how} data is damaged ({what})")]
    Damaged {
        /// How it is compressed, or seemed to be.
        how: Compression,
        /// What the decoder said.
        what: String,
    },
    /// It ends where more must follow.
    #[error("the {how} data is truncated: it ends within a compressed block")]
    Truncated {
        /// How it is compressed.
        how: Compression,
    },
    /// More comes out of it than comes out of anything made in earnest.
    #[error(
        "the {how} data looks like a decompression bomb: {packed} unpack to more than \
         {unpacked}, and beyond {free} no more than {ratio} bytes are taken for each"
    )]
    Bomb {
        /// How it is compressed.
        how: Compression,
        /// Compressed bytes so far.
        packed: Bytes,
        /// Uncompressed bytes so far.
        unpacked: Bytes,
        /// So much is taken at any ratio.
        free: Bytes,
        /// The limit.
        ratio: u64,
    },
    /// It is longer than anything that is read.
    #[error("it is longer than {limit} uncompressed, the most that is read of one archive")]
    TooLong {
        /// The limit.
        limit: Bytes,
    },
}

impl UnpackError {
    /// Finds one in an error of a [`Decoder`].
    #[must_use]
    pub fn within(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

/// Reads what was compressed, whichever way.
pub struct Decoder<R: Read> {
    from: Unpacking<R>,
    unpacked: u64,
    limits: Limits,
}

enum Unpacking<R: Read> {
    Plain(Source<R>),
    Gzip(Box<MultiGzDecoder<BufReader<Source<R>>>>),
    Zstd(zstd::stream::read::Decoder<'static, BufReader<Source<R>>>),
}

impl<R: Read> Decoder<R> {
    /// Looks at the beginning, and unpacks accordingly.
    ///
    /// # Errors
    /// What the reader answers.
    pub fn new(reader: R, limits: &Limits) -> io::Result<Self> {
        let source = Source::new(reader)?;
        let buffered = |source| BufReader::with_capacity(128 << 10, source);
        let from = match Compression::of(source.head()) {
            Compression::None => Unpacking::Plain(source),
            Compression::Gzip => Unpacking::Gzip(Box::new(MultiGzDecoder::new(buffered(source)))),
            Compression::Zstd => {
                Unpacking::Zstd(zstd::stream::read::Decoder::with_buffer(buffered(source))?)
            }
        };
        Ok(Self {
            from,
            unpacked: 0,
            limits: *limits,
        })
    }

    /// How it is compressed.
    #[must_use]
    pub const fn compression(&self) -> Compression {
        match self.from {
            Unpacking::Plain(_) => Compression::None,
            Unpacking::Gzip(_) => Compression::Gzip,
            Unpacking::Zstd(_) => Compression::Zstd,
        }
    }

    /// How many bytes were taken from the reader.
    #[must_use]
    pub fn packed(&self) -> Bytes {
        Bytes(match &self.from {
            Unpacking::Plain(source) => source.taken,
            Unpacking::Gzip(decoder) => decoder.get_ref().get_ref().taken,
            Unpacking::Zstd(decoder) => decoder.get_ref().get_ref().taken,
        })
    }

    /// How many bytes came out.
    #[must_use]
    pub const fn unpacked(&self) -> Bytes {
        Bytes(self.unpacked)
    }

    fn check(&self) -> Result<(), UnpackError> {
        let Limits {
            archive_bytes,
            any_ratio_bytes,
            ratio,
            ..
        } = self.limits;
        if self.unpacked > archive_bytes {
            let limit = Bytes(archive_bytes);
            return Err(UnpackError::TooLong { limit });
        }
        let packed = self.packed();
        if self.unpacked > any_ratio_bytes && self.unpacked / ratio > packed.0 {
            return Err(UnpackError::Bomb {
                how: self.compression(),
                packed,
                unpacked: Bytes(self.unpacked),
                free: Bytes(any_ratio_bytes),
                ratio,
            });
        }
        Ok(())
    }

    /// An error of the reader beneath as it is; one of the decoder in our words.
    fn explain(&self, error: io::Error) -> io::Error {
        let kind = error.kind();
        match error.downcast::<SourceError>() {
            Ok(SourceError(error)) => error,
            Err(error) => {
                let how = self.compression();
                let what = if kind == ErrorKind::UnexpectedEof {
                    UnpackError::Truncated { how }
                } else {
                    let what = error.to_string();
                    UnpackError::Damaged { how, what }
                };
                io::Error::new(kind, what)
            }
        }
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.from {
            Unpacking::Plain(source) => source.read(buffer),
            Unpacking::Gzip(decoder) => decoder.read(buffer),
            Unpacking::Zstd(decoder) => decoder.read(buffer),
        };
        let count = read.map_err(|error| self.explain(error))?;
        self.unpacked = self.unpacked.saturating_add(count as u64);
        self.check()
            .map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
        Ok(count)
    }
}

/// An error of the reader beneath a decoder, marked, so that it is not taken for its own.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct SourceError(io::Error);

/// A reader whose beginning has been looked at, and that counts.
struct Source<R> {
    head: [u8; Compression::ENOUGH],
    filled: usize,
    given: usize,
    inner: R,
    taken: u64,
}

impl<R: Read> Source<R> {
    fn new(mut inner: R) -> io::Result<Self> {
        let mut head = [0; Compression::ENOUGH];
        let mut filled = 0;
        while let Some(rest) = head.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match inner.read(rest) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self {
            head,
            filled,
            given: 0,
            inner,
            taken: 0,
        })
    }

    fn head(&self) -> &[u8] {
        self.head.get(..self.filled).unwrap_or_default()
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = self.head.get(self.given..self.filled).unwrap_or_default();
        let (start, behind) = buffer.split_at_mut(rest.len().min(buffer.len()));
        let (head, _) = rest.split_at(start.len());
        start.copy_from_slice(head);
        self.given += head.len();
        let mut count = head.len();
        if !behind.is_empty() {
            count += loop {
                match self.inner.read(behind) {
                    Ok(read) => break read,
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => {
                        return Err(io::Error::new(error.kind(), SourceError(error)));
                    }
                }
            };
        }
        self.taken += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(content).expect("memory");
        encoder.finish().expect("memory")
    }

    fn zstd(content: &[u8]) -> Vec<u8> {
        zstd::bulk::compress(content, 1).expect("memory")
    }

    fn unpack(packed: &[u8], limits: &Limits) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        // One byte at a time at first: a beginning may come in pieces.
        let (first, rest) = packed.split_at(packed.len().min(3));
        let slow = first.chunks(1).fold(
            Box::new(io::empty()) as Box<dyn Read + '_>,
            |before, byte| Box::new(before.chain(byte)),
        );
        Decoder::new(slow.chain(rest), limits)?.read_to_end(&mut content)?;
        Ok(content)
    }

    fn error(packed: &[u8], limits: &Limits) -> UnpackError {
        let error = unpack(packed, limits).expect_err("wrong");
        UnpackError::within(&error).expect("of ours").clone()
    }

    #[test]
    fn every_compression_is_told_and_unpacked() {
        let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"any"].concat();
        for (packed, content) in [
            (Vec::new(), &b""[..]),
            (b"ab".to_vec(), b"ab"),
            (b"plain text".to_vec(), b"plain text"),
            (gzip(b"one"), b"one"),
            ([gzip(b"one"), gzip(b""), gzip(b"two")].concat(), b"onetwo"),
            (zstd(b"one"), b"one"),
            (
                [zstd(b"one"), skippable.clone(), zstd(b"two")].concat(),
                b"onetwo",
            ),
            ([skippable, zstd(b"one")].concat(), b"one"),
        ] {
            let unpacked = unpack(&packed, &Limits::default()).expect("well-formed");
            assert_eq!(unpacked, content);
        }
    }

    #[test]
    fn damage_is_told_from_an_early_end() {
        let noise: Vec<u8> = (0..5000_u32).map(|at| (at * at >> 3) as u8).collect();
        for packed in [gzip(&noise), zstd(&noise)] {
            let cut = error(&packed[..packed.len() / 2], &Limits::default());
            assert!(matches!(cut, UnpackError::Truncated { .. }), "{cut}");
        }
        for (packed, begins) in [
            (
                &b"\x1f\x8bgarbage, not gzip"[..],
                "the gzip data is damaged (",
            ),
            (
                b"\x28\xb5\x2f\xfdgarbage, and no frame of zstd at all",
                "the zstd data is damaged (",
            ),
        ] {
            let error = error(packed, &Limits::default()).to_string();
            assert!(error.starts_with(begins), "{error}");
        }
        let mut wrong = gzip(&noise);
        let crc = wrong.len() - 8;
        wrong[crc] ^= 1;
        let error = error(&wrong, &Limits::default());
        assert!(matches!(error, UnpackError::Damaged { .. }), "{error}");
    }

    #[test]
    fn a_bomb_is_defused() {
        let limits = Limits {
            any_ratio_bytes: 1 << 20,
            ratio: 50,
            ..Limits::default()
        };
        for (packed, how) in [
            (gzip(&vec![0; 4 << 20]), Compression::Gzip),
            (zstd(&vec![0; 4 << 20]), Compression::Zstd),
        ] {
            let error = error(&packed, &limits);
            assert!(
                matches!(error, UnpackError::Bomb { how: told, .. } if told == how),
                "{error}"
            );
        }
        // What is small may be of any ratio, and what is large of a real one.
        assert!(unpack(&gzip(&vec![0; 1 << 20]), &limits).is_ok());
        let mut seed = 1_u64;
        let noise = std::iter::repeat_with(|| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            [(seed >> 33) as u8, 0, 0, 0]
        });
        let real: Vec<u8> = noise.take(1 << 20).flatten().collect();
        assert_eq!(unpack(&gzip(&real), &limits).expect("earnest"), real);
        let limits = Limits {
            archive_bytes: 1000,
            ..Limits::default()
        };
        let error = error(&[1; 1001], &limits);
        assert!(matches!(error, UnpackError::TooLong { .. }), "{error}");
    }

    #[test]
    fn errors_of_the_reader_come_through_as_they_are() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::new(
                    ErrorKind::ConnectionReset,
                    "pulled the plug",
                ))
            }
        }
        let noise: Vec<u8> = (0..5000_u32).map(|at| (at * at >> 3) as u8).collect();
        for packed in [noise.clone(), gzip(&noise), zstd(&noise)] {
            let mut decoder =
                Decoder::new(packed[..99].chain(Broken), &Limits::default()).expect("begun");
            let error = io::copy(&mut decoder, &mut io::sink()).expect_err("broken");
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            assert_eq!(error.to_string(), "pulled the plug");
        }
    }
}
