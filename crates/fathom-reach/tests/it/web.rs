//! What stands before what answers the web: reached or not, with a firewall, without one, or not known.

use fathom_access::{Listings, Seen};
use fathom_content::{Content, web::rules};
use fathom_net::{Builder, Found, Verdict};
use fathom_reach::web::{Endpoint, Facts, Firewalls, Guard, LoadedAcls};
use fathom_webfirewall::{Acl, Sets};
use serde_json::{Value, json};

use crate::estate::{ACCOUNT, REGION, Thing, network, thing};

const STOPS: &str = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/stops/1";
const COUNTS: &str = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/counts/1";

fn acl(arn: &str, action: &str) -> (Acl, Seen) {
    let statement = json!({"GeoMatchStatement": {"CountryCodes": ["US"]}});
    let document = json!({"Name": arn.split('/').nth(2), "ARN": arn, "DefaultAction": {"Allow": {}},
        "Rules": [{"Name": "places", "Priority": 0, "Action": {action: {}}, "Statement": statement}]});
    let seen = Seen {
        kind: "AWS::WAFv2::WebACL".to_owned(),
        arn: arn.to_owned(),
        name: None,
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        document: document.clone(),
        unread: Vec::new(),
    };
    (Acl::read(&document, &Sets::default()).unwrap(), seen)
}

fn asked(things: &[Thing]) -> Firewalls {
    let content = Content::embedded().unwrap();
    let mut builder = Builder::default();
    let mut seen = Vec::new();
    for one in things {
        builder.add(Found {
            kind: &one.kind,
            uid: &one.arn,
            account: ACCOUNT,
            region: REGION,
            document: &one.document,
            unread: &one.unread,
        });
        seen.push(Seen {
            kind: one.kind.clone(),
            arn: one.arn.clone(),
            name: one.document["LoadBalancerName"].as_str().map(str::to_owned),
            account: ACCOUNT.to_owned(),
            region: REGION.to_owned(),
            document: one.document.clone(),
            unread: one.unread.clone(),
        });
    }
    let made = [ACCOUNT, REGION, "wafv2", "GetWebACLForResource"].map(ToOwned::to_owned);
    let [account, region, service, operation] = made;
    let loaded = LoadedAcls {
        acls: vec![acl(STOPS, "Block"), acl(COUNTS, "Count")],
        made: [(account, region, service, operation)].into(),
        ..LoadedAcls::default()
    };
    let (network, listings) = (builder.build(), Listings::default());
    let facts = Facts {
        content: &content,
        rules: rules().unwrap(),
        seen: &seen,
        network: &network,
        loaded: &loaded,
        listings: &listings,
    };
    Firewalls::of(&facts)
}

fn one(kind: &str, arn: &str, document: Value) -> Option<Endpoint> {
    asked(&[thing(kind, arn, document)]).endpoints.into_iter().next()
}

/// The network with a listener at its public load balancer, whose document may be changed.
fn balanced(change: impl Fn(&mut Thing)) -> Vec<Thing> {
    let mut things = network();
    let front = things.iter().find(|one| one.arn.ends_with("front/1")).unwrap().arn.clone();
    let listener = format!("{}/l", front.replace(":loadbalancer/", ":listener/"));
    things.push(thing(
        "AWS::ElasticLoadBalancingV2::Listener",
        &listener,
        json!({"ListenerArn": listener, "LoadBalancerArn": front, "Port": 443, "Protocol": "HTTPS", "DefaultActions": [{"Type": "forward", "TargetGroupArn": format!("arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/web/1")}]}),
    ));
    things.iter_mut().filter(|one| one.arn == front).for_each(change);
    things
}

