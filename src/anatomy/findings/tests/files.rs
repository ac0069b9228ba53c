//! What is found by paths, contents, modes and layers.

use super::*;
use crate::anatomy::components::testing::TestPackages;
use crate::anatomy::findings::Severity;
use crate::anatomy::layer::index::Oddity;
use crate::anatomy::layer::program::{Elf, Program};
use crate::model::bytes::Bytes;

#[test]
fn groups_of_files_are_known_by_their_paths() {
    use FindingId as F;
    for (path, id) in [
        ("var/lib/apt/lists/x_Packages.lz4", F::AptLists),
        ("var/cache/apt/archives/curl.deb", F::AptArchives),
        ("var/cache/apk/APKINDEX.tar.gz", F::ApkCache),
        ("var/cache/dnf/x.solv", F::RpmCache),
        ("var/cache/zypp/x", F::RpmCache),
        ("var/cache/pacman/pkg/x.zst", F::PacmanCache),
        ("root/.cache/pip/http/x", F::PipCache),
        ("opt/conda/pkgs/x.conda", F::PipCache),
        ("root/.npm/_cacache/x", F::NpmCache),
        ("usr/local/share/.cache/yarn/v6/x", F::NpmCache),
        ("usr/local/cargo/registry/cache/x.crate", F::CargoCache),
        ("src/target/release/deps/x.rlib", F::CargoCache),
        ("root/go/pkg/mod/x", F::GoCache),
        ("root/.cache/go-build/x", F::GoCache),
        ("root/.m2/repository/x.jar", F::BuildCache),
        ("root/.gradle/caches/x", F::BuildCache),
        ("usr/include/stdio.h", F::BuildOnlyFiles),
        ("usr/lib/x86_64-linux-gnu/libc.a", F::BuildOnlyFiles),
        ("usr/lib/x86_64-linux-gnu/pkgconfig/x.pc", F::BuildOnlyFiles),
        ("app/node_modules/.cache/x", F::BuildLeftovers),
        ("app/.pytest_cache/v/x", F::BuildLeftovers),
        ("app/.next/cache/x", F::BuildLeftovers),
        ("app/main.o", F::BuildLeftovers),
        ("app/target/debug/app", F::BuildLeftovers),
        ("app/dist/main.js.map", F::SourceMaps),
        ("app/__pycache__/x.pyc", F::CompiledPython),
        ("usr/lib/debug/.build-id/x.debug", F::DebugSymbols),
        ("usr/share/doc/bash/README", F::Documentation),
        ("usr/share/info/x.info", F::Documentation),
        ("usr/share/man/man1/x.1", F::ManualPages),
        ("usr/share/locale/de/x.mo", F::Locales),
        ("var/log/dpkg.log", F::LogFiles),
        ("tmp/build/x", F::TemporaryFiles),
        ("root/.bash_history", F::TemporaryFiles),
        ("app/.DS_Store", F::EditorFiles),
        ("app/.idea/workspace.xml", F::EditorFiles),
        ("app/.main.c.swp", F::EditorFiles),
    ] {
        let findings = found(files(&[path], 6 * MIB));
        let finding = only(&findings, id);
        assert_eq!(finding.bytes, Some(Bytes(6 * MIB)), "{path}");
        assert_eq!(finding.place.layer, Some(1));
        assert_eq!(finding.place.step, Some(1));
        assert_eq!(
            finding.place.path.as_ref().expect("a path").0,
            path.as_bytes()
        );
        assert_eq!(findings.removable_bytes, Bytes(6 * MIB), "{path}");
    }
}

#[test]
fn what_only_looks_alike_is_left_alone() {
    for path in [
        "usr/share/doc/bash/copyright",
        "usr/share/doc/bash/LICENSE.txt",
        "usr/lib/locale/C.utf8/LC_CTYPE",
        "usr/lib/gcc/x86_64-linux-gnu/12/crtbegin.o",
        "usr/include/python3.11/pyconfig.h",
        "app/.gitignore",
        "app/next/cache/x",
        "app/catalog/x",
        "app/backup",
        "var/cache/nginx/x",
        "root/.cache/huggingface/hub/x",
        "app/src/main.rs",
        "etc/passwd~backup",
    ] {
        let findings = found(files(&[path], 6 * MIB));
        let about_bytes: Vec<&Finding> = findings
            .all
            .iter()
            .filter(|it| it.bytes.is_some())
            .filter(|it| !matches!(it.id, FindingId::HeavyComponent | FindingId::Toolchain))
            .collect();
        assert!(about_bytes.is_empty(), "{path}: {about_bytes:?}");
        assert_eq!(findings.removable_bytes, Bytes(0), "{path}");
    }
}

#[test]
fn little_is_not_worth_a_word() {
    for path in [
        "var/lib/apt/lists/lock",
        "var/log/lastlog",
        "usr/share/doc/x/README",
    ] {
        assert!(
            found(files(&[path], 500))
                .all
                .iter()
                .all(|it| it.bytes.is_none()),
            "{path}"
        );
    }
}

