//! Patterns of resources by what stands before their first wildcard: which may match an ARN.

use std::collections::{BTreeSet, HashMap};

use crate::{pattern::Template, policy::Statement};

/// Segments of an ARN before what names the resource.
const HEAD: usize = 5;

/// Where statements about some resources are found.
#[derive(Debug, Default)]
pub(super) struct Resources {
    /// Patterns, each once, with the statements that have it.
    patterns: Vec<(Template, Vec<u32>)>,
    known: HashMap<Template, u32>,
    /// By `partition:service`.
    services: HashMap<String, Service>,
    /// Patterns whose service is not written out.
    loose: Vec<u32>,
}

#[derive(Debug, Default)]
struct Service {
    /// How long the beginnings are, in bytes.
    lengths: BTreeSet<usize>,
    /// Patterns by the beginning of what follows the account.
    beginnings: HashMap<String, Vec<u32>>,
}

impl Resources {
    /// Takes a statement in, under each of its patterns.
    pub(super) fn add(&mut self, number: u32, statement: &Statement) {
        let patterns = statement.resource.iter().flat_map(|element| &element.patterns);
        for pattern in patterns {
            let at = self.known.get(pattern).copied().unwrap_or_else(|| self.learn(pattern));
            if let Some((_, statements)) = self.patterns.get_mut(at as usize)
                && statements.last() != Some(&number)
            {
                statements.push(number);
            }
        }
    }

    fn learn(&mut self, pattern: &Template) -> u32 {
        let at = self.patterns.len() as u32;
        self.patterns.push((pattern.clone(), Vec::new()));
        self.known.insert(pattern.clone(), at);
        match key(pattern) {
            (None, _) => self.loose.push(at),
            (Some(service), beginning) => {
                let service = self.services.entry(service).or_default();
                service.lengths.insert(beginning.len());
                service.beginnings.entry(beginning).or_default().push(at);
            }
        }
        at
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
                let lengths = service.lengths.range(..=rest.len());
                lengths.filter_map(move |length| service.beginnings.get(rest.get(..*length)?)).flatten()
            })
        });
        let patterns = exact.chain(&self.loose).filter_map(|at| self.patterns.get(*at as usize));
        patterns.map(|(pattern, statements)| (pattern, statements.as_slice()))
    }
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
