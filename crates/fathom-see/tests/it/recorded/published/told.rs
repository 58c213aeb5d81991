//! What the published examples say of one resource of each type. Every id, name and edge stands in them, and every ARN that
//! they give of the resource stands here; what they leave out of its own ARN is as AWS's Service Authorization Reference has
//! the form. `docs/resources.md` takes from [`TOLD`] which types are tested so.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Found;

/// One resource as its examples tell it.
pub(super) struct Told {
    pub(super) kind: &'static str,
    id: &'static str,
    uid: &'static str,
    name: Option<&'static str>,
    /// Its edges: what they mean, and the uid of what they lead to, or how the answer names it.
    leads_to: &'static [(&'static str, &'static str)],
}

/// Types whose published answers leave out what they are known by, and what that is.
pub(super) const TELLS_TOO_LITTLE: &[(&str, &str)] = &[
    ("AWS::EC2::PlacementGroup", "neither id nor ARN: the example is older than they are"),
    ("AWS::Signer::SigningProfile", "no ARN: the example is older than it is"),
];

pub(super) const TOLD: &[Told] = &[
    Told {
        kind: "AWS::ApiGatewayV2::Authorizer",
        id: "a1b2c3d4/a1b2c3",
        uid: "arn:aws:apigateway:us-east-1::/apis/a1b2c3d4/authorizers/a1b2c3",
        name: Some("my-jwt-authorizer"),
        leads_to: &[("part_of", "arn:aws:apigateway:us-east-1::/apis/a1b2c3d4")],
    },
    Told {
        kind: "AWS::AppRunner::Service",
        id: "8fe1e10304f84fd2b0df550fe98a71fa",
        uid: "arn:aws:apprunner:us-east-1:123456789012:service/python-app/8fe1e10304f84fd2b0df550fe98a71fa",
        name: Some("python-app"),
        leads_to: &[(
            "mentions",
            "arn:aws:apprunner:us-east-1:123456789012:connection/my-github-connection/e7656250f67242d7819feade6800f59e",
        )],
    },
    Told {
        kind: "AWS::CloudFront::CloudFrontOriginAccessIdentity",
        id: "EH1HDMBEXAMPLE",
        uid: "arn:aws:cloudfront::123456789012:origin-access-identity/EH1HDMBEXAMPLE",
        name: None,
        leads_to: &[],
    },
    Told {
        kind: "AWS::CodeCommit::Repository",
        id: "MyDemoRepo",
        uid: "arn:aws:codecommit:us-east-1:80398EXAMPLE:MyDemoRepo",
        name: Some("MyDemoRepo"),
        leads_to: &[
            ("notifies", "arn:aws:sns:us-east-1:111111111111:MyCodeCommitTopic"),
            ("notifies", "arn:aws:lambda:us-east-1:111111111111:function:MyCodeCommitPythonFunction"),
        ],
    },
    Told {
        kind: "AWS::Detective::Graph",
        id: "123412341234",
        uid: "arn:aws:detective:us-east-1:111122223333:graph:123412341234",
        name: None,
        leads_to: &[("records", "444455556666"), ("records", "123456789012")],
    },
    Told {
        kind: "AWS::EC2::ClientVpnEndpoint",
        id: "cvpn-endpoint-123456789123abcde",
        uid: "arn:aws:ec2:us-east-1:123456789012:client-vpn-endpoint/cvpn-endpoint-123456789123abcde",
        name: Some("Client VPN"),
        leads_to: &[
            ("in_vpc", "vpc-a87f92c1"),
            ("has_security_group", "sg-aabbcc11223344567"),
            (
                "uses_certificate",
                "arn:aws:acm:ap-south-1:123456789012:certificate/a1b2c3d4-5678-90ab-cdef-11111EXAMPLE",
            ),
            (
                "uses_certificate",
                "arn:aws:acm:ap-south-1:123456789012:certificate/a1b2c3d4-5678-90ab-cdef-22222EXAMPLE",
            ),
            ("logs_to", "Client-vpn-connection-logs"),
        ],
    },
    Told {
        kind: "AWS::EC2::EgressOnlyInternetGateway",
        id: "eigw-015e0e244e24dfe8a",
        uid: "arn:aws:ec2:us-east-1:123456789012:egress-only-internet-gateway/eigw-015e0e244e24dfe8a",
        name: None,
        leads_to: &[("attached_to", "vpc-0c62a468")],
    },
    Told {
        kind: "AWS::EC2::IPAMPool",
        id: "ipam-pool-02ec043a19bbe5d08",
        uid: "arn:aws:ec2::123456789012:ipam-pool/ipam-pool-02ec043a19bbe5d08",
        name: Some("Preprod pool"),
        leads_to: &[
            ("mentions", "arn:aws:ec2::123456789012:ipam-scope/ipam-scope-02fc38cd4c48e7d38"),
            ("mentions", "arn:aws:ec2::123456789012:ipam/ipam-08440e7a3acde3908"),
        ],
    },
    Told {
        kind: "AWS::EC2::InstanceConnectEndpoint",
        id: "eice-0123456789example",
        uid: "arn:aws:ec2:us-east-1:111111111111:instance-connect-endpoint/eice-0123456789example",
        name: None,
        leads_to: &[
            ("has_interface", "eni-0123456789example"),
            ("in_subnet", "subnet-0123abcd"),
            ("in_vpc", "vpc-0123abcd"),
        ],
    },
    Told {
        kind: "AWS::ECR::PublicRepository",
        id: "project-a/nginx-web-app",
        uid: "arn:aws:ecr-public::123456789012:repository/project-a/nginx-web-app",
        name: Some("project-a/nginx-web-app"),
        leads_to: &[
            ("mentions", "arn:aws:iam::123456789012:user/eksuser1"),
            ("mentions", "arn:aws:iam::123456789012:user/admin"),
        ],
    },
    Told {
        kind: "AWS::EKS::AccessEntry",
        id: "eks-customer/arn:aws:iam::111122223333:user/eks-admin-user",
        uid: "arn:aws:eks:us-west-2:111122223333:access-entry/eks-customer/user/111122223333/eks-admin-user/0acb1bc6-cb0a-ede6-11ae-a6506e3d36p0",
        name: Some("arn:aws:iam::111122223333:user/eks-admin-user"),
        leads_to: &[
            ("part_of", "arn:aws:eks:us-east-2:111122223333:cluster/my-eks-cluster"),
            ("gives_access_for", "arn:aws:iam::111122223333:user/eks-admin-user"),
        ],
    },
    Told {
        kind: "AWS::EKS::PodIdentityAssociation",
        id: "a-9njjin9gfghecgocd",
        uid: "arn:aws:eks:us-west-2:111122223333:podidentityassociation/eks-customer/a-9njjin9gfghecgocd",
        name: None,
        leads_to: &[
            ("part_of", "arn:aws:eks:us-east-2:111122223333:cluster/my-eks-cluster"),
            ("runs_as", "arn:aws:iam::111122223333:role/my-role"),
        ],
    },
    Told {
        kind: "AWS::FMS::Policy",
        id: "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111",
        uid: "arn:aws:fms:us-west-2:123456789012:policy/d1ac59b8-938e-42b3-b2e0-7c620422ddc2",
        name: Some("test"),
        leads_to: &[("mentions", "sg-045c43ccc9724e63e")],
    },
    Told {
        kind: "AWS::ImageBuilder::ImagePipeline",
        id: "mywindows2016pipeline",
        uid: "arn:aws:imagebuilder:us-west-2:123456789012:image-pipeline/mywindows2016pipeline",
        name: Some("MyWindows2016Pipeline"),
        leads_to: &[
            ("mentions", "arn:aws:imagebuilder:us-west-2:123456789012:image-recipe/mybasicrecipe/2019.12.03"),
            (
                "mentions",
                "arn:aws:imagebuilder:us-west-2:123456789012:infrastructure-configuration/myexampleinfrastructure",
            ),
            (
                "mentions",
                "arn:aws:imagebuilder:us-west-2:123456789012:distribution-configuration/myexampledistribution",
            ),
        ],
    },
    Told {
        kind: "AWS::Lightsail::Database",
        id: "MySQL",
        uid: "arn:aws:lightsail:us-west-2:111122223333:RelationalDatabase/8529020c-3ab9-4d51-92af-5EXAMPLE8979",
        name: Some("MySQL"),
        leads_to: &[],
    },
    Told {
        kind: "AWS::Lightsail::Instance",
        id: "MEAN-1",
        uid: "arn:aws:lightsail:us-west-2:111122223333:Instance/bd470fc5-a68b-44c5-8dbc-8EXAMPLEbada",
        name: Some("MEAN-1"),
        leads_to: &[(
            "mentions",
            "arn:aws:lightsail:us-west-2:111122223333:Disk/c21cfb0a-07f2-44ae-9a23-bEXAMPLE8096",
        )],
    },
    Told {
        kind: "AWS::ResourceExplorer2::Index",
        id: "EXAMPLE8-90ab-cdef-fedc-EXAMPLE11111",
        uid: "arn:aws:resource-explorer-2:us-east-1:123456789012:index/EXAMPLE8-90ab-cdef-fedc-EXAMPLE11111",
        name: None,
        leads_to: &[],
    },
    Told {
        kind: "AWS::Route53Resolver::FirewallRuleGroup",
        id: "rslvr-frg-47f93271fexample",
        uid: "arn:aws:route53resolver:us-west-2:123456789012:firewall-rule-group/rslvr-frg-47f93271fexample",
        name: Some("test"),
        leads_to: &[
            ("guards", "vpc-31e92222"),
            (
                "mentions",
                "arn:aws:route53resolver:us-west-2:123456789012:firewall-rule-group-association/rslvr-frgassoc-57e8873d7example",
            ),
        ],
    },
    Told {
        kind: "AWS::SSM::Association",
        id: "8dfe3659-4309-493a-8755-0123456789ab",
        uid: "arn:aws:ssm:us-east-1:123456789012:association/8dfe3659-4309-493a-8755-0123456789ab",
        name: Some("Inventory-Association"),
        leads_to: &[],
    },
    Told {
        kind: "AWS::SSM::PatchBaseline",
        id: "pb-0123456789abcdef0",
        uid: "arn:aws:ssm:us-east-1:123456789012:patchbaseline/pb-0123456789abcdef0",
        name: Some("WindowsPatching"),
        leads_to: &[],
    },
    Told {
        kind: "AWS::SecurityHub::Standard",
        id: "arn:aws:securityhub:us-west-1:123456789012:subscription/pci-dss/v/3.2.1",
        uid: "arn:aws:securityhub:us-west-1:123456789012:subscription/pci-dss/v/3.2.1",
        name: Some("arn:aws:securityhub:us-west-1::standards/pci-dss/v/3.2.1"),
        leads_to: &[],
    },
    Told {
        kind: "AWS::VerifiedPermissions::PolicyStore",
        id: "PSEXAMPLEabcdefg111111",
        uid: "arn:aws:verifiedpermissions::123456789012:policy-store/PSEXAMPLEabcdefg111111",
        name: None,
        leads_to: &[],
    },
    Told {
        kind: "AWS::XRay::EncryptionConfig",
        id: "us-east-1",
        uid: "arn:aws:xray:us-east-1:123456789012:encryption-config",
        name: None,
        leads_to: &[("encrypted_by", "ae4aa6d49-a4d8-9df9-a475-4ff6d7898456")],
    },
];

impl Told {
    /// How what was stored differs.
    pub(super) fn differs(&self, found: &BTreeMap<(String, String), Found>) -> Option<String> {
        let Self { kind, id, uid, name, leads_to } = self;
        let Some(found) = found.get(&(format!("published {kind}"), (*uid).to_owned())) else {
            return Some(format!("{kind}: {uid} is not there"));
        };
        let edges: BTreeSet<(&str, &str)> =
            found.edges.iter().map(|(kind, to)| (kind.as_str(), to.as_str())).collect();
        let expected: BTreeSet<(&str, &str)> = leads_to.iter().copied().collect();
        let same = found.kind.as_str() == *kind
            && found.id == *id
            && found.name.as_deref() == *name
            && edges == expected;
        (!same).then(|| format!("{kind} {uid} is {found:?}\n  published is {id} {name:?} {expected:?}"))
    }
}
