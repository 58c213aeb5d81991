//! Entry bundles: up to 256 entries, each after its length as a big-endian 16-bit number.

use super::TILE_WIDTH;

/// The largest entry: what a 16-bit length can say. Larger bodies are kept elsewhere and recorded by hash.
pub const MAX_ENTRY_BYTES: usize = u16::MAX as usize;
/// The largest bundle.
pub const MAX_BUNDLE_BYTES: usize = TILE_WIDTH as usize * (MAX_ENTRY_BYTES + LENGTH_BYTES);

const LENGTH_BYTES: usize = 2;

/// Why entries cannot be bundled or a bundle cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BundleError {
    /// The entry exceeds [`MAX_ENTRY_BYTES`].
    #[error("entry of {bytes} bytes exceeds {MAX_ENTRY_BYTES}; store the body elsewhere and record its hash")]
    EntryTooLarge {
        /// Size of the entry.
        bytes: usize,
    },
    /// The bundle holds 256 entries already.
    #[error("the bundle holds {TILE_WIDTH} entries already")]
    Full,
    /// The bundle ends within or before an entry.
    #[error("the bundle ends before the end of its entry {at}")]
    Truncated {
        /// Position of the entry within the bundle.
        at: u16,
    },
    /// Bytes follow the last entry.
    #[error("{bytes} bytes follow the last entry")]
    Trailing {
        /// Number of bytes.
        bytes: usize,
    },
}

/// A bundle under construction.
#[derive(Clone, Debug, Default)]
pub struct Bundle {
    bytes: Vec<u8>,
    width: u16,
}

impl Bundle {
    /// Adds an entry.
    pub fn push(&mut self, entry: &[u8]) -> Result<(), BundleError> {
        if self.width >= TILE_WIDTH {
            return Err(BundleError::Full);
        }
        let length =
            u16::try_from(entry.len()).map_err(|_| BundleError::EntryTooLarge { bytes: entry.len() })?;
        self.bytes.extend_from_slice(&length.to_be_bytes());
        self.bytes.extend_from_slice(entry);
        self.width += 1;
        Ok(())
    }

    /// Number of entries.
    pub fn width(&self) -> u16 {
        self.width
    }

    /// The bytes as stored.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Reads the entries of a bundle one by one, so that what precedes a fault can still be used.
#[derive(Clone, Debug)]
pub struct BundleReader<'a> {
    rest: &'a [u8],
    at: u16,
    width: u16,
}

impl<'a> BundleReader<'a> {
    /// Over the first `width` entries of `bytes`.
    pub fn new(bytes: &'a [u8], width: u16) -> Self {
        Self { rest: bytes, at: 0, width: width.min(TILE_WIDTH) }
    }

    /// What follows the entries read so far.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    fn take(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.rest.split_first_chunk::<LENGTH_BYTES>()?;
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        self.rest = rest;
        Some(entry)
    }
}

impl<'a> Iterator for BundleReader<'a> {
    type Item = Result<&'a [u8], BundleError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.width {
            return None;
        }
        let at = self.at;
        if let Some(entry) = self.take() {
            self.at += 1;
            Some(Ok(entry))
        } else {
            self.at = self.width;
            Some(Err(BundleError::Truncated { at }))
        }
    }
}

/// The `width` entries of a bundle; bytes beyond them are an error.
pub fn decode_bundle(bytes: &[u8], width: u16) -> Result<Vec<&[u8]>, BundleError> {
    let mut reader = BundleReader::new(bytes, width);
    let entries = reader.by_ref().collect::<Result<Vec<_>, _>>()?;
    match reader.rest().len() {
        0 => Ok(entries),
        bytes => Err(BundleError::Trailing { bytes }),
    }
}
