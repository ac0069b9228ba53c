//! The names karat reserves on a plain engine. Everything about an operation that must be
//! seen from outside while it runs is in these names and in the lock's labels: a container's
//! own labels cannot be changed once it exists.

use crate::model::plan::OperationId;

/// The image locks are made of: empty, imported by karat, never run.
pub(super) const LOCK_REPOSITORY: &str = "karat.local/lock";
/// Its tag.
pub(super) const LOCK_TAG: &str = "1";

const LOCK: &str = "karat-lock-";
const NEW: &str = ".karat-new-";
const OLD: &str = ".karat-old-";
const PARKED: &str = ".karat-parked-";
const SHELL: &str = "karat-shell-";

/// What a container's name says about it, where karat reserved it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::target) enum Reserved<'a> {
    /// The lock of this container.
    Lock(&'a str),
    /// A new container, not yet in place.
    New(&'a str),
    /// An old container put aside while its operation runs.
    Old(&'a str),
    /// An old container left for its soak after an operation that succeeded.
    Parked(&'a str),
    /// A throw-away container for a shell.
    Shell,
}

impl<'a> Reserved<'a> {
    /// Reads a name. `None`: an ordinary container.
    pub(in crate::target) fn of(name: &'a str) -> Option<Self> {
        if let Some(container) = name.strip_prefix(LOCK) {
            return Some(Self::Lock(container));
        }
        let whole =
            |nonce: &str| nonce.len() == NONCE && nonce.bytes().all(|b| b.is_ascii_hexdigit());
        if name.strip_prefix(SHELL).is_some_and(whole) {
            return Some(Self::Shell);
        }
        let split = |mark| {
            let (container, nonce) = name.rsplit_once(mark)?;
            (whole(nonce) && !container.is_empty()).then_some(container)
        };
        split(NEW)
            .map(Self::New)
            .or_else(|| split(OLD).map(Self::Old))
            .or_else(|| split(PARKED).map(Self::Parked))
    }
}

const NONCE: usize = 8;

/// The part of an operation's id that goes into names.
fn nonce(operation: &OperationId) -> &str {
    operation.0.get(..NONCE).unwrap_or(&operation.0)
}

/// The name of a container's lock. One for each name: creating it is what locks.
pub(in crate::target) fn lock(container: &str) -> String {
    format!("{LOCK}{container}")
}

/// The name of the new container until it takes its place.
pub(in crate::target) fn new(container: &str, operation: &OperationId) -> String {
    format!("{container}{NEW}{}", nonce(operation))
}

/// The name of the old container while the operation may still be undone.
pub(in crate::target) fn old(container: &str, operation: &OperationId) -> String {
    format!("{container}{OLD}{}", nonce(operation))
}

/// The name of the old container once the operation is done: renaming it is what commits.
pub(in crate::target) fn parked(container: &str, operation: &OperationId) -> String {
    format!("{container}{PARKED}{}", nonce(operation))
}

/// The name of a throw-away container for a shell: eight hexadecimal digits make it one.
pub(in crate::target) fn shell(nonce: &str) -> String {
    format!("{SHELL}{nonce}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_they_are() {
        let operation = OperationId("0123456789abcdef".to_owned());
        assert_eq!(Reserved::of(&lock("web")), Some(Reserved::Lock("web")));
        assert_eq!(
            Reserved::of(&new("web", &operation)),
            Some(Reserved::New("web"))
        );
        assert_eq!(
            Reserved::of(&old("web", &operation)),
            Some(Reserved::Old("web"))
        );
        assert_eq!(
            Reserved::of(&parked("web", &operation)),
            Some(Reserved::Parked("web"))
        );
        assert_eq!(Reserved::of(&shell("0123abcd")), Some(Reserved::Shell));
        for ordinary in [
            "web",
            "karat-shell-web",
            "karat",
            "web.karat-old-",
            "web.karat-old-xyz",
            "web.karat-new-0123456",
            "my-karat-lock",
        ] {
            assert_eq!(Reserved::of(ordinary), None, "{ordinary}");
        }
    }
}
