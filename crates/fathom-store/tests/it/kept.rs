//! What a scan writes where little changed, and what was before it: checked against lists kept beside the store.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use fathom_model::{Document, Moment, Outcome, Resource, SourceKind, Timestamp};
use fathom_store::{
    ChangeQuery, CompactPolicy, CoverageQuery, Older, ScanResults, Store, StoreError, TrendQuery,
    UnknownQuery, Which, WhichEdges,
};
use futures::TryStreamExt as _;
use serde_json::json;

use crate::support::{
    BUCKET, INSTANCE, Numbers, at, covered, draft, edge, instance, instances_read, open, owner, resource,
    scan, unknown,
};

const DAY: i64 = 86_400;

/// What the store says that there was as of a scan: uid, document, owner, edges, whether it was listed.
type State = BTreeMap<String, (String, Vec<String>, Vec<String>, bool)>;

async fn state(store: &Store, scan: i64) -> State {
    let past = store.past(&Moment::Scan(scan), at(0)).await.unwrap();
    let mut state = State::new();
    for row in past.stream_resources(&Which::all(), true).try_concat().await.unwrap() {
        let resource = row.resource;
        state.insert(
            resource.uid.to_string(),
            (resource.document.as_str().to_owned(), Vec::new(), Vec::new(), false),
        );
    }
    for (uid, statements) in past.stream_statements(&Which::all()).try_concat().await.unwrap() {
        let said = statements.iter().map(|one| format!("{}={}", one.part, one.value)).collect();
        state.get_mut(uid.as_str()).unwrap().1 = said;
    }
    for edge in past.stream_edges(&WhichEdges::default()).try_concat().await.unwrap() {
        state.get_mut(edge.from.as_str()).unwrap().2.push(edge.to.as_str().to_owned());
    }
    for unknown in past.stream_unknowns().try_concat().await.unwrap() {
        state.get_mut(unknown.uid.as_str()).unwrap().3 = true;
    }
    for (_, _, edges, _) in state.values_mut() {
        edges.sort();
    }
    state
}

/// One scan of up to eight instances, all of it by chance, and what the state is after it.
async fn random_scan(store: &Store, numbers: &mut Numbers, second: i64) -> State {
    let mut seen: Vec<Resource> = Vec::new();
    for n in 0..8 {
        if numbers.below(4) > 0 {
            seen.push(instance(&format!("i-{n}"), &format!("state {}", numbers.below(3))));
        }
    }
    let mut results = ScanResults { coverage: instances_read(), ..ScanResults::default() };
    let mut expected = State::new();
    for one in &seen {
        let mut said = Vec::new();
        let mut edges = Vec::new();
        if numbers.below(3) > 0 {
            let value = format!("team {}", numbers.below(2));
            said.push(format!("owner={value}"));
            results.statements.push(owner(one, &value, SourceKind::Tag));
        }
        let other = &seen[numbers.below(seen.len() as u64) as usize];
        if numbers.below(2) > 0 {
            edges.push(other.uid.to_string());
            results.edges.push(edge(one, "beside", other));
        }
        let listed = numbers.below(2) > 0;
        if listed {
            results.unknowns.push(unknown(one, 1 + numbers.below(9), &["owner"]));
        } else {
            results.understood.insert(one.uid.clone());
        }
        expected.insert(one.uid.to_string(), (one.document.as_str().to_owned(), said, edges, listed));
    }
    scan(store, second, &seen, results).await;
    expected
}

