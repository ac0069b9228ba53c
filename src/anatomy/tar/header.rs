//! What an archive says of one entry.

/// What an entry is, by its type flag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum EntryType {
    /// A regular file, sparse ones included.
    #[default]
    File,
    /// Another name of a file.
    HardLink,
    /// A symbolic link.
    Symlink,
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
    /// A directory.
    Directory,
    /// A named pipe.
    Fifo,
    /// Some other type, by its flag.
    Other(u8),
}

impl EntryType {
    pub(super) fn of(flag: u8, path: &[u8]) -> Self {
        match flag {
            // Before there was a type for directories.
            0 if path.ends_with(b"/") => Self::Directory,
            0 | b'0' | b'7' | b'S' => Self::File,
            b'1' => Self::HardLink,
            b'2' => Self::Symlink,
            b'3' => Self::CharDevice,
            b'4' => Self::BlockDevice,
            b'5' => Self::Directory,
            b'6' => Self::Fifo,
            other => Self::Other(other),
        }
    }

    /// Whether content follows its header. A length in the header of any other means nothing.
    pub(super) const fn has_content(self) -> bool {
        matches!(self, Self::File | Self::Other(_))
    }
}

/// What an archive says of one entry. Made once and read into again and again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The path as the archive has it: any bytes but zero.
    pub path: Vec<u8>,
    /// What a link points to, as the archive has it.
    pub link: Vec<u8>,
    /// What it is.
    pub kind: EntryType,
    /// Permission bits, and whatever else the field had.
    pub mode: u32,
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Length as a reader of the file sees it, holes included.
    pub size: u64,
    /// Length of the content in the archive, a sparse map before it not counted.
    pub stored: u64,
    /// Where in the (uncompressed) stream the content begins.
    pub offset: u64,
    /// Major number of a device.
    pub major: u32,
    /// Minor number of a device.
    pub minor: u32,
    /// Whether the content is stored without its holes.
    pub sparse: bool,
    /// Extended attributes: name and value, each name once.
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Header {
    pub(super) fn clear(&mut self) {
        let (mut path, mut link) = (
            std::mem::take(&mut self.path),
            std::mem::take(&mut self.link),
        );
        path.clear();
        link.clear();
        let mut xattrs = std::mem::take(&mut self.xattrs);
        xattrs.clear();
        *self = Self {
            path,
            link,
            xattrs,
            ..Self::default()
        };
    }
}