#[test]
fn waste_is_told_by_the_two_steps_it_takes() {
    let findings = found(
        TestImage::default()
            .layer("FROM", |layer| {
                layer.file("bin/sh", 1000);
            })
            .step("ENV A=1")
            .layer("RUN fetch", |layer| {
                layer.file("src/a", 212_000_000);
                layer.file("src/b", 5_000_000);
                layer.file("src/c", 7_000_000);
            })
            .layer("RUN chown app src/c && rewrite src/b", |layer| {
                layer.file("src/c", 7_000_000);
                layer.same("src/b", 6_000_000, 99);
            })
            .layer("RUN rm src/a", |layer| layer.remove("src/a")),
    );
    let deleted = only(&findings, FindingId::WasteDeleted);
    assert_eq!(
        deleted.title,
        "Step 5 deletes 212 MB that step 3 wrote, in 1 file"
    );
    assert_eq!(deleted.severity, Severity::High);
    assert_eq!(deleted.place.instruction.as_deref(), Some("RUN rm src/a"));
    assert_eq!(deleted.place.layer, Some(4));
    let metadata = only(&findings, FindingId::WasteMetadata);
    assert_eq!(metadata.bytes, Some(Bytes(7_000_000)));
    let replaced = only(&findings, FindingId::WasteReplaced);
    assert_eq!(replaced.bytes, Some(Bytes(5_000_000)));
    // 212 + 7 + 5 of what layers hide.
    assert_eq!(findings.removable_bytes, Bytes(224_000_000));
}

#[test]
fn hard_links_are_no_copies_and_copies_are_no_hard_links() {
    let findings = found(TestImage::default().layer("COPY", |layer| {
        layer.same("a/one", 3 * MIB, 7);
        layer.hard_link("a/two", "a/one");
        layer.same("b/small", 1000, 8);
        layer.same("c/small", 1000, 8);
    }));
    assert!(!has(&findings, FindingId::SameContent));
    let findings = found(
        TestImage::default()
            .layer("COPY", |layer| {
                layer.same("a/one", 3 * MIB, 7);
                layer.same("a/other", 3 * MIB, 9);
            })
            .layer("COPY again", |layer| {
                layer.same("b/two", 3 * MIB, 7);
                layer.same("c/three", 3 * MIB, 7);
            }),
    );
    let same = only(&findings, FindingId::SameContent);
    assert_eq!(same.bytes, Some(Bytes(6 * MIB)));
    assert_eq!(same.path_count, 3);
    assert_eq!(same.place.layer, Some(2));
    assert_eq!(findings.removable_bytes, Bytes(6 * MIB));
}

#[test]
fn many_small_copies_are_told_when_they_add_up() {
    let findings = found(TestImage::default().layer("COPY", |layer| {
        for place in 0..300 {
            layer.same(&format!("a/{place}"), 5_000, 7);
        }
    }));
    assert_eq!(only(&findings, FindingId::SameContent).path_count, 300);
}

#[test]
fn symbols_are_what_strip_would_free() {
    let elf = |symbol_bytes, debug_bytes, linked| {
        Program::Elf(Elf {
            symbol_bytes,
            debug_bytes,
            linked,
            ..Elf::default()
        })
    };
    let findings = found(TestImage::default().layer("COPY", |layer| {
        layer.program("app/server", 40 * MIB, elf(2 * MIB, 20 * MIB, true));
        // An object needs its symbols; a liar's sections are no larger than its file.
        layer.program("app/module.ko", 4 * MIB, elf(MIB, 0, false));
        layer.program("app/liar", 1000, elf(u64::MAX, u64::MAX, true));
        layer.program("usr/lib/debug/x.debug", 30 * MIB, elf(MIB, 29 * MIB, true));
    }));
    let symbols = only(&findings, FindingId::UnstrippedPrograms);
    assert_eq!(symbols.bytes, Some(Bytes(2 * MIB)));
    let debug: Vec<u64> = findings
        .of(FindingId::DebugSymbols)
        .filter_map(|it| it.bytes.map(|it| it.0))
        .collect();
    assert_eq!(debug, [30 * MIB, 20 * MIB + 1000]);
    assert_eq!(findings.removable_bytes, Bytes(52 * MIB + 1000));
}

#[test]
fn toolchains_stand_out_and_runtimes_do_not() {
    let findings = found(files(
        &[
            "usr/local/go/bin/go",
            "usr/lib/chromium/chromium",
            "usr/local/bin/node",
        ],
        100 * MIB,
    ));
    let toolchain = only(&findings, FindingId::Toolchain);
    assert_eq!(toolchain.severity, Severity::Medium);
    assert!(toolchain.title.starts_with("Go toolchain in the image: "));
    assert!(
        only(&findings, FindingId::HeavyComponent)
            .title
            .contains("Chrom")
    );
}

