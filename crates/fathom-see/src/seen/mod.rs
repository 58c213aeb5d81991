//! Resources that somebody names and no definition reads: seen, not yet understood.
//!
//! The tagging API, Resource Explorer, AWS Config and Cloud Control each know of resources of many services. What one of
//! them names and we did not collect is put on the list, so that our own gaps are as visible as anyone's. Each finder
//! ends in the coverage ledger, also where it is not enabled.

mod finders;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use fathom_content::{Content, template::last_segment};
use fathom_estate::{EstateBuilder, Unread, arn, terraform::is_unique};
use fathom_model::{AccountId, Coverage, Document, Outcome, Reason, Region, Resource, ResourceType, Uid};
use fathom_store::Listing;
use futures::future::BoxFuture;
use serde_json::Value;

use crate::{
    asking::{Answers, at_once},
    scope::InScope,
    tally::Tally,
};
pub use finders::ASKED;

/// Places that are asked at the same time.
const PLACES_AT_ONCE: usize = 16;
/// How types of such resources begin.
const KIND: &str = "seen::";

/// What a finder names.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    /// Its ARN, or where the finder gives none an ARN-like text.
    arn: String,
    /// The provider's own id.
    id: String,
    /// Its type, as ARNs or the finder name it.
    kind: String,
    account: AccountId,
    region: Region,
    tags: BTreeMap<String, String>,
    /// What the finder says of it.
    said: Value,
    /// Who names it.
    by: &'static str,
}

/// Asks all finders in all places; gives what they name and `builder` does not have, each once, with the gap it has.
pub(crate) async fn not_collected(
    answers: &dyn Answers,
    content: &Content,
    tally: &Tally,
    accounts: &[InScope],
    coverage: &[Coverage],
    builder: &EstateBuilder,
) -> Vec<(Resource, Unread)> {
    let asked = accounts.iter().map(|one| -> BoxFuture<'_, Vec<Finding>> {
        Box::pin(async move {
            let explorer = finders::resource_explorer(answers, tally, one).await;
            let places = one.regions.iter().map(|region| -> BoxFuture<'_, Vec<Finding>> {
                Box::pin(finders::of_region(answers, content, tally, &one.account, region, coverage))
            });
            let mut found: Vec<Finding> =
                at_once(places, PLACES_AT_ONCE).await.into_iter().flatten().collect();
            found.extend(explorer);
            found
        })
    });
    let found: Vec<Finding> = at_once(asked, PLACES_AT_ONCE).await.into_iter().flatten().collect();
    let ids = builder.ids();
    let known = |arn: &str, id: &str| {
        // Some services name a thing by another ARN there than everywhere else; its id gives it away.
        let unique = |id: &str| is_unique(id) && ids.contains(id);
        builder.contains(arn) || builder.names(arn) || unique(last_segment(arn)) || unique(id)
    };
    let mut told = HashSet::new();
    let mut ids_told = HashSet::new();
    found
        .into_iter()
        .filter(|one| !known(&one.arn, &one.id) && !known(one.arn.trim_end_matches(":*"), &one.id))
        .filter(|one| {
            let again = is_unique(&one.id) && !ids_told.insert(one.id.clone());
            told.insert(one.arn.clone()) && !again
        })
        .map(resource)
        .collect()
}

/// Who a resource is that no definition reads, whichever door it came through: its uid, and its type after [`KIND`]. The
/// ARN tells both; without one, what its finder calls it and its id do.
pub(crate) fn named(
    arn: Option<&str>,
    partition: &str,
    account: &AccountId,
    region: &Region,
    (kind, id): (&str, &str),
) -> (String, String) {
    if let Some((text, arn)) = arn.and_then(|text| Some((text, arn::parse(text)?))) {
        let word = arn.resource.split_once(['/', ':']).map_or("resource", |(word, _)| word);
        return (text.to_owned(), format!("{}::{word}", arn.service));
    }
    let place = if region.is_global() { "" } else { region.as_str() };
    // No service is called so, and so no real ARN begins so.
    let arn = format!("arn:{partition}:seen:{place}:{account}:{}/{id}", kind.replace("::", "-"));
    (arn, kind.to_owned())
}

/// The type of a resource that no definition reads, of what [`named`] gives.
pub(crate) fn kind_of(named: &str) -> ResourceType {
    ResourceType::from(format!("{KIND}{named}"))
}

fn resource(found: Finding) -> (Resource, Unread) {
    let Finding { arn, id, kind, account, region, tags, said, by } = found;
    let uid = Uid::from(arn);
    let unread = Unread {
        uid: uid.clone(),
        attribute: "description".to_owned(),
        reason: Reason::NotDefined,
        detail: format!("{by} names it, and no resource definition reads {}", kind.replace("::", " ")),
    };
    let resource = Resource {
        kind: kind_of(&kind),
        account,
        region,
        id,
        name: None,
        tags,
        created_at: None,
        provider_made: false,
        exposed: false,
        document: Document::new(&said),
        uid,
    };
    (resource, unread)
}

