//! Makes the estate that the console is measured with: many resources of ten types in 40 accounts, four regions and 400
//! networks, half of them not understood, in two scans. `console_estate DIRECTORY RESOURCES`; with `ask` after it, it asks
//! the store what the console asks, without the server, and prints how long each question takes.

use std::{collections::BTreeMap, error::Error, path::PathBuf, time::Instant};

use fathom_model::{
    Coverage, Document, Edge, Gap, Outcome, Part, Reason, Resource, SourceKind, Statement, Target, Timestamp,
    Uid, Unknown,
};
use fathom_store::{
    EstateFilter, Group, Knowledge, Listed, NetworkRules, ResourceOrder, ScanEnd, Store, StoreError,
    TagFilter,
};

const KINDS: [&str; 10] = [
    "AWS::EC2::Instance",
    "AWS::EC2::NetworkInterface",
    "AWS::EC2::Volume",
    "AWS::EC2::Snapshot",
    "AWS::Lambda::Function",
    "AWS::S3::Bucket",
    "AWS::IAM::Role",
    "AWS::Logs::LogGroup",
    "AWS::SQS::Queue",
    "AWS::KMS::Key",
];
const REGIONS: [&str; 4] = ["eu-central-1", "eu-west-1", "us-east-1", "ap-southeast-2"];
const ACCOUNTS: usize = 40;
const NETWORKS: usize = 400;
const TEAMS: usize = 60;
const BATCH: usize = 4096;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = PathBuf::from(arguments.next().ok_or("name a directory")?);
    let total: usize = arguments.next().map_or(Ok(1_000_000), |text| text.parse())?;
    let begun = Timestamp::now();
    let store = Store::open(&directory, "fathom.local/ledger", begun).await?;
    let made = usize::try_from(store.turns().await?)?;
    for round in made..2 {
        scan(&store, total, round).await?;
        eprintln!("scan {} of 2 ended", round + 1);
    }
    if arguments.next().is_some_and(|word| word == "ask") {
        ask(&store).await?;
    }
    store.close().await?;
    Ok(())
}

/// How often each question is asked; the middle is printed.
const TIMES: usize = 21;

async fn ask(store: &Store) -> Result<(), Box<dyn Error>> {
    store.set_network_rules(NetworkRules {
        kinds: vec!["AWS::EC2::VPC".into()],
        through: vec!["in_vpc".into()],
    });
    let begun = Instant::now();
    store.warm().await?;
    println!(
        "| question | median ms |\n| --- | --- |\n| read the columns | {} |",
        begun.elapsed().as_millis()
    );
    let now = Timestamp::now();
    let all = EstateFilter::default();
    let searched = |text: &str| EstateFilter { text: Some(text.to_owned()), ..EstateFilter::default() };
    let tagged = EstateFilter {
        tags: vec![TagFilter { key: "Environment".to_owned(), value: Some("production".to_owned()) }],
        ..EstateFilter::default()
    };
    let narrow = EstateFilter {
        kinds: vec!["AWS::SQS::Queue".into()],
        understood: Some(false),
        owners: vec![String::new()],
        ..EstateFilter::default()
    };
    for (name, filter) in [
        ("all", &all),
        ("search, many", &searched("SHOP")),
        ("search, few", &searched("shop-7-12345")),
        ("search, none", &searched("nothing-like-it")),
        ("tag", &tagged),
        ("type, team, not understood", &narrow),
    ] {
        for order in [ResourceOrder::Uid, ResourceOrder::Name] {
            let page = || store.estate_page(filter, (order, false), 100, None, None, now);
            timed(&format!("page by {order:?}: {name}"), || async { page().await.map(|page| page.total) })
                .await?;
        }
        let facets = || store.estate_facets(filter, None, now);
        timed(&format!("facets: {name}"), || async { facets().await.map(|facets| facets.total) }).await?;
    }
    timed("unknowns: first ten", || async {
        store.list_page(&all, false, 0, 10, None, now).await.map(|page| page.total)
    })
    .await?;
    timed("unknowns: facets", || async {
        store.list_facets(&all, true, None, now).await.map(|all| all.0.total)
    })
    .await?;
    let shares = [Group::Kind, Group::Account, Group::Region, Group::Owner];
    timed("summary: shares", || async {
        store.estate_sums(&all, &shares, None, now).await.map(|all| all.len() as u64)
    })
    .await?;
    let places = [Group::Account, Group::Region, Group::Network];
    timed("map", || async {
        store.estate_groups(&all, &places, None, now).await.map(|all| all.len() as u64)
    })
    .await?;
    timed("picture of 10,000", || async {
        store.graph_estate(&all, 10_000, None, now).await.map(|all| all.total)
    })
    .await?;
    Ok(())
}

