//! The labels on a request while it passes the rules: those that are surely there, those that may be.

use std::collections::BTreeSet;

use crate::judged::{Judged, Truth};

/// What begins the labels of rule groups that others keep.
pub(crate) const MANAGED: &str = "awswaf:managed:";
/// What begins every label with its whole name.
const WHOLE: &str = "awswaf:";

/// The labels that rules before have added.
#[derive(Debug, Clone, Default)]
pub(crate) struct Labels {
    sure: BTreeSet<String>,
    /// By what may not hold.
    maybe: BTreeSet<String>,
    /// Groups of which the log does not say what they added.
    unseen: BTreeSet<String>,
}

impl Labels {
    /// Adds one, as surely as its rule matched.
    pub(crate) fn add(&mut self, label: String, truth: Truth) {
        match truth {
            Truth::Yes => self.sure.insert(label),
            Truth::Unknown => self.maybe.insert(label),
            Truth::No => false,
        };
    }

    /// A group may have added labels, of which nothing is known.
    pub(crate) fn unseen(&mut self, why: String) {
        self.unseen.insert(why);
    }

    /// Whether one has this name; `context` is the beginning that names without one have.
    pub(crate) fn has(&self, key: &str, context: &str) -> Judged {
        self.ask(key, context, |rest, key| rest == key || key.is_empty() || is_end(rest, key))
    }

    /// Whether one is in this namespace, which ends with a colon.
    pub(crate) fn has_namespace(&self, key: &str, context: &str) -> Judged {
        self.ask(key, context, is_within)
    }

    /// The labels of a namespace that are surely there, whole.
    pub(crate) fn of(&self, namespace: &str) -> Vec<&str> {
        self.sure.iter().map(String::as_str).filter(|label| is_within(label, namespace)).collect()
    }

    fn ask(&self, key: &str, context: &str, fits: fn(&str, &str) -> bool) -> Judged {
        let is_whole = key.starts_with(WHOLE);
        let fits = |label: &String| {
            if is_whole {
                return if key.ends_with(':') { label.starts_with(key) } else { label == key };
            }
            label.strip_prefix(context).is_some_and(|rest| fits(rest, key))
        };
        if self.sure.iter().any(fits) {
            return Judged::from(true);
        }
        if let Some(label) = self.maybe.iter().find(|label| fits(label)) {
            return Judged::unknown(format!("whether the label {label} was added is not known"));
        }
        match self.unseen.iter().next() {
            Some(why) if is_whole && key.starts_with(MANAGED) => Judged::unknown(why.clone()),
            _ => Judged::from(false),
        }
    }
}

/// Whether whole components at the end are these.
fn is_end(label: &str, key: &str) -> bool {
    label.strip_suffix(key).is_some_and(|before| before.ends_with(':'))
}

/// Whether whole components before the name are these.
fn is_within(label: &str, key: &str) -> bool {
    let name = label.rfind(':').map_or(0, |colon| colon + 1);
    let spaces = label.get(..name).unwrap_or_default();
    spaces.match_indices(key).any(|(at, _)| at == 0 || spaces.as_bytes().get(at - 1) == Some(&b':'))
}
