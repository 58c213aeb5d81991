//! Typed ids: cheap to clone, ordered, and never mixed up.

use std::{borrow::Borrow, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps a text that is known to be such an id.
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(Arc::from(text.as_ref()))
            }

            /// The text as the provider writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(Arc::from(text))
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

text_id!(
    /// A cloud account: for AWS the twelve digits.
    AccountId
);
text_id!(
    /// A region as the provider names it, or [`Region::GLOBAL`].
    Region
);
text_id!(
    /// A closed part of a provider with its own accounts and domain names: `aws`, `aws-cn`, `aws-us-gov`.
    Partition
);
text_id!(
    /// A resource type as AWS Config and CloudFormation name it: `AWS::EC2::Instance`.
    ResourceType
);
text_id!(
    /// The name under which Fathom knows a resource for life: its ARN, or where a resource has none, an
    /// ARN-like text made from its parent and id by the resource definition.
    Uid
);
text_id!(
    /// What an edge means, as a verb phrase: `in_subnet`, `assumes`, `encrypted_by`.
    EdgeKind
);
text_id!(
    /// Where in a document something stands, for all documents of a type alike: members with dots, `[]` for each
    /// element, `*` for a member whose name is itself a reference, `parent` for what the resource is listed under.
    DocumentPath
);

impl Region {
    /// The region of resources that have none.
    pub const GLOBAL: &'static str = "global";

    /// The region of resources that have none.
    pub fn global() -> Self {
        Self::new(Self::GLOBAL)
    }

    /// Whether this stands for "no region".
    pub fn is_global(&self) -> bool {
        self.as_str() == Self::GLOBAL
    }
}

impl ResourceType {
    /// The type as a SQL view name: `AWS::EC2::SecurityGroup` becomes `aws_ec2_security_group`.
    pub fn view_name(&self) -> String {
        let mut out = String::with_capacity(self.as_str().len() + 8);
        for part in self.as_str().split("::").filter(|part| !part.is_empty()) {
            if !out.is_empty() {
                out.push('_');
            }
            let chars: Vec<char> = part.chars().collect();
            for (i, c) in chars.iter().enumerate() {
                // A word starts at an upper-case letter that follows a lower-case one or a digit, or that ends a run
                // of capitals ("DBInstance" is "db_instance").
                let follows_word = i > 0 && (chars[i - 1].is_lowercase() || chars[i - 1].is_ascii_digit());
                let ends_run = i > 0
                    && chars[i - 1].is_uppercase()
                    && chars.get(i + 1).is_some_and(|next| next.is_lowercase());
                if c.is_uppercase() && (follows_word || ends_run) {
                    out.push('_');
                }
                out.extend(c.to_lowercase().map(|c| if c.is_alphanumeric() { c } else { '_' }));
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn view_names_are_snake_case() {
        for (name, view) in [
            ("AWS::EC2::SecurityGroup", "aws_ec2_security_group"),
            ("AWS::RDS::DBInstance", "aws_rds_db_instance"),
            ("AWS::S3::Bucket", "aws_s3_bucket"),
            ("AWS::EC2::VPC", "aws_ec2_vpc"),
            ("AWS::EC2::VPCEndpoint", "aws_ec2_vpc_endpoint"),
            ("AWS::ElasticLoadBalancingV2::LoadBalancer", "aws_elastic_load_balancing_v2_load_balancer"),
            ("AWS::EC2::EIP", "aws_ec2_eip"),
        ] {
            assert_eq!(ResourceType::new(name).view_name(), view);
        }
    }
}
