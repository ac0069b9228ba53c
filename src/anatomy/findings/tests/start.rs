//! Whether what an image starts can be started.

use super::*;
use crate::anatomy::components::testing::TestLayer;
use crate::anatomy::layer::program::{Elf, Program};

fn elf(loader: Option<&str>, needed: &[&str]) -> Program {
    Program::Elf(Elf {
        interpreter: loader.map(|it| it.as_bytes().to_vec()),
        needed: needed.iter().map(|it| it.as_bytes().to_vec()).collect(),
        linked: true,
        ..Elf::default()
    })
}

fn script(words: &str) -> Program {
    Program::Script(words.as_bytes().to_vec())
}

const GLIBC: &str = "/lib64/ld-linux-x86-64.so.2";
const MUSL: &str = "/lib/ld-musl-x86_64.so.1";

/// A Debian after the usr-merge, with a shell.
fn debian(layer: &mut TestLayer) {
    layer.symlink("bin", "usr/bin");
    layer.symlink("lib", "usr/lib");
    layer.symlink("lib64", "usr/lib64");
    layer.symlink(
        "usr/lib64/ld-linux-x86-64.so.2",
        "/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
    );
    layer.program(
        "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
        100,
        elf(None, &[]),
    );
    layer.program(
        "usr/lib/x86_64-linux-gnu/libc.so.6",
        100,
        elf(Some(GLIBC), &["ld-linux-x86-64.so.2"]),
    );
    layer.program("usr/bin/dash", 100, elf(Some(GLIBC), &["libc.so.6"]));
    layer.symlink("usr/bin/sh", "dash");
    layer.program("usr/bin/env", 100, elf(Some(GLIBC), &["libc.so.6"]));
}

fn alpine(layer: &mut TestLayer) {
    layer.program("lib/ld-musl-x86_64.so.1", 100, elf(None, &[]));
    layer.symlink("lib/libc.musl-x86_64.so.1", "ld-musl-x86_64.so.1");
    layer.program(
        "bin/busybox",
        100,
        elf(Some(MUSL), &["libc.musl-x86_64.so.1"]),
    );
    layer.symlink("bin/sh", "/bin/busybox");
}

fn starts(fill: impl FnOnce(&mut TestLayer), entrypoint: &[&str], cmd: &[&str]) -> Vec<FindingId> {
    use FindingId as F;
    let image = TestImage::default()
        .layer("COPY", fill)
        .settings(|settings| {
            settings.entrypoint = entrypoint.iter().map(|it| (*it).to_owned()).collect();
            settings.cmd = cmd.iter().map(|it| (*it).to_owned()).collect();
            settings.working_dir = "/app".to_owned();
            settings.volumes = vec!["/data".to_owned()];
        });
    let about = [
        F::NothingToStart,
        F::EntryPointMissing,
        F::EntryPointNotExecutable,
        F::InterpreterMissing,
        F::WrongLibc,
        F::LibraryMissing,
    ];
    let mut ids: Vec<F> = found(image).all.iter().map(|it| it.id).collect();
    ids.retain(|id| about.contains(id));
    ids
}

#[test]
fn what_can_be_started_is_left_alone() {
    for (entrypoint, cmd) in [
        (&["/bin/sh"][..], &["-c", "/app/run.sh $X"][..]),
        (&[], &["sh"]),
        (&["sh", "-c", "exec /usr/bin/env"], &[]),
        (&["./run.sh"], &[]),
        (&["/app/run.sh"], &["serve"]),
        (&["python-like"], &[]),
        (&["/app/static"], &[]),
        (&["/usr/bin/../bin/./sh"], &[]),
        (&["/tini", "--", "/app/run.sh"], &[]),
        (&["/tini", "-g", "--", "app-of-a-volume"], &["x"]),
        (&["/data/app"], &[]),
        (&["/app/plain"], &[]),
    ] {
        let fill = |layer: &mut TestLayer| {
            debian(layer);
            layer.program("app/run.sh", 100, script("/bin/sh -e"));
            layer.program(
                "usr/local/bin/python-like",
                100,
                script("/usr/bin/env -S sh -x"),
            );
            layer.program("app/static", 100, elf(None, &[]));
            layer.program("tini", 100, elf(None, &[]));
            layer.program("usr/local/bin/app-of-a-volume", 100, elf(None, &[]));
            layer.mode("app/plain", 0o755, 100);
        };
        assert_eq!(starts(fill, entrypoint, cmd), [], "{entrypoint:?} {cmd:?}");
    }
}

