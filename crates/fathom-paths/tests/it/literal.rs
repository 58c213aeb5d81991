//! Everything that the engine finds on small graphs, found again by trying all of it.

use std::collections::BTreeSet;

use fathom_paths::{Element, Graph, Level, chokes, cut, search, surest};
use proptest::prelude::*;

/// A step as it is drawn: needs, where it leads, how sure, what it costs.
type Drawn = (Vec<u32>, u32, Level, Option<u32>);

#[derive(Debug, Clone)]
struct Case {
    nodes: u32,
    steps: Vec<Drawn>,
    starts: Vec<u32>,
    jewels: Vec<u32>,
}

const NODES: u32 = 9;

fn case(needs_max: usize) -> impl Strategy<Value = Case> {
    let level = prop_oneof![4 => Just(Level::Yes), 1 => Just(Level::OnlyIf), 1 => Just(Level::Unknown)];
    let cost = prop_oneof![1 => Just(None), 4 => (1_u32..4).prop_map(Some)];
    let step = (prop::collection::vec(0..NODES, 1..=needs_max), 0..NODES, level, cost);
    let some = || prop::collection::vec(0..NODES, 1..3);
    (prop::collection::vec(step, 0..15), some(), some()).prop_map(|(steps, starts, jewels)| Case {
        nodes: NODES,
        steps,
        starts,
        jewels,
    })
}

/// The graph, with the steps that it took.
fn graph(case: &Case) -> (Graph, Vec<Drawn>) {
    let mut graph = Graph::new(case.nodes);
    let mut taken = Vec::new();
    for (needs, to, level, cost) in &case.steps {
        if graph.step(needs, *to, *level, *cost).is_some() {
            taken.push((needs.clone(), *to, *level, *cost));
        }
    }
    graph.finish();
    (graph, taken)
}

/// What is come by and after how many steps, by going over all steps until nothing changes.
fn literal(steps: &[Drawn], starts: &[u32], may: impl Fn(usize, &Drawn) -> bool) -> Vec<Option<u32>> {
    let mut depth = vec![None; NODES as usize];
    for start in starts {
        depth[*start as usize] = Some(0);
    }
    loop {
        let before = depth.clone();
        for (_, step) in steps.iter().enumerate().filter(|(number, step)| may(*number, step)) {
            let all: Option<Vec<u32>> = step.0.iter().map(|need| depth[*need as usize]).collect();
            let Some(last) = all.and_then(|all| all.into_iter().max()) else { continue };
            let place = &mut depth[step.1 as usize];
            *place = Some(place.map_or(last + 1, |known: u32| known.min(last + 1)));
        }
        if depth == before {
            return depth;
        }
    }
}

fn check_search(case: &Case) {
    let (graph, steps) = graph(case);
    let mut best = vec![None; NODES as usize];
    for level in Level::ALL {
        let found = search(&graph, &case.starts, level);
        let wanted = literal(&steps, &case.starts, |_, step| step.2 <= level);
        for node in 0..NODES {
            assert_eq!(found.depth(node), wanted[node as usize], "node {node} at {level:?}");
            if wanted[node as usize].is_some() {
                best[node as usize].get_or_insert(level);
            }
            let Some(tale) = found.tale(&graph, node) else {
                assert!(wanted[node as usize].is_none());
                continue;
            };
            // Each step has what it needs, nothing is told that is not needed, and the last one gains it.
            let mut had: BTreeSet<u32> = tale.starts.iter().copied().collect();
            assert!(had.iter().all(|start| case.starts.contains(start)));
            for step in &tale.steps {
                assert!(graph.needs(*step).iter().all(|need| had.contains(need)), "{tale:?}");
                assert!(had.insert(graph.get(*step).expect("a step").to));
            }
            assert!(had.contains(&node));
            let needed =
                |one: u32| one == node || tale.steps.iter().any(|step| graph.needs(*step).contains(&one));
            assert!(had.into_iter().all(needed), "{tale:?}");
            let level = tale.steps.iter().map(|step| graph.get(*step).expect("a step").level).max();
            assert_eq!(tale.level, level.unwrap_or(Level::Yes));
        }
    }
    assert_eq!(surest(&graph, &case.starts), best);
}

