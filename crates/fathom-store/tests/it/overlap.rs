//! Scans that overlap, of all and of parts, held to a plain record: of each resource that holds which the scan that
//! began last said about it, whatever order they ended in.

use std::collections::{BTreeMap, BTreeSet};

use fathom_model::{Moment, Outcome, Resource, SourceKind, Timestamp, Uid};
use fathom_store::{CoverageQuery, Knowledge, Listing, ScanEnd, Store, Which, WhichEdges};
use futures::TryStreamExt as _;

use crate::support::{INSTANCE, Numbers, at, covered, edge, instances_read, open, owner, resource, unknown};

const ACCOUNT: &str = "111122223333";
const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];

/// What there is: by number, the state and the owner.
type World = BTreeMap<u64, (u64, u64)>;

fn uid(n: u64) -> Uid {
    made(n, 0).uid
}

fn made(n: u64, state: u64) -> Resource {
    resource(INSTANCE, ACCOUNT, region(n), &format!("i-{n}"), &format!("state {state}"))
}

fn region(n: u64) -> &'static str {
    REGIONS[usize::from(n >= 4)]
}

#[derive(Debug, Clone, PartialEq)]
enum Scope {
    /// Both regions are listed.
    Whole,
    /// One region is listed.
    Region(&'static str),
    /// Some resources are looked at; nothing is said about those that are not there.
    Some(BTreeSet<u64>),
    /// Some are looked at, and those that are not there are named as gone.
    Named(BTreeSet<u64>),
}

impl Scope {
    fn by_chance(numbers: &mut Numbers) -> Self {
        let chosen = |numbers: &mut Numbers| (0..8).filter(|_| numbers.below(3) == 0).collect();
        match numbers.below(4) {
            0 => Self::Whole,
            1 => Self::Region(REGIONS[numbers.below(2) as usize]),
            2 => Self::Some(chosen(numbers)),
            _ => Self::Named(chosen(numbers)),
        }
    }

    fn looks_at(&self, n: u64) -> bool {
        match self {
            Self::Whole => true,
            Self::Region(one) => region(n) == *one,
            Self::Some(chosen) | Self::Named(chosen) => chosen.contains(&n),
        }
    }

    fn says_gone(&self) -> bool {
        !matches!(self, Self::Some(_))
    }
}

struct Open {
    scan: i64,
    scope: Scope,
    saw: Option<World>,
}

impl Open {
    async fn look(&mut self, store: &Store, world: &World) {
        let saw: World =
            world.iter().filter(|(n, _)| self.scope.looks_at(**n)).map(|(n, one)| (*n, *one)).collect();
        let resources: Vec<Resource> = saw.iter().map(|(n, (state, _))| made(*n, *state)).collect();
        store.stage(self.scan, &resources).await.unwrap();
        self.saw = Some(saw);
    }

