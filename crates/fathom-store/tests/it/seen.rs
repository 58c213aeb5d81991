//! What somebody who sees a part is told: of networks, of the past, of what went.

use std::collections::BTreeSet;

use fathom_model::{Document, Edge, Moment, Resource, SourceKind, Target};
use fathom_store::{
    ChangeQuery, EstateFilter, Fate, NetworkRules, PlacedResource, ResourceOrder, ScanResults, Scope,
};

use crate::support::{BUCKET, INSTANCE, at, covered, open, owner, resource, scan, unknown};

const ACCOUNTS: [&str; 1] = ["111122223333"];
const REGIONS: [&str; 1] = ["eu-west-1"];

fn uids(rows: &[PlacedResource]) -> Vec<String> {
    rows.iter().map(|one| one.stored.resource.uid.to_string()).collect()
}

/// What lies in a network through something that a later scan learns the network of.
#[tokio::test]
async fn a_network_that_is_read_later_reaches_what_did_not_change() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    store.set_network_rules(NetworkRules {
        kinds: vec!["AWS::EC2::VPC".into()],
        through: vec!["in_vpc".into(), "in_subnet".into()],
    });
    let (account, region) = (ACCOUNTS[0], REGIONS[0]);
    let vpc = resource("AWS::EC2::VPC", account, region, "vpc", "x");
    let subnet = resource("AWS::EC2::Subnet", account, region, "subnet", "x");
    let instance = resource(INSTANCE, account, region, "instance", "x");
    let unseen =
        Target::Unresolved { kind: "AWS::EC2::VPC".into(), reference: "vpc".to_owned(), outside: false };
    let edge = |from: &Resource, kind: &str, to: &Target| Edge {
        from: from.uid.clone(),
        kind: kind.into(),
        to: to.clone(),
        path: "Id".into(),
    };
    let in_subnet = edge(&instance, "in_subnet", &Target::Known { uid: subnet.uid.clone() });
    let known = Target::Known { uid: vpc.uid.clone() };
    let before = vec![subnet.clone(), instance.clone()];
    let after = vec![subnet.clone(), instance.clone(), vpc.clone()];
    for (second, resources, to) in [(10, before, &unseen), (20, after, &known)] {
        let begun = store.begin_scan("test", &[account.to_owned()], &[region.to_owned()], at(second)).await;
        let begun = begun.unwrap();
        store.stage(begun, &resources).await.unwrap();
        let edges = vec![in_subnet.clone(), edge(&subnet, "in_vpc", to)];
        let results = ScanResults { edges, ..ScanResults::default() };
        store.finish_scan(begun, results, at(second + 1)).await.unwrap();
        store.warm().await.unwrap();
    }
    let order = (ResourceOrder::Uid, false);
    let page = store.estate_page(&EstateFilter::default(), order, 10, None, None, at(40)).await.unwrap();
    assert_eq!(page.rows.len(), 3);
    for row in page.rows {
        assert_eq!(row.network.as_deref(), Some(vpc.uid.as_str()), "{}", row.stored.resource.uid);
    }
    store.close().await.unwrap();
}

