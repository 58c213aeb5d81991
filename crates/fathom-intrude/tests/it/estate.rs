//! Small estates, as AWS's answers say them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use fathom_access::{Encryption, Escalating, Permissions, Resource, Seen};
use fathom_escalate::{Facts, Group, Role, Rules as Escalation, User, Workload};
use fathom_iam::organisation::{Builder as People, Found as Person, Target};
use fathom_intrude::{AccessKey, Edit, Ground, Thing};
use fathom_model::DataClass;
use fathom_net::{Builder as Networks, Found as Part};
use fathom_paths::Rules;
use serde_json::{Value, json};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const REGION: &str = "eu-west-1";
const KEY: &str = "AWS::IAM::AccessKey";

fn texts(list: &Value, of: &str) -> Vec<String> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(|one| one.as_str().or_else(|| one[of].as_str())).map(str::to_owned).collect()
}

fn text(thing: &Value, member: &str) -> String {
    thing[member].as_str().unwrap_or_default().to_owned()
}

fn name_of(arn: &str) -> String {
    arn.rsplit('/').next().unwrap_or_default().to_owned()
}

/// What an intruder stands on, of things: type, ARN and what AWS says of each. `account` is its owner where the ARN names none,
/// `class` the class of its data, `runs_as` the roles that it runs as, `uses_secret`, `logs_to`, `runs` and
/// `runs_image` where such an edge leads, `unread`
/// what of it was not read, `keys_unread` that no list of its keys was.
pub(crate) fn ground(given: &Value) -> Ground {
    let (mut people, mut networks, mut facts) = (People::default(), Networks::default(), Facts::default());
    let (mut resources, mut things, mut edges) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
    let (mut keys, mut seen, mut fixed) = (Vec::new(), Vec::new(), BTreeSet::new());
    let rules = Rules::embedded().expect("rules");
    let escalation = Escalation::embedded().expect("rules");
    let all = given["things"].as_array().expect("things");
    for account in std::iter::once(ACCOUNT)
        .chain(given["accounts"].as_array().into_iter().flatten().filter_map(Value::as_str))
    {
        people.account(account);
    }
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for thing in all.iter().filter(|thing| thing["type"] == KEY) {
        let user = text(thing, "arn").split("/access-key/").next().unwrap_or_default().to_owned();
        *count.entry(user.clone()).or_default() += 1;
        if thing["document"]["Status"] != "Inactive" {
            keys.push(AccessKey { uid: text(thing, "arn"), user });
        }
    }
    for thing in all.iter().filter(|thing| thing["type"] != KEY) {
        let (kind, arn) = (text(thing, "type"), text(thing, "arn"));
        let account = match (thing["account"].as_str(), arn.split(':').nth(4).filter(|one| !one.is_empty())) {
            (Some(account), _) | (None, Some(account)) => account.to_owned(),
            (None, None) => ACCOUNT.to_owned(),
        };
        let (document, unread) = (&thing["document"], texts(&thing["unread"], ""));
        people.add(Person { kind: &kind, uid: &arn, account: &account, document, unread: &unread });
        networks.add(Part {
            kind: &kind,
            uid: &arn,
            account: &account,
            region: REGION,
            document,
            unread: &unread,
        });
        let rules_of_owners = fathom_content::owners::rules().expect("rules of owners");
        let owner = rules_of_owners.iter().find(|rule| rule.kind.as_str() == kind);
        let owned =
            owner.and_then(|rule| fathom_reach::owner::owned(rule, document, (&account, REGION), None));
        if let Some(owned) = owned {
            networks.owned(&arn, owned);
        }
        if arn.starts_with("arn:") {
            let target = Target { arn: arn.clone(), account: Some(account.clone()), seen: true };
            resources.insert(arn.clone(), Resource { kind: kind.clone(), target });
        }
        let is_asked = rules.types().contains(kind.as_str());
        if is_asked {
            let class = thing["class"].as_str().and_then(DataClass::parse);
            things.insert(arn.clone(), Thing { kind: kind.clone(), account: account.clone(), class });
        }
        if document["imageTagMutability"] == "IMMUTABLE" {
            fixed.insert(arn.clone());
        }
        for edge in ["uses_secret", "logs_to", "runs", "runs_image"] {
            edges.extend(texts(&thing[edge], "").into_iter().map(|to| (arn.clone(), edge.to_owned(), to)));
        }
        let roles = texts(&thing["runs_as"], "");
        if escalation.types().contains(kind.as_str()) || rules.hosts.contains(&kind) {
            facts.workloads.push(Workload {
                kind: kind.clone(),
                arn: arn.clone(),
                account: account.clone(),
                roles,
            });
        }
        let attached = texts(&document["AttachedManagedPolicies"], "PolicyArn");
        match kind.as_str() {
            "AWS::IAM::User" => {
                let keys = (thing["keys_unread"] != true).then(|| count.get(&arn).copied().unwrap_or(0));
                let groups = texts(&document["GroupList"], "GroupName");
                facts.users.insert(
                    arn.clone(),
                    User { groups, attached, access_keys: keys, has_password: Some(false) },
                );
            }
            "AWS::IAM::Role" => {
                facts.roles.insert(arn.clone(), Role { attached, has_profile: true });
            }
            "AWS::IAM::Group" => {
                facts
                    .groups
                    .insert(arn.clone(), Group { account: account.clone(), name: name_of(&arn), attached });
            }
            _ => {}
        }
        let document = document.clone();
        seen.push(Seen { kind, arn, name: None, account, region: REGION.to_owned(), document, unread });
    }
    for (kind, why) in given["unlisted"].as_object().into_iter().flatten() {
        networks.unlisted("", "", kind, why.as_str().expect("a reason"));
        people.unlisted(ACCOUNT, kind, why.as_str().expect("a reason"));
    }
    let mut encryption = Encryption::default();
    seen.iter().filter(|one| one.kind == "AWS::KMS::Key").for_each(|key| encryption.add_key(key));
    for one in &seen {
        encryption.add(one).expect("rules of encryption");
    }
    Ground {
        permissions: Arc::new(
            Permissions::of(people.build(), resources).expect("permissions").with_encryption(encryption),
        ),
        escalating: Arc::new(Escalating { rules: escalation, facts }),
        network: Arc::new(networks.build()),
        rules,
        things,
        edges: edges.into_iter().collect(),
        fixed,
        keys,
        weaknesses: None,
    }
}

