//! What was: held to a plain record of every scan.

use std::collections::{BTreeMap, BTreeSet};

use fathom_model::{DayEdge, Moment, Resource, SourceKind, Uid};
use fathom_store::{ChangeQuery, EstateChange, Fate, ScanResults, Store, StoreError, Which};
use futures::TryStreamExt as _;
use serde_json::Value;

use crate::support::{at, instance, instances_read, open, owner, resource, scan, unknown};

/// The seconds between two scans.
const STEP: i64 = 100;

/// One scan as it was made: state, owner and understanding of each instance by id.
type World = BTreeMap<&'static str, (u8, &'static str, bool)>;

/// Instances that come, change, go, come back, change back, and are understood or not.
fn worlds() -> Vec<World> {
    let one = |text: &str| -> World {
        let read = |part: &str| {
            let (id, rest) = part.split_at(1);
            let id = ["a", "b", "c", "d", "e"].into_iter().find(|known| *known == id).unwrap();
            let state = rest.as_bytes()[0] - b'0';
            (id, (state, if rest.contains('x') { "x" } else { "y" }, !rest.contains('?')))
        };
        text.split_whitespace().map(read).collect()
    };
    [
        "a1x b1x c1x",          // first seen
        "a2x b1x c1x",          // a changes
        "a2x b1x d1x?",         // c goes, d comes
        "a2x b1x d1x?",         // nothing
        "a1x b1y? c1x d1x", // a changes back, b's owner and understanding, c returns as it was, d is understood
        "c2x d1x",          // a and b go, c changes
        "a1x b1y? c1x d1x e1x", // all but e as two scans before
    ]
    .map(one)
    .to_vec()
}

fn made(id: &str, state: u8, owner: &str) -> Resource {
    let mut made = instance(id, &state.to_string());
    // A fact that no document shows.
    made.exposed = owner == "y";
    made
}

async fn scanned(store: &Store) -> Vec<World> {
    let worlds = worlds();
    for (n, world) in worlds.iter().enumerate() {
        let resources: Vec<Resource> =
            world.iter().map(|(id, (state, owner, _))| made(id, *state, owner)).collect();
        let understood = |yes: bool| {
            let chosen = world.values().zip(&resources).filter(move |((.., known), _)| *known == yes);
            chosen.map(|(_, resource)| resource)
        };
        let results = ScanResults {
            coverage: instances_read(),
            statements: world
                .values()
                .zip(&resources)
                .map(|((_, said, _), resource)| owner(resource, said, SourceKind::Tag))
                .collect(),
            unknowns: understood(false).zip(1..).map(|(one, rank)| unknown(one, rank, &["owner"])).collect(),
            understood: understood(true).map(|one| one.uid.clone()).collect(),
            ..ScanResults::default()
        };
        let id = scan(store, n as i64 * STEP + 10, &resources, results).await;
        assert_eq!(id, n as i64 + 1);
    }
    worlds
}

async fn changes(store: &Store, since: i64, until: i64) -> Vec<EstateChange> {
    let mut found = Vec::new();
    let query = ChangeQuery { since, until, ..ChangeQuery::default() };
    let mut changes = store.changes(query).await.unwrap();
    while let Some(more) = changes.next().await.unwrap() {
        found.extend(more);
    }
    found
}

fn id_of(uid: &Uid) -> &str {
    uid.as_str().rsplit(':').next().unwrap()
}

