//! `docs/resources.md` is made from the definitions, so it cannot say anything else. `UPDATE_DOCS=1` renews it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use fathom_content::{Content, Demand, ResourceDefinition, Trait, resource::Scope};
use fathom_model::ResourceType;

/// What there is to test definitions against, by operation; `tests/peer/proofs.py` finds it out.
const PROOFS: &str = include_str!("../proofs.json");

/// The programs that read the seeded estate back with boto3; their tables name the types that are compared.
const ORACLES: [&str; 2] =
    [include_str!("../../../../tools/estate/oracle.py"), include_str!("../../../../tools/estate/listed.py")];

/// What the provider's published examples say, read by hand; the types named there are tested with them.
const TOLD: &str = include_str!("../../../fathom-see/tests/it/recorded/published/told.rs");

const HEAD: &str = "# Resource types

Every type that a scan reads: how it is listed, where it points, and what must be known about it. This page is made from
`content/resources/aws/` by `UPDATE_DOCS=1 cargo test -p fathom-content reference`; the guide says what
[understood](guide.md#the-list) means.

- **Listed by** names the call. A type is listed in each region, once for each account, once for the organisation, or for
  each resource of another type.
- **Further calls** are made for each resource. One that is refused becomes a gap of the resource, and a row of the coverage.
- **Leads to** are its edges. A reference to something that was not seen stays as an unresolved edge.
- **Takes over from** are the edges over which it takes what it does not state itself, the first of them first.
- **Demands** come on top of owner, purpose and environment, which are demanded of everything. What may be reached from
  outside must also name its creator or code.
- **SQL view** is the table of this type for `fathom sql`, with its columns.
- **Tested with** says against what a scan of this type is tested. *boto3*: a seeded moto is scanned, and what boto3 lists
  there must be what we list. *recorded answers*: answers of real accounts to the calls that list it are played, and what
  is stored must be what they say. *published examples*: the same with answers that the provider publishes as examples of
  its command line, to the call that lists it or to one that answers with the same structure. *service models*: every call
  is answered with all members that its model has, and the same is asked. Calls that moto does not answer are named; they
  are tested with the others.
";

#[test]
fn the_reference_of_resource_types_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/resources.md");
    let expected = page(&Content::embedded().expect("the content that ships"));
    if std::env::var("UPDATE_DOCS").is_ok_and(|value| value == "1") {
        std::fs::write(&path, &expected).expect("docs/resources.md can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = found.lines().zip(expected.lines()).position(|(a, b)| a != b).map_or(0, |line| line + 1);
    assert!(
        found == expected,
        "docs/resources.md is not what the definitions say (line {differs}); run `UPDATE_DOCS=1 cargo test -p fathom-content reference`"
    );
}

#[test]
fn the_proofs_are_what_the_peers_say() {
    let content = Content::embedded().expect("the content that ships");
    let operations: BTreeSet<String> = content.resources.values().flat_map(operations).collect();
    let Some(mut said) = peers(&operations) else { return };
    let here = Proofs::read();
    // Without the archive of recordings nothing is said about them.
    said.recorded = said.recorded.or_else(|| here.recorded.clone());
    if std::env::var("UPDATE_DOCS").is_ok_and(|value| value == "1") {
        let text = serde_json::to_string_pretty(&said).expect("JSON") + "\n";
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proofs.json");
        std::fs::write(path, text).expect("tests/proofs.json can be written");
        return;
    }
    let again = "run `UPDATE_DOCS=1 cargo test -p fathom-content reference` twice";
    assert_eq!(here.moto, said.moto, "moto answers other calls; {again}");
    assert_eq!(here.recorded, said.recorded, "other calls are recorded; {again}");
}

/// Which operations each peer answers, as `service:Operation`.
#[derive(serde::Serialize, serde::Deserialize)]
struct Proofs {
    moto: BTreeSet<String>,
    recorded: Option<BTreeSet<String>>,
}

impl Proofs {
    fn read() -> Self {
        serde_json::from_str(PROOFS).expect("tests/proofs.json is JSON")
    }
}

/// Asks the peers' Python. None, with a printed reason, where it is missing.
fn peers(operations: &BTreeSet<String>) -> Option<Proofs> {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let python = home.join(".cache/fathom/python/bin/python");
    if !python.is_file() {
        eprintln!("skipped: no {} (a virtual environment with moto)", python.display());
        return None;
    }
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared = std::env::var_os("FATHOM_SHARED_DATA")
        .map_or_else(|| crate_dir.join("../../../shared/data"), PathBuf::from);
    let archive = shared.join("cloud/aws-recorded-responses.tar.zst");
    let mut command = Command::new(python);
    command.arg(crate_dir.join("tests/peer/proofs.py"));
    if archive.is_file() {
        command.arg(archive);
    }
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the peers' Python starts");
    let lines = operations.iter().fold(String::new(), |lines, line| lines + line + "\n");
    child.stdin.take().expect("its input").write_all(lines.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "proofs.py failed");
    Some(serde_json::from_slice(&output.stdout).expect("JSON"))
}

/// The operations of a definition, as `service:Operation`.
fn operations(definition: &ResourceDefinition) -> Vec<String> {
    definition.calls().map(|(service, operation)| format!("{service}:{operation}")).collect()
}

fn page(content: &Content) -> String {
    let mut services: BTreeMap<&str, Vec<&ResourceDefinition>> = BTreeMap::new();
    for definition in content.resources.values() {
        services.entry(&definition.service).or_default().push(definition);
    }
    let mut page = HEAD.to_owned();
    let _ = writeln!(page, "\n{} types of {} services.\n", content.resources.len(), services.len());
    page.push_str("| service | types |\n| --- | --- |\n");
    for (service, types) in &services {
        let links: Vec<String> = types.iter().map(|one| link(&one.kind)).collect();
        let _ = writeln!(page, "| {service} | {} |", links.join(", "));
    }
    for (service, types) in &services {
        let _ = write!(page, "\n## {service}\n");
        for definition in types {
            section(&mut page, content, definition);
        }
    }
    page
}

fn section(page: &mut String, content: &Content, definition: &ResourceDefinition) {
    let _ = write!(page, "\n### {}\n{}\n\n| | |\n| --- | --- |\n", definition.kind, definition.description);
    let mut row = |name: &str, words: String| {
        if !words.is_empty() {
            let _ = writeln!(page, "| {name} | {words} |");
        }
    };
    row("Listed by", listed_by(definition));
    row("Further calls", further_calls(definition));
    row("Leads to", leads_to(content, definition));
    row("Takes over from", codes(definition.inherit.iter().map(fathom_model::EdgeKind::as_str)));
    row("Demands", demands(content, definition));
    row("SQL view", format!("`{}`: {}", definition.kind.view_name(), columns(definition)));
    row("Tested with", tested_with(definition));
}

fn listed_by(definition: &ResourceDefinition) -> String {
    let list = &definition.list;
    let mut calls = vec![format!("`{}:{}`", definition.service, list.operation)];
    calls.extend(list.describe.iter().map(|one| format!("`{}:{}`", definition.service, one.operation)));
    let place = match (&list.for_each, definition.scope) {
        (Some(parent), _) => format!("for each {}", link(parent)),
        (None, Scope::Region) => "in each region".to_owned(),
        (None, Scope::Global) => "once for each account".to_owned(),
        (None, Scope::Organization) => "once for the organisation".to_owned(),
    };
    format!("{}, {place}", calls.join(", then "))
}

fn further_calls(definition: &ResourceDefinition) -> String {
    codes(definition.enrich.iter().flat_map(|enrich| {
        let service = enrich.service.as_ref().unwrap_or(&definition.service);
        enrich.operations().map(move |operation| format!("{service}:{operation}"))
    }))
}

fn leads_to(content: &Content, definition: &ResourceDefinition) -> String {
    let mut edges: Vec<(&str, Vec<&ResourceType>)> = Vec::new();
    for relation in &definition.relations {
        let kind = relation.kind.as_str();
        let at = edges.iter().position(|(known, _)| *known == kind).unwrap_or_else(|| {
            edges.push((kind, Vec::new()));
            edges.len() - 1
        });
        for to in &relation.to {
            if !edges[at].1.contains(&to) {
                edges[at].1.push(to);
            }
        }
    }
    let words: Vec<String> = edges
        .into_iter()
        .map(|(kind, to)| {
            let names: Vec<String> = to
                .into_iter()
                .map(|to| if content.resources.contains_key(to) { link(to) } else { to.to_string() })
                .collect();
            format!("`{kind}` {}", names.join(" or "))
        })
        .collect();
    words.join("<br>")
}

fn demands(content: &Content, definition: &ResourceDefinition) -> String {
    let traits: Vec<Trait> = definition.traits.iter().copied().filter(|one| *one != Trait::Exposed).collect();
    let mut demanded = content.demands.of(&traits);
    demanded.retain(|demand| !content.demands.always.contains(demand));
    let words = |demand: &Demand| match demand {
        Demand::Owner => "owner",
        Demand::Purpose => "purpose",
        Demand::Environment => "environment",
        Demand::DataClass => "data class",
        Demand::CreatorOrCode => "creator or code",
    };
    let mut out: Vec<&str> = demanded.iter().map(words).collect();
    if !definition.exposed_when.is_empty() && !demanded.contains(&Demand::CreatorOrCode) {
        out.push("creator or code where it may be reached from outside");
    }
    out.join(", ")
}

fn columns(definition: &ResourceDefinition) -> String {
    definition.columns.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn tested_with(definition: &ResourceDefinition) -> String {
    let proofs = Proofs::read();
    let name = format!("\"{}\"", definition.kind);
    let calls = operations(definition);
    let listing = 1 + usize::from(definition.list.describe.is_some());
    let recorded = proofs.recorded.unwrap_or_default();
    let mut with = Vec::new();
    if ORACLES.iter().any(|oracle| oracle.contains(&name)) {
        with.push("boto3");
    }
    if calls.iter().take(listing).all(|call| recorded.contains(call)) {
        with.push("recorded answers");
    }
    if TOLD.split("TOLD: &[Told]").nth(1).is_some_and(|told| told.contains(&name)) {
        with.push("published examples");
    }
    with.push("service models");
    let missing = codes(calls.iter().filter(|call| !proofs.moto.contains(*call)));
    match missing.as_str() {
        "" => with.join(", "),
        missing => format!("{}; moto does not answer {missing}", with.join(", ")),
    }
}

fn codes<T: AsRef<str>>(words: impl Iterator<Item = T>) -> String {
    let mut out: Vec<String> = Vec::new();
    for word in words {
        let code = format!("`{}`", word.as_ref());
        if !out.contains(&code) {
            out.push(code);
        }
    }
    out.join(", ")
}

/// A link to a type's section; headings lose their colons and upper case there.
fn link(kind: &ResourceType) -> String {
    let name = kind.as_str();
    let anchor = name.to_lowercase().replace("::", "");
    format!("[{}](#{anchor})", name.strip_prefix("AWS::").unwrap_or(name))
}
