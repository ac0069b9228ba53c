//! What Go writes into its programs: `debug/buildinfo` tells the format.

use super::Budget;
use super::file::File;
use crate::anatomy::layer::program::GoBuild;

const MARK: &[u8] = b"\xff Go buildinf:";
/// The mark stands at a multiple of this.
const ALIGNMENT: usize = 16;
/// How far the mark is looked for.
const NEAR: usize = 64 << 10;
/// The longest version and list of modules.
const VERSION: u64 = 256;
const MODULES: u64 = 1 << 20;
/// What stands before and behind the list of modules.
const SENTINEL: usize = 16;

/// Reads what a program was built from.
pub(super) fn build(file: &File<'_>, section: &[u8], budget: &mut Budget) -> Option<GoBuild> {
    let near = section.get(..NEAR).unwrap_or(section);
    let place = near
        .chunks(ALIGNMENT)
        .position(|chunk| chunk.starts_with(MARK))?;
    let info = section.get(place * ALIGNMENT..)?;
    let flags = *info.get(15)?;
    let (version, modules) = if flags & 2 != 0 {
        // Go 1.18 and later: lengths and texts behind the mark.
        let (version, rest) = text(info.get(32..)?, VERSION)?;
        (version, text(rest, MODULES).map_or(&[][..], |it| it.0))
    } else {
        let (size, big) = (usize::from(*info.get(14)?), flags & 1 != 0);
        if size != 4 && size != 8 {
            return None;
        }
        let pointed = |at: usize, most: u64| {
            let header = file.number(info, at, size, big)?;
            let header = file.loaded(header, 2 * size as u64)?;
            let text = file.number(header, 0, size, big)?;
            let length = file.number(header, size, size, big)?;
            (length <= most).then(|| file.loaded(text, length))?
        };
        let version = pointed(16, VERSION)?;
        (version, pointed(16 + size, MODULES).unwrap_or_default())
    };
    if version.is_empty() {
        return None;
    }
    Some(GoBuild {
        version: budget.copy(version)?,
        modules: budget.copy(within_sentinels(modules)).unwrap_or_default(),
    })
}

/// A text with its length before it (a varint), and what follows.
fn text(bytes: &[u8], most: u64) -> Option<(&[u8], &[u8])> {
    let mut length = 0_u64;
    for (place, byte) in bytes.iter().enumerate().take(9) {
        length |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            let length = (length <= most).then_some(length)?;
            return bytes
                .get(place + 1..)?
                .split_at_checked(usize::try_from(length).ok()?);
        }
    }
    None
}

fn within_sentinels(modules: &[u8]) -> &[u8] {
    let inner = modules.len().checked_sub(SENTINEL);
    let inner = inner.and_then(|end| modules.get(SENTINEL..end));
    inner
        .filter(|inner| inner.ends_with(b"\n"))
        .unwrap_or_default()
}