#[tokio::test]
async fn between_any_two_scans_exactly_what_differs_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let worlds = scanned(&store).await;
    let empty = World::new();
    for since in 0..=worlds.len() {
        let before = since.checked_sub(1).map_or(&empty, |n| &worlds[n]);
        for until in since..=worlds.len() {
            let after = until.checked_sub(1).map_or(&empty, |n| &worlds[n]);
            let ids: BTreeSet<_> = before.keys().chain(after.keys()).copied().collect();
            let expected: Vec<_> = ids
                .into_iter()
                .filter_map(|id| {
                    let was_there = worlds[..since].iter().any(|world| world.contains_key(id));
                    let (old, new) = (before.get(id), after.get(id));
                    let fate = match (old, new) {
                        (None, Some(_)) if was_there => Fate::Returned,
                        (None, _) => Fate::Added,
                        (_, None) => Fate::Gone,
                        (Some(old), Some(new)) if (old.0, old.1) != (new.0, new.1) => Fate::Changed,
                        (Some(old), Some(new)) if old.2 != new.2 => Fate::Same,
                        _ => return None,
                    };
                    Some((id, fate, old.map(|one| one.2), new.map(|one| one.2)))
                })
                .collect();
            let found = changes(&store, since as i64, until as i64).await;
            let told: Vec<_> = found
                .iter()
                .map(|one| (id_of(&one.uid), one.fate, one.understood.0, one.understood.1))
                .collect();
            assert_eq!(told, expected, "{since} to {until}");
            for change in &found {
                let id = id_of(&change.uid);
                for (version, world) in [(&change.before, before), (&change.after, after)] {
                    let Some((state, said, _)) = world.get(id) else {
                        assert!(version.as_ref().is_none_or(|version| version.hash.is_none()));
                        continue;
                    };
                    let expected = made(id, *state, said);
                    let version = version.as_ref().unwrap();
                    assert_eq!(version.document.as_ref(), Some(&expected.document));
                    assert_eq!(version.facts.exposed, expected.exposed, "{id} {since} to {until}");
                    assert_eq!((&version.facts.tags, &version.facts.name), (&expected.tags, &expected.name));
                }
            }
        }
    }
    store.close().await.unwrap();
}

#[tokio::test]
async fn the_estate_as_of_any_scan_is_what_it_saw() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let worlds = scanned(&store).await;
    for (n, world) in worlds.iter().enumerate() {
        let moment = Moment::Time(at(n as i64 * STEP + 50));
        let past = store.past(&moment, at(10_000)).await.unwrap();
        assert_eq!(past.scan().id, n as i64 + 1);
        let resources: Vec<_> = past.stream_resources(&Which::all(), true).try_concat().await.unwrap();
        let found: World = resources
            .iter()
            .map(|one| {
                let id = worlds.iter().flat_map(World::keys).find(|id| **id == one.resource.id).unwrap();
                let state = one.resource.document.value()["State"].as_str().unwrap().parse().unwrap();
                let said = if one.resource.exposed { "y" } else { "x" };
                (*id, (state, said, one.understood.unwrap()))
            })
            .collect();
        assert_eq!(&found, world, "scan {}", n + 1);
        let said: Vec<_> = past.stream_statements(&Which::all()).try_concat().await.unwrap();
        let said: BTreeMap<_, _> =
            said.iter().map(|(uid, all)| (id_of(uid), all[0].value.as_str())).collect();
        let expected: BTreeMap<_, _> = world.iter().map(|(id, (_, said, _))| (*id, *said)).collect();
        assert_eq!(said, expected, "scan {}", n + 1);
        let unknowns: Vec<_> = past.stream_unknowns().try_concat().await.unwrap();
        let unknowns: Vec<_> = unknowns.iter().map(|one| (id_of(&one.uid), one.rank)).collect();
        let expected: Vec<_> = world.iter().filter(|(_, one)| !one.2).map(|(id, _)| *id).zip(1..).collect();
        assert_eq!(unknowns, expected, "scan {}", n + 1);
    }
    store.close().await.unwrap();
}

#[tokio::test]
async fn versions_are_told_newest_first_and_gone_ones_have_no_document() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    scanned(&store).await;
    let history = store.history(&instance("c", "1").uid, 100).await.unwrap();
    let told: Vec<_> = history
        .versions
        .iter()
        .map(|one| {
            let state = one.document.as_ref().map(|document| document.value()["State"].clone());
            assert_eq!(one.hash.is_some(), state.is_some());
            assert_eq!(one.seen_at, at((one.scan - 1) * STEP + 11));
            (one.scan, state)
        })
        .collect();
    let state = |text: &str| Some(Value::from(text));
    assert_eq!(told, [(7, state("1")), (6, state("2")), (5, state("1")), (3, None), (1, state("1"))]);
    let newest = store.history(&instance("c", "1").uid, 2).await.unwrap();
    assert_eq!((newest.total, newest.versions), (5, history.versions[..2].to_vec()));
    assert_eq!(store.history(&"arn:none".into(), 5).await.unwrap().total, 0);
    // Two documents fit: the third, of the oldest version, is left out, and is still a version.
    let size = history.versions[0].document.as_ref().unwrap().as_str().len() as u64;
    let within = store.history_within(&instance("c", "1").uid, 100, 3 * size - 1).await.unwrap();
    let with = |history: &fathom_store::ResourceVersions| {
        history.versions.iter().map(|one| (one.hash.is_some(), one.document.is_some())).collect::<Vec<_>>()
    };
    let (read, gone, left_out) = ((true, true), (false, false), (true, false));
    assert_eq!(with(&within), [read, read, left_out, gone, left_out]);
    assert_eq!((within.total, within.first_scan), (5, 1));
    let all: Vec<_> = store.stream_versions(&Which::all(), None, false).try_concat().await.unwrap();
    let of_c: Vec<_> = all.iter().filter(|row| id_of(&row.uid) == "c").map(|row| row.version.scan).collect();
    assert_eq!(of_c, [1, 3, 5, 6, 7]);
    assert!(all.iter().all(|row| row.version.document.is_none()));
    store.close().await.unwrap();
}

