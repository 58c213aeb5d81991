//! What is generated: each listing with its items in the value form.
//!
//! `ZQXnameXQZ` is a slot, see the templates. Booleans may be slots only in XML.

use serde_json::{Value, json};

use super::Scale;

/// Whether a listing is of a region or of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Region,
    Account,
}

/// One kind of items in a listing.
#[derive(Debug)]
pub(super) struct Segment {
    /// Path of the list in the output.
    pub(super) list: &'static str,
    /// How many there are.
    pub(super) count: fn(&Scale) -> u64,
    /// The item with its slots.
    pub(super) item: fn() -> Value,
    /// Pointer to the object inside the item that has the tags.
    pub(super) tagged_at: &'static str,
}

/// An operation that lists.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) service: &'static str,
    pub(super) operation: &'static str,
    pub(super) place: Place,
    pub(super) segments: &'static [Segment],
}

const fn segment(list: &'static str, count: fn(&Scale) -> u64, item: fn() -> Value) -> Segment {
    Segment { list, count, item, tagged_at: "" }
}

const fn listing(service: &'static str, operation: &'static str, segments: &'static [Segment]) -> Listing {
    Listing { service, operation, place: Place::Region, segments }
}

const fn of_account(service: &'static str, operation: &'static str, segments: &'static [Segment]) -> Listing {
    Listing { service, operation, place: Place::Account, segments }
}

pub(super) const LISTINGS: &[Listing] = &[
    listing("ec2", "DescribeVpcs", &[segment("Vpcs", |scale| scale.vpcs, vpc)]),
    listing("ec2", "DescribeSubnets", &[segment("Subnets", |scale| scale.subnets, subnet)]),
    listing(
        "ec2",
        "DescribeSecurityGroups",
        &[segment("SecurityGroups", |scale| scale.security_groups, security_group)],
    ),
    listing(
        "ec2",
        "DescribeInstances",
        &[Segment {
            list: "Reservations",
            count: |scale| scale.instances,
            item: reservation,
            tagged_at: "/Instances/0",
        }],
    ),
    listing("ec2", "DescribeVolumes", &[segment("Volumes", |scale| scale.volumes, volume)]),
    listing(
        "ec2",
        "DescribeNetworkInterfaces",
        &[segment("NetworkInterfaces", |scale| scale.network_interfaces, interface)],
    ),
    listing("ec2", "DescribeSnapshots", &[segment("Snapshots", |scale| scale.snapshots, snapshot)]),
    listing("lambda", "ListFunctions", &[segment("Functions", |scale| scale.functions, function)]),
    listing("logs", "DescribeLogGroups", &[segment("logGroups", |scale| scale.log_groups, log_group)]),
    listing("secretsmanager", "ListSecrets", &[segment("SecretList", |scale| scale.secrets, secret)]),
    listing("rds", "DescribeDBInstances", &[segment("DBInstances", |scale| scale.databases, database)]),
    of_account("s3", "ListBuckets", &[segment("Buckets", |scale| scale.buckets, bucket)]),
    of_account("iam", "ListRoles", &[segment("Roles", |scale| scale.roles, role)]),
    of_account("iam", "ListUsers", &[segment("Users", |scale| scale.users, user)]),
    of_account(
        "iam",
        "GetAccountAuthorizationDetails",
        &[
            segment("RoleDetailList", |scale| scale.roles, role_detail),
            segment("UserDetailList", |scale| scale.users, user_detail),
        ],
    ),
];

/// Whether the resource with that number carries tags.
pub(super) fn is_tagged(number: u64) -> bool {
    number % 8 != 7
}

/// The team in the tags.
pub(super) fn team(number: u64) -> &'static str {
    ["payments", "search", "platform", "data", "mobile"][(number % 5) as usize]
}

fn tags(name: &str) -> Value {
    json!([
        {"Key": "Name", "Value": format!("{name}-ZQXnumberXQZ")},
        {"Key": "team", "Value": "ZQXteamXQZ"},
        {"Key": "env", "Value": "production"},
    ])
}

