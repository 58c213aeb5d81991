//! Linux as a second opinion: networks drawn at random are built of network namespaces and nftables, real packets are sent through
//! them, and those are answered that the engine says reach their end and find their way back. Nothing leaves the namespaces.
//!
//! It runs where namespaces, `ip` and `nft` may be used, and says so where not. `PROPTEST_CASES` and `PROPTEST_RNG_SEED` draw others.

use std::{
    collections::BTreeMap,
    io::Write as _,
    net::IpAddr,
    path::Path,
    process::{Command, Stdio},
};

use fathom_net::{Answer, Code, Network, Place, Ports, Protocol, Question, Traffic, Verdict, ask};
use proptest::{
    strategy::{Strategy as _, ValueTree as _},
    test_runner::{Config, RngSeed, TestRunner},
};
use serde_json::{Value, json};

use crate::{
    estate,
    lab::{self, Lab, OUTSIDE, Packet},
};

/// How many networks are drawn where nothing is said.
const CASES: u32 = 12;
/// Networks that are built at once.
const BESIDE: usize = 3;
/// How long silence must last; what was to be answered and was not is asked once more, with the longer one.
const WAITS_MS: [u64; 2] = [250, 2500];
/// What the packets need; where it fails, its words say why.
const NEEDS: &str = "mount -t tmpfs none /run && ip link add name one type veth peer name other && nft add table ip one \
    && test -w /proc/sys/net/ipv4/ip_forward";

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// Why packets cannot be sent here; none where they can.
fn hindrance() -> Option<String> {
    let tried = Command::new("unshare").args(["-rnm", "sh", "-c", NEEDS]).output();
    match tried {
        Err(error) => Some(format!("unshare: {error}")),
        Ok(output) if !output.status.success() => {
            Some(String::from_utf8_lossy(&output.stderr).trim().to_owned())
        }
        Ok(_) => {
            Command::new("python3").arg("--version").output().err().map(|error| format!("python3: {error}"))
        }
    }
}

/// Who answered each packet, by Linux.
fn sent(labs: &[&Lab], wait_ms: u64) -> Vec<Vec<Option<String>>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/network/packets.py");
    let mut child = Command::new("unshare")
        .args(["-rnm", "python3"])
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("unshare");
    let mut input = child.stdin.take().expect("an input");
    let lines: Vec<String> = labs.iter().map(|lab| job(lab, wait_ms).to_string() + "\n").collect();
    let writer = std::thread::spawn(move || input.write_all(lines.concat().as_bytes()).expect("a reader"));
    let output = child.wait_with_output().expect("an end");
    writer.join().expect("all written");
    assert!(output.status.success(), "the packets could not be sent");
    let text = String::from_utf8(output.stdout).expect("text");
    let answers: Vec<_> = text
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).expect("JSON");
            let answers = line["answers"].as_array().expect("answers").iter();
            answers.map(|answer| answer.as_str().map(ToOwned::to_owned)).collect()
        })
        .collect();
    assert_eq!(answers.len(), labs.len(), "an answer for each network");
    answers
}

fn job(lab: &Lab, wait_ms: u64) -> Value {
    let questions: Vec<Value> = lab
        .packets
        .iter()
        .map(|packet| {
            json!({"from": packet.from, "to": packet.to, "protocol": packet.protocol, "port": packet.port,
                "client_port": packet.client_port})
        })
        .collect();
    json!({"given": lab.given, "outside": OUTSIDE, "questions": questions, "wait_ms": wait_ms})
}

