//! What each rule opens, to whom: worked out once for everybody.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex},
};

use fathom_catalogue::{Catalogue, CatalogueError};
use fathom_iam::{
    Context, Index,
    organisation::{Kind as PrincipalKind, Suppose},
};

use crate::{
    actor::Actor,
    asks::{Ask, World, target},
    facts::{Facts, account_of},
    reach::Level,
    rules::{Keys, Kind, Rule, Rules},
};

/// What a way leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Gain {
    /// Being a user or role, by its number.
    Member(u32),
    /// Whatever permissions the subject wants, as far as its boundary lets.
    Everything,
    /// What a group may do, for the subject.
    Group { account: String, name: String },
    /// What the subject's policies say without its boundary.
    Unbound,
    /// Whatever it wants in an account.
    Account(String),
}

/// Whom one must be already, beside who takes the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Nobody,
    /// This one.
    Member(u32),
    /// Any user of the account of what the step is about.
    AnyUser,
}

/// A rule, on something of the estate.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    /// Its place in the rules.
    pub(crate) rule: usize,
    /// What it is about: an ARN or an account.
    pub(crate) on: String,
    /// The account in which it gains something.
    pub(crate) account: String,
    /// The number of that.
    pub(crate) account_number: u32,
    pub(crate) asks: Vec<Ask>,
    pub(crate) subject: Subject,
    pub(crate) gain: Gain,
    /// It is no surer than this, whoever takes it.
    pub(crate) at_best: Level,
}

/// Everything that somebody could do to have more permissions.
#[derive(Debug)]
pub struct Ways<'a> {
    pub(crate) world: World<'a>,
    pub(crate) rules: &'a Rules,
    pub(crate) worked: Arc<WorkedOut>,
    pub(crate) outs: Arc<Outs>,
}

/// A way, as whom it is taken, and how surely.
pub(crate) type Taken = (usize, u32, Level);

/// The ways out of accounts by whoever may do everything there, by account: worked out when the first comes by it.
#[derive(Debug, Default)]
pub(crate) struct Outs(pub(crate) Mutex<HashMap<String, Arc<Vec<Taken>>>>);

/// What was worked out once for everybody, to be kept for as long as nothing it was worked out of changes.
#[derive(Debug, Default)]
pub struct WorkedOut {
    pub(crate) ways: Vec<Way>,
    /// The ways open to each member, and how surely. Of those who administer an account, its own are left out.
    pub(crate) open: Vec<Vec<(u32, Level)>>,
    /// Who may do everything in its account, and how surely.
    pub(crate) administrators: BTreeMap<u32, Level>,
    /// The ways that somebody of an account may take into others, by that account; under `*` those of any.
    pub(crate) doors: BTreeMap<String, Vec<u32>>,
    /// The ways that are about things of an account, or gain something there.
    pub(crate) homes: BTreeMap<String, Vec<u32>>,
    /// The numbers of accounts.
    pub(crate) accounts: HashMap<String, u32>,
    /// The number of each member's account.
    pub(crate) account_of: Vec<u32>,
    /// A user or role of each account, which stands for whoever may do everything there.
    pub(crate) anyone: BTreeMap<String, u32>,
    pub(crate) outs: Arc<Outs>,
}

impl WorkedOut {
    /// The number of an account.
    fn number(&mut self, account: &str) -> u32 {
        if let Some(known) = self.accounts.get(account) {
            return *known;
        }
        let number = self.accounts.len() as u32;
        self.accounts.insert(account.to_owned(), number);
        number
    }
}

impl<'a> Ways<'a> {
    /// Works out all ways.
    ///
    /// # Errors
    /// When a question is not of its form; the text names what.
    pub fn of(index: &'a Index, facts: &'a Facts, rules: &'a Rules) -> Result<Self, String> {
        let world = World { index, facts, catalogue: catalogue()? };
        let mut worked = WorkedOut {
            ways: Vec::new(),
            open: vec![Vec::new(); index.principals()],
            administrators: administrators(world)?,
            doors: BTreeMap::new(),
            homes: BTreeMap::new(),
            accounts: HashMap::new(),
            account_of: Vec::new(),
            anyone: anyone(world),
            outs: Arc::default(),
        };
        for member in 0..index.principals() as u32 {
            let number = worked.number(world.account(member));
            worked.account_of.push(number);
        }
        let (there, lets_in) = (there(facts), HashMap::new());
        let mut all = Finder { world, worked: &mut worked, there, lets_in };
        for (at, rule) in rules.all().iter().enumerate().filter(|(_, rule)| !rule.retired) {
            all.found(at, rule)?;
        }
        all.open_all()?;
        let outs = Arc::clone(&worked.outs);
        Ok(Self { world, rules, worked: Arc::new(worked), outs })
    }

