//! Who has an address, which table and ACL a subnet has, and what of it is not known.

use std::net::IpAddr;

use super::{Acl, Attachment, BlockMode, Group, Interface, Network, Subnet, Table, Whereabouts};

/// What could not be read, in words that name the call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unread(pub String);

/// A thing that must be there: known, or why not.
pub type Whole<T> = Result<T, Unread>;

impl Network {
    /// Why a list was not read; none where it was.
    pub fn unlisted(&self, at: &Whereabouts, kind: &str) -> Option<Unread> {
        let is_it = |one: &&super::Unlisted| {
            one.kind == kind
                && (one.at.account.is_empty() || one.at.account == at.account)
                && (one.at.region.is_empty() || one.at.region == at.region)
        };
        let place = |one: &super::Unlisted| {
            let region = if at.region.is_empty() { String::new() } else { format!(" in {}", at.region) };
            Unread(format!("{kind} of account {}{region} was not read: {}", at.account, one.why))
        };
        self.unlisted.iter().find(is_it).map(place)
    }

    /// The interface that has a private address of a VPC; none where nobody has it.
    ///
    /// # Errors
    /// Where the interfaces there were not read.
    pub fn holder(&self, vpc: &str, at: IpAddr) -> Whole<Option<u32>> {
        if let Some(number) = self.at_private.get(&(vpc.to_owned(), at)) {
            return Ok(Some(*number));
        }
        let of_prefix = self.delegated.iter().find(|(of, prefix, _)| of == vpc && prefix.contains(at));
        if let Some((_, _, number)) = of_prefix {
            return Ok(Some(*number));
        }
        let Some(own) = self.vpcs.get(vpc) else { return Err(Unread(format!("{vpc} was not seen"))) };
        match self.unlisted(&own.at, "AWS::EC2::NetworkInterface") {
            Some(unread) => Err(unread),
            None => Ok(None),
        }
    }

    /// The interface behind a public address, and the private address that it is exchanged for.
    pub fn behind_public(&self, at: IpAddr) -> Option<(u32, IpAddr)> {
        self.at_public.get(&at).copied()
    }

    /// All VPCs that have an interface with a private address.
    pub fn holders(&self, at: IpAddr) -> Vec<u32> {
        self.vpcs.iter().filter_map(|(vpc, _)| self.at_private.get(&(vpc.to_owned(), at)).copied()).collect()
    }

    /// A subnet.
    ///
    /// # Errors
    /// Where it was not seen.
    pub fn subnet(&self, id: &str) -> Whole<&Subnet> {
        self.subnets.get(id).ok_or_else(|| Unread(format!("subnet {id} was not seen (ec2:DescribeSubnets)")))
    }

    /// The network ACL of a subnet; each has one.
    ///
    /// # Errors
    /// Where it was not seen.
    pub fn acl_of(&self, subnet: &str) -> Whole<(&str, &Acl)> {
        let number = self.acl_of.get(subnet);
        number.and_then(|number| Some((self.acls.id(*number), self.acls.at(*number)?))).ok_or_else(|| {
            self.why(subnet, "AWS::EC2::NetworkAcl").unwrap_or_else(|| {
                Unread(format!("no network ACL of {subnet} was seen (ec2:DescribeNetworkAcls)"))
            })
        })
    }

    /// The route table of a subnet: its own, or its VPC's main one.
    ///
    /// # Errors
    /// Where it was not seen, and where tables were not read, so that its own may be missing.
    pub fn table_of(&self, subnet: &str) -> Whole<(&str, &Table)> {
        let own = self.table_of.get(subnet);
        let unread = || Unread(format!("no route table of {subnet} was seen (ec2:DescribeRouteTables)"));
        let number = if let Some(number) = own {
            number
        } else {
            if let Some(unread) = self.why(subnet, "AWS::EC2::RouteTable") {
                return Err(unread);
            }
            self.main_of.get(&self.subnet(subnet)?.vpc).ok_or_else(unread)?
        };
        self.tables.at(*number).map(|table| (self.tables.id(*number), table)).ok_or_else(unread)
    }

