//! Endpoints that routes lead to: gateway endpoints of a service, and those of appliances.

use super::{
    acls, firewall,
    walk::{Came, End, Outside, Sender, Walk},
};
use crate::{
    answer::{Code, Disposition, Says},
    model::{EndpointKind, Unread},
    traffic::TCP,
};

impl Walk<'_> {
    /// To an endpoint; from a subnet, or from a gateway of the VPC.
    pub(super) fn by_endpoint(&mut self, id: &str, subnet: Option<&str>, vpc: &str) -> End {
        let network = self.network;
        let Some(endpoint) = network.endpoints.get(id) else {
            let unread = Unread(format!("endpoint {id} was not seen (ec2:DescribeVpcEndpoints)"));
            return self.lost("vpc_endpoint", id, Code::UnknownResource, unread);
        };
        if !endpoint.is_available {
            return self.block(
                "vpc_endpoint",
                id,
                Code::BadState,
                Disposition::NullRouted,
                "it does not work",
            );
        }
        match endpoint.kind {
            EndpointKind::Gateway => {
                if self.came == Came::Edge || endpoint.vpc != vpc {
                    let rule = format!("only {} reaches it", endpoint.vpc);
                    return self.block(
                        "vpc_endpoint",
                        id,
                        Code::GatewayRejectsSpoofedTraffic,
                        Disposition::NoRoute,
                        rule,
                    );
                }
                if self.traffic.protocol.0 != TCP && !self.traffic.protocol.is_icmp() {
                    let rule = "it takes TCP and echo requests";
                    let code = Code::VpceGatewayProtocolRestriction;
                    return self.block("vpc_endpoint", id, code, Disposition::NoRoute, rule);
                }
                self.hop("vpc_endpoint", id, Says::Forwarded, format!("to {}", endpoint.service));
                self.service_vpc = Some(vpc.to_owned());
                End::Out(Outside::Service(endpoint.service.clone()))
            }
            EndpointKind::Appliance => {
                let Some(home) = endpoint.subnets.first().cloned() else {
                    let unread =
                        Unread(format!("the subnet of {id} was not seen (ec2:DescribeVpcEndpoints)"));
                    return self.lost("vpc_endpoint", id, Code::UnknownResource, unread);
                };
                if subnet != Some(home.as_str())
                    && let Err(end) = acls::entering(self, &home)
                {
                    return end;
                }
                self.hop("vpc_endpoint", id, Says::Forwarded, "through the appliances behind it");
                match firewall::pass(self, id) {
                    Some(Err(end)) => return end,
                    Some(Ok(())) => {}
                    None => {
                        let condition = format!("the firewall or appliance behind {id} lets it pass");
                        if !self.conditions.contains(&condition) {
                            self.conditions.push(condition);
                        }
                    }
                }
                if !matches!(self.sender, Sender::Nobody) {
                    self.sender = Sender::Lost(Code::SgReferencesNotPreserved);
                }
                self.came = Came::Transit;
                self.leave(&home)
            }
            EndpointKind::Interface | EndpointKind::Other => {
                let unread = Unread(format!("a route leads to {id}, an endpoint that routes do not lead to"));
                self.lost("vpc_endpoint", id, Code::UnsupportedComponent, unread)
            }
        }
    }
}