#[tokio::test]
async fn changes_are_narrowed_and_go_on_where_they_ended() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let many: Vec<Resource> = (0..600).map(|n| instance(&format!("i{n:03}"), "1")).collect();
    let bucket = resource("AWS::S3::Bucket", "111122223333", "us-east-1", "b", "1");
    let results = || ScanResults { coverage: instances_read(), ..ScanResults::default() };
    scan(&store, 10, &[&many[..], std::slice::from_ref(&bucket)].concat(), results()).await;
    let all = changes(&store, 0, 1).await;
    assert_eq!(all.len(), 601);
    let place = all.iter().position(|one| one.id == "i299").unwrap();
    let query = ChangeQuery {
        until: 1,
        after: Some((all[place].kind.clone(), all[place].uid.clone())),
        ..ChangeQuery::default()
    };
    let mut rest = Vec::new();
    let mut reader = store.changes(query).await.unwrap();
    while let Some(more) = reader.next().await.unwrap() {
        rest.extend(more);
    }
    assert_eq!(rest, all[place + 1..]);
    for query in [
        ChangeQuery { until: 1, kinds: vec![bucket.kind.clone()], ..ChangeQuery::default() },
        ChangeQuery { until: 1, regions: vec!["us-east-1".into()], ..ChangeQuery::default() },
    ] {
        let found = store.changes(query).await.unwrap().next().await.unwrap().unwrap();
        assert_eq!(found.iter().map(|one| &one.uid).collect::<Vec<_>>(), [&bucket.uid]);
    }
    let nobody = ChangeQuery { until: 1, accounts: vec!["9".into()], ..ChangeQuery::default() };
    assert!(store.changes(nobody).await.unwrap().next().await.unwrap().is_none());
    store.close().await.unwrap();
}

#[tokio::test]
async fn moments_fall_on_scans() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let of = |text: &str| {
        let (store, moment) = (store.clone(), text.parse::<Moment>().unwrap());
        async move { store.scan_of(&moment, DayEdge::End, at(10_000)).await }
    };
    let none = of("7d").await.unwrap_err();
    assert!(none.to_string().contains("run `fathom scan`"), "{none}");
    scan(&store, 10, &[], ScanResults::default()).await;
    let failed = store.begin_scan("test", &[], &[], at(20)).await.unwrap();
    store.fail_scan(failed, "no", at(21)).await.unwrap();
    scan(&store, 30, &[], ScanResults::default()).await;
    for (moment, id) in
        [(at(11), 1), (at(30), 1), (at(31), 3), (at(9999), 3)].map(|(moment, id)| (moment.to_string(), id))
    {
        assert_eq!(of(&moment).await.unwrap().id, id, "{moment}");
    }
    assert_eq!(of("scan:1").await.unwrap().id, 1);
    assert_eq!(of("1h").await.unwrap().id, 3);
    assert!(matches!(of("scan:9").await, Err(StoreError::NoSuchScan { scan: 9 })));
    let told = of("scan:2").await.unwrap_err().to_string();
    assert!(told.contains("scan 2") && told.contains("failed"), "{told}");
    let early = of(&at(10).to_string()).await.unwrap_err().to_string();
    assert!(early.contains(&format!("history begins at {}", at(11))), "{early}");
    assert_eq!(store.scan_before(3).await.unwrap().map(|scan| scan.id), Some(1));
    assert_eq!(store.scan_before(1).await.unwrap(), None);
    store.close().await.unwrap();
}
