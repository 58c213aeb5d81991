//! What would become of logged requests if rules that only count blocked, or a rule were added.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{
    acl::{Acl, Action, Rule},
    judged::Truth,
    request::{Request, Source},
    signs::{Client, Path, Signs, is_part_of_page},
    walk::{Blocking, Passed, Walk},
    words,
};

/// Rows of a list that are told; what is left is counted.
const ROWS_MAX: usize = 20;
/// Doubtful requests that are told one by one.
const EXAMPLES_MAX: usize = 50;
/// Characters of a path or a client that are kept.
const TEXT_MAX: usize = 200;
/// Paths whose clients are told apart; of later ones only the number of requests counts.
const PATHS_MAX: usize = 50_000;

/// What is asked.
#[derive(Debug)]
pub struct Question<'a> {
    /// The rules as they are.
    pub today: &'a Acl,
    /// The rules as they would be.
    pub then: &'a Acl,
    /// Those that would block instead of counting.
    pub blocking: &'a Blocking,
}

/// What becomes of requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Let through.
    pub allowed: u64,
    /// Refused.
    pub blocked: u64,
    /// Given a captcha or a challenge.
    pub asked: u64,
    /// What becomes of them is not known.
    pub unknown: u64,
}

/// A value, and how many requests and clients have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The path, country, client, rule or reason.
    pub value: String,
    /// Requests.
    pub requests: u64,
    /// Different clients.
    pub clients: usize,
}

/// What a rule makes of the requests, as it would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleRow {
    /// Its name.
    pub rule: String,
    /// Its priority.
    pub priority: i64,
    /// What it does today.
    pub does: String,
    /// What it looks for.
    pub looks_for: String,
    /// Whether it is rehearsed, itself or one of its parts.
    pub is_rehearsed: bool,
    /// Requests that it matches today.
    pub matches: u64,
    /// Requests of which that is not known.
    pub unknown: u64,
    /// Requests that came to it.
    pub asked: u64,
}

/// A request that would be blocked and looks like a real user's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Doubtful {
    /// When it came.
    pub at: String,
    /// Who sent it.
    pub client: String,
    /// The country of the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Method and path.
    pub request: String,
    /// What it calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The rule that would block it.
    pub rule: String,
    /// What speaks for a real user.
    pub signs: Vec<String>,
}

/// Whether what is worked out here is what AWS did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Agreement {
    /// Requests of this web ACL's log of which both are known.
    pub compared: u64,
    /// Those of which both say the same.
    pub same: u64,
    /// Some of which they do not, with both answers.
    pub differ: Vec<String>,
}

/// The answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Rehearsal {
    /// Requests, with those that samples stand for.
    pub requests: u64,
    /// Whether some are samples: what is told of them is a part.
    pub are_samples: bool,
    /// When the first came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// When the last came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// What is rehearsed.
    pub rehearsed: Vec<String>,
    /// What becomes of them by today's rules.
    pub today: Tally,
    /// What would become of them.
    pub then: Tally,
    /// Requests that are not blocked today and surely would be.
    pub newly_blocked: u64,
    /// Requests that would be blocked if something held that the log does not tell.
    pub may_be_newly_blocked: u64,
    /// Requests that are blocked today and surely would not be: by a rule that allows.
    pub newly_let_through: u64,
    /// Each rule.
    pub rules: Vec<RuleRow>,
    /// What is newly blocked, by the rule that does it.
    pub by_rule: Vec<Row>,
    /// By path.
    pub by_path: Vec<Row>,
    /// By country.
    pub by_country: Vec<Row>,
    /// By client.
    pub by_client: Vec<Row>,
    /// How many of the newly blocked look like those of real users.
    pub doubtful: u64,
    /// Their paths.
    pub doubtful_by_path: Vec<Row>,
    /// Some of them, with the signs.
    pub doubtful_requests: Vec<Doubtful>,
    /// Why it is not known what would become of requests.
    pub unknown: Vec<Row>,
    /// Whether the same comes out as AWS said.
    pub agreement: Agreement,
    /// What was taken to be so.
    pub assumptions: Vec<String>,
}

/// Requests and clients by a value.
#[derive(Default)]
struct Counts(BTreeMap<String, (u64, BTreeSet<String>)>);

impl Counts {
    fn add(&mut self, value: &str, request: &Request) {
        let value: String = value.chars().take(TEXT_MAX).collect();
        let (requests, clients) = self.0.entry(value).or_default();
        *requests += request.weight;
        clients.insert(request.client.clone());
    }

