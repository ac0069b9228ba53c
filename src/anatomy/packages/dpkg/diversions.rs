//! Files that one package has moved out of another's way.

use std::collections::HashMap;

use crate::anatomy::packages::paths::trimmed;
use crate::anatomy::packages::stanzas::line;

/// `/var/lib/dpkg/diversions`: three lines each, the path, where it is instead, and who
/// moved it (`:` for the administrator).
#[derive(Default)]
pub(super) struct Diversions<'a> {
    moved: HashMap<&'a [u8], (&'a [u8], &'a [u8])>,
}

impl<'a> Diversions<'a> {
    pub(super) fn parse(content: &'a [u8]) -> Self {
        let mut moved = HashMap::new();
        let mut rest = content;
        while let Some((path, after)) = line(rest)
            && let Some((to, after)) = line(after)
            && let Some((by, after)) = line(after)
        {
            moved.insert(trimmed(path), (to, by));
            rest = after;
        }
        Self { moved }
    }

    /// Where a package's file is: the one who moved others' away keeps the path.
    pub(super) fn place_of<'p>(&self, path: &'p [u8], package: &[u8]) -> &'p [u8]
    where
        'a: 'p,
    {
        match self.moved.get(trimmed(path)) {
            Some((to, by)) if *by != package => to,
            _ => path,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diverted_path_is_elsewhere_but_for_who_diverted_it() {
        let content = b"/bin/sh\n/bin/sh.distrib\ndash\n/etc/motd\n/etc/motd.own\n:\n/cut\n/short";
        let diversions = Diversions::parse(content);
        for (path, package, place) in [
            (&b"/bin/sh"[..], &b"bash"[..], &b"/bin/sh.distrib"[..]),
            (b"/bin/sh", b"dash", b"/bin/sh"),
            (b"bin/sh", b"bash", b"/bin/sh.distrib"),
            (b"/etc/motd", b"base-files", b"/etc/motd.own"),
            (b"/cut", b"any", b"/cut"),
            (b"/other", b"any", b"/other"),
        ] {
            assert_eq!(
                diversions.place_of(path, package),
                place,
                "{path:?} of {package:?}"
            );
        }
        assert_eq!(Diversions::parse(b"").place_of(b"/a", b"b"), b"/a");
    }
}
