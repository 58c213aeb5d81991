//! What principals do to things by AWS's own calls, and whom policies let in from outside.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use fathom_access::{Opening, Openings, Origin, Resource};
use fathom_escalate::{Link, What};
use fathom_iam::{
    Context, Decision,
    index::Bits,
    organisation::{Asker, Target},
};
use fathom_model::DataClass;
use fathom_paths::{Act, Entry, Jewel, Level};

use crate::{
    IntrudeError,
    ground::{Ground, Thing},
    proof::{Any, By, Question},
    walk::{Kind, Walk, of_answer, of_key},
};

/// The edge from a database to the secret with its password.
const USES_SECRET: &str = "uses_secret";
/// How a role is taken from outside.
const ASSUME: [&str; 3] = ["sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"];
const ROLE: &str = "AWS::IAM::Role";
/// How a function is called.
const CALLS: [&str; 2] = ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"];
const FUNCTION: &str = "AWS::Lambda::Function";
/// Questions that are asked of principals with what they gave themselves.
const GROWN_ASKED_MAX: usize = 200_000;

/// What is known of a request: the region in which the thing is.
pub(crate) fn context(arn: &str) -> Context {
    let mut context = Context::new();
    if let Some(region) = arn.split(':').nth(3).filter(|region| !region.is_empty()) {
        context.set("aws:RequestedRegion", vec![region.to_owned()]);
    }
    context
}

/// Relations: their kind, the type of what states them, where they lead.
type Led<'a> = HashSet<(&'a str, &'a str, &'a str)>;

impl<'a> Walk<'a> {
    /// What every principal can read, and take away.
    pub(crate) fn acts(&mut self) -> Result<(), IntrudeError> {
        let ground = self.ground;
        let mut might: HashMap<&str, Bits> = HashMap::new();
        let (secrets, led) = (self.passwords(), self.led_to());
        let grown: Vec<usize> =
            (0..self.web.spots.len()).filter(|at| self.web.spots[*at].what == What::More).collect();
        // Who may do everything in an account by what it gave itself goes on from there.
        let owns = |link: &Link| link.is_being() && link.level == fathom_escalate::Level::Sure;
        let owned: HashMap<usize, String> = self
            .web
            .links
            .iter()
            .filter(|link| owns(link))
            .filter_map(|link| Some((link.from, self.web.spots.get(link.to)?.name.clone())))
            .collect();
        let mut asked = 0;
        for (arn, thing) in &ground.things {
            for act in ground.rules.acts().iter().filter(|act| act.types.contains(&thing.kind)) {
                let is_secret = act.jewel == Jewel::Data && secrets.contains(arn.as_str());
                let is_jewel = is_jewel(act, arn, thing, &led);
                if !is_jewel && !is_secret {
                    continue;
                }
                let to = self.node(Kind::of(act.jewel), arn);
                if is_jewel {
                    self.jewels.push((act.jewel, to));
                }
                let mut best: BTreeMap<u32, (Level, &str, Target)> = BTreeMap::new();
                let any = self.any(arn, &thing.account, &act.actions);
                for action in &act.actions {
                    let on = Target { arn: arn.clone(), account: Some(thing.account.clone()), seen: true };
                    let on = ground.permissions.meant(action, on);
                    let might = might.entry(action).or_insert_with(|| ground.permissions.index.might(action));
                    for (member, level) in self.who(action, &on, might)? {
                        if !self.owns_account(member, &thing.account, level)
                            && best.get(&member).is_none_or(|(known, ..)| level < *known)
                        {
                            best.insert(member, (level, action, on.clone()));
                        }
                    }
                    let others = grown
                        .iter()
                        .copied()
                        .filter(|at| owned.get(at).is_none_or(|own| *own != thing.account));
                    for at in others.take(GROWN_ASKED_MAX.saturating_sub(asked)) {
                        asked += 1;
                        if let Some(answer) =
                            self.ask_act(&ground.permissions.index, By::Spot(at), action, &on)?
                        {
                            let from = self.grown_node(at);
                            let question = Question::Act {
                                by: By::Spot(at),
                                action: action.clone(),
                                target: on.clone(),
                                any: Arc::clone(&any),
                            };
                            self.step(&act.id, &[from], to, answer.level, question);
                        }
                    }
                    self.cut |= asked >= GROWN_ASKED_MAX;
                }
                for (member, (level, action, target)) in best {
                    let Some(from) = self.member(member) else { continue };
                    let (by, any) = (By::Member(member), Arc::clone(&any));
                    let question = Question::Act { by, action: action.to_owned(), target, any };
                    self.step(&act.id, &[from], to, level, question);
                }
            }
        }
        self.databases();
        Ok(())
    }

