//! Reading an engine's raw JSON by path, where a typed model would drop what it does not
//! know. Paths are JSON pointers (RFC 6901).

use serde_json::Value;

use crate::model::digest::Digest;
use crate::model::time::Timestamp;

/// A text that is not empty.
#[must_use]
pub fn text<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    value
        .pointer(path)?
        .as_str()
        .filter(|text| !text.is_empty())
}

/// A flag; absent counts as unset.
#[must_use]
pub fn flag(value: &Value, path: &str) -> bool {
    value
        .pointer(path)
        .and_then(Value::as_bool)
        .unwrap_or(false)
}

/// A number.
#[must_use]
pub fn number(value: &Value, path: &str) -> Option<i64> {
    value.pointer(path)?.as_i64()
}

/// A list; absent and null count as empty.
#[must_use]
pub fn list<'a>(value: &'a Value, path: &str) -> &'a [Value] {
    value
        .pointer(path)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// The entries of an object; absent and null count as empty.
pub fn entries<'a>(value: &'a Value, path: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value
        .pointer(path)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

/// A moment. Engines write year 1 for "never".
#[must_use]
pub fn time(value: &Value, path: &str) -> Option<Timestamp> {
    let parsed = chrono::DateTime::parse_from_rfc3339(text(value, path)?).ok()?;
    (parsed.timestamp() > 0).then(|| parsed.to_utc())
}

/// A digest. Podman writes ids without their algorithm.
#[must_use]
pub fn digest(value: &Value, path: &str) -> Option<Digest> {
    let text = text(value, path)?;
    Digest::parse(text)
        .or_else(|_| Digest::parse(&format!("sha256:{text}")))
        .ok()
}