    fn rows(self) -> Vec<Row> {
        let row = |(value, (requests, clients)): (String, (u64, BTreeSet<String>))| Row {
            value,
            requests,
            clients: clients.len(),
        };
        let mut rows: Vec<Row> = self.0.into_iter().map(row).collect();
        rows.sort_by(|one, other| {
            other.requests.cmp(&one.requests).then_with(|| one.value.cmp(&other.value))
        });
        let rest = rows.split_off(rows.len().min(ROWS_MAX));
        if !rest.is_empty() {
            let requests = rest.iter().map(|row| row.requests).sum();
            // Clients of several rows count once in each.
            rows.push(Row { value: format!("{} others", rest.len()), requests, clients: 0 });
        }
        rows
    }
}

impl Tally {
    fn add(&mut self, passed: &Passed, weight: u64) {
        match passed.action() {
            Some(Action::Allow) => self.allowed += weight,
            Some(Action::Block) => self.blocked += weight,
            Some(Action::Captcha | Action::Challenge) => self.asked += weight,
            Some(Action::Count | Action::Other) | None => self.unknown += weight,
        }
    }
}

/// What a rehearsed request becomes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    None,
    Blocked,
    MayBeBlocked,
    LetThrough,
}

/// Passes the requests through the rules as they are and as they would be. They are put into the order of their time.
pub fn rehearse(question: &Question<'_>, requests: &mut [Request]) -> Rehearsal {
    requests.sort_by_key(|request| request.at);
    let mut told =
        Rehearsal { rehearsed: question.blocking.iter().cloned().collect(), ..Rehearsal::default() };
    let when =
        |request: &Request| jiff::Timestamp::from_millisecond(request.at).ok().map(|at| at.to_string());
    told.from = requests.first().and_then(when);
    told.to = requests.last().and_then(when);
    let mut rules: Vec<RuleRow> = question.then.rules.iter().map(|rule| row(rule, question)).collect();
    let mut today = Walk::new(question.today, Blocking::new());
    let mut then = Walk::new(question.then, question.blocking.clone());
    let mut clients: BTreeMap<&str, Client> = BTreeMap::new();
    let mut paths: BTreeMap<&str, Path> = BTreeMap::new();
    let mut newly: Vec<(usize, String)> = Vec::new();
    let (mut by_rule, mut by_path) = (Counts::default(), Counts::default());
    let (mut by_country, mut by_client, mut unknown) =
        (Counts::default(), Counts::default(), Counts::default());
    for (number, request) in requests.iter().enumerate() {
        let (before, after) = (today.pass(request), then.pass(request));
        told.requests += request.weight;
        told.are_samples |= request.source == Source::Sample;
        told.today.add(&before, request.weight);
        told.then.add(&after, request.weight);
        count(&mut rules, question.then, &before, &after, question.today, request.weight);
        agree(&mut told.agreement, question.today, &before, request);
        for why in &after.why {
            unknown.add(why, request);
        }
        let client = clients.entry(&request.client).or_default();
        client.requests += request.weight;
        client.stopped += if before.may(Action::Block) { request.weight } else { 0 };
        client.parts_of_pages += u64::from(is_part_of_page(request));
        let uri = request.uri.as_deref().unwrap_or_default();
        let is_kept = paths.len() < PATHS_MAX || paths.contains_key(uri);
        if is_kept {
            paths.entry(uri).or_default().clients.insert(request.client.clone());
        }
        match change(question, &before, &after) {
            Change::None => {}
            Change::LetThrough => told.newly_let_through += request.weight,
            Change::MayBeBlocked => told.may_be_newly_blocked += request.weight,
            Change::Blocked => {
                told.newly_blocked += request.weight;
                client.newly += request.weight;
                let rule = after.ends.iter().next().map(|ends| ends.rule.clone()).unwrap_or_default();
                by_rule.add(&rule, request);
                by_path.add(uri, request);
                by_country.add(request.country.as_deref().unwrap_or("not known"), request);
                by_client.add(&request.client, request);
                if is_kept && let Some(path) = paths.get_mut(uri) {
                    path.by_rule.entry(rule.clone()).or_default().insert(request.client.clone());
                }
                newly.push((number, rule));
            }
        }
    }
    let mut doubtful = Counts::default();
    for (number, rule) in newly {
        let Some(request) = requests.get(number) else { continue };
        let uri = request.uri.as_deref().unwrap_or_default();
        let client = clients.get(request.client.as_str()).cloned().unwrap_or_default();
        let signs = Signs::of(request, &rule, &client, paths.get(uri));
        if !signs.are_doubtful() {
            continue;
        }
        told.doubtful += request.weight;
        doubtful.add(uri, request);
        if told.doubtful_requests.len() < EXAMPLES_MAX {
            told.doubtful_requests.push(Doubtful {
                at: when(request).unwrap_or_default(),
                client: request.client.clone(),
                country: request.country.clone(),
                request: format!("{} {}", request.method.as_deref().unwrap_or_default(), cut(uri)),
                user_agent: request.header_text("user-agent").map(cut),
                rule,
                signs: signs.for_it,
            });
        }
    }
    told.rules = rules;
    told.by_rule = by_rule.rows();
    told.by_path = by_path.rows();
    told.by_country = by_country.rows();
    told.by_client = by_client.rows();
    told.doubtful_by_path = doubtful.rows();
    told.unknown = unknown.rows();
    told.assumptions = assumptions(question.then, requests);
    told
}

