//! Patterns of resources by what stands before their first wildcard: which may match an ARN.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use crate::{
    pattern::Template,
    policy::Statement,
    shared::{Map, Slots},
};

/// Segments of an ARN before what names the resource.
const HEAD: usize = 5;

/// Where statements about some resources are found. A copy shares what both have.
#[derive(Debug, Clone, Default)]
pub(super) struct Resources {
    /// Patterns, each once.
    patterns: Slots<Arc<Pattern>>,
    known: Map<Template, u32>,
    /// By `partition:service`.
    services: Map<String, Service>,
    /// Patterns whose service is not written out.
    loose: Arc<Vec<u32>>,
}

/// A pattern with the statements that have it.
#[derive(Debug, Clone)]
struct Pattern {
    template: Template,
    statements: Vec<u32>,
}

/// Patterns by the beginning of what follows the account: by its length in bytes, then by itself.
type Beginnings = BTreeMap<usize, Arc<HashMap<String, Vec<u32>>>>;

/// The patterns of a service.
#[derive(Debug, Clone, Default)]
struct Service {
    beginnings: Arc<Beginnings>,
}

impl Resources {
    /// Takes a statement in, under each of its patterns.
    pub(super) fn add(&mut self, number: u32, statement: &Statement) {
        for pattern in patterns(statement) {
            let at = self.known.get(pattern).copied().unwrap_or_else(|| self.learn(pattern));
            if let Some(known) = self.patterns.get_mut(at)
                && known.statements.last() != Some(&number)
            {
                Arc::make_mut(known).statements.push(number);
            }
        }
    }

    /// Lets a statement go.
    pub(super) fn remove(&mut self, number: u32, statement: &Statement) {
        for pattern in patterns(statement) {
            let Some(at) = self.known.get(pattern).copied() else { continue };
            let Some(known) = self.patterns.get_mut(at) else { continue };
            let known = Arc::make_mut(known);
            known.statements.retain(|statement| *statement != number);
            if known.statements.is_empty() {
                self.forget(at, pattern);
            }
        }
    }

    fn learn(&mut self, pattern: &Template) -> u32 {
        let at =
            self.patterns.insert(Arc::new(Pattern { template: pattern.clone(), statements: Vec::new() }));
        self.known.insert(pattern.clone(), at);
        match key(pattern) {
            (None, _) => Arc::make_mut(&mut self.loose).push(at),
            (Some(service), beginning) => {
                if !self.services.contains_key(&service) {
                    self.services.insert(service.clone(), Service::default());
                }
                if let Some(service) = self.services.get_mut(&service) {
                    let beginnings = Arc::make_mut(&mut service.beginnings);
                    let of_length = Arc::make_mut(beginnings.entry(beginning.len()).or_default());
                    of_length.entry(beginning).or_default().push(at);
                }
            }
        }
        at
    }

    fn forget(&mut self, at: u32, pattern: &Template) {
        self.patterns.remove(at);
        self.known.remove(pattern);
        let (Some(service), beginning) = key(pattern) else {
            Arc::make_mut(&mut self.loose).retain(|known| *known != at);
            return;
        };
        let Some(known) = self.services.get_mut(&service) else { return };
        let beginnings = Arc::make_mut(&mut known.beginnings);
        if let Some(of_length) = beginnings.get_mut(&beginning.len()) {
            let of_length = Arc::make_mut(of_length);
            if let Some(those) = of_length.get_mut(&beginning) {
                those.retain(|known| *known != at);
                if those.is_empty() {
                    of_length.remove(&beginning);
                }
            }
            if of_length.is_empty() {
                beginnings.remove(&beginning.len());
            }
        }
        if beginnings.is_empty() {
            self.services.remove(&service);
        }
    }

    /// The patterns that may match, with the statements that have each; some perhaps more than once. None is left out
    /// that does match.
    pub(super) fn about<'a>(&'a self, arn: &'a str) -> impl Iterator<Item = (&'a Template, &'a [u32])> + 'a {
        let mut head = arn.splitn(4, ':').skip(1);
        let service = format!("{}:{}", head.next().unwrap_or_default(), head.next().unwrap_or_default());
        let found = self.services.get(&service);
        // A `*` for region or account may go on across colons, so what is named may begin after any of them.
        let starts = arn.match_indices(':').skip(HEAD - 1).map(|(at, _)| at + 1);
        let rests = starts.filter_map(|start| arn.get(start..));
        let exact = rests.flat_map(move |rest| {
            let service = found.into_iter();
            service.flat_map(move |service| {
                let lengths = service.beginnings.range(..=rest.len());
                lengths.filter_map(move |(length, of_length)| of_length.get(rest.get(..*length)?)).flatten()
            })
        });
        let patterns = exact.chain(self.loose.iter()).filter_map(|at| self.patterns.get(*at));
        patterns.map(|pattern| (&pattern.template, pattern.statements.as_slice()))
    }
}

fn patterns(statement: &Statement) -> impl Iterator<Item = &Template> {
    statement.resource.iter().flat_map(|element| &element.patterns)
}

/// The service of a pattern, where it is written out, and how what follows the account begins.
fn key(template: &Template) -> (Option<String>, String) {
    let fixed = template.beginning();
    let mut head = fixed.splitn(4, ':');
    let (arn, partition, service) = (head.next(), head.next(), head.next());
    // A value may hold colons, behind which nothing stands where the pattern says.
    let is_known = arn == Some("arn") && head.next().is_some() && !template.has_variable_within(HEAD);
    match (partition, service) {
        (Some(partition), Some(service)) if is_known => {
            (Some(format!("{partition}:{service}")), template.beginning_after(HEAD))
        }
        _ => (None, String::new()),
    }
}
