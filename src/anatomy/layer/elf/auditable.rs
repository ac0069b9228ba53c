//! What `cargo auditable` leaves in a program: JSON, packed with zlib.

use std::io::Read as _;

use super::Budget;

/// The longest that is unpacked.
const MOST: u64 = 8 << 20;

pub(super) fn unpack(packed: &[u8], budget: &mut Budget) -> Option<Vec<u8>> {
    let most = MOST.min(budget.left);
    let mut json = Vec::new();
    let unpacking = flate2::read::ZlibDecoder::new(packed).take(most + 1);
    let unpacked = { unpacking }.read_to_end(&mut json);
    // What was unpacked was work, whether it is kept or not.
    budget.take((json.len() as u64).min(budget.left))?;
    (unpacked.is_ok() && json.len() as u64 <= most).then_some(json)
}
