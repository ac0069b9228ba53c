//! Which files each layer has, the lowest first.

use super::crates::CRATES;
use super::packages::{BASE, INSTALLED, packages, status};
use super::{Part, Whose};
use crate::cli::showroom::dice::Dice;

pub(super) fn base() -> Vec<Part> {
    let mut parts = packages(&BASE);
    parts.push(status(&[&BASE]));
    for language in ["de", "fr", "es", "ja", "pt_BR", "ru", "zh_CN", "sv"] {
        let path = format!("usr/share/locale/{language}/LC_MESSAGES/coreutils.mo");
        parts.push(Part::file(path, 190));
    }
    parts.push(Part::file("usr/share/i18n/locales/cns11643_stroke", 2_300));
    parts.push(Part::text(
        "etc/os-release",
        "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nID=debian\nHOME_URL=\"https://www.debian.org/\"\n",
    ).kept());
    parts.push(Part::text(
        "etc/passwd",
        "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    ));
    parts.push(Part::link("lib64", "usr/lib64"));
    parts.push(Part::link("usr/bin/awk", "/etc/alternatives/awk"));
    for part in &mut parts {
        if matches!(
            part.path.as_str(),
            "bin/su" | "usr/bin/passwd" | "usr/bin/chage"
        ) {
            part.mode = 0o4755;
        }
    }
    parts
}

pub(super) fn installed() -> Vec<Part> {
    let mut parts = packages(&INSTALLED);
    parts.push(status(&[&BASE, &INSTALLED]));
    // Nobody cleaned up in the same instruction.
    for (list, weight) in [
        ("main_binary-amd64_Packages.lz4", 4_600),
        ("main_i18n_Translation-en", 2_400),
        ("InRelease", 40),
    ] {
        let path = format!("var/lib/apt/lists/deb.debian.org_debian_dists_bookworm_{list}");
        parts.push(Part::file(path, weight));
    }
    parts.push(Part::file("var/cache/apt/pkgcache.bin", 2_900));
    parts.push(Part::file("var/cache/apt/srcpkgcache.bin", 2_800));
    parts.push(Part::file("var/log/dpkg.log", 60));
    parts.push(Part::file("var/log/apt/term.log", 35));
    parts.push(Part::link("usr/bin/gcc", "gcc-12"));
    parts.push(Part::link("usr/bin/cc", "/etc/alternatives/cc"));
    parts
}

pub(super) fn manifest(name: &str, version: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2024\"\n\n[dependencies]\naxum = \"0.8\"\nsqlx = {{ version = \"0.8\", features = [\"postgres\"] }}\ntokio = {{ version = \"1\", features = [\"full\"] }}\n"
    )
}

pub(super) fn source(dice: Dice, name: &str, version: &str) -> Vec<Part> {
    let pack = dice.hex(&format!("pack {name} {version}"), 40);
    let mut parts: Vec<Part> = ["main", "routes", "orders", "stock", "payment", "health"]
        .map(|file| Part::file(format!("srv/app/src/{file}.rs"), 30).of(version))
        .into();
    parts
        .push(Part::file(format!("srv/app/.git/objects/pack/pack-{pack}.pack"), 1_500).of(version));
    parts.push(Part::file(format!("srv/app/.git/objects/pack/pack-{pack}.idx"), 90).of(version));
    parts.push(Part::text("srv/app/.git/HEAD", "ref: refs/heads/main\n"));
    parts.push(
        Part::text(
            "srv/app/.env",
            "DATABASE_URL=postgres://app:change-me@localhost/app\nAPI_TOKEN=for-tests-only\n",
        )
        .mode(0o600),
    );
    parts.push(Part::text(
        "srv/app/config/limits.toml",
        "[limits]\nrequests_a_second = 200\nbody = \"2 MB\"\n\n[pool]\nconnections = 16\n",
    ));
    parts.push(Part::file("srv/app/assets/catalogue.json", 220).of(version));
    parts.push(Part::file("srv/app/assets/logo.png", 180));
    parts.push(Part::text(
        "srv/app/README.md",
        format!("# {name}\n\nRun `cargo test` before you push.\n"),
    ));
    parts
}

pub(super) fn tests(dice: Dice, name: &str, version: &str) -> Vec<Part> {
    let hash = |what: &str| dice.hex(&format!("{what} {name} {version}"), 16);
    let deps = "srv/app/target/release/deps";
    let mut parts = vec![
        Part::program(format!("{deps}/{name}-{}", hash("unit")), 2_900, false).of(version),
        Part::program(format!("{deps}/api-{}", hash("api")), 3_300, false).of(version),
    ];
    for (library, ..) in CRATES.iter().take(12) {
        let path = format!("{deps}/lib{library}-{}.rlib", hash(library));
        parts.push(Part::file(path, 320).of(version));
    }
    parts
}

pub(super) fn program(name: &str, version: &str, copied: Vec<Part>) -> Vec<Part> {
    let mut parts = vec![
        Part::gone("srv/app/target"),
        Part::gone("usr/local/cargo/registry"),
        Part {
            whose: Whose::App,
            ..Part::program(format!("srv/app/bin/{name}"), 1_000, true).of(version)
        },
    ];
    parts.extend(copied);
    parts
}