/// Whose a resource is, is as of now, also where the past is asked about; of what is gone, whose it was last.
#[tokio::test]
async fn who_may_see_a_resource_sees_its_past_and_that_it_went() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let (account, region) = (ACCOUNTS[0], REGIONS[0]);
    let all = ["stays", "moves", "goes"].map(|id| resource(INSTANCE, account, region, id, "x"));
    let run = async |second, some: &[(&Resource, &str)]| {
        let begun = store.begin_scan("test", &[account.to_owned()], &[region.to_owned()], at(second)).await;
        let begun = begun.unwrap();
        let resources: Vec<Resource> = some.iter().map(|(one, _)| (*one).clone()).collect();
        store.stage(begun, &resources).await.unwrap();
        let results = ScanResults {
            statements: some.iter().map(|(one, team)| owner(one, team, SourceKind::Tag)).collect(),
            unknowns: (1..).zip(&resources).map(|(rank, one)| unknown(one, rank, &["purpose"])).collect(),
            coverage: vec![covered(INSTANCE, account, region, fathom_model::Outcome::Read)],
            ..ScanResults::default()
        };
        store.finish_scan(begun, results, at(second + 1)).await.unwrap();
        begun
    };
    let [stays, moves, goes] = &all;
    let first = run(10, &[(stays, "core"), (moves, "core"), (goes, "core")]).await;
    let second = run(20, &[(stays, "core"), (moves, "web")]).await;
    let of = |team: &str| Scope { accounts: None, teams: Some(BTreeSet::from([team.to_owned()])) };
    let as_of = store.as_of(&Moment::Scan(first), at(50)).await.unwrap();
    for (team, seen) in [("core", vec![goes, stays]), ("web", vec![moves]), ("none", vec![])] {
        let filter = EstateFilter { scope: of(team), ..EstateFilter::default() };
        let order = (ResourceOrder::Uid, false);
        let page = store.estate_page(&filter, order, 10, None, Some(&as_of), at(50)).await.unwrap();
        let plain: Vec<String> = seen.iter().map(|one| one.uid.to_string()).collect();
        assert_eq!(uids(&page.rows), plain, "{team}");
        let list = store.list_page(&filter, true, 0, 10, Some(&as_of), at(50)).await.unwrap();
        assert_eq!(list.total, plain.len() as u64, "{team}");
        for one in &all {
            let detail = store.resource_as_of(&as_of, &of(team), &one.uid).await.unwrap();
            assert_eq!(detail.is_some(), seen.contains(&one), "{team} {}", one.uid);
            // Ranks count what is seen.
            let place = list.rows.iter().find(|(unknown, _)| unknown.uid == one.uid);
            let rank = detail.and_then(|detail| detail.unknown).map(|unknown| unknown.rank);
            assert_eq!(rank, place.map(|(unknown, _)| unknown.rank), "{team} {}", one.uid);
            let now = store.unknown_seen(&of(team), &one.uid, at(50)).await.unwrap();
            if one.uid != goes.uid && seen.contains(&one) {
                assert_eq!(now.map(|unknown| unknown.rank), Some(1), "the only one of {team}");
            }
        }
        let asked = ChangeQuery { since: first, until: second, scope: of(team), ..ChangeQuery::default() };
        let mut changes = store.changes(asked).await.unwrap();
        let mut told = Vec::new();
        while let Some(some) = changes.next().await.unwrap() {
            told.extend(some.into_iter().map(|change| (change.uid, change.fate)));
        }
        let went: Vec<_> = seen.iter().filter(|one| one.uid == goes.uid).collect();
        assert_eq!(told, went.iter().map(|one| (one.uid.clone(), Fate::Gone)).collect::<Vec<_>>(), "{team}");
    }
    store.close().await.unwrap();
}

/// Keys are read a part at a time, and the parts join.
#[tokio::test]
async fn more_changes_than_are_read_at_a_time_come_whole_and_in_order() {
    const MANY: usize = 10_030;
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let make = |n: usize| {
        let kind = if n.is_multiple_of(3) { BUCKET } else { INSTANCE };
        let account = if n.is_multiple_of(2) { "111122223333" } else { "222233334444" };
        let mut one = resource(kind, account, "eu-west-1", &format!("{n:05}"), "x");
        one.document = Document::new(&serde_json::json!({ "Id": n }));
        one
    };
    let all: Vec<Resource> = (0..MANY).map(make).collect();
    scan(&store, 10, &all, ScanResults::default()).await;
    let own = Scope { accounts: Some(BTreeSet::from(["222233334444".into()])), teams: None };
    for scope in [Scope::ALL, own] {
        let mut wanted: Vec<_> = all
            .iter()
            .filter(|one| scope.sees(&one.account, None))
            .map(|one| (one.kind.clone(), one.uid.clone()))
            .collect();
        wanted.sort();
        let query = ChangeQuery { until: 1, scope, without_documents: true, ..ChangeQuery::default() };
        let mut changes = store.changes(query).await.unwrap();
        let mut found = Vec::new();
        while let Some(some) = changes.next().await.unwrap() {
            for change in some {
                let after = change.after.unwrap();
                assert!(after.hash.is_some() && after.document.is_none(), "it differs, and is not read");
                found.push((change.kind, change.uid));
            }
        }
        assert_eq!(found, wanted);
    }
    store.close().await.unwrap();
}