#[tokio::test]
async fn the_state_as_of_every_scan_can_be_read_and_compaction_keeps_it_where_it_says() {
    for seed in 0..6 {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path()).await;
        let mut numbers = Numbers(seed);
        let mut expected: Vec<(i64, State)> = Vec::new();
        let mut second = 0;
        for _ in 0..14 {
            second += DAY * (1 + numbers.below(12) as i64);
            expected.push((second, random_scan(&store, &mut numbers, second).await));
        }
        for (id, (_, state_then)) in (1..).zip(&expected) {
            assert_eq!(&state(&store, id).await, state_then, "seed {seed}, scan {id}");
        }

        let keep_days = 20 + numbers.below(60) as u32;
        let older = [Older::Daily, Older::Monthly, Older::Nothing][numbers.below(3) as usize];
        let policy = CompactPolicy { keep_days, older };
        let now = at(second + DAY);
        let kept = literally_kept(&expected, policy, now);
        let versions_before = versions(&store).await;
        let foretold = store.compact(policy, true, "user:ana", now).await.unwrap();
        assert_eq!(versions(&store).await, versions_before, "a dry run changes nothing");
        let done = store.compact(policy, false, "user:ana", now).await.unwrap();
        assert_eq!(
            (done.versions, done.ended, done.documents),
            (foretold.versions, foretold.ended, foretold.documents)
        );
        for (id, (_, state_then)) in (1..).zip(&expected) {
            if kept.contains(&id) {
                assert_eq!(&state(&store, id).await, state_then, "seed {seed}, scan {id} of {kept:?}");
            }
        }
        refused_where_not_kept(&store, &expected, &kept, done.versions + done.ended > 0).await;
        // Nothing stays that no kept scan shows, but for the newest version of each.
        for (uid, versions) in versions(&store).await {
            let before = &versions_before[&uid];
            let needed: BTreeSet<i64> =
                kept.iter().filter_map(|scan| before.iter().copied().filter(|v| v <= scan).max()).collect();
            assert_eq!(versions, needed, "seed {seed}, {uid}: kept {kept:?} of {before:?}");
        }
        let again = store.compact(policy, false, "user:ana", now).await.unwrap();
        assert_eq!((again.versions, again.ended, again.documents), (0, 0, 0));
        store.close().await.unwrap();
    }
}

/// What a compaction let go of does not read as what was: not by number, not by time, not as one end of a comparison.
async fn refused_where_not_kept(
    store: &Store,
    scans: &[(i64, State)],
    kept: &BTreeSet<i64>,
    anything_went: bool,
) {
    if !anything_went {
        return;
    }
    for (id, (second, _)) in (1..).zip(scans) {
        let before = kept.range(..=id).next_back().copied();
        let moment = Moment::Time(at(second + 1));
        let by_time = store.past(&moment, at(1000 * DAY)).await;
        match before {
            Some(before) => {
                let past = by_time.unwrap();
                assert_eq!(past.scan().id, before);
                assert_eq!(past.let_go().map(|scan| scan.id), (before != id).then_some(id), "it is said");
            }
            None => assert!(matches!(by_time, Err(StoreError::BeforeHistory { .. })), "{by_time:?}"),
        }
        if kept.contains(&id) {
            continue;
        }
        let told = store.past(&Moment::Scan(id), at(0)).await.unwrap_err();
        let near = [before, kept.range(id..).next().copied()];
        for near in near.into_iter().flatten() {
            assert!(told.to_string().contains(&format!("`scan:{near}`")), "{told}");
        }
        for (since, until) in [(id, scans.len() as i64), (0, id)] {
            let refused = store.changes(ChangeQuery { since, until, ..ChangeQuery::default() }).await;
            assert!(matches!(refused, Err(StoreError::Compacted { scan, .. }) if scan == id));
        }
    }
    let whole_since = (1..=scans.len() as i64).rev().take_while(|id| kept.contains(id)).last().unwrap();
    assert_eq!(store.turns_let_go().await.unwrap(), whole_since, "scans finished as they began");
}

/// Scans whose state is kept: all since the kept days began, the one before them, and the last of each day or month.
fn literally_kept(scans: &[(i64, State)], policy: CompactPolicy, now: Timestamp) -> BTreeSet<i64> {
    let ended = |index: usize| at(scans[index].0 + 1);
    let begins = now.as_second() - i64::from(policy.keep_days) * DAY;
    let mut kept = BTreeSet::new();
    for index in 0..scans.len() {
        let last_before = scans.get(index + 1).is_none_or(|(second, _)| at(second + 1).as_second() > begins);
        let name = |index: usize| match policy.older {
            Older::Daily => ended(index).strftime("%F").to_string(),
            _ => ended(index).strftime("%Y-%m").to_string(),
        };
        let last_of_span =
            policy.older != Older::Nothing && index + 1 < scans.len() && name(index) != name(index + 1);
        if ended(index).as_second() > begins || last_before || last_of_span {
            kept.insert(index as i64 + 1);
        }
    }
    kept
}

/// The scans of all versions of each resource, those in which it was gone included.
async fn versions(store: &Store) -> BTreeMap<String, BTreeSet<i64>> {
    let mut all: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    for n in 0..8 {
        let uid = instance(&format!("i-{n}"), "").uid;
        let history = store.history(&uid, 100).await.unwrap();
        if history.total > 0 {
            all.insert(uid.to_string(), history.versions.iter().map(|version| version.scan).collect());
        }
    }
    all
}

