//! What the store knows of an estate beside its policies, for the engine that follows what somebody can become.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use fathom_escalate::{Facts, Group, Role, Rules, User, Workload};
use fathom_model::{Edge, Outcome, ResourceType, Target, Timestamp, Uid};
use fathom_store::{CoverageQuery, EstateChange, Fate, KeptVersion, Store, StoreError, Which, WhichEdges};
use futures::TryStreamExt as _;
use serde_json::Value;

use crate::{AccessError, Unread};

/// Edges by which something runs as a role, or as a profile that has one.
const RUNS_AS: [&str; 2] = ["runs_as", USES_ROLE];
/// The edge from what runs to the description of what it runs, which names a role where what runs names none.
const RUNS: &str = "runs";
const DESCRIPTION: &str = "AWS::ECS::TaskDefinition";
/// In the ARN of one.
const OF_DESCRIPTION: &str = ":task-definition/";
const USES_ROLE: &str = "uses_role";
/// The edge from an access key to its user.
const BELONGS_TO: &str = "belongs_to";
const USER: &str = "AWS::IAM::User";
const KEY: &str = "AWS::IAM::AccessKey";
const PROFILE: &str = "AWS::IAM::InstanceProfile";
const OTHERS: [&str; 3] = ["AWS::IAM::Role", "AWS::IAM::Group", "AWS::IAM::ManagedPolicy"];
/// Sources of edges that are asked for at once.
const ASKED: usize = 500;

/// The rules in the binary, and what the estate has beside its policies, as of the last scans.
#[derive(Debug, Clone)]
pub struct Escalating {
    /// The rules.
    pub rules: Rules,
    /// The facts.
    pub facts: Facts,
}

impl Escalating {
    /// Reads them.
    ///
    /// # Errors
    /// When the store fails, or the rules cannot be used.
    pub async fn load(store: &Store, now: Timestamp) -> Result<Self, AccessError> {
        let rules = Rules::embedded()?;
        let types = rules.types();
        let unread = crate::unread(store, &[ResourceType::from(USER)], now).await?;
        let kinds: BTreeSet<&str> = [USER, KEY, PROFILE, DESCRIPTION]
            .into_iter()
            .chain(OTHERS)
            .chain(types.iter().copied())
            .collect();
        let which = Which { kinds: kinds.into_iter().map(ResourceType::from).collect(), ..Which::all() };
        let mut facts = Facts::default();
        // What states the edges that count: keys, profiles, and what runs.
        let mut sources: Vec<Uid> = Vec::new();
        let mut regions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut found = std::pin::pin!(store.stream_resources(&which, true));
        while let Some(chunk) = found.try_next().await? {
            for stored in chunk {
                let resource = &stored.resource;
                let (arn, kind) = (resource.uid.as_str(), resource.kind.as_str());
                let (account, region) = (resource.account.as_str(), resource.region.as_str());
                if region.contains('-') {
                    regions.entry(account.to_owned()).or_default().insert(region.to_owned());
                }
                let runs = types.contains(kind) || kind == DESCRIPTION;
                if runs || kind == KEY || kind == PROFILE {
                    sources.push(resource.uid.clone());
                }
                if runs {
                    facts.workloads.push(Workload {
                        kind: kind.to_owned(),
                        arn: arn.to_owned(),
                        account: account.to_owned(),
                        roles: Vec::new(),
                    });
                }
                take(&mut facts, kind, arn, account, &resource.document.value(), &unread);
            }
        }
        join(&mut facts, &edges(store, &sources).await?, &KeysRead::load(store).await?);
        facts.regions =
            regions.into_iter().map(|(account, all)| (account, all.into_iter().collect())).collect();
        Ok(Self { rules, facts })
    }

    /// The same after a resource changed; none where that changes more than what is known of the resource itself.
    pub(crate) fn after(known: Arc<Self>, change: &EstateChange, unread: &Unread) -> Option<Arc<Self>> {
        let kind = change.kind.as_str();
        if known.rules.types().contains(kind) || [KEY, PROFILE, DESCRIPTION].contains(&kind) {
            return None;
        }
        if kind != USER && !OTHERS.contains(&kind) {
            return Some(known);
        }
        let mut known = known;
        let document = |version: Option<&KeptVersion>| Some(version?.document.as_ref()?.value());
        let (before, after) = (document(change.before.as_ref())?, document(change.after.as_ref())?);
        // Whom a role trusts is also kept by provider.
        if change.fate != Fate::Changed || trusted_providers(&before) != trusted_providers(&after) {
            return None;
        }
        let arn = change.uid.as_str();
        let facts = &mut Arc::make_mut(&mut known).facts;
        let keys = facts.users.get(arn).and_then(|user| user.access_keys);
        let providers = facts.providers.clone();
        take(facts, kind, arn, change.account.as_str(), &after, unread);
        facts.providers = providers;
        if let Some(user) = facts.users.get_mut(arn) {
            user.access_keys = keys;
        }
        Some(known)
    }
}

/// The accounts whose access keys were asked for, and those where not all could be listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct KeysRead {
    asked: BTreeSet<String>,
    cut: BTreeSet<String>,
}

impl KeysRead {
    pub(crate) async fn load(store: &Store) -> Result<Self, StoreError> {
        let query = CoverageQuery { kinds: vec![ResourceType::from(KEY)], ..CoverageQuery::default() };
        let mut read = Self::default();
        for row in store.coverage(&query).await? {
            let of = if row.outcome == Outcome::Unknown { &mut read.cut } else { &mut read.asked };
            of.insert(row.account.as_str().to_owned());
        }
        Ok(read)
    }

