//! What the name of a file says: of which account and region it is, which operation it answers, and about what; pure.
//!
//! ```text
//! 123456789012/eu-west-1/ec2-describe-vpcs.json            a folder per account and region
//! prod/eu-west-1/ec2/describe-vpcs.json                    a folder per service
//! ec2_DescribeVpcs.json                                    the API's own spelling
//! us-east-1/s3api-get-bucket-policy/my-bucket.json         a folder per operation, a file per thing
//! ecs-describe-tasks/arn%3Aaws…cluster%2Fc/arn%3Aaws…task%2Ft   things in things, percent-encoded
//! ```

use std::collections::{BTreeMap, BTreeSet};

use fathom_cloud::model::{Models, Operation};
use fathom_content::Content;
use fathom_model::{AccountId, Region};
use percent_encoding::percent_decode_str;

/// Names that the command line has for services whose models are called otherwise.
const SERVICES: &[(&str, &str)] =
    &[("s3api", "s3"), ("configservice", "config"), ("deploy", "codedeploy"), ("cloudwatch-logs", "logs")];

/// What is cut off the end of a name.
const ENDINGS: [&str; 2] = [".json", ".JSON"];

/// What a file's name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// The folders that say nothing else: an account's alias.
    pub(super) label: String,
    /// The account, where a folder is called so.
    pub(super) account: Option<AccountId>,
    /// The region, where a folder is called so.
    pub(super) region: Option<Region>,
    /// What it holds.
    pub(super) says: Says,
}

/// What a file holds, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Says {
    /// The answer of an operation, about the named things, or about all.
    Answer {
        /// The service, as the models name it.
        service: String,
        /// The operation, as the models name it.
        operation: String,
        /// The things asked about, outermost first, decoded.
        about: Vec<String>,
    },
    /// The name begins with a service that has no such operation.
    NoSuchOperation {
        /// The service.
        service: String,
        /// What would be the operation.
        text: String,
    },
    /// Nothing; what it holds may say more.
    Nothing {
        /// The file's own name, without its ending.
        stem: String,
    },
}

/// The names of services and operations, in the spelling in which names are compared.
#[derive(Debug)]
pub(super) struct Names {
    services: BTreeSet<String>,
    /// Operations that definitions ask and that only one service has.
    alone: BTreeMap<String, (String, String)>,
    regions: BTreeSet<String>,
}

impl Names {
    /// From the models, and the operations that definitions ask.
    pub(super) fn new(content: &Content) -> Self {
        let mut owners: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
        let mut asked = |service: &str, operation: &str| {
            let of = owners.entry(plain(operation)).or_default();
            of.insert((service.to_owned(), operation.to_owned()));
        };
        asked("ec2", "DescribeRegions");
        asked("sts", "GetCallerIdentity");
        for definition in content.resources.values() {
            for (service, operation) in definition.calls() {
                asked(service, operation);
            }
        }
        let alone = owners.into_iter().filter(|(_, of)| of.len() == 1);
        let alone = alone.filter_map(|(name, of)| Some((name, of.into_iter().next()?))).collect();
        let regions = Models::embedded().endpoints().map(|endpoints| {
            endpoints.partitions.iter().flat_map(|partition| partition.regions.keys().cloned()).collect()
        });
        Self {
            services: Models::embedded().services().collect(),
            alone,
            regions: regions.unwrap_or_default(),
        }
    }

    /// Reads a path below the folder.
    pub(super) fn read(&self, name: &str) -> Named {
        let parts: Vec<&str> = name.split('/').collect();
        let mut named = Named {
            label: String::new(),
            account: None,
            region: None,
            says: Says::Nothing { stem: stem(parts.last().copied().unwrap_or_default()).to_owned() },
        };
        let mut refused = None;
        for (at, part) in parts.iter().enumerate() {
            let rest = parts.get(at + 1..).unwrap_or_default();
            match self.answer(part, rest) {
                Some(Says::NoSuchOperation { service, text }) => {
                    refused = refused.or(Some(Says::NoSuchOperation { service, text }));
                }
                Some(says) => {
                    named.says = says;
                    return named;
                }
                None => {}
            }
            if rest.is_empty() {
                break;
            }
            if part.len() == 12 && part.bytes().all(|b| b.is_ascii_digit()) {
                named.account = Some(AccountId::new(*part));
            } else if self.is_region(part) {
                named.region = Some(Region::new(*part));
            } else {
                named.label.push('/');
                named.label.push_str(part);
            }
        }
        if let Some(refused) = refused {
            named.says = refused;
        }
        named
    }

    fn is_region(&self, text: &str) -> bool {
        text == Region::GLOBAL || self.regions.contains(text)
    }

