//! Images, and what they are recognised to have in them.

use super::testing::{TestImage, TestPackages};
use super::{Components, Installed, NoPackages, Owners, Rules, recognise};
use crate::anatomy::merged::{LayerNo, View};
use crate::anatomy::packages::Inventory;
use crate::anatomy::whole::Anatomy;
use crate::model::bytes::Bytes;

const MIB: u64 = 1 << 20;

fn components(anatomy: &Anatomy, owners: &dyn Owners) -> Components {
    let last = anatomy.merged.last().unwrap_or(LayerNo(0));
    let view = View::new(&anatomy.merged, last);
    let found = recognise(&anatomy.merged, &view, owners, Rules::built_in());
    let visible = view.visible_bytes();
    assert!(found.own_bytes() <= visible, "{found:?}");
    for component in &found.all {
        assert!(component.own_bytes <= component.exclusive_bytes);
        assert!(component.exclusive_bytes <= component.closure_bytes);
        assert!(component.closure_bytes <= visible);
        let of_layers = component
            .layers
            .iter()
            .fold(Bytes(0), |sum, share| sum + share.own_bytes);
        assert_eq!(of_layers, component.own_bytes);
    }
    found
}

/// An image of one layer with these files of 2 MiB.
fn with(paths: &[&str]) -> Anatomy {
    TestImage::default()
        .layer("COPY . .", |layer| {
            for path in paths {
                layer.file(path, 2 * MIB);
            }
        })
        .build()
}

/// A path of each kind, and the component it is known by.
const BY_PATH: &[(&str, &str)] = &[
    ("app/.git/objects/pack/x.pack", "dotgit"),
    ("root/.rustup/toolchains/stable/bin/rustc", "rust-rustup"),
    ("usr/local/cargo/bin/rustc", "rust-rustup"),
    ("usr/lib/rustlib/x/lib/libcore.rlib", "rust-distro"),
    ("usr/local/cargo/registry/src/a.rs", "cargo-cache"),
    ("app/target/release/deps/app.rlib", "cargo-cache"),
    ("usr/local/go/bin/go", "go-sdk"),
    ("root/go/pkg/mod/cache/x", "go-modcache"),
    ("usr/lib/gcc/x86_64-linux-gnu/12/cc1", "gcc"),
    ("usr/bin/x86_64-linux-gnu-gcc-12", "gcc"),
    (
        "usr/libexec/gcc/x86_64-alpine-linux-musl/13.2.1/cc1plus",
        "gcc",
    ),
    ("usr/lib/llvm-14/bin/clang", "clang-llvm"),
    ("usr/share/cmake-3.25/Modules/x.cmake", "cmake-autotools"),
    ("usr/lib/jvm/java-17/bin/javac", "jdk"),
    ("opt/java/openjdk/jmods/java.base.jmod", "jdk"),
    ("usr/lib/jvm/java-17/lib/modules", "jre"),
    ("opt/ghc/lib/ghc-9.4/lib/x.a", "ghc"),
    ("usr/share/dotnet/sdk/8.0/x.dll", "dotnet-sdk"),
    ("usr/share/dotnet/shared/x.dll", "dotnet-runtime"),
    ("usr/local/bin/node", "node"),
    ("usr/local/lib/node_modules/npm/x.js", "npm-distro"),
    ("app/node_modules/express/index.js", "node_modules"),
    ("app/node_modules/typescript/lib/tsc.js", "node_modules-dev"),
    ("root/.npm/_cacache/x", "npm-cache"),
    ("usr/lib/python3.11/os.py", "python"),
    ("usr/include/python3.11/Python.h", "python-dev"),
    ("usr/lib/python3/dist-packages/yaml/x.py", "py-site"),
    ("root/.cache/pip/http/x", "pip-cache"),
    (
        "usr/lib/python3.11/__pycache__/os.cpython-311.pyc",
        "pycache",
    ),
    (
        "venv/lib/python3.11/site-packages/torch/lib/libtorch.so",
        "torch-cuda",
    ),
    ("usr/local/cuda-12/lib64/libcudart.so", "torch-cuda"),
    ("root/.cache/huggingface/hub/x", "models"),
    ("opt/whisper.cpp/build/bin/main", "whisper-cpp"),
    ("usr/lib/chromium/chromium", "chromium"),
    (
        "root/.cache/ms-playwright/chromium-1/chrome-linux/chrome",
        "playwright",
    ),
    ("root/.cache/puppeteer/chrome/x", "puppeteer-selenium"),
    ("usr/lib/firefox-esr/libxul.so", "firefox"),
    ("usr/bin/ffmpeg", "ffmpeg"),
    ("usr/lib/x86_64-linux-gnu/libavcodec.so.59.37.100", "ffmpeg"),
    (
        "usr/lib/x86_64-linux-gnu/libMagickCore-6.so.1",
        "imagemagick-gs",
    ),
    ("usr/lib/x86_64-linux-gnu/dri/i965_dri.so", "x11-mesa"),
    ("usr/share/fonts/opentype/noto/x.ttc", "fonts"),
    ("usr/lib/x86_64-linux-gnu/libicudata.so.72.1", "icu-z3"),
    ("usr/lib/x86_64-linux-gnu/libLLVM-15.so.1", "llvm-library"),
    ("usr/lib/libreoffice/program/soffice.bin", "libreoffice"),
    ("usr/share/texlive/texmf-dist/x", "texlive"),
    ("usr/lib/git-core/git", "vcs"),
    ("usr/share/perl/5.36.0/x.pm", "perl"),
    ("usr/bin/vim.basic", "editors-debuggers"),
    ("usr/bin/dockerd", "container-tools"),
    ("usr/local/aws-cli/v2/x", "cloud-sdk"),
    (
        "var/lib/apt/lists/deb.debian.org_x_Packages.lz4",
        "apt-lists",
    ),
    ("var/cache/apt/pkgcache.bin", "apt-cache"),
    ("var/cache/dnf/x.solv", "rpm-apk-cache"),
    ("root/.m2/repository/x.jar", "build-cache"),
    ("usr/share/doc/bash/changelog.gz", "docs"),
    ("usr/share/man/man1/ls.1.gz", "man"),
    ("usr/share/locale/de/LC_MESSAGES/x.mo", "locale"),
    ("usr/include/stdio.h", "headers-static"),
    ("usr/lib/x86_64-linux-gnu/libc.a", "headers-static"),
    ("usr/lib/debug/.build-id/ab/x.debug", "debug-symbols"),
    (
        "venv/lib/python3.11/site-packages/six/tests/x.py",
        "tests-samples",
    ),
    ("app/dist/main.js.map", "source-maps"),
    ("var/log/dpkg.log", "logs-tmp"),
    ("usr/lib/R/bin/exec/R", "r-base"),
    ("usr/bin/pandoc", "pandoc"),
    ("usr/lib/postgresql/15/bin/psql", "database-clients"),
    ("usr/local/bundle/gems/rails/x.rb", "ruby-gems"),
    ("usr/share/zoneinfo/Europe/Berlin", "tzdata"),
];

