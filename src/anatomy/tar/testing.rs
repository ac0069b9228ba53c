//! Archives built block by block, wrong ones too.

/// An archive being written.
#[derive(Clone, Default)]
pub(in crate::anatomy) struct Archive(pub(in crate::anatomy) Vec<u8>);

/// One header, field by field.
#[derive(Clone, Copy)]
pub(in crate::anatomy) struct Entry<'a> {
    pub(in crate::anatomy) path: &'a [u8],
    pub(in crate::anatomy) flag: u8,
    pub(in crate::anatomy) mode: u32,
    pub(in crate::anatomy) owner: (u32, u32),
    pub(in crate::anatomy) link: &'a [u8],
    pub(in crate::anatomy) device: (u32, u32),
    pub(in crate::anatomy) content: &'a [u8],
    /// What the header claims; nothing: the truth.
    pub(in crate::anatomy) size: Option<u64>,
}

impl Default for Entry<'_> {
    fn default() -> Self {
        Self {
            path: b"file",
            flag: b'0',
            mode: 0o644,
            owner: (0, 0),
            link: b"",
            device: (0, 0),
            content: b"",
            size: None,
        }
    }
}

impl Archive {
    pub(in crate::anatomy) fn file(self, path: &[u8], content: &[u8]) -> Self {
        self.entry(Entry {
            path,
            content,
            ..Entry::default()
        })
    }

    pub(in crate::anatomy) fn program(self, path: &[u8], content: &[u8]) -> Self {
        self.entry(Entry {
            path,
            content,
            mode: 0o755,
            ..Entry::default()
        })
    }

    pub(in crate::anatomy) fn directory(self, path: &[u8]) -> Self {
        self.entry(Entry {
            path,
            flag: b'5',
            mode: 0o755,
            ..Entry::default()
        })
    }

    pub(in crate::anatomy) fn link(self, flag: u8, path: &[u8], link: &[u8]) -> Self {
        self.entry(Entry {
            path,
            flag,
            link,
            ..Entry::default()
        })
    }

    pub(in crate::anatomy) fn entry(self, entry: Entry<'_>) -> Self {
        let block = block(entry);
        self.raw(&block).raw(entry.content).pad()
    }

    /// A PAX header for the next entry.
    pub(in crate::anatomy) fn pax(self, records: &[(&[u8], &[u8])]) -> Self {
        self.records(b'x', records)
    }

    pub(in crate::anatomy) fn records(self, flag: u8, records: &[(&[u8], &[u8])]) -> Self {
        let content: Vec<u8> = records.iter().flat_map(|it| record(it.0, it.1)).collect();
        self.entry(Entry {
            path: b"pax",
            flag,
            content: &content,
            ..Entry::default()
        })
    }

    /// A GNU long name (`L`) or long link (`K`) for the next entry.
    pub(in crate::anatomy) fn long(self, flag: u8, name: &[u8]) -> Self {
        let mut content = name.to_vec();
        content.push(0);
        self.entry(Entry {
            path: b"././@LongLink",
            flag,
            content: &content,
            ..Entry::default()
        })
    }

    pub(in crate::anatomy) fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(in crate::anatomy) fn pad(mut self) -> Self {
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    /// The two blocks of zeros at the end.
    pub(in crate::anatomy) fn end(mut self) -> Vec<u8> {
        self.0.extend([0; 1024]);
        self.0
    }
}

/// A header's block, checksum included.
pub(in crate::anatomy) fn block(entry: Entry<'_>) -> [u8; 512] {
    let mut block = [0; 512];
    let size = entry.size.unwrap_or(entry.content.len() as u64);
    let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &entry.path[..entry.path.len().min(100)]);
    put(100, format!("{:07o}", entry.mode).as_bytes());
    put(108, format!("{:07o}", entry.owner.0).as_bytes());
    put(116, format!("{:07o}", entry.owner.1).as_bytes());
    if size < 1 << 33 {
        put(124, format!("{size:011o}").as_bytes());
    } else {
        put(124, &[0x80, 0, 0, 0]);
        put(128, &size.to_be_bytes());
    }
    put(136, b"00000000000");
    put(156, &[entry.flag]);
    put(157, &entry.link[..entry.link.len().min(100)]);
    put(257, b"ustar\x0000");
    put(329, format!("{:07o}", entry.device.0).as_bytes());
    put(337, format!("{:07o}", entry.device.1).as_bytes());
    seal(&mut block);
    block
}

/// Writes a block's checksum.
pub(in crate::anatomy) fn seal(block: &mut [u8; 512]) {
    block[148..156].copy_from_slice(b"        ");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
}

/// One PAX record.
pub(in crate::anatomy) fn record(key: &[u8], value: &[u8]) -> Vec<u8> {
    let rest = [b" ", key, b"=", value, b"\n"].concat();
    let mut length = rest.len();
    while length != rest.len() + length.to_string().len() {
        length = rest.len() + length.to_string().len();
    }
    [length.to_string().into_bytes(), rest].concat()
}

/// A header of an old GNU sparse file: its extents, and the length of the whole file. More
/// than four extents go to blocks behind it.
pub(in crate::anatomy) fn gnu_sparse(path: &[u8], extents: &[(u64, u64)], size: u64) -> Vec<u8> {
    let stored = extents.iter().map(|it| it.1).sum();
    let mut header = block(Entry {
        path,
        flag: b'S',
        size: Some(stored),
        ..Entry::default()
    });
    let number = |number: u64| {
        let mut field = format!("{number:011o}\0").into_bytes();
        if number >= 1 << 33 {
            field = [&[0x80, 0, 0, 0], &number.to_be_bytes()[..]].concat();
        }
        field
    };
    let pair = |(offset, length): &(u64, u64)| [number(*offset), number(*length)].concat();
    header[257..265].copy_from_slice(b"ustar  \0");
    header[345..500].fill(0);
    let (first, rest) = extents.split_at(extents.len().min(4));
    for (place, extent) in first.iter().enumerate() {
        header[386 + 24 * place..410 + 24 * place].copy_from_slice(&pair(extent));
    }
    header[482] = u8::from(!rest.is_empty());
    header[483..495].copy_from_slice(&number(size));
    seal(&mut header);
    let mut bytes = header.to_vec();
    let mut chunks = rest.chunks(21).peekable();
    while let Some(chunk) = chunks.next() {
        let mut more = [0; 512];
        for (place, extent) in chunk.iter().enumerate() {
            more[24 * place..24 * place + 24].copy_from_slice(&pair(extent));
        }
        more[504] = u8::from(chunks.peek().is_some());
        bytes.extend(more);
    }
    bytes
}
