//! The whole content of a file, byte for byte, to whoever takes bytes.

use std::io::Write;
use std::path::PathBuf;

use super::find::{Content, Finder};
use super::{Layers, content_of};
use crate::anatomy::Anatomy;
use crate::anatomy::components::PathText;
use crate::anatomy::error::AnatomyError;
use crate::anatomy::limits::Limits;
use crate::anatomy::merged::EntryId;
use crate::anatomy::progress::Progress;
use crate::anatomy::tar::Piece;

/// What a hole of a sparse file is written as.
static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];

/// Writes the content of a file, whole.
///
/// # Errors
/// [`AnatomyError`], also when it is no file; [`AnatomyError::Unwritable`] for what `out`
/// does not take.
pub fn write_content(
    anatomy: &Anatomy,
    entry: EntryId,
    out: &mut dyn Write,
    layers: &mut dyn Layers,
    limits: &Limits,
    progress: &dyn Progress,
) -> Result<(), AnatomyError> {
    let merged = &anatomy.merged;
    let content = content_of(merged, entry).ok_or_else(|| {
        let path = merged.entry(entry).map(|it| merged.path(it.node));
        let path = PathText(path.unwrap_or_default()).to_string();
        AnatomyError::NothingToExtract {
            path: path.trim_start_matches('/').to_owned(),
        }
    })?;
    let mut finder = Finder::new(merged);
    finder.want(content, 0);
    finder.go(anatomy, layers, limits, progress, &mut |_, content| {
        pour(content, out)
    })?;
    out.flush().map_err(unwritable)
}

fn pour(content: &mut Content<'_>, out: &mut dyn Write) -> Result<(), AnatomyError> {
    while let Some(piece) = content.piece()? {
        match piece {
            Piece::Data(data) => out.write_all(data).map_err(unwritable)?,
            Piece::Hole(mut length) => {
                while length > 0 {
                    let here = ZEROS
                        .len()
                        .min(usize::try_from(length).unwrap_or(usize::MAX));
                    let zeros = ZEROS.get(..here).unwrap_or_default();
                    out.write_all(zeros).map_err(unwritable)?;
                    length -= here as u64;
                }
            }
        }
    }
    Ok(())
}

fn unwritable(error: std::io::Error) -> AnatomyError {
    AnatomyError::Unwritable {
        path: PathBuf::from("standard output"),
        error,
    }
}
