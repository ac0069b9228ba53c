//! The reader against archives built block by block.

use std::io::{Cursor, Read as _};

use super::testing::{Archive, Entry, block, gnu_sparse, seal};
use super::*;
use crate::anatomy::limits::Limits;

/// Path, size and content of every entry.
type Listing = Vec<(Vec<u8>, u64, Vec<u8>)>;

fn read(bytes: &[u8]) -> Result<Listing, TarError> {
    read_within(bytes, &Limits::default())
}

fn read_within(bytes: &[u8], limits: &Limits) -> Result<Listing, TarError> {
    let mut reader = Reader::new(bytes, limits);
    let mut header = Header::default();
    let mut all = Vec::new();
    while reader.next_entry(&mut header)? {
        let mut content = Vec::new();
        reader.read_to_end(&mut content)?;
        all.push((header.path.clone(), header.size, content));
    }
    assert_eq!(reader.finish()?, bytes.len() as u64);
    Ok(all)
}

fn headers(bytes: &[u8]) -> Vec<Header> {
    let mut reader = Reader::new(bytes, &Limits::default());
    let mut all = vec![Header::default()];
    while reader
        .next_entry(all.last_mut().expect("one"))
        .expect("an archive")
    {
        all.push(Header::default());
    }
    all.pop();
    all
}

fn paths(bytes: &[u8]) -> Vec<Vec<u8>> {
    headers(bytes).into_iter().map(|it| it.path).collect()
}

fn error(bytes: &[u8]) -> String {
    read(bytes).expect_err("wrong").to_string()
}

#[test]
fn what_the_tar_crate_writes_is_read() {
    let long = format!("{}/{}", "d".repeat(90), "f".repeat(150));
    let mut builder = ::tar::Builder::new(Vec::new());
    for (path, content) in [("a", &b"one"[..]), (&long, b""), ("b/c", &[7; 1500])] {
        let mut header = ::tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o640);
        builder
            .append_data(&mut header, path, content)
            .expect("vec");
    }
    let bytes = builder.into_inner().expect("vec");
    let expected: Listing = vec![
        (b"a".to_vec(), 3, b"one".to_vec()),
        (long.into_bytes(), 0, Vec::new()),
        (b"b/c".to_vec(), 1500, vec![7; 1500]),
    ];
    assert_eq!(read(&bytes).expect("an archive"), expected);
    assert_eq!(headers(&bytes)[0].mode, 0o640);
}

#[test]
fn long_names_are_read_in_every_form() {
    let (long, link) = (vec![b'p'; 300], vec![b'l'; 400]);
    let gnu = Archive::default()
        .long(b'L', &long)
        .long(b'K', &link)
        .link(b'2', b"short", b"short")
        .file(b"next", b"")
        .end();
    let pax = Archive::default()
        .pax(&[(b"path", &long), (b"linkpath", &link)])
        .link(b'2', b"short", b"short")
        .file(b"next", b"")
        .end();
    for bytes in [gnu, pax] {
        let headers = headers(&bytes);
        assert_eq!((&headers[0].path, &headers[0].link), (&long, &link));
        assert_eq!(
            (&headers[1].path[..], &headers[1].link[..]),
            (&b"next"[..], &b""[..])
        );
    }
    let mut prefixed = block(Entry {
        path: b"name",
        ..Entry::default()
    });
    prefixed[345..351].copy_from_slice(b"prefix");
    seal(&mut prefixed);
    assert_eq!(paths(&prefixed), [b"prefix/name"]);
    // GNU's header has times in that place, unless an old Go wrote it.
    let gnu = |times: &[u8]| {
        let mut block = prefixed;
        block[257..265].copy_from_slice(b"ustar  \0");
        block[345..345 + times.len()].copy_from_slice(times);
        seal(&mut block);
        paths(&block)
    };
    assert_eq!(gnu(b"00000000000\0"), [&b"name"[..]]);
    assert_eq!(gnu(b"prefix"), [&b"prefix/name"[..]]);
    // Before there was ustar there was no prefix.
    let mut v7 = prefixed;
    v7[257..265].fill(0);
    seal(&mut v7);
    assert_eq!(paths(&v7), [b"name"]);
}

#[test]
fn names_are_any_bytes() {
    for name in [
        &b"line\nbreak"[..],
        b"\x1b[31mred",
        b"\xff\xfe",
        "ä/ö".as_bytes(),
    ] {
        assert_eq!(paths(&Archive::default().file(name, b"").end()), [name]);
        let pax = Archive::default()
            .pax(&[(b"path", name)])
            .file(b"x", b"")
            .end();
        assert_eq!(paths(&pax), [name]);
    }
}

