//! Neighbourhoods and ways, against a plain breadth-first search over the edges.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use fathom_model::{Edge, Moment, Outcome, Resource, Target, Uid};
use fathom_store::{
    AroundQuery, AsOf, Direction, EstateFilter, GroupQuery, LINKS_OF_ONE_MAX, ScanResults, Scope, Store,
    WayQuery,
};

use crate::support::{BUCKET, INSTANCE, Numbers, at, covered, edge, open, resource, scan};

const ACCOUNTS: [&str; 2] = ["111122223333", "222233334444"];

fn node(n: usize) -> Resource {
    let kind = if n.is_multiple_of(3) { BUCKET } else { INSTANCE };
    let mut one = resource(kind, ACCOUNTS[n % 2], "eu-west-1", &format!("n-{n:03}"), "x");
    one.exposed = n.is_multiple_of(5);
    one
}

/// A random graph: the resources and their edges by number.
async fn graph(
    store: &Store,
    seed: u64,
    size: usize,
    edges: usize,
) -> (Vec<Resource>, Vec<(usize, usize, &'static str)>) {
    let mut numbers = Numbers(seed);
    let nodes: Vec<Resource> = (0..size).map(node).collect();
    let links: BTreeSet<(usize, usize, &str)> = (0..edges)
        .map(|_| {
            let (a, b) = (numbers.below(size as u64) as usize, numbers.below(size as u64) as usize);
            (a, b, ["uses", "in_subnet"][numbers.below(2) as usize])
        })
        .collect();
    let results = ScanResults {
        edges: links.iter().map(|(a, b, kind)| edge(&nodes[*a], kind, &nodes[*b])).collect(),
        ..ScanResults::default()
    };
    scan(store, 10, &nodes, results).await;
    (nodes, links.into_iter().collect())
}

/// How far each node is from one, over edges that are followed so.
fn distances(
    from: usize,
    links: &[(usize, usize, &str)],
    direction: Direction,
    kind: Option<&str>,
    seen: &dyn Fn(usize) -> bool,
) -> BTreeMap<usize, usize> {
    let mut found = BTreeMap::from([(from, 0)]);
    let mut queue = VecDeque::from([from]);
    while let Some(here) = queue.pop_front() {
        for (a, b, of) in links {
            if kind.is_some_and(|kind| kind != *of) {
                continue;
            }
            let mut next = Vec::new();
            if *a == here && direction != Direction::In {
                next.push(*b);
            }
            if *b == here && direction != Direction::Out {
                next.push(*a);
            }
            for there in next {
                if seen(there) && !found.contains_key(&there) {
                    found.insert(there, found[&here] + 1);
                    queue.push_back(there);
                }
            }
        }
    }
    found
}

#[tokio::test]
async fn ways_are_as_short_as_a_plain_search_finds_them() {
    let (mut met, mut none) = (BTreeSet::new(), 0);
    for seed in [1, 2, 3, 4] {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path()).await;
        let (nodes, links) = graph(&store, seed, 60, 70).await;
        let mut numbers = Numbers(seed + 100);
        for _ in 0..120 {
            let (a, b) = (numbers.below(60) as usize, numbers.below(60) as usize);
            let direction = [Direction::Both, Direction::Out, Direction::In][numbers.below(3) as usize];
            let kind = [None, None, Some("uses")][numbers.below(3) as usize];
            let limited = numbers.below(4) == 0;
            let hops = 1 + numbers.below(12) as u32;
            let scope = if limited {
                Scope { accounts: Some(BTreeSet::from([ACCOUNTS[0].into()])), teams: None }
            } else {
                Scope::ALL
            };
            let seen = |n: usize| !limited || n.is_multiple_of(2);
            let query = WayQuery {
                scope,
                from: nodes[a].uid.clone(),
                to: nodes[b].uid.clone(),
                hops,
                direction,
                kinds: kind.into_iter().map(Into::into).collect(),
            };
            let way = store.way(&query, None).await.unwrap();
            if !seen(a) || !seen(b) {
                assert!(way.is_none(), "an end that may not be seen is not known");
                continue;
            }
            let way = way.unwrap();
            assert!(way.complete);
            let far = distances(a, &links, direction, kind, &seen).get(&b).copied();
            match far.filter(|far| *far <= hops as usize) {
                None => {
                    none += 1;
                    assert!(way.nodes.is_empty(), "{query:?}");
                }
                Some(far) => {
                    met.insert(far);
                    assert_eq!(way.hops.len(), far, "{query:?}");
                    assert_eq!(way.nodes.len(), far + 1);
                    assert_eq!((&way.nodes[0].uid, &way.nodes[far].uid), (&query.from, &query.to));
                    for (step, (edge, forward)) in way.hops.iter().enumerate() {
                        let (here, there) = (&way.nodes[step].uid, &way.nodes[step + 1].uid);
                        let ends = if *forward { (here, there) } else { (there, here) };
                        assert_eq!((&edge.from, &edge.to), ends);
                        assert!(*forward || direction != Direction::Out);
                        assert!(!*forward || direction != Direction::In);
                        let place = |uid: &Uid| nodes.iter().position(|one| one.uid == *uid).unwrap();
                        assert!(links.contains(&(place(&edge.from), place(&edge.to), &edge.kind)));
                    }
                }
            }
        }
        store.close().await.unwrap();
    }
    assert!(met.len() > 5 && none > 50, "short, long and no ways were asked for: {met:?} {none}");
}

