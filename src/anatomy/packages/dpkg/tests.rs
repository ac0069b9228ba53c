use crate::anatomy::packages::testing::{Layer, merged, told};
use crate::anatomy::packages::{Inventory, Why};

fn paragraph(name: &str, version: &str, status: &str, more: &str) -> String {
    format!("Package: {name}\nStatus: {status}\nVersion: {version}\nArchitecture: amd64\n{more}\n")
}

const INSTALLED: &str = "install ok installed";

/// Debian in small: `/bin` is a symlink, lists name both sides of it.
fn debian() -> [Layer; 2] {
    let status = [
        paragraph(
            "libc6",
            "2.36-9",
            INSTALLED,
            "Source: glibc\nMulti-Arch: same\n",
        ),
        paragraph(
            "dash",
            "0.5.12",
            INSTALLED,
            "Essential: yes\nDepends: libc6 (>= 2.36)\n",
        ),
        paragraph("old", "1", "deinstall ok config-files", ""),
        paragraph("never", "1", "install ok half-installed", ""),
        paragraph("curl", "7.88", INSTALLED, "Source: curl-src (7.88-1)\n"),
        paragraph("unlisted", "2", "hold ok unpacked", ""),
    ]
    .concat();
    let base = Layer::default()
        .symlink("bin", "usr/bin")
        .directory("usr/bin")
        .file("usr/bin/dash", 100)
        .file("usr/bin/sh.distrib", 7)
        .file("usr/lib/libc.so.6", 2000)
        .hard_link("usr/lib/libc-again.so", "usr/lib/libc.so.6")
        .file("etc/motd", 3)
        .kept(
            "var/lib/dpkg/info/libc6:amd64.list",
            "/.\n/usr\n/usr/lib\n/usr/lib/libc.so.6\n/usr/lib/libc-again.so\n",
        )
        .kept(
            "var/lib/dpkg/info/dash.list",
            "/bin\n/bin/dash\n/bin/sh\n/etc/motd\n/usr/lib/libc.so.6\n",
        )
        .kept(
            "var/lib/dpkg/diversions",
            "/bin/sh\n/bin/sh.distrib\ncurl\n",
        )
        .kept("var/lib/dpkg/info/old.list", "/etc/motd\n");
    let top = Layer::default()
        .file("usr/bin/curl", 50)
        .file("usr/bin/sh", 1)
        .file("usr/local/bin/mine", 12)
        .file("var/lib/dpkg/info/curl.postinst", 5)
        .kept(
            "var/lib/dpkg/info/curl.list",
            "/usr/bin/curl\n/bin/sh\n/usr/share/not-there\n",
        )
        .kept("var/lib/dpkg/status", status);
    [base, top]
}

#[test]
fn installed_packages_have_their_files() {
    let image = merged(debian());
    let inventory = Inventory::of_merged(&image);
    // Their own lists belong to them, too; and `/bin` to who names it first.
    let list = |path: &str| {
        let node = image.find(path.as_bytes()).expect("there");
        let entry = image.visible(node, image.last().expect("layers"));
        image.entry(entry.expect("visible")).expect("there").size.0
    };
    let (libc, dash, curl) = (
        2000 + list("var/lib/dpkg/info/libc6:amd64.list"),
        110 + list("var/lib/dpkg/info/dash.list"),
        51 + 5 + list("var/lib/dpkg/info/curl.list"),
    );
    assert_eq!(
        told(&inventory),
        [
            format!("dpkg libc6 2.36-9 {libc} 3"),
            format!("dpkg dash 0.5.12 {dash} 5"),
            format!("dpkg curl 7.88 {curl} 4"),
            "dpkg unlisted 2 ? ?".to_owned(),
        ]
    );
    assert_eq!(inventory.ownership.contested, 1);
    let [libc6, _, curl, unlisted] = &inventory.packages[..] else {
        panic!("four packages");
    };
    assert_eq!((libc6.layer.0, curl.layer.0, unlisted.layer.0), (0, 1, 1));
    assert_eq!(curl.origin, b"var/lib/dpkg/info/curl.list");
    let source = |it: &crate::anatomy::packages::Package| {
        let source = it.source.clone().expect("a source");
        (source.name, source.version.expect("a version"))
    };
    assert_eq!(source(libc6), ("glibc".to_owned(), "2.36-9".to_owned()));
    assert_eq!(source(curl), ("curl-src".to_owned(), "7.88-1".to_owned()));
    let owner = |path: &str| {
        let node = image.find(path.as_bytes()).expect("there");
        let owner = inventory.owner(node)?;
        Some(inventory.package(owner)?.name.as_str())
    };
    for (path, package) in [
        ("usr/bin/dash", Some("dash")),
        ("usr/bin/sh.distrib", Some("dash")),
        ("usr/bin/sh", Some("curl")),
        ("usr/lib/libc.so.6", Some("libc6")),
        ("etc/motd", Some("dash")),
        ("usr/local/bin/mine", None),
        ("usr/bin", None),
    ] {
        assert_eq!(owner(path), package, "{path}");
    }
}

