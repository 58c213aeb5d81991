//! Templates: an item as the encoder writes it, with slots for what differs from item to item.

use std::fmt::Write as _;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, Value};

use super::{PAGE, Scale, items};
use crate::front::{
    encode::{Reply, encode, json_value},
    model::{Model, Paginator, Protocol, Ref},
    value::put,
    xml,
};
use items::{Listing, Segment};

/// What stands around a slot's name. Letters only, so that no escaping changes it.
const OPEN: &str = "ZQX";
const CLOSE: &str = "XQZ";

/// Where a page is asked for.
pub(super) struct Scene<'a> {
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    /// The region's place in the list of regions.
    pub(super) place: usize,
    /// Counts in that region.
    pub(super) counts: &'a Scale,
}

/// Text that differs from item to item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Account,
    Region,
    Token,
    /// The item's number.
    Number,
    /// A resource's id behind its prefix.
    Own,
    Vpc,
    Subnet,
    Group,
    Instance,
    Volume,
    Interface,
    Role,
    /// A private address.
    Address,
    /// A region for things that are listed globally.
    AnyRegion,
    Team,
    /// `a`, `b` or `c`, a zone's letter.
    Zone,
    /// `true` for three in four.
    MostlyTrue,
    /// `required` for three in four.
    MostlyRequired,
}

const SLOTS: &[(&str, Slot)] = &[
    ("account", Slot::Account),
    ("region", Slot::Region),
    ("token", Slot::Token),
    ("number", Slot::Number),
    ("own", Slot::Own),
    ("vpc", Slot::Vpc),
    ("subnet", Slot::Subnet),
    ("group", Slot::Group),
    ("instance", Slot::Instance),
    ("volume", Slot::Volume),
    ("interface", Slot::Interface),
    ("role", Slot::Role),
    ("address", Slot::Address),
    ("anyregion", Slot::AnyRegion),
    ("team", Slot::Team),
    ("zone", Slot::Zone),
    ("mostlytrue", Slot::MostlyTrue),
    ("mostlyrequired", Slot::MostlyRequired),
];

/// Text and slots by turns.
#[derive(Debug, Default)]
struct Template {
    parts: Vec<(String, Option<Slot>)>,
}

impl Template {
    fn new(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(OPEN) {
            let (name, after) = after.split_once(CLOSE).expect("every slot ends");
            let slot = SLOTS.iter().find(|(slot, _)| *slot == name);
            let (_, slot) = slot.unwrap_or_else(|| panic!("no slot `{name}`"));
            parts.push((before.to_owned(), Some(*slot)));
            rest = after;
        }
        parts.push((rest.to_owned(), None));
        Template { parts }
    }

    fn write(&self, scene: &Scene<'_>, number: u64, token: &str, out: &mut String) {
        for (text, slot) in &self.parts {
            out.push_str(text);
            match slot {
                None => {}
                Some(Slot::Token) => out.push_str(token),
                Some(slot) => slot.write(scene, number, out),
            }
        }
    }
}

impl Slot {
    fn write(self, scene: &Scene<'_>, number: u64, out: &mut String) {
        let counts = scene.counts;
        // Some ids have no account around them (a snapshot's ARN), so they differ from account to account.
        let account = scene.account.parse::<u64>().unwrap_or_default() & 0xffff;
        let id = |number: u64| (account << 47) | ((scene.place as u64 + 1) << 40) | number;
        // Interfaces and volumes belong to the instance of the same number, further ones to instances from the first.
        let instance = number % counts.instances.max(1);
        let subnet = instance % counts.subnets.max(1);
        let vpc = subnet % counts.vpcs.max(1);
        let _ = match self {
            Slot::Account => out.write_str(scene.account),
            Slot::Region => out.write_str(scene.region),
            Slot::Token => Ok(()),
            Slot::Number => write!(out, "{number}"),
            Slot::Own | Slot::Interface => write!(out, "{:017x}", id(number)),
            Slot::Vpc => write!(out, "{:017x}", id(vpc)),
            // The first groups belong to the network of the same number.
            Slot::Group => write!(out, "{:017x}", id(vpc % counts.security_groups.max(1))),
            Slot::Subnet => write!(out, "{:017x}", id(subnet)),
            Slot::Instance => write!(out, "{:017x}", id(instance)),
            Slot::Volume => write!(out, "{:017x}", id(number % counts.volumes.max(1))),
            Slot::Role => write!(out, "{}", number % counts.roles.max(1)),
            Slot::Address => {
                write!(out, "10.{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255)
            }
            Slot::AnyRegion => {
                let place = usize::try_from(number % counts.regions.len().max(1) as u64).unwrap_or(0);
                out.write_str(counts.regions.get(place).map_or(scene.region, String::as_str))
            }
            Slot::Team => out.write_str(items::team(number)),
            Slot::Zone => out.write_str(["a", "b", "c"][(number % 3) as usize]),
            Slot::MostlyTrue => out.write_str(if number % 4 == 3 { "false" } else { "true" }),
            Slot::MostlyRequired => out.write_str(if number % 4 == 3 { "optional" } else { "required" }),
        };
    }
}

/// An answer around its items.
#[derive(Debug)]
struct Frame {
    head: Template,
    tail: Template,
}

#[derive(Debug)]
struct Row {
    count: fn(&Scale) -> u64,
    /// Between pages, and at the end of the listing.
    frames: [Frame; 2],
    /// With and without tags.
    items: [Template; 2],
}

/// A listing with its templates.
#[derive(Debug)]
pub(super) struct Pages {
    rows: Vec<Row>,
    headers: HeaderMap,
    separator: &'static str,
    token: Option<String>,
    limit: Option<String>,
}

impl Pages {
    pub(super) fn new(model: &Model, listing: &Listing) -> Self {
        let operation = listing.operation;
        let paginator = model.paginators.get(operation);
        let is_json = matches!(model.protocol(), Protocol::Json | Protocol::RestJson);
        let rows = listing.segments.iter().map(|segment| row(model, operation, segment, paginator)).collect();
        Pages {
            rows,
            headers: encode(model, operation, &Value::Null).headers,
            separator: if is_json { "," } else { "" },
            token: paginator
                .and_then(|paginator| paginator.input_token.all().first().map(|name| (*name).to_owned())),
            limit: paginator.and_then(|paginator| paginator.limit_key.clone()),
        }
    }