#[test]
fn global_headers_are_read_past_as_engines_do() {
    let bytes = Archive::default()
        .records(
            b'g',
            &[(b"comment", b"a commit"), (b"uid", b"7"), (b"path", b"all")],
        )
        .file(b"one", b"1")
        .pax(&[(b"uid", b"9")])
        .file(b"two", b"2")
        .end();
    let owners: Vec<_> = headers(&bytes).iter().map(|it| it.uid).collect();
    assert_eq!(paths(&bytes), [b"one", b"two"]);
    assert_eq!(owners, [0, 9]);
}

#[test]
fn records_win_over_fields() {
    let bytes = Archive::default()
        .pax(&[
            (b"size", b"5"),
            (b"uid", b"4000000000"),
            (b"gid", b""),
            (b"mtime", b"1.5"),
        ])
        .entry(Entry {
            content: b"12345",
            size: Some(0),
            owner: (1, 2),
            ..Entry::default()
        })
        .file(b"next", b"")
        .end();
    let headers = headers(&bytes);
    assert_eq!(
        (headers[0].size, headers[0].uid, headers[0].gid),
        (5, 4_000_000_000, 2)
    );
    assert_eq!(headers[1].uid, 0);
    assert_eq!(read(&bytes).expect("an archive")[0].2, b"12345");
}

#[test]
fn kinds_and_numbers_are_told() {
    let device = |flag| Entry {
        flag,
        device: (8, 17),
        ..Entry::default()
    };
    let with = |flag, path| Entry {
        flag,
        path,
        ..Entry::default()
    };
    for (entry, kind) in [
        (with(b'0', b"a/"), EntryType::File),
        (with(0, b"a/"), EntryType::Directory),
        (with(0, b"a"), EntryType::File),
        (with(b'7', b"a"), EntryType::File),
        (with(b'1', b"a"), EntryType::HardLink),
        (with(b'2', b"a"), EntryType::Symlink),
        (device(b'3'), EntryType::CharDevice),
        (device(b'4'), EntryType::BlockDevice),
        (with(b'5', b"a"), EntryType::Directory),
        (with(b'6', b"a"), EntryType::Fifo),
        (with(b'Z', b"a"), EntryType::Other(b'Z')),
    ] {
        let header = headers(&block(entry)).remove(0);
        assert_eq!(header.kind, kind);
        assert_eq!((header.major, header.minor), entry.device);
    }
    // A length of what has no content means nothing.
    let bytes = Archive::default()
        .entry(Entry {
            size: Some(4096),
            ..with(b'5', b"dir")
        })
        .file(b"next", b"x")
        .end();
    assert_eq!(paths(&bytes), [b"dir", &b"next"[..]]);
}

#[test]
fn attributes_are_told() {
    let capability = b"\x01\0\0\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    let bytes = Archive::default()
        .pax(&[(b"SCHILY.xattr.security.capability", capability)])
        .program(b"ping", b"")
        .file(b"next", b"")
        .end();
    let headers = headers(&bytes);
    let expected = (b"security.capability".to_vec(), capability.to_vec());
    assert_eq!(headers[0].xattrs, [expected]);
    assert!(headers[1].xattrs.is_empty());
}

/// One file in four ways: `ab`, a hole, `cd` at 1000, a hole to 3000.
fn sparse_ways() -> [Vec<u8>; 4] {
    let data = |bytes: &[u8]| Entry {
        path: b"GNUSparseFile.0/file",
        content: &[],
        size: Some(bytes.len() as u64),
        ..Entry::default()
    };
    let old = Archive::default()
        .raw(&gnu_sparse(b"file", &[(0, 2), (1000, 2), (3000, 0)], 3000))
        .raw(b"abcd")
        .pad();
    let zero = Archive::default()
        .pax(&[
            (b"GNU.sparse.size", b"3000"),
            (b"GNU.sparse.numblocks", b"2"),
            (b"GNU.sparse.offset", b"0"),
            (b"GNU.sparse.numbytes", b"2"),
            (b"GNU.sparse.offset", b"1000"),
            (b"GNU.sparse.numbytes", b"2"),
        ])
        .file(b"file", b"abcd");
    let one = Archive::default()
        .pax(&[
            (b"GNU.sparse.size", b"3000"),
            (b"GNU.sparse.name", b"file"),
            (b"GNU.sparse.map", b"0,2,1000,2,3000,0"),
        ])
        .raw(&block(data(b"abcd")))
        .raw(b"abcd")
        .pad();
    let mut content = b"3\n0\n2\n1000\n2\n3000\n0\n".to_vec();
    content.resize(512, 0);
    content.extend(b"abcd");
    let ten = Archive::default()
        .pax(&[
            (b"GNU.sparse.major", b"1"),
            (b"GNU.sparse.minor", b"0"),
            (b"GNU.sparse.name", b"file"),
            (b"GNU.sparse.realsize", b"3000"),
        ])
        .raw(&block(data(&content)))
        .raw(&content)
        .pad();
    [old, zero, one, ten].map(|archive| archive.file(b"next", b"after").end())
}

