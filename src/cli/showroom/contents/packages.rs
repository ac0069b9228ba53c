//! What Debian and `apt-get` install, as tables, and the files of it.

use super::Part;

/// A package: its name, version, how heavy it is, and its files.
pub(super) type Package = (&'static str, &'static str, u64, &'static [&'static str]);

const LIB: &str = "usr/lib/x86_64-linux-gnu";

pub(super) const BASE: [Package; 22] = [
    (
        "libc6",
        "2.36-9+deb12u13",
        5_200,
        &["LIB/libc.so.6", "LIB/libm.so.6", "LIB/ld-linux-x86-64.so.2"],
    ),
    (
        "libc-bin",
        "2.36-9+deb12u13",
        1_900,
        &["sbin/ldconfig", "usr/bin/getconf", "usr/bin/iconv"],
    ),
    (
        "coreutils",
        "9.1-1",
        6_600,
        &[
            "bin/ls",
            "bin/cp",
            "bin/sort",
            "bin/sha256sum",
            "usr/bin/factor",
        ],
    ),
    (
        "perl-base",
        "5.36.0-7+deb12u3",
        7_100,
        &[
            "usr/bin/perl",
            "LIB/perl-base/unicore.pl",
            "LIB/perl-base/POSIX.so",
        ],
    ),
    ("bash", "5.2.15-2+b9", 1_300, &["bin/bash"]),
    ("dash", "0.5.12-2", 126, &["bin/dash"]),
    (
        "apt",
        "2.6.1",
        3_900,
        &[
            "usr/bin/apt-get",
            "LIB/libapt-pkg.so.6.0",
            "usr/lib/apt/methods/http",
        ],
    ),
    (
        "dpkg",
        "1.21.22",
        5_100,
        &["usr/bin/dpkg", "usr/bin/dpkg-deb", "usr/bin/dpkg-query"],
    ),
    (
        "libgnutls30",
        "3.7.9-2+deb12u5",
        2_100,
        &["LIB/libgnutls.so.30.34.3"],
    ),
    (
        "libunistring2",
        "1.0-2",
        1_900,
        &["LIB/libunistring.so.2.2.0"],
    ),
    ("libdb5.3", "5.3.28+dfsg2-1", 1_700, &["LIB/libdb-5.3.so"]),
    (
        "libsystemd0",
        "252.39-1~deb12u1",
        890,
        &["LIB/libsystemd.so.0.35.0"],
    ),
    (
        "libstdc++6",
        "12.2.0-14+deb12u1",
        2_300,
        &["LIB/libstdc++.so.6.0.30"],
    ),
    ("gpgv", "2.2.40-1.1+deb12u1", 900, &["usr/bin/gpgv"]),
    (
        "util-linux",
        "2.38.1-5+deb12u3",
        3_400,
        &["bin/lsblk", "usr/bin/unshare", "sbin/fsck"],
    ),
    (
        "passwd",
        "1:4.13+dfsg1-1+deb12u1",
        2_400,
        &["usr/bin/passwd", "usr/bin/chage", "usr/sbin/useradd"],
    ),
    (
        "login",
        "1:4.13+dfsg1-1+deb12u1",
        900,
        &["bin/login", "bin/su"],
    ),
    (
        "tzdata",
        "2025b-0+deb12u2",
        2_500,
        &[
            "usr/share/zoneinfo/tzdata.zi",
            "usr/share/zoneinfo/leap-seconds.list",
        ],
    ),
    ("tar", "1.34+dfsg-1.2+deb12u1", 900, &["bin/tar"]),
    ("sed", "4.9-1", 320, &["bin/sed"]),
    ("grep", "3.8-5", 700, &["bin/grep"]),
    (
        "base-files",
        "12.4+deb12u12",
        340,
        &["etc/debian_version", "usr/share/common-licenses/GPL-3"],
    ),
];

