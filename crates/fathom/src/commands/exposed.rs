//! `fathom exposed`: what the internet reaches over the network.

use std::collections::BTreeSet;

use anyhow::Result;
use fathom_net::{Exposed, Ports, USUAL, Verdict, exposure};
use serde_json::json;

use super::network;
use crate::{
    args::{ExposedArgs, Global},
    render::{self, clean, styled},
};

pub(crate) async fn run(global: &Global, args: ExposedArgs) -> Result<()> {
    let network = network::load(global, &args.network).await?;
    let protocols = if args.proto.is_empty() { USUAL.as_slice() } else { args.proto.as_slice() };
    let mut found = exposure(&network, protocols);
    if let Some(port) = args.port {
        for row in &mut found {
            row.ports.retain(|one| (one.first..=one.last).contains(&port));
        }
        found.retain(|row| !row.ports.is_empty());
    }
    if global.json {
        let told = |one: &fathom_net::model::Unlisted| {
            format!("{} of {} in {}: {}", one.kind, one.at.account, one.at.region, one.why)
        };
        let unread: Vec<String> = network.unlisted.iter().map(told).collect();
        return render::print_json(&json!({
            "exposed": found, "interfaces": network.interfaces.len(), "load_balancers": network.balancers.len(),
            "not_read": unread, "faults": network.faults,
        }));
    }
    if found.is_empty() {
        render::print("nothing that was asked about is reached from the internet.")?;
    } else {
        let rows = found.iter().flat_map(|row| rows(row, args.hops));
        render::print(render::table(&["answer", "what", "ports", "why"], rows))?;
    }
    let count = |verdict| {
        let rows = found.iter().filter(|row| row.verdict() == verdict);
        rows.map(|row| &row.id).collect::<BTreeSet<_>>().len()
    };
    render::print(format!(
        "\n{} and {} asked about: {} reached, {} only if, {} not known.",
        render::count(network.interfaces.len() as u64, "network interface"),
        render::count(network.balancers.len() as u64, "load balancer"),
        count(Verdict::Yes),
        count(Verdict::OnlyIf),
        count(Verdict::Unknown),
    ))?;
    network::faults(&network)
}

/// A row for each answer; ranges of ports of one answer share it.
fn rows(row: &Exposed, with_hops: bool) -> Vec<Vec<String>> {
    let mut told: Vec<(Verdict, Ports, Vec<String>)> = Vec::new();
    for one in &row.ports {
        let mut why = network::beside(&one.answer);
        if with_hops {
            why.extend(network::hops(&one.answer));
        }
        let ports = Ports::of(one.first, one.last);
        match told.iter_mut().find(|(verdict, _, before)| *verdict == one.answer.verdict && *before == why) {
            Some((_, before, _)) => before.add(&ports),
            None => told.push((one.answer.verdict, ports, why)),
        }
    }
    let name = row
        .name
        .as_deref()
        .map(|name| format!("{}\n", styled(render::STRONG, clean(name))))
        .unwrap_or_default();
    let owners = row.owners.iter().map(|owner| {
        let name = clean(owner.name.as_deref().unwrap_or(&owner.resource));
        let of = if owner.is_one_of_several { "maybe of" } else { "of" };
        format!("{of} {} ({})\n", styled(render::STRONG, name), clean(&owner.resource_type))
    });
    let owners = owners.collect::<Vec<_>>().concat();
    let made =
        if row.description.is_empty() { String::new() } else { format!("\n{}", clean(&row.description)) };
    let what = format!("{name}{owners}{}\n{}{made}", clean(&row.id), row.addresses.join(", "));
    let line = |(verdict, ports, why): (Verdict, Ports, Vec<String>)| {
        let ports =
            if row.protocol == "tcp" || row.protocol == "udp" { format!(" {ports}") } else { String::new() };
        vec![network::says(verdict), what.clone(), format!("{}{ports}", row.protocol), why.join("\n")]
    };
    told.into_iter().map(line).collect()
}
