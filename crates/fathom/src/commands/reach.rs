//! `fathom net trace` and `fathom reach`: whether one thing reaches another over the network.

use anyhow::Result;
use fathom_net::{Answer, Network, Place, Ports, Question, Traffic, ask, trace};
use serde_json::{Value, json};

use super::network;
use crate::{
    args::{Global, ReachArgs, TraceArgs},
    render::{self, clean, styled},
};

pub(crate) async fn trace(global: &Global, args: TraceArgs) -> Result<()> {
    let network = network::load(global, &args.network).await?;
    let (from, to) = (place(&network, &args.from)?, place(&network, &args.to)?);
    let mut question = Question::new(from, to, Traffic::of(args.proto, args.port.unwrap_or_default()));
    if let Some(port) = args.client_port {
        question.client_ports = Ports::of(port, port);
    }
    let answer = ask(&network, &question);
    if global.json {
        return render::print_json(&json_of(&args.from, &args.to, question.traffic, &answer)?);
    }
    print(&args.from, &args.to, question.traffic, &answer, true)?;
    network::faults(&network)
}

pub(crate) async fn reach(global: &Global, args: ReachArgs) -> Result<()> {
    let network = network::load(global, &args.network).await?;
    let (from, to) = (place(&network, &args.from)?, place(&network, &args.to)?);
    if args.port.is_some() || !args.proto.has_ports() {
        let traffic = Traffic::of(args.proto, args.port.unwrap_or_default());
        let answer = ask(&network, &Question::new(from, to, traffic));
        if global.json {
            return render::print_json(&json_of(&args.from, &args.to, traffic, &answer)?);
        }
        print(&args.from, &args.to, traffic, &answer, true)?;
        return network::faults(&network);
    }
    let found = trace::ports(&network, &from, &to, args.proto);
    if global.json {
        let ports: Vec<Value> = found.iter().map(|one| Ok(json!(one))).collect::<Result<_>>()?;
        return render::print_json(
            &json!({"from": args.from, "to": args.to, "protocol": args.proto.to_string(), "ports": ports}),
        );
    }
    let heading = format!("{} from {} to {}", args.proto, clean(&args.from), clean(&args.to));
    render::print(styled(render::STRONG, heading))?;
    let rows = found.iter().map(|one| {
        let mut why = network::beside(&one.answer);
        why.extend(one.answer.blocked_by().map(|hop| {
            format!("{} {}: {}", hop.component.replace('_', " "), clean(&hop.id), clean(&hop.rule))
        }));
        why.dedup();
        vec![network::says(one.answer.verdict), Ports::of(one.first, one.last).to_string(), why.join("\n")]
    });
    render::print(render::table(&["answer", "ports", "why"], rows))?;
    network::faults(&network)
}

fn place(network: &Network, text: &str) -> Result<Place> {
    trace::find(network, text).map_err(anyhow::Error::msg)
}

fn json_of(from: &str, to: &str, traffic: Traffic, answer: &Answer) -> Result<Value> {
    let mut value = serde_json::to_value(answer)?;
    value["from"] = json!(from);
    value["to"] = json!(to);
    value["protocol"] = json!(traffic.protocol.to_string());
    if traffic.protocol.has_ports() {
        value["port"] = json!(traffic.port);
    }
    Ok(value)
}

fn print(from: &str, to: &str, traffic: Traffic, answer: &Answer, with_hops: bool) -> Result<()> {
    let disposition = serde_json::to_value(answer.disposition)?;
    let disposition = disposition.as_str().unwrap_or_default().replace('_', " ");
    render::print(format!(
        "{}  {traffic} from {} to {}: {disposition}",
        network::says(answer.verdict),
        clean(from),
        clean(to)
    ))?;
    for line in network::beside(answer) {
        render::print(format!("  {line}"))?;
    }
    render::print(format!("  {}", clean(&answer.packet)))?;
    if with_hops {
        for line in network::hops(answer) {
            render::print(format!("  {line}"))?;
        }
    }
    Ok(())
}
