//! Documents that make no sense: nothing panics, nothing is a wrong no.

use fathom_net::{Builder, Found, Question, Traffic, Verdict, ask, trace};
use serde_json::{Value, json};

use crate::estate;

/// What a person's mistakes and a provider's novelties look like.
fn nonsense() -> Vec<Value> {
    vec![
        json!(null),
        json!([]),
        json!("text"),
        json!({}),
        json!({"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/99"}),
        json!({"VpcId": "vpc-1", "SubnetId": "subnet-1", "CidrBlock": 7}),
        json!({"NetworkInterfaceId": "eni-1", "VpcId": "vpc-1", "PrivateIpAddress": "10.0.0.x", "PrivateIpAddresses": [null, 3]}),
        json!({"GroupId": "sg-1", "IpPermissions": [{"IpProtocol": "nonsense"}, {"IpProtocol": "tcp", "FromPort": 70000, "ToPort": -9}]}),
        json!({"NetworkAclId": "acl-1", "Entries": [{"Protocol": "x", "RuleNumber": -1}], "Associations": [{"SubnetId": 4}]}),
        json!({"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Routes": [{}, {"DestinationCidrBlock": "::/0/0"}], "Associations": {}}),
        json!({"TransitGatewayAttachmentId": "a", "TransitGatewayId": "t", "ResourceType": "new"}),
        json!({"TargetGroupArn": "x", "Instances": [{"Target": {"Port": 1}}]}),
        json!({"LoadBalancerArn": "x", "LoadBalancerName": "y", "AvailabilityZones": "z"}),
    ]
}

#[test]
fn nonsense_breaks_nothing() {
    let mut builder = Builder::default();
    for kind in Builder::kinds() {
        for (number, document) in nonsense().iter().enumerate() {
            let uid = format!("{kind} {number}");
            builder.add(Found { kind, uid: &uid, account: "1", region: "r", document, unread: &[] });
        }
    }
    let network = builder.build();
    // Each fault names its resource.
    assert!(!network.faults.is_empty());
    assert!(network.faults.iter().all(|fault| fault.starts_with("AWS::")), "{:?}", network.faults);
    for from in ["internet", "eni-1", "10.0.0.1", "203.0.113.1"] {
        for to in ["internet", "eni-1", "10.0.0.1", "2001:db8::1"] {
            let (Ok(from), Ok(to)) = (trace::find(&network, from), trace::find(&network, to)) else {
                continue;
            };
            let answer = ask(&network, &Question::new(from, to, Traffic::tcp(443)));
            assert!(answer.hops.len() < 1000);
        }
    }
}

#[test]
fn a_rule_that_makes_no_sense_is_no_wrong_no() {
    let given = |permissions: Value, entries: Value| {
        json!({
            "Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}],
            "Subnets": [
                {"SubnetId": "subnet-a", "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24"},
                {"SubnetId": "subnet-b", "VpcId": "vpc-1", "CidrBlock": "10.0.2.0/24"}
            ],
            "NetworkInterfaces": [
                {"NetworkInterfaceId": "eni-a", "VpcId": "vpc-1", "SubnetId": "subnet-a", "PrivateIpAddress": "10.0.1.10", "Groups": [{"GroupId": "sg-a"}]},
                {"NetworkInterfaceId": "eni-b", "VpcId": "vpc-1", "SubnetId": "subnet-b", "PrivateIpAddress": "10.0.2.10", "Groups": [{"GroupId": "sg-b"}]}
            ],
            "SecurityGroups": [
                {"GroupId": "sg-a", "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]},
                {"GroupId": "sg-b", "IpPermissions": permissions}
            ],
            "NetworkAcls": [
                {"NetworkAclId": "acl-b", "Associations": [{"SubnetId": "subnet-b"}], "Entries": entries}
            ]
        })
    };
    let rule = |number: u32, egress: bool, range: &str| json!({"Egress": egress, "Protocol": "-1", "RuleAction": "allow", "RuleNumber": number, "CidrBlock": range});
    let open = json!([rule(1, true, "0.0.0.0/0"), rule(1, false, "0.0.0.0/0")]);
    let anyone = json!([{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]);
    let verdict = |permissions: Value, entries: Value| {
        let network = estate::network(&given(permissions, entries));
        let place = |id: &str| trace::find(&network, id).expect("a place");
        ask(&network, &Question::new(place("eni-a"), place("eni-b"), Traffic::tcp(443))).verdict
    };
    assert_eq!(verdict(anyone.clone(), open.clone()), Verdict::Yes);
    // Who it lets in cannot be read.
    assert_eq!(
        verdict(json!([{"IpProtocol": "tcp", "IpRanges": [{"CidrIp": "10.0.0/8"}]}]), open.clone()),
        Verdict::Unknown
    );
    assert_eq!(
        verdict(json!([{"IpProtocol": "tls", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]), open.clone()),
        Verdict::Unknown
    );
    // A rule that comes first and cannot be read may decide; one that comes later does not.
    let broken = |number: u32| {
        json!([rule(number, true, "0.0.0.0/0"), rule(number, false, "zero"), rule(50, false, "0.0.0.0/0")])
    };
    assert_eq!(verdict(anyone.clone(), broken(1)), Verdict::Unknown);
    assert_eq!(verdict(anyone, broken(60)), Verdict::Yes);
}

#[test]
fn places_that_mean_nothing_or_several_things_are_refused() {
    let network = estate::network(&json!({
        "Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}, {"VpcId": "vpc-2", "CidrBlock": "10.0.0.0/16"}],
        "NetworkInterfaces": [
            {"NetworkInterfaceId": "eni-1", "VpcId": "vpc-1", "SubnetId": "subnet-1", "PrivateIpAddress": "10.0.0.9"},
            {"NetworkInterfaceId": "eni-2", "VpcId": "vpc-2", "SubnetId": "subnet-2", "PrivateIpAddress": "10.0.0.9"}
        ]
    }));
    let error = trace::find(&network, "10.0.0.9").expect_err("two");
    assert!(error.contains("10.0.0.9@vpc-1") && error.contains("10.0.0.9@vpc-2"), "{error}");
    assert!(trace::find(&network, "10.0.0.9@vpc-2").is_ok());
    for wrong in ["", "eni-3", "10.0.0.9@vpc-3", "10.0.0@vpc-1", "10.0.0.8@vpc-1"] {
        assert!(trace::find(&network, wrong).is_err(), "{wrong}");
    }
}
