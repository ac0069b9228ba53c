//! Files that only a compiler reads.

use super::finding::Severity;
use super::groups::Group;
use super::ids::FindingId;

pub(super) const GROUPS: &[Group] = &[Group {
    id: FindingId::BuildOnlyFiles,
    paths: &[
        "usr/{,local/}include/**",
        "usr/{,local/}lib{,32,64}/**/*.{a,la}",
        "lib/**/*.{a,la}",
        "usr/{,local/}lib{,64}/**/pkgconfig/**",
        "usr/{,local/}share/pkgconfig/**",
        "usr/{,local/}lib{,64}/**/cmake/**",
        "usr/lib/gcc/*/*/{include,include-fixed,plugin}/**",
        "opt/**/include/**/*.{h,hpp,hh}",
    ],
    // Python asks its own configuration header when it is started.
    except: &["**/pyconfig.h", "**/pyconfig-*.h"],
    at_least: 100_000,
    at_most: Severity::Medium,
    what: "of headers, static libraries and the like",
    remedy: "Compile in a stage of its own; in the final one install libraries without their -dev packages.",
}];
