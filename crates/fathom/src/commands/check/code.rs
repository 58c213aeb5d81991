//! `fathom check FILE…`: the same checks, asked of code before it is deployed.
//!
//! A file becomes documents as `fathom what-if` makes them, laid over an empty store or over that of the last scans, and
//! checks are asked of what is laid. `manifests.rs` asks the objects of Kubernetes manifests, which no scan reads, as they stand. `files.rs`
//! finds the files, `place.rs` says where in them a finding is written.

mod files;
mod manifests;
mod place;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use anyhow::{Context as _, Result, bail};
use fathom_checks::{Checks, Status, finding_id};
use fathom_content::{Content, declared::Language};
use fathom_estate::declared::{
    changes::Proposal,
    known::not_mapped,
    lines::Lines,
    template::{self, Template},
};
use fathom_model::Document;
use fathom_posture::{Ground, OfCode, Posture, Shapes};
use fathom_see::planned::{self, Planned, STANDS_FOR_ACCOUNT, STANDS_FOR_REGION, Templated, Where};
use fathom_store::{Laid, Store};
use serde_json::Value;

use super::Told;
use crate::{
    Ending,
    args::{CheckArgs, Global},
    commands::compare::read,
    wiring,
};
use files::{Form, Found};

/// Addresses of one type that are named of what nothing is known of.
const NAMED: usize = 5;

/// Where findings are written, and what was taken to be so.
#[derive(Debug, Default)]
pub(super) struct Code {
    /// By the finding's id.
    pub(super) places: BTreeMap<String, Place>,
    pub(super) assumed: Vec<String>,
}

/// A place in code.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) file: String,
    /// From 1; none where the file does not tell it.
    pub(super) line: Option<u64>,
    /// The resource, as the file names it.
    pub(super) address: String,
}

pub(super) async fn run(
    global: &Global,
    args: &CheckArgs,
    content: &Content,
    checks: Checks,
) -> Result<Ending> {
    let parameters = match &args.parameters {
        Some(file) => template::parameters(&file.display().to_string(), &read(file)?)?,
        None => BTreeMap::new(),
    };
    let found = files::find(&args.files)?;
    let checks = &of_what_is_there(checks, content, &found.files);
    let scratch = Scratch::new()?;
    let store = if args.with_estate {
        wiring::reader(global).await?
    } else {
        Store::open(&scratch.0, wiring::ORIGIN, wiring::now()).await?
    };
    let work = Work { content, checks, args, store: &store, parameters };
    let mut posture = Posture { gaps: found.left_out, ..Posture::default() };
    for check in &checks.all {
        posture.by_check.insert(check.definition.id.clone(), fathom_posture::Counts::default());
    }
    let mut code = Code { assumed: found.assumed, ..Code::default() };
    let mut problems = found.problems;
    let (manifests, others): (Vec<&Found>, Vec<&Found>) =
        found.files.iter().partition(|file| file.form == Form::Manifest);
    problems.extend(manifests::ask(
        content,
        checks,
        &super::keeps(args),
        &manifests,
        &mut posture,
        &mut code,
    ));
    for file in others {
        // A file that cannot be used takes nothing away from the others.
        if let Err(problem) = work.ask(file, &mut posture, &mut code).await {
            problems.push(format!("{problem:#}"));
        }
    }
    posture.sort();
    let ending = super::tell(
        global,
        args,
        &Told { fail_on: super::fail_on(args), code: Some(&code), ..Told::of(checks, &posture) },
    )?;
    if !args.with_estate {
        store.close().await?;
    }
    if !problems.is_empty() {
        bail!("{}", problems.join("\n"));
    }
    Ok(ending)
}

/// The checks of what the files are: those of manifests say nothing of plans and templates, and the other way round.
fn of_what_is_there(checks: Checks, content: &Content, files: &[Found]) -> Checks {
    let is_there = |wanted: bool| files.iter().any(|file| (file.form == Form::Manifest) == wanted);
    let (manifests, others) = (is_there(true), is_there(false));
    if !manifests && !others {
        return checks;
    }
    checks.only(
        |check| {
            if content.manifests.is_type(check.definition.kind.as_str()) { manifests } else { others }
        },
    )
}

struct Work<'a> {
    content: &'a Content,
    checks: &'a Checks,
    args: &'a CheckArgs,
    store: &'a Store,
    parameters: BTreeMap<String, Value>,
}