    async fn finish(&self, store: &Store, second: i64) {
        let saw = self.saw.as_ref().unwrap();
        let mut finishing = store.begin_finish(self.scan, at(second)).await.unwrap();
        let known = saw.iter().map(|(n, (state, said))| {
            let one = made(*n, *state);
            let listed = said == &0;
            Knowledge {
                uid: one.uid.clone(),
                understood: !listed,
                statements: vec![owner(&one, &format!("team {said}"), SourceKind::Tag).1],
                edges: vec![edge(&one, "beside", &made((*n + said + state) % 8, 0))],
                listed: listed.then(|| unknown(&one, 1 + state, &["owner"]).into()),
            }
        });
        finishing.explain(known.collect()).await.unwrap();
        let regions: Vec<&str> = REGIONS
            .into_iter()
            .filter(|region| match &self.scope {
                Scope::Whole => true,
                Scope::Region(one) => one == region,
                _ => false,
            })
            .collect();
        let listing = |region: &&str| Listing {
            account: ACCOUNT.into(),
            region: (*region).into(),
            kind: INSTANCE.into(),
            read: true,
        };
        let coverage = regions.iter().map(|region| {
            // Which scan said it shows in the number of items.
            let row = covered(INSTANCE, ACCOUNT, region, Outcome::Read);
            fathom_model::Coverage { items: self.scan.unsigned_abs(), ..row }
        });
        let gone = |chosen: &BTreeSet<u64>| {
            chosen.iter().filter(|n| !saw.contains_key(n)).map(|n| uid(*n)).collect()
        };
        let end = ScanEnd {
            coverage: coverage.collect(),
            listings: Some(regions.iter().map(listing).collect()),
            calls: 1,
            only: match &self.scope {
                Scope::Named(chosen) => Some(gone(chosen)),
                _ => None,
            },
            narrowed: self.scope != Scope::Whole,
            brief: self.scope != Scope::Whole,
        };
        finishing.commit(end, at(second)).await.unwrap();
    }
}

/// What was said last about a resource: by which scan, when that ended, and what it is, where it is there.
type Said = (i64, i64, Option<(u64, u64)>);

/// Document, owner, edges, whether it is listed, and when it was last seen.
type Held = (String, Vec<String>, Vec<String>, bool, Timestamp);

fn expected(said: &BTreeMap<u64, Said>) -> BTreeMap<Uid, Held> {
    let alive = said.iter().filter_map(|(n, (_, second, one))| Some((*n, *second, (*one)?)));
    alive
        .map(|(n, second, (state, said))| {
            let one = made(n, state);
            let beside = vec![uid((n + said + state) % 8).to_string()];
            let document = one.document.as_str().to_owned();
            (one.uid, (document, vec![format!("team {said}")], beside, said == 0, at(second)))
        })
        .collect()
}

async fn held(store: &Store) -> BTreeMap<Uid, Held> {
    let mut held = BTreeMap::new();
    for row in store.stream_resources(&Which::all(), true).try_concat().await.unwrap() {
        let document = row.resource.document.as_str().to_owned();
        assert!(!row.stale && row.deleted_at.is_none());
        held.insert(row.resource.uid, (document, Vec::new(), Vec::new(), false, row.last_seen));
    }
    for (uid, statement) in store.stream_statements(&Which::all()).try_concat().await.unwrap() {
        held.get_mut(&uid).unwrap().1.push(statement.value);
    }
    for edge in store.stream_edges(&WhichEdges::default()).try_concat().await.unwrap() {
        held.get_mut(&edge.from).unwrap().2.push(edge.to.as_str().to_owned());
    }
    for unknown in store.stream_unknowns(at(0)).try_concat().await.unwrap() {
        held.get_mut(&unknown.uid).unwrap().3 = true;
    }
    held
}

/// The same as the history tells it, but for when it was last seen.
async fn past(store: &Store, scan: i64) -> BTreeMap<Uid, Held> {
    let past = store.past(&Moment::Scan(scan), at(0)).await.unwrap();
    let mut held = BTreeMap::new();
    for row in past.stream_resources(&Which::all(), true).try_concat().await.unwrap() {
        let document = row.resource.document.as_str().to_owned();
        held.insert(row.resource.uid, (document, Vec::new(), Vec::new(), false, at(0)));
    }
    for (uid, statements) in past.stream_statements(&Which::all()).try_concat().await.unwrap() {
        held.get_mut(&uid).unwrap().1.extend(statements.into_iter().map(|one| one.value));
    }
    for edge in past.stream_edges(&WhichEdges::default()).try_concat().await.unwrap() {
        held.get_mut(&edge.from).unwrap().2.push(edge.to.as_str().to_owned());
    }
    for unknown in past.stream_unknowns().try_concat().await.unwrap() {
        held.get_mut(&unknown.uid).unwrap().3 = true;
    }
    held
}

#[tokio::test]
async fn whatever_order_scans_end_in_the_one_that_began_last_holds() {
    let mut overlapping = 0;
    for seed in 0..24 {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path()).await;
        let mut numbers = Numbers(seed);
        let mut world = World::new();
        let mut open: Vec<Open> = Vec::new();
        let mut said: BTreeMap<u64, Said> = BTreeMap::new();
        let mut listed: BTreeMap<&str, i64> = BTreeMap::new();
        let mut newest = 0;
        for second in 1..90 {
            let n = numbers.below(8);
            match numbers.below(3) {
                0 => drop(world.remove(&n)),
                1 => drop(world.insert(n, (numbers.below(3), numbers.below(2)))),
                _ => {}
            }
            let chosen = numbers.below(4) as usize;
            if chosen >= open.len() {
                let scope = Scope::by_chance(&mut numbers);
                let regions = REGIONS.map(str::to_owned);
                let scan =
                    store.begin_scan("test", &[ACCOUNT.to_owned()], &regions, at(second)).await.unwrap();
                open.push(Open { scan, scope, saw: None });
                continue;
            }
            if open[chosen].saw.is_none() {
                open[chosen].look(&store, &world).await;
                continue;
            }
            let ended = open.remove(chosen);
            ended.finish(&store, second).await;
            overlapping += usize::from(ended.scan < newest);
            newest = newest.max(ended.scan);
            for n in (0..8).filter(|n| ended.scope.looks_at(*n)) {
                let one = ended.saw.as_ref().unwrap().get(&n).copied();
                let earlier = said.get(&n).is_none_or(|(scan, ..)| *scan < ended.scan);
                if earlier && (one.is_some() || ended.scope.says_gone()) {
                    said.insert(n, (ended.scan, second, one));
                }
            }
            for region in REGIONS {
                if ended.scope == Scope::Whole || ended.scope == Scope::Region(region) {
                    let last = listed.entry(region).or_default();
                    *last = ended.scan.max(*last);
                }
            }
            let expected = expected(&said);
            let what = format!("seed {seed}, second {second}, scan {} of {:?}", ended.scan, ended.scope);
            assert_eq!(held(&store).await, expected, "{what}");
            let mut as_of_newest = expected;
            for held in as_of_newest.values_mut() {
                held.4 = at(0);
            }
            assert_eq!(past(&store, newest).await, as_of_newest, "{what}");
            let rows = store.coverage(&CoverageQuery::default()).await.unwrap();
            let rows: BTreeMap<&str, i64> =
                rows.iter().map(|row| (row.region.as_str(), row.items.cast_signed())).collect();
            assert_eq!(rows, listed, "{what}");
        }
        store.close().await.unwrap();
    }
    assert!(overlapping > 100, "{overlapping} scans ended after one that began later");
}