#[tokio::test]
async fn compaction_waits_for_no_scan_and_says_what_it_did() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    // Large enough that their going frees pages, and of numbers that do not compress to nothing.
    let changing = |day: i64| -> Vec<Resource> {
        let of = |n: i64| (0..300).map(move |i| (i * 7919 + n * 104_729 + day * 1_299_709) % 999_983);
        (0..40)
            .map(|n| Resource {
                document: Document::new(&json!({ "numbers": of(n).collect::<Vec<_>>() })),
                ..instance(&format!("i-{n}"), "")
            })
            .collect()
    };
    for day in 0..5 {
        let mut seen = changing(day);
        seen.push(instance("i-same", "same"));
        let results = ScanResults { coverage: instances_read(), ..ScanResults::default() };
        scan(&store, day * DAY, &seen, results).await;
    }
    let policy = CompactPolicy { keep_days: 1, older: Older::Nothing };
    let running = store.begin_scan("test", &[], &[], at(5 * DAY)).await.unwrap();
    let refused = store.compact(policy, false, "user:ana", at(6 * DAY)).await.unwrap_err();
    assert!(refused.to_string().contains("scan 6 is under way"), "{refused}");
    store.fail_scan(running, "stop", at(5 * DAY)).await.unwrap();
    let done = store.compact(policy, false, "user:ana", at(6 * DAY)).await.unwrap();
    assert_eq!((done.whole_since_scan, done.versions, done.documents), (Some(5), 160, 160));
    assert!(!done.reusable && done.bytes > 0, "{done:?}");
    // Its first document is gone, its first sight is not.
    let first = changing(0)[0].document.clone();
    assert_eq!(store.document(&hex::encode(first.hash())).await.unwrap(), None);
    let stored = store.resource(&instance("i-0", "").uid).await.unwrap().unwrap();
    assert_eq!((stored.first_seen, stored.last_seen), (at(1), at(4 * DAY + 1)));
    let history = store.history(&instance("i-0", "").uid, 9).await.unwrap();
    assert_eq!((history.total, history.versions[0].scan, history.first_scan), (1, 5, 1));
    let firsts = store.stream_versions(&Which::all(), None, false).try_concat().await.unwrap();
    let firsts: Vec<_> = firsts.iter().filter(|row| row.is_first).map(|row| row.uid.as_str()).collect();
    assert_eq!(firsts, [instance("i-same", "same").uid.as_str()], "of all others only later ones are kept");
    assert_eq!(stored.resource.document, changing(4)[0].document);
    let entry = store.entries(0, 100).await.unwrap().pop().unwrap().body;
    assert!(entry.contains("history.compacted") && entry.contains(r#""versions":160"#), "{entry}");
    let zero = CompactPolicy { keep_days: 0, older: Older::Monthly };
    assert!(matches!(store.compact(zero, false, "user:ana", at(1)).await, Err(StoreError::Invalid { .. })));
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_scan_that_finds_nothing_new_writes_nothing_about_resources() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let (a, b) = (instance("i-a", "x"), instance("i-b", "x"));
    let results = |second: i64| {
        let (uid, mut statement) = owner(&a, "core", SourceKind::Tag);
        statement.as_of = at(second + 1);
        ScanResults {
            coverage: instances_read(),
            edges: vec![edge(&a, "beside", &b)],
            statements: vec![(uid, statement)],
            unknowns: vec![unknown(&b, 1, &["owner"])],
            understood: HashSet::from([a.uid.clone()]),
            ..ScanResults::default()
        }
    };
    for second in [10, 20, 30] {
        scan(&store, second, &[a.clone(), b.clone()], results(second)).await;
    }
    let stored = store.resource(&a.uid).await.unwrap().unwrap();
    assert_eq!((stored.first_seen, stored.last_seen), (at(11), at(31)), "seen all the same");
    assert_eq!(store.statements(&a.uid).await.unwrap()[0].as_of, at(31), "and read all the same");
    assert_eq!(store.versions(&a.uid).await.unwrap().len(), 1);
    store.close().await.unwrap();
    let count = |table| rows(dir.path(), table);
    assert_eq!((count("edge").await, count("explanation").await, count("unknown").await), (1, 2, 1));
    for table in ["edge_history", "explanation_history", "unknown_history", "staged", "staged_knowledge"] {
        assert_eq!(count(table).await, 0, "{table}");
    }
}

/// The rows of a table of a store that is closed.
async fn rows(dir: &std::path::Path, table: &str) -> i64 {
    use sqlx::Connection as _;
    let url = format!("sqlite://{}", dir.join("fathom.db").display());
    let mut conn = sqlx::SqliteConnection::connect(&url).await.unwrap();
    let sql = format!("SELECT COUNT(*) FROM {table}");
    let count = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    count
}

#[tokio::test]
async fn a_fact_beside_the_document_is_a_version_and_what_changes_by_itself_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let a = instance("i-a", "x");
    let results = || ScanResults { coverage: instances_read(), ..ScanResults::default() };
    let mut tagged = a.clone();
    tagged.tags.insert("team".to_owned(), "other".to_owned());
    let mut used = tagged.clone();
    used.document = used.document.with_observed(Some(r#"{"LastUsed":"today"}"#));
    scan(&store, 10, std::slice::from_ref(&a), results()).await;
    scan(&store, 20, std::slice::from_ref(&tagged), results()).await;
    scan(&store, 30, std::slice::from_ref(&used), results()).await;
    assert_eq!(store.resource(&a.uid).await.unwrap().unwrap().resource, used);
    assert_eq!(store.versions(&a.uid).await.unwrap().iter().map(|v| v.scan).collect::<Vec<_>>(), [2, 1]);
    let tags = async |scan: i64| {
        let past = store.past(&Moment::Scan(scan), at(0)).await.unwrap();
        let rows = past.stream_resources(&Which::all(), false).try_concat().await.unwrap();
        rows[0].resource.tags["team"].clone()
    };
    assert_eq!(
        (tags(1).await, tags(2).await, tags(3).await),
        ("core".into(), "other".into(), "other".into())
    );
    scan(&store, 40, std::slice::from_ref(&tagged), results()).await;
    assert_eq!(
        store.resource(&a.uid).await.unwrap().unwrap().resource,
        tagged,
        "nothing is observed any more"
    );
    assert_eq!(store.versions(&a.uid).await.unwrap().len(), 2);
    store.close().await.unwrap();
}

#[tokio::test]
async fn of_scans_that_overlap_the_later_one_holds() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let results = || ScanResults { coverage: instances_read(), ..ScanResults::default() };
    let said = |one: &Resource, value: &str| ScanResults {
        statements: vec![owner(one, value, SourceKind::Tag)],
        ..results()
    };
    let (a, b, c) = (instance("i-a", "old"), instance("i-b", "x"), instance("i-c", "new"));
    scan(&store, 10, &[a.clone(), b.clone()], said(&a, "first")).await;
    // Scan 2 reads everything, for long. Meanwhile scan 3 looks at i-a again, and finds i-c.
    let (accounts, regions) = (["111122223333".to_owned()], ["eu-west-1".to_owned()]);
    let long = store.begin_scan("long", &accounts, &regions, at(20)).await.unwrap();
    store.stage(long, &[instance("i-a", "middle"), b.clone()]).await.unwrap();
    let short = store.begin_scan("short", &["elsewhere".to_owned()], &[], at(30)).await.unwrap();
    let newest = instance("i-a", "newest");
    store.stage(short, &[newest.clone(), c.clone()]).await.unwrap();
    let named = ScanResults { listings: Some(Vec::new()), coverage: Vec::new(), ..said(&newest, "third") };
    store.finish_scan(short, named, at(31)).await.unwrap();
    let between = store.resource(&b.uid).await.unwrap().unwrap();
    assert_eq!(
        (between.last_seen, between.stale, between.deleted_at),
        (at(11), false, None),
        "not asked for"
    );
    store.finish_scan(long, said(&a, "second"), at(40)).await.unwrap();
    // The estate is as of the one that began last, also where the other ended last, or the clock says otherwise.
    assert_eq!(store.latest_scan().await.unwrap().unwrap().id, long);
    assert_eq!(store.newest_scan().await.unwrap().unwrap().id, short);
    assert_eq!(store.scan_at(at(50)).await.unwrap().unwrap().id, short);

    assert_eq!(store.resource(&a.uid).await.unwrap().unwrap().resource, newest);
    assert_eq!(store.statements(&a.uid).await.unwrap()[0].value, "third");
    assert_eq!(store.resource(&b.uid).await.unwrap().unwrap().last_seen, at(40));
    let c = store.resource(&c.uid).await.unwrap().unwrap();
    assert_eq!((c.deleted_at, c.stale), (None, false), "what only the later one has seen exists");
    store.close().await.unwrap();
}

#[tokio::test]
async fn the_figures_of_each_scan_and_the_totals_of_coverage_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let bucket = resource(BUCKET, "111122223333", "us-east-1", "data", "x");
    let rows = |buckets| {
        vec![
            covered(INSTANCE, "111122223333", "eu-west-1", Outcome::Read),
            covered(BUCKET, "111122223333", "global", buckets),
        ]
    };
    let (a, b) = (instance("i-a", "x"), instance("i-b", "x"));
    let understood = HashSet::from([a.uid.clone(), bucket.uid.clone()]);
    let results = ScanResults { coverage: rows(Outcome::Read), understood, ..ScanResults::default() };
    let first = scan(&store, 10, &[a.clone(), b.clone(), bucket.clone()], results).await;
    let understood = HashSet::from([a.uid.clone()]);
    let results = ScanResults { coverage: rows(Outcome::Unknown), understood, ..ScanResults::default() };
    let second = scan(&store, 20, std::slice::from_ref(&a), results).await;
    let summary = store.summary().await.unwrap();
    let figures: Vec<_> =
        summary.iter().map(|row| (row.kind.as_str(), row.total, row.understood, row.stale)).collect();
    assert_eq!(figures, [(INSTANCE, 1, 1, 0), (BUCKET, 1, 1, 1)]);
    let points = async |kinds: &[&str]| {
        let kinds = kinds.iter().map(|kind| (*kind).into()).collect();
        let points = store.trend(&TrendQuery { kinds, ..TrendQuery::default() }).await.unwrap();
        points.into_iter().map(|p| (p.scan, p.at, p.total, p.understood, p.stale)).collect::<Vec<_>>()
    };
    assert_eq!(points(&[]).await, [(first, at(11), 3, 2, 0), (second, at(21), 2, 2, 1)]);
    assert_eq!(points(&[INSTANCE]).await, [(first, at(11), 2, 1, 0), (second, at(21), 1, 1, 0)]);
    assert_eq!(points(&["AWS::None"]).await, [(first, at(11), 0, 0, 0), (second, at(21), 0, 0, 0)]);
    let totals =
        store.coverage_totals(&CoverageQuery { limit: 1, ..CoverageQuery::default() }).await.unwrap();
    let totals: Vec<_> = totals
        .iter()
        .map(|total| (total.outcome.as_str(), total.reason.map(fathom_model::Reason::as_str), total.rows))
        .collect();
    assert_eq!(totals, [("read", None, 1), ("unknown", Some("denied"), 1)]);
    store.close().await.unwrap();
}

