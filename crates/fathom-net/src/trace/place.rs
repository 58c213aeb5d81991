//! What a person names: an id, an address, the internet.

use std::net::IpAddr;

use crate::model::{Network, Owned};

/// A client or a server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// Anybody of the internet.
    Internet,
    /// An address outside of everything that was seen.
    Address(IpAddr),
    /// An address of an interface.
    Holder(u32, IpAddr),
    /// An interface, with all its addresses.
    Interface(u32),
    /// A server by id, or something else that has interfaces by ARN, with all of them.
    Instance(String),
    /// A load balancer.
    Balancer(String),
    /// An endpoint with interfaces.
    Endpoint(String),
    /// An address behind a gateway or an attachment of a transit gateway.
    Beyond(String, IpAddr),
}

/// How places are written, for errors.
const FORMS: &str = "write `internet`, an address, an address behind a gateway (10.1.2.3@vgw-…, @tgw-attach-…) or in a VPC \
    (10.1.2.3@vpc-…), or the id of a network interface, a server, an endpoint or a load balancer, or the name or ARN of a database, container or file system";

/// The place that a text means.
///
/// # Errors
/// Where it means nothing, or several things.
pub fn find(network: &Network, text: &str) -> Result<Place, String> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("internet") {
        return Ok(Place::Internet);
    }
    if let Ok(at) = text.parse::<IpAddr>() {
        return of_address(network, at);
    }
    if let Some((at, home)) = text.split_once('@') {
        let at: IpAddr = at.parse().map_err(|_| format!("`{at}` is no address; {FORMS}"))?;
        if network.vpcs.get(home).is_none() {
            let is_known = network.vpn_gateways.get(home).is_some()
                || network.attachments.iter().any(|(_, attachment)| attachment.id == home);
            return if is_known {
                Ok(Place::Beyond(home.to_owned(), at))
            } else {
                Err(format!("nothing is called `{home}`; {FORMS}"))
            };
        }
        let holder = network.holder(home, at).map_err(|unread| unread.0)?;
        return holder
            .map(|number| Place::Holder(number, at))
            .ok_or_else(|| format!("nothing in {home} has the address {at}"));
    }
    if let Some(number) = network.interfaces.number(text) {
        return Ok(Place::Interface(number));
    }
    // An ARN ends in the id.
    let id = text.rsplit('/').next().unwrap_or(text);
    if text.starts_with("arn:") && network.interfaces.number(id).is_some() {
        return find(network, id);
    }
    if !network.interfaces_of(id).is_empty() {
        return Ok(Place::Instance(id.to_owned()));
    }
    if network.instances.get(id).is_some() {
        return Err(format!("{id} has no network interface that was seen"));
    }
    let balancers: Vec<&str> = network
        .balancers
        .iter()
        .filter(|(arn, balancer)| *arn == text || balancer.name == text)
        .map(|(arn, _)| arn)
        .collect();
    match balancers.as_slice() {
        [] => {}
        [one] => return Ok(Place::Balancer((*one).to_owned())),
        several => return Err(format!("`{text}` may mean several; name one:\n  {}", several.join("\n  "))),
    }
    let called = |uid: &str, one: &Owned| uid == text || one.name.as_deref() == Some(text);
    let owned: Vec<(&str, &Owned)> = network.owned.iter().filter(|(uid, one)| called(uid, one)).collect();
    match owned.as_slice() {
        [] => {}
        [(uid, one)] if one.interfaces.is_empty() => {
            let call = "ec2:DescribeNetworkInterfaces";
            let unread = network.unlisted(&one.at, "AWS::EC2::NetworkInterface");
            let why = unread.map_or_else(|| format!("none looks like its own ({call})"), |unread| unread.0);
            return Err(format!("no network interface of {uid} was seen: {why}"));
        }
        [(uid, _)] => return Ok(Place::Instance((*uid).to_owned())),
        several => {
            let uids: Vec<&str> = several.iter().map(|(uid, _)| *uid).collect();
            return Err(format!("`{text}` may mean several; name one:\n  {}", uids.join("\n  ")));
        }
    }
    if let Some(endpoint) = network.endpoints.get(id) {
        return if endpoint.interfaces.is_empty() {
            Err(format!("{id} has no interfaces; it is reached by the addresses of {}", endpoint.service))
        } else {
            Ok(Place::Endpoint(id.to_owned()))
        };
    }
    Err(format!("nothing is called `{text}`; {FORMS}"))
}

fn of_address(network: &Network, at: IpAddr) -> Result<Place, String> {
    let holders = network.holders(at);
    match holders.as_slice() {
        [one] => return Ok(Place::Holder(*one, at)),
        [] => {}
        several => {
            let homes = several.iter().filter_map(|number| network.interface(*number));
            let homes: Vec<String> = homes.map(|(_, one)| format!("{at}@{}", one.vpc)).collect();
            return Err(format!("several VPCs have {at}; name one:\n  {}", homes.join("\n  ")));
        }
    }
    Ok(Place::Address(at))
}
