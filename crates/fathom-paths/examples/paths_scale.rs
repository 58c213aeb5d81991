//! How long it takes to know how intruders would walk over a large estate. It prints its own table.
//!
//! Arguments: nodes (50,000), steps (200,000).

use std::{
    error::Error,
    time::{Duration, Instant},
};

use fathom_paths::{Graph, Level, chokes, cut, search, surest};

/// Numbers that are the same every time (a linear congruential generator; Knuth's constants for 64 bits).
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(limit)) as u32
    }
}

struct Estate {
    graph: Graph,
    starts: Vec<u32>,
    jewels: Vec<u32>,
}

/// A fifth of the nodes are servers, half principals in a hundred accounts, the rest data. Steps stay in their account but for one
/// in fifty. One in a hundred needs two things, one in ten is sure only if something holds, one in fifty is not known.
fn estate(nodes: u32, steps: u32) -> Estate {
    const ACCOUNTS: u32 = 100;
    let mut draw = Draw(42);
    let mut graph = Graph::new(nodes);
    let (servers, principals) = (nodes / 5, nodes / 2);
    let data = nodes - servers - principals;
    let starts: Vec<u32> = (0..200).map(|at| if at < 20 { at * 7 } else { servers + at * 11 }).collect();
    let pick = |draw: &mut Draw, first: u32, count: u32, account: u32| {
        let each = (count / ACCOUNTS).max(1);
        first + (account * each + draw.below(each)).min(count - 1)
    };
    for _ in 0..steps {
        let account = draw.below(ACCOUNTS);
        let other = if draw.below(50) == 0 { draw.below(ACCOUNTS) } else { account };
        let level = match draw.below(50) {
            0 => Level::Unknown,
            1..=5 => Level::OnlyIf,
            _ => Level::Yes,
        };
        let from_server = draw.below(4) == 0;
        let from = if from_server {
            pick(&mut draw, 0, servers, account)
        } else {
            pick(&mut draw, servers, principals, account)
        };
        let to = match draw.below(10) {
            0 if from_server => pick(&mut draw, 0, servers, other),
            0..=3 => pick(&mut draw, servers, principals, other),
            _ => pick(&mut draw, servers + principals, data, other),
        };
        let mut needs = vec![from];
        if draw.below(100) == 0 {
            needs.push(pick(&mut draw, servers, principals, account));
        }
        let cost = (draw.below(20) > 0).then(|| 1 + draw.below(3));
        graph.step(&needs, to, level, cost);
    }
    graph.finish();
    let jewels = (0..data / 20).map(|at| servers + principals + at * 20).collect();
    Estate { graph, starts, jewels }
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let done = work();
    tell(what, begun.elapsed());
    done
}

fn tell(what: &str, time: Duration) {
    println!("{what:<58} {:>10.1} ms", time.as_secs_f64() * 1000.0);
}

/// The most memory that this process had, as Linux tells; none elsewhere.
fn memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map(|rest| rest.trim().to_owned())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1).map(|arg| arg.replace(',', "").parse::<u32>());
    let (nodes, steps) =
        (args.next().transpose()?.unwrap_or(50_000), args.next().transpose()?.unwrap_or(200_000));
    let Estate { graph, starts, jewels } = timed("the graph is made and sorted", || estate(nodes, steps));
    println!(
        "{} nodes, {} steps, {} beginnings, {} jewels",
        graph.nodes(),
        graph.steps().len(),
        starts.len(),
        jewels.len()
    );
    let levels = timed("how sure each node is", || surest(&graph, &starts));
    let told = timed("a tale for each jewel", || {
        let found = search(&graph, &starts, Level::Unknown);
        jewels
            .iter()
            .filter_map(|jewel| found.tale(&graph, *jewel))
            .map(|tale| tale.steps.len())
            .collect::<Vec<_>>()
    });
    let reached = levels.iter().filter(|level| level.is_some()).count();
    println!(
        "  {reached} nodes and {} jewels come by, {} steps at most",
        told.len(),
        told.iter().max().unwrap_or(&0)
    );
    let found = timed("what every way to each jewel passes", || chokes(&graph, &starts, &jewels));
    println!("  {} such, whole: {}", found.all.len(), !found.cut);
    let found = timed("the smallest cut", || cut(&graph, &starts, &jewels, Level::Unknown));
    println!(
        "  costs {}, at least {}, {} steps, {} jewels open",
        found.cost,
        found.at_least,
        found.steps.len(),
        found.open.len()
    );
    let begun = Instant::now();
    let one_by_one: usize =
        (0..100).map(|at| surest(&graph, &[at * (nodes / 100)]).iter().flatten().count()).sum();
    tell("what falls with one thing, each of 100", begun.elapsed() / 100);
    println!("  {} on average", one_by_one / 100);
    println!("memory: {}", memory().unwrap_or_else(|| "not told here".to_owned()));
    Ok(())
}