    /// The route table that a gateway uses for what it lets into a VPC; none where the VPC's own ranges decide.
    ///
    /// # Errors
    /// Where tables were not read.
    pub fn table_of_gateway(&self, gateway: &str, vpc: &str) -> Whole<Option<(&str, &Table)>> {
        if let Some(number) = self.table_of.get(&format!("{gateway}@{vpc}")) {
            return Ok(self.tables.at(*number).map(|table| (self.tables.id(*number), table)));
        }
        let at = self.vpcs.get(vpc).map(|vpc| &vpc.at);
        match at.and_then(|at| self.unlisted(at, "AWS::EC2::RouteTable")) {
            Some(unread) => Err(unread),
            None => Ok(None),
        }
    }

    /// The internet gateway of a VPC; none where it has none.
    ///
    /// # Errors
    /// Where gateways were not read.
    pub fn internet_gateway_of(&self, vpc: &str) -> Whole<Option<&str>> {
        if let Some(number) = self.gateway_of.get(vpc) {
            return Ok(Some(self.internet_gateways.id(*number)));
        }
        let own =
            self.vpcs.get(vpc).ok_or_else(|| Unread(format!("{vpc} was not seen (ec2:DescribeVpcs)")))?;
        match self.unlisted(&own.at, "AWS::EC2::InternetGateway") {
            Some(unread) => Err(unread),
            None => Ok(None),
        }
    }

    /// What VPC Block Public Access does in a subnet: as the subnet says, which counts exclusions, or as its region says.
    ///
    /// # Errors
    /// Where neither was read.
    pub fn block_mode(&self, subnet: &str) -> Whole<BlockMode> {
        let own = self.subnet(subnet)?;
        let mode = own.block.or_else(|| self.block_modes.get(&own.at).copied());
        match mode {
            Some(BlockMode::Unknown) => {
                Err(Unread(format!("{subnet} has a mode of VPC Block Public Access that is not known")))
            }
            Some(mode) => Ok(mode),
            None => Err(self.unlisted(&own.at, "AWS::EC2::VPCBlockPublicAccessOptions").unwrap_or_else(|| {
                Unread(format!(
                    "VPC Block Public Access of {} in {} was not read (ec2:DescribeVpcBlockPublicAccessOptions)",
                    own.at.account, own.at.region
                ))
            })),
        }
    }

    /// A security group.
    ///
    /// # Errors
    /// Where it was not seen.
    pub fn group(&self, id: &str) -> Whole<&Group> {
        self.groups
            .get(id)
            .ok_or_else(|| Unread(format!("security group {id} was not seen (ec2:DescribeSecurityGroups)")))
    }

    /// The attachment of a VPC to a transit gateway; none where there is none.
    pub fn attachment(&self, transit: &str, vpc: &str) -> Option<&Attachment> {
        let number = self.attached.get(&(transit.to_owned(), vpc.to_owned()))?;
        self.attachments.at(*number)
    }

    /// The subnets that an attachment has interfaces in.
    ///
    /// # Errors
    /// Where neither the attachment nor its interfaces were seen.
    pub fn attachment_subnets(&self, attachment: &Attachment) -> Whole<Vec<String>> {
        if let Some(subnets) = &attachment.subnets {
            return Ok(subnets.clone());
        }
        let interfaces = self.zones.get(&attachment.id).into_iter().flatten();
        let subnets: Vec<String> = interfaces
            .filter_map(|number| self.interfaces.at(*number).map(|one| one.subnet.clone()))
            .collect();
        if subnets.is_empty() {
            let call = "ec2:DescribeTransitGatewayVpcAttachments";
            return Err(Unread(format!("the subnets of {} were not seen ({call})", attachment.id)));
        }
        Ok(subnets)
    }

    /// The interfaces of a server, the primary one first, or of what else has some.
    pub fn interfaces_of(&self, instance: &str) -> Vec<u32> {
        if let Some(owned) = self.owned.get(instance) {
            return owned.interfaces.clone();
        }
        let all = (0..).zip(self.interfaces.iter());
        let mut own: Vec<(u64, u32)> = all
            .filter(|(_, (_, one))| one.instance.as_deref() == Some(instance))
            .map(|(number, (_, one))| (one.device, number))
            .collect();
        own.sort_unstable();
        own.into_iter().map(|(_, number)| number).collect()
    }

    /// An interface by number, with its id.
    pub fn interface(&self, number: u32) -> Option<(&str, &Interface)> {
        self.interfaces.at(number).map(|one| (self.interfaces.id(number), one))
    }

    fn why(&self, subnet: &str, kind: &str) -> Option<Unread> {
        self.subnets.get(subnet).and_then(|subnet| self.unlisted(&subnet.at, kind))
    }
}
