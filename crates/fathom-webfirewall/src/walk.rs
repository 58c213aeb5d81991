//! One request through all rules of a web ACL: what matches, what ends it, and what may.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    acl::{Acl, Action, Does, Group, Rule},
    evaluate::{Case, judge},
    judged::{Judged, Truth},
    labels::{Labels, MANAGED},
    rate::Windows,
    request::{LoggedGroup, LoggedMatch, Request, Source},
    statement::{Managed, Statement},
};

/// How AWS's logs call the default action.
pub(crate) const DEFAULT: &str = "Default_Action";

/// A way in which a request may end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ends {
    /// What becomes of it.
    pub action: Action,
    /// The rule that ends it; of a group also the rule in it: `group/rule`.
    pub rule: String,
}

/// What a rule made of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// Its place in the list of rules.
    pub rule: usize,
    /// Whether it was asked and matched.
    pub matched: Judged,
    /// The rules of its group that matched, or may have, with what they would do by themselves.
    pub parts: Vec<(String, Truth, Action)>,
}

/// What became of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Passed {
    /// All ways in which it may end: one, where that is known.
    pub ends: BTreeSet<Ends>,
    /// What each rule that was asked made of it.
    pub reached: Vec<Reached>,
    /// Why it is not known how it ends.
    pub why: BTreeSet<String>,
}

impl Passed {
    /// What becomes of it, where that is known: one action by whichever rule.
    pub fn action(&self) -> Option<Action> {
        let mut all = self.ends.iter().map(|one| one.action);
        let first = all.next()?;
        all.all(|one| one == first).then_some(first)
    }

    /// Whether an action is among those that may be.
    pub fn may(&self, action: Action) -> bool {
        self.ends.iter().any(|one| one.action == action)
    }
}

/// Which rules are taken to do what they would do if they did not only count, by their name, or `rule/part` of one in a group.
pub type Blocking = BTreeSet<String>;

/// Requests on their way through a web ACL. They must come in the order of their time.
#[derive(Debug)]
pub struct Walk<'a> {
    acl: &'a Acl,
    blocking: Blocking,
    windows: Windows,
}

/// What a rule makes of a request.
struct Verdict {
    matched: Judged,
    /// The ways in which it may end the request, and how surely.
    ends: Vec<(Ends, Truth)>,
    parts: Vec<(String, Truth, Action)>,
    /// Why it is not known whether it ends the request.
    why: BTreeSet<String>,
}

impl<'a> Walk<'a> {
    /// Requests through a web ACL, whose rules of these names block instead of counting.
    pub fn new(acl: &'a Acl, blocking: Blocking) -> Self {
        Self { acl, blocking, windows: Windows::default() }
    }

    /// Passes a request through the rules.
    pub fn pass(&mut self, request: &Request) -> Passed {
        self.windows.begin(request.at);
        let acl = self.acl;
        let mut labels = Labels::default();
        let mut passed = Passed::default();
        for (number, rule) in acl.rules.iter().enumerate() {
            let verdict = self.rule(number, rule, request, &mut labels);
            let mut ended = Truth::No;
            for (ends, truth) in verdict.ends {
                if truth > Truth::No {
                    passed.ends.insert(ends);
                    ended = ended.max(truth);
                }
            }
            if ended == Truth::Unknown {
                let own = if verdict.why.is_empty() { &verdict.matched.why } else { &verdict.why };
                passed.why.extend(own.iter().map(|why| format!("{}: {why}", rule.name)));
                if own.is_empty() {
                    // It matches, and what it asks for may have been done before.
                    passed
                        .why
                        .insert(format!("{}: whether its riddle had been solved is not told", rule.name));
                }
            }
            passed.reached.push(Reached { rule: number, matched: verdict.matched, parts: verdict.parts });
            if ended == Truth::Yes {
                return passed.settled();
            }
        }
        passed.ends.insert(Ends { action: acl.default, rule: DEFAULT.to_owned() });
        passed.settled()
    }

    fn rule(&mut self, number: usize, rule: &Rule, request: &Request, labels: &mut Labels) -> Verdict {
        let acl = self.acl;
        let case = Case { request, labels, context: &acl.namespace };
        let mut verdict = match &rule.statement {
            Statement::Managed(group) => return self.managed(rule, group, request, labels),
            Statement::Group { arn, overrides } => {
                return match acl.groups.get(arn) {
                    Some(Ok(group)) => self.group((number, rule), group, overrides, request, labels),
                    Some(Err(why)) => self.unseen(rule, request, why),
                    None => self.unseen(rule, request, &format!("the group of rules {arn} was not read")),
                };
            }
            Statement::Rate(rate) => {
                let scope =
                    rate.scope.as_ref().map_or_else(|| Judged::from(true), |scope| judge(scope, case));
                Verdict::of(self.windows.judge(number, rate, request, labels, scope))
            }
            statement => Verdict::of(judge(statement, case)),
        };
        verdict.matched = by_log(acl, rule, request, verdict.matched);
        self.act(rule, &mut verdict, request);
        add_labels(rule, &acl.namespace, verdict.matched.truth, labels);
        add_places(&rule.statement, request, labels);
        verdict
    }

