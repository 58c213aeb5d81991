//! What a plan is written as, against what a scan reads once the cloud was told to do the same: where no answer of `what-if` shows it
//! alone, the descriptions themselves are compared.

use fathom_content::Content;
use fathom_estate::declared::changes::Proposal;
use fathom_model::Resource;
use fathom_see::planned::{self, Planned, Where};
use fathom_store::{Store, Which};
use fathom_testkit::moto::Moto;
use futures::TryStreamExt as _;
use serde_json::{Value, json};

use super::{
    ACCOUNT, REGION,
    agree::text,
    cloud::{boto, front},
    plans::{change, plan},
};
use crate::harness::{Place, copy_dir};

/// A load balancer that listens, a function, and a transit gateway between two networks.
const BEFORE: &str = r#"
import io, zipfile
e, out = c("ec2"), {}
out["subnets"] = []
for name, base in [("a", "10.1"), ("b", "10.2")]:
    vpc = e.create_vpc(CidrBlock=base + ".0.0/16")["Vpc"]["VpcId"]
    out["vpc_" + name], out["subnet_" + name] = vpc, []
    for part, zone in [("1", "eu-west-1a"), ("2", "eu-west-1b")]:
        subnet = e.create_subnet(VpcId=vpc, CidrBlock=base + "." + part + ".0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
        out["subnet_" + name].append(subnet)
tgw = e.create_transit_gateway(Options={"DefaultRouteTableAssociation": "disable", "DefaultRouteTablePropagation": "disable"})
out["tgw"] = tgw["TransitGateway"]["TransitGatewayId"]
for name in "ab":
    one = e.create_transit_gateway_vpc_attachment(TransitGatewayId=out["tgw"], VpcId=out["vpc_" + name], SubnetIds=out["subnet_" + name])
    out["attachment_" + name] = one["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
table = e.create_transit_gateway_route_table(TransitGatewayId=out["tgw"])["TransitGatewayRouteTable"]["TransitGatewayRouteTableId"]
out["table"] = table
e.create_transit_gateway_route(TransitGatewayRouteTableId=table, DestinationCidrBlock="10.1.0.0/16", TransitGatewayAttachmentId=out["attachment_a"])
l = c("elbv2")
lb = l.create_load_balancer(Name="shop", Subnets=out["subnet_a"])["LoadBalancers"][0]["LoadBalancerArn"]
for name in ["one", "two"]:
    out["targets_" + name] = l.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=out["vpc_a"])["TargetGroups"][0]["TargetGroupArn"]
out["listener"] = l.create_listener(LoadBalancerArn=lb, Protocol="HTTP", Port=80, DefaultActions=[{"Type": "forward",
    "TargetGroupArn": out["targets_one"]}])["Listeners"][0]["ListenerArn"]
role = c("iam").create_role(RoleName="runs", AssumeRolePolicyDocument=trust({"Service": "lambda.amazonaws.com"}))["Role"]["Arn"]
held = io.BytesIO()
with zipfile.ZipFile(held, "w") as packed: packed.writestr("f.py", "def f(*_): pass")
for name in ["f", "g"]:
    c("lambda").create_function(FunctionName=name, Runtime="python3.12", Role=role, Handler="f.f", Code={"ZipFile": held.getvalue()})
c("lambda").add_permission(FunctionName="g", StatementId="old", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com",
    SourceArn="arn:aws:sns:eu-west-1:123456789012:news")
c("lambda").add_permission(FunctionName="g", StatementId="kept", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com",
    SourceArn="arn:aws:sns:eu-west-1:123456789012:other")
print(json.dumps(out))
"#;

/// The same as the plan, by calls of the API.
const APPLY: &str = r#"
e = c("ec2")
e.create_transit_gateway_route(TransitGatewayRouteTableId=ids["table"], DestinationCidrBlock="10.2.0.0/16",
    TransitGatewayAttachmentId=ids["attachment_b"])
c("elbv2").create_rule(ListenerArn=ids["listener"], Priority=10, Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/api/*"]}}],
    Actions=[{"Type": "forward", "TargetGroupArn": ids["targets_two"]}])
f = c("lambda")
f.add_permission(FunctionName="f", StatementId="new", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com",
    SourceArn="arn:aws:s3:::files", SourceAccount="123456789012")
f.remove_permission(FunctionName="g", StatementId="old")
print(json.dumps({}))
"#;

fn made(address: &str, after: Value) -> Value {
    change(address, "create", Value::Null, after)
}

/// What was read of a type.
async fn read(store: &Store, kind: &str) -> Vec<Resource> {
    let found = store.stream_resources(&Which::of(&kind.into()), true).try_concat().await.expect("resources");
    found.into_iter().map(|one| one.resource).collect()
}

/// The descriptions of a type after a plan.
async fn foretold(store: &Store, planned: &Planned, kind: &str) -> Vec<Value> {
    let under = store.under(planned.overlay.clone());
    read(&under, kind).await.iter().map(|one| one.document.value()).collect()
}

fn find<'d>(all: &'d [Value], member: &str, wanted: &str) -> &'d Value {
    let is_it = |one: &&Value| one[member].as_str() == Some(wanted);
    all.iter().find(is_it).unwrap_or_else(|| panic!("no {member} {wanted} in {all:#?}"))
}

/// A list in an order of its own.
fn sorted(list: &Value) -> Vec<String> {
    let mut all: Vec<String> = list.as_array().into_iter().flatten().map(Value::to_string).collect();
    all.sort_unstable();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_of_listeners_functions_and_transit_gateways_are_written_as_scans_read_them() {
    let Some(moto) = Moto::start() else { return };
    let ids = boto(&moto, BEFORE);
    let id = |name: &str| ids[name].clone();
    let cloud = front(&moto);
    let place = Place::asking(&cloud.url);
    place.run(&["scan", "--regions", REGION, "--quiet"]).ok();
    let function = |name: &str| format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}");
    let code = plan(vec![
        made(
            "aws_ec2_transit_gateway_route.b",
            json!({"transit_gateway_route_table_id": id("table"), "destination_cidr_block": "10.2.0.0/16",
                "transit_gateway_attachment_id": id("attachment_b"), "blackhole": false}),
        ),
        made(
            "aws_lb_listener_rule.api",
            json!({"listener_arn": id("listener"), "priority": 10,
                "action": [{"type": "forward", "target_group_arn": id("targets_two"), "forward": [], "redirect": []}],
                "condition": [{"path_pattern": [{"values": ["/api/*"]}], "host_header": [], "source_ip": []}]}),
        ),
        made(
            "aws_lambda_permission.new",
            json!({"function_name": "f", "statement_id": "new", "action": "lambda:InvokeFunction", "principal": "s3.amazonaws.com",
                "source_arn": "arn:aws:s3:::files", "source_account": ACCOUNT}),
        ),
        change(
            "aws_lambda_permission.old",
            "delete",
            json!({"function_name": "g", "statement_id": "old", "action": "lambda:InvokeFunction", "principal": "sns.amazonaws.com",
                "source_arn": format!("arn:aws:sns:{REGION}:{ACCOUNT}:news")}),
            Value::Null,
        ),
    ]);
    let proposal = Proposal::terraform("plan.json", &code.to_string()).expect("a plan");
    let content = Content::embedded().expect("the content that ships");
    let store = Store::open_reader(&place.data()).await.expect("a store");
    let here = Where { region: Some(REGION.to_owned()), ..Where::default() };
    let planned = planned::plan(&store, &content, &proposal, &here).await.expect("written");
    for one in &planned.changes {
        assert!(one.not_known.is_empty() && one.not_looked_at.is_empty(), "{one:#?}");
    }
    let given = serde_json::to_string(&ids.to_string()).expect("text");
    let done = boto(&moto, &format!("ids = json.loads({given})\n{APPLY}"));
    assert!(done.is_object(), "the cloud refuses the same by its API");
    let cloud = front(&moto);
    let after = Place::asking(&cloud.url);
    copy_dir(&place.data(), &after.data());
    after.run(&["scan", "--regions", REGION, "--quiet"]).ok();
    let then = Store::open_reader(&after.data()).await.expect("a store");
    let really = async |kind: &str| -> Vec<Value> {
        read(&then, kind).await.iter().map(|one| one.document.value()).collect()
    };

    let kind = "AWS::EC2::TransitGatewayRouteTable";
    let (told, is) = (foretold(&store, &planned, kind).await, really(kind).await);
    let table = text(&id("table"));
    let routes = |all: &[Value]| -> Vec<String> {
        let routes =
            find(all, "TransitGatewayRouteTableId", &table)["Routes"].as_array().cloned().unwrap_or_default();
        let of = |route: &Value| {
            // The cloud under test leaves out which attachment a route leads to.
            json!([route["DestinationCidrBlock"], route["Type"], route["State"]]).to_string()
        };
        routes.iter().map(of).collect()
    };
    assert_eq!(routes(&told), routes(&is));
    assert_eq!(routes(&is).len(), 2);

    let kind = "AWS::ElasticLoadBalancingV2::ListenerRule";
    let (told, is) = (foretold(&store, &planned, kind).await, really(kind).await);
    let (told, is) = (find(&told, "Priority", "10"), find(&is, "Priority", "10"));
    assert_eq!(told["Actions"][0]["TargetGroupArn"], is["Actions"][0]["TargetGroupArn"]);
    assert_eq!(
        told["Conditions"][0]["PathPatternConfig"]["Values"],
        is["Conditions"][0]["PathPatternConfig"]["Values"]
    );
    // A rule is of the listener that its ARN begins with.
    let of = |rule: &Value| text(&rule["RuleArn"]).rsplit_once('/').map(|(of, _)| of.to_owned());
    assert_eq!(of(told), of(is));

    let kind = "AWS::Lambda::Function";
    let (told, is) = (foretold(&store, &planned, kind).await, really(kind).await);
    for name in ["f", "g"] {
        let statements =
            |all: &[Value]| sorted(&find(all, "FunctionArn", &function(name))["Policy"]["Statement"]);
        assert_eq!(statements(&told), statements(&is), "{name}");
        assert_eq!(statements(&is).len(), 1, "{name}");
    }
}
