//! Keys: who can use and who can administer each, its grants, its rotation, and what is encrypted with it.

use std::collections::{BTreeMap, BTreeSet};

use fathom_iam::{
    Context,
    organisation::{Asker, Kind, Target},
};
use fathom_model::{ResourceType, Timestamp, Uid};
use fathom_store::{Store, WhichEdges};
use futures::TryStreamExt as _;
use serde::Serialize;

use crate::{
    AccessError,
    decrypt::{KEY, Says},
    permissions::Permissions,
    seen::{self, Seen},
    wanted::account_of,
};

/// Keys whose edges are read at once.
const KEYS_AT_ONCE: usize = 1000;
/// What changes who may use a key, or ends it.
const ADMINISTER: [&str; 3] = ["kms:PutKeyPolicy", "kms:CreateGrant", "kms:ScheduleKeyDeletion"];
/// What a key is for, and the action that does it with the secret part.
/// Source: "Key type reference" and "API permissions reference" of the KMS developer guide.
const USES: [(&str, &str); 4] = [
    ("ENCRYPT_DECRYPT", "kms:Decrypt"),
    ("SIGN_VERIFY", "kms:Sign"),
    ("GENERATE_VERIFY_MAC", "kms:GenerateMac"),
    ("KEY_AGREEMENT", "kms:DeriveSharedSecret"),
];
const SECONDS_A_DAY: i64 = 86_400;
/// The period of KMS where nobody chooses another, and that of the keys that AWS manages.
/// Source: `EnableKeyRotation` in the API reference of KMS.
const YEAR_DAYS: u64 = 365;

/// Keys as the last scans saw them, and what is encrypted with them.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    /// The keys.
    pub keys: Vec<Seen>,
    /// ARNs of what each encrypts, by the ARN of the key.
    pub encrypts: BTreeMap<String, BTreeSet<String>>,
}

/// In whose hands the secret part of a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Custody {
    /// AWS manages it for a service.
    AwsManaged,
    /// The customer's, made by KMS.
    Customer,
    /// The customer's, made elsewhere and imported.
    Imported,
    /// The customer's, in a CloudHSM cluster of its own.
    CloudHsm,
    /// In a key manager outside AWS.
    External,
    /// The document does not say.
    Unknown,
}

/// Whether a key gets a new secret part by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Rotation {
    /// It does.
    On {
        /// After so many days, where the scan read it.
        every_days: Option<u64>,
    },
    /// It does not.
    Off,
    /// AWS does it, about every year.
    ByAws,
    /// Such a key never does.
    Cannot {
        /// Why.
        why: &'static str,
    },
    /// It was not read.
    Unknown {
        /// Why.
        why: String,
    },
}

/// Somebody who can do something with a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Who {
    /// Who.
    #[serde(flatten)]
    pub asker: Asker,
    /// The best of what becomes of the actions.
    pub says: Says,
    /// The actions that are not refused.
    pub actions: Vec<String>,
}

/// How many can, by what they are; under conditions and of whom it is not known are counted there too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Users.
    pub users: usize,
    /// Roles.
    pub roles: usize,
    /// Root users.
    pub roots: usize,
    /// Services of AWS.
    pub services: usize,
    /// Everyone, other accounts and their principals, identity providers.
    pub outside: usize,
    /// Of all these, those who can only under conditions.
    pub only_if: usize,
    /// Of all these, those of whom it is not known.
    pub unknown: usize,
}

impl Counts {
    /// Counts them.
    pub fn of<'w>(all: impl IntoIterator<Item = (&'w Asker, Says)>) -> Self {
        let mut counts = Self::default();
        for (asker, says) in all {
            match asker.kind {
                Kind::User => counts.users += 1,
                Kind::Role => counts.roles += 1,
                Kind::Root => counts.roots += 1,
                Kind::Service => counts.services += 1,
                Kind::Anyone | Kind::AnyAccount | Kind::Outside | Kind::Federated => counts.outside += 1,
            }
            match says {
                Says::OnlyIf => counts.only_if += 1,
                Says::Unknown => counts.unknown += 1,
                Says::Allowed | Says::Denied => {}
            }
        }
        counts
    }

    /// All of them.
    pub fn total(&self) -> usize {
        self.users + self.roles + self.roots + self.services + self.outside
    }
}

/// Whether the one that a grant is for still exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grantee {
    /// Its account was scanned and has nobody of this name.
    Gone,
    /// It is of an account that nobody knows.
    Outside,
    /// What it is was not read.
    Unknown,
    /// It is there.
    Known,
    /// A service of AWS.
    Service,
}