async fn timed<F, R>(name: &str, question: F) -> Result<(), Box<dyn Error>>
where
    F: Fn() -> R,
    R: Future<Output = Result<u64, StoreError>>,
{
    let mut times = Vec::with_capacity(TIMES);
    let mut answer = 0;
    for _ in 0..TIMES {
        let begun = Instant::now();
        answer = question().await?;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    println!("| {name} ({answer}) | {:.1} |", times.get(TIMES / 2).copied().unwrap_or_default());
    Ok(())
}

async fn scan(store: &Store, total: usize, round: usize) -> Result<(), Box<dyn Error>> {
    let accounts: Vec<String> = (0..ACCOUNTS).map(account).collect();
    let now = Timestamp::now();
    let scan = store.begin_scan("benchmark", &accounts, &REGIONS.map(str::to_owned), now).await?;
    let numbers = |start: usize| start..(start + BATCH).min(total);
    for start in (0..total).step_by(BATCH) {
        let batch: Vec<Resource> = numbers(start).map(|n| resource(n, round)).collect();
        store.stage(scan, &batch).await?;
    }
    let mut finishing = store.begin_finish(scan, now).await?;
    for start in (0..total).step_by(BATCH) {
        finishing.explain(numbers(start).map(|n| knowledge(n, total, now)).collect()).await?;
    }
    let coverage = (0..ACCOUNTS)
        .flat_map(|n| KINDS.into_iter().map(move |kind| (n, kind)))
        .flat_map(|(n, kind)| REGIONS.into_iter().map(move |region| covered(&account(n), region, kind)));
    let end = ScanEnd { coverage: coverage.collect(), ..ScanEnd::default() };
    finishing.commit(end, Timestamp::now()).await?;
    Ok(())
}

fn account(number: usize) -> String {
    format!("{:012}", 100_000_000_000_u64 + number as u64)
}

fn covered(account: &str, region: &str, kind: &str) -> Coverage {
    let is_read = !kind.contains("KMS");
    Coverage {
        account: account.into(),
        region: region.into(),
        service: kind.split("::").nth(1).unwrap_or_default().to_ascii_lowercase(),
        operation: format!("List{}", kind.rsplit("::").next().unwrap_or_default()),
        resource_type: Some(kind.into()),
        outcome: if is_read { Outcome::Read } else { Outcome::Unknown },
        reason: (!is_read).then_some(Reason::Denied),
        permission: None,
        detail: None,
        calls: 10,
        items: 1000,
        throttles: 0,
        failures: 0,
        millis: 900,
    }
}

/// A number that looks random and is always the same.
fn mixed(number: usize) -> usize {
    let mut mixed = number as u64 ^ 0x9e37_79b9_7f4a_7c15;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    usize::try_from((mixed ^ (mixed >> 31)) >> 8).unwrap_or(0)
}

fn kind(number: usize) -> &'static str {
    if number < NETWORKS {
        "AWS::EC2::VPC"
    } else {
        KINDS.get(mixed(number) % KINDS.len()).copied().unwrap_or("")
    }
}