#[test]
fn what_cannot_be_started_is_told_with_its_reason() {
    use FindingId as F;
    for (entrypoint, want) in [
        (&["/app/gone"][..], F::EntryPointMissing),
        (&["gone"], F::EntryPointMissing),
        (&["/app"], F::EntryPointMissing),
        (&["/app/dangling"], F::EntryPointMissing),
        (&["/app/loop"], F::EntryPointMissing),
        (&["/app/data.txt"], F::EntryPointNotExecutable),
        (&["data.txt.sh"], F::EntryPointNotExecutable),
        (&["/app/bash.sh"], F::InterpreterMissing),
        (&["/app/env.sh"], F::InterpreterMissing),
        (&["/app/windows.sh"], F::InterpreterMissing),
        (&["/app/musl"], F::WrongLibc),
        (&["/app/strange"], F::InterpreterMissing),
        (&["/app/needy"], F::LibraryMissing),
        (&["/app/needs-needy"], F::LibraryMissing),
        (&["/app/through-script"], F::LibraryMissing),
        (
            &["/bin/sh", "-c", "exec /app/gone --now"],
            F::EntryPointMissing,
        ),
        (&["/tini", "--", "/app/gone"], F::EntryPointMissing),
    ] {
        let fill = |layer: &mut TestLayer| {
            debian(layer);
            layer.symlink("app/dangling", "nowhere");
            layer.symlink("app/loop", "loop");
            layer.mode("app/data.txt", 0o644, 100);
            layer.mode("usr/local/bin/data.txt.sh", 0o644, 100);
            layer.program("app/bash.sh", 100, script("/bin/bash"));
            layer.program("app/env.sh", 100, script("/usr/bin/env python3"));
            layer.program("app/windows.sh", 100, script("/bin/sh\r"));
            layer.program("app/musl", 100, elf(Some(MUSL), &[]));
            layer.program("app/strange", 100, elf(Some("/opt/ld.so"), &[]));
            layer.program(
                "app/needy",
                100,
                elf(Some(GLIBC), &["libc.so.6", "libpq.so.5"]),
            );
            layer.program("usr/lib/libneedy.so.1", 100, elf(None, &["libgone.so.2"]));
            layer.program("app/needs-needy", 100, elf(Some(GLIBC), &["libneedy.so.1"]));
            layer.program("app/through-script", 100, script("/app/needy x"));
            layer.program("tini", 100, elf(None, &[]));
        };
        assert_eq!(starts(fill, entrypoint, &[]), [want], "{entrypoint:?}");
    }
}

#[test]
fn each_libc_is_right_at_home() {
    let go = |layer: &mut TestLayer| {
        alpine(layer);
        layer.program(
            "app/musl",
            100,
            elf(Some(MUSL), &["libc.so", "libpthread.so.0"]),
        );
        layer.program("app/glibc", 100, elf(Some(GLIBC), &["libc.so.6"]));
        layer.program("app/cuda", 100, elf(Some(MUSL), &["libcuda.so.1"]));
    };
    assert_eq!(starts(go, &["/bin/sh"], &[]), []);
    assert_eq!(starts(go, &["/app/musl"], &[]), []);
    assert_eq!(starts(go, &["/app/cuda"], &[]), []);
    assert_eq!(starts(go, &["/app/glibc"], &[]), [FindingId::WrongLibc]);
}

#[test]
fn a_static_busybox_needs_nothing() {
    let busybox = |layer: &mut TestLayer| {
        layer.program("bin/busybox", 100, elf(None, &[]));
        layer.hard_link("bin/sh", "bin/busybox");
        layer.program("app/run", 100, script("/bin/sh"));
    };
    assert_eq!(starts(busybox, &["/bin/sh"], &[]), []);
    assert_eq!(starts(busybox, &["/app/run"], &[]), []);
    assert_eq!(starts(busybox, &[], &[]), [FindingId::NothingToStart]);
}

#[test]
fn what_lies_in_an_absent_layer_is_not_missed() {
    let image = TestImage::default()
        .absent("FROM far")
        .settings(|settings| settings.entrypoint = vec!["/app/gone".to_owned()]);
    assert!(!has(&found(image), FindingId::EntryPointMissing));
}

#[test]
fn titles_say_what_is_missing() {
    let image = TestImage::default()
        .layer("COPY app /", |layer| {
            alpine(layer);
            layer.program("app", 100, elf(Some(GLIBC), &[]));
        })
        .settings(|settings| settings.entrypoint = vec!["/app".to_owned()]);
    let findings = found(image);
    let wrong = only(&findings, FindingId::WrongLibc);
    assert_eq!(wrong.title, "/app was built for glibc, the image has musl");
    assert_eq!(wrong.place.instruction.as_deref(), Some("COPY app /"));
}