/// A grant of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GrantReport {
    /// Its id.
    pub id: String,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// Whom it is for.
    pub grantee: String,
    /// Whether that one still exists.
    pub state: Grantee,
    /// Who may end it beside those who administer the key.
    pub retiring: Option<String>,
    /// What it allows.
    pub operations: Vec<String>,
    /// How many days ago it was made; none where the scan does not say.
    pub age_days: Option<i64>,
    /// Whether nobody remembers it: whom it is for is gone, or it is old. Use of grants stands in no log that is kept, so
    /// that one which is old may well be used.
    pub forgotten: bool,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyReport {
    /// Its ARN.
    pub key: String,
    /// The account that owns it.
    pub account: String,
    /// Where it is.
    pub region: String,
    /// Its aliases; none where they were not read, which is then a gap.
    pub aliases: Vec<String>,
    /// In whose hands it is.
    pub custody: Custody,
    /// `Enabled`, `Disabled`, `PendingDeletion`, …
    pub state: Option<String>,
    /// When it will be deleted.
    pub deletion: Option<String>,
    /// `SYMMETRIC_DEFAULT`, `RSA_2048`, …
    pub spec: Option<String>,
    /// Whether it gets a new secret part by itself.
    pub rotation: Rotation,
    /// When it will get the next one, as KMS told the scan.
    pub next_rotation: Option<String>,
    /// The primary and the replicas of a key that is in several regions, by ARN, the primary first.
    pub replicas: Vec<String>,
    /// The action that uses the secret part: `kms:Decrypt` of a key that encrypts.
    pub use_action: &'static str,
    /// How many can do that.
    pub users: Counts,
    /// Who they are.
    pub used_by: Vec<Who>,
    /// How many can change who may use it, or delete it.
    pub administrators: Counts,
    /// Who they are.
    pub administered_by: Vec<Who>,
    /// Its grants, those first that nobody remembers.
    pub grants: Vec<GrantReport>,
    /// What is encrypted with it, as documents name it.
    pub encrypts: Vec<String>,
    /// What to look at, in words.
    pub concerns: Vec<String>,
    /// What was not read of it.
    pub gaps: Vec<String>,
}

impl Keys {
    /// What the last scans saw.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn load(store: &Store, now: Timestamp) -> Result<Self, AccessError> {
        let mut keys =
            Self { keys: seen::seen(store, &[ResourceType::from(KEY)], now).await?, ..Self::default() };
        let arns: Vec<Uid> = keys.keys.iter().map(|key| Uid::from(key.arn.as_str())).collect();
        for some in arns.chunks(KEYS_AT_ONCE) {
            let which = WhichEdges { to: some.to_vec(), ..WhichEdges::default() };
            let mut edges = std::pin::pin!(store.stream_edges(&which));
            while let Some(chunk) = edges.try_next().await? {
                for edge in chunk.iter().filter(|edge| edge.kind.as_str() == "encrypted_by") {
                    let encrypted = keys.encrypts.entry(edge.to.as_str().to_owned()).or_default();
                    encrypted.insert(edge.from.as_str().to_owned());
                }
            }
        }
        Ok(keys)
    }
}

impl Permissions {
    /// What is known of each key, those first that have most to look at. Grants older than `old_days` count as forgotten.
    ///
    /// # Errors
    /// When a question is not of its form.
    pub fn keys(
        &self,
        keys: &Keys,
        given: &Context,
        old_days: i64,
        now: Timestamp,
    ) -> Result<Vec<KeyReport>, AccessError> {
        let mut reports = Vec::new();
        for key in &keys.keys {
            reports.push(self.key(key, keys, given, old_days, now)?);
        }
        reports.sort_by(|one, other| (other.concerns.len(), &one.key).cmp(&(one.concerns.len(), &other.key)));
        Ok(reports)
    }

