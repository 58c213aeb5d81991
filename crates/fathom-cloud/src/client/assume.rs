//! Roles in other accounts.

use std::{
    sync::{Arc, PoisonError},
    time::{Duration, SystemTime},
};

use aws_credential_types::Credentials;
use fathom_model::{AccountId, Reason};
use serde_json::{Value, json};

use super::{
    Account, CallError, CallMeta, Client,
    account::{Keyring, Source},
};
use crate::codec::Secrets;

/// The name that the sessions have in the other accounts' logs.
const SESSION_NAME: &str = "fathom";

/// How long a session lasts, in seconds: what every role allows.
const SESSION_SECONDS: u64 = 3_600;

/// A role and the credentials that may assume it.
#[derive(Debug, Clone)]
pub(crate) struct Role {
    base: Account,
    arn: String,
    external_id: Option<String>,
}

impl PartialEq for Role {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Role {}

impl std::hash::Hash for Role {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl Role {
    fn key(&self) -> (&AccountId, &str, Option<&str>, usize) {
        (&self.base.id, &self.arn, self.external_id.as_deref(), Arc::as_ptr(&self.base.credentials).addr())
    }
}

impl Client {
    /// Assumes a role in another account with the credentials of the first. The account is cached; its credentials are
    /// renewed before they end. `role_name` may have a path (`audit/reader`) or be a whole ARN.
    ///
    /// # Errors
    /// As the call to `sts:AssumeRole` fails.
    pub async fn assume(
        &self,
        base: &Account,
        account_id: &AccountId,
        role_name: &str,
        external_id: Option<&str>,
    ) -> Result<Account, CallError> {
        let arn = if role_name.starts_with("arn:") {
            role_name.to_owned()
        } else {
            format!("arn:{}:iam::{account_id}:role/{}", base.partition, role_name.trim_start_matches('/'))
        };
        let role = Role { base: base.clone(), arn, external_id: external_id.map(str::to_owned) };
        let known = self.inner.roles.lock().unwrap_or_else(PoisonError::into_inner).get(&role).cloned();
        if let Some(account) = known {
            return Ok(account);
        }
        let credentials = self.take_role(&role).await?;
        let keyring = if self.recording().is_some() {
            Keyring::new(Source::None)
        } else {
            let source = Source::Role(Box::new(role.clone()), Arc::downgrade(&self.inner));
            Keyring::with(source, credentials)
        };
        let account = Account {
            id: account_id.clone(),
            partition: base.partition.clone(),
            home: base.home.clone(),
            caller: Some(role.arn.clone()),
            credentials: Arc::new(keyring),
        };
        self.inner.roles.lock().unwrap_or_else(PoisonError::into_inner).insert(role, account.clone());
        Ok(account)
    }

    /// Calls `sts:AssumeRole`, in the base account's region: tokens of the global endpoint are not valid everywhere.
    pub(crate) async fn take_role(&self, role: &Role) -> Result<Credentials, CallError> {
        let mut params = json!({
            "RoleArn": role.arn,
            "RoleSessionName": SESSION_NAME,
            "DurationSeconds": SESSION_SECONDS,
        });
        if let Some(external_id) = &role.external_id {
            params["ExternalId"] = Value::String(external_id.clone());
        }
        let meta = CallMeta {
            account: role.base.id.clone(),
            partition: role.base.partition.clone(),
            region: role.base.home.clone(),
            service: "sts".to_owned(),
            operation: "AssumeRole".to_owned(),
            params,
        };
        let answer = self.call_with(&role.base, &meta, Secrets::Keep).await?;
        let text = |name: &str| {
            answer.value.pointer(&format!("/Credentials/{name}")).and_then(Value::as_str).map(str::to_owned)
        };
        let lacking = || CallError::plain(Reason::Malformed, "the answer has no credentials");
        let ends = text("Expiration")
            .and_then(|text| text.parse::<jiff::Timestamp>().ok())
            .and_then(|ends| u64::try_from(ends.as_second()).ok())
            .map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        Ok(Credentials::new(
            text("AccessKeyId").ok_or_else(lacking)?,
            text("SecretAccessKey").ok_or_else(lacking)?,
            Some(text("SessionToken").ok_or_else(lacking)?),
            ends,
            "fathom-assume-role",
        ))
    }
}