/// The same things after an edit, made in the documents as somebody would make it.
pub(crate) fn edited(given: &Value, edit: &Edit) -> Value {
    let mut given = given.clone();
    let things = given["things"].as_array_mut().expect("things");
    match edit {
        Edit::Statement { holder, policy, statement, action, .. } => {
            // The policy of a bucket guards its objects.
            let is_managed = |thing: &Value| {
                thing["type"] == "AWS::IAM::ManagedPolicy"
                    && (text(thing, "arn") == *policy || name_of(&text(thing, "arn")) == *policy)
            };
            let is_shared = things.iter().any(is_managed);
            let is_holder = |thing: &Value| {
                if is_shared {
                    return is_managed(thing);
                }
                *holder == text(thing, "arn") || holder.starts_with(&format!("{}/", text(thing, "arn")))
            };
            let thing =
                things.iter_mut().find(|thing| is_holder(thing)).unwrap_or_else(|| panic!("no {holder}"));
            let document = &mut thing["document"];
            let inline = ["UserPolicyList", "RolePolicyList"].into_iter().find_map(|list| {
                let at = document[list].as_array()?.iter().position(|one| one["PolicyName"] == *policy)?;
                Some(format!("/{list}/{at}/PolicyDocument/Statement"))
            });
            let kept = ["AssumeRolePolicyDocument", "Policy", "ResourcePolicy"]
                .into_iter()
                .find(|member| !document[*member].is_null())
                .map(|member| format!("/{member}/Statement"));
            let versions = document["PolicyVersionList"].as_array().into_iter().flatten();
            let managed = (0..).zip(versions).find(|(_, version)| version["IsDefaultVersion"] == true);
            let managed = managed.map(|(at, _)| format!("/PolicyVersionList/{at}/Document/Statement"));
            let path = inline.or(kept).or(managed).unwrap_or_else(|| panic!("{holder} has no {policy}"));
            let statements = document.pointer_mut(&path).and_then(Value::as_array_mut).expect("statements");
            match action {
                None => {
                    statements.remove(*statement);
                    // AWS takes no policy without a statement.
                    if statements.is_empty() {
                        let nobody = json!([{"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "*", "Resource": "*"}]);
                        // Everybody may do this as it is.
                        let nothing =
                            json!([{"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"}]);
                        let said =
                            if path.contains("Policy") && path.contains("List/") { nothing } else { nobody };
                        statements.clone_from(said.as_array().expect("a list"));
                        if path.starts_with("/AssumeRole") {
                            statements[0].as_object_mut().expect("a statement").remove("Resource");
                        }
                    }
                }
                Some(action) => {
                    let actions = statements[*statement]["Action"].as_array_mut().expect("a list of actions");
                    let before = actions.len();
                    actions.retain(|one| !one.as_str().is_some_and(|one| one.eq_ignore_ascii_case(action)));
                    assert!(
                        actions.len() < before && !actions.is_empty(),
                        "{action} is taken out, and leaves some"
                    );
                }
            }
        }
        Edit::GroupRule { group, rule } => {
            let thing = things.iter_mut().find(|thing| thing["document"]["GroupId"] == **group);
            let rules =
                thing.and_then(|thing| thing["document"]["IpPermissions"].as_array_mut()).expect("rules");
            let before = rules.len();
            rules.retain(|one| told(one) != *rule);
            assert_eq!(rules.len() + 1, before, "{rule} is one of {group}'s");
        }
        Edit::Role { server, role } => {
            let thing = things.iter_mut().find(|thing| text(thing, "arn") == *server).expect("the server");
            thing["runs_as"].as_array_mut().expect("roles").retain(|one| one != role);
        }
        Edit::AccessKey { key } => {
            let thing = things.iter_mut().find(|thing| text(thing, "arn") == *key).expect("the key");
            thing["document"]["Status"] = json!("Inactive");
        }
    }
    given
}

/// A rule of a security group, with one peer, in words.
fn told(rule: &Value) -> String {
    let (first, last) = (&rule["FromPort"], &rule["ToPort"]);
    let ports = if first == last { first.to_string() } else { format!("{first}-{last}") };
    let peer =
        rule["IpRanges"][0]["CidrIp"].as_str().or_else(|| rule["UserIdGroupPairs"][0]["GroupId"].as_str());
    format!("{} {ports} from {}", text(rule, "IpProtocol"), peer.unwrap_or_default())
}
