//! Documentation, manual pages, translations. Licences and copyright notices stay.

use super::finding::Severity;
use super::groups::Group;
use super::ids::FindingId;

/// A few notes are not worth a word.
const AT_LEAST: u64 = 1_000_000;

pub(super) const GROUPS: &[Group] = &[
    Group {
        id: FindingId::Documentation,
        paths: &["usr/{,local/}share/{doc,info,gtk-doc,help}/**"],
        except: &[
            "usr/{,local/}share/doc/*/{copyright,LICENSE*,LICENCE*,COPYING*,NOTICE*,AUTHORS*}",
            "usr/share/doc/*/copyright/**",
        ],
        at_least: AT_LEAST,
        at_most: Severity::Medium,
        what: "of documentation",
        remedy: "Have the package manager leave it out (path-exclude of dpkg, tsflags=nodocs of dnf), or start from a slim image.",
    },
    Group {
        id: FindingId::ManualPages,
        paths: &[
            "usr/{,local/}share/man/**",
            "usr/local/man/**",
            "var/cache/man/**",
        ],
        except: &[],
        at_least: AT_LEAST,
        at_most: Severity::Medium,
        what: "of manual pages",
        remedy: "Have the package manager leave them out, or start from a slim image.",
    },
    Group {
        id: FindingId::Locales,
        paths: &[
            "usr/{,local/}share/locale/**",
            "usr/lib/locale/**",
            "usr/share/i18n/**",
        ],
        except: &[
            "usr/share/locale/locale.alias",
            "usr/lib/locale/C.{utf8,UTF-8}/**",
            "usr/share/locale/en/**",
        ],
        at_least: AT_LEAST,
        at_most: Severity::Medium,
        what: "of translations and locales",
        remedy: "Set LANG=C.UTF-8 and have the package manager leave out languages that nobody asks for.",
    },
];