fn vpc() -> Value {
    json!({
        "VpcId": "vpc-ZQXownXQZ",
        "OwnerId": "ZQXaccountXQZ",
        "State": "available",
        "CidrBlock": "10.0.0.0/8",
        "CidrBlockAssociationSet": [{
            "AssociationId": "vpc-cidr-assoc-ZQXownXQZ",
            "CidrBlock": "10.0.0.0/8",
            "CidrBlockState": {"State": "associated"},
        }],
        "InstanceTenancy": "default",
        "IsDefault": false,
        "Tags": tags("network"),
    })
}

fn subnet() -> Value {
    json!({
        "SubnetId": "subnet-ZQXownXQZ",
        "SubnetArn": "arn:aws:ec2:ZQXregionXQZ:ZQXaccountXQZ:subnet/subnet-ZQXownXQZ",
        "VpcId": "vpc-ZQXvpcXQZ",
        "OwnerId": "ZQXaccountXQZ",
        "AvailabilityZone": "ZQXregionXQZZQXzoneXQZ",
        "CidrBlock": "ZQXaddressXQZ/32",
        "AvailableIpAddressCount": 0,
        "MapPublicIpOnLaunch": false,
        "State": "available",
        "Tags": tags("subnet"),
    })
}

fn security_group() -> Value {
    json!({
        "GroupId": "sg-ZQXownXQZ",
        "GroupName": "group-ZQXnumberXQZ",
        "Description": "generated",
        "OwnerId": "ZQXaccountXQZ",
        "VpcId": "vpc-ZQXvpcXQZ",
        "SecurityGroupArn": "arn:aws:ec2:ZQXregionXQZ:ZQXaccountXQZ:security-group/sg-ZQXownXQZ",
        "IpPermissions": [{
            "IpProtocol": "tcp",
            "FromPort": 443,
            "ToPort": 443,
            "IpRanges": [{"CidrIp": "ZQXaddressXQZ/32", "Description": "a peer"}],
            "UserIdGroupPairs": [],
        }],
        "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
        "Tags": tags("group"),
    })
}

fn reservation() -> Value {
    json!({
        "ReservationId": "r-ZQXownXQZ",
        "OwnerId": "ZQXaccountXQZ",
        "Instances": [{
            "InstanceId": "i-ZQXownXQZ",
            "InstanceType": "m7g.large",
            "ImageId": "ami-0123456789abcdef0",
            "Architecture": "arm64",
            "State": {"Code": 16, "Name": "running"},
            "LaunchTime": "2026-01-02T03:04:05Z",
            "SubnetId": "subnet-ZQXsubnetXQZ",
            "VpcId": "vpc-ZQXvpcXQZ",
            "PrivateIpAddress": "ZQXaddressXQZ",
            "Placement": {"AvailabilityZone": "ZQXregionXQZZQXzoneXQZ", "Tenancy": "default"},
            "SecurityGroups": [{"GroupId": "sg-ZQXgroupXQZ", "GroupName": "group"}],
            "MetadataOptions": {
                "State": "applied",
                "HttpTokens": "ZQXmostlyrequiredXQZ",
                "HttpEndpoint": "enabled",
                "HttpPutResponseHopLimit": 2,
            },
            "IamInstanceProfile": {
                "Arn": "arn:aws:iam::ZQXaccountXQZ:instance-profile/role-ZQXroleXQZ",
                "Id": "AIPAZQXroleXQZ",
            },
            "RootDeviceName": "/dev/xvda",
            "RootDeviceType": "ebs",
            "BlockDeviceMappings": [{
                "DeviceName": "/dev/xvda",
                "Ebs": {"VolumeId": "vol-ZQXvolumeXQZ", "Status": "attached", "DeleteOnTermination": true},
            }],
            "NetworkInterfaces": [{
                "NetworkInterfaceId": "eni-ZQXinterfaceXQZ",
                "SubnetId": "subnet-ZQXsubnetXQZ",
                "VpcId": "vpc-ZQXvpcXQZ",
                "Groups": [{"GroupId": "sg-ZQXgroupXQZ", "GroupName": "group"}],
            }],
            "EbsOptimized": true,
            "Monitoring": {"State": "disabled"},
            "Tags": tags("instance"),
        }],
    })
}

