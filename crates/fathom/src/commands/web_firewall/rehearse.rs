//! `fathom web-firewall rehearse`: what would be blocked, of requests that were logged, if rules that only count blocked.

use std::{collections::BTreeSet, path::Path};

use anyhow::{Context as _, Result, bail};
use fathom_reach::web::{LoadedAcls, acls};
use fathom_see::import::{Limits, Problem, look};
use fathom_webfirewall::{
    Acl, Action, Blocking, Does, Request, logs,
    rehearse::{Question, Rehearsal, Row, RuleRow, Tally, rehearse},
};
use serde::Serialize;
use serde_json::Value;

use super::network;
use crate::{
    Ending,
    args::{Global, RehearseArgs},
    render::{self, clean, styled},
    wiring,
};

/// Names of files that are looked at in folders.
const ENDINGS: [&str; 6] = [".log", ".log.gz", ".gz", ".json", ".json.gz", ".jsonl"];
/// Requests that are held at once; a million takes some three gigabytes.
const REQUESTS_MAX: usize = 250_000;
/// Broken records that are kept with their places.
const PROBLEMS_MAX: usize = 1000;
/// Rows of a list, and problems, that are shown; `--json` has all.
const SHOWN: usize = 10;
/// The most bytes of a file with a rule or a web ACL.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// What is answered.
#[derive(Debug, Serialize)]
struct Answer {
    /// The ARN of the web ACL, or its name where its file has none.
    acl: String,
    #[serde(flatten)]
    told: Rehearsal,
    /// Files that were read.
    files: usize,
    /// Requests that came to another web ACL, which are left out.
    of_others: u64,
    /// Requests beyond those that are held at once.
    left_out: u64,
    /// Records and files that could not be read.
    broken: u64,
    /// These, some of them.
    problems: Vec<Problem>,
    /// Files of folders with other names.
    skipped: usize,
    /// What of the web ACL could not be read.
    faults: Vec<String>,
}

/// What was read of logs.
#[derive(Default)]
struct Read {
    requests: Vec<Request>,
    files: usize,
    of_others: u64,
    left_out: u64,
    broken: u64,
    problems: Vec<Problem>,
    skipped: usize,
}

pub(super) async fn run(global: &Global, args: RehearseArgs) -> Result<Ending> {
    // A mistyped path is said before anything is read.
    for path in args.logs.iter().chain(&args.acl_file).chain(&args.rule_file) {
        std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    }
    let loaded = match (&args.acl_file, has_store(global, &args)) {
        (Some(_), false) => LoadedAcls::default(),
        _ => {
            network::asked(global, &args.network, async |store| Ok(acls(store, wiring::now()).await?)).await?
        }
    };
    let today = match (&args.acl_file, &args.acl) {
        (Some(file), _) => {
            let document = document(file)?;
            Acl::read(&document, &loaded.sets).map_err(|why| anyhow::anyhow!("{} {why}", file.display()))?
        }
        (None, name) => chosen(&loaded, name.as_deref().unwrap_or_default())?,
    };
    let mut then = today.clone();
    let blocking: Blocking = match &args.rule_file {
        Some(file) => {
            let rule = document(file)?;
            let name =
                then.add(&rule, &loaded.sets).map_err(|why| anyhow::anyhow!("{}: {why}", file.display()))?;
            BTreeSet::from([name])
        }
        None => blocking(&today, &args.rule)?,
    };
    let mut read = read(&args, &today)?;
    if read.requests.is_empty() {
        for problem in read.problems.iter().take(SHOWN) {
            anstream::eprintln!("{}", styled(render::ATTENTION, told(problem)));
        }
        let others = if read.of_others > 0 {
            format!("; {} came to another web ACL", render::count(read.of_others, "request"))
        } else {
            String::new()
        };
        bail!("no logged request of this web ACL was read{others}");
    }
    let question = Question { today: &today, then: &then, blocking: &blocking };
    let rehearsal = rehearse(&question, &mut read.requests);
    let answer = Answer {
        acl: if today.arn.is_empty() { today.name.clone() } else { today.arn.clone() },
        told: rehearsal,
        files: read.files,
        of_others: read.of_others,
        left_out: read.left_out,
        broken: read.broken,
        problems: read.problems,
        skipped: read.skipped,
        faults: then.faults.clone(),
    };
    if global.json {
        render::print_json(&answer)?;
    } else {
        shown(&answer)?;
    }
    Ok(ending(&args, &answer))
}

/// Whether there is something that sets could be read from; a file with a web ACL is enough without.
fn has_store(global: &Global, args: &RehearseArgs) -> bool {
    args.network.aws_json.is_some() || std::fs::metadata(&global.data).is_ok()
}

fn ending(args: &RehearseArgs, answer: &Answer) -> Ending {
    let told = &answer.told;
    let may = told.may_be_newly_blocked;
    let limits = [(args.max_blocked, told.newly_blocked), (args.max_doubtful, told.doubtful)];
    let mut ending = Ending::Done;
    for (most, found) in limits {
        let Some(most) = most else { continue };
        if found > most {
            return Ending::GateClosed;
        }
        if found + may > most || answer.left_out > 0 || answer.broken > 0 {
            ending = Ending::Undecided;
        }
    }
    ending
}

