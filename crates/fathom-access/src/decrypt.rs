//! Reading is reading and decrypting: under which key a resource keeps its data, and what that key says of whoever may read.
//!
//! What actions need of keys is data (`content/iam/encryption.yaml`). A service asks KMS in the name of whoever asks it, so
//! the key is asked of the same principal, with the service in `kms:ViaService`.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use fathom_content::encryption::{EncryptionRule, rules};
use fathom_iam::{
    Context, Decision, Given, Organisation, Verdict,
    organisation::{Asker, Kind, Row, Target, WhoCan, guards},
};
use fathom_model::{ResourceType, Timestamp, Uid};
use fathom_store::{EstateChange, Fate, Store};
use serde::Serialize;

use crate::{
    AccessError,
    permissions::{Answer, Permitted},
    seen::{self, Seen},
    wanted::account_of,
};

/// The type of keys.
pub(crate) const KEY: &str = "AWS::KMS::Key";
/// How the names of keys begin that AWS manages.
const MANAGED: &str = "alias/aws/";
/// What is known of the network of a request does not hold for the one that the service makes of KMS.
const OF_THE_NETWORK: [&str; 4] = ["aws:SourceIp", "aws:SourceVpc", "aws:SourceVpce", "aws:VpcSourceIp"];

/// With which keys the estate keeps what it has.
#[derive(Debug, Clone, Default)]
pub struct Encryption {
    /// By ARN.
    kept: Arc<BTreeMap<String, Kept>>,
    /// Keys by account, region and id or alias.
    names: Arc<HashMap<(String, String, String), String>>,
    /// The states of keys by ARN, where that is not `Enabled`.
    states: Arc<BTreeMap<String, String>>,
}

#[derive(Debug, Clone)]
struct Kept {
    rule: &'static EncryptionRule,
    account: String,
    under: Under,
}

/// The key under which something is kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "form", content = "key", rename_all = "snake_case")]
pub enum Under {
    /// One that AWS manages for the account, by its alias, whose policy no scan read.
    Managed(String),
    /// One with a policy, by its ARN.
    Key(String),
    /// Which one is not known, and why.
    Unknown(String),
}

impl Under {
    /// The key as people name it.
    pub fn name(&self) -> &str {
        match self {
            Self::Managed(name) | Self::Key(name) | Self::Unknown(name) => name,
        }
    }
}

/// A decision, of which a refusal is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// It is allowed.
    Allowed,
    /// It is allowed only if something holds that is not known.
    OnlyIf,
    /// It depends on what was not read.
    Unknown,
    /// It is not allowed.
    Denied,
}

impl From<Decision> for Says {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Allowed => Self::Allowed,
            Decision::OnlyIf => Self::OnlyIf,
            Decision::Unknown => Self::Unknown,
            Decision::ImplicitlyDenied | Decision::ExplicitlyDenied => Self::Denied,
        }
    }
}

impl From<Answer> for Says {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Allowed => Self::Allowed,
            Answer::OnlyIf => Self::OnlyIf,
            Answer::Unknown => Self::Unknown,
        }
    }
}

impl Says {
    /// Both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        // In this order the later wins.
        self.max(other)
    }

    /// One of them holds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let rank = |says| match says {
            Self::Allowed => 3,
            // What was not read may be a yes without conditions.
            Self::Unknown => 2,
            Self::OnlyIf => 1,
            Self::Denied => 0,
        };
        if rank(self) >= rank(other) { self } else { other }
    }

    /// The word for it in JSON and SQL.
    pub fn word(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::OnlyIf => "only_if",
            Self::Unknown => "unknown",
            Self::Denied => "denied",
        }
    }
}

/// What a key says of somebody who would use what is kept under it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeyStep {
    /// The key: an ARN, an alias of a key that AWS manages, or why it is not known.
    pub key: String,
    /// What is needed of it, all of it.
    pub needs: Vec<String>,
    /// The service that asks KMS, as `kms:ViaService` has it.
    pub via: Option<String>,
    /// What becomes of that.
    pub says: Says,
    /// The verdict on the action that decided; none where no policy was asked.
    pub verdict: Option<Verdict>,
    /// What else whoever reads it should know.
    pub note: Option<String>,
}

