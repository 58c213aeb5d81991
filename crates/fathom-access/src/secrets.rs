//! Secrets: who can read each, which takes its key too.

use fathom_content::encryption::rules;
use fathom_iam::{
    Context,
    organisation::{Asker, Target},
};
use fathom_model::{ResourceType, Timestamp};
use fathom_store::Store;
use serde::Serialize;

use crate::{
    AccessError,
    decrypt::{Says, Under},
    keys::{Counts, Rotation},
    permissions::Permissions,
    seen::{self, Seen},
};

const SECRET: &str = "AWS::SecretsManager::Secret";
const PARAMETER: &str = "AWS::SSM::Parameter";
/// The type of parameters that are secrets.
const SECURE: &str = "SecureString";

/// Secrets and parameters as the last scans saw them.
#[derive(Debug, Clone, Default)]
pub struct Secrets(pub Vec<Seen>);

/// Somebody who may read a secret, or would but for its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reader {
    /// Who.
    #[serde(flatten)]
    pub asker: Asker,
    /// What the secret's side and their own say.
    pub may_read: Says,
    /// What the key says; none where reading takes no permission on a key.
    pub may_decrypt: Option<Says>,
    /// Both together.
    pub content: Says,
    /// What decides of the key, where no policy does.
    pub note: Option<String>,
}

/// What is known of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SecretReport {
    /// Its ARN.
    pub secret: String,
    /// Its type.
    pub resource_type: String,
    /// What people call it.
    pub name: Option<String>,
    /// The account that owns it.
    pub account: String,
    /// Its key: an ARN, or the alias of one that AWS manages.
    pub key: Option<Under>,
    /// How many can read it.
    pub readers: Counts,
    /// Who they are, and who may read it and not decrypt it.
    pub read_by: Vec<Reader>,
    /// How many may read it and cannot decrypt it.
    pub without_key: usize,
    /// Whether it gets a new value by itself.
    pub rotation: Rotation,
    /// When it last did.
    pub rotated_at: Option<String>,
    /// When its value last changed, where that is known.
    pub changed_at: Option<String>,
    /// The day on which it was last read, as AWS tells; none where it never was, or AWS does not tell of such a secret.
    pub used_at: Option<String>,
    /// When it will be gone.
    pub deleted_at: Option<String>,
    /// What to look at, in words.
    pub concerns: Vec<String>,
    /// What was not read of it.
    pub gaps: Vec<String>,
}

impl Secrets {
    /// What the last scans saw: all secrets, and parameters that are secrets.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn load(store: &Store, now: Timestamp) -> Result<Self, AccessError> {
        let kinds = [ResourceType::from(SECRET), ResourceType::from(PARAMETER)];
        let mut all = seen::seen(store, &kinds, now).await?;
        all.retain(|one| one.kind == SECRET || one.text("Type").is_none_or(|of| of == SECURE));
        Ok(Self(all))
    }
}

impl Permissions {
    /// What is known of each secret, those first that have most to look at.
    ///
    /// # Errors
    /// When a question is not of its form.
    pub fn secrets(&self, secrets: &Secrets, given: &Context) -> Result<Vec<SecretReport>, AccessError> {
        let mut reports = Vec::new();
        for secret in &secrets.0 {
            reports.push(self.secret(secret, given)?);
        }
        reports.sort_by(|one, other| {
            (other.concerns.len(), &one.secret).cmp(&(one.concerns.len(), &other.secret))
        });
        Ok(reports)
    }

    fn secret(&self, secret: &Seen, given: &Context) -> Result<SecretReport, AccessError> {
        let target = Target { arn: secret.arn.clone(), account: Some(secret.account.clone()), seen: true };
        let rule = rules()?.iter().find(|rule| rule.kind.as_str() == secret.kind);
        let actions: Vec<&str> = rule
            .iter()
            .flat_map(|rule| &rule.needs)
            .flat_map(|need| &need.actions)
            .map(String::as_str)
            .collect();
        let read_by = self.readers(&actions, &target, given)?;
        let readers = read_by.iter().filter(|reader| reader.content != Says::Denied);
        let without_key = read_by.iter().filter(|reader| reader.content == Says::Denied).count();
        let mut gaps: Vec<String> =
            secret.unread.iter().map(|member| format!("{member} of the secret was not read")).collect();
        gaps.extend(self.index.organisation().gap(&target));
        let text = |member: &str| secret.text(member).map(str::to_owned);
        let is_parameter = secret.kind == PARAMETER;
        let mut report = SecretReport {
            secret: secret.arn.clone(),
            resource_type: secret.kind.clone(),
            name: secret.name.clone(),
            account: secret.account.clone(),
            key: self.encryption.under(&secret.arn).cloned(),
            readers: Counts::of(readers.map(|reader| (&reader.asker, reader.content))),
            without_key,
            read_by,
            rotation: if is_parameter {
                Rotation::Cannot { why: "parameters do not rotate by themselves" }
            } else {
                rotation(secret)
            },
            rotated_at: text("LastRotatedDate"),
            changed_at: text(if is_parameter { "LastModifiedDate" } else { "LastChangedDate" }),
            used_at: text("LastAccessedDate"),
            deleted_at: text("DeletedDate"),
            concerns: Vec::new(),
            gaps,
        };
        report.concerns = concerns(&report);
        Ok(report)
    }

    /// Everyone who may ask for the value by one of some actions, with what the key says of them.
    fn readers(
        &self,
        actions: &[&str],
        target: &Target,
        given: &Context,
    ) -> Result<Vec<Reader>, AccessError> {
        let mut readers = Vec::new();
        for who in self.who(actions, target, given)? {
            // All of them need the same of the key.
            let action = who.actions.first().map(String::as_str).unwrap_or_default();
            let organisation = self.index.organisation();
            let step = self.encryption.step(organisation, (action, target), &who.asker, given)?;
            readers.push(Reader {
                may_read: who.says,
                may_decrypt: step.as_ref().map(|step| step.says),
                content: who.says.and(step.as_ref().map_or(Says::Allowed, |step| step.says)),
                note: step.and_then(|step| step.note),
                asker: who.asker,
            });
        }
        readers.sort_by_key(|reader| reader.content);
        Ok(readers)
    }
}

fn rotation(secret: &Seen) -> Rotation {
    match secret.document["RotationEnabled"].as_bool() {
        Some(true) => {
            Rotation::On { every_days: secret.document["RotationRules"]["AutomaticallyAfterDays"].as_u64() }
        }
        // The service leaves it out where rotation was never set up.
        Some(false) | None => Rotation::Off,
    }
}

fn concerns(report: &SecretReport) -> Vec<String> {
    let mut concerns = Vec::new();
    let mut say = |holds: bool, words: String| {
        if holds {
            concerns.push(words);
        }
    };
    say(report.readers.outside > 0, format!("{} from outside can read it", report.readers.outside));
    say(report.rotation == Rotation::Off, "it does not rotate".to_owned());
    say(report.deleted_at.is_some(), "it will be deleted".to_owned());
    say(matches!(report.key, Some(Under::Unknown(_))), "under which key it is kept is not known".to_owned());
    concerns
}
