//! Filters, pages, counts and the list over the columns, against a plain reference over the resources themselves.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use fathom_model::{Acceptance, Edge, Moment, Resource, SourceKind, Target, Unknown};
use fathom_store::{
    Assignee, AssignmentQuery, EstateFilter, Group, NetworkRules, NewAssignment, PlacedResource,
    ResourceOrder, ScanResults, Scope, Store, StoreError, TagFilter,
};

use crate::support::{BUCKET, INSTANCE, Numbers, at, covered, open, owner, resource, unknown};

const KINDS: [&str; 3] = [INSTANCE, BUCKET, "AWS::EC2::VPC"];
const ACCOUNTS: [&str; 3] = ["111122223333", "222233334444", "333344445555"];
const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];
const TEAMS: [&str; 4] = ["core", "web", "té\"am", ""];
const SINCE: [i64; 2] = [11, 21];

/// What a resource of the reference is.
#[derive(Debug, Clone, PartialEq)]
struct Known {
    resource: Resource,
    owner: String,
    network: String,
    understood: bool,
    first_seen: i64,
    to: String,
}

fn made(numbers: &mut Numbers, n: usize) -> (Resource, String) {
    let kind = KINDS[numbers.below(3) as usize];
    let account = ACCOUNTS[numbers.below(3) as usize];
    let region = REGIONS[numbers.below(2) as usize];
    let id = format!("{}-{n:03}", ["Web", "db", "x_%"][numbers.below(3) as usize]);
    let mut resource = resource(kind, account, region, &id, "x");
    let names = [None, Some(format!("Name {}", n % 7)), Some("same".to_owned())];
    resource.name.clone_from(&names[numbers.below(3) as usize]);
    resource.exposed = numbers.below(4) == 0;
    resource.provider_made = numbers.below(5) == 0;
    let team = TEAMS[numbers.below(4) as usize];
    resource.tags =
        [("team".to_owned(), team.to_owned()), ("odd\"key".to_owned(), format!("{}", n % 3))].into();
    if n.is_multiple_of(4) {
        resource.tags.insert("key".to_owned(), "2".to_owned());
    }
    (resource, team.to_owned())
}

/// An estate of two scans; the second changes some, brings some, and does not see some.
async fn estate(store: &Store, seed: u64) -> Vec<Known> {
    store.set_network_rules(NetworkRules {
        kinds: vec!["AWS::EC2::VPC".into()],
        through: vec!["in_vpc".into()],
    });
    let mut numbers = Numbers(seed);
    let mut known: Vec<Known> = Vec::new();
    for (round, second) in [(0, 10), (1, 20)] {
        if round == 1 {
            // Some go, some change.
            known.retain(|_| numbers.below(6) != 0);
            for one in &mut known {
                if numbers.below(5) == 0 {
                    one.resource.exposed = !one.resource.exposed;
                    TEAMS[numbers.below(4) as usize].clone_into(&mut one.owner);
                }
                one.understood = numbers.below(2) == 0;
            }
        }
        for n in 0..40 {
            let (resource, owner) = made(&mut numbers, round * 40 + n);
            known.push(Known {
                resource,
                owner,
                network: String::new(),
                understood: numbers.below(2) == 0,
                first_seen: SINCE[round],
                to: String::new(),
            });
        }
        let networks: Vec<Resource> = known
            .iter()
            .filter(|one| one.resource.kind.as_str() == "AWS::EC2::VPC")
            .map(|one| one.resource.clone())
            .collect();
        let mut results = ScanResults::default();
        for (at, one) in known.iter_mut().enumerate() {
            let own = one.resource.uid.clone();
            one.network = String::new();
            if one.resource.kind.as_str() == "AWS::EC2::VPC" {
                one.network = own.to_string();
            } else if at % 3 > 0 && !networks.is_empty() {
                let network = &networks[at % networks.len()];
                one.network = network.uid.to_string();
                let to = Target::Known { uid: network.uid.clone() };
                results.edges.push(Edge { from: own.clone(), kind: "in_vpc".into(), to, path: "Vpc".into() });
            }
            if !one.owner.is_empty() {
                results.statements.push(owner(&one.resource, &one.owner, SourceKind::Tag));
            }
            if one.understood {
                results.understood.insert(own);
            } else {
                let gaps: &[&str] = if at % 2 == 0 { &["owner", "purpose"] } else { &["purpose"] };
                results.unknowns.push(unknown(&one.resource, at as u64 % 9, gaps));
            }
        }
        for kind in KINDS {
            for account in ACCOUNTS {
                for region in REGIONS {
                    let mut row = covered(kind, account, region, fathom_model::Outcome::Read);
                    row.operation = format!("List{kind}");
                    results.coverage.push(row);
                }
            }
        }
        let (accounts, regions) = (ACCOUNTS.map(str::to_owned), REGIONS.map(str::to_owned));
        let scan = store.begin_scan("test", &accounts, &regions, at(second)).await.unwrap();
        let all: Vec<Resource> = known.iter().map(|one| one.resource.clone()).collect();
        store.stage(scan, &all).await.unwrap();
        store.finish_scan(scan, results, at(second + 1)).await.unwrap();
        if round == 0 {
            // Read once before the second scan, so that the second is laid over it.
            store.warm().await.unwrap();
        }
    }
    let chosen: Vec<usize> = (0..known.len()).filter(|at| at % 11 == 0).collect();
    let new = NewAssignment {
        uids: chosen.iter().map(|at| known[*at].resource.uid.clone()).collect(),
        to: "ana".to_owned(),
        kind: Assignee::Person,
        note: "look".to_owned(),
        by: "bo".to_owned(),
        until: None,
    };
    store.assign(new, at(30)).await.unwrap();
    for index in chosen {
        "ana".clone_into(&mut known[index].to);
    }
    known.sort_by(|a, b| a.resource.uid.cmp(&b.resource.uid));
    known
}