#[test]
fn a_load_balancer_is_asked_of_the_network() {
    let guard = |acl: Value| {
        let found = asked(&balanced(|one| one.document["WebACLArn"] = acl.clone()));
        let rows: Vec<&Endpoint> =
            found.endpoints.iter().filter(|one| one.resource.contains(":loadbalancer/")).collect();
        assert_eq!(rows.len(), 1, "the one inside is none: {rows:?}");
        assert_eq!((rows[0].reached, rows[0].way.as_str()), (Verdict::Yes, "the internet reaches port 443"));
        (rows[0].guard, rows[0].missing.clone())
    };
    assert_eq!(guard(json!(STOPS)), (Guard::Stops, Vec::new()));
    assert_eq!(guard(json!(COUNTS)), (Guard::OnlyCounts, Vec::new()));
    assert_eq!(guard(Value::Null), (Guard::None, Vec::new()));
    let (unknown, missing) = guard(json!("arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/gone/1"));
    assert_eq!(unknown, Guard::Unknown);
    assert!(missing[0].contains("wafv2:GetWebACL"), "{missing:?}");
    // A group that lets nobody in: it is no endpoint of the internet.
    let mut shut = balanced(|one| one.document["SecurityGroups"] = json!(["sg-shut"]));
    for one in shut.iter_mut().filter(|one| one.arn == "eni-front") {
        one.document["Groups"] = json!([{"GroupId": "sg-shut"}]);
    }
    assert_eq!(asked(&shut).endpoints, []);
}

#[test]
fn what_was_not_read_is_never_none() {
    let arn = "arn:aws:cognito-idp:eu-central-1:111122223333:userpool/p";
    let pool = || thing("AWS::Cognito::UserPool", arn, json!({"Id": "p", "Name": "p"}));
    assert_eq!(asked(&[pool()]).endpoints[0].guard, Guard::None);
    let mut denied = pool();
    denied.unread.push("WebACLArn".to_owned());
    let row = asked(&[denied]).endpoints.remove(0);
    assert_eq!(row.guard, Guard::Unknown);
    assert!(row.missing[0].contains("wafv2:GetWebACLForResource"), "{:?}", row.missing);
    // Nobody asked: a scan from before the call was made, or answers that somebody saved without it.
    let content = Content::embedded().unwrap();
    let seen = vec![Seen {
        kind: "AWS::Cognito::UserPool".to_owned(),
        arn: arn.to_owned(),
        name: None,
        account: ACCOUNT.to_owned(),
        region: "us-east-1".to_owned(),
        document: json!({"Id": "p"}),
        unread: Vec::new(),
    }];
    let (network, listings, loaded) =
        (Builder::default().build(), Listings::default(), LoadedAcls::default());
    let facts = Facts {
        content: &content,
        rules: rules().unwrap(),
        seen: &seen,
        network: &network,
        loaded: &loaded,
        listings: &listings,
    };
    let row = Firewalls::of(&facts).endpoints.remove(0);
    assert_eq!(row.guard, Guard::Unknown);
    assert!(row.missing[0].contains("wafv2:GetWebACLForResource"), "{:?}", row.missing);
}

#[test]
fn each_kind_of_endpoint_is_asked_by_its_own_document() {
    let arn = "arn:aws:cloudfront::111122223333:distribution/D";
    let distribution = |enabled: bool, acl: &str| {
        one("AWS::CloudFront::Distribution", arn, json!({"Enabled": enabled, "WebACLId": acl}))
    };
    assert_eq!(distribution(true, "").unwrap().guard, Guard::None);
    assert_eq!(distribution(true, STOPS).unwrap().guard, Guard::Stops);
    assert_eq!(distribution(false, ""), None);
    let graph = |visibility: &str| {
        let document = json!({"visibility": visibility, "wafWebAclArn": COUNTS});
        one("AWS::AppSync::GraphQLApi", "arn:aws:appsync:eu-central-1:111122223333:apis/a", document)
            .map(|row| row.guard)
    };
    assert_eq!((graph("GLOBAL"), graph("PRIVATE")), (Some(Guard::OnlyCounts), None));
    let function = one(
        "AWS::Lambda::Function",
        "arn:aws:lambda:eu-central-1:111122223333:function:f",
        json!({"UrlConfig": {"FunctionUrl": "https://abc.lambda-url.eu-central-1.on.aws/"}}),
    );
    let function = function.unwrap();
    assert_eq!(function.guard, Guard::Cannot);
    assert!(function.cannot.unwrap().contains("distribution"));
    assert_eq!(
        one("AWS::Lambda::Function", "arn:aws:lambda:eu-central-1:111122223333:function:g", json!({})),
        None
    );
    let runner = |public: bool| {
        let document =
            json!({"NetworkConfiguration": {"IngressConfiguration": {"IsPubliclyAccessible": public}}});
        one("AWS::AppRunner::Service", "arn:aws:apprunner:eu-central-1:111122223333:service/s/1", document)
            .map(|row| row.guard)
    };
    assert_eq!((runner(true), runner(false)), (Some(Guard::None), None));
}

