//! Which account an access key stands for, learned from the answers to `AssumeRole` that pass.

use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock},
};

/// Access keys and their accounts.
#[derive(Debug)]
pub(crate) struct Accounts {
    default: String,
    known: RwLock<BTreeMap<String, String>>,
}

impl Accounts {
    pub(crate) fn new(default: String) -> Self {
        Accounts { default, known: RwLock::default() }
    }

    pub(crate) fn of(&self, access_key: &str) -> String {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(access_key).unwrap_or(&self.default).clone()
    }

    pub(crate) fn learn(&self, access_key: &str, account: &str) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(access_key.to_owned(), account.to_owned());
    }

    /// Learns from an answer that hands out credentials.
    pub(crate) fn watch(&self, body: &[u8]) {
        let Ok(text) = std::str::from_utf8(body) else { return };
        let arn = between(text, "<AssumedRoleUser>", "</AssumedRoleUser>")
            .and_then(|user| between(user, "<Arn>", "</Arn>"));
        let account = arn.and_then(|arn| arn.split(':').nth(4));
        if let (Some(key), Some(account)) = (between(text, "<AccessKeyId>", "</AccessKeyId>"), account) {
            self.learn(key.trim(), account);
        }
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(inside, _)| inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assumed_roles_bind_keys_to_accounts() {
        let accounts = Accounts::new("1".to_owned());
        accounts.watch(
            b"<R><Credentials><AccessKeyId>ASIA1</AccessKeyId></Credentials><AssumedRoleUser>\
              <Arn>arn:aws:sts::222222222222:assumed-role/x/y</Arn></AssumedRoleUser></R>",
        );
        accounts.watch(b"<R><AccessKeyId>ASIA2</AccessKeyId></R>");
        assert_eq!(accounts.of("ASIA1"), "222222222222");
        assert_eq!(accounts.of("ASIA2"), "1");
    }
}