/// Whether somebody may see one.
fn seen(scope: &Scope, one: &Known) -> bool {
    scope.sees(&one.resource.account, Some(one.owner.as_str()).filter(|owner| !owner.is_empty()))
}

/// The same as somebody is told of it: without a network that is not to be seen.
fn told(scope: &Scope, known: &[Known]) -> Vec<Known> {
    let is_told = |network: &String| {
        known.iter().any(|one| one.resource.uid.as_str() == network.as_str() && seen(scope, one))
    };
    let one = |one: &Known| Known {
        network: Some(one.network.clone()).filter(is_told).unwrap_or_default(),
        ..one.clone()
    };
    known.iter().map(one).collect()
}

/// The plain reading of the filter.
fn fits(filter: &EstateFilter, one: &Known) -> bool {
    fn listed<T: AsRef<str>>(wanted: &[T], value: &str) -> bool {
        wanted.is_empty() || wanted.iter().any(|one| one.as_ref() == value)
    }
    let resource = &one.resource;
    let text = filter.text.as_ref().is_none_or(|text| {
        let text = text.to_ascii_lowercase();
        let names = [Some(resource.uid.as_str()), Some(resource.id.as_str()), resource.name.as_deref()];
        names.into_iter().flatten().any(|name| name.to_ascii_lowercase().contains(&text))
    });
    let is = |wanted: Option<bool>, value: bool| wanted.is_none_or(|wanted| wanted == value);
    text && seen(&filter.scope, one)
        && listed(&filter.kinds, resource.kind.as_str())
        && listed(&filter.accounts, resource.account.as_str())
        && listed(&filter.regions, resource.region.as_str())
        && listed(&filter.owners, &one.owner)
        && listed(&filter.networks, &one.network)
        && listed(&filter.assigned_to, &one.to)
        && is(filter.understood, one.understood)
        && is(filter.exposed, resource.exposed)
        && is(filter.provider_made, resource.provider_made)
        && filter.first_seen_since.is_none_or(|since| at(one.first_seen) >= since)
        && filter.tags.iter().all(|tag| {
            let value = resource.tags.get(&tag.key);
            value.is_some() && tag.value.as_ref().is_none_or(|wanted| value == Some(wanted))
        })
}