#[tokio::test]
async fn what_an_earlier_scan_settles_does_not_stay_where_a_later_one_saw_it_as_before() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let end = |read: bool| ScanEnd {
        coverage: if read { instances_read() } else { Vec::new() },
        listings: (!read).then(Vec::new),
        narrowed: !read,
        ..ScanEnd::default()
    };
    let begin = async |second| {
        let (accounts, regions) = ([ACCOUNT.to_owned()], [REGIONS[0].to_owned()]);
        store.begin_scan("test", &accounts, &regions, at(second)).await.unwrap()
    };
    let finish = async |scan, read, second| {
        store.begin_finish(scan, at(second)).await.unwrap().commit(end(read), at(second)).await.unwrap()
    };
    let first = begin(1).await;
    store.stage(first, &[made(0, 1), made(1, 1)]).await.unwrap();
    finish(first, true, 2).await;
    // The earlier one saw 0 changed and 1 gone; the later one, which staged before that ended, saw both as they were.
    let long = begin(3).await;
    store.stage(long, &[made(0, 2)]).await.unwrap();
    let short = begin(4).await;
    store.stage(short, &[made(0, 1), made(1, 1)]).await.unwrap();
    finish(long, true, 5).await;
    assert_eq!(store.stream_resources(&Which::all(), true).try_concat().await.unwrap().len(), 1);
    finish(short, false, 6).await;
    let now = store.stream_resources(&Which::all(), true).try_concat().await.unwrap();
    let documents: Vec<_> = now.iter().map(|row| row.resource.document.clone()).collect();
    assert_eq!(documents, [made(0, 1).document, made(1, 1).document]);
    store.close().await.unwrap();
}