/// Actions that give content only to those who may use the key too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct WithKey {
    /// The key, as [`KeyStep::key`] has it.
    pub key: String,
    /// What is needed of it.
    pub needs: Vec<String>,
    /// The actions on the resource, sorted.
    pub actions: Vec<String>,
    /// What the key says of these.
    pub key_says: Says,
    /// The action and the key together.
    pub content: Says,
}

impl Encryption {
    /// What the last scans saw.
    ///
    /// # Errors
    /// When the store fails, or the rules do not read.
    pub async fn load(store: &Store, now: Timestamp) -> Result<Self, AccessError> {
        let kinds: Vec<ResourceType> = rules()?.iter().map(|rule| rule.kind.clone()).collect();
        let mut encryption = Self::default();
        for key in seen::seen(store, &[ResourceType::from(KEY)], now).await? {
            encryption.add_key(&key);
        }
        for thing in seen::seen(store, &kinds, now).await? {
            encryption.add(&thing)?;
        }
        Ok(encryption)
    }

    /// The same of what one question is about.
    ///
    /// # Errors
    /// As [`Encryption::load`].
    pub async fn load_of(store: &Store, target: &Target, now: Timestamp) -> Result<Self, AccessError> {
        let mut things = Vec::new();
        for arn in guards(&target.arn) {
            if let Some(thing) = seen::one(store, Uid::from(arn), now).await?
                && rules()?.iter().any(|rule| rule.kind.as_str() == thing.kind)
            {
                things.push(thing);
            }
        }
        let mut encryption = Self::default();
        if !things.is_empty() {
            for key in seen::seen(store, &[ResourceType::from(KEY)], now).await? {
                encryption.add_key(&key);
            }
        }
        for thing in &things {
            encryption.add(thing)?;
        }
        Ok(encryption)
    }

    /// Takes a key. All keys come before what is kept under them.
    pub fn add_key(&mut self, key: &Seen) {
        let aliases = key.document["Aliases"].as_array().into_iter().flatten();
        let names = aliases.filter_map(|alias| alias["AliasName"].as_str()).chain(key.text("KeyId"));
        for name in names {
            let place = (key.account.clone(), key.region.clone(), name.to_owned());
            Arc::make_mut(&mut self.names).insert(place, key.arn.clone());
        }
        if let Some(state) = key.text("KeyState").filter(|state| *state != "Enabled") {
            Arc::make_mut(&mut self.states).insert(key.arn.clone(), state.to_owned());
        }
    }

    /// Takes something that may be kept under a key.
    ///
    /// # Errors
    /// When the rules do not read.
    pub fn add(&mut self, thing: &Seen) -> Result<(), AccessError> {
        if let Some(kept) = self.kept(thing)? {
            Arc::make_mut(&mut self.kept).insert(thing.arn.clone(), kept);
        }
        Ok(())
    }

    /// The same after a resource changed, with the members of it that could not be read; none where a key did, by which others may be
    /// called.
    ///
    /// # Errors
    /// When the rules do not read.
    pub(crate) fn after(
        mut self,
        change: &EstateChange,
        unread: &[String],
    ) -> Result<Option<Self>, AccessError> {
        if change.kind.as_str() == KEY {
            return Ok(None);
        }
        let document = change.after.as_ref().and_then(|version| version.document.as_ref());
        let kept = match document.filter(|_| change.fate != Fate::Gone) {
            None if change.fate != Fate::Gone => return Ok(None),
            None => None,
            Some(document) => self.kept(&Seen {
                kind: change.kind.as_str().to_owned(),
                arn: change.uid.as_str().to_owned(),
                name: None,
                account: change.account.as_str().to_owned(),
                region: change.region.as_str().to_owned(),
                document: document.value(),
                unread: unread.to_vec(),
            })?,
        };
        // What stays as it is is shared with what was before.
        // A type has one rule.
        let under = |kept: &Kept| (kept.under.clone(), kept.account.clone());
        if self.kept.get(change.uid.as_str()).map(under) != kept.as_ref().map(under) {
            let all = Arc::make_mut(&mut self.kept);
            match kept {
                Some(kept) => drop(all.insert(change.uid.as_str().to_owned(), kept)),
                None => drop(all.remove(change.uid.as_str())),
            }
        }
        Ok(Some(self))
    }