    fn key(
        &self,
        key: &Seen,
        keys: &Keys,
        given: &Context,
        old_days: i64,
        now: Timestamp,
    ) -> Result<KeyReport, AccessError> {
        let target = Target { arn: key.arn.clone(), account: Some(key.account.clone()), seen: true };
        let usage = key.text("KeyUsage").unwrap_or_default();
        let use_action =
            USES.into_iter().find(|(of, _)| *of == usage).map_or("kms:Decrypt", |(_, action)| action);
        let used_by = self.who(&[use_action], &target, given)?;
        let administered_by = self.who(&ADMINISTER, &target, given)?;
        let mut grants = self.grants(key, old_days, now);
        grants.sort_by(|one, other| {
            (!one.forgotten, one.state, &one.id).cmp(&(!other.forgotten, other.state, &other.id))
        });
        let mut gaps: Vec<String> =
            key.unread.iter().map(|member| format!("{member} of the key was not read")).collect();
        gaps.extend(self.index.organisation().gap(&target));
        let counts = |who: &[Who]| Counts::of(who.iter().map(|who| (&who.asker, who.says)));
        let encrypts = keys.encrypts.get(&key.arn).into_iter().flatten().cloned().collect();
        let mut report = KeyReport {
            key: key.arn.clone(),
            account: key.account.clone(),
            region: key.region.clone(),
            aliases: aliases(key),
            custody: custody(key),
            state: key.text("KeyState").map(str::to_owned),
            deletion: key.text("DeletionDate").map(str::to_owned),
            spec: key.text("KeySpec").map(str::to_owned),
            rotation: rotation(key),
            next_rotation: key.document["Rotation"]["NextRotationDate"].as_str().map(str::to_owned),
            replicas: replicas(key),
            use_action,
            users: counts(&used_by),
            used_by,
            administrators: counts(&administered_by),
            administered_by,
            grants,
            encrypts,
            concerns: Vec::new(),
            gaps,
        };
        report.concerns = concerns(&report);
        Ok(report)
    }

    /// Everyone who can do one of some actions, the surest first.
    pub(crate) fn who(
        &self,
        actions: &[&str],
        target: &Target,
        given: &Context,
    ) -> Result<Vec<Who>, AccessError> {
        let mut found: BTreeMap<Asker, (Says, Vec<String>)> = BTreeMap::new();
        for action in actions {
            let rows = self.index.who_can(action, target, given).map_err(AccessError::Question)?.rows;
            for row in rows {
                let says = Says::from(row.verdict.decision);
                let known = found.entry(row.asker).or_insert((Says::Denied, Vec::new()));
                known.0 = known.0.or(says);
                known.1.push((*action).to_owned());
            }
        }
        let mut who: Vec<Who> =
            found.into_iter().map(|(asker, (says, actions))| Who { asker, says, actions }).collect();
        who.sort_by_key(|who| who.says);
        Ok(who)
    }

