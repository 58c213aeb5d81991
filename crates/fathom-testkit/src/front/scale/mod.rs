//! Generated listings: as many resources as wanted, a page at a time, the same for the same index.
//!
//! Resources refer to each other: an instance to its subnet, network, security group, volume and interface; a snapshot
//! to its volume; a function to its role. Seven in eight carry tags. Nothing is kept per resource: a page is written
//! from templates that the encoder made once, so a listing of millions needs no more memory than one page.

mod items;
mod template;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::{Value, json};

use super::{
    encode::{Reply, encode},
    model::Model,
    rules::Call,
};
use items::{LISTINGS, Listing, Place};
use template::{Pages, Scene};

/// Items of a full page.
pub const PAGE: u64 = 1000;

/// How many resources of each kind an account has, over all its regions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scale {
    /// Regions that have resources; each gets its share of the regional ones.
    pub regions: Vec<String>,
    /// Networks.
    pub vpcs: u64,
    /// Subnets.
    pub subnets: u64,
    /// Security groups.
    pub security_groups: u64,
    /// Instances.
    pub instances: u64,
    /// Volumes; the first belong to the instances of the same number.
    pub volumes: u64,
    /// Network interfaces; the first belong to the instances of the same number.
    pub network_interfaces: u64,
    /// Snapshots.
    pub snapshots: u64,
    /// Functions.
    pub functions: u64,
    /// Log groups.
    pub log_groups: u64,
    /// Secrets.
    pub secrets: u64,
    /// Database instances.
    pub databases: u64,
    /// Buckets.
    pub buckets: u64,
    /// Roles.
    pub roles: u64,
    /// Users.
    pub users: u64,
}

impl Scale {
    /// A mix like that of a large account, with that many resources in all, in one region.
    pub fn of_total(total: u64) -> Self {
        let share = |per_mille: u64| total * per_mille / 1000;
        let mut scale = Scale {
            regions: vec!["us-east-1".to_owned()],
            vpcs: share(1).max(1).min(total),
            subnets: share(10),
            security_groups: share(20),
            instances: share(200),
            volumes: share(220),
            network_interfaces: share(240),
            snapshots: share(100),
            functions: share(60),
            log_groups: 0,
            secrets: share(10),
            databases: share(5),
            buckets: share(4),
            roles: share(25),
            users: share(5),
        };
        scale.log_groups = total - scale.total();
        scale
    }

    /// The same in those regions.
    pub fn in_regions(mut self, regions: &[&str]) -> Self {
        self.regions = regions.iter().map(|region| (*region).to_owned()).collect();
        self
    }

    /// How many resources there are in all.
    pub fn total(&self) -> u64 {
        let Scale {
            regions: _, vpcs, subnets, security_groups, instances, volumes, network_interfaces, ..
        } = self;
        let network = vpcs + subnets + security_groups + network_interfaces;
        let machines = instances + volumes + self.snapshots + self.functions;
        let data = self.log_groups + self.secrets + self.databases + self.buckets;
        network + machines + data + self.roles + self.users
    }

    /// The share of a region with that place in the list.
    fn share(&self, count: u64, place: usize) -> u64 {
        let regions = self.regions.len().max(1) as u64;
        count / regions + u64::from((place as u64) < count % regions)
    }

    /// The counts in one region.
    fn in_region(&self, place: usize) -> Scale {
        let share = |count| self.share(count, place);
        Scale {
            regions: self.regions.clone(),
            vpcs: share(self.vpcs),
            subnets: share(self.subnets),
            security_groups: share(self.security_groups),
            instances: share(self.instances),
            volumes: share(self.volumes),
            network_interfaces: share(self.network_interfaces),
            snapshots: share(self.snapshots),
            functions: share(self.functions),
            log_groups: share(self.log_groups),
            secrets: share(self.secrets),
            databases: share(self.databases),
            buckets: self.buckets,
            roles: self.roles,
            users: self.users,
        }
    }
}

/// The operations that a scale answers, as (service, operation).
pub fn operations() -> impl Iterator<Item = (&'static str, &'static str)> {
    LISTINGS.iter().map(|listing| (listing.service, listing.operation))
}

/// A scale with its templates.
#[derive(Debug)]
pub(crate) struct Listings {
    scale: Scale,
    pages: Mutex<BTreeMap<(&'static str, &'static str), Arc<Pages>>>,
}