    fn kept(&self, thing: &Seen) -> Result<Option<Kept>, AccessError> {
        let Some(rule) = rules()?.iter().find(|rule| rule.kind.as_str() == thing.kind) else {
            return Ok(None);
        };
        let under = match rule.unread.as_ref().filter(|member| thing.is_unread(member)) {
            Some(member) => Some(Under::Unknown(format!("{member} of {} was not read", thing.arn))),
            None => rule.key_of(&thing.document).map(|text| self.named(&text, thing)),
        };
        Ok(under.map(|under| Kept { rule, account: thing.account.clone(), under }))
    }

    /// The key that a document names by an ARN, an id or an alias.
    fn named(&self, text: &str, thing: &Seen) -> Under {
        let mut place = (thing.account.clone(), thing.region.clone(), text.to_owned());
        if text.starts_with("arn:") {
            let mut segments = text.splitn(6, ':').skip(3);
            let mut next = || segments.next().unwrap_or_default().to_owned();
            let (region, account, name) = (next(), next(), next());
            if name.starts_with("key/") {
                return Under::Key(text.to_owned());
            }
            place = (account, region, name);
        }
        match self.names.get(&place) {
            Some(arn) => Under::Key(arn.clone()),
            None if place.2.starts_with(MANAGED) => Under::Managed(place.2),
            None => Under::Unknown(format!("no scan saw the key `{text}` of {}", thing.arn)),
        }
    }

    /// The key under which something is kept, or what it is a part of; none where that needs no permission of its own.
    pub fn under(&self, arn: &str) -> Option<&Under> {
        self.find(arn).map(|kept| &kept.under)
    }

    /// What whoever reads an answer about it should know.
    pub fn note(&self, arn: &str) -> Option<&'static str> {
        self.find(arn).and_then(|kept| kept.rule.note.as_deref())
    }

    /// The same where an action needs the key.
    pub fn note_of(&self, action: &str, arn: &str) -> Option<&'static str> {
        let kept = self.find(arn).filter(|kept| !kept.rule.need(action).is_empty())?;
        kept.rule.note.as_deref()
    }

    fn find(&self, arn: &str) -> Option<&Kept> {
        guards(arn).find_map(|arn| self.kept.get(arn))
    }

    /// What the key says of somebody who does something to a resource; none where that needs no key.
    ///
    /// # Errors
    /// When the question is not of its form.
    pub fn step(
        &self,
        organisation: &Organisation,
        (action, target): (&str, &Target),
        asker: &Asker,
        given: &Context,
    ) -> Result<Option<KeyStep>, AccessError> {
        let Some(kept) = self.find(&target.arn) else { return Ok(None) };
        let needs = kept.rule.need(action);
        if needs.is_empty() {
            return Ok(None);
        }
        let mut step = KeyStep {
            key: kept.under.name().to_owned(),
            needs: needs.to_vec(),
            via: None,
            says: Says::Unknown,
            verdict: None,
            note: None,
        };
        if asker.kind == Kind::Anyone {
            step.says = Says::Denied;
            step.note = Some("whoever sends no credentials can use no key".to_owned());
            return Ok(Some(step));
        }
        match &kept.under {
            Under::Unknown(why) => step.note = Some(why.clone()),
            Under::Managed(_) => (step.says, step.note) = managed(kept, asker),
            Under::Key(key) => {
                step.via = via(&kept.rule.via, key);
                let context = context(given, asker, step.via.as_deref());
                step.says = Says::Allowed;
                for need in needs {
                    let (says, verdict) = use_key(organisation, asker, need, key, &context)?;
                    if step.verdict.is_none() || says > step.says {
                        step.verdict = Some(verdict);
                    }
                    step.says = step.says.and(says);
                }
                step.note = self.states.get(key).map(|state| {
                    format!("the key is {state}: until that changes it decrypts nothing for anybody")
                });
            }
        }
        Ok(Some(step))
    }

    /// What the key says of each row of an answer, in their order.
    ///
    /// # Errors
    /// As [`Encryption::step`].
    pub fn steps(
        &self,
        organisation: &Organisation,
        found: &WhoCan,
        target: &Target,
        given: &Context,
    ) -> Result<Vec<Option<KeyStep>>, AccessError> {
        let step = |row: &Row| self.step(organisation, (&found.action, target), &row.asker, given);
        found.rows.iter().map(step).collect()
    }

    /// The ARNs of keys that have a say.
    pub fn keys(&self) -> Vec<&str> {
        let keys = self.kept.values().filter(|kept| matches!(kept.under, Under::Key(_)));
        keys.map(|kept| kept.under.name()).collect()
    }

    /// What the key says of what somebody may do to a resource.
    ///
    /// # Errors
    /// As [`Encryption::step`].
    pub fn with_key(
        &self,
        organisation: &Organisation,
        target: &Target,
        asker: &Asker,
        permitted: &[Permitted],
        given: &Context,
    ) -> Result<Vec<WithKey>, AccessError> {
        if self.find(&target.arn).is_none() {
            return Ok(Vec::new());
        }
        let mut rows: BTreeMap<(String, Vec<String>, Says, Says), Vec<String>> = BTreeMap::new();
        for one in permitted {
            for action in &one.actions {
                let Some(step) = self.step(organisation, (action, target), asker, given)? else { continue };
                let content = Says::from(one.decision).and(step.says);
                rows.entry((step.key, step.needs, step.says, content)).or_default().push(action.clone());
            }
        }
        let row = |((key, needs, key_says, content), mut actions): (
            (String, Vec<String>, Says, Says),
            Vec<String>,
        )| {
            actions.sort_unstable();
            WithKey { key, needs, actions, key_says, content }
        };
        Ok(rows.into_iter().map(row).collect())
    }
}