#[tokio::test]
async fn what_is_around_is_what_a_plain_search_reaches() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let (nodes, links) = graph(&store, 7, 80, 120).await;
    for depth in 1..=4 {
        for start in [0, 11, 42] {
            let query = AroundQuery {
                scope: Scope::ALL,
                root: nodes[start].uid.clone(),
                depth,
                kinds: Vec::new(),
                types: Vec::new(),
                direction: Direction::Both,
                limit: 2000,
                group_above: 500,
                links_max: LINKS_OF_ONE_MAX,
            };
            let found = store.graph_around(&query, None).await.unwrap().unwrap();
            let far = distances(start, &links, Direction::Both, None, &|_| true);
            let wanted: BTreeMap<String, u32> = far
                .into_iter()
                .filter(|(_, far)| *far <= depth as usize)
                .map(|(n, far)| (nodes[n].uid.to_string(), far as u32))
                .collect();
            let reached: BTreeMap<String, u32> =
                found.nodes.iter().map(|one| (one.uid.to_string(), one.depth)).collect();
            assert_eq!(reached, wanted);
            assert!(found.complete && found.groups.is_empty());
            let between = links.iter().filter(|(a, b, _)| {
                wanted.contains_key(nodes[*a].uid.as_str()) && wanted.contains_key(nodes[*b].uid.as_str())
            });
            assert_eq!(found.edges.len(), between.count());
        }
    }
    store.close().await.unwrap();
}

#[tokio::test]
async fn many_alike_become_a_group_that_opens_page_by_page() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let nodes: Vec<Resource> = (0..40).map(node).collect();
    let hub = &nodes[0];
    let mut edges: Vec<Edge> = nodes[1..38].iter().map(|one| edge(one, "uses", hub)).collect();
    edges.push(edge(hub, "logs_to", &nodes[39]));
    let lost = Target::Unresolved { kind: BUCKET.into(), reference: "elsewhere".to_owned(), outside: true };
    edges.push(Edge { from: hub.uid.clone(), kind: "logs_to".into(), to: lost, path: "Logs".into() });
    scan(&store, 10, &nodes, ScanResults { edges, ..ScanResults::default() }).await;
    let query = AroundQuery {
        scope: Scope::ALL,
        root: hub.uid.clone(),
        depth: 1,
        kinds: Vec::new(),
        types: Vec::new(),
        direction: Direction::Both,
        limit: 300,
        group_above: 13,
        links_max: LINKS_OF_ONE_MAX,
    };
    let found = store.graph_around(&query, None).await.unwrap().unwrap();
    // 12 buckets of 1..38 are multiples of three and stay; the 25 instances become one.
    let [group] = found.groups.as_slice() else { panic!("{:?}", found.groups) };
    assert_eq!(
        (group.count, group.member_kind.as_str(), group.outgoing, group.at_least),
        (25, INSTANCE, false, false)
    );
    assert_eq!(found.nodes.len(), 1 + 12 + 1);
    assert_eq!(
        (found.loose.len(), found.loose[0].reference.as_str(), found.loose[0].outside),
        (1, "elsewhere", true)
    );
    let (mut members, mut offset) = (BTreeSet::new(), 0);
    loop {
        let page = store
            .group_members(
                &GroupQuery {
                    scope: Scope::ALL,
                    of: hub.uid.clone(),
                    kind: "uses".into(),
                    outgoing: false,
                    member_kind: INSTANCE.into(),
                    offset,
                    limit: 10,
                },
                None,
            )
            .await
            .unwrap()
            .unwrap();
        assert_eq!((page.total, page.nodes.len()), (25, page.edges.len()));
        offset += page.nodes.len();
        members.extend(page.nodes.into_iter().map(|one| one.uid));
        if offset as u64 >= page.total {
            break;
        }
    }
    assert_eq!(members.len(), 25);
    // Fewer than are there, and it says so.
    let few = AroundQuery { limit: 10, group_above: 500, ..query.clone() };
    let few = store.graph_around(&few, None).await.unwrap().unwrap();
    assert_eq!((few.nodes.len(), few.complete), (10, false));
    // The same where its edges are more than are read.
    let cut = AroundQuery { links_max: 20, group_above: 500, ..query.clone() };
    let cut = store.graph_around(&cut, None).await.unwrap().unwrap();
    assert!(!cut.complete && cut.nodes.len() < 39, "{}", cut.nodes.len());
    let whole = store.graph_around(&AroundQuery { group_above: 500, ..query }, None).await.unwrap().unwrap();
    assert_eq!((whole.nodes.len(), whole.complete), (39, true));
    store.close().await.unwrap();
}

