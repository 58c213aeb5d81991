//! Where a finding is written: its file, the line of the property that decided, the address of its resource.

use fathom_content::Content;
use fathom_estate::declared::{
    changes::{Proposal, Proposed},
    lines::Lines,
};
use fathom_posture::Finding;
use fathom_see::planned::Planned;

use super::Place;

/// What places are told by.
pub(super) struct Places<'a> {
    pub(super) file: &'a str,
    pub(super) lines: &'a Lines,
    pub(super) proposal: &'a Proposal,
    pub(super) planned: &'a Planned,
    /// Addresses that the file does not have.
    pub(super) implied: &'a [String],
    pub(super) content: &'a Content,
}

impl Places<'_> {
    /// The place of a finding, whose resource is still an ARN.
    pub(super) fn of(&self, finding: &Finding) -> Place {
        let about: Vec<&Proposed> = self
            .proposal
            .changes
            .iter()
            .zip(&self.planned.changes)
            .filter(|(_, told)| told.resources.iter().any(|uid| uid.as_str() == finding.resource))
            .map(|(change, _)| change)
            .filter(|change| !self.implied.contains(&change.address))
            .collect();
        let map = |change: &Proposed| self.content.declared.get(change.language, &change.kind);
        let own =
            about.iter().find(|change| map(change).is_some_and(|map| !map.part)).or_else(|| about.first());
        let address = own.map_or_else(|| finding.resource.clone(), |change| change.address.clone());
        let said = finding.why.iter().find_map(|reason| self.written(&about, &reason.path));
        let line = said.or_else(|| self.lines.line(&["Resources", &address]));
        Place { file: self.file.to_owned(), line, address }
    }

    /// The line of the property that says what stands at a path of the document.
    fn written(&self, about: &[&Proposed], path: &str) -> Option<u64> {
        let path = plain(path);
        let begins = |one: &str, other: &str| {
            other.strip_prefix(one).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        about.iter().find_map(|change| {
            let map = self.content.declared.get(change.language, &change.kind)?;
            let says =
                |to: &str| to.split("||").map(plain).any(|to| begins(&to, &path) || begins(&path, &to));
            let attribute = map.attributes.iter().find(|one| says(one.to.as_str()))?;
            let from = attribute.from.as_str().split("||").next().unwrap_or_default();
            let steps = plain(from);
            let own = ["Resources", &change.address, "Properties"].into_iter();
            let way: Vec<&str> = own.chain(steps.split('.').filter(|step| *step != "@")).collect();
            // A property that is not there is where the resource is.
            let properties = self.lines.line(way.get(..3).unwrap_or_default());
            self.lines.line(&way).filter(|line| Some(*line) != properties)
        })
    }
}

/// A path without places in lists.
fn plain(path: &str) -> String {
    path.split('.')
        .map(|step| step.trim().split('[').next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join(".")
}