    /// What a rule with an action of its own does.
    fn act(&self, rule: &Rule, verdict: &mut Verdict, request: &Request) {
        let action = match rule.does {
            Does::Acts(Action::Count) if self.blocking.contains(&rule.name) => Action::Block,
            Does::Acts(action) => action,
            Does::Group | Does::GroupCounts => Action::Count,
        };
        verdict.ends = ending(&rule.name, action, verdict.matched.truth, request);
    }

    /// The rules of a group of one's own.
    fn group(
        &mut self,
        (number, rule): (usize, &Rule),
        group: &Group,
        overrides: &BTreeMap<String, String>,
        request: &Request,
        labels: &mut Labels,
    ) -> Verdict {
        let counts = self.counts(rule);
        let mut verdict = Verdict::of(Judged::from(false));
        for (inner, part) in group.rules.iter().enumerate() {
            let case = Case { request, labels, context: &group.namespace };
            let matched = match &part.statement {
                Statement::Rate(rate) => {
                    let scope =
                        rate.scope.as_ref().map_or_else(|| Judged::from(true), |scope| judge(scope, case));
                    // A number that no rule of the web ACL itself has.
                    let own = ((number + 1) << 16) | inner;
                    self.windows.judge(own, rate, request, labels, scope)
                }
                statement => judge(statement, case),
            };
            let logged = request.logged.groups.iter().filter(|one| one.id.ends_with(&group.name));
            let matched = by_group_log(logged, &part.name, matched);
            add_labels(part, &group.namespace, matched.truth, labels);
            add_places(&part.statement, request, labels);
            let own = match part.does {
                Does::Acts(action) => action,
                Does::Group | Does::GroupCounts => Action::Other,
            };
            let action = self.part(rule, overrides, &part.name, own);
            let ended = verdict.part(rule, &part.name, matched, (own, action), counts, request);
            if ended == Truth::Yes {
                break;
            }
        }
        verdict
    }

    /// The rules of a group that others keep, as the log tells them.
    fn managed(&self, rule: &Rule, group: &Managed, request: &Request, labels: &mut Labels) -> Verdict {
        let case = Case { request, labels, context: &self.acl.namespace };
        let scope = group.scope.as_ref().map_or_else(|| Judged::from(true), |scope| judge(scope, case));
        if scope.truth == Truth::No {
            return Verdict::of(scope);
        }
        if let Some(scope) = &group.scope {
            add_places(scope, request, labels);
        }
        for label in request.labels.iter().filter(|label| label.starts_with(MANAGED)) {
            labels.add(label.clone(), Truth::Yes);
        }
        let id = format!("{}#{}", group.vendor, group.name);
        let is_own = |one: &&LoggedGroup| {
            one.id == id || one.id.strip_prefix(&id).is_some_and(|rest| rest.starts_with('#'))
        };
        let Some(logged) = request.logged.groups.iter().find(is_own) else {
            let why = format!("the log does not say what {} made of it", group.name);
            labels.unseen(why.clone());
            return self.unseen(rule, request, &why);
        };
        if !logged.is_whole {
            labels.unseen(format!("samples do not say all that {} made of it", group.name));
        }
        let counts = self.counts(rule);
        let mut verdict = Verdict::of(Judged::from(false));
        let named = |one: &LoggedMatch| {
            let own = one.own.as_deref().unwrap_or(&one.action);
            (one.rule.clone(), Action::read(own))
        };
        // Excluded rules count, and the log does not say what they would do: those of AWS block.
        let excluded = logged.excluded.iter().map(|name| (name.clone(), Action::Block));
        let matched =
            logged.counted.iter().map(named).chain(excluded).chain(logged.ended_by.iter().map(named));
        for (name, own) in matched {
            let action = self.part(rule, &group.overrides, &name, own);
            if verdict.part(rule, &name, Judged::from(true), (own, action), counts, request) == Truth::Yes {
                return verdict;
            }
        }
        let is_over = logged.ended_by.is_some() || !logged.is_whole;
        if is_over {
            // What came after is asked now, and was not then.
            let why = format!("the log does not say what the other rules of {} make of it", group.name);
            let more = self.unseen(rule, request, &why);
            verdict.ends.extend(more.ends);
            verdict.why.insert(why);
            verdict.matched = Judged::any([verdict.matched, more.matched]);
        }
        verdict
    }

    /// What a group that is not known may do: all that groups do.
    fn unseen(&self, rule: &Rule, request: &Request, why: &str) -> Verdict {
        let mut verdict = Verdict::of(by_log(self.acl, rule, request, Judged::unknown(why)));
        if !self.counts(rule) {
            verdict.ends =
                ending(&rule.name, Action::Block, verdict.matched.truth.min(Truth::Unknown), request);
        }
        verdict
    }

    /// Whether all that a group does is count.
    fn counts(&self, rule: &Rule) -> bool {
        rule.does == Does::GroupCounts && !self.blocking.contains(&rule.name)
    }