    pub(super) fn write(&self, scene: &Scene<'_>, params: Option<&Value>) -> Reply {
        let param = |name: &Option<String>| params?.get(name.as_deref()?);
        let limit = match param(&self.limit) {
            Some(Value::Number(limit)) => limit.as_u64(),
            Some(Value::String(limit)) => limit.parse().ok(),
            _ => None,
        };
        let limit = limit.unwrap_or(PAGE).clamp(1, PAGE);
        let (mut at, mut start) =
            param(&self.token).and_then(Value::as_str).and_then(place).unwrap_or((0, 0));
        // A listing without tokens is one page, whatever its length.
        let limit = if self.token.is_some() { limit } else { u64::MAX };
        while let Some(row) = self.rows.get(at)
            && start >= (row.count)(scene.counts)
            && at + 1 < self.rows.len()
        {
            (at, start) = (at + 1, 0);
        }
        let mut body = String::new();
        if let Some(row) = self.rows.get(at) {
            let count = (row.count)(scene.counts);
            let end = start.saturating_add(limit).min(count);
            let rest: u64 = self.rows.iter().skip(at + 1).map(|row| (row.count)(scene.counts)).sum();
            let is_last = end >= count && rest == 0;
            let [between, last] = &row.frames;
            let frame = if is_last { last } else { between };
            let token = if end < count { format!("front-{at}-{end}") } else { format!("front-{}-0", at + 1) };
            frame.head.write(scene, start, &token, &mut body);
            for number in start..end {
                if number > start {
                    body.push_str(self.separator);
                }
                let [tagged, bare] = &row.items;
                let item = if items::is_tagged(number) { tagged } else { bare };
                item.write(scene, number, "", &mut body);
            }
            frame.tail.write(scene, start, &token, &mut body);
        }
        Reply { status: 200, headers: self.headers.clone(), body: Bytes::from(body) }
    }
}

/// Segment and item that a token means.
fn place(token: &str) -> Option<(usize, u64)> {
    let (at, start) = token.strip_prefix("front-")?.split_once('-')?;
    Some((at.parse().ok()?, start.parse().ok()?))
}

fn row(model: &Model, operation: &str, segment: &Segment, paginator: Option<&Paginator>) -> Row {
    let tagged = (segment.item)();
    let mut bare = tagged.clone();
    if let Some(inner) = bare.pointer_mut(segment.tagged_at).and_then(Value::as_object_mut) {
        inner.retain(|name, _| !matches!(name.as_str(), "Tags" | "TagSet" | "TagList"));
    }
    let frame = |is_last: bool| {
        let mut output = Map::new();
        put(&mut output, segment.list, Value::Array(vec![tagged.clone()]));
        if let Some(paginator) = paginator {
            if let Some(more) = &paginator.more_results {
                put(&mut output, more, Value::Bool(!is_last));
            }
            if let (Some(path), false) = (paginator.output_token.all().first(), is_last) {
                put(&mut output, path, Value::from(format!("{OPEN}token{CLOSE}")));
            }
        }
        let body = encode(model, operation, &Value::Object(output)).body;
        let body = String::from_utf8(body.to_vec()).expect("the encoder writes text");
        let item = fragment(model, operation, segment.list, &tagged);
        let (head, tail) = body.split_once(&item).expect("the item is in the answer");
        Frame { head: Template::new(head), tail: Template::new(tail) }
    };
    let item = |value| Template::new(&fragment(model, operation, segment.list, value));
    Row { count: segment.count, frames: [frame(false), frame(true)], items: [item(&tagged), item(&bare)] }
}

/// One item of the list as it stands in the answer.
fn fragment(model: &Model, operation: &str, list: &str, item: &Value) -> String {
    let target = item_of(model, operation, list);
    match model.protocol() {
        Protocol::Json | Protocol::RestJson => json_value(model, target, item).to_string(),
        _ => {
            let mut out = String::new();
            xml::element(model, target, model.wire(target).unwrap_or("member"), item, &mut out);
            out
        }
    }
}

/// The item of the list at a path of the output.
pub(super) fn item_of<'a>(model: &'a Model, operation: &str, list: &str) -> &'a Ref {
    let (_, mut shape) = model.output(operation).expect("listings have an output");
    for name in list.split('.') {
        let member = shape.members.get(name).unwrap_or_else(|| panic!("{operation} has no member `{name}`"));
        shape = model.shape(member);
    }
    shape.member.as_ref().expect("a listing's items are in a list")
}