pub(super) const INSTALLED: [Package; 14] = [
    (
        "gcc-12",
        "12.2.0-14+deb12u1",
        9_800,
        &[
            "usr/lib/gcc/x86_64-linux-gnu/12/cc1",
            "usr/lib/gcc/x86_64-linux-gnu/12/lto1",
            "usr/bin/x86_64-linux-gnu-gcc-12",
        ],
    ),
    (
        "g++-12",
        "12.2.0-14+deb12u1",
        6_900,
        &[
            "usr/lib/gcc/x86_64-linux-gnu/12/cc1plus",
            "usr/bin/x86_64-linux-gnu-g++-12",
        ],
    ),
    (
        "libstdc++-12-dev",
        "12.2.0-14+deb12u1",
        2_900,
        &[
            "usr/lib/gcc/x86_64-linux-gnu/12/libstdc++.a",
            "usr/include/c++/12/bits/stdc++.h",
        ],
    ),
    (
        "libc6-dev",
        "2.36-9+deb12u13",
        2_600,
        &["LIB/libc.a", "usr/include/stdio.h", "usr/include/pthread.h"],
    ),
    (
        "binutils-x86-64-linux-gnu",
        "2.40-2",
        3_700,
        &[
            "usr/bin/x86_64-linux-gnu-ld.bfd",
            "usr/bin/x86_64-linux-gnu-as",
            "LIB/libbfd-2.40-system.so",
        ],
    ),
    ("make", "4.3-4.1", 540, &["usr/bin/make"]),
    (
        "dpkg-dev",
        "1.21.22",
        800,
        &[
            "usr/bin/dpkg-buildpackage",
            "usr/share/dpkg/architecture.mk",
        ],
    ),
    (
        "perl",
        "5.36.0-7+deb12u3",
        2_300,
        &["usr/share/perl/5.36.0/perl5db.pl", "LIB/libperl.so.5.36"],
    ),
    ("pkg-config", "1.8.1-1", 120, &["usr/bin/pkg-config"]),
    (
        "libssl-dev",
        "3.0.17-1~deb12u3",
        2_800,
        &[
            "LIB/libcrypto.a",
            "LIB/libssl.a",
            "usr/include/openssl/ssl.h",
        ],
    ),
    (
        "libssl3",
        "3.0.17-1~deb12u3",
        1_500,
        &["LIB/libcrypto.so.3", "LIB/libssl.so.3"],
    ),
    (
        "ca-certificates",
        "20230311+deb12u1",
        240,
        &[
            "etc/ssl/certs/ca-certificates.crt",
            "usr/sbin/update-ca-certificates",
        ],
    ),
    ("curl", "7.88.1-10+deb12u14", 420, &["usr/bin/curl"]),
    ("tini", "0.19.0-1+b3", 60, &["usr/bin/tini"]),
];

pub(super) fn packages(all: &[Package]) -> Vec<Part> {
    let mut parts = Vec::new();
    for (name, _, weight, files) in all {
        let share = weight / files.len().max(1) as u64;
        let mut list = String::from("/.\n");
        for file in *files {
            let path = file.replace("LIB", LIB);
            list.push_str(&format!("/{path}\n"));
            let runs = path.contains("bin/") || path.ends_with("cc1") || path.ends_with("lto1");
            let part = if runs || path.contains(".so") {
                Part::program(path, share.max(1), false)
            } else {
                Part::file(path, share.max(1))
            };
            parts.push(part);
        }
        let doc = format!("usr/share/doc/{name}/copyright");
        list.push_str(&format!("/{doc}\n"));
        parts.push(Part::file(doc, 12));
        parts.push(Part::text(format!("var/lib/dpkg/info/{name}.list"), list).kept());
    }
    parts
}

pub(super) fn status(all: &[&[Package]]) -> Part {
    let mut text = String::new();
    for (name, version, weight, _) in all.iter().copied().flatten() {
        text.push_str(&format!(
            "Package: {name}\nStatus: install ok installed\nInstalled-Size: {weight}\nArchitecture: amd64\nVersion: {version}\n\n"
        ));
    }
    Part::text("var/lib/dpkg/status", text).kept()
}