    /// What a rule of a group does in this web ACL.
    fn part(&self, rule: &Rule, overrides: &BTreeMap<String, String>, name: &str, own: Action) -> Action {
        match overrides.get(name).map(|action| Action::read(action)) {
            Some(Action::Count) if self.blocking.contains(&format!("{}/{name}", rule.name)) => {
                if own == Action::Count { Action::Block } else { own }
            }
            Some(action) => action,
            None => own,
        }
    }
}

impl Passed {
    fn settled(mut self) -> Self {
        if self.action().is_some() {
            self.why.clear();
        }
        self
    }
}

impl Verdict {
    fn of(matched: Judged) -> Self {
        Self { matched, ends: Vec::new(), parts: Vec::new(), why: BTreeSet::new() }
    }

    /// Adds what a rule of a group makes of it, and says whether the group ends there.
    fn part(
        &mut self,
        rule: &Rule,
        name: &str,
        matched: Judged,
        (own, action): (Action, Action),
        counts: bool,
        request: &Request,
    ) -> Truth {
        let truth = matched.truth;
        if truth == Truth::No {
            return Truth::No;
        }
        self.parts.push((name.to_owned(), truth, own));
        self.why.extend(matched.why.iter().cloned());
        self.matched = Judged::any([self.matched.clone(), matched]);
        let ends = ending(&format!("{}/{name}", rule.name), action, truth, request);
        let ended = ends.iter().map(|(_, truth)| *truth).max().unwrap_or(Truth::No);
        if !counts {
            self.ends.extend(ends);
        }
        ended
    }
}

/// How an action ends a request: captchas and challenges let on who solved one lately.
fn ending(rule: &str, action: Action, truth: Truth, request: &Request) -> Vec<(Ends, Truth)> {
    let truth = match action {
        Action::Count => return Vec::new(),
        Action::Captcha | Action::Challenge if request.logged.solved => return Vec::new(),
        Action::Captcha | Action::Challenge | Action::Other => truth.min(Truth::Unknown),
        Action::Allow | Action::Block => truth,
    };
    vec![(Ends { action, rule: rule.to_owned() }, truth)]
}

/// What the log knows better: that a rule matched, and of a web ACL that is as it was then, that it did not.
fn by_log(acl: &Acl, rule: &Rule, request: &Request, judged: Judged) -> Judged {
    let logged = &request.logged;
    let is_same = logged.acl.as_deref().is_none_or(|own| acl.arn.is_empty() || own == acl.arn);
    if judged.truth != Truth::Unknown || !is_same {
        return judged;
    }
    let is_named = logged.ended_by.as_deref() == Some(&rule.name)
        || logged.counted.iter().any(|one| one.rule == rule.name);
    if is_named {
        return Judged::from(true);
    }
    // Each rule that matches and does not end a request is in its log.
    let is_as_then = acl.since.is_some_and(|since| since <= request.at) && request.source == Source::Log;
    let place = |name: &str| acl.rules.iter().position(|one| one.name == name);
    let was_asked = match logged.ended_by.as_deref() {
        None | Some(DEFAULT) => true,
        Some(end) => place(end).zip(place(&rule.name)).is_some_and(|(end, own)| own < end),
    };
    if is_as_then && was_asked && logged.acl.is_some() { Judged::from(false) } else { judged }
}

/// That a rule of a group matched, where the log says so.
fn by_group_log<'l>(logged: impl Iterator<Item = &'l LoggedGroup>, name: &str, judged: Judged) -> Judged {
    if judged.truth != Truth::Unknown {
        return judged;
    }
    let mut named = logged.flat_map(|one| one.counted.iter().chain(&one.ended_by));
    if named.any(|one| one.rule == name) { Judged::from(true) } else { judged }
}

fn add_labels(rule: &Rule, context: &str, truth: Truth, labels: &mut Labels) {
    for label in &rule.labels {
        labels.add(format!("{context}{label}"), truth);
    }
}

/// Statements about countries add labels with the country, whether or not they match.
fn add_places(statement: &Statement, request: &Request, labels: &mut Labels) {
    let add = |labels: &mut Labels, from: &str| {
        let is_own = |label: &&String| label.starts_with(from);
        for label in request.labels.iter().filter(is_own) {
            labels.add(label.clone(), Truth::Yes);
        }
    };
    match statement {
        Statement::Geo { forwarded: None, .. } => {
            if let Some(country) = &request.country {
                labels.add(format!("awswaf:clientip:geo:country:{country}"), Truth::Yes);
            }
            add(labels, "awswaf:clientip:geo:");
        }
        Statement::Geo { forwarded: Some(_), .. } => add(labels, "awswaf:forwardedip:geo:"),
        Statement::And(parts) | Statement::Or(parts) => {
            for part in parts {
                add_places(part, request, labels);
            }
        }
        Statement::Not(inner) => add_places(inner, request, labels),
        Statement::Rate(rate) => {
            if let Some(scope) = &rate.scope {
                add_places(scope, request, labels);
            }
        }
        Statement::Text(_)
        | Statement::Asn { .. }
        | Statement::Addresses { .. }
        | Statement::Label { .. }
        | Statement::Managed(_)
        | Statement::Group { .. }
        | Statement::Unread(_) => {}
    }
}