/// A file with JSON.
fn document(file: &Path) -> Result<Value> {
    let bytes = std::fs::metadata(file).with_context(|| format!("cannot read {}", file.display()))?.len();
    if bytes > FILE_BYTES_MAX {
        bail!("{} has {bytes} bytes, more than a rule or a web ACL can have", file.display());
    }
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is no JSON", file.display()))
}

/// The web ACL that a person means.
fn chosen(loaded: &LoadedAcls, name: &str) -> Result<Acl> {
    match loaded.named(name).as_slice() {
        [(acl, _)] => Ok(acl.clone()),
        [] => {
            let names: Vec<&str> = loaded.acls.iter().map(|(acl, _)| acl.name.as_str()).collect();
            if names.is_empty() {
                bail!("no scan saw a web ACL; name a file with --acl-file");
            }
            bail!("no web ACL is called `{}`; there are: {}", clean(name), clean(&names.join(", ")))
        }
        several => {
            let arns: Vec<&str> = several.iter().map(|(acl, _)| acl.arn.as_str()).collect();
            bail!("`{}` may mean several web ACLs; name one:\n  {}", clean(name), arns.join("\n  "))
        }
    }
}

/// What is taken to block: what is named, or all that counts.
fn blocking(acl: &Acl, named: &[String]) -> Result<Blocking> {
    let mut all = Blocking::new();
    for rule in &acl.rules {
        if rule.only_counts() {
            all.insert(rule.name.clone());
        }
        all.extend(rule.counting_parts().into_iter().map(|part| format!("{}/{part}", rule.name)));
    }
    if named.is_empty() {
        if all.is_empty() {
            bail!("no rule of {} only counts; name a rule to add with --rule-file", clean(&acl.name));
        }
        return Ok(all);
    }
    for name in named {
        if all.contains(name) {
            continue;
        }
        let counting: Vec<&str> = all.iter().map(String::as_str).collect();
        let own = acl.rules.iter().find(|rule| rule.name == *name);
        let why = match own.map(|rule| rule.does) {
            Some(Does::Acts(Action::Block)) => "blocks already".to_owned(),
            Some(_) => "does not only count".to_owned(),
            None => format!("is no rule of {}", clean(&acl.name)),
        };
        bail!("`{}` {why}; rules that only count: {}", clean(name), clean(&counting.join(", ")));
    }
    Ok(named.iter().cloned().collect())
}

fn read(args: &RehearseArgs, acl: &Acl) -> Result<Read> {
    let mut read = Read::default();
    let limits = Limits::default();
    for path in &args.logs {
        let looked = look(path, &ENDINGS, &limits, &mut |name, bytes| read.file(name, bytes, acl))
            .with_context(|| format!("cannot read {}", path.display()))?;
        read.skipped += looked.skipped;
        for problem in looked.problems {
            read.problem(problem);
        }
    }
    Ok(read)
}

impl Read {
    fn file(&mut self, name: &str, bytes: Result<Vec<u8>, String>, acl: &Acl) {
        let mut records = Vec::new();
        let found = bytes.and_then(|bytes| {
            logs::each(&bytes, &mut |one| match one {
                Ok(request) if is_other(&request, acl) => self.of_others += 1,
                Ok(_) if self.requests.len() >= REQUESTS_MAX => self.left_out += 1,
                Ok(request) => self.requests.push(request),
                Err(why) => records.push(why),
            })
        });
        match found {
            Ok(_) => self.files += 1,
            Err(why) => self.problem(Problem::new(name, why)),
        }
        for why in records {
            self.problem(Problem::new(name, why));
        }
    }

    fn problem(&mut self, problem: Problem) {
        self.broken += 1;
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(problem);
        }
    }
}

/// Whether a log says that another web ACL was asked.
fn is_other(request: &Request, acl: &Acl) -> bool {
    !acl.arn.is_empty() && request.logged.acl.as_ref().is_some_and(|own| *own != acl.arn)
}

fn told(problem: &Problem) -> String {
    format!("{}: {}", clean(&problem.file), clean(&problem.message))
}