/// Whom a key serves that AWS manages for an account: whoever of the account may use the service, and nobody else, as the
/// policy says that AWS gives each of them. Services that act for themselves are not told apart there.
fn managed(kept: &Kept, asker: &Asker) -> (Says, Option<String>) {
    match (asker.kind, account_of(&asker.principal)) {
        (Kind::Root | Kind::User | Kind::Role | Kind::Outside, Some(account)) if account == kept.account => (
            Says::Allowed,
            Some("a key that AWS manages serves whoever of its account may use the service".to_owned()),
        ),
        (Kind::Service, _) => (
            Says::Unknown,
            Some("whether a key that AWS manages serves another service is not known".to_owned()),
        ),
        _ => (Says::Denied, Some("a key that AWS manages serves no other account".to_owned())),
    }
}

/// The service as KMS sees it; none in partitions whose names of services are others.
fn via(service: &str, key: &str) -> Option<String> {
    let mut segments = key.split(':').skip(1);
    let (partition, region) = (segments.next()?, segments.nth(1)?);
    (matches!(partition, "aws" | "aws-us-gov") && !region.is_empty())
        .then(|| format!("{service}.{region}.amazonaws.com"))
}

/// What is known of the request that the service makes of KMS.
fn context(given: &Context, asker: &Asker, via: Option<&str>) -> Context {
    let mut context = given.clone();
    for key in OF_THE_NETWORK {
        context.forget(key);
    }
    let mut set = |key: &str, value: &str| {
        if given.get(key) == Given::NotGiven {
            context.set(key, vec![value.to_owned()]);
        }
    };
    set("aws:ViaAWSService", "true");
    if let Some(via) = via {
        set("kms:ViaService", via);
    }
    if let Some(account) = account_of(&asker.principal) {
        set("kms:CallerAccount", account);
    }
    context
}

fn use_key(
    organisation: &Organisation,
    asker: &Asker,
    action: &str,
    key: &str,
    context: &Context,
) -> Result<(Says, Verdict), AccessError> {
    let account = key.split(':').nth(4).filter(|account| !account.is_empty()).map(str::to_owned);
    let seen = organisation.is_guarded(&Target { arn: key.to_owned(), account: None, seen: true });
    let target = Target { arn: key.to_owned(), account, seen };
    let verdict =
        organisation.ask_as(asker, action, &target, context.clone()).map_err(AccessError::Question)?;
    let mut says = Says::from(verdict.decision);
    // Where a whole account is let in, a key that names somebody of it decides for that one.
    if says == Says::Denied
        && asker.kind == Kind::Outside
        && account_of(&asker.principal) == Some(&*asker.principal)
    {
        let named = organisation.let_in(action, &target, context).map_err(AccessError::Question)?;
        if named.iter().any(|row| account_of(&row.asker.principal) == Some(&*asker.principal)) {
            says = Says::OnlyIf;
        }
    }
    Ok((says, verdict))
}
