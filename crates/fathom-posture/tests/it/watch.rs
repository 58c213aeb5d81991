//! Asking again what changed comes to what asking everything comes to, and asks less.

use std::sync::Arc;

use fathom_access::{Before, Standing};
use fathom_checks::Status;
use fathom_model::Timestamp;
use fathom_net::{USUAL, exposure};
use fathom_posture::{Engines, Extent, Finding, Ground, Posture, Stale, Watch, keep, keep_again, reached};
use fathom_store::{FindingRun, Store};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::world::{Dice, Pool, World};

const EXTENT: Extent = Extent { account: None, owner: None, all_checks: true };

fn day(number: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + number * 86_400).unwrap()
}

async fn store() -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), "test.example/log", day(0)).await.unwrap();
    (dir, store)
}

fn run(at: Timestamp, scan: i64) -> FindingRun {
    FindingRun { at, scan, by: "test".to_owned(), checks: 1, resources: 1, whole: true }
}

/// Asks everything, and keeps what is found.
async fn whole(pool: &Pool, store: &Store, scan: i64, now: Timestamp) -> (Watch, Posture) {
    let mut ground = Ground::load(store, &pool.content, &pool.checks, now).await.unwrap();
    let (watch, posture) = Watch::begin(store, &pool.checks, &ground).await.unwrap();
    let keeps = [Status::Fail, Status::Unknown];
    let plain = Posture::of(&pool.checks, &ground, |_, _| true, &keeps);
    assert_eq!(plain.findings, posture.findings);
    assert_eq!((&plain.by_check, plain.resources), (&posture.by_check, posture.resources));
    let found =
        keep(store, &pool.content, &pool.checks, &mut ground, (&posture, &EXTENT), now).await.unwrap();
    store.keep_findings(&run(now, scan), &found.updates, &found.seen).await.unwrap();
    (watch, posture)
}

/// Two stores that see the same: in one everything is asked, in the other what changed.
struct Both {
    pool: Pool,
    stores: [(TempDir, Store); 2],
    watch: Watch,
    /// What a server has of permissions, and follows as they change.
    standing: Standing,
    /// The same of the network.
    reach: fathom_reach::Standing,
    before: (i64, Posture),
}

/// How many were asked again of how many; none where all were.
type Share = Option<(usize, usize)>;

impl Both {
    async fn begin(pool: Pool, world: &World) -> Self {
        let stores = [store().await, store().await];
        let mut last = None;
        for (_, store) in &stores {
            let scan = world.scan(&pool, store, day(0)).await;
            let (watch, posture) = whole(&pool, store, scan, day(0)).await;
            last = Some((watch, (scan, posture)));
        }
        let (watch, before) = last.unwrap();
        let standing = Standing::load(&stores[1].1, day(0)).await.unwrap();
        let reach = fathom_reach::Standing::load(&stores[1].1, day(0)).await.unwrap();
        Self { pool, stores, watch, standing, reach, before }
    }