#[tokio::test]
async fn references_are_cut_aloud_and_name_nothing_gone_of_others() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let (own, gone) = (node(0), node(1));
    let lost = |n: usize| Edge {
        from: own.uid.clone(),
        kind: "logs_to".into(),
        to: Target::Unresolved { kind: BUCKET.into(), reference: format!("lost-{n}"), outside: false },
        path: "Logs".into(),
    };
    let uses = edge(&own, "uses", &gone);
    whole_scan(&store, 10, &[own.clone(), gone.clone()], vec![uses.clone(), lost(0)]).await;
    whole_scan(&store, 20, std::slice::from_ref(&own), vec![uses, lost(0)]).await;
    let query = |scope| AroundQuery {
        scope,
        root: own.uid.clone(),
        depth: 1,
        kinds: Vec::new(),
        types: Vec::new(),
        direction: Direction::Both,
        limit: 300,
        group_above: 13,
        links_max: LINKS_OF_ONE_MAX,
    };
    let limited = Scope { accounts: Some(BTreeSet::from([ACCOUNTS[0].into()])), teams: None };
    let references = async |scope| {
        let found = store.graph_around(&query(scope), None).await.unwrap().unwrap();
        assert!(found.complete);
        found.loose.into_iter().map(|one| one.reference).collect::<BTreeSet<_>>()
    };
    let all = references(Scope::ALL).await;
    assert_eq!(all, BTreeSet::from([gone.uid.to_string(), "lost-0".to_owned()]));
    assert_eq!(references(limited).await, BTreeSet::from(["lost-0".to_owned()]));
    // One more than an answer has.
    whole_scan(&store, 30, std::slice::from_ref(&own), (0..1001).map(lost).collect()).await;
    let cut = store.graph_around(&query(Scope::ALL), None).await.unwrap().unwrap();
    assert_eq!((cut.loose.len(), cut.complete), (1000, false));
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_picture_of_the_estate_shows_the_exposed_first_and_counts_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let (nodes, links) = graph(&store, 9, 50, 60).await;
    let all = store.graph_estate(&EstateFilter::default(), 50, None, at(20)).await.unwrap();
    assert_eq!((all.nodes.len(), all.edges.len(), all.total, all.rest.len()), (50, links.len(), 50, 0));
    let graph = store.graph_estate(&EstateFilter::default(), 20, None, at(20)).await.unwrap();
    assert_eq!((graph.nodes.len(), graph.total, graph.complete), (20, 50, false));
    let exposed = nodes.iter().filter(|one| one.exposed).count();
    assert!(graph.nodes.iter().take(exposed).all(|one| one.exposed));
    assert!(graph.nodes.iter().skip(exposed).all(|one| !one.exposed && !one.understood));
    assert_eq!(graph.rest.values().sum::<u64>(), 30);
    store.close().await.unwrap();
}