/// Which of the types in `kinds` were listed in full where: where every finder that answers there did so. A finder that
/// is not enabled names nothing; one that failed might have named anything.
pub(crate) fn listings(kinds: &BTreeSet<(AccountId, ResourceType)>, coverage: &[Coverage]) -> Vec<Listing> {
    let is_finder = |row: &&Coverage| {
        ASKED.iter().any(|(service, operation)| *service == row.service && *operation == row.operation)
    };
    // The tagging API is asked everywhere; its rows say where.
    let mut places: BTreeMap<&AccountId, BTreeMap<&Region, bool>> = BTreeMap::new();
    for row in coverage.iter().filter(is_finder) {
        if (row.service.as_str(), row.operation.as_str()) == finders::TAGGING {
            places.entry(&row.account).or_default().entry(&row.region).or_insert(true);
        }
    }
    let asked = |row: &Coverage, what: (&str, &str)| (row.service.as_str(), row.operation.as_str()) == what;
    // One region that answers knows the indexes of all.
    let indexed: BTreeSet<&AccountId> = coverage
        .iter()
        .filter(|row| asked(row, finders::INDEXES) && row.outcome != Outcome::Unknown)
        .map(|row| &row.account)
        .collect();
    for row in coverage.iter().filter(is_finder).filter(|row| row.outcome == Outcome::Unknown) {
        // An endpoint that does not answer may be one that is ill.
        let off = matches!(row.reason, Some(Reason::NotEnabled | Reason::RegionDisabled));
        if off && !asked(row, finders::TAGGING) {
            continue;
        }
        if asked(row, finders::INDEXES) && indexed.contains(&row.account) {
            continue;
        }
        let Some(regions) = places.get_mut(&row.account) else { continue };
        let everywhere = row.service == finders::EXPLORER;
        for (_, read) in regions.iter_mut().filter(|(region, _)| everywhere || **region == &row.region) {
            *read = false;
        }
    }
    let mut listings = Vec::new();
    for (account, kind) in kinds.iter().filter(|(_, kind)| kind.as_str().starts_with(KIND)) {
        let Some(regions) = places.get(account) else { continue };
        let listing = |region: &Region, read| Listing {
            account: account.clone(),
            region: region.clone(),
            kind: kind.clone(),
            read,
        };
        listings.extend(regions.iter().map(|(region, read)| listing(region, *read)));
        // Any region may name what has none, so all must have answered.
        if regions.values().all(|read| *read) {
            listings.push(listing(&Region::global(), true));
        }
    }
    listings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(place: (&str, &str), asked: (&str, &str), reason: Option<Reason>) -> Coverage {
        Coverage {
            account: place.0.into(),
            region: place.1.into(),
            service: asked.0.to_owned(),
            operation: asked.1.to_owned(),
            resource_type: None,
            outcome: if reason.is_some() { Outcome::Unknown } else { Outcome::Empty },
            reason,
            permission: None,
            detail: None,
            calls: 1,
            items: 0,
            throttles: 0,
            failures: 0,
            millis: 0,
        }
    }

    #[test]
    fn only_where_every_finder_answered_is_what_it_does_not_name_gone() {
        let explorer = (finders::EXPLORER, "ListResources");
        let config = ("config", "SelectResourceConfig");
        let kinds = [("1".into(), "seen::x::y".into()), ("1".into(), "AWS::EC2::VPC".into())].into();
        let read = |extra: &[Coverage]| -> Vec<(String, bool)> {
            let mut rows = vec![
                row(("1", "north"), finders::TAGGING, None),
                row(("1", "south"), finders::TAGGING, None),
                row(("1", "north"), ("ec2", "DescribeVpcs"), Some(Reason::Denied)),
                row(("2", "east"), finders::TAGGING, Some(Reason::Denied)),
            ];
            rows.extend_from_slice(extra);
            listings(&kinds, &rows).into_iter().map(|one| (one.region.to_string(), one.read)).collect()
        };
        let told = |rows: &[(&str, bool)]| -> Vec<(String, bool)> {
            rows.iter().map(|(region, read)| ((*region).to_owned(), *read)).collect()
        };
        let all = told(&[("north", true), ("south", true), ("global", true)]);
        assert_eq!(read(&[]), all);
        assert_eq!(read(&[row(("1", "north"), config, Some(Reason::NotEnabled))]), all);
        assert_eq!(
            read(&[row(("1", "north"), config, Some(Reason::Denied))]),
            told(&[("north", false), ("south", true)])
        );
        assert_eq!(
            read(&[row(("1", "south"), config, Some(Reason::NotAnswered))]),
            told(&[("north", true), ("south", false)]),
            "a bad gateway is no proof that there is nothing"
        );
        let indexes = |region, reason| row(("1", region), finders::INDEXES, reason);
        let ill = indexes("north", Some(Reason::NotAnswered));
        assert_eq!(read(std::slice::from_ref(&ill)), told(&[("north", false), ("south", false)]));
        assert_eq!(read(&[ill, indexes("south", None)]), all, "another region told where there are indexes");
        assert_eq!(
            read(&[row(("1", "west"), explorer, Some(Reason::Throttled))]),
            told(&[("north", false), ("south", false)]),
            "an index may stand for all regions"
        );
        assert_eq!(
            read(&[row(("1", "south"), finders::TAGGING, Some(Reason::NotAnswered))]),
            told(&[("north", true), ("south", false)]),
            "nothing stands in for the tagging API"
        );
    }
}