    /// Actions any of which does something to a thing.
    pub(crate) fn any(&self, arn: &str, account: &str, actions: &[impl AsRef<str>]) -> Any {
        let on = Target { arn: arn.to_owned(), account: Some(account.to_owned()), seen: true };
        let each = actions.iter().map(AsRef::as_ref);
        each.map(|action| (action.to_owned(), self.ground.permissions.meant(action, on.clone()))).collect()
    }

    fn grown_node(&mut self, at: usize) -> u32 {
        let name = self.web.spots[at].name.clone();
        self.keyed(Kind::Grown, &format!("{name} {at}"), &name)
    }

    /// Of each relation its kind, the type of what states it, and where it leads.
    fn led_to(&self) -> Led<'a> {
        let ground: &'a Ground = self.ground;
        let led = ground.edges.iter().filter_map(|(from, kind, to)| {
            let source = ground.things.get(from)?;
            Some((kind.as_str(), source.kind.as_str(), to.as_str()))
        });
        led.collect()
    }

    /// Secrets that hold the password of a database that must not be lost.
    fn passwords(&self) -> BTreeSet<&'a str> {
        let ground: &'a Ground = self.ground;
        let edges =
            ground.edges.iter().filter(|(from, kind, _)| kind == USES_SECRET && self.is_database(from));
        edges.map(|(.., to)| to.as_str()).collect()
    }

    fn is_database(&self, arn: &str) -> bool {
        let thing = self.ground.things.get(arn);
        thing.is_some_and(|thing| self.ground.rules.databases.contains(&thing.kind) && is_guarded(thing))
    }

    /// From the password of a database to its data.
    fn databases(&mut self) {
        let ground = self.ground;
        let mut secrets: HashMap<&str, Vec<&str>> = HashMap::new();
        for (from, _, to) in ground.edges.iter().filter(|(_, kind, _)| kind == USES_SECRET) {
            secrets.entry(from).or_default().push(to);
        }
        for (arn, thing) in &ground.things {
            if !self.is_database(arn) {
                continue;
            }
            let node = self.node(Kind::Data, arn);
            self.jewels.push((Jewel::Data, node));
            for secret in secrets.get(arn.as_str()).into_iter().flatten() {
                let Some(from) = self.known(Kind::Data, secret) else { continue };
                // Who has the password must reach the port as well.
                if self.ground.network.interfaces_of(arn).is_empty() {
                    let why = format!(
                        "which network interfaces {} has is not known, nor who reaches them",
                        thing.kind
                    );
                    self.step("signs-in", &[from], node, Level::Unknown, Question::Said(why));
                } else {
                    let port = self.node(Kind::Listener, arn);
                    let said =
                        Question::Said("the secret holds its password, and its port is reached".to_owned());
                    self.step("signs-in", &[from, port], node, Level::Yes, said);
                }
            }
        }
    }

    /// Who may do something, and how surely, with the key under which the thing is kept.
    pub(crate) fn who(
        &self,
        action: &str,
        on: &Target,
        might: &Bits,
    ) -> Result<Vec<(u32, Level)>, IntrudeError> {
        let permissions = &self.ground.permissions;
        let given = context(&on.arn);
        let decisions = permissions.index.decide(action, on, &given).map_err(IntrudeError::Question)?;
        let mut found = Vec::new();
        for member in decisions.possible().iter() {
            let level = match decisions.of(member) {
                Decision::Allowed => Level::Yes,
                Decision::OnlyIf => Level::OnlyIf,
                // What only a policy that was not read may allow is true of everybody: told once, as a gap.
                Decision::Unknown if might.contains(member) => Level::Unknown,
                _ => continue,
            };
            let Some((name, kind)) = permissions.index.principal(member) else { continue };
            let asker = Asker { kind, principal: name.to_owned() };
            let organisation = permissions.index.organisation();
            let key = permissions.encryption.step(organisation, (action, on), &asker, &given)?;
            let key = key.map_or(Some(Level::Yes), |step| of_key(step.says));
            found.extend(key.map(|key| (member, level.max(key))));
        }
        Ok(found)
    }

    /// Whom policies let in who is nobody of ours: everyone, and accounts outside.
    pub(crate) fn openings(&mut self) -> Result<(), IntrudeError> {
        let internet = self.node(Kind::Internet, "internet");
        self.entries.push((Entry::Internet, internet));
        let found: Openings =
            self.ground.permissions.openings(&[Origin::Public, Origin::External], &Context::new())?;
        self.gaps.extend(found.gaps);
        for row in found.rows {
            let from = if row.from == Origin::Public {
                internet
            } else {
                let whose = row.from_account.clone().unwrap_or_else(|| row.asker.principal.clone());
                self.node(Kind::Vendor, &whose)
            };
            let before = self.routes.len();
            self.opening(&row, from)?;
            if row.from == Origin::External && self.routes.len() > before {
                self.entries.push((Entry::Vendor, from));
            }
        }
        Ok(())
    }

    fn opening(&mut self, row: &Opening, from: u32) -> Result<(), IntrudeError> {
        let ground = self.ground;
        let target = |action: &str| {
            let on = Target { arn: row.resource.clone(), account: row.account.clone(), seen: true };
            ground.permissions.meant(action, on)
        };
        let account = row.account.clone().unwrap_or_default();
        let asked = |action: &str, any: Any| Question::Opening {
            asker: row.asker.clone(),
            action: action.to_owned(),
            target: target(action),
            any,
        };
        match row.resource_type.as_str() {
            ROLE => {
                if let (Some((level, action)), Some(to)) =
                    (allowed(row, &ASSUME), self.known(Kind::Principal, &row.resource))
                {
                    let any = self.any(&row.resource, &account, &ASSUME);
                    self.step("comes-by-trust", &[from], to, level, asked(action, any));
                }
            }
            FUNCTION => {
                if let Some((level, action)) = allowed(row, &CALLS) {
                    let to = self.server(&row.resource);
                    let any = self.any(&row.resource, &account, &CALLS);
                    self.step("called-by-anybody", &[from], to, level, asked(action, any));
                }
            }
            _ => {}
        }
        for act in ground.rules.acts().iter().filter(|act| act.types.contains(&row.resource_type)) {
            let Some(to) = self.known(Kind::of(act.jewel), &row.resource) else { continue };
            let actions: Vec<&str> = act.actions.iter().map(String::as_str).collect();
            if let Some((_, action)) = allowed(row, &actions)
                && let Some(answer) =
                    self.ask_opening(&ground.permissions.index, &row.asker, action, &target(action))?
            {
                let any = self.any(&row.resource, &account, &act.actions);
                self.step("lets-anybody", &[from], to, answer.level, asked(action, any));
            }
        }
        Ok(())
    }

    /// Things of the estate that keep data of a type that rules are about, of which nobody has said which class it has.
    pub fn unclassified(&self) -> usize {
        let is_data = |thing: &&Thing| {
            let mut acts = self.ground.rules.acts().iter().filter(|act| act.jewel == Jewel::Data);
            acts.any(|act| act.types.contains(&thing.kind))
                || self.ground.rules.databases.contains(&thing.kind)
        };
        self.ground.things.values().filter(is_data).filter(|thing| thing.class.is_none()).count()
    }

    /// The things that are kept under a key.
    pub(crate) fn kept_under(&self, key: &str) -> Vec<&str> {
        let encryption = &self.ground.permissions.encryption;
        let is_under = |one: &&Resource| {
            encryption.under(&one.target.arn).is_some_and(|under| under.name() == key)
                && one.target.arn != key
        };
        self.ground
            .permissions
            .resources
            .values()
            .filter(is_under)
            .map(|one| one.target.arn.as_str())
            .collect()
    }
}

/// Whether a thing must not be lost.
fn is_jewel(act: &Act, arn: &str, thing: &Thing, led: &Led<'_>) -> bool {
    if act.jewel == Jewel::Data {
        return is_guarded(thing);
    }
    act.led_to_by.is_empty()
        || act.led_to_by.iter().any(|lead| led.contains(&(lead.edge.as_str(), lead.from.as_str(), arn)))
}

fn is_guarded(thing: &Thing) -> bool {
    thing.class.is_some_and(|class| class >= DataClass::Confidential)
}

/// The action that somebody from outside may do most surely, of some.
fn allowed<'a>(row: &Opening, actions: &[&'a str]) -> Option<(Level, &'a str)> {
    let is_one = |action: &&str| {
        let of = |known: &String| known.eq_ignore_ascii_case(action);
        row.permitted.iter().filter(|one| one.actions.iter().any(of)).map(|one| of_answer(one.decision)).min()
    };
    actions.iter().filter_map(|action| Some((is_one(action)?, *action))).min_by_key(|(level, _)| *level)
}
