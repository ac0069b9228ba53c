//! Python's packages: `*.dist-info` and `*.egg-info`.

use std::collections::HashMap;

use super::gathering::{Gathering, Why};
use super::package::{Package, PackageKind, PackageNo};
use super::paths::trimmed;
use super::sources::Content;
use super::stanzas::{Stanzas, lines};
use crate::anatomy::merged::NodeId;

/// Reads all packages; `records` are their lists of files.
pub(super) fn read(metadata: &[Content<'_>], records: &[Content<'_>], into: &mut Gathering<'_>) {
    let records: HashMap<NodeId, &Content<'_>> = records
        .iter()
        .filter_map(|record| Some((into.merged.parent(record.node)?, record)))
        .collect();
    for metadata in metadata {
        let Some(content) = metadata.unpack() else {
            into.trouble(&metadata.path, Why::Unreadable);
            continue;
        };
        let Some((name, version)) = name_and_version(&content) else {
            into.trouble(&metadata.path, Why::Unreadable);
            continue;
        };
        let layer = into.layer_of(metadata.entry);
        let python = PackageKind::Python;
        let package = Package::new(python, name, version, layer, &metadata.path);
        let Some(package) = into.add(package) else {
            return;
        };
        let record = into.merged.parent(metadata.node);
        let record = record.and_then(|directory| records.get(&directory));
        if let Some(record) = record.filter(|_| !metadata.name().ends_with(b".egg-info")) {
            claim(package, record, into);
        }
    }
}

/// What the first paragraph says: a description may follow it.
fn name_and_version(content: &[u8]) -> Option<(&[u8], &[u8])> {
    let (mut name, mut version) = (None, None);
    for (field, value) in Stanzas::of(content).next()?.fields() {
        match field.to_ascii_lowercase().as_slice() {
            b"name" => name = name.or(Some(value)),
            b"version" => version = version.or(Some(value)),
            _ => {}
        }
    }
    let name = name.filter(|name| !name.is_empty())?;
    Some((name, version.unwrap_or_default()))
}

/// Files by `RECORD`, from the directory beside its own; by `installed-files.txt`, from its
/// own. What the installer wrote beside them is the package's, too.
fn claim(package: PackageNo, record: &Content<'_>, into: &mut Gathering<'_>) {
    let Some(content) = record.unpack() else {
        into.trouble(&record.path, Why::Unreadable);
        return;
    };
    let Some(info) = into.merged.parent(record.node) else {
        return;
    };
    into.claim_below(package, info);
    let comma_separated = record.name() == b"RECORD";
    let base = if comma_separated {
        into.merged.parent(info).unwrap_or(NodeId::ROOT)
    } else {
        info
    };
    let mut whole = into.merged.path(base);
    whole.push(b'/');
    let length = whole.len();
    for line in lines(&content) {
        let path = if comma_separated {
            first_field(line)
        } else {
            line.trim_ascii().to_vec()
        };
        if path.starts_with(b"/") {
            into.claim(package, trimmed(&path));
        } else if !path.is_empty() {
            whole.extend_from_slice(&path);
            into.claim(package, &whole);
            whole.truncate(length);
        }
    }
}

