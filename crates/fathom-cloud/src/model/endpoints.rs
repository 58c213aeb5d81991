//! Where services answer: partitions, their regions, and the addresses that deviate from a partition's pattern.

use serde::Deserialize;
use std::collections::BTreeMap;

/// The endpoints document.
#[derive(Debug, Deserialize)]
pub struct Endpoints {
    /// All partitions, `aws` first.
    pub partitions: Vec<Partition>,
}

/// A partition: a set of regions with its own accounts, names and suffix.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Partition {
    /// As in ARNs: `aws`, `aws-cn`, `aws-us-gov`.
    pub id: String,
    /// Suffix of host names (`amazonaws.com`).
    pub dns_suffix: String,
    /// Suffix of dual-stack host names, where there are any.
    #[serde(default)]
    pub dual_stack_dns_suffix: Option<String>,
    /// Pattern of host names, with `{service}`, `{region}` and `{dnsSuffix}`.
    pub hostname: String,
    /// Pattern of the names of the partition's regions, also of those that are newer than this document.
    pub region_regex: String,
    /// The region that signs for services without regions.
    #[serde(default)]
    pub implicit_global_region: Option<String>,
    /// Region names with the names people know them by.
    pub regions: BTreeMap<String, String>,
    /// Services by endpoint prefix.
    pub services: BTreeMap<String, ServiceEndpoints>,
}

/// A service's addresses in one partition.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceEndpoints {
    /// Whether each region has its own.
    #[serde(default = "yes")]
    pub is_regionalized: bool,
    /// The pseudo region whose endpoint serves the whole partition.
    #[serde(default)]
    pub partition_endpoint: Option<String>,
    /// What holds for each of the service's endpoints that does not say otherwise.
    #[serde(default)]
    pub defaults: Endpoint,
    /// Regions (and pseudo regions) where the service answers.
    #[serde(default)]
    pub endpoints: BTreeMap<String, Endpoint>,
}

/// How an endpoint deviates from the pattern.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Endpoint {
    /// The host, possibly with the placeholders of [`Partition::hostname`].
    pub hostname: Option<String>,
    /// The region that signs, where it is not the endpoint's own.
    pub signing_region: Option<String>,
    /// The service name that signs, where it is not the model's.
    pub signing_service: Option<String>,
}

fn yes() -> bool {
    true
}

impl Endpoints {
    /// The partition with that id.
    pub fn partition(&self, id: &str) -> Option<&Partition> {
        self.partitions.iter().find(|partition| partition.id == id)
    }

    /// The partition that a region belongs to: the one that lists it, else the one whose names begin alike
    /// (`us-gov-`, `cn-`), else none.
    pub fn partition_of_region(&self, region: &str) -> Option<&Partition> {
        let listed = self.partitions.iter().find(|partition| partition.regions.contains_key(region));
        listed.or_else(|| self.partitions.iter().find(|partition| partition.covers(region)))
    }
}

impl Partition {
    /// Whether a region that is not listed has the form of this partition's regions: the pattern's alternatives are
    /// known prefixes, followed by a word and a number.
    fn covers(&self, region: &str) -> bool {
        let Some((prefix, rest)) =
            self.region_regex.strip_prefix('^').and_then(|regex| regex.split_once("\\-\\w"))
        else {
            return false;
        };
        let alternatives = prefix.replace(['(', ')', '\\'], "");
        let numbered = rest.ends_with("\\d+$");
        alternatives.split('|').any(|alternative| {
            let Some(tail) = region.strip_prefix(alternative).and_then(|tail| tail.strip_prefix('-')) else {
                return false;
            };
            let Some((word, number)) = tail.split_once('-') else { return false };
            let is_word = !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
            numbered && is_word && is_number
        })
    }
}
