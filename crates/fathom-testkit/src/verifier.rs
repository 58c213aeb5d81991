//! A second verifier of the sealed log, written from the specifications and sharing no code with the ledger.
//!
//! It says the same thing in another way: hashes come from the recursive definitions of RFC 6962 with
//! everything in memory, an inclusion proof is followed from the root down, and a log is compared file by
//! file with what its entries must lead to. Whoever doubts the ledger's verdict can read these lines
//! instead.
//!
//! Formats: C2SP signed-note, tlog-checkpoint, tlog-tiles and tlog-proof. Recursion depth is at most the
//! number of bits in a log's size.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};

type Sum = [u8; 32];

/// The most entries that [`verify_dir`] holds in memory.
pub const MAX_ENTRIES: u64 = 1 << 22;

const TILE_WIDTH: u64 = 256;

/// What a proof has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Identity of the log.
    pub origin: String,
    /// Index of the entry, from 0.
    pub index: u64,
    /// Number of entries of the signed checkpoint.
    pub size: u64,
    /// Root of the signed checkpoint.
    pub root: [u8; 32],
}

/// Checks that the log with the verifier key `key` (`<name>+<key id>+<base64>`) contains the bytes of
/// `entry`, by a proof in the form of C2SP tlog-proof. The error says what does not hold.
pub fn verify_proof(proof: &str, entry: &[u8], key: &str) -> Result<Verified, String> {
    let rest = proof.strip_prefix("c2sp.org/tlog-proof@v1\n").ok_or("not a tlog-proof")?;
    let (head, checkpoint) = rest.split_once("\n\n").ok_or("no checkpoint in the proof")?;
    let mut lines: Vec<&str> = head.split('\n').collect();
    if lines.first().is_some_and(|line| line.starts_with("extra ")) {
        lines.remove(0);
    }
    let (first, hashes) = lines.split_first().ok_or("no index in the proof")?;
    let index = decimal(first.strip_prefix("index ").ok_or("no index in the proof")?)?;
    let path = hashes.iter().map(|line| sum_of_base64(line)).collect::<Result<Vec<_>, _>>()?;
    let (origin, size, root) = open_checkpoint(checkpoint, key)?;
    if index >= size {
        return Err(format!("index {index} lies outside a log of {size} entries"));
    }
    if root_from_above(leaf(entry), index, size, &path)? != root {
        return Err(format!("the entry is not the one at index {index}"));
    }
    Ok(Verified { origin, index, size, root })
}

/// Checks a log kept as files below `dir`, as C2SP tlog-tiles lays them out: `checkpoint`,
/// `tile/<level>/…`, `tile/entries/…`. Returns the number of entries; the error names the first file or
/// entry that does not hold.
pub fn verify_dir(dir: &Path, key: &str) -> Result<u64, String> {
    let checkpoint = fs::read_to_string(dir.join("checkpoint")).map_err(|e| format!("checkpoint: {e}"))?;
    let (_, size, root) = open_checkpoint(&checkpoint, key)?;
    if size > MAX_ENTRIES {
        return Err(format!("{size} entries are more than this verifier holds in memory"));
    }
    let mut leaves = Vec::new();
    while (leaves.len() as u64) < size {
        let number = leaves.len() as u64 / TILE_WIDTH;
        let (bytes, width) = read_tile(dir, "entries", number, size)?;
        let wanted =
            usize::try_from((size - number * TILE_WIDTH).min(TILE_WIDTH)).map_err(|e| e.to_string())?;
        let mut rest = bytes.as_slice();
        for _ in 0..wanted {
            let missing = || format!("entry {} is missing", leaves.len());
            let (length, after) = rest.split_first_chunk::<2>().ok_or_else(missing)?;
            let (entry, after) =
                after.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or_else(missing)?;
            leaves.push(leaf(entry));
            rest = after;
        }
        if !rest.is_empty() && width == wanted {
            return Err(format!("bytes follow entry {}", leaves.len() - 1));
        }
    }
    // Each row holds the roots of complete subtrees of 256 times as many leaves as the row before.
    let mut row = leaves.clone();
    for level in 0_u32.. {
        if row.is_empty() {
            break;
        }
        for (number, tile) in (0_u64..).zip(row.chunks(256)) {
            let (bytes, width) = read_tile(dir, &level.to_string(), number, row.len() as u64)?;
            if bytes.len() != width * 32 || !bytes.starts_with(&tile.concat()) {
                return Err(format!("tile {number} of level {level} does not fit the entries"));
            }
        }
        row = row.chunks_exact(256).map(tree_root).collect();
    }
    if tree_root(&leaves) != root {
        return Err("the entries do not lead to the signed root".to_owned());
    }
    Ok(size)
}

fn leaf(entry: &[u8]) -> Sum {
    Sha256::digest([&[0], entry].concat()).into()
}

fn node(left: &Sum, right: &Sum) -> Sum {
    Sha256::digest([&[1], left.as_slice(), right].concat()).into()
}

