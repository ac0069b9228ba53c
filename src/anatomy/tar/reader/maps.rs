//! Where the content of a sparse file lies, in every form it is written down.

use std::io::Read;

use super::{Content, Reader};
use crate::anatomy::tar::error::TarError;
use crate::anatomy::tar::header::Header;
use crate::anatomy::tar::input::BLOCK;
use crate::anatomy::tar::pax::Form;
use crate::anatomy::tar::sparse::{Extent, Map, MapError, MapReader};

impl<R: Read> Reader<R> {
    /// Where a file is sparse: reads its map.
    pub(super) fn sparse(&mut self, flag: u8, header: &mut Header) -> Result<(), TarError> {
        if flag == b'S' {
            self.content.size = self
                .block
                .real_size()
                .ok_or_else(|| self.damaged("a sparse file has no length"))?;
            self.gnu_map()?;
        } else {
            let form = self.pax.sparse.form();
            if matches!(form, Form::None) {
                return Ok(());
            }
            if !self.pax.sparse.name.is_empty() {
                header.path.clone_from(&self.pax.sparse.name);
                self.check_names(header)?;
            }
            self.content.size = self.pax.sparse.size().unwrap_or(self.content.size);
            match form {
                Form::Content => self.content_map()?,
                Form::Records | Form::None => {
                    let mapped = self.pax.sparse.map(&mut self.content.map);
                    mapped.map_err(|what| self.damaged(what))?;
                }
            }
        }
        self.count_extents(0)?;
        self.extents += self.content.map.count;
        self.content.sparse = true;
        let Content {
            map, size, stored, ..
        } = &self.content;
        if i64::try_from(*size).is_err() {
            return Err(self.damaged("a length is beyond what a file can have"));
        }
        let fits = map.fits(*size, *stored);
        fits.map_err(|what| self.damaged(what))
    }

    /// The map of an old GNU sparse file: in its header, and in blocks behind it.
    fn gnu_map(&mut self) -> Result<(), TarError> {
        let (extents, mut more) = self.block.extents();
        let mut pushed = push_all(&mut self.content.map, extents);
        loop {
            pushed.map_err(|what| self.damaged(what))?;
            if !more {
                return Ok(());
            }
            // So that no more is read than will be taken.
            self.count_extents(1)?;
            if self.input.block(&mut self.block.0)? < BLOCK {
                return Err(self.truncated("within a sparse file's map"));
            }
            let (extents, again) = self.block.more_extents();
            more = again;
            let before = self.content.map.count;
            pushed = push_all(&mut self.content.map, extents);
            if pushed.is_ok() && self.content.map.count == before {
                return Err(self.damaged("a sparse file's map goes on with nothing"));
            }
        }
    }

    /// The map before the content of a sparse file.
    fn content_map(&mut self) -> Result<(), TarError> {
        let left = self.limits.all_extents.saturating_sub(self.extents);
        let limit = self.limits.extents.min(left);
        let mut reader = MapReader::default();
        loop {
            let Some(stored) = self.content.stored.checked_sub(BLOCK as u64) else {
                return Err(self.damaged("a sparse file's map is longer than its content"));
            };
            self.content.stored = stored;
            if self.input.block(&mut self.block.0)? < BLOCK {
                return Err(self.truncated("within a sparse file's map"));
            }
            match reader.block(&self.block.0, limit, &mut self.content.map) {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(MapError::TooMany) => {
                    return Err(self.too_much("a sparse file of pieces", limit));
                }
                Err(MapError::Damaged(what)) => return Err(self.damaged(what)),
            }
        }
    }

    /// Whether so many more extents are within the limits.
    fn count_extents(&self, more: u64) -> Result<(), TarError> {
        let count = self.content.map.count + more;
        if count > self.limits.extents {
            return Err(self.too_much("a sparse file of pieces", self.limits.extents));
        }
        if self.extents + count > self.limits.all_extents {
            return Err(self.too_much("sparse files of pieces", self.limits.all_extents));
        }
        Ok(())
    }
}

fn push_all(
    map: &mut Map,
    extents: impl Iterator<Item = Option<(u64, u64)>>,
) -> Result<(), &'static str> {
    for extent in extents {
        let (offset, length) = extent.ok_or("a sparse map has a number that is none")?;
        map.push(Extent { offset, length })?;
    }
    Ok(())
}