/// What the engine says of a packet, and who answers it; none where nobody does.
fn expected(network: &Network, packet: &Packet) -> (Answer, Option<String>) {
    let to: IpAddr = packet.to.parse().expect("an address");
    let holder = network.holders(to).first().copied();
    let number = |id: &str| network.interfaces.number(id).expect("an interface");
    let from = match packet.from.parse::<IpAddr>() {
        Ok(at) => Place::Address(at),
        Err(_) => Place::Interface(number(&packet.from)),
    };
    let place = holder.map_or(Place::Address(to), |holder| Place::Holder(holder, to));
    let protocol: Protocol = packet.protocol.parse().expect("a protocol");
    let mut question = Question::new(from, place, Traffic::of(protocol, packet.port));
    question.client_ports = Ports::of(packet.client_port, packet.client_port);
    let answer = ask(network, &question);
    let is_answered = match answer.verdict {
        Verdict::Yes => true,
        Verdict::No => false,
        // What goes in circles arrives nowhere.
        Verdict::Unknown if answer.hops.iter().any(|hop| hop.code == Some(Code::RoutingLoop)) => false,
        Verdict::Unknown => panic!("everything was read, and {packet:?} is not known: {answer:#?}"),
        Verdict::OnlyIf => answer.conditions.iter().all(|condition| meets(condition, packet.client_port)),
    };
    let holder = holder.or_else(|| network.behind_public(to).map(|(number, _)| number));
    let name = if packet.protocol == "icmp" {
        "*".to_owned()
    } else {
        holder.map_or_else(|| packet.to.clone(), |number| network.interfaces.id(number).to_owned())
    };
    (answer, is_answered.then_some(name))
}

/// Whether the only condition that there is here holds: Linux's address exchange keeps the client's port.
fn meets(condition: &str, port: u16) -> bool {
    let ports = condition.strip_prefix("the NAT gateway takes one of its ports ");
    let ports = ports.unwrap_or_else(|| panic!("no other condition is expected: {condition}"));
    ports.split(", ").any(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let number = |text: &str| text.parse::<u16>().expect("a port");
        (number(first)..=number(last)).contains(&port)
    })
}

#[test]
fn real_packets_go_where_the_engine_says() {
    if let Some(why) = hindrance() {
        eprintln!("skipped: networks cannot be built out of Linux here: {why}");
        return;
    }
    let seed = number("PROPTEST_RNG_SEED").unwrap_or(1);
    let cases =
        number("PROPTEST_CASES").map_or(CASES, |cases| u32::try_from(cases).expect("a number of networks"));
    let mut runner = TestRunner::new(Config {
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..Config::default()
    });
    let labs: Vec<Lab> =
        (0..cases).map(|_| lab::labs().new_tree(&mut runner).expect("a network").current()).collect();
    let labs: Vec<&Lab> = labs.iter().collect();
    let share = labs.len().div_ceil(BESIDE).max(1);
    let answers: Vec<Vec<Option<String>>> = std::thread::scope(|scope| {
        let running: Vec<_> =
            labs.chunks(share).map(|part| scope.spawn(move || sent(part, WAITS_MS[0]))).collect();
        running.into_iter().flat_map(|one| one.join().expect("answers")).collect()
    });
    let (mut packets, mut answered, mut stopped) = (0_u32, 0_u32, BTreeMap::<String, u32>::new());
    let mut wrong = Vec::new();
    for (number, (lab, found)) in labs.iter().zip(answers).enumerate() {
        let network = estate::network(&lab.given);
        assert!(network.faults.is_empty(), "{:?}", network.faults);
        let wanted: Vec<_> = lab.packets.iter().map(|packet| expected(&network, packet)).collect();
        let is_slow =
            wanted.iter().zip(&found).any(|((_, wanted), found)| wanted.is_some() && found.is_none());
        let found = if is_slow { sent(&[*lab], WAITS_MS[1]).remove(0) } else { found };
        for ((packet, (answer, wanted)), found) in lab.packets.iter().zip(wanted).zip(found) {
            packets += 1;
            answered += u32::from(found.is_some());
            if let Some(code) = answer.blocked_by().and_then(|hop| hop.code) {
                *stopped.entry(code.word()).or_default() += 1;
            }
            if wanted != found {
                wrong.push(format!(
                    "network {number}: {packet:?}: Linux {found:?}, the engine {wanted:?}: {answer:#?}\n{}",
                    lab.given
                ));
            }
        }
    }
    println!(
        "seed {seed}: {packets} packets through {cases} networks, {answered} answered; held up: {stopped:?}"
    );
    assert!(
        wrong.is_empty(),
        "{} of {packets} packets go elsewhere (seed {seed}):\n{}",
        wrong.len(),
        wrong[..wrong.len().min(3)].join("\n\n")
    );
    // A lab in which everything or nothing passes would say little.
    assert!(answered * 10 > packets && answered * 10 < packets * 9, "{answered} of {packets} are answered");
}
