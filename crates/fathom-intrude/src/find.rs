//! What a person means.

use std::collections::BTreeSet;

use crate::{
    IntrudeError,
    walk::{Kind, Walk},
};

/// What one can begin with, in the order in which one of several of one name is meant.
const BEGINS: [Kind; 11] = [
    Kind::Internet,
    Kind::Vendor,
    Kind::Account,
    Kind::Principal,
    Kind::AccessKey,
    Kind::Server,
    Kind::Keys,
    Kind::Data,
    Kind::Balancer,
    Kind::Backups,
    Kind::Logs,
];
/// Meanings of a text that are named.
const NAMED: usize = 10;
const BEGIN_FORMS: &str = "write `internet`, the ARN or name of a user, role, server, function or key, an access key's id, or an account's id";
const WANT_FORMS: &str = "write an account's id, or the ARN or name of a key, backup, log, or of something whose data is restricted or confidential";

impl Walk<'_> {
    /// What an intruder begins with whom a person names.
    ///
    /// # Errors
    /// When nothing is called so, or several things are.
    pub fn begin(&self, text: &str) -> Result<u32, IntrudeError> {
        let fits = |kind: Kind| BEGINS.contains(&kind);
        let found = self.called(text, fits, ("begin with", BEGIN_FORMS))?;
        let place = |node: &u32| BEGINS.iter().position(|kind| *kind == self.named(*node).kind);
        found.into_iter().min_by_key(place).ok_or_else(|| nothing(text, ("begin with", BEGIN_FORMS)))
    }

    /// The jewels that a person names: one thing may be several.
    ///
    /// # Errors
    /// As [`Walk::begin`].
    pub fn want(&self, text: &str) -> Result<Vec<u32>, IntrudeError> {
        let found = self.called(text, |_| true, ("want", WANT_FORMS))?;
        let is_jewel = |node: &u32| self.jewels.iter().any(|(_, jewel)| jewel == node);
        let found: Vec<u32> = found.into_iter().filter(is_jewel).collect();
        if found.is_empty() { Err(nothing(text, ("want", WANT_FORMS))) } else { Ok(found) }
    }

    /// The nodes of one thing that is called so: by its whole name, or by the last part of it.
    fn called(
        &self,
        text: &str,
        fits: impl Fn(Kind) -> bool,
        what: (&'static str, &'static str),
    ) -> Result<Vec<u32>, IntrudeError> {
        let nodes = |is_meant: &dyn Fn(&str) -> bool| -> Vec<u32> {
            let all = (0..).zip(&self.spots);
            all.filter(|(_, spot)| fits(spot.kind) && is_meant(&spot.id) && self.sees(spot))
                .map(|(node, _)| node)
                .collect()
        };
        let mut found = nodes(&|id| id == text);
        if found.is_empty() {
            found = nodes(&|id| id.rsplit(['/', ':']).next() == Some(text));
        }
        let ids: BTreeSet<String> = found.iter().map(|node| self.named(*node).id).collect();
        match ids.len() {
            0 => Err(nothing(text, what)),
            1 => Ok(found),
            _ => Err(IntrudeError::Ambiguous {
                text: text.to_owned(),
                found: ids.into_iter().take(NAMED).collect(),
            }),
        }
    }
}

fn nothing(text: &str, (what, forms): (&'static str, &'static str)) -> IntrudeError {
    IntrudeError::Nothing { what, text: text.to_owned(), forms }
}