fn cut(text: &str) -> String {
    text.chars().take(TEXT_MAX).collect()
}

fn row(rule: &Rule, question: &Question<'_>) -> RuleRow {
    let inner = format!("{}/", rule.name);
    let is_own = |name: &String| *name == rule.name || name.starts_with(&inner);
    RuleRow {
        rule: rule.name.clone(),
        priority: rule.priority,
        does: words::does(rule),
        looks_for: words::says(&rule.statement),
        is_rehearsed: question.blocking.iter().any(is_own),
        matches: 0,
        unknown: 0,
        asked: 0,
    }
}

/// Counts what each rule made of a request: today, and of a rule that is added, as it would be.
fn count(rows: &mut [RuleRow], then: &Acl, before: &Passed, after: &Passed, today: &Acl, weight: u64) {
    for (number, rule) in then.rules.iter().enumerate() {
        let own = today.rules.iter().position(|one| one.name == rule.name);
        let (passed, number) = own.map_or((after, number), |own| (before, own));
        let reached = passed.reached.iter().find(|one| one.rule == number);
        let Some((row, reached)) = rows.iter_mut().find(|row| row.rule == rule.name).zip(reached) else {
            continue;
        };
        row.asked += weight;
        match reached.matched.truth {
            Truth::Yes => row.matches += weight,
            Truth::Unknown => row.unknown += weight,
            Truth::No => {}
        }
    }
}

/// What changes for a request. What no rehearsed rule has a say in stays as it is, also where it is not known.
fn change(question: &Question<'_>, before: &Passed, after: &Passed) -> Change {
    if before.ends == after.ends {
        return Change::None;
    }
    let is_blocked = |passed: &Passed| passed.action() == Some(Action::Block);
    if is_blocked(before) {
        return if after.may(Action::Block) { Change::None } else { Change::LetThrough };
    }
    if is_blocked(after) && !before.may(Action::Block) {
        return Change::Blocked;
    }
    let is_new = |rule: &str| {
        let name = rule.split('/').next().unwrap_or(rule);
        question.blocking.iter().any(|own| own == rule || own == name)
            || !question.today.rules.iter().any(|one| one.name == name)
    };
    let adds = after.ends.iter().any(|ends| ends.action == Action::Block && is_new(&ends.rule));
    if adds { Change::MayBeBlocked } else { Change::None }
}

fn agree(agreement: &mut Agreement, acl: &Acl, passed: &Passed, request: &Request) {
    let is_own = !acl.arn.is_empty() && request.logged.acl.as_deref() == Some(acl.arn.as_str());
    let Some(action) = passed.action().filter(|_| is_own) else { return };
    let logged = Action::read(&request.logged.action);
    agreement.compared += request.weight;
    if logged == action {
        agreement.same += request.weight;
    } else if agreement.differ.len() < ROWS_MAX {
        let rule = passed.ends.iter().next().map(|ends| ends.rule.as_str()).unwrap_or_default();
        let at = jiff::Timestamp::from_millisecond(request.at).map(|at| at.to_string()).unwrap_or_default();
        let ended_by = request.logged.ended_by.as_deref().unwrap_or("no rule");
        agreement.differ.push(format!(
            "{at} {} {}: AWS said {} ({ended_by}), here it is {} ({rule})",
            request.client,
            cut(request.uri.as_deref().unwrap_or_default()),
            logged.word(),
            action.word(),
        ));
    }
}

/// What had to be taken to be so.
fn assumptions(acl: &Acl, requests: &[Request]) -> Vec<String> {
    let mut all = Vec::new();
    if acl.rules.iter().any(|rule| matches!(rule.statement, crate::Statement::Rate(_))) {
        all.push(
            "limits count the requests of the log exactly; AWS estimates, and acts some seconds later"
                .to_owned(),
        );
    }
    let excluded = |request: &Request| request.logged.groups.iter().any(|group| !group.excluded.is_empty());
    if requests.iter().any(excluded) {
        all.push("excluded rules of groups would block; the log does not say what they do".to_owned());
    }
    if requests.iter().any(|request| request.source == Source::Sample) {
        all.push("samples stand for as many requests as AWS says".to_owned());
    }
    all
}