    /// What a name and those below it say, if the name is an operation's, or a service's with an operation's below.
    fn answer(&self, name: &str, rest: &[&str]) -> Option<Says> {
        let own = if rest.is_empty() { stem(name) } else { name };
        let about = |rest: &[&str]| -> Vec<String> {
            let last = rest.len().saturating_sub(1);
            let part = |(at, part): (usize, &&str)| decoded(if at == last { stem(part) } else { part });
            rest.iter().enumerate().map(part).collect()
        };
        let mut refused = None;
        for (at, separator) in own.char_indices().filter(|(_, c)| matches!(c, '-' | '_' | '.')) {
            let (service, operation) = own.split_at(at);
            let operation = operation.get(separator.len_utf8()..).unwrap_or_default();
            let Some(service) = self.service(service) else { continue };
            match operation_of(&service, operation) {
                Some(operation) => return Some(Says::Answer { service, operation, about: about(rest) }),
                None => refused = Some(Says::NoSuchOperation { service, text: operation.to_owned() }),
            }
        }
        if let (Some(service), Some((next, below))) = (self.service(own), rest.split_first()) {
            let text = if below.is_empty() { stem(next) } else { next };
            return Some(match operation_of(&service, text) {
                Some(operation) => Says::Answer { service, operation, about: about(below) },
                None => Says::NoSuchOperation { service, text: text.to_owned() },
            });
        }
        if let Some((service, operation)) = self.alone.get(&plain(own)) {
            let (service, operation) = (service.clone(), operation.clone());
            return Some(Says::Answer { service, operation, about: about(rest) });
        }
        // `config-backup.json` is no answer of a service by accident only where it looks like an operation.
        refused.filter(|says| matches!(says, Says::NoSuchOperation { text, .. } if looks_like_a_call(text)))
    }

    fn service(&self, name: &str) -> Option<String> {
        let name = name.to_ascii_lowercase();
        let name = SERVICES.iter().find(|(alias, _)| *alias == name).map_or(name.as_str(), |(_, name)| name);
        self.services.contains(name).then(|| name.to_owned())
    }
}

fn looks_like_a_call(text: &str) -> bool {
    const VERBS: [&str; 6] = ["describe", "get", "list", "lookup", "batchget", "search"];
    let text = plain(text);
    VERBS.iter().any(|verb| text.starts_with(verb))
}

/// The operation whose name is the same without dashes and case.
fn operation_of(service: &str, text: &str) -> Option<String> {
    let text = plain(text);
    let model = Models::embedded().service(service).ok()?;
    model.operations().map(Operation::name).find(|name| plain(name) == text).map(str::to_owned)
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '-' | '_')).map(|c| c.to_ascii_lowercase()).collect()
}

fn stem(name: &str) -> &str {
    ENDINGS.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name)
}

/// A thing's name out of a file's; bytes that are no text stay encoded.
fn decoded(name: &str) -> String {
    percent_decode_str(name).decode_utf8().map_or_else(|_| name.to_owned(), std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names::new(&Content::embedded().expect("the content that ships"))
    }

    #[track_caller]
    fn answers(name: &str, service: &str, operation: &str, about: &[&str]) {
        let says = names().read(name).says;
        let about = about.iter().map(|one| (*one).to_owned()).collect();
        assert_eq!(
            says,
            Says::Answer { service: service.to_owned(), operation: operation.to_owned(), about },
            "{name}"
        );
    }

    #[test]
    fn every_usual_spelling_names_the_same_operation() {
        for name in [
            "ec2-describe-vpcs.json",
            "ec2/describe-vpcs.json",
            "ec2_DescribeVpcs.json",
            "ec2.DescribeVpcs.json",
            "ec2/DescribeVpcs",
            "aws/111111111111/eu-west-1/ec2-describe-vpcs.json",
        ] {
            answers(name, "ec2", "DescribeVpcs", &[]);
        }
        answers("rds-describe-db-instances.json", "rds", "DescribeDBInstances", &[]);
        answers("network-firewall-list-firewalls.json", "network-firewall", "ListFirewalls", &[]);
        answers("cognito-idp/list-user-pools.json", "cognito-idp", "ListUserPools", &[]);
        answers("describe-regions.json", "ec2", "DescribeRegions", &[]);
    }

    #[test]
    fn things_are_named_by_files_and_folders() {
        answers("s3api-get-bucket-policy/my.bucket.json", "s3", "GetBucketPolicy", &["my.bucket"]);
        answers("s3/get-bucket-policy/b", "s3", "GetBucketPolicy", &["b"]);
        answers(
            "demo/us-east-1/ecs-describe-tasks/arn%3Aaws%3Aecs%3A%3Acluster%2Fc/arn%3Aaws%3Aecs%3A%3Atask%2Ft",
            "ecs",
            "DescribeTasks",
            &["arn:aws:ecs::cluster/c", "arn:aws:ecs::task/t"],
        );
    }

    #[test]
    fn folders_name_accounts_and_regions() {
        let named = names().read("aws/123456789012/eu-west-1/ec2/describe-vpcs.json");
        assert_eq!(named.account, Some("123456789012".into()));
        assert_eq!(named.region, Some("eu-west-1".into()));
        assert_eq!(named.label, "/aws");
    }

    #[test]
    fn other_names_say_nothing_and_wrong_operations_are_told() {
        let says = |name: &str| names().read(name).says;
        assert_eq!(says("Vpcs.json"), Says::Nothing { stem: "Vpcs".to_owned() });
        assert_eq!(says("config-backup.json"), Says::Nothing { stem: "config-backup".to_owned() });
        assert_eq!(
            says("ec2-describe-unicorns.json"),
            Says::NoSuchOperation { service: "ec2".to_owned(), text: "describe-unicorns".to_owned() }
        );
    }
}