#[test]
fn sparse_files_of_all_four_kinds_are_read_as_their_reader_sees_them() {
    let mut whole = vec![0; 3000];
    whole[..2].copy_from_slice(b"ab");
    whole[1000..1002].copy_from_slice(b"cd");
    let expected: Listing = vec![
        (b"file".to_vec(), 3000, whole),
        (b"next".to_vec(), 5, b"after".to_vec()),
    ];
    for bytes in sparse_ways() {
        assert_eq!(read(&bytes).expect("an archive"), expected);
        let headers = headers(&bytes);
        assert!(headers[0].sparse && !headers[1].sparse);
        assert_eq!(headers[0].stored, 4);
    }
}

#[test]
fn extents_go_on_in_blocks_behind_the_header() {
    let extents: Vec<_> = (0..100).map(|place| (place * 10, 1)).collect();
    let bytes = Archive::default()
        .raw(&gnu_sparse(b"file", &extents, 1 << 40))
        .raw(&[b'x'; 100])
        .pad()
        .end();
    let mut reader = Reader::new(&bytes[..], &Limits::default());
    let mut header = Header::default();
    assert!(reader.next_entry(&mut header).expect("an archive"));
    assert_eq!(header.size, 1 << 40);
    let (mut data, mut holes) = (0, 0);
    while let Some(piece) = reader.piece().expect("an archive") {
        match piece {
            Piece::Data(bytes) => data += bytes.len() as u64,
            Piece::Hole(length) => holes += length,
        }
    }
    assert_eq!((data, data + holes), (100, 1 << 40));
}

#[test]
fn hostile_maps_are_refused_before_they_cost_anything() {
    let ten = |map: &str| {
        let mut content = map.as_bytes().to_vec();
        content.resize(content.len().next_multiple_of(512), 0);
        Archive::default()
            .pax(&[
                (b"GNU.sparse.major", b"1"),
                (b"GNU.sparse.minor", b"0"),
                (b"GNU.sparse.realsize", b"3000"),
            ])
            .file(b"file", &content)
            .end()
    };
    for (bytes, says) in [
        (
            ten("1000000000\n0\n"),
            "sparse file of pieces beyond the limit of 1000000",
        ),
        (ten("99999999999999999999999\n"), "too large a number"),
        (ten("2\n0\n0\n"), "something else than numbers"),
        (
            ten(&format!("1\n{}", "0".repeat(510))),
            "longer than its content",
        ),
        (ten("1\n\n"), "empty line"),
        (ten("1\nx\n"), "something else than numbers"),
        (ten("1\n0\n4000\n"), "beyond the end of its file"),
        (ten("1\n0\n10\n"), "more data than there is"),
        (ten("2\n10\n0\n5\n0\n"), "overlap"),
        (ten("1\n18446744073709551615\n2\n"), "overlap"),
        (gnu_sparse(b"f", &[(0, 1)], u64::MAX >> 1), "truncated"),
    ] {
        let error = error(&bytes);
        assert!(error.contains(says), "{error}");
    }
    let extents: Vec<_> = (0..30).map(|place| (place, 1)).collect();
    let bytes = gnu_sparse(b"f", &extents, 30);
    let limits = Limits {
        extents: 20,
        ..Limits::default()
    };
    let error = read_within(&bytes, &limits).expect_err("too many");
    assert!(
        matches!(error, TarError::TooMuch { limit: 20, .. }),
        "{error}"
    );
    let two = [&bytes[..], &[1; 30], &[0; 482], &bytes, &[1; 30], &[0; 482]].concat();
    let limits = Limits {
        all_extents: 50,
        ..Limits::default()
    };
    let error = read_within(&two, &limits).expect_err("too many");
    assert!(
        matches!(error, TarError::TooMuch { limit: 50, .. }),
        "{error}"
    );
}