    /// The same, where it was worked out before of the same index, facts and rules.
    ///
    /// # Errors
    /// When the catalogue of actions cannot be read.
    pub fn again(
        index: &'a Index,
        facts: &'a Facts,
        rules: &'a Rules,
        worked: Arc<WorkedOut>,
    ) -> Result<Self, String> {
        let outs = Arc::clone(&worked.outs);
        Ok(Self { world: World { index, facts, catalogue: catalogue()? }, rules, worked, outs })
    }

    /// What was worked out, to be kept.
    pub fn worked_out(&self) -> Arc<WorkedOut> {
        Arc::clone(&self.worked)
    }

    /// How many there are, and how many pairs of one who can take one.
    pub fn count(&self) -> (usize, usize) {
        (self.worked.ways.len(), self.worked.open.iter().map(Vec::len).sum())
    }

    /// Things that rules are about whose own policies were not read: whom these let in is not known.
    pub fn gaps(&self) -> Vec<String> {
        let organisation = self.world.index.organisation();
        let workloads = self.world.facts.workloads.iter();
        workloads.filter_map(|one| organisation.gap(&target(&one.arn, Some(&one.account), true))).collect()
    }

    /// How many users, roles and root users there are.
    pub fn principals(&self) -> u32 {
        self.worked.open.len() as u32
    }

    /// What a principal is, by its number in the index.
    pub fn kind(&self, member: u32) -> Option<PrincipalKind> {
        self.world.index.principal(member).map(|(_, kind)| kind)
    }

    /// Whether it may do everything in its account, and how surely.
    pub fn administers(&self, member: u32) -> Option<Level> {
        self.worked.administrators.get(&member).copied()
    }

    pub(crate) fn actor<'s>(&'s self, member: u32, suppose: &'s Suppose) -> Option<Actor<'s>> {
        self.world.actor(member, suppose)
    }

    pub(crate) fn account(&self, member: u32) -> &'a str {
        self.world.account(member)
    }

    /// The number of a member's account.
    pub(crate) fn account_number(&self, member: u32) -> u32 {
        self.worked.account_of.get(member as usize).copied().unwrap_or_default()
    }
}

/// Finds the ways.
pub(crate) struct Finder<'a, 'w> {
    pub(crate) world: World<'a>,
    pub(crate) worked: &'w mut WorkedOut,
    /// The types of what there is, by account.
    there: HashSet<(&'a str, &'a str)>,
    /// How surely a role lets in a service, by the role's ARN and the service.
    lets_in: HashMap<(&'a str, &'a str), Option<Level>>,
}

