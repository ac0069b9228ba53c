//! What a control paragraph says of a package.

use crate::anatomy::packages::stanzas::Stanza;

/// The fields that matter here, as written.
#[derive(Clone, Copy, Default)]
pub(super) struct Control<'a> {
    pub(super) name: &'a [u8],
    pub(super) version: &'a [u8],
    pub(super) arch: &'a [u8],
    source: &'a [u8],
    status: Option<&'a [u8]>,
    pub(super) pre_depends: &'a [u8],
    pub(super) depends: &'a [u8],
    pub(super) recommends: &'a [u8],
    pub(super) provides: &'a [u8],
    pub(super) priority: &'a [u8],
    pub(super) essential: bool,
}

impl<'a> Control<'a> {
    pub(super) fn parse(stanza: Stanza<'a>) -> Self {
        let mut control = Self::default();
        for (name, value) in stanza.fields() {
            match name.to_ascii_lowercase().as_slice() {
                b"package" => control.name = value,
                b"version" => control.version = value,
                b"architecture" => control.arch = value,
                b"source" => control.source = value,
                b"status" => control.status = Some(value),
                b"pre-depends" => control.pre_depends = value,
                b"depends" => control.depends = value,
                b"recommends" => control.recommends = value,
                b"provides" => control.provides = value,
                b"priority" => control.priority = value,
                b"essential" => control.essential = value.eq_ignore_ascii_case(b"yes"),
                _ => {}
            }
        }
        control
    }

    /// Whether `Status: WANT FLAG STATE` says that its files are there: `config-files` and
    /// `not-installed` do not, nor does a package that was never unpacked whole.
    pub(super) fn is_installed(&self) -> bool {
        let state = self.status.and_then(|status| words(status).nth(2));
        matches!(
            state,
            Some(
                b"installed"
                    | b"unpacked"
                    | b"half-configured"
                    | b"triggers-awaited"
                    | b"triggers-pending"
            )
        )
    }

    /// The same for a paragraph that is alone in its file: without a status, it is there.
    pub(super) fn is_here(&self) -> bool {
        self.status.is_none() || self.is_installed()
    }

    /// `Source: name (version)`: without a version the package's own. Nothing, where it is
    /// not written: the package is its own source.
    pub(super) fn source(&self) -> Option<(&'a [u8], &'a [u8])> {
        let (name, version) = relation_part(self.source)?;
        Some((name, version.unwrap_or(self.version)))
    }
}

fn words(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
}

/// `a (>= 1), b | c`: what has to be there, group by group.
pub(super) fn relations(field: &[u8]) -> impl Iterator<Item = &[u8]> {
    field
        .split(|byte| *byte == b',')
        .filter(|group| !group.trim_ascii().is_empty())
}

/// The names in a group, or in a list: `b:any (>= 1) | c` → `b`, `c`, and what stands in
/// brackets behind them.
pub(super) fn relation(group: &[u8]) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
    group
        .split(|byte| matches!(byte, b'|' | b','))
        .filter_map(relation_part)
}

fn relation_part(part: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let part = part.trim_ascii();
    let end = part
        .iter()
        .position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'(' | b'[' | b'<' | b':'))
        .unwrap_or(part.len());
    let name = part.get(..end)?;
    let open = part.iter().position(|byte| *byte == b'(');
    let close = part.iter().rposition(|byte| *byte == b')');
    let version = match (open, close) {
        (Some(open), Some(close)) => part.get(open + 1..close).map(<[u8]>::trim_ascii),
        _ => None,
    };
    (!name.is_empty()).then_some((name, version))
}
