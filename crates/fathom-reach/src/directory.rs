//! Which resource an id of the network means: hops name ids, people and permissions go by resources.

use std::collections::HashMap;

use fathom_model::{AccountId, ResourceType, Uid};
use fathom_net::Builder;
use fathom_store::{Store, StoreError, Which};
use futures::TryStreamExt as _;

/// A resource that has a say in what reaches what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its ARN.
    pub uid: Uid,
    /// Its type.
    pub kind: ResourceType,
    /// The account that it was read in.
    pub account: AccountId,
    /// What people call it.
    pub name: Option<String>,
}

/// All of them, by their ids in the provider's own calls and by their ARNs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Directory {
    all: Vec<Named>,
    by: HashMap<String, Vec<u32>>,
}

impl Directory {
    /// Reads them, as of the last scans.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn load(store: &Store) -> Result<Self, StoreError> {
        let mut directory = Self::default();
        let owners = crate::owner_rules().iter().map(|rule| rule.kind.clone());
        let kinds = Builder::kinds().map(ResourceType::from).chain(owners).collect();
        let which = Which { kinds, ..Which::all() };
        let mut found = std::pin::pin!(store.stream_names(&which));
        while let Some(chunk) = found.try_next().await? {
            for resource in chunk {
                let name = resource.name.filter(|name| !name.trim().is_empty());
                let named = Named { uid: resource.uid, kind: resource.kind, account: resource.account, name };
                directory.add(&resource.id, named);
            }
        }
        Ok(directory)
    }

    /// Calls a resource otherwise.
    pub(crate) fn rename(&mut self, uid: &Uid, name: Option<&str>) {
        let name = name.filter(|name| !name.trim().is_empty());
        for at in self.by.get(uid.as_str()).into_iter().flatten() {
            if let Some(named) = self.all.get_mut(*at as usize).filter(|named| named.uid == *uid) {
                named.name = name.map(str::to_owned);
            }
        }
    }

    /// Takes in one.
    pub fn add(&mut self, id: &str, named: Named) {
        let at = self.all.len() as u32;
        let uid = named.uid.as_str().to_owned();
        if uid != id {
            self.by.entry(uid).or_default().push(at);
        }
        self.by.entry(id.to_owned()).or_default().push(at);
        self.all.push(named);
    }

    /// Those that an id or an ARN means; what is shared may have been read in several accounts.
    pub fn of(&self, text: &str) -> impl Iterator<Item = &Named> {
        let at = self.by.get(text).map(Vec::as_slice).unwrap_or_default();
        at.iter().filter_map(|at| self.all.get(*at as usize))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Named> {
        self.all.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(uid: &str, account: &str) -> Named {
        Named { uid: uid.into(), kind: "AWS::EC2::Subnet".into(), account: account.into(), name: None }
    }

    #[test]
    fn what_is_shared_is_found_in_each_account() {
        let mut directory = Directory::default();
        directory.add("subnet-1", named("arn:aws:ec2:eu-west-1:1:subnet/subnet-1", "1"));
        directory.add("subnet-1", named("arn:aws:ec2:eu-west-1:2:subnet/subnet-1", "2"));
        let accounts: Vec<&str> = directory.of("subnet-1").map(|one| one.account.as_str()).collect();
        assert_eq!(accounts, ["1", "2"]);
        assert_eq!(directory.of("arn:aws:ec2:eu-west-1:2:subnet/subnet-1").count(), 1);
        assert_eq!(directory.of("subnet-2").count(), 0);
        assert_eq!(directory.iter().count(), 2);
    }
}