impl Work<'_> {
    async fn ask(&self, file: &Found, posture: &mut Posture, code: &mut Code) -> Result<()> {
        let mut place = Where {
            account: self.args.account.clone(),
            region: self.args.region.clone(),
            otherwise: Some((STANDS_FOR_ACCOUNT.to_owned(), STANDS_FOR_REGION.to_owned())),
        };
        if self.args.with_estate {
            place.otherwise = None;
        }
        let (proposal, lines, implied) = self.proposal(file, &place, code).await?;
        let mut planned = planned::plan(self.store, self.content, &proposal, &place).await?;
        self.gaps(file, &proposal, &planned, posture);
        for change in &planned.changes {
            let told = change.assumed.iter().map(|what| format!("{}: {}: {what}", file.name, change.address));
            code.assumed.extend(told);
        }
        let shapes = Shapes::of(self.content);
        for laid in planned.overlay.laid.values_mut() {
            let mut document = laid.resource.document.value();
            shapes.fit(laid.resource.kind.as_str(), &mut document);
            laid.resource.document = Document::new(&document);
        }
        let not_known = self.note_not_mapped(&proposal, &implied, &mut planned);
        let laid: BTreeSet<String> = planned.overlay.laid.keys().map(ToString::to_string).collect();
        let under = self.store.under(planned.overlay.clone());
        let of_code = OfCode { not_known, is_alone: !self.args.with_estate };
        let ground = Ground::load_code(&under, self.content, self.checks, wiring::now(), of_code).await?;
        let wants = |one: &fathom_access::Seen, _: Option<&str>| laid.contains(&one.arn);
        let keeps = super::keeps(self.args);
        let mut found = Posture::of(self.checks, &ground, wants, &Status::ALL);
        // Of what is only written in parts, what these say is told, and not all that they do not say; where a part was not written, nothing.
        let is_written = |address: &str| {
            let part = address.strip_prefix("what ").and_then(|rest| rest.strip_suffix(" is of"));
            planned
                .changes
                .iter()
                .any(|change| Some(change.address.as_str()) == part && !change.resources.is_empty())
        };
        let is_unsaid = |one: &fathom_posture::Finding| {
            planned.called.iter().any(|(uid, address)| {
                uid.as_str() == one.resource
                    && implied.contains(address)
                    && (one.status == Status::Unknown || !is_written(address))
            })
        };
        for one in found.findings.extract_if(.., |one| is_unsaid(one)).collect::<Vec<_>>() {
            if let Some(counts) = found.by_check.get_mut(&one.check) {
                counts.take(one.status);
            }
        }
        found.findings.retain(|one| keeps.contains(&one.status));
        let places = place::Places {
            file: &file.name,
            lines: &lines,
            proposal: &proposal,
            planned: &planned,
            implied: &implied,
            content: self.content,
        };
        for finding in &mut found.findings {
            let at = places.of(finding);
            finding.resource = format!("{}#{}", file.name, at.address);
            finding.name = Some(at.address.clone());
            finding.id = finding_id(&finding.check, &finding.resource, "");
            if finding.account == STANDS_FOR_ACCOUNT {
                finding.account = String::new();
                finding.region = String::new();
            }
            code.places.insert(finding.id.clone(), at);
        }
        posture.add(found);
        Ok(())
    }

    async fn proposal(
        &self,
        file: &Found,
        place: &Where,
        code: &mut Code,
    ) -> Result<(Proposal, Lines, Vec<String>)> {
        let text = read(&file.path)?;
        match file.form {
            Form::Plan if self.args.with_estate => {
                Ok((Proposal::terraform(&file.name, &text)?, Lines::default(), Vec::new()))
            }
            Form::Plan => {
                let mut proposal = Proposal::terraform_declares(&file.name, &text)?;
                let implied = planned::plan_wholes(self.content, &mut proposal);
                Ok((proposal, Lines::default(), implied))
            }
            // Manifests are asked by themselves, and what Helm must write first is never taken.
            Form::Template | Form::Manifest | Form::Helm => {
                let template = Template::parse(&file.name, &text, &self.parameters)?;
                let made = planned::template(self.store, self.content, &template, place).await?;
                let Templated { proposal, assumed, implied } = made;
                code.assumed.extend(assumed.into_iter().map(|one| format!("{}: {one}", file.name)));
                Ok((proposal, Lines::of(&text), implied))
            }
        }
    }

    /// Says of which resources nothing is known, and what of others keeps them from being asked about.
    fn gaps(&self, file: &Found, proposal: &Proposal, planned: &Planned, posture: &mut Posture) {
        let mut unknown: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (change, told) in proposal.changes.iter().zip(&planned.changes) {
            let map = self.content.declared.get(change.language, &change.kind);
            if map.is_none() || (told.resources.is_empty() && told.not_known.is_empty()) {
                unknown.entry(&change.kind).or_default().push(&change.address);
            }
            if told.resources.is_empty() {
                posture.gaps.extend(told.not_known.iter().map(|why| {
                    format!("{}: {} ({}) is not asked about: {why}", file.name, change.address, change.kind)
                }));
            }
        }
        for (kind, addresses) in unknown {
            posture.gaps.push(nothing_known(&file.name, kind, &addresses));
        }
        posture.gaps.extend(proposal.left_out.iter().map(|what| format!("{}: left out: {what}", file.name)));
    }

    /// Marks policies that name the account or region that they are for, where nobody said that: whether they speak of the resource
    /// that they are on cannot be told.
    fn note_elsewhere(&self, laid: &mut Laid) {
        let (account, region) = (laid.resource.account.to_string(), laid.resource.region.to_string());
        // What the name of the resource itself says is said.
        let is_other = |said: &Option<String>, own: &str, stands: &str, part: Option<&str>| {
            said.is_none()
                && own == stands
                && part.is_some_and(|part| !part.is_empty() && !part.contains('*') && part != stands)
        };
        let document = laid.resource.document.value();
        for (member, policy) in document.as_object().into_iter().flatten() {
            let names_other = named(policy).into_iter().any(|text| {
                let parts: Vec<&str> = text.splitn(6, ':').collect();
                is_other(&self.args.region, &region, STANDS_FOR_REGION, parts.get(3).copied())
                    || is_other(&self.args.account, &account, STANDS_FOR_ACCOUNT, parts.get(4).copied())
            });
            if names_other && !self.args.with_estate {
                let why = "it names an account or a region; say --account and --region".to_owned();
                laid.not_known.entry(member.clone()).or_insert(why);
            }
        }
    }

    /// Marks what checks read of new resources and no map writes; gives back why anything of them is not known.
    fn note_not_mapped(
        &self,
        proposal: &Proposal,
        implied: &[String],
        planned: &mut Planned,
    ) -> BTreeMap<String, BTreeMap<String, String>> {
        let language = proposal.changes.first().map_or(Language::CloudFormation, |one| one.language);
        let mut told = BTreeMap::new();
        for (uid, laid) in &mut planned.overlay.laid {
            if let Some(address) = planned.called.get(uid) {
                let kind = &laid.resource.kind;
                let reads = self.checks.of_kind(kind.as_str()).flat_map(|check| &check.reads);
                let document = laid.resource.document.value();
                for path in not_mapped(
                    self.content,
                    language,
                    kind,
                    implied.contains(address),
                    reads.map(String::as_str),
                ) {
                    // Of a list that is not there, no element is.
                    let list = path.split_once("[]").map(|(list, _)| list);
                    let is_there = |list: &str| {
                        let list: Option<fathom_model::path::Path> = list.parse().ok();
                        list.is_some_and(|list| list.first(&document).is_some_and(|value| !value.is_null()))
                    };
                    if list.is_none_or(is_there) {
                        let why = format!("nothing is known of how {language} code says it");
                        laid.not_known.entry(path).or_insert(why);
                    }
                }
            }
            self.note_elsewhere(laid);
            told.insert(uid.to_string(), laid.closely());
        }
        told
    }
}

/// Says of a type that nothing is known of it, and where it is declared.
fn nothing_known(file: &str, kind: &str, addresses: &[&str]) -> String {
    let named = addresses.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    let more = addresses.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{file}: nothing is known of {kind}: {named}{more}")
}

/// Texts of a policy's statements that name resources.
fn named(policy: &Value) -> Vec<&str> {
    let members = each(&policy["Statement"]).flat_map(|one| [&one["Resource"], &one["NotResource"]]);
    members.flat_map(each).filter_map(Value::as_str).collect()
}

/// A list as it is, anything else as a list of one, nothing as none.
fn each(value: &Value) -> impl Iterator<Item = &Value> {
    let (items, one): (&[Value], Option<&Value>) = match value {
        Value::Array(items) => (items, None),
        Value::Null => (&[], None),
        one => (&[], Some(one)),
    };
    items.iter().chain(one)
}

/// A folder for an empty store, taken away at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        let now = wiring::now().as_nanosecond();
        let name = format!("fathom-check-{}-{now}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        std::fs::create_dir(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        Ok(Self(dir))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left of an empty store in a folder for such things does no harm.
        drop(std::fs::remove_dir_all(&self.0));
    }
}