fn place(number: usize) -> (String, &'static str) {
    let network = number % NETWORKS;
    let region = REGIONS.get(network / 100 % REGIONS.len()).copied().unwrap_or("eu-west-1");
    (account(network % ACCOUNTS), region)
}

fn uid(number: usize) -> Uid {
    let (account, region) = place(number);
    let (kind, id) = (kind(number), id(number));
    let service = kind.split("::").nth(1).unwrap_or_default().to_ascii_lowercase();
    Uid::from(format!(
        "arn:aws:{service}:{region}:{account}:{}/{id}",
        kind.rsplit("::").next().unwrap_or_default()
    ))
}

fn id(number: usize) -> String {
    if number < NETWORKS { format!("vpc-{number:017x}") } else { format!("r-{:017x}", mixed(number)) }
}

fn owner(number: usize) -> Option<String> {
    (!mixed(number + 7).is_multiple_of(3)).then(|| format!("team-{:02}", mixed(number + 1) % TEAMS))
}

fn resource(number: usize, round: usize) -> Resource {
    let (account, region) = place(number);
    let mut tags = BTreeMap::from([("Name".to_owned(), format!("shop-{}-{number}", mixed(number) % 90))]);
    if let Some(owner) = owner(number) {
        tags.insert("Owner".to_owned(), owner);
        tags.insert("Environment".to_owned(), ["production", "staging"][number % 2].to_owned());
    }
    // One in a hundred differs in the second scan.
    let state = if mixed(number + 3).is_multiple_of(100) && round == 1 { "stopped" } else { "running" };
    let document = serde_json::json!({ "Id": id(number), "State": state, "Tags": tags, "Number": number });
    Resource {
        uid: uid(number),
        kind: kind(number).into(),
        account: account.as_str().into(),
        region: region.into(),
        id: id(number),
        name: tags.get("Name").cloned(),
        tags,
        created_at: None,
        provider_made: mixed(number + 4).is_multiple_of(30),
        exposed: mixed(number + 5).is_multiple_of(50),
        document: Document::new(&document),
    }
}

fn knowledge(number: usize, total: usize, now: Timestamp) -> Knowledge {
    let own = uid(number);
    let edge = |kind: &str, to: usize| Edge {
        from: own.clone(),
        kind: kind.into(),
        to: Target::Known { uid: uid(to) },
        path: "To".into(),
    };
    let mut edges = Vec::new();
    if number >= NETWORKS {
        edges.push(edge("in_vpc", number % NETWORKS));
        edges.push(edge("attached_to", NETWORKS + mixed(number + 6) % (total - NETWORKS).max(1)));
    }
    let owner = owner(number);
    let is_understood = owner.is_some() && !mixed(number + 2).is_multiple_of(4);
    let listed = (!is_understood).then(|| {
        let resource = resource(number, 0);
        let gap = |part: &str| Gap {
            part: part.to_owned(),
            reason: None,
            detail: format!("tag it with {part}, or declare it in fathom.yaml"),
            accepted: None,
        };
        let gaps = if owner.is_none() { vec![gap("owner"), gap("purpose")] } else { vec![gap("purpose")] };
        let unknown = Unknown {
            uid: own.clone(),
            kind: resource.kind,
            account: resource.account,
            region: resource.region,
            name: resource.name,
            rank: 1,
            because: vec!["stores data".to_owned(), "costs money".to_owned()],
            gaps,
        };
        Listed {
            severity: if resource.exposed { 1 } else { 2 + (mixed(number) % 50) as i64 },
            ..unknown.into()
        }
    });
    let statements = owner.map(|value| Statement {
        part: Part::Owner,
        value,
        source: SourceKind::Tag,
        origin: "tag \"Owner\"".to_owned(),
        as_of: now,
    });
    Knowledge {
        uid: own.clone(),
        understood: is_understood,
        statements: statements.into_iter().collect(),
        edges,
        listed,
    }
}
