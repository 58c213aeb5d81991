//! The fingerprint of all that a scan says about a resource, so that one that did not change costs a look-up.

use fathom_model::Resource;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::rows::micros;

/// Bytes of a fingerprint: half of a SHA-256.
pub(crate) const PRINT_BYTES: usize = 16;

/// A fingerprint.
pub(crate) type Print = [u8; PRINT_BYTES];

/// Collects what a fingerprint is made over; every part is told apart from the next by its length.
pub(crate) struct Printer(Sha256);

impl Printer {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Self(Sha256::new())
    }

    /// Adds a part.
    pub(crate) fn add(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    /// Adds a part that may be missing; a missing one differs from an empty one.
    pub(crate) fn add_optional(&mut self, bytes: Option<&[u8]>) -> &mut Self {
        match bytes {
            Some(bytes) => self.add(&[1]).add(bytes),
            None => self.add(&[0]),
        }
    }

    /// The fingerprint of all parts.
    pub(crate) fn finish(self) -> Print {
        let mut print = Print::default();
        for (to, from) in print.iter_mut().zip(self.0.finalize()) {
            *to = from;
        }
        print
    }
}

/// The tags as the store keeps them: a JSON object with sorted keys.
pub(crate) fn tags_text(resource: &Resource) -> String {
    json!(resource.tags).to_string()
}

/// The fingerprint of a resource whose document has this hash.
pub(crate) fn facts(resource: &Resource, hash: &[u8; 32], tags: &str) -> Print {
    let mut printer = Printer::new();
    for text in [
        resource.uid.as_str(),
        resource.kind.as_str(),
        resource.account.as_str(),
        resource.region.as_str(),
        &resource.id,
        tags,
    ] {
        printer.add(text.as_bytes());
    }
    printer
        .add_optional(resource.name.as_deref().map(str::as_bytes))
        .add_optional(
            resource.created_at.map(|at| micros(at).to_le_bytes()).as_ref().map(<[u8; 8]>::as_slice),
        )
        .add(&[u8::from(resource.provider_made), u8::from(resource.exposed)])
        .add(hash);
    printer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use fathom_model::{Document, Timestamp};

    #[test]
    fn every_fact_counts() {
        let base = Resource {
            uid: "u".into(),
            kind: "k".into(),
            account: "1".into(),
            region: "r".into(),
            id: "i".to_owned(),
            name: None,
            tags: [("a".to_owned(), "b".to_owned())].into(),
            created_at: None,
            provider_made: false,
            exposed: false,
            document: Document::from_canonical("{}"),
        };
        let of = |resource: &Resource| facts(resource, &resource.document.hash(), &tags_text(resource));
        let mut all = vec![base.clone(); 10];
        all[1].kind = "K".into();
        all[2].account = "2".into();
        all[3].region = "R".into();
        all[4].id = "I".to_owned();
        all[5].name = Some(String::new());
        all[6].tags.insert("a".to_owned(), "c".to_owned());
        all[7].created_at = Some(Timestamp::UNIX_EPOCH);
        all[8].provider_made = true;
        all[9].exposed = true;
        all.push(Resource { document: Document::from_canonical("[]"), ..base.clone() });
        // What moves from one part to its neighbour is another thing, too.
        all.push(Resource { kind: "k1".into(), account: "".into(), ..base.clone() });
        let prints: std::collections::HashSet<Print> = all.iter().map(of).collect();
        assert_eq!(prints.len(), all.len());
        assert_eq!(of(&base), of(&base.clone()));
    }
}
