//! Which version of glibc a program needs, by the versions of the symbols it asks for.

use super::file::{File, STRINGS};

/// Tags of the tables of versions: what is asked of others, what is there for others.
const ASKED: u64 = 0x6fff_fffe;
const THERE: u64 = 0x6fff_fffc;
/// What is asked for may be missing.
const WEAK: u64 = 2;
/// How many libraries or versions of one table are looked at.
const MOST: usize = 4096;

/// A version: 2.34.
type Version = (u16, u16);

/// The newest version that a program cannot do without.
pub(super) fn needed(file: &File<'_>) -> Option<Version> {
    let table = file.at_address(file.tag(ASKED)?)?;
    let strings = file.at_address(file.tag(STRINGS)?)?;
    let number = |at: usize, length| file.own_number(table, at, length);
    let place = |at: usize| usize::try_from(number(at, 4)?).ok();
    let mut newest = None;
    let mut looked_at = 0;
    let mut library = Some(0_usize);
    while let Some(at) = library {
        let mut version = at.checked_add(place(at.checked_add(8)?)?);
        let count = number(at.checked_add(2)?, 2)?;
        for _ in 0..count {
            looked_at += 1;
            let Some(at) = version.filter(|_| looked_at <= MOST) else {
                break;
            };
            let (Some(flags), Some(name)) =
                (number(at.checked_add(4)?, 2), place(at.checked_add(8)?))
            else {
                break;
            };
            if flags & WEAK == 0 {
                newest = newest.max(version_at(strings, name));
            }
            version = step(at, place(at.checked_add(12)?));
        }
        looked_at += 1;
        library = step(at, place(at.checked_add(12)?)).filter(|_| looked_at <= MOST);
    }
    newest
}

/// The newest version that a library has for others.
pub(super) fn there(file: &File<'_>) -> Option<Version> {
    let table = file.at_address(file.tag(THERE)?)?;
    let strings = file.at_address(file.tag(STRINGS)?)?;
    let place = |at: usize| usize::try_from(file.own_number(table, at, 4)?).ok();
    let mut newest = None;
    let mut next = Some(0_usize);
    for _ in 0..MOST {
        let Some(at) = next else { break };
        let (Some(names), Some(distance)) =
            (place(at.checked_add(12)?), place(at.checked_add(16)?))
        else {
            break;
        };
        let name = at.checked_add(names).and_then(place);
        newest = newest.max(name.and_then(|name| version_at(strings, name)));
        next = step(at, Some(distance));
    }
    newest
}

/// The next row of a table; a distance of zero ends it.
fn step(at: usize, distance: Option<usize>) -> Option<usize> {
    at.checked_add(distance.filter(|distance| *distance > 0)?)
}

/// `GLIBC_2.34`, and nothing that is called otherwise.
fn version_at(strings: &[u8], at: usize) -> Option<Version> {
    let rest = strings.get(at..)?;
    let name = rest.get(..32).unwrap_or(rest);
    let name = name.split(|byte| *byte == 0).next()?;
    let version = std::str::from_utf8(name.strip_prefix(b"GLIBC_")?).ok()?;
    let (major, rest) = version.split_once('.')?;
    let minor = rest.split('.').next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
