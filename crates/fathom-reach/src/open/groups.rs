//! Rules of security groups that let in everything: who is in the network is asked for nothing by the network.

use fathom_content::open::{Asks, How, Reach};
use fathom_net::{
    Network, Verdict,
    inside::{Whom, Wide, wide},
};

use super::{OpenRow, Way};

const SECURITY_GROUP: &str = "AWS::EC2::SecurityGroup";
const INTERFACE: &str = "AWS::EC2::NetworkInterface";
/// The page that says what a rule means.
const SOURCE: &str = "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html";
/// Interfaces that are named.
const SHOWN: usize = 5;

/// Adds a row for each such rule.
pub(super) fn add(network: &Network, rows: &mut Vec<OpenRow>) {
    for one in wide(network) {
        let fits = |told: &str, own: &str| told.is_empty() || told == own;
        let unlisted = network.unlisted.iter().find(|list| {
            list.kind == INTERFACE
                && fits(&list.at.account, &one.at.account)
                && fits(&list.at.region, &one.at.region)
        });
        let (verdict, conditions, missing) = match (one.members.len(), one.whom, unlisted) {
            // A group with one member has nobody to reach.
            (0 | 1, Whom::Members, None) => continue,
            (0, _, None) => {
                let condition = "a network interface has the group; none has it now".to_owned();
                (Verdict::OnlyIf, vec![condition], Vec::new())
            }
            (0, _, Some(list)) | (1, Whom::Members, Some(list)) => {
                let missing = format!("which network interfaces have the group: {}", list.why);
                (Verdict::Unknown, Vec::new(), vec![missing])
            }
            _ => (Verdict::Yes, Vec::new(), Vec::new()),
        };
        rows.push(row(one, verdict, conditions, missing));
    }
}

fn row(one: Wide, verdict: Verdict, conditions: Vec<String>, missing: Vec<String>) -> OpenRow {
    let (rule, says) = match one.whom {
        Whom::Anybody => ("group-anybody", "the network lets in everything from everywhere"),
        Whom::WholeNetwork => ("group-whole-network", "the network lets in everything from the whole VPC"),
        Whom::Members => ("group-members", "its members reach each other on every port"),
    };
    let mut members = one.members.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if one.members.len() > SHOWN {
        members = format!("{members} and {} more", one.members.len() - SHOWN);
    }
    let way = if members.is_empty() {
        "no network interface has it".to_owned()
    } else {
        format!("it is around {members}")
    };
    OpenRow {
        verdict,
        resource: one.group,
        resource_type: SECURITY_GROUP.to_owned(),
        name: Some(one.name).filter(|name| !name.is_empty()),
        account: one.at.account,
        region: one.at.region,
        list: Reach::Internal,
        how: How::Rule,
        asks: Asks::Application,
        in_the_clear: false,
        says: says.to_owned(),
        proof: vec![one.rule],
        way: Way { says: way, ..Way::default() },
        conditions,
        missing,
        assumptions: Vec::new(),
        rule: rule.to_owned(),
        source: SOURCE.to_owned(),
    }
}