/// RFC 6962 section 2.1, over leaf hashes.
fn tree_root(leaves: &[Sum]) -> Sum {
    match leaves {
        [] => Sha256::digest([]).into(),
        [only] => *only,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node(&tree_root(left), &tree_root(right))
        }
    }
}

/// RFC 6962 section 2.1.1 read backwards: the last hash of the path is the other half of the whole tree.
fn root_from_above(leaf: Sum, index: u64, size: u64, path: &[Sum]) -> Result<Sum, String> {
    if size <= 1 {
        return if path.is_empty() { Ok(leaf) } else { Err("the proof is too long".to_owned()) };
    }
    let (other, path) = path.split_last().ok_or("the proof is too short")?;
    let half = 1 << (size - 1).ilog2();
    if index < half {
        Ok(node(&root_from_above(leaf, index, half, path)?, other))
    } else {
        Ok(node(other, &root_from_above(leaf, index - half, size - half, path)?))
    }
}

/// Origin, size and root of a checkpoint that `key` has signed.
fn open_checkpoint(note: &str, key: &str) -> Result<(String, u64, Sum), String> {
    let [name, id, public] = key.splitn(3, '+').collect::<Vec<_>>()[..] else {
        return Err("not a verifier key".to_owned());
    };
    let public = STANDARD.decode(public).map_err(|e| e.to_string())?;
    let key_hash: Sum = Sha256::digest([name.as_bytes(), b"\n", &public].concat()).into();
    let [algorithm, public @ ..] = &public[..] else {
        return Err("the verifier key is empty".to_owned());
    };
    let [a, b, c, d, ..] = key_hash;
    if *algorithm != 1 || id != format!("{:08x}", u32::from_be_bytes([a, b, c, d])) {
        return Err("the verifier key is not for Ed25519, or its id does not fit".to_owned());
    }
    let public = VerifyingKey::try_from(public).map_err(|e| e.to_string())?;

    let end = note.rfind("\n\n").ok_or("the checkpoint is not signed")?;
    let (text, signatures) = (&note[..=end], &note[end + 2..]);
    let prefix = format!("\u{2014} {name} ");
    let mut is_signed = false;
    for line in signatures.strip_suffix('\n').ok_or("the checkpoint ends early")?.split('\n') {
        if !line.starts_with("\u{2014} ") {
            return Err("a signature line is malformed".to_owned());
        }
        let Some(encoded) = line.strip_prefix(&prefix) else { continue };
        let bytes = STANDARD.decode(encoded).map_err(|e| e.to_string())?;
        let Some(signature) = bytes.strip_prefix(&key_hash[..4]) else { continue };
        let signature = Signature::from_slice(signature).map_err(|e| e.to_string())?;
        public.verify_strict(text.as_bytes(), &signature).map_err(|_| "the signature does not fit")?;
        is_signed = true;
    }
    if !is_signed {
        return Err("the log's key has not signed the checkpoint".to_owned());
    }
    let [origin, size, root, ""] = text.split('\n').collect::<Vec<_>>()[..] else {
        return Err("the checkpoint does not have three lines".to_owned());
    };
    if origin != name {
        return Err(format!("the checkpoint is of `{origin}`, the key of `{name}`"));
    }
    Ok((origin.to_owned(), decimal(size)?, sum_of_base64(root)?))
}

fn decimal(text: &str) -> Result<u64, String> {
    let number: u64 = text.parse().map_err(|_| format!("`{text}` is not a number"))?;
    if number.to_string() == text { Ok(number) } else { Err(format!("`{text}` is not a plain number")) }
}

fn sum_of_base64(text: &str) -> Result<Sum, String> {
    let bytes = STANDARD.decode(text).map_err(|e| format!("`{text}`: {e}"))?;
    bytes.try_into().map_err(|_| format!("`{text}` is not a hash"))
}

/// Path of tile `number` in a layer of `count` hashes or entries.
fn tile_path(layer: &str, number: u64, count: u64) -> String {
    let mut path = format!("{:03}", number % 1000);
    let mut rest = number / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    match count - number * TILE_WIDTH {
        TILE_WIDTH.. => format!("tile/{layer}/{path}"),
        width => format!("tile/{layer}/{path}.p/{width}"),
    }
}

/// The tile and its width, or the full one if a partial one has been removed since.
fn read_tile(dir: &Path, layer: &str, number: u64, count: u64) -> Result<(Vec<u8>, usize), String> {
    let width = (count - number * TILE_WIDTH).min(TILE_WIDTH) as usize;
    let path = tile_path(layer, number, count);
    match fs::read(dir.join(&path)) {
        Err(error) if error.kind() == ErrorKind::NotFound && width < 256 => {
            let full = fs::read(dir.join(tile_path(layer, number, u64::MAX)));
            Ok((full.map_err(|e| format!("{path}: {e}"))?, 256))
        }
        other => Ok((other.map_err(|e| format!("{path}: {e}"))?, width)),
    }
}
