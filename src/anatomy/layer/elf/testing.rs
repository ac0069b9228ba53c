//! Programs built field by field.

/// A program to build.
pub(in crate::anatomy::layer) struct Builder {
    pub(in crate::anatomy::layer) wide: bool,
    pub(in crate::anatomy::layer) big: bool,
    pub(in crate::anatomy::layer) kind: u16,
    pub(in crate::anatomy::layer) interpreter: Option<&'static [u8]>,
    pub(in crate::anatomy::layer) needed: Vec<&'static [u8]>,
    /// Name, type and content; the link of a table of symbols is the section behind it.
    pub(in crate::anatomy::layer) sections: Vec<(&'static [u8], u32, Vec<u8>)>,
    /// Content that is loaded writable, before the sections.
    pub(in crate::anatomy::layer) writable: Vec<u8>,
    /// Zeros before everything but the header.
    pub(in crate::anatomy::layer) room: usize,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            wide: true,
            big: false,
            kind: 3,
            interpreter: None,
            needed: Vec::new(),
            sections: Vec::new(),
            writable: Vec::new(),
            room: 0,
        }
    }
}

/// Where the file is loaded.
pub(in crate::anatomy::layer) const BASE: u64 = 0x40_0000;

impl Builder {
    fn put(&self, bytes: &mut Vec<u8>, value: u64, length: usize) {
        let all = value.to_le_bytes();
        let mut field = all[..length].to_vec();
        if self.big {
            field.reverse();
        }
        bytes.extend(field);
    }

    fn word(&self) -> usize {
        if self.wide { 8 } else { 4 }
    }

    /// Where the writable content begins.
    pub(in crate::anatomy::layer) fn writable_at(&self) -> u64 {
        (self.head() + self.room).next_multiple_of(64) as u64
    }

    fn head(&self) -> usize {
        let (header, segment) = if self.wide { (64, 56) } else { (52, 32) };
        header + 4 * segment
    }

    pub(in crate::anatomy::layer) fn build(&self) -> Vec<u8> {
        let mut body = vec![0; usize::try_from(self.writable_at()).expect("small")];
        body.extend(&self.writable);
        let writable = (self.writable_at(), self.writable.len() as u64);
        let interpreter = self.interpreter.map(|path| {
            let at = body.len() as u64;
            body.extend(path);
            body.push(0);
            (at, path.len() as u64 + 1)
        });
        let (strings_at, mut strings) = (body.len() as u64, vec![0]);
        let mut dynamic = Vec::new();
        for name in &self.needed {
            self.put(&mut dynamic, 1, self.word());
            self.put(&mut dynamic, strings.len() as u64, self.word());
            strings.extend(*name);
            strings.push(0);
        }
        self.put(&mut dynamic, 5, self.word());
        self.put(&mut dynamic, BASE + strings_at, self.word());
        self.put(&mut dynamic, 0, self.word());
        self.put(&mut dynamic, 0, self.word());
        body.extend(strings);
        let dynamic_at = body.len() as u64;
        body.extend(&dynamic);
        let loaded = body.len() as u64;
        let (table, count) = self.sections(&mut body);
        let mut segments = vec![(1, 5, (0, loaded)), (1, 6, writable)];
        segments.extend(interpreter.map(|it| (3, 4, it)));
        if !self.needed.is_empty() {
            segments.push((2, 6, (dynamic_at, dynamic.len() as u64)));
        }
        let head = self.headers(&segments, table, count);
        body[..head.len()].copy_from_slice(&head);
        body
    }

    /// Adds sections and their table; answers where it is, and how many there are.
    fn sections(&self, body: &mut Vec<u8>) -> (u64, u64) {
        if self.sections.is_empty() {
            return (0, 0);
        }
        let mut names = vec![0];
        let mut rows = Vec::new();
        let count = self.sections.len() as u64 + 2;
        let mut row = |name: u64, kind: u64, at: u64, size: u64, link: u64| {
            let word = self.word();
            let fields = [
                (name, 4),
                (kind, 4),
                (0, word),
                (0, word),
                (at, word),
                (size, word),
            ];
            for (value, length) in
                fields
                    .into_iter()
                    .chain([(link, 4), (0, 4), (0, word), (0, word)])
            {
                self.put(&mut rows, value, length);
            }
        };
        row(0, 0, 0, 0, 0);
        for (place, (name, kind, content)) in self.sections.iter().enumerate() {
            let at = body.len() as u64;
            row(
                names.len() as u64,
                (*kind).into(),
                at,
                content.len() as u64,
                place as u64 + 2,
            );
            body.extend(content);
            names.extend(*name);
            names.push(0);
        }
        row(0, 3, body.len() as u64, names.len() as u64, 0);
        body.extend(names);
        let table = body.len() as u64;
        body.extend(rows);
        (table, count)
    }

    fn headers(&self, segments: &[(u64, u64, (u64, u64))], table: u64, count: u64) -> Vec<u8> {
        let word = self.word();
        let order = if self.big { 2 } else { 1 };
        let mut head = b"\x7fELF".to_vec();
        head.extend([if self.wide { 2 } else { 1 }, order, 1]);
        head.resize(16, 0);
        let (header, segment, section) = if self.wide {
            (64, 56, 64)
        } else {
            (52, 32, 40)
        };
        for (value, length) in [
            (self.kind.into(), 2),
            (62, 2),
            (1, 4),
            (0, word),
            (header, word),
            (table, word),
            (0, 4),
            (header, 2),
            (segment, 2),
            (segments.len() as u64, 2),
            (section, 2),
            (count, 2),
            (count.saturating_sub(1), 2),
        ] {
            self.put(&mut head, value, length);
        }
        for (kind, flags, (at, length)) in segments {
            let rest = [
                (*at, word),
                (BASE + at, word),
                (0, word),
                (*length, word),
                (*length, word),
            ];
            let fields = if self.wide {
                [&[(*kind, 4), (*flags, 4)][..], &rest, &[(0, 8)]].concat()
            } else {
                [&[(*kind, 4)][..], &rest, &[(*flags, 4), (0, 4)]].concat()
            };
            for (value, length) in fields {
                self.put(&mut head, value, length);
            }
        }
        head
    }
}