fn random(numbers: &mut Numbers, known: &[Known]) -> EstateFilter {
    let mut filter = EstateFilter::default();
    let flag =
        |numbers: &mut Numbers| [None, None, None, None, Some(true), Some(false)][numbers.below(6) as usize];
    if numbers.below(3) == 0 {
        filter.kinds.push(KINDS[numbers.below(3) as usize].into());
    }
    if numbers.below(3) == 0 {
        filter.accounts = vec![ACCOUNTS[numbers.below(3) as usize].into(), "999999999999".into()];
    }
    if numbers.below(4) == 0 {
        filter.regions.push(REGIONS[numbers.below(2) as usize].into());
    }
    if numbers.below(3) == 0 {
        filter.owners.push(TEAMS[numbers.below(4) as usize].to_owned());
    }
    if numbers.below(4) == 0 {
        filter.networks.push(known[numbers.below(known.len() as u64) as usize].network.clone());
    }
    if numbers.below(5) == 0 {
        filter.assigned_to.push(["ana", ""][numbers.below(2) as usize].to_owned());
    }
    if numbers.below(4) == 0 {
        filter.text =
            Some(["WEB", "x_%", "name 3", "Same", "-01", "none such"][numbers.below(6) as usize].to_owned());
    }
    if numbers.below(4) == 0 {
        let value =
            [None, Some("té\"am".to_owned()), Some("core".to_owned())][numbers.below(3) as usize].clone();
        filter.tags.push(TagFilter { key: "team".to_owned(), value });
    }
    if numbers.below(5) == 0 {
        filter.tags.push(TagFilter { key: "odd\"key".to_owned(), value: Some("1".to_owned()) });
    }
    if numbers.below(6) == 0 {
        let value = [None, Some("1".to_owned()), Some("2".to_owned())][numbers.below(3) as usize].clone();
        filter.tags.push(TagFilter { key: "key".to_owned(), value });
    }
    if numbers.below(4) == 0 {
        filter.first_seen_since = Some(at(SINCE[1]));
    }
    filter.understood = flag(numbers);
    filter.exposed = flag(numbers);
    filter.provider_made = flag(numbers);
    if numbers.below(3) == 0 {
        let accounts =
            (numbers.below(2) == 0).then(|| BTreeSet::from([ACCOUNTS[0].into(), ACCOUNTS[1].into()]));
        let teams = (numbers.below(2) == 0).then(|| BTreeSet::from(["core".to_owned(), String::new()]));
        filter.scope = Scope { accounts, teams };
    }
    filter
}

fn uids<'r>(rows: impl IntoIterator<Item = &'r PlacedResource>) -> Vec<String> {
    rows.into_iter().map(|one| one.stored.resource.uid.to_string()).collect()
}