impl<'a> Finder<'a, '_> {
    fn add(&mut self, rule: usize, about: &str, asks: Vec<Ask>, subject: Subject, gain: Gain) {
        let account = match &gain {
            Gain::Member(member) => self.world.account(*member).to_owned(),
            Gain::Account(account) => account.clone(),
            Gain::Everything | Gain::Group { .. } | Gain::Unbound => match subject {
                Subject::Member(member) => self.world.account(member).to_owned(),
                Subject::Nobody | Subject::AnyUser => account_of(about).to_owned(),
            },
        };
        let (on, at_best, account_number) = (about.to_owned(), Level::Sure, self.worked.number(&account));
        self.worked.ways.push(Way { rule, on, account, account_number, asks, subject, gain, at_best });
    }

    /// All that a rule is about.
    fn found(&mut self, at: usize, rule: &'a Rule) -> Result<(), String> {
        let facts = self.world.facts;
        match rule.kind {
            Kind::Role | Kind::OwnRole | Kind::UnbindRole => {
                for arn in facts.roles.keys() {
                    self.of_principal(at, rule, arn, PrincipalKind::Role);
                }
            }
            Kind::User | Kind::OwnUser | Kind::UnbindUser => {
                for arn in facts.users.keys() {
                    self.of_principal(at, rule, arn, PrincipalKind::User);
                }
            }
            Kind::OwnGroup => self.own_groups(at, rule),
            Kind::OwnPolicy => self.own_policies(at, rule),
            Kind::Join => {
                for (arn, group) in &facts.groups {
                    let gain = Gain::Group { account: group.account.clone(), name: group.name.clone() };
                    self.add(at, arn, asks(rule, arn, &group.account), Subject::AnyUser, gain);
                }
            }
            Kind::NewIdentity => {
                let mut accounts: BTreeSet<String> = BTreeSet::new();
                for member in 0..self.worked.open.len() as u32 {
                    accounts.insert(self.world.account(member).to_owned());
                }
                for account in accounts {
                    let asks =
                        vec![Ask::Together { actions: rule.actions.clone(), account: account.clone() }];
                    self.add(at, &account, asks, Subject::Nobody, Gain::Account(account.clone()));
                }
            }
            Kind::Pass => self.passed(at, rule)?,
            Kind::Workload | Kind::Provider => self.of_workloads(at, rule),
        }
        Ok(())
    }

    fn of_principal(&mut self, at: usize, rule: &Rule, arn: &str, kind: PrincipalKind) {
        let Some(member) = self.world.index.number(arn, kind) else { return };
        let user = self.world.facts.users.get(arn);
        let keys = user.and_then(|user| user.access_keys);
        // A user may have two keys; of whom that was not read it is taken for possible.
        let has_room = match rule.keys {
            None => true,
            Some(Keys::Free) => keys.is_none_or(|keys| keys < 2),
            Some(Keys::Full) => keys.is_some_and(|keys| keys >= 2),
        };
        let has_password = user.and_then(|user| user.has_password);
        let fits = rule.password.is_none_or(|wanted| has_password.is_none_or(|known| known == wanted));
        if !has_room || !fits {
            return;
        }
        let mut asks = asks(rule, arn, account_of(arn));
        if rule.trust {
            asks.push(Ask::Trusted { arn: arn.to_owned(), account: account_of(arn).to_owned() });
        }
        let is_bounded = self.world.index.organisation().is_bounded(arn);
        let (subject, gain) = match rule.kind {
            Kind::OwnUser | Kind::OwnRole => (Subject::Member(member), Gain::Everything),
            Kind::UnbindUser | Kind::UnbindRole if !is_bounded => return,
            Kind::UnbindUser | Kind::UnbindRole => (Subject::Member(member), Gain::Unbound),
            _ => (Subject::Nobody, Gain::Member(member)),
        };
        self.add(at, arn, asks, subject, gain);
    }

    fn own_groups(&mut self, at: usize, rule: &Rule) {
        let facts = self.world.facts;
        let groups = groups(facts);
        for (arn, user) in &facts.users {
            let Some(member) = self.world.index.number(arn, PrincipalKind::User) else { continue };
            let names: BTreeSet<&str> = user.groups.iter().map(String::as_str).collect();
            for group_arn in names.iter().filter_map(|name| groups.get(&(account_of(arn), *name))) {
                let asks = asks(rule, group_arn, account_of(arn));
                self.add(at, group_arn, asks, Subject::Member(member), Gain::Everything);
            }
        }
    }

    fn own_policies(&mut self, at: usize, rule: &Rule) {
        let facts = self.world.facts;
        let groups = groups(facts);
        let of_groups = |account: &str, names: &[String]| -> Vec<String> {
            let own = names.iter().filter_map(|name| groups.get(&(account, name.as_str())));
            own.filter_map(|arn| facts.groups.get(*arn))
                .flat_map(|group| group.attached.iter().cloned())
                .collect()
        };
        let users = facts.users.iter().map(|(arn, user)| {
            let mut held = user.attached.clone();
            held.extend(of_groups(account_of(arn), &user.groups));
            (arn, PrincipalKind::User, held)
        });
        let roles = facts.roles.iter().map(|(arn, role)| (arn, PrincipalKind::Role, role.attached.clone()));
        for (arn, kind, held) in users.chain(roles) {
            let Some(member) = self.world.index.number(arn, kind) else { continue };
            for policy in held {
                let Some(versions) = facts.policies.get(&policy) else { continue };
                if rule.versions && *versions < 2 {
                    continue;
                }
                let asks = asks(rule, &policy, account_of(&policy));
                self.add(at, &policy, asks, Subject::Member(member), Gain::Everything);
                // What older versions say is not looked at.
                if let Some(way) = self.worked.ways.last_mut().filter(|_| rule.versions) {
                    way.at_best = Level::Unknown;
                }
            }
        }
    }

    fn passed(&mut self, at: usize, rule: &'a Rule) -> Result<(), String> {
        let facts = self.world.facts;
        let Some(service) = &rule.service else { return Ok(()) };
        for (arn, role) in &facts.roles {
            let account = account_of(arn);
            let Some(member) = self.world.index.number(arn, PrincipalKind::Role) else { continue };
            let is_there =
                rule.needs.iter().chain(&rule.on).all(|kind| self.there.contains(&(kind.as_str(), account)));
            if (rule.profile && !role.has_profile) || !is_there {
                continue;
            }
            let Some(at_best) = self.lets_in(arn, service)? else { continue };
            let mut asks = vec![Ask::On {
                action: "iam:PassRole".to_owned(),
                arn: arn.clone(),
                account: account.to_owned(),
                passed_to: Some(service.clone()),
            }];
            match &rule.on {
                Some(kind) => {
                    asks.push(Ask::OneOf { actions: rule.actions.clone(), kind: kind.clone() });
                }
                None => {
                    asks.extend(rule.actions.iter().map(|one| Ask::Anywhere { action: one.clone() }));
                }
            }
            asks.extend(rule.anywhere.iter().map(|one| Ask::Anywhere { action: one.clone() }));
            self.add(at, arn, asks, Subject::Nobody, Gain::Member(member));
            if let Some(way) = self.worked.ways.last_mut() {
                // Conditions of a trust policy for a service say for what the service may use the role, which who makes
                // that thing can meet: they make a step no less sure.
                way.at_best = if at_best == Level::Unknown { at_best } else { Level::Sure };
            }
        }
        Ok(())
    }

    /// How surely a role lets in a service, whoever has it use the role.
    fn lets_in(&mut self, role: &'a str, service: &'a str) -> Result<Option<Level>, String> {
        if let Some(known) = self.lets_in.get(&(role, service)) {
            return Ok(*known);
        }
        let organisation = self.world.index.organisation();
        let on = target(role, Some(account_of(role)), true);
        let level = if organisation.names_service(&on, service) {
            Level::of(organisation.ask(service, "sts:AssumeRole", &on, Context::new())?.decision)
        } else {
            None
        };
        self.lets_in.insert((role, service), level);
        Ok(level)
    }

    fn of_workloads(&mut self, at: usize, rule: &Rule) {
        let facts = self.world.facts;
        for workload in facts.workloads.iter().filter(|one| Some(&one.kind) == rule.on.as_ref()) {
            let roles = match rule.kind {
                Kind::Provider => facts.providers.get(&workload.arn).map(Vec::as_slice).unwrap_or_default(),
                _ => workload.roles.as_slice(),
            };
            for role in roles {
                let Some(member) = self.world.index.number(role, PrincipalKind::Role) else { continue };
                let asks = asks(rule, &workload.arn, &workload.account);
                self.add(at, &workload.arn, asks, Subject::Nobody, Gain::Member(member));
            }
        }
    }
}