#[test]
fn a_stage_is_as_public_as_its_interface() {
    let stage = |api: Value| {
        let found = asked(&[
            thing("AWS::ApiGateway::RestApi", "arn:aws:apigateway:eu-central-1::/restapis/a1", api),
            thing(
                "AWS::ApiGateway::Stage",
                "arn:aws:apigateway:eu-central-1::/restapis/a1/stages/live",
                json!({"stageName": "live", "webAclArn": STOPS}),
            ),
        ]);
        found.endpoints.into_iter().next().map(|row| (row.reached, row.guard))
    };
    let types = |kind: &str| json!({"id": "a1", "endpointConfiguration": {"types": [kind]}});
    assert_eq!(stage(types("REGIONAL")), Some((Verdict::Yes, Guard::Stops)));
    assert_eq!(stage(types("PRIVATE")), None);
    let mut closed = types("REGIONAL");
    closed["disableExecuteApiEndpoint"] = json!(true);
    assert_eq!(stage(closed), Some((Verdict::OnlyIf, Guard::Stops)));
    let alone = one(
        "AWS::ApiGateway::Stage",
        "arn:aws:apigateway:eu-central-1::/restapis/a1/stages/live",
        json!({"stageName": "live"}),
    )
    .unwrap();
    assert_eq!((alone.reached, alone.missing.len()), (Verdict::Unknown, 1));
}

#[test]
fn an_origin_that_is_reached_past_its_distribution_is_named() {
    let mut things =
        balanced(|one| one.document["DNSName"] = json!("Front-1.eu-central-1.elb.amazonaws.com"));
    let cdn = |origin: &str| {
        let document = json!({"Enabled": true, "WebACLId": STOPS, "DomainName": "d1.cloudfront.net", "Origins": {"Items": [{"DomainName": origin}]}});
        thing("AWS::CloudFront::Distribution", "arn:aws:cloudfront::111122223333:distribution/D", document)
    };
    let past = |things: &[Thing]| {
        let found = asked(things);
        let row = found.endpoints.into_iter().find(|one| one.resource.contains("distribution")).unwrap();
        row.past.into_iter().map(|past| (past.what, past.guard)).collect::<Vec<_>>()
    };
    things.push(cdn("front-1.eu-central-1.elb.amazonaws.com"));
    assert_eq!(past(&things), [("load balancer".to_owned(), Guard::None)]);
    things.pop();
    things.push(cdn("another.example"));
    assert_eq!(past(&things), []);
    let api = [
        thing(
            "AWS::ApiGateway::RestApi",
            "arn:aws:apigateway:eu-central-1::/restapis/a1",
            json!({"id": "a1", "endpointConfiguration": {"types": ["REGIONAL"]}}),
        ),
        thing(
            "AWS::ApiGateway::Stage",
            "arn:aws:apigateway:eu-central-1::/restapis/a1/stages/live",
            json!({"stageName": "live", "webAclArn": COUNTS}),
        ),
        cdn("a1.execute-api.eu-central-1.amazonaws.com"),
    ];
    assert_eq!(past(&api), [("stage of a REST interface".to_owned(), Guard::OnlyCounts)]);
}