    fn are_known(&self, account: &str) -> bool {
        self.asked.contains(account) && !self.cut.contains(account)
    }
}

async fn edges(store: &Store, sources: &[Uid]) -> Result<Vec<Edge>, StoreError> {
    let mut found = Vec::new();
    for some in sources.chunks(ASKED) {
        let which = WhichEdges { from: some.to_vec(), ..WhichEdges::default() };
        let mut edges = std::pin::pin!(store.stream_edges(&which));
        while let Some(chunk) = edges.try_next().await? {
            let wanted = |edge: &Edge| {
                let kind = edge.kind.as_str();
                RUNS_AS.contains(&kind) || kind == RUNS || kind == BELONGS_TO
            };
            found.extend(chunk.into_iter().filter(wanted));
        }
    }
    Ok(found)
}

/// Takes a user, a role, a group or a policy.
fn take(facts: &mut Facts, kind: &str, arn: &str, account: &str, document: &Value, unread: &Unread) {
    let texts = |member: &str, of: &str| -> Vec<String> {
        let list = document[member].as_array().map(Vec::as_slice).unwrap_or_default();
        list.iter().filter_map(|one| one.as_str().or_else(|| one[of].as_str())).map(str::to_owned).collect()
    };
    let attached = texts("AttachedManagedPolicies", "PolicyArn");
    match kind {
        USER => {
            let is_unread = unread
                .get(&Uid::from(arn))
                .is_some_and(|parts| parts.iter().any(|part| part == "LoginProfile"));
            let user = User {
                groups: texts("GroupList", "GroupName"),
                attached,
                access_keys: None,
                has_password: (!is_unread).then(|| document["LoginProfile"].is_object()),
            };
            facts.users.insert(arn.to_owned(), user);
        }
        "AWS::IAM::Role" => {
            let has_profile = document["InstanceProfileList"].as_array().is_some_and(|list| !list.is_empty());
            if let Some(provider_roles) = trusted_providers(document) {
                for provider in provider_roles {
                    facts.providers.entry(provider).or_default().push(arn.to_owned());
                }
            }
            facts.roles.insert(arn.to_owned(), Role { attached, has_profile });
        }
        "AWS::IAM::Group" => {
            let name = document["GroupName"].as_str().unwrap_or_default().to_owned();
            facts.groups.insert(arn.to_owned(), Group { account: account.to_owned(), name, attached });
        }
        // The customer's: nobody may write a version of one that AWS keeps.
        "AWS::IAM::ManagedPolicy" if !arn.contains(":iam::aws:") => {
            let versions = document["PolicyVersionList"].as_array().map_or(1, Vec::len);
            facts.policies.insert(arn.to_owned(), versions);
        }
        _ => {}
    }
}

/// The identity providers that a trust policy names.
fn trusted_providers(document: &Value) -> Option<BTreeSet<String>> {
    let statements = &document["AssumeRolePolicyDocument"]["Statement"];
    let statements = statements.as_array().map_or(std::slice::from_ref(statements), Vec::as_slice);
    let federated = statements.iter().map(|statement| &statement["Principal"]["Federated"]);
    let named = federated.flat_map(|one| one.as_array().map_or(std::slice::from_ref(one), Vec::as_slice));
    let named: BTreeSet<String> = named.filter_map(Value::as_str).map(str::to_owned).collect();
    (!named.is_empty()).then_some(named)
}

/// Puts together what the edges say: what runs as which role, by itself or by a profile, and whose keys are whose.
fn join(facts: &mut Facts, edges: &[Edge], keys_read: &KeysRead) {
    let (mut targets, mut keys): (BTreeMap<&str, BTreeSet<&str>>, BTreeMap<&str, usize>) = Default::default();
    let mut described: BTreeMap<&str, &str> = BTreeMap::new();
    for edge in edges {
        let Target::Known { uid } = &edge.to else { continue };
        match edge.kind.as_str() {
            BELONGS_TO => *keys.entry(uid.as_str()).or_default() += 1,
            RUNS => drop(described.insert(edge.from.as_str(), uid.as_str())),
            // The agent starts the containers with this one; they themselves do not get it.
            USES_ROLE if edge.from.as_str().contains(OF_DESCRIPTION) => {}
            _ => drop(targets.entry(edge.from.as_str()).or_default().insert(uid.as_str())),
        }
    }
    let roles = &facts.roles;
    for workload in &mut facts.workloads {
        let own = workload.arn.as_str();
        // A role that it names itself goes before that of the description.
        let named = Some(own).filter(|own| targets.contains_key(own)).or(described.get(own).copied());
        let mut runs_as: BTreeSet<&str> = BTreeSet::new();
        for to in named.and_then(|named| targets.get(named)).into_iter().flatten() {
            // What leads to a profile leads to its role.
            let of_profile = targets.get(to).into_iter().flatten();
            runs_as.extend(std::iter::once(to).chain(of_profile).filter(|role| roles.contains_key(**role)));
        }
        workload.roles = runs_as.into_iter().map(str::to_owned).collect();
    }
    for (arn, user) in &mut facts.users {
        let account = arn.split(':').nth(4).unwrap_or_default();
        user.access_keys = keys_read.are_known(account).then(|| keys.get(arn.as_str()).copied().unwrap_or(0));
    }
}