/// The types of what there is, by account.
fn there(facts: &Facts) -> HashSet<(&str, &str)> {
    facts.workloads.iter().map(|one| (one.kind.as_str(), one.account.as_str())).collect()
}

/// The ARNs of groups by account and name.
fn groups(facts: &Facts) -> HashMap<(&str, &str), &str> {
    let groups = facts.groups.iter();
    groups.map(|(arn, group)| ((group.account.as_str(), group.name.as_str()), arn.as_str())).collect()
}

/// A user or role of each account.
fn anyone(world: World<'_>) -> BTreeMap<String, u32> {
    let mut anyone = BTreeMap::new();
    for member in 0..world.index.principals() as u32 {
        let Some((_, PrincipalKind::User | PrincipalKind::Role)) = world.index.principal(member) else {
            continue;
        };
        anyone.entry(world.account(member).to_owned()).or_insert(member);
    }
    anyone
}

/// A rule's actions, asked on one thing.
fn asks(rule: &Rule, arn: &str, account: &str) -> Vec<Ask> {
    let on = rule.actions.iter().map(|action| Ask::On {
        action: action.clone(),
        arn: arn.to_owned(),
        account: account.to_owned(),
        passed_to: None,
    });
    on.chain(rule.anywhere.iter().map(|action| Ask::Anywhere { action: action.clone() })).collect()
}

fn catalogue() -> Result<&'static Catalogue, String> {
    Catalogue::embedded().map_err(|error: CatalogueError| error.to_string())
}

/// Who may do everything in its account.
fn administrators(world: World<'_>) -> Result<BTreeMap<u32, Level>, String> {
    let index = world.index;
    let nothing = Suppose::default();
    let (might, might_iam) = (index.might("any:Any"), index.might("iam:Any"));
    let mut found = BTreeMap::new();
    for member in might.iter().filter(|member| might_iam.contains(*member)) {
        let Some((name, kind)) = index.principal(member) else { continue };
        let actor = Actor { member, name, kind, suppose: &nothing };
        // Whose policies were not all read is not known to: what it can become is looked at.
        if let Some(level) = world.administers(actor)?.filter(|level| *level <= Level::OnlyIf) {
            found.insert(member, level);
        }
    }
    Ok(found)
}