fn shown(answer: &Answer) -> Result<()> {
    let told = &answer.told;
    let sampled = if told.are_samples { ", some of them samples" } else { "" };
    render::print(format!(
        "{} of {}{sampled}, from {} to {}",
        render::count(told.requests, "request"),
        clean(&answer.acl),
        told.from.as_deref().unwrap_or("?"),
        told.to.as_deref().unwrap_or("?"),
    ))?;
    let names: Vec<String> = told.rehearsed.iter().map(|name| clean(name)).collect();
    render::print(format!("taken to block: {}\n", names.join(", ")))?;
    render::print(render::table(
        &["rules", "let through", "blocked", "riddle", "not known"],
        [tally("today", &told.today), tally("rehearsed", &told.then)],
    ))?;
    render::print(format!(
        "\n{} newly blocked; {} if what the log does not hold matches; {} look like those of real users",
        styled(
            if told.newly_blocked > 0 { render::ATTENTION } else { render::GOOD },
            render::count(told.newly_blocked, "request")
        ),
        told.may_be_newly_blocked,
        told.doubtful,
    ))?;
    if told.newly_let_through > 0 {
        let line = format!(
            "{} that are blocked today would be let through",
            render::count(told.newly_let_through, "request")
        );
        render::print(styled(render::BAD, line))?;
    }
    render::print("")?;
    render::print(render::table(
        &["order", "rule", "does", "asked", "matches", "not known"],
        told.rules.iter().map(rule),
    ))?;
    for (title, rows) in [
        ("newly blocked by", &told.by_rule),
        ("path", &told.by_path),
        ("country", &told.by_country),
        ("client", &told.by_client),
        ("path of doubtful ones", &told.doubtful_by_path),
        ("why it is not known", &told.unknown),
    ] {
        list(title, rows)?;
    }
    for one in told.doubtful_requests.iter().take(SHOWN) {
        let country = one.country.as_deref().unwrap_or("?");
        render::print(format!(
            "\n{} {} {} ({country}): {}",
            styled(render::ATTENTION, "doubtful:"),
            clean(&one.at),
            clean(&one.client),
            clean(&one.request)
        ))?;
        render::print(format!("  blocked by {}", clean(&one.rule)))?;
        for sign in &one.signs {
            render::print(format!("  {}", clean(sign)))?;
        }
    }
    if told.doubtful_requests.len() > SHOWN {
        render::print(styled(
            render::QUIET,
            format!("and {} more in --json", told.doubtful_requests.len() - SHOWN),
        ))?;
    }
    agreement(told)?;
    notes(answer)
}

fn tally(name: &str, tally: &Tally) -> Vec<String> {
    let numbers = [tally.allowed, tally.blocked, tally.asked, tally.unknown];
    std::iter::once(name.to_owned()).chain(numbers.iter().map(ToString::to_string)).collect()
}

fn rule(row: &RuleRow) -> Vec<String> {
    let name = clean(&row.rule);
    let name = if row.is_rehearsed { styled(render::STRONG, name) } else { name };
    let numbers = [row.asked, row.matches, row.unknown];
    let mut cells = vec![row.priority.to_string(), name, clean(&row.does)];
    cells.extend(numbers.iter().map(ToString::to_string));
    cells
}

fn list(title: &str, rows: &[Row]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    render::print("")?;
    let cells = |row: &Row| {
        let clients = if row.clients == 0 { String::new() } else { row.clients.to_string() };
        vec![clean(&row.value), row.requests.to_string(), clients]
    };
    let more = rows.len().saturating_sub(SHOWN);
    render::print(render::table(&[title, "requests", "clients"], rows.iter().take(SHOWN).map(cells)))?;
    if more > 0 {
        render::print(styled(render::QUIET, format!("and {more} more in --json")))?;
    }
    Ok(())
}

/// Whether the same comes out as AWS said.
fn agreement(told: &Rehearsal) -> Result<()> {
    let agreement = &told.agreement;
    if agreement.compared == 0 {
        return Ok(());
    }
    let line = format!(
        "\ntoday's rules come to what AWS logged for {} of {} that can be compared",
        agreement.same, agreement.compared
    );
    let is_whole = agreement.same == agreement.compared;
    render::print(styled(if is_whole { render::QUIET } else { render::ATTENTION }, line))?;
    for one in agreement.differ.iter().take(SHOWN) {
        render::print(format!("  {}", clean(one)))?;
    }
    Ok(())
}

/// What was not read, and what was taken to be so.
fn notes(answer: &Answer) -> Result<()> {
    let attention = |line: String| render::print(styled(render::ATTENTION, line));
    for assumption in &answer.told.assumptions {
        render::print(styled(render::QUIET, format!("taken to be so: {assumption}")))?;
    }
    for fault in answer.faults.iter().take(SHOWN) {
        attention(format!("makes no sense: {}", clean(fault)))?;
    }
    if answer.of_others > 0 {
        let count = render::count(answer.of_others, "request");
        render::print(styled(render::QUIET, format!("{count} of other web ACLs left out")))?;
    }
    if answer.left_out > 0 {
        attention(format!(
            "{} left out: {REQUESTS_MAX} are held at once; name fewer files",
            render::count(answer.left_out, "request")
        ))?;
    }
    if answer.broken > 0 {
        attention(format!("{} could not be read:", render::count(answer.broken, "record or file")))?;
        for problem in answer.problems.iter().take(SHOWN) {
            attention(format!("  {}", told(problem)))?;
        }
    }
    if answer.skipped > 0 {
        render::print(styled(
            render::QUIET,
            format!("{} with other names left out", render::count(answer.skipped as u64, "file")),
        ))?;
    }
    Ok(())
}