/// The first field of a line of comma-separated values; `""` in quotes is one quote.
fn first_field(line: &[u8]) -> Vec<u8> {
    let Some(quoted) = line.strip_prefix(b"\"") else {
        let end = line.iter().position(|byte| *byte == b',');
        return line
            .get(..end.unwrap_or(line.len()))
            .unwrap_or_default()
            .to_vec();
    };
    let mut field = Vec::new();
    let mut bytes = quoted.iter().peekable();
    while let Some(byte) = bytes.next() {
        if *byte == b'"' && bytes.next_if_eq(&&b'"').is_none() {
            break;
        }
        field.push(*byte);
    }
    field
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anatomy::packages::Inventory;
    use crate::anatomy::packages::testing::{Layer, merged, told};

    const SITE: &str = "usr/lib/python3/site-packages";

    fn in_site(path: &str) -> String {
        format!("{SITE}/{path}")
    }

    #[test]
    fn packages_are_read_with_their_files() {
        let record = "pip/__init__.py,sha256=x,1\n\"pip/a,\"\"b\"\".py\",,\n../../../bin/pip,,\n\
            /etc/pip.conf,,\npip-1.dist-info/RECORD,,\n";
        let metadata = "Metadata-Version: 2.1\nName: pip\nVersion: 23.0\n\nName: not this\n";
        let inventory = Inventory::of_merged(&merged([Layer::default()
            .kept(&in_site("pip-1.dist-info/METADATA"), metadata)
            .kept(&in_site("pip-1.dist-info/RECORD"), record)
            .file(&in_site("pip-1.dist-info/INSTALLER"), 4)
            .file(&in_site("pip/__init__.py"), 100)
            .file(
                &in_site("pip/__pycache__/__init__.cpython-311.opt-1.pyc"),
                30,
            )
            .file(&in_site("pip/__pycache__/nobodys.cpython-311.pyc"), 1)
            .file(&in_site("pip/a,\"b\".py"), 10)
            .file("usr/bin/pip", 5)
            .file("etc/pip.conf", 2)
            .kept(&in_site("old.egg-info/PKG-INFO"), "Name: old\nVersion: 2\n")
            .kept(
                &in_site("old.egg-info/installed-files.txt"),
                "../old.py\nPKG-INFO\n",
            )
            .file(&in_site("old.py"), 7)
            .kept(
                &in_site("distutils-3.egg-info"),
                "Name: distutils\nVersion: 3\n",
            )]));
        let own = metadata.len() + record.len() + 4;
        let old = "Name: old\nVersion: 2\n".len() + "../old.py\nPKG-INFO\n".len() + 7;
        let mut told = told(&inventory);
        told.sort();
        let mut expected = [
            format!("python pip 23.0 {} 8", own + 100 + 30 + 10 + 5 + 2),
            format!("python old 2 {old} 3"),
            "python distutils 3 ? ?".to_owned(),
        ];
        expected.sort();
        assert_eq!(told, expected);
    }

    #[test]
    fn a_systems_package_keeps_its_python_modules() {
        let status = "Package: python3-six\nStatus: install ok installed\nVersion: 1.16-4\n";
        let list = "/usr/lib/python3/six.py\n/usr/lib/python3/six-1.16.egg-info/PKG-INFO\n";
        let inventory = Inventory::of_merged(&merged([Layer::default()
            .kept("var/lib/dpkg/status", status)
            .kept("var/lib/dpkg/info/python3-six.list", list)
            .file("usr/lib/python3/six.py", 100)
            .kept(
                "usr/lib/python3/six-1.16.egg-info/PKG-INFO",
                "Name: six\nVersion: 1.16\n",
            )
            .kept(
                "usr/lib/python3/six-1.16.egg-info/installed-files.txt",
                "../six.py\n",
            )]));
        let [dpkg, python] = &inventory.packages[..] else {
            panic!("two packages");
        };
        assert_eq!(dpkg.within, None);
        assert_eq!(python.within, Some(PackageNo(0)));
        // One file of it is its own: what pip wrote beside Debian's.
        assert_eq!(python.files, Some(1));
    }

    #[test]
    fn hostile_metadata_are_survived() {
        for hostile in [
            &b""[..],
            b"\n\nName: behind an empty line is a paragraph, too",
            b"Version: 1\n",
            b"Name:\n",
            b"\xff\xff\xff",
        ] {
            let image = merged([Layer::default()
                .kept("a.dist-info/METADATA", hostile)
                .kept(
                    "a.dist-info/RECORD",
                    b"\"\n\"\"\n\",\n../../../../../etc/passwd,,\n,,\n",
                )
                .file("etc/passwd", 10)]);
            let inventory = Inventory::of_merged(&image);
            let read = hostile.starts_with(b"\n");
            assert_eq!(inventory.packages.len(), usize::from(read), "{hostile:?}");
            assert_eq!(inventory.troubles.len(), usize::from(!read), "{hostile:?}");
        }
    }

    #[test]
    fn fields_are_taken_out_of_quotes() {
        for (line, field) in [
            (&b"a,b"[..], &b"a"[..]),
            (b"a", b"a"),
            (b"\"a,b\",c", b"a,b"),
            (b"\"a\"\"b\",c", b"a\"b"),
            (b"\"open", b"open"),
            (b"\"", b""),
            (b",", b""),
        ] {
            assert_eq!(first_field(line), field, "{line:?}");
        }
    }
}