#[test]
fn each_rule_is_met_by_a_path() {
    for (path, id) in BY_PATH {
        let found = components(&with(&[path]), &NoPackages);
        let ids: Vec<&str> = found.all.iter().map(|it| it.id.as_str()).collect();
        assert_eq!(ids, [*id], "{path}");
    }
}

#[test]
fn what_only_looks_alike_is_none() {
    for path in [
        "usr/share/doc/bash/copyright",
        "usr/lib/x86_64-linux-gnu/perl-base/strict.pm",
        "usr/lib/locale/C.utf8/LC_CTYPE",
        "app/.gitignore",
        "app/firefox.txt",
        "app/model.bin",
        "app/release.tar",
        "usr/lib/gcc/x86_64-linux-gnu/12/libgcc_s.so.1",
        "usr/bin/bash",
        "etc/passwd",
    ] {
        let found = components(&with(&[path]), &NoPackages);
        assert_eq!(found, Components::default(), "{path}");
    }
}

#[test]
fn size_decides_where_the_name_does_not() {
    for (path, size, id) in [
        ("app/weights.bin", 50 * MIB, None),
        ("app/weights.bin", 50 * MIB + 1, Some("models")),
        ("app/release.tar", 6 * MIB, Some("swap-archives")),
        ("app/release.tar", 5 * MIB, None),
    ] {
        let image = TestImage::default().layer("COPY . .", |layer| {
            layer.file(path, size);
        });
        let found = components(&image.build(), &NoPackages);
        assert_eq!(
            found.all.first().map(|it| it.id.as_str()),
            id,
            "{path} {size}"
        );
    }
}

