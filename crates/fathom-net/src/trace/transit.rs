//! Transit gateways: an attachment is associated with a table, and the table's longest prefix says to which attachment.
//!
//! Transit gateway guide, "How transit gateways work": static routes win over propagated ones of the same length; a VPC is
//! reached from a zone only where the attachment has a subnet in it. "Network ACLs for transit gateways" says which ACLs count.

use std::cmp::Reverse;

use super::{
    acls,
    walk::{Came, End, Outside, Sender, Walk},
};
use crate::{
    answer::{Code, Disposition, Says},
    model::{Attachment, AttachmentKind, TransitRoute, TransitTarget, Unread},
};

impl Walk<'_> {
    /// From a subnet of a VPC.
    pub(super) fn by_transit_gateway(&mut self, transit: &str, subnet: &str, vpc: &str) -> End {
        let network = self.network;
        let Some(attachment) = network.attachment(transit, vpc) else {
            let at = network.vpcs.get(vpc).map(|vpc| &vpc.at);
            let unlisted = at.and_then(|at| network.unlisted(at, "AWS::EC2::TransitGatewayAttachment"));
            let call = "ec2:DescribeTransitGatewayAttachments";
            let unread = unlisted
                .unwrap_or_else(|| Unread(format!("no attachment of {vpc} to {transit} was seen ({call})")));
            return self.lost("transit_gateway", transit, Code::UnknownResource, unread);
        };
        if !attachment.is_available {
            let rule = "it is not available";
            return self.block(
                "transit_gateway_attachment",
                &attachment.id,
                Code::BadStateAttachment,
                Disposition::NullRouted,
                rule,
            );
        }
        match network.attachment_subnets(attachment) {
            Ok(subnets) => {
                let zone = network.subnets.get(subnet).map(|subnet| subnet.zone.as_str());
                let near =
                    subnets.iter().find(|id| network.subnets.get(id).map(|one| one.zone.as_str()) == zone);
                let Some(near) = near else {
                    let rule = format!("it has no subnet in {}", zone.unwrap_or_default());
                    let code = Code::TgwRouteAzRestriction;
                    return self.block(
                        "transit_gateway_attachment",
                        &attachment.id,
                        code,
                        Disposition::NoRoute,
                        rule,
                    );
                };
                // Also where the server is in the subnet itself: its inbound rules see the packet too.
                if let Err(end) = acls::entering(self, near) {
                    return end;
                }
            }
            Err(unread) => self.unsure("transit_gateway_attachment", &attachment.id, unread),
        }
        if let Sender::Known(number) = self.sender {
            let keeps = |one: Option<bool>, of: &str| match one {
                Some(true) => Sender::Known(number),
                Some(false) => Sender::Lost(Code::SgReferencingSupport),
                None => Sender::Unsure(number, format!("whether {of} keeps security groups was not read")),
            };
            self.sender = keeps(network.transits.get(transit).and_then(|one| one.keeps_groups), transit);
            if matches!(self.sender, Sender::Known(_)) {
                self.sender = keeps(attachment.keeps_groups, &attachment.id);
            }
        }
        self.across(transit, attachment)
    }

    /// From a network elsewhere that is attached.
    pub(super) fn enter_from_attachment(&mut self, id: &str) -> End {
        let network = self.network;
        let found = network.attachments.iter().map(|(_, one)| one).find(|one| one.id == id);
        let Some(attachment) = found else {
            let unread = Unread(format!("{id} was seen neither as a gateway nor as an attachment"));
            return self.lost("outside", id, Code::UnknownResource, unread);
        };
        self.across(&attachment.transit, attachment)
    }

    /// From an attachment, by the table that it is associated with.
    fn across(&mut self, transit: &str, from: &Attachment) -> End {
        if let Err(end) = self.step() {
            return end;
        }
        let network = self.network;
        let Some(table) = from.table.as_deref() else {
            if from.tells_table {
                let rule = "it is associated with no route table";
                let code = Code::TgwAttachMissingTgwRtbAssociation;
                return self.block("transit_gateway_attachment", &from.id, code, Disposition::NoRoute, rule);
            }
            let unread = Unread(format!(
                "the account of {transit} was not scanned, and the route table of {} is not told",
                from.id
            ));
            return self.lost("transit_gateway", transit, Code::TgwRtbRoutesAreUnknown, unread);
        };
        let passing = format!("{transit}/{table}");
        if self.passed.contains(&passing) {
            let way = format!("{} -> {passing}", self.passed.join(" -> "));
            return self.lost(
                "transit_gateway",
                transit,
                Code::RoutingLoop,
                Unread(format!("packets go in circles: {way}")),
            );
        }
        self.passed.push(passing);
        let Some(routes) = network.transit_tables.get(table).and_then(|table| table.routes.as_ref()) else {
            let unread =
                Unread(format!("the routes of {table} were not read (ec2:SearchTransitGatewayRoutes)"));
            return self.lost("transit_gateway_route_table", table, Code::TgwRtbRoutesAreUnknown, unread);
        };
        if routes.iter().any(|route| route.cidr.is_none()) {
            let unread = Unread(format!("a route of {table} has a destination that is not followed"));
            return self.lost("transit_gateway_route_table", table, Code::TgwRtbRoutesAreUnknown, unread);
        }
        let matching =
            routes.iter().filter(|route| route.cidr.is_some_and(|cidr| cidr.contains(self.target)));
        let order =
            |route: &&TransitRoute| (Reverse(route.cidr.map(|cidr| cidr.length())), Reverse(route.is_static));
        let Some(route) = matching.min_by_key(order) else {
            let rule = format!("no route to {}", self.target);
            let code = Code::TgwRtbNoRouteToTgwAttachment;
            return self.block("transit_gateway_route_table", table, code, Disposition::NoRoute, rule);
        };
        let range = route.cidr.map(|cidr| cidr.to_string()).unwrap_or_default();
        let TransitTarget::Attachments(attachments) = &route.target else {
            let rule = format!("{range} is dropped");
            return self.block(
                "transit_gateway_route_table",
                table,
                Code::TgwRtbBadStateRoute,
                Disposition::NullRouted,
                rule,
            );
        };
        let Some(to) = attachments.first() else { return End::Unknown };
        self.hop("transit_gateway_route_table", table, Says::Forwarded, format!("{range} to {to}"));
        let Some(attachment) = network.attachments.get(&format!("{transit}/{to}")) else {
            let unread = Unread(format!(
                "attachment {to} of {transit} was not seen (ec2:DescribeTransitGatewayAttachments)"
            ));
            return self.lost("transit_gateway_attachment", to, Code::UnknownResource, unread);
        };
        self.behind(attachment)
    }

    /// To what is behind an attachment.
    fn behind(&mut self, to: &Attachment) -> End {
        let network = self.network;
        if !to.is_available {
            let rule = "it is not available";
            return self.block(
                "transit_gateway_attachment",
                &to.id,
                Code::BadStateAttachment,
                Disposition::NullRouted,
                rule,
            );
        }
        match &to.kind {
            AttachmentKind::Outside(what) => {
                self.hop(
                    "transit_gateway_attachment",
                    &to.id,
                    Says::Forwarded,
                    format!("to the network behind {what}"),
                );
                self.assumptions
                    .push(format!("the network behind {what} knows the way to and from {}", self.target));
                End::Out(Outside::Beyond(to.id.clone()))
            }
            AttachmentKind::Other(what) => {
                let unread = Unread(format!("{} is attached to what is not followed: {what}", to.id));
                self.lost("transit_gateway_attachment", &to.id, Code::UnsupportedComponent, unread)
            }
            AttachmentKind::Peering(peer) => {
                let Some(far) = network.attachments.get(&format!("{peer}/{}", to.id)) else {
                    let unread = Unread(format!("{peer}, the other end of {}, was not seen", to.id));
                    return self.lost("transit_gateway_attachment", &to.id, Code::UnknownDestination, unread);
                };
                self.hop("transit_gateway_attachment", &to.id, Says::Forwarded, format!("to {peer}"));
                if !matches!(self.sender, Sender::Nobody) {
                    self.sender = Sender::Lost(Code::SgReferencingSupport);
                }
                self.across(peer, far)
            }
            AttachmentKind::Vpc(vpc) => {
                if network.vpcs.get(vpc).is_none() {
                    let unread = Unread(format!("{vpc}, to which {} leads, was not seen", to.id));
                    return self.lost("transit_gateway_attachment", &to.id, Code::UnknownDestination, unread);
                }
                if let (Sender::Known(number), keeps) = (&self.sender, to.keeps_groups) {
                    self.sender = match keeps {
                        Some(true) => Sender::Known(*number),
                        Some(false) => Sender::Lost(Code::SgReferencingSupport),
                        None => Sender::Unsure(
                            *number,
                            format!("whether {} keeps security groups was not read", to.id),
                        ),
                    };
                }
                self.enter_vpc(to, &vpc.clone())
            }
        }
    }

    /// Into a VPC, by a subnet of the attachment, from which its route table leads on.
    fn enter_vpc(&mut self, to: &Attachment, vpc: &str) -> End {
        let network = self.network;
        self.hop("transit_gateway_attachment", &to.id, Says::Forwarded, format!("to {vpc}"));
        self.came = Came::Transit;
        let subnets = match network.attachment_subnets(to) {
            Ok(subnets) => subnets,
            Err(unread) => {
                self.unsure("transit_gateway_attachment", &to.id, unread);
                return self.deliver(vpc, None);
            }
        };
        // Which of its subnets is taken depends on the zone of the sender and on the mode: all are walked.
        let mut ends: Vec<(Self, End)> = Vec::new();
        for subnet in &subnets {
            let mut walk = self.clone();
            let end = walk.leave(subnet);
            ends.push((walk, end));
        }
        let Some((one, first)) = ends.first() else { return End::Unknown };
        let is_unusual = ends.iter().any(|(walk, _)| walk.is_unusual);
        let is_same = ends.iter().all(|(walk, end)| {
            end == first
                && walk.missing == one.missing
                && walk.conditions == one.conditions
                && walk.ports == one.ports
        });
        let pick = |mut ends: Vec<(Self, End)>, at: usize| {
            let (mut walk, end) = ends.swap_remove(at);
            // Where subnets differ, groups may decide which of them counts.
            walk.is_unusual = is_unusual || !is_same;
            (walk, end)
        };
        if is_same {
            let end;
            (*self, end) = pick(ends, 0);
            return end;
        }
        let through = |end: &End| matches!(end, End::At(_) | End::Out(_));
        if let Some(at) = ends.iter().position(|(_, end)| through(end)) {
            let end;
            (*self, end) = pick(ends, at);
            let subnet = subnets.get(at).map_or("", String::as_str);
            self.conditions.push(format!("{} takes its subnet {subnet}", to.id));
            return end;
        }
        let at = ends.iter().position(|(_, end)| *end == End::Unknown).unwrap_or_default();
        let end;
        (*self, end) = pick(ends, at);
        end
    }
}