    async fn step(&mut self, world: &World, now: Timestamp) -> Share {
        let pool = &self.pool;
        let [(_, plain), (_, quick)] = &self.stores;
        let scan = world.scan(pool, plain, now).await;
        assert_eq!(scan, world.scan(pool, quick, now).await);
        let (fresh, wanted) = whole(pool, plain, scan, now).await;
        let between = (self.before.0, scan);
        let Standing { permissions, escalating, basis } = &self.standing;
        let standing =
            match (Before { permissions, escalating, basis }).after(quick, between, now).await.unwrap() {
                Some(followed) => followed,
                None => Standing::load(quick, now).await.unwrap(),
            };
        let reach = match self.reach.after(quick, between, now).await.unwrap() {
            Some(followed) => followed,
            None => fathom_reach::Standing::load(quick, now).await.unwrap(),
        };
        let engines = async |stale: &Stale| {
            let permissions = stale.permissions.then(|| Arc::clone(&standing.permissions));
            let found = || Arc::new(reached(exposure(&reach.network, &USUAL), &reach.directory));
            Ok(Engines { permissions, reached: stale.network.then(found) })
        };
        let again =
            self.watch.again(quick, &pool.content, &pool.checks, between, now, engines).await.unwrap();
        let share = if let Some(mut again) = again {
            {
                assert!(self.watch.knows_what(&fresh));
                let told = &again.posture;
                assert_eq!(told.by_check, counted(&wanted));
                assert_eq!((told.resources, &told.gaps), (wanted.resources, &wanted.gaps));
                let is_asked = |one: &&Finding| again.asked.contains(one.resource.as_str());
                let of: Vec<&Finding> = wanted.findings.iter().filter(is_asked).collect();
                assert_eq!(told.findings.iter().collect::<Vec<_>>(), of);
                // What was not asked says the same as before, to the last word.
                let is_same = |one: &&Finding| {
                    let uid = one.resource.as_str();
                    !again.asked.contains(uid) && !again.gone.contains(uid)
                };
                let of =
                    |posture: &Posture| posture.findings.iter().filter(is_same).cloned().collect::<Vec<_>>();
                assert_eq!(of(&wanted), of(&self.before.1));
                let share = Some((again.asked.len(), world.things.len()));
                let found =
                    keep_again(quick, &pool.content, &pool.checks, (&mut again, &EXTENT), now).await.unwrap();
                quick.keep_findings(&run(now, scan), &found.updates, &found.seen).await.unwrap();
                share
            }
        } else {
            self.watch = whole(pool, quick, scan, now).await.0;
            None
        };
        let (one, other) = (plain.findings().await.unwrap(), quick.findings().await.unwrap());
        assert_eq!(one, other);
        let ids: Vec<String> = one.iter().map(|finding| finding.id.clone()).collect();
        assert_eq!(plain.finding_proofs(&ids).await.unwrap(), quick.finding_proofs(&ids).await.unwrap());
        self.before = (scan, wanted);
        (self.standing, self.reach) = (standing, reach);
        share
    }
}

/// The counts of all checks.
fn counted(posture: &Posture) -> std::collections::BTreeMap<String, fathom_posture::Counts> {
    posture.by_check.clone()
}

fn wait<T>(task: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(task)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn what_is_asked_again_comes_to_what_asking_everything_does(seed in any::<u64>()) {
        wait(async {
            let (mut dice, pool) = (Dice(seed), Pool::load());
            let mut world = World::of(&pool, &mut dice, 60);
            let mut both = Both::begin(pool, &world).await;
            let mut now = 0;
            for _ in 0..6 {
                for _ in 0..dice.of(4) {
                    world.change(&both.pool, &mut dice);
                }
                // Sometimes only the time goes on, sometimes for long.
                now += [0, 1, 1, 40, 400][dice.of(5)];
                if dice.of(8) == 0 {
                    let kind = world.things.values().nth(dice.of(world.things.len())).unwrap().kind.clone();
                    let list = (crate::world::ACCOUNTS[dice.of(2)].to_owned(), kind);
                    if !world.refused.remove(&list) {
                        world.refused.insert(list);
                    }
                }
                both.step(&world, day(now)).await;
            }
        });
    }
}

#[tokio::test]
async fn one_change_asks_one_resource_and_those_that_read_it() {
    let (mut dice, pool) = (Dice(7), Pool::load());
    let mut world = World::of(&pool, &mut dice, 40);
    let volumes: Vec<String> = (0..20).map(|_| world.add_of(&pool, &mut dice, "AWS::EC2::Volume")).collect();
    for volume in &volumes {
        world.things.get_mut(volume).unwrap().edges.clear();
    }
    let mut both = Both::begin(pool, &world).await;
    assert_eq!(both.step(&world, day(0)).await, Some((0, world.things.len())));
    let before = world.things[&volumes[0]].document.clone();
    while world.things[&volumes[0]].document == before {
        World::rewrite(&both.pool, &mut dice, world.things.get_mut(&volumes[0]).unwrap());
    }
    let (asked, all) = both.step(&world, day(0)).await.unwrap();
    assert!(asked >= 1 && asked * 4 < all, "{asked} of {all}");
    // A list that is refused is no change of single resources.
    world.refused.insert((crate::world::ACCOUNTS[0].to_owned(), "AWS::EC2::Volume".to_owned()));
    assert_eq!(both.step(&world, day(0)).await, None);
}