#[tokio::test]
async fn random_filters_answer_as_the_plain_reading() {
    for seed in [1, 2, 3] {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path()).await;
        let known = estate(&store, seed).await;
        let mut numbers = Numbers(seed * 77);
        let mut met = HashSet::new();
        for _ in 0..150 {
            let filter = random(&mut numbers, &known);
            let known = told(&filter.scope, &known);
            let wanted: Vec<&Known> = known.iter().filter(|one| fits(&filter, one)).collect();
            met.insert(wanted.len());
            let order = (ResourceOrder::Uid, false);
            let page = store.estate_page(&filter, order, 1000, None, None, at(40)).await.unwrap();
            let plain: Vec<String> = wanted.iter().map(|one| one.resource.uid.to_string()).collect();
            assert_eq!(uids(&page.rows), plain, "{filter:?}");
            assert_eq!(page.total, plain.len() as u64);
            for (row, one) in page.rows.iter().zip(&wanted) {
                assert_eq!(row.owner.clone().unwrap_or_default(), one.owner);
                assert_eq!(row.network.clone().unwrap_or_default(), one.network);
                assert_eq!(row.stored.understood, one.understood);
            }
            let facets = store.estate_facets(&filter, None, at(40)).await.unwrap();
            assert_eq!(facets.total, plain.len() as u64);
            let count = |without: &EstateFilter, value: &dyn Fn(&Known) -> String| {
                let mut counts: BTreeMap<String, u64> = BTreeMap::new();
                for one in known.iter().filter(|one| fits(without, one)) {
                    *counts.entry(value(one)).or_default() += 1;
                }
                counts
            };
            let sorted = |list: &[(String, u64)]| list.iter().cloned().collect::<BTreeMap<_, _>>();
            let open = |change: &dyn Fn(&mut EstateFilter)| {
                let mut open = filter.clone();
                change(&mut open);
                open
            };
            let kinds = count(&open(&|f| f.kinds.clear()), &|one| one.resource.kind.to_string());
            assert_eq!(sorted(&facets.kinds), kinds, "{filter:?}");
            let owners = count(&open(&|f| f.owners.clear()), &|one| one.owner.clone());
            assert_eq!(sorted(&facets.owners), owners, "{filter:?}");
            let networks = count(&open(&|f| f.networks.clear()), &|one| one.network.clone());
            assert_eq!(sorted(&facets.networks), networks, "{filter:?}");
            let assigned = count(&open(&|f| f.assigned_to.clear()), &|one| one.to.clone());
            assert_eq!(sorted(&facets.assigned_to), assigned, "{filter:?}");
            let exposed = count(&open(&|f| f.exposed = None), &|one| one.resource.exposed.to_string());
            assert_eq!(sorted(&facets.exposed), exposed, "{filter:?}");
            let grouped =
                store.estate_groups(&filter, &[Group::Account, Group::Owner], None, at(40)).await.unwrap();
            let mut by_hand: BTreeMap<Vec<String>, u64> = BTreeMap::new();
            for one in &wanted {
                *by_hand.entry(vec![one.resource.account.to_string(), one.owner.clone()]).or_default() += 1;
            }
            assert_eq!(
                grouped.into_iter().map(|(key, counts)| (key, counts.resources)).collect::<BTreeMap<_, _>>(),
                by_hand
            );
        }
        assert!(met.len() > 15, "the filters differ");
        store.close().await.unwrap();
    }
}

#[tokio::test]
async fn pages_join_to_the_whole_in_every_order() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let known = estate(&store, 5).await;
    let filter = EstateFilter { understood: Some(false), ..EstateFilter::default() };
    for order in [
        ResourceOrder::Uid,
        ResourceOrder::Name,
        ResourceOrder::Kind,
        ResourceOrder::Account,
        ResourceOrder::Region,
        ResourceOrder::FirstSeen,
        ResourceOrder::LastSeen,
    ] {
        for descending in [false, true] {
            let mut wanted: Vec<&Known> = known.iter().filter(|one| fits(&filter, one)).collect();
            let key = |one: &Known| {
                let resource = &one.resource;
                let text = match order {
                    ResourceOrder::Name => resource.name.as_ref().unwrap_or(&resource.id).clone(),
                    ResourceOrder::Kind => resource.kind.to_string(),
                    ResourceOrder::Account => resource.account.to_string(),
                    ResourceOrder::Region => resource.region.to_string(),
                    ResourceOrder::FirstSeen => one.first_seen.to_string(),
                    ResourceOrder::Uid | ResourceOrder::LastSeen => String::new(),
                };
                (text, resource.uid.to_string())
            };
            wanted.sort_by_key(|one| key(one));
            if descending {
                wanted.reverse();
            }
            for limit in [1, 7, 1000] {
                let (mut found, mut cursor) = (Vec::new(), None);
                loop {
                    let page = store
                        .estate_page(&filter, (order, descending), limit, cursor.as_ref(), None, at(40))
                        .await
                        .unwrap();
                    assert_eq!(page.total, wanted.len() as u64);
                    found.extend(uids(&page.rows));
                    cursor = page.next;
                    if cursor.is_none() {
                        break;
                    }
                }
                let plain: Vec<String> = wanted.iter().map(|one| one.resource.uid.to_string()).collect();
                assert_eq!(found, plain, "{order:?} {descending} {limit}");
            }
        }
    }
    let page = store.estate_page(&filter, (ResourceOrder::Uid, false), 1, None, None, at(40)).await.unwrap();
    let other =
        store.estate_page(&filter, (ResourceOrder::Name, false), 1, page.next.as_ref(), None, at(40)).await;
    assert!(matches!(other, Err(StoreError::Invalid { .. })));
    store.close().await.unwrap();
}