#[test]
fn rights_are_looked_at_where_they_matter() {
    let image = TestImage::default().layer("COPY", |layer| {
        layer.mode("usr/bin/su", 0o4755, 1000);
        layer.mode("usr/local/bin/mine", 0o6755, 1000);
        layer.mode("usr/bin/not-executable", 0o4644, 1000);
        layer.directory("var/mail", 0o2775);
        layer.directory("tmp", 0o1777);
        layer.directory("srv/open", 0o777);
        layer.mode("srv/file", 0o666, 10);
        layer.symlink("srv/link", "file");
        layer.device("dev/null");
        layer.capability("usr/bin/ping");
    });
    let image = image.build();
    let packages = TestPackages::new(&image, &[("login", &["usr/bin/su", "usr/bin/ping"], &[])]);
    let findings = examined(&image, &packages);
    let setuid: Vec<(Severity, String)> = findings
        .of(FindingId::SetuidFile)
        .map(|it| (it.severity, it.examples[0].to_string()))
        .collect();
    assert_eq!(
        setuid,
        [
            (Severity::Medium, "/usr/local/bin/mine".to_owned()),
            (Severity::Note, "/usr/bin/su".to_owned())
        ]
    );
    let writable = only(&findings, FindingId::WorldWritable);
    let paths: Vec<String> = writable.examples.iter().map(ToString::to_string).collect();
    assert_eq!(paths, ["/srv/open", "/srv/file"]);
    assert_eq!(only(&findings, FindingId::FileCapability).path_count, 1);
}

#[test]
fn layers_are_too_many_or_too_large_or_not_there() {
    let mut image = TestImage::default();
    for number in 0..31 {
        image = image.layer("RUN x", |layer| {
            layer.file(&format!("a/{number}"), 10);
        });
    }
    assert_eq!(
        only(&found(image), FindingId::TooManyLayers).severity,
        Severity::Note
    );
    let findings = found(
        TestImage::default()
            .layer("FROM", |layer| {
                layer.file("base", 80_000_000);
            })
            .layer("COPY model", |layer| {
                layer.file("srv/data", 120_000_000);
            })
            .absent("RUN far"),
    );
    let oversized = only(&findings, FindingId::OversizedLayer);
    assert_eq!(
        oversized.title,
        "The layer of step 2 is 120 MB, 60 % of all layers"
    );
    assert_eq!(findings.of(FindingId::LargeFile).count(), 2);
    assert_eq!(only(&findings, FindingId::AbsentLayer).place.layer, Some(3));
    assert!(!has(&findings, FindingId::TooManyLayers));
}

#[test]
fn a_base_is_full_when_it_is_seen_to_be() {
    let image = |paths: &[&str]| {
        TestImage::default()
            .layer("ADD rootfs.tar /", |layer| {
                for path in paths {
                    layer.file(path, 9_000_000);
                }
            })
            .layer("RUN x", |layer| {
                layer.file("usr/share/doc/x/y", 9_000_000);
            })
    };
    assert!(has(
        &found(image(&["usr/share/man/x"])),
        FindingId::FullBase
    ));
    assert!(!has(&found(image(&["usr/bin/bash"])), FindingId::FullBase));
}

#[test]
fn odd_archives_are_told() {
    let findings = found(
        TestImage::default()
            .layer("FROM", |layer| {
                layer.symlink("lib", "usr/lib");
                layer.oddity(Oddity::NormalisedPath, "../../etc/passwd");
                layer.oddity(Oddity::UnknownType, "x");
                layer.oddity(Oddity::TooLargeToKeep, "y");
            })
            .layer("COPY", |layer| {
                layer.file("lib/x.so", 20_000);
                layer.same("srv/a", 20_000, 1);
                layer.same("srv/a", 30_000, 2);
                layer.directory("srv/b", 0o755);
                layer.directory("srv/b", 0o755);
            }),
    );
    let odd = only(&findings, FindingId::OddPath);
    assert_eq!(odd.examples[0].to_string(), "/../../etc/passwd");
    only(&findings, FindingId::OddEntry);
    only(&findings, FindingId::NotLookedInto);
    assert_eq!(
        only(&findings, FindingId::BelowSymlink).place.layer,
        Some(2)
    );
    assert_eq!(only(&findings, FindingId::DoubledPath).path_count, 1);
    assert_eq!(
        only(&findings, FindingId::WasteDoubled).bytes,
        Some(Bytes(20_000))
    );
}

#[test]
fn the_empty_image_has_only_notes() {
    let findings = found(TestImage::default());
    assert!(
        findings.all.iter().all(|it| it.severity == Severity::Note),
        "{:#?}",
        findings.all
    );
    let ids: Vec<FindingId> = findings.all.iter().map(|it| it.id).collect();
    let notes = [
        FindingId::RunsAsRoot,
        FindingId::NoHealthCheck,
        FindingId::NothingToStart,
        FindingId::BaseUnknown,
    ];
    assert_eq!(ids, notes);
}