#[test]
fn what_a_layer_removes_is_nobodys() {
    let removes = Layer::default()
        .whiteout("usr/bin/curl")
        .whiteout("var/lib/dpkg/info/curl.list");
    let [base, top] = debian();
    let image = merged([base, top, removes]);
    let inventory = Inventory::of_merged(&image);
    // It is still installed by what the database says, but which files it has is not known.
    assert_eq!(told(&inventory)[2], "dpkg curl 7.88 ? ?");
}

#[test]
fn needs_follow_dpkgs_words() {
    let status = [
        paragraph("base", "1", INSTALLED, "Essential: yes\nPre-Depends: libc6\n"),
        paragraph("libc6", "1", INSTALLED, ""),
        paragraph(
            "tool",
            "1",
            INSTALLED,
            "Depends: libc6 (>= 2), missing | lib:any (<< 3) [amd64],\n mail-agent,\nRecommends: doc\n",
        ),
        paragraph("lib", "1", INSTALLED, "Depends: libc6\n"),
        paragraph("postfix", "1", INSTALLED, "Provides: mail-agent (= 1), other\n"),
        paragraph("doc", "1", INSTALLED, ""),
    ]
    .concat();
    let names = |inventory: &Inventory, of: Vec<crate::anatomy::packages::PackageNo>| {
        let name = |it| inventory.package(it).expect("there").name.clone();
        of.into_iter().map(name).collect::<Vec<_>>().join(" ")
    };
    let layer = || Layer::default().kept("var/lib/dpkg/status", &status);
    let guessed = Inventory::of_merged(&merged([layer()]));
    assert_eq!(
        names(&guessed, guessed.closure("tool")),
        "libc6 tool lib postfix"
    );
    assert_eq!(
        names(&guessed, guessed.exclusive("tool")),
        "tool lib postfix"
    );
    assert_eq!(names(&guessed, guessed.closure("no such")), "");
    let marks = "Package: lib\nArchitecture: amd64\nAuto-Installed: 1\n\n\
        Package: postfix\nArchitecture: amd64\nAuto-Installed: 0\n";
    let marked = layer().kept("var/lib/apt/extended_states", marks);
    let marked = Inventory::of_merged(&merged([marked]));
    assert_eq!(names(&marked, marked.exclusive("tool")), "tool lib");
}

#[test]
fn images_without_dpkg_have_a_file_a_package() {
    let one = "Package: base-files\nVersion: 12.4\nArchitecture: amd64\n";
    let image = merged([Layer::default()
        .kept("var/lib/dpkg/status.d/base", one)
        .kept(
            "var/lib/dpkg/status.d/base.md5sums",
            "0123  etc/debian_version\n4567  etc/gone\nnone\n",
        )
        .file("etc/debian_version", 6)
        .kept(
            "var/lib/dpkg/status.d/tzdata",
            "Package: tzdata\nVersion: 2024a\n",
        )
        .kept(
            "var/lib/dpkg/status.d/gone",
            "Package: gone\nStatus: deinstall ok config-files\n",
        )]);
    let inventory = Inventory::of_merged(&image);
    assert_eq!(
        told(&inventory),
        ["dpkg base-files 12.4 6 1", "dpkg tzdata 2024a ? ?"]
    );
}

#[test]
fn hostile_databases_are_survived() {
    let endless = format!(
        "Package: a\nStatus: {INSTALLED}\nDepends: {}\n",
        "a,|".repeat(100_000)
    );
    let many = format!("Package: a\nStatus: {INSTALLED}\n\n").repeat(300_000);
    for (status, packages, why) in [
        (b"".to_vec(), 0, None),
        (b"no database\n".to_vec(), 0, Some(Why::Unreadable)),
        (vec![0xff; 10_000], 0, Some(Why::Unreadable)),
        (
            b"Package:\nStatus: install ok installed\n".to_vec(),
            0,
            Some(Why::Unreadable),
        ),
        (
            b"Package: \xff\xfe\nStatus: install ok installed\n".to_vec(),
            1,
            None,
        ),
        (endless.into_bytes(), 1, None),
        (many.into_bytes(), 1 << 18, Some(Why::TooMany)),
    ] {
        let image = merged([Layer::default()
            .kept("var/lib/dpkg/status", &status)
            .kept("var/lib/dpkg/diversions", &status)
            .kept("var/lib/apt/extended_states", &status)]);
        let inventory = Inventory::of_merged(&image);
        assert_eq!(inventory.packages.len(), packages);
        let troubles: Vec<_> = inventory.troubles.iter().map(|it| it.what).collect();
        assert_eq!(troubles, why.into_iter().collect::<Vec<_>>());
    }
}