#[tokio::test]
async fn the_list_is_that_of_the_database_with_ranks_of_what_is_seen() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let known = estate(&store, 9).await;
    let all = store
        .unknowns(&fathom_store::UnknownQuery { limit: 1000, ..Default::default() }, at(40))
        .await
        .unwrap();
    let first = &all.rows[3];
    let accepted = Acceptance {
        uid: first.uid.clone(),
        part: "*".to_owned(),
        reason: "later".to_owned(),
        by: "ana".to_owned(),
        at: at(40),
        until: at(90),
    };
    store.accept(accepted).await.unwrap();
    for include in [false, true] {
        let query =
            fathom_store::UnknownQuery { limit: 1000, include_accepted: include, ..Default::default() };
        let plain: Vec<Unknown> = store.unknowns(&query, at(41)).await.unwrap().rows;
        let (mut found, mut after) = (Vec::new(), Some(0));
        while let Some(rank) = after {
            let page =
                store.list_page(&EstateFilter::default(), include, rank, 9, None, at(41)).await.unwrap();
            assert_eq!((page.total, page.accepted), (all.total, 1));
            found.extend(page.rows.into_iter().map(|(unknown, _)| unknown));
            after = page.next;
        }
        assert_eq!(found, plain);
        let (facets, covered) =
            store.list_facets(&EstateFilter::default(), include, None, at(41)).await.unwrap();
        assert_eq!((facets.total, covered), (all.total, 1));
        let owner: u64 = facets.gaps.iter().filter(|(gap, _)| gap == "owner").map(|(_, count)| count).sum();
        let plain_owner = plain.iter().filter(|one| one.gaps.iter().any(|gap| gap.part == "owner")).count();
        assert_eq!(owner, plain_owner as u64);
    }
    // Who sees one account counts from one within it.
    let scope = Scope { accounts: Some(BTreeSet::from([ACCOUNTS[1].into()])), teams: None };
    let filter = EstateFilter { scope, ..EstateFilter::default() };
    let page = store.list_page(&filter, true, 0, 1000, None, at(41)).await.unwrap();
    let plain: Vec<&Unknown> = all.rows.iter().filter(|one| one.account.as_str() == ACCOUNTS[1]).collect();
    assert!(plain.len() > 3);
    assert_eq!(page.rows.len(), plain.len());
    for (place, ((unknown, placed), plain)) in (1..).zip(page.rows.iter().zip(plain)) {
        assert_eq!((&unknown.uid, unknown.rank), (&plain.uid, place));
        let one = known.iter().find(|one| one.resource.uid == unknown.uid).unwrap();
        assert_eq!(placed.owner.clone().unwrap_or_default(), one.owner);
    }
    store.close().await.unwrap();
}

#[tokio::test]
async fn what_was_is_answered_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    estate(&store, 21).await;
    // The same estate after its first scan alone.
    let before = tempfile::tempdir().unwrap();
    let then = open(before.path()).await;
    let mut only_first = Numbers(21);
    let mut first: Vec<(String, bool, String)> = Vec::new();
    for n in 0..40 {
        let (resource, owner) = made(&mut only_first, n);
        first.push((resource.uid.to_string(), only_first.below(2) == 0, owner));
    }
    first.sort();
    let as_of = store.as_of(&Moment::Scan(1), at(50)).await.unwrap();
    let page = store
        .estate_page(&EstateFilter::default(), (ResourceOrder::Uid, false), 1000, None, Some(&as_of), at(50))
        .await
        .unwrap();
    let found: Vec<(String, bool, String)> = page
        .rows
        .iter()
        .map(|one| {
            (
                one.stored.resource.uid.to_string(),
                one.stored.understood,
                one.owner.clone().unwrap_or_default(),
            )
        })
        .collect();
    assert_eq!(found, first);
    let list = store.list_page(&EstateFilter::default(), true, 0, 1000, Some(&as_of), at(50)).await.unwrap();
    assert_eq!(list.total, first.iter().filter(|(_, understood, _)| !understood).count() as u64);
    let core = EstateFilter { owners: vec!["core".to_owned()], ..EstateFilter::default() };
    let facets = store.estate_facets(&core, Some(&as_of), at(50)).await.unwrap();
    assert_eq!(facets.total, first.iter().filter(|(.., owner)| owner == "core").count() as u64);
    let future = store.as_of(&Moment::Time(at(5000)), at(50)).await;
    assert!(matches!(future, Err(StoreError::Invalid { .. })));
    store.close().await.unwrap();
    then.close().await.unwrap();
}