impl Listings {
    pub(crate) fn new(scale: Scale) -> Self {
        Listings { scale, pages: Mutex::default() }
    }

    /// The page that a call asks for; none for an operation that is not generated.
    pub(crate) fn page(&self, call: &Call) -> Option<Reply> {
        let (service, operation) = (call.service.as_str(), call.operation.as_str());
        if let Some(value) = self.single(call) {
            return Some(encode(Model::of(service)?.as_ref(), operation, &value));
        }
        let listing =
            LISTINGS.iter().find(|listing| listing.service == service && listing.operation == operation)?;
        let model = Model::of(service)?;
        let place = self.scale.regions.iter().position(|region| *region == call.region);
        if listing.place == Place::Region && place.is_none() {
            return Some(encode(&model, operation, &json!({})));
        }
        let place = place.unwrap_or(0);
        let counts = self.scale.in_region(place);
        let scene = Scene { account: &call.account, region: &call.region, place, counts: &counts };
        let pages = self.compiled(&model, listing);
        Some(pages.write(&scene, call.params.as_ref()))
    }

    fn compiled(&self, model: &Model, listing: &'static Listing) -> Arc<Pages> {
        let key = (listing.service, listing.operation);
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(pages.entry(key).or_insert_with(|| Arc::new(Pages::new(model, listing))))
    }

    /// Answers about the account and about one bucket.
    fn single(&self, call: &Call) -> Option<Value> {
        match (call.service.as_str(), call.operation.as_str()) {
            ("ec2", "DescribeRegions") => {
                let region = |name: &String| {
                    json!({
                        "RegionName": name,
                        "Endpoint": format!("ec2.{name}.amazonaws.com"),
                        "OptInStatus": "opt-in-not-required",
                    })
                };
                Some(json!({"Regions": self.scale.regions.iter().map(region).collect::<Vec<_>>()}))
            }
            ("s3", "GetBucketLocation") => {
                let region = self.region_of_bucket(call)?;
                Some(if region == "us-east-1" { json!({}) } else { json!({"LocationConstraint": region}) })
            }
            ("s3", "GetBucketTagging") => {
                let number = bucket_number(call)?;
                let tag = json!([{"Key": "team", "Value": items::team(number)}]);
                Some(if items::is_tagged(number) { json!({"TagSet": tag}) } else { json!({"TagSet": []}) })
            }
            _ => None,
        }
    }

    fn region_of_bucket(&self, call: &Call) -> Option<&str> {
        let regions = self.scale.regions.len().max(1) as u64;
        let place = usize::try_from(bucket_number(call)? % regions).ok()?;
        self.scale.regions.get(place).map(String::as_str)
    }
}

/// The number in a bucket's name.
fn bucket_number(call: &Call) -> Option<u64> {
    let name = call.params.as_ref()?.get("Bucket")?.as_str()?;
    name.split('-').nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front::model::Ref;

    /// Members that the model does not have, by path.
    fn unknown(model: &Model, target: &Ref, value: &Value, path: &str, out: &mut Vec<String>) {
        let shape = model.shape(target);
        match value {
            Value::Object(object) if shape.r#type == "structure" => {
                for (name, value) in object {
                    match shape.members.get(name) {
                        Some(member) => unknown(model, member, value, &format!("{path}.{name}"), out),
                        None => out.push(format!("{path}.{name}")),
                    }
                }
            }
            Value::Array(items) if shape.r#type == "list" => {
                let member = shape.member.as_ref().expect("a list's items");
                for item in items {
                    unknown(model, member, item, path, out);
                }
            }
            Value::String(text) if shape.r#type == "structure" => out.push(format!("{path} is not {text}")),
            _ => {}
        }
    }

    #[test]
    fn items_have_the_members_of_the_models() {
        let mut wrong = Vec::new();
        for listing in LISTINGS {
            let model = Model::of(listing.service).expect("a model");
            assert!(model.paginators.contains_key(listing.operation), "{}", listing.operation);
            for segment in listing.segments {
                let target = template::item_of(&model, listing.operation, segment.list);
                unknown(&model, target, &(segment.item)(), listing.operation, &mut wrong);
            }
        }
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