#[test]
fn packages_are_recognised_and_counted_once() {
    let image = TestImage::default()
        .layer("FROM", |layer| {
            layer.file("usr/lib/libc.so.6", 5 * MIB);
            layer.file("usr/lib/gcc-12-base", MIB);
        })
        .layer("RUN apt-get install chromium git", |layer| {
            layer.file("usr/lib/chromium/chromium", 200 * MIB);
            layer.file("usr/share/doc/chromium/README.gz", MIB);
            layer.file("usr/lib/libnss3.so", 3 * MIB);
            layer.file("usr/lib/libcurl.so.4", 2 * MIB);
            layer.file("usr/lib/git-core/git", 10 * MIB);
            layer.file("usr/share/doc/git/RelNotes", 4 * MIB);
        })
        .build();
    let packages = TestPackages::new(
        &image,
        &[
            ("libc6", &["usr/lib/libc.so.6"], &[]),
            ("gcc-12-base", &["usr/lib/gcc-12-base"], &[]),
            (
                "chromium",
                &["usr/lib/chromium", "usr/share/doc/chromium"],
                &["libc6", "libnss3", "libcurl4"],
            ),
            ("libnss3", &["usr/lib/libnss3.so"], &["libc6"]),
            ("libcurl4", &["usr/lib/libcurl.so.4"], &["libc6"]),
            (
                "git",
                &["usr/lib/git-core", "usr/share/doc/git"],
                &["libc6", "libcurl4"],
            ),
        ],
    );
    let found = components(&image, &packages);
    let ids: Vec<&str> = found.all.iter().map(|it| it.id.as_str()).collect();
    // The documentation of chromium goes with chromium, and gcc-12-base is no compiler.
    assert_eq!(ids, ["chromium", "vcs"]);
    let chromium = found.get("chromium").expect("there");
    assert_eq!(chromium.own_bytes, Bytes(201 * MIB));
    // libnss3 goes with it; libcurl4 stays for git, libc6 for all.
    assert_eq!(chromium.exclusive_bytes, Bytes(204 * MIB));
    assert_eq!(chromium.closure_bytes, Bytes(211 * MIB));
    assert!(chromium.stands_out);
    assert_eq!(chromium.why.packages, ["chromium"]);
    assert_eq!(
        chromium.why.paths[0].to_string(),
        "/usr/lib/chromium/chromium"
    );
    assert_eq!(chromium.layers.len(), 1);
    assert_eq!(chromium.layers[0].layer, 2);
    assert!(!found.get("vcs").expect("there").stands_out);
}

#[test]
fn packages_of_an_inventory_are_owners() {
    let package = |name: &str, more: &str| {
        format!(
            "Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n{more}\n"
        )
    };
    let status = [
        package("libc6", ""),
        package("gcc-12", "Depends: libc6, libmpc3, cpp-12\n"),
        package("cpp-12", "Depends: libc6, libmpc3\n"),
        package("libmpc3", "Depends: libc6\n"),
        package("app", "Depends: libc6\n"),
    ]
    .concat();
    let image = TestImage::default()
        .layer("RUN apt-get install gcc", |layer| {
            layer.kept("var/lib/dpkg/status", &status);
            for (name, path) in [
                ("libc6", "usr/lib/libc.so.6"),
                ("gcc-12", "usr/lib/gcc/x86_64-linux-gnu/12/lto1"),
                ("cpp-12", "usr/lib/cpp-12"),
                ("libmpc3", "usr/lib/libmpc.so.3"),
                ("app", "usr/bin/app"),
            ] {
                layer.file(path, 2 * MIB);
                let list = format!("var/lib/dpkg/info/{name}.list");
                layer.kept(&list, &format!("/.\n/{path}\n"));
            }
            layer.file("root/.ssh/id_rsa", 100);
        })
        .build();
    let inventory = Inventory::of(&image);
    let found = components(&image, &Installed::new(&inventory));
    let gcc = found.get("gcc").expect("a compiler");
    // The packages' own lists of files, a few bytes each, are theirs as well.
    let about = |bytes: Bytes, mib: u64| (mib * MIB..mib * MIB + 1000).contains(&bytes.0);
    assert!(about(gcc.own_bytes, 4), "{gcc:?}");
    assert!(about(gcc.exclusive_bytes, 6), "{gcc:?}");
    assert!(about(gcc.closure_bytes, 8), "{gcc:?}");
    assert_eq!(gcc.why.packages, ["gcc-12", "cpp-12"]);
    assert_eq!(gcc.why.package_count, 2);
}

#[test]
fn archives_of_packages_are_theirs() {
    let image = with(&["usr/lib/big/data.zip", "srv/data.zip"]);
    let bigger = TestImage::default()
        .layer("COPY", |layer| {
            layer.file("usr/lib/big/data.zip", 9 * MIB);
            layer.file("srv/data.zip", 9 * MIB);
        })
        .build();
    let packages = TestPackages::new(&bigger, &[("big", &["usr/lib/big"], &[])]);
    let found = components(&bigger, &packages);
    assert_eq!(
        found.get("swap-archives").expect("one").own_bytes,
        Bytes(9 * MIB)
    );
    assert_eq!(components(&image, &NoPackages), Components::default());
}

#[test]
fn hard_links_and_removed_files_are_counted_right() {
    let image = TestImage::default()
        .layer("RUN one", |layer| {
            layer.file("usr/bin/git", 4 * MIB);
            layer.hard_link("usr/lib/git-core/git", "usr/bin/git");
            layer.file("var/cache/apt/pkgcache.bin", 30 * MIB);
        })
        .layer("RUN rm", |layer| layer.remove("var/cache/apt/pkgcache.bin"))
        .build();
    let found = components(&image, &NoPackages);
    assert_eq!(found.all.len(), 1);
    assert_eq!(found.get("vcs").expect("there").own_bytes, Bytes(4 * MIB));
}