#[tokio::test]
async fn assignments_replace_end_and_are_sealed() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let known = estate(&store, 31).await;
    let uid = known[1].resource.uid.clone();
    let size = store.ledger_status().await.unwrap().size;
    let new = |uids: Vec<fathom_model::Uid>, to: &str, until| NewAssignment {
        uids,
        to: to.to_owned(),
        kind: Assignee::Team,
        note: "find out who owns it".to_owned(),
        by: "bo".to_owned(),
        until,
    };
    let lost = store.assign(new(vec![uid.clone(), "arn:none".into()], "core", None), at(50)).await;
    assert!(matches!(lost, Err(StoreError::NoSuchResource { uid }) if uid == "arn:none"));
    assert_eq!(store.ledger_status().await.unwrap().size, size, "all or nothing");
    let made = store.assign(new(vec![uid.clone()], "core", Some(at(60))), at(50)).await.unwrap();
    let again = store.assign(new(vec![uid.clone()], "web", None), at(51)).await.unwrap();
    let query = AssignmentQuery { uid: Some(uid.clone()), ..AssignmentQuery::default() };
    assert_eq!(store.assignments(&query, at(52)).await.unwrap(), (again.clone(), 1));
    assert!(store.end_assignment(made[0].id, "bo", "done", at(53)).await.is_err(), "it was replaced");
    let ended = store.end_assignment(again[0].id, "ana", "done", at(53)).await.unwrap();
    assert_eq!((ended.ended_by.as_deref(), ended.ended_at), (Some("ana"), Some(at(53))));
    assert_eq!(store.assignments(&query, at(54)).await.unwrap().1, 0);
    // One with an end holds until then, and not a moment longer.
    store.assign(new(vec![uid.clone()], "core", Some(at(60))), at(55)).await.unwrap();
    let filter = EstateFilter { assigned_to: vec!["core".to_owned()], ..EstateFilter::default() };
    let total = async |second| store.estate_facets(&filter, None, at(second)).await.unwrap().total;
    assert_eq!((total(59).await, total(60).await), (1, 0));
    assert!(store.assign(new(vec![uid], "core", Some(at(50))), at(55)).await.is_err());
    let entries = store.entries(size, 100).await.unwrap();
    let kinds: Vec<bool> =
        entries.iter().map(|one| one.body.contains(r#""kind":"resource.assigned""#)).collect();
    assert_eq!(kinds, [true, true, false, true]);
    assert!(entries[2].body.contains(r#""kind":"resource.assignment_ended""#));
    store.close().await.unwrap();
}

/// Pages of assignments join to the whole, also for who sees a part.
#[tokio::test]
async fn pages_of_assignments_hold_what_is_seen() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let known = estate(&store, 41).await;
    let scope = Scope { accounts: Some(BTreeSet::from([ACCOUNTS[1].into()])), teams: None };
    for scope in [Scope::ALL, scope] {
        let wanted = known.iter().filter(|one| one.to == "ana" && seen(&scope, one));
        let wanted: BTreeSet<String> = wanted.map(|one| one.resource.uid.to_string()).collect();
        assert!(!wanted.is_empty());
        let (mut found, mut offset) = (BTreeSet::new(), 0);
        loop {
            let query =
                AssignmentQuery { scope: scope.clone(), offset, limit: 2, ..AssignmentQuery::default() };
            let (page, total) = store.assignments(&query, at(40)).await.unwrap();
            assert_eq!(total, wanted.len() as u64);
            if page.is_empty() {
                break;
            }
            offset += page.len() as u64;
            found.extend(page.into_iter().map(|one| one.uid.to_string()));
        }
        assert_eq!(found, wanted);
    }
    store.close().await.unwrap();
}
