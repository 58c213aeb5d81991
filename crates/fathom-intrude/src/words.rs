//! What an intruder has, in words.

use crate::walk::{Kind, Named};

impl Named {
    /// It in words, as a part of a sentence: `the data of arn:…`.
    pub fn words(&self) -> String {
        let id = &self.id;
        match self.kind {
            Kind::Internet => "the internet".to_owned(),
            Kind::Vendor => format!("account {id} outside"),
            Kind::AccessKey => format!("access key {id}"),
            Kind::Principal if id.starts_with("arn:") => id.clone(),
            Kind::Principal => format!("root user of {id}"),
            Kind::Grown => format!("{id}, with what it gave itself"),
            Kind::Account => format!("everything in account {id}"),
            Kind::Balancer => format!("load balancer {id}"),
            Kind::Listener => format!("what listens on {id}"),
            Kind::Server => format!("code on {id}"),
            Kind::Data => format!("the data of {id}"),
            Kind::Keys => format!("power over the key {id}"),
            Kind::Backups => format!("power over the backup {id}"),
            Kind::Logs => format!("power over the log {id}"),
        }
    }
}