fn volume() -> Value {
    json!({
        "VolumeId": "vol-ZQXownXQZ",
        "VolumeType": "gp3",
        "Size": 100,
        "State": "in-use",
        "Encrypted": "ZQXmostlytrueXQZ",
        "AvailabilityZone": "ZQXregionXQZZQXzoneXQZ",
        "CreateTime": "2026-01-02T03:04:05Z",
        "Attachments": [{
            "InstanceId": "i-ZQXinstanceXQZ",
            "VolumeId": "vol-ZQXownXQZ",
            "Device": "/dev/xvda",
            "State": "attached",
            "DeleteOnTermination": true,
        }],
        "Tags": tags("volume"),
    })
}

fn interface() -> Value {
    json!({
        "NetworkInterfaceId": "eni-ZQXownXQZ",
        "InterfaceType": "interface",
        "Status": "in-use",
        "OwnerId": "ZQXaccountXQZ",
        "SubnetId": "subnet-ZQXsubnetXQZ",
        "VpcId": "vpc-ZQXvpcXQZ",
        "AvailabilityZone": "ZQXregionXQZZQXzoneXQZ",
        "PrivateIpAddress": "ZQXaddressXQZ",
        "PrivateIpAddresses": [{"PrivateIpAddress": "ZQXaddressXQZ", "Primary": true}],
        "SourceDestCheck": true,
        "Groups": [{"GroupId": "sg-ZQXgroupXQZ", "GroupName": "group"}],
        "Attachment": {
            "AttachmentId": "eni-attach-ZQXownXQZ",
            "InstanceId": "i-ZQXinstanceXQZ",
            "InstanceOwnerId": "ZQXaccountXQZ",
            "DeviceIndex": 0,
            "Status": "attached",
        },
        "TagSet": tags("interface"),
    })
}

fn snapshot() -> Value {
    json!({
        "SnapshotId": "snap-ZQXownXQZ",
        "VolumeId": "vol-ZQXvolumeXQZ",
        "VolumeSize": 100,
        "State": "completed",
        "Progress": "100%",
        "Encrypted": "ZQXmostlytrueXQZ",
        "OwnerId": "ZQXaccountXQZ",
        "StartTime": "2026-01-02T03:04:05Z",
        "Tags": tags("snapshot"),
    })
}

fn function() -> Value {
    json!({
        "FunctionName": "function-ZQXnumberXQZ",
        "FunctionArn": "arn:aws:lambda:ZQXregionXQZ:ZQXaccountXQZ:function:function-ZQXnumberXQZ",
        "Runtime": "python3.13",
        "Handler": "app.main",
        "Role": "arn:aws:iam::ZQXaccountXQZ:role/role-ZQXroleXQZ",
        "CodeSize": 4096,
        "MemorySize": 256,
        "Timeout": 30,
        "LastModified": "2026-01-02T03:04:05.000+0000",
        "PackageType": "Zip",
        "Architectures": ["arm64"],
        "Version": "$LATEST",
        "TracingConfig": {"Mode": "PassThrough"},
        "VpcConfig": {
            "VpcId": "vpc-ZQXvpcXQZ",
            "SubnetIds": ["subnet-ZQXsubnetXQZ"],
            "SecurityGroupIds": ["sg-ZQXgroupXQZ"],
        },
    })
}

fn log_group() -> Value {
    json!({
        "logGroupName": "/aws/lambda/function-ZQXnumberXQZ",
        "arn": "arn:aws:logs:ZQXregionXQZ:ZQXaccountXQZ:log-group:/aws/lambda/function-ZQXnumberXQZ:*",
        "creationTime": 1_767_323_045_000_u64,
        "retentionInDays": 30,
        "metricFilterCount": 0,
        "storedBytes": 1024,
        "logGroupClass": "STANDARD",
    })
}

