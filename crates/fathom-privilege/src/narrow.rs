//! The resources of a statement, narrowed to those that were used.

use std::collections::BTreeSet;

use fathom_catalogue::{Action, Catalogue, Fit};
use fathom_iam::{Template, policy::Element};

use crate::ask::{has_variable, holds};

/// What stays of the resources of a statement, for one action.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Narrow {
    /// All of them: the log does not tell which were used.
    AsGranted,
    /// These.
    To(BTreeSet<String>),
    /// None: what was used, other statements grant.
    Nothing,
}

/// Whether the ARN in an event is all that a request for an action is about. Where a request is about several resources,
/// an event may name one and leave out another.
pub(crate) fn is_of_one_resource(action: Action<'_>) -> bool {
    let required = action.resources().filter(|resource| resource.required).count();
    match action.resources().len() {
        0 => false,
        1 => true,
        _ => required == 0,
    }
}

/// Those ARNs of events that can be what an action was used on.
pub(crate) fn fitting<'a>(
    catalogue: &Catalogue,
    action: Action<'_>,
    arns: impl Iterator<Item = &'a String>,
) -> BTreeSet<String> {
    arns.filter(|arn| catalogue.fits(action, arn) == Fit::Yes).cloned().collect()
}

/// Narrows the resources of a statement to what was used. An ARN that ends in `/*` stands for any object of a bucket.
pub(crate) fn narrow(
    principal: &str,
    action: &str,
    granted: Option<&Element<Template>>,
    used: &BTreeSet<String>,
) -> Narrow {
    let Some(granted) = granted else { return Narrow::AsGranted };
    if granted.patterns.iter().any(has_variable) {
        return Narrow::AsGranted;
    }
    let mut left = BTreeSet::new();
    for arn in used {
        match arn.strip_suffix('*') {
            None if holds(principal, action, arn, granted) => {
                left.insert(arn.clone());
            }
            None => {}
            Some(_) if granted.negated => return Narrow::AsGranted,
            Some(stem) => match objects(principal, action, granted, arn, stem) {
                Some(some) => left.extend(some),
                None => return Narrow::AsGranted,
            },
        }
    }
    if left.is_empty() { Narrow::Nothing } else { Narrow::To(left) }
}

/// The objects of a bucket that a statement grants: all, or those of its patterns that lie within. None where a pattern
/// has wildcards in the bucket's name and narrows the objects too.
fn objects(
    principal: &str,
    action: &str,
    granted: &Element<Template>,
    arn: &str,
    stem: &str,
) -> Option<BTreeSet<String>> {
    let mut left = BTreeSet::new();
    for pattern in &granted.patterns {
        let written = pattern.written();
        let alone = Element { negated: false, patterns: vec![pattern.clone()] };
        let fixed = written.split(['*', '?']).next().unwrap_or_default();
        // As a text the ARN ends in an asterisk: what matches it and has no narrower end matches all objects.
        if !written.contains('?') && written.ends_with('*') && holds(principal, action, arn, &alone) {
            return Some(BTreeSet::from([arn.to_owned()]));
        }
        if fixed.starts_with(stem) {
            left.insert(written.to_owned());
        } else if stem.starts_with(fixed) {
            return None;
        }
    }
    Some(left)
}