/// A scan of both accounts that reads all there is.
async fn whole_scan(store: &Store, second: i64, resources: &[Resource], edges: Vec<Edge>) -> i64 {
    let accounts = ACCOUNTS.map(str::to_owned);
    let begun = store.begin_scan("test", &accounts, &["eu-west-1".to_owned()], at(second)).await.unwrap();
    store.stage(begun, resources).await.unwrap();
    let coverage = ACCOUNTS.iter().flat_map(|account| {
        [BUCKET, INSTANCE].map(|kind| covered(kind, account, "eu-west-1", Outcome::Read))
    });
    let results = ScanResults { edges, coverage: coverage.collect(), ..ScanResults::default() };
    store.finish_scan(begun, results, at(second + 1)).await.unwrap();
    begun
}

/// All that the graph says of some resources: each for itself, and the picture of all.
async fn told(store: &Store, nodes: &[Resource], as_of: Option<&AsOf>) -> Vec<String> {
    let limited = Scope { accounts: Some(BTreeSet::from([ACCOUNTS[0].into()])), teams: None };
    let mut told = Vec::new();
    for scope in [Scope::ALL, limited] {
        for one in nodes {
            let query = AroundQuery {
                scope: scope.clone(),
                root: one.uid.clone(),
                depth: 2,
                kinds: Vec::new(),
                types: Vec::new(),
                direction: Direction::Both,
                limit: 2000,
                group_above: 3,
                links_max: LINKS_OF_ONE_MAX,
            };
            let mut graph = store.graph_around(&query, as_of).await.unwrap();
            if let Some(graph) = &mut graph {
                graph.loose.sort_by(|a, b| (&a.from, &a.reference).cmp(&(&b.from, &b.reference)));
            }
            told.push(format!("{graph:?}"));
            let query = GroupQuery {
                scope: scope.clone(),
                of: one.uid.clone(),
                kind: "uses".into(),
                outgoing: false,
                member_kind: INSTANCE.into(),
                offset: 0,
                limit: 100,
            };
            told.push(format!("{:?}", store.group_members(&query, as_of).await.unwrap()));
            let query = WayQuery {
                scope: scope.clone(),
                from: nodes[0].uid.clone(),
                to: one.uid.clone(),
                hops: 12,
                direction: Direction::Both,
                kinds: Vec::new(),
            };
            told.push(format!("{:?}", store.way(&query, as_of).await.unwrap()));
        }
        let filter = EstateFilter { scope, ..EstateFilter::default() };
        told.push(format!("{:?}", store.graph_estate(&filter, 20, as_of, at(90)).await.unwrap()));
    }
    told
}

/// What each scan left is what is told of it later, whatever came, went, moved or was found since.
#[tokio::test]
async fn the_graph_of_a_moment_is_what_it_was_then() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let nodes: Vec<Resource> = (0..24).map(node).collect();
    let mut numbers = Numbers(5);
    let mut then = Vec::new();
    // Who is there: first without the last ones, then without some of the first, then again with one of them.
    for (step, there) in [0..20, 3..24, 1..24].into_iter().enumerate() {
        let mut edges = Vec::new();
        for _ in 0..30 {
            let (a, b) = (numbers.below(24) as usize, numbers.below(24) as usize);
            let kind = ["uses", "in_subnet"][numbers.below(2) as usize];
            if there.contains(&a) && there.contains(&b) {
                edges.push(edge(&nodes[a], kind, &nodes[b]));
            }
        }
        // One that holds all the time, one that leads to what goes and comes, one to what is never seen.
        edges.push(edge(&nodes[10], "uses", &nodes[11]));
        edges.push(edge(&nodes[12], "logs_to", &nodes[2]));
        edges.push(edge(&nodes[12], "logs_to", &nodes[1]));
        let lost =
            Target::Unresolved { kind: BUCKET.into(), reference: format!("lost-{step}"), outside: false };
        edges.push(Edge {
            from: nodes[14].uid.clone(),
            kind: "logs_to".into(),
            to: lost,
            path: "Logs".into(),
        });
        let scan = whole_scan(&store, 10 * (step as i64 + 1), &nodes[there], edges).await;
        then.push((scan, told(&store, &nodes, None).await));
    }
    for (place, (scan, expected)) in then.iter().enumerate() {
        let as_of = store.as_of(&Moment::Scan(*scan), at(90)).await.unwrap();
        assert_eq!(told(&store, &nodes, Some(&as_of)).await, *expected, "as of scan {scan}");
        assert!(then.iter().skip(place + 1).all(|(_, later)| later != expected), "scans differ");
    }
    // A reference to what was gone says so, but to those only who may know of it.
    assert!(then[1].1.iter().any(|told| told.contains("loose: [LooseEdge") && told.contains("n-001")));
    store.close().await.unwrap();
}
