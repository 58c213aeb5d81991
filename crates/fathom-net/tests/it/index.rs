//! The index and the walk of single packets answer the same, for everybody in generated networks.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use fathom_net::{Index, Place, Question, Traffic, Verdict, ask};
use proptest::{
    prelude::*,
    test_runner::{Config, RngSeed, TestRunner},
};
use serde_json::{Value, json};

use crate::{estate, generate, specifications::traffic};

/// What is sent.
const TRAFFIC: [&str; 4] = ["tcp 443", "tcp 22", "udp 53", "icmp"];

/// How many networks are drawn; more with `PROPTEST_CASES`.
const CASES: u32 = 120;

fn config() -> Config {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(CASES);
    let seed = std::env::var("PROPTEST_RNG_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7);
    Config { cases, rng_seed: RngSeed::Fixed(seed), failure_persistence: None, ..Config::default() }
}

#[test]
fn the_index_answers_as_single_packets_do() {
    let seen: Mutex<BTreeMap<Verdict, u64>> = Mutex::default();
    TestRunner::new(config())
        .run(&generate::networks(), |draw| {
            let network = Arc::new(estate::network(&draw.given));
            let index = Index::new(Arc::clone(&network));
            let count = network.interfaces.len() as u32;
            for text in TRAFFIC {
                let traffic: Traffic = traffic(text);
                for to in 0..count {
                    let reached = index.who_reaches(to, traffic);
                    for from in 0..count {
                        let question = Question::new(Place::Interface(from), Place::Interface(to), traffic);
                        let wanted = ask(&network, &question);
                        *seen.lock().expect("a lock").entry(wanted.verdict).or_default() += 1;
                        let names = format!(
                            "{text} from {} to {}",
                            network.interfaces.id(from),
                            network.interfaces.id(to)
                        );
                        prop_assert_eq!(
                            reached.verdict(from),
                            wanted.verdict,
                            "{}\n{:#?}\n{}",
                            names,
                            wanted,
                            draw.given
                        );
                    }
                }
                for from in (0..count).step_by(5) {
                    let reached = index.reaches(from, traffic);
                    for to in 0..count {
                        let question = Question::new(Place::Interface(from), Place::Interface(to), traffic);
                        let wanted = ask(&network, &question).verdict;
                        prop_assert_eq!(
                            reached.verdict(to),
                            wanted,
                            "reaches: {} from {} to {}",
                            text,
                            from,
                            to
                        );
                    }
                }
            }
            Ok(())
        })
        .expect("the same answers");
    // The draw must not be one-sided.
    let seen = seen.into_inner().expect("a lock");
    println!("{seen:?}");
    for verdict in [Verdict::Yes, Verdict::No, Verdict::OnlyIf, Verdict::Unknown] {
        assert!(seen.get(&verdict).copied().unwrap_or_default() > 20, "too few of {verdict:?}: {seen:?}");
    }
}

/// Three VPCs behind a transit gateway; the first and the second have one range.
fn joined(unlisted: &Value, keeps: &Value, inbound: &Value) -> Value {
    let vpc = |v: u32, range: &str| json!({"VpcId": format!("vpc-{v}"), "CidrBlock": range, "CidrBlockAssociationSet": [{"CidrBlock": range}]});
    let subnet = |v: u32, range: &str| json!({"SubnetId": format!("subnet-{v}"), "VpcId": format!("vpc-{v}"), "CidrBlock": range, "AvailabilityZone": "a"});
    let interface = |id: &str, v: u32, at: &str| {
        json!({"NetworkInterfaceId": id, "VpcId": format!("vpc-{v}"), "SubnetId": format!("subnet-{v}"),
            "PrivateIpAddress": at, "Groups": [{"GroupId": "sg"}]})
    };
    let attachment = |v: u32| {
        json!({"TransitGatewayAttachmentId": format!("attach-{v}"), "TransitGatewayId": "tgw", "ResourceType": "vpc",
            "ResourceId": format!("vpc-{v}"), "State": "available",
            "Association": {"TransitGatewayRouteTableId": "tgw-rtb"},
            "VpcAttachment": {"SubnetIds": [format!("subnet-{v}")], "Options": {"SecurityGroupReferencingSupport": "enable"}}})
    };
    let route = |range: &str, v: u32| json!({"DestinationCidrBlock": range, "TransitGatewayAttachments": [{"TransitGatewayAttachmentId": format!("attach-{v}")}]});
    let table = |v: u32| {
        json!({"RouteTableId": format!("rtb-{v}"), "VpcId": format!("vpc-{v}"), "Associations": [{"SubnetId": format!("subnet-{v}")}],
            "Routes": [{"DestinationCidrBlock": "10.0.0.0/8", "TransitGatewayId": "tgw"}]})
    };
    json!({
        "unlisted": unlisted,
        "Vpcs": [vpc(1, "10.1.0.0/24"), vpc(2, "10.1.0.0/24"), vpc(3, "10.3.0.0/24")],
        "Subnets": [subnet(1, "10.1.0.0/24"), subnet(2, "10.1.0.0/24"), subnet(3, "10.3.0.0/24")],
        "NetworkInterfaces": [
            interface("eni-1", 1, "10.1.0.9"), interface("eni-1b", 1, "10.1.0.10"), interface("eni-2", 2, "10.1.0.10"),
            interface("eni-3", 3, "10.3.0.9"),
        ],
        "SecurityGroups": [{"GroupId": "sg", "GroupName": "all", "IpPermissions": inbound,
            "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}],
        "TransitGateways": [{"TransitGatewayId": "tgw", "Options": {"SecurityGroupReferencingSupport": keeps}}],
        "TransitGatewayAttachments": [attachment(1), attachment(2), attachment(3)],
        "TransitGatewayRouteTables": [{"TransitGatewayRouteTableId": "tgw-rtb",
            "Routes": [route("10.1.0.0/24", 2), route("10.3.0.0/24", 3)]}],
        "RouteTables": [table(1), table(2), table(3)],
    })
}

/// What is answered from the third VPC of an interface, by the index and by a packet.
fn both(given: &Value, to: &str) -> (Verdict, Verdict) {
    let network = Arc::new(estate::network(given));
    let number = |id: &str| network.interfaces.number(id).expect("an interface");
    let (from, to) = (number("eni-3"), number(to));
    let traffic = Traffic::tcp(443);
    let question = Question::new(Place::Interface(from), Place::Interface(to), traffic);
    let index = Index::new(Arc::clone(&network));
    let reached = index.who_reaches(to, traffic).verdict(from);
    assert_eq!(reached, index.reaches(from, traffic).verdict(to));
    (reached, ask(&network, &question).verdict)
}

#[test]
fn where_networks_overlap_each_address_counts() {
    let open = json!([{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]);
    let unlisted = json!({"AWS::EC2::NetworkInterface": "missing"});
    let given = joined(&unlisted, &json!("enable"), &open);
    // The second VPC may have the address, which is not known, and has the other one, so that it is surely not the first's.
    assert_eq!(both(&given, "eni-1"), (Verdict::Unknown, Verdict::Unknown));
    assert_eq!(both(&given, "eni-1b"), (Verdict::No, Verdict::No));
    assert_eq!(both(&given, "eni-2"), (Verdict::Yes, Verdict::Yes));
}

#[test]
fn groups_that_may_not_count_are_not_known() {
    let named = json!([{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg"}]}]);
    let of = |keeps: Value| both(&joined(&json!({}), &keeps, &named), "eni-2");
    assert_eq!(of(json!("enable")), (Verdict::Yes, Verdict::Yes));
    assert_eq!(of(json!("disable")), (Verdict::No, Verdict::No));
    assert_eq!(of(json!(null)), (Verdict::Unknown, Verdict::Unknown));
}