fn secret() -> Value {
    json!({
        "Name": "secret-ZQXnumberXQZ",
        "ARN": "arn:aws:secretsmanager:ZQXregionXQZ:ZQXaccountXQZ:secret:secret-ZQXnumberXQZ-AbCdEf",
        "RotationEnabled": false,
        "CreatedDate": "2026-01-02T03:04:05Z",
        "LastChangedDate": "2026-01-02T03:04:05Z",
        "Tags": tags("secret"),
    })
}

fn database() -> Value {
    json!({
        "DBInstanceIdentifier": "database-ZQXnumberXQZ",
        "DBInstanceArn": "arn:aws:rds:ZQXregionXQZ:ZQXaccountXQZ:db:database-ZQXnumberXQZ",
        "DBInstanceClass": "db.r7g.large",
        "Engine": "postgres",
        "EngineVersion": "17.2",
        "DBInstanceStatus": "available",
        "AllocatedStorage": 100,
        "StorageEncrypted": "ZQXmostlytrueXQZ",
        "PubliclyAccessible": false,
        "MultiAZ": true,
        "BackupRetentionPeriod": 7,
        "DeletionProtection": true,
        "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-ZQXgroupXQZ", "Status": "active"}],
        "TagList": tags("database"),
    })
}

fn bucket() -> Value {
    json!({
        "Name": "bucket-ZQXnumberXQZ-ZQXaccountXQZ",
        "CreationDate": "2026-01-02T03:04:05Z",
        "BucketRegion": "ZQXanyregionXQZ",
    })
}

fn trust() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }],
    })
}

fn permissions() -> Value {
    json!([{
        "PolicyName": "inline",
        "PolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:ListBucket"],
                "Resource": "arn:aws:s3:::bucket-ZQXnumberXQZ-ZQXaccountXQZ*",
            }],
        },
    }])
}

fn role() -> Value {
    json!({
        "RoleName": "role-ZQXnumberXQZ",
        "RoleId": "AROAZQXnumberXQZ",
        "Path": "/",
        "Arn": "arn:aws:iam::ZQXaccountXQZ:role/role-ZQXnumberXQZ",
        "CreateDate": "2026-01-02T03:04:05Z",
        "AssumeRolePolicyDocument": trust(),
        "MaxSessionDuration": 3600,
    })
}

fn user() -> Value {
    json!({
        "UserName": "user-ZQXnumberXQZ",
        "UserId": "AIDAZQXnumberXQZ",
        "Path": "/",
        "Arn": "arn:aws:iam::ZQXaccountXQZ:user/user-ZQXnumberXQZ",
        "CreateDate": "2026-01-02T03:04:05Z",
    })
}

fn role_detail() -> Value {
    json!({
        "RoleName": "role-ZQXnumberXQZ",
        "RoleId": "AROAZQXnumberXQZ",
        "Path": "/",
        "Arn": "arn:aws:iam::ZQXaccountXQZ:role/role-ZQXnumberXQZ",
        "CreateDate": "2026-01-02T03:04:05Z",
        "AssumeRolePolicyDocument": trust(),
        "InstanceProfileList": [],
        "RolePolicyList": permissions(),
        "AttachedManagedPolicies": [],
        "Tags": tags("role"),
    })
}

fn user_detail() -> Value {
    json!({
        "UserName": "user-ZQXnumberXQZ",
        "UserId": "AIDAZQXnumberXQZ",
        "Path": "/",
        "Arn": "arn:aws:iam::ZQXaccountXQZ:user/user-ZQXnumberXQZ",
        "CreateDate": "2026-01-02T03:04:05Z",
        "UserPolicyList": permissions(),
        "GroupList": [],
        "AttachedManagedPolicies": [],
        "Tags": tags("user"),
    })
}