    fn grants(&self, key: &Seen, old_days: i64, now: Timestamp) -> Vec<GrantReport> {
        let text = |grant: &serde_json::Value, member: &str| {
            grant[member].as_str().filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let all = key.document["Grants"].as_array().into_iter().flatten();
        let report = |grant: &serde_json::Value| {
            let grantee = text(grant, "GranteePrincipal").unwrap_or_default();
            let state = self.grantee(&grantee);
            let made = text(grant, "CreationDate").and_then(|at| at.parse::<Timestamp>().ok());
            let age_days = made.map(|made| (now.as_second() - made.as_second()).max(0) / SECONDS_A_DAY);
            let operations = grant["Operations"].as_array().into_iter().flatten();
            GrantReport {
                id: text(grant, "GrantId").unwrap_or_default(),
                name: text(grant, "Name"),
                retiring: text(grant, "RetiringPrincipal"),
                operations: operations.filter_map(|one| one.as_str().map(str::to_owned)).collect(),
                forgotten: state == Grantee::Gone || age_days.is_some_and(|age| age > old_days),
                grantee,
                state,
                age_days,
            }
        };
        all.map(report).collect()
    }

    /// Whether somebody whom a grant names is there.
    fn grantee(&self, grantee: &str) -> Grantee {
        let Some(account) = account_of(grantee) else {
            let is_service = grantee.contains(".amazonaws.com");
            // Somebody who was deleted is left as the id that he had.
            let is_id = !grantee.contains([':', '.']) && grantee.starts_with('A');
            return match (is_service, is_id) {
                (true, _) => Grantee::Service,
                (_, true) => Grantee::Gone,
                _ => Grantee::Unknown,
            };
        };
        // What a service does for a resource of its own is granted to a session that the service names.
        if grantee.contains(":assumed-role/aws:") {
            return Grantee::Service;
        }
        if self.index.number(account, Kind::Root).is_none() {
            let knows = self.index.organisation().knows(account);
            return if knows { Grantee::Unknown } else { Grantee::Outside };
        }
        let rest = grantee.splitn(6, ':').nth(5).unwrap_or_default();
        if rest.is_empty() || rest == "root" {
            return Grantee::Known;
        }
        let organisation = self.index.organisation();
        let is_there = match rest.strip_prefix("assumed-role/") {
            // Sessions do not have the path of their role.
            Some(session) => session.split('/').next().is_some_and(|role| {
                organisation
                    .called(role)
                    .any(|arn| arn.contains(":role/") && account_of(arn) == Some(account))
            }),
            None => organisation.called(grantee).next().is_some(),
        };
        match (is_there, self.is_read(account)) {
            (true, _) => Grantee::Known,
            (false, true) => Grantee::Gone,
            (false, false) => Grantee::Unknown,
        }
    }

    /// Whether users and roles of an account were read.
    fn is_read(&self, account: &str) -> bool {
        let begins = format!("users and roles of account {account} were not read");
        !self.index.organisation().unread().iter().any(|gap| gap.starts_with(&begins))
    }
}

fn aliases(key: &Seen) -> Vec<String> {
    let aliases = key.document["Aliases"].as_array().into_iter().flatten();
    aliases.filter_map(|alias| alias["AliasName"].as_str().map(str::to_owned)).collect()
}

fn custody(key: &Seen) -> Custody {
    match (key.text("KeyManager"), key.text("Origin")) {
        (Some("AWS"), _) => Custody::AwsManaged,
        (_, Some("AWS_KMS")) => Custody::Customer,
        (_, Some("EXTERNAL")) => Custody::Imported,
        (_, Some("AWS_CLOUDHSM")) => Custody::CloudHsm,
        (_, Some("EXTERNAL_KEY_STORE")) => Custody::External,
        _ => Custody::Unknown,
    }
}

/// Source: "Rotating AWS KMS keys" of the KMS developer guide: only symmetric keys for encryption whose secret part KMS
/// made rotate by themselves; AWS rotates those that it manages every year; of keys in several regions the primary does.
fn rotation(key: &Seen) -> Rotation {
    let is = |member: &str, text: &str| key.text(member) == Some(text);
    let cannot = |why| Rotation::Cannot { why };
    let status = &key.document["Rotation"];
    match status["KeyRotationEnabled"].as_bool() {
        _ if is("KeyManager", "AWS") => Rotation::ByAws,
        _ if is("Origin", "EXTERNAL") => cannot("its secret part was imported"),
        _ if is("Origin", "AWS_CLOUDHSM") => cannot("it is in a CloudHSM cluster"),
        _ if is("Origin", "EXTERNAL_KEY_STORE") => cannot("it is in a key manager outside AWS"),
        _ if key.text("KeySpec").is_some_and(|spec| spec.starts_with("HMAC_")) => cannot("it makes HMACs"),
        _ if key.text("KeySpec").is_some_and(|spec| spec != "SYMMETRIC_DEFAULT") => {
            cannot("it is asymmetric")
        }
        Some(true) => Rotation::On { every_days: status["RotationPeriodInDays"].as_u64() },
        Some(false) => Rotation::Off,
        None if key.is_unread("Rotation") => Rotation::Unknown { why: "it could not be read".to_owned() },
        None => Rotation::Unknown { why: "the scan has no answer about it".to_owned() },
    }
}

fn replicas(key: &Seen) -> Vec<String> {
    let config = &key.document["MultiRegionConfiguration"];
    let primary = config["PrimaryKey"]["Arn"].as_str();
    let others = config["ReplicaKeys"].as_array().into_iter().flatten();
    primary.into_iter().chain(others.filter_map(|one| one["Arn"].as_str())).map(str::to_owned).collect()
}

fn concerns(report: &KeyReport) -> Vec<String> {
    let mut concerns = Vec::new();
    let mut say = |holds: bool, words: String| {
        if holds {
            concerns.push(words);
        }
    };
    let state = report.state.as_deref().unwrap_or_default();
    let is_ending = matches!(state, "PendingDeletion" | "PendingReplicaDeletion");
    say(
        is_ending,
        match report.encrypts.len() {
            0 => "it will be deleted".to_owned(),
            some => format!("it will be deleted, and {some} things are encrypted with it"),
        },
    );
    say(report.users.outside > 0, format!("{} from outside can use it", report.users.outside));
    say(
        report.administrators.outside > 0,
        format!("{} from outside can administer it", report.administrators.outside),
    );
    let forgotten = report.grants.iter().filter(|grant| grant.forgotten).count();
    say(forgotten > 0, format!("{forgotten} grants that nobody remembers"));
    let strangers = report.grants.iter().filter(|grant| grant.state == Grantee::Outside).count();
    say(strangers > 0, format!("{strangers} grants to accounts that nobody knows"));
    // KMS says of a key that will be deleted that it does not rotate, whatever it did before.
    say(report.rotation == Rotation::Off && !is_ending, "it does not rotate".to_owned());
    if let Rotation::On { every_days: Some(days) } = report.rotation {
        say(days > YEAR_DAYS, format!("it rotates every {days} days, less often than every year"));
    }
    say(
        state == "Disabled" && !report.encrypts.is_empty(),
        format!("it is disabled, and {} things are encrypted with it", report.encrypts.len()),
    );
    concerns
}