#[tokio::test]
async fn what_there_is_now_is_counted_also_after_a_small_scan_that_keeps_no_figures() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let (a, b) = (instance("i-a", "x"), instance("i-b", "x"));
    let bucket = resource(BUCKET, "444455556666", "us-east-1", "data", "x");
    let results = ScanResults {
        coverage: instances_read(),
        understood: HashSet::from([a.uid.clone(), bucket.uid.clone()]),
        ..ScanResults::default()
    };
    let first = scan(&store, 10, &[a.clone(), b.clone(), bucket], results).await;
    // A refresh of the instances: b is gone, and c, which nobody understands, is new.
    let refresh = store.begin_scan("refresh", &[], &[], at(20)).await.unwrap();
    store.stage(refresh, &[a, instance("i-c", "x"), instance("i-d", "x")]).await.unwrap();
    let finishing = store.begin_finish(refresh, at(21)).await.unwrap();
    let end = fathom_store::ScanEnd {
        coverage: instances_read(),
        narrowed: true,
        brief: true,
        ..fathom_store::ScanEnd::default()
    };
    finishing.commit(end, at(21)).await.unwrap();
    let summary = store.summary().await.unwrap();
    let rows: Vec<_> = summary
        .iter()
        .map(|row| (row.kind.as_str(), row.account.as_str(), row.total, row.understood, row.stale))
        .collect();
    assert_eq!(rows, [(INSTANCE, "111122223333", 3, 1, 0), (BUCKET, "444455556666", 1, 1, 0)]);
    let trend = store.trend(&TrendQuery::default()).await.unwrap();
    assert_eq!(trend.iter().map(|point| point.scan).collect::<Vec<_>>(), [first]);
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_clock_that_was_set_back_hides_no_scan() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let results = || ScanResults { coverage: instances_read(), ..ScanResults::default() };
    scan(&store, 1000, &[instance("i-a", "x")], results()).await;
    let second = scan(&store, 10, &[instance("i-a", "y")], results()).await;
    assert_eq!(store.latest_scan().await.unwrap().unwrap().id, second);
    let trend = store.trend(&TrendQuery::default()).await.unwrap();
    assert_eq!(trend.iter().map(|point| point.scan).collect::<Vec<_>>(), [1, second]);
    store.close().await.unwrap();
}

