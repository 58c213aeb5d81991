//! Patterns of actions as policies write them: `*` for any characters, `?` for one, in any case.

use std::cmp::Ordering;

/// The longest name, service included, that is kept. A pattern that asks for more characters matches nothing.
pub(crate) const NAME_BYTES_MAX: usize = 256;

/// Compares without regard to case, in the order of the catalogue.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    let lower = |byte: u8| byte.to_ascii_lowercase();
    a.bytes().map(lower).cmp(b.bytes().map(lower))
}

/// A pattern, ready to be asked of many names.
#[derive(Debug)]
pub(crate) struct Pattern {
    /// Small letters, no two `*` beside each other.
    steps: Vec<u8>,
}

impl Pattern {
    /// Reads a pattern. None where no action can match: one without a colon is only good as `*`, and one that wants more
    /// characters than names have is for nothing. Names are ASCII, so that a `?` is one byte.
    pub(crate) fn parse(written: &str) -> Option<Self> {
        let is_all = !written.is_empty() && written.bytes().all(|b| b == b'*');
        if !written.contains(':') && !is_all {
            return None;
        }
        let mut steps = Vec::new();
        let mut wanted = 0;
        for byte in written.bytes().map(|b| b.to_ascii_lowercase()) {
            if byte == b'*' && steps.last() == Some(&b'*') {
                continue;
            }
            wanted += usize::from(byte != b'*');
            if wanted > NAME_BYTES_MAX {
                return None;
            }
            steps.push(byte);
        }
        Some(Self { steps })
    }

    /// What every match begins with, in small letters.
    pub(crate) fn prefix(&self) -> &[u8] {
        let end = self.steps.iter().position(|b| matches!(b, b'*' | b'?')).unwrap_or(self.steps.len());
        &self.steps[..end]
    }

    /// Whether a name matches. Time is at most the product of the lengths.
    pub(crate) fn matches(&self, name: &str) -> bool {
        let (steps, name) = (self.steps.as_slice(), name.as_bytes());
        let (mut step, mut at) = (0, 0);
        // Where the last `*` stood, and from where it is tried again with one character more.
        let mut star: Option<(usize, usize)> = None;
        loop {
            match steps.get(step) {
                Some(b'*') => {
                    star = Some((step, at));
                    step += 1;
                    continue;
                }
                None if at == name.len() => return true,
                Some(wanted)
                    if name.get(at).is_some_and(|b| *wanted == b'?' || *wanted == b.to_ascii_lowercase()) =>
                {
                    step += 1;
                    at += 1;
                    continue;
                }
                _ => {}
            }
            match &mut star {
                Some((position, eaten)) if *eaten < name.len() => {
                    *eaten += 1;
                    step = *position + 1;
                    at = *eaten;
                }
                _ => return false,
            }
        }
    }
}