#[test]
fn claims_are_limited() {
    let huge = |flag| {
        block(Entry {
            flag,
            size: Some(1 << 40),
            ..Entry::default()
        })
    };
    for (flag, what) in [
        (b'x', "PAX header"),
        (b'g', "PAX header"),
        (b'L', "long path"),
    ] {
        let error = error(&huge(flag));
        assert!(error.contains(what) && error.contains("limit"), "{error}");
    }
    let path = vec![b'a'; 70_000];
    let pax = Archive::default()
        .pax(&[(b"path", &path)])
        .file(b"x", b"")
        .end();
    assert!(error(&pax).contains("a long path beyond the limit of 65536"));
    let limits = Limits {
        entries: 3,
        ..Limits::default()
    };
    let four = (0..4).fold(Archive::default(), |archive, _| archive.file(b"x", b""));
    let error = read_within(&four.end(), &limits).expect_err("too many");
    assert!(
        error.to_string().contains("entries beyond the limit of 3"),
        "{error}"
    );
}

#[test]
fn checksums_are_verified_signed_ones_too() {
    let mut signed = block(Entry {
        path: b"\xff\xfe",
        ..Entry::default()
    });
    let told = i64::from_str_radix(std::str::from_utf8(&signed[148..154]).expect("digits"), 8);
    let told = told.expect("digits") - 512;
    signed[148..154].copy_from_slice(format!("{told:06o}").as_bytes());
    assert_eq!(paths(&signed), [b"\xff\xfe"]);
    let mut wrong = Archive::default().file(b"a", b"").end();
    wrong[0] = b'b';
    assert_eq!(
        error(&wrong),
        "a tar archive was expected, but this is bytes of no form that is known here"
    );
    let mut second = Archive::default().file(b"a", b"").file(b"b", b"").end();
    second[512] = b'c';
    assert_eq!(
        error(&second),
        "the tar archive is damaged at byte 512: a header's checksum is wrong"
    );
}

#[test]
fn ends_are_ends_wherever_no_content_is_cut() {
    let whole = Archive::default().file(b"a", b"content").end();
    let listing = read(&whole).expect("an archive");
    assert_eq!(listing.len(), 1);
    for length in [519, 600, 1024, 1536, 1600] {
        assert_eq!(read(&whole[..length]).expect("an end"), listing, "{length}");
    }
    for length in [513, 518] {
        assert!(
            error(&whole[..length]).contains("within the content"),
            "{length}"
        );
    }
    assert!(error(&whole[..511]).contains("expected"));
    let two = Archive::default().file(b"a", b"").file(b"b", b"");
    assert!(error(&two.0[..700]).contains("ends at byte 700, within a header"));
    assert!(error(&Archive::default().raw(&[0; 512]).file(b"a", b"").end()).contains("follows"));
    assert_eq!(read(b"").expect("empty"), []);
    assert_eq!(read(&[0; 10_240]).expect("empty"), []);
    // What stands behind the end is read, and no part of the archive.
    let more = [&whole[..], b"rubbish"].concat();
    assert_eq!(read(&more).expect("an archive"), listing);
}

#[test]
fn what_is_no_archive_is_told() {
    for (bytes, found) in [
        (&b"{\"a\": 1}"[..], "JSON"),
        (b"hello\n", "text"),
        (b"<html></html>", "an HTML page"),
        (&b"text and more text".repeat(100), "text"),
    ] {
        let expected = format!("a tar archive was expected, but this is {found}");
        assert_eq!(error(bytes), expected);
    }
}

#[test]
fn contents_are_found_again_by_their_offset_and_passed_over_by_seeking() {
    let big = vec![b'x'; 700_000];
    let bytes = Archive::default()
        .file(b"one", &big)
        .file(b"two", b"second")
        .file(b"three", &big)
        .file(b"four", b"fourth")
        .end();
    let mut reader = Reader::new(Cursor::new(&bytes), &Limits::default());
    let mut header = Header::default();
    let mut found = Vec::new();
    while reader.next_entry(&mut header).expect("an archive") {
        let start = usize::try_from(header.offset).expect("small");
        let end = start + usize::try_from(header.stored).expect("small");
        found.push((header.path.clone(), bytes[start..end].len()));
        assert!(bytes[start..].starts_with(if header.size > 10 {
            b"xxxxxx"
        } else if header.path == b"two" {
            b"second"
        } else {
            b"fourth"
        }));
        reader.seek_over_content().expect("there");
    }
    assert_eq!(found.len(), 4);
    let cut = &bytes[..bytes.len() - 3000];
    let mut reader = Reader::new(Cursor::new(cut), &Limits::default());
    let mut seen = 0;
    let error = loop {
        match reader.next_entry(&mut header) {
            Ok(true) => seen += 1,
            Ok(false) => panic!("the end is missing"),
            Err(error) => break error,
        }
        if let Err(error) = reader.seek_over_content() {
            break error;
        }
    };
    assert!(matches!(error, TarError::Truncated { .. }), "{error}");
    assert_eq!(seen, 3);
}