#[tokio::test]
async fn questions_that_take_their_time_keep_no_scan_from_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let results = || ScanResults { coverage: instances_read(), ..ScanResults::default() };
    let many: Vec<Resource> =
        (0..fathom_store::CHUNK_ROWS + 10).map(|n| instance(&format!("i-{n}"), "x")).collect();
    scan(&store, 10, &many, results()).await;
    let mut held = Vec::new();
    for _ in 0..8 {
        let mut slow = Box::pin(store.for_questions().stream_resources(&Which::all(), false));
        slow.try_next().await.unwrap();
        held.push(slow);
    }
    let seen = [instance("i-1", "y")];
    let ends = scan(&store, 20, &seen, results());
    let ended = tokio::time::timeout(std::time::Duration::from_secs(20), ends).await;
    assert_eq!(ended.expect("within the time"), 2);
    let mut seen = fathom_store::CHUNK_ROWS;
    while let Some(rest) = held[0].try_next().await.unwrap() {
        seen += rest.len();
    }
    assert_eq!(seen, many.len(), "each question goes on with what it began with");
    drop(held);
    store.close().await.unwrap();
}

#[tokio::test]
async fn the_list_streams_as_it_is_paged_and_filters_keep_the_ranks() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let all: Vec<Resource> = (0..30).map(|n| instance(&format!("i-{n:02}"), "x")).collect();
    let bucket = resource(BUCKET, "111122223333", "us-east-1", "data", "x");
    let mut unknowns: Vec<_> =
        all.iter().zip(1..).map(|(one, rank)| unknown(one, rank / 4, &["owner"])).collect();
    unknowns.push(unknown(&bucket, 3, &["owner"]));
    let results = ScanResults { coverage: instances_read(), unknowns, ..ScanResults::default() };
    let staged: Vec<Resource> = all.iter().cloned().chain([bucket.clone()]).collect();
    scan(&store, 10, &staged, results).await;
    let streamed = store.stream_unknowns(at(20)).try_concat().await.unwrap();
    assert_eq!(streamed.iter().map(|one| one.rank).collect::<Vec<_>>(), (1..=31).collect::<Vec<_>>());
    let mut paged = Vec::new();
    let mut query = UnknownQuery { limit: 7, ..UnknownQuery::default() };
    loop {
        let page = store.unknowns(&query, at(20)).await.unwrap();
        paged.extend(page.rows);
        let Some(next) = page.next else { break };
        query.after_rank = next;
    }
    assert_eq!(paged, streamed);
    // Three of them come before: ranks 12 to 15 are divided into 3, and `arn:aws:AWS::EC2…` sorts before `…S3…`.
    let only = UnknownQuery { kinds: vec![BUCKET.into()], ..UnknownQuery::default() };
    let page = store.unknowns(&only, at(20)).await.unwrap();
    assert_eq!((page.total, page.rows[0].rank), (1, 16));
    assert_eq!(store.unknown_of(&bucket.uid, at(20)).await.unwrap().unwrap().rank, 16);
    store.close().await.unwrap();
}

#[tokio::test]
async fn others_append_while_a_scan_is_being_finished_and_a_dropped_attempt_leaves_it_under_way() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let a = instance("i-a", "x");
    let scan = store.begin_scan("test", &[], &[], at(1)).await.unwrap();
    store.stage(scan, std::slice::from_ref(&a)).await.unwrap();
    let mut finishing = store.begin_finish(scan, at(2)).await.unwrap();
    let (uid, statement) = owner(&a, "dropped", SourceKind::Tag);
    let mut knowledge = fathom_store::Knowledge::nothing(uid);
    knowledge.statements.push(statement);
    finishing.explain(vec![knowledge]).await.unwrap();
    store.append(vec![draft(1)], at(2)).await.unwrap();
    drop(finishing);
    assert_eq!(store.resource(&a.uid).await.unwrap(), None);
    let finishing = store.begin_finish(scan, at(3)).await.unwrap();
    finishing.commit(fathom_store::ScanEnd::default(), at(3)).await.unwrap();
    assert_eq!(store.statements(&a.uid).await.unwrap(), []);
    assert!(store.resource(&a.uid).await.unwrap().is_some());
    store.close().await.unwrap();
}