fn check_chokes(case: &Case) {
    let (graph, steps) = graph(case);
    let found = chokes(&graph, &case.starts, &case.jewels);
    assert!(!found.cut);
    let found: BTreeSet<(Element, u32)> =
        found.all.iter().flat_map(|one| one.jewels.iter().map(|jewel| (one.element, *jewel))).collect();
    let mut wanted = BTreeSet::new();
    let whole = literal(&steps, &case.starts, |_, _| true);
    for jewel in case.jewels.iter().copied() {
        if whole[jewel as usize].is_none() || case.starts.contains(&jewel) {
            continue;
        }
        for node in (0..NODES).filter(|node| *node != jewel && !case.starts.contains(node)) {
            let left = literal(&steps, &case.starts, |_, step| step.1 != node && !step.0.contains(&node));
            if left[jewel as usize].is_none() {
                wanted.insert((Element::Node(node), jewel));
            }
        }
        for gone in 0..steps.len() {
            if literal(&steps, &case.starts, |number, _| number != gone)[jewel as usize].is_none() {
                wanted.insert((Element::Step(gone as u32), jewel));
            }
        }
    }
    assert_eq!(found, wanted);
}

fn check_cut(case: &Case) {
    let (graph, steps) = graph(case);
    let found = cut(&graph, &case.starts, &case.jewels, Level::Unknown);
    let fixed = literal(&steps, &case.starts, |_, step| step.3.is_none());
    let open: BTreeSet<u32> =
        case.jewels.iter().copied().filter(|jewel| fixed[*jewel as usize].is_some()).collect();
    assert_eq!(found.open.iter().map(|one| one.jewel).collect::<BTreeSet<_>>(), open);
    let is_stopped = |gone: &dyn Fn(usize) -> bool| {
        let left = literal(&steps, &case.starts, |number, _| !gone(number));
        case.jewels.iter().filter(|jewel| !open.contains(jewel)).all(|jewel| left[*jewel as usize].is_none())
    };
    assert!(is_stopped(&|number| found.steps.contains(&(number as u32))), "{found:?}");
    let cost = |gone: &dyn Fn(usize) -> bool| -> u64 {
        let gone = steps.iter().enumerate().filter(|(number, _)| gone(*number));
        gone.filter_map(|(_, step)| step.3).map(u64::from).sum()
    };
    assert_eq!(found.cost, cost(&|number| found.steps.contains(&(number as u32))));
    // All sets of steps that can be taken away.
    let free: Vec<usize> = (0..steps.len()).filter(|number| steps[*number].3.is_some()).collect();
    let least = (0..1_u32 << free.len())
        .filter_map(|set| {
            let gone = |number: usize| {
                free.iter().position(|one| *one == number).is_some_and(|at| set >> at & 1 == 1)
            };
            is_stopped(&gone).then(|| cost(&gone))
        })
        .min();
    assert_eq!(Some(found.cost), least, "{found:?}");
    assert!(found.is_exact(), "{found:?}");
}

proptest! {
    #[test]
    fn what_is_come_by_is_what_trying_all_steps_finds(case in case(3)) {
        check_search(&case);
    }

    #[test]
    fn dominators_are_what_trying_each_away_finds(case in case(1)) {
        check_chokes(&case);
    }

    #[test]
    fn chokes_of_steps_with_several_needs_are_what_trying_each_away_finds(case in case(3)) {
        check_chokes(&case);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_flow_is_the_smallest_cut(case in case(1)) {
        check_cut(&case);
    }

    #[test]
    fn the_bounded_search_finds_the_smallest_cut_of_small_graphs(case in case(3)) {
        check_cut(&case);
    }
}

#[test]
fn a_step_with_two_needs_is_stopped_at_the_cheaper_one() {
    // Both the secret and the network are needed; the network is cheaper to close than both ways to the secret.
    let mut graph = Graph::new(5);
    let (start, other, secret, network, data) = (0, 1, 2, 3, 4);
    graph.step(&[start], secret, Level::Yes, Some(2));
    graph.step(&[other], secret, Level::Yes, Some(2));
    let door = graph.step(&[start], network, Level::Yes, Some(3));
    graph.step(&[secret, network], data, Level::Yes, None);
    graph.finish();
    let found = cut(&graph, &[start, other], &[data], Level::Yes);
    assert_eq!((found.cost, found.at_least, found.steps), (3, 3, vec![door.expect("a step")]));
    let found = chokes(&graph, &[start, other], &[data]);
    let passed: Vec<Element> = found.all.iter().map(|one| one.element).collect();
    assert!(
        passed.contains(&Element::Node(secret)) && passed.contains(&Element::Step(door.expect("a step")))
    );
}

#[test]
fn what_leads_nowhere_new_or_is_not_there_is_no_step() {
    let mut graph = Graph::new(2);
    assert_eq!(graph.step(&[], 1, Level::Yes, None), None);
    assert_eq!(graph.step(&[1], 1, Level::Yes, None), None);
    assert_eq!(graph.step(&[0], 2, Level::Yes, None), None);
    assert_eq!(graph.step(&[0, 0], 1, Level::Yes, None), Some(0));
    graph.finish();
    assert_eq!(graph.needs(0), [0]);
    assert!(!search(&graph, &[7], Level::Yes).has(1));
}
