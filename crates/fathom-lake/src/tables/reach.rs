//! `reach(src, dst, port)`: whether one thing reaches another, as a function that is a table.

use std::{fmt, sync::Arc};

use datafusion::{
    catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider},
    common::ScalarValue,
    error::{DataFusionError, Result},
    logical_expr::Expr,
};
use fathom_net::{Answer, Network, Protocol, Question, Traffic, ask, trace};

use super::{
    Ask, Field, Kind, Provider, Reader, Shared,
    asked::text,
    exposure::{json, word, worked_out},
    infos, schema_of,
};
use crate::{
    batch::Batches,
    cell::Cell,
    source::{NoAnswer, Source, SourceError},
};

/// What it is called in SQL.
pub(crate) const NAME: &str = "reach";
/// How it is called.
const FORM: &str = "write `reach('internet', 'i-0123456789abcdef0', 443)`: two places and a port, NULL for all ports; a fourth \
    argument names another protocol than tcp";

/// Who is asked about.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    from: String,
    to: String,
    port: Option<u16>,
    protocol: Protocol,
}

/// A range of ports, and its answer.
pub(super) struct ReachRow {
    of: Arc<Wanted>,
    ports: Option<(u16, u16)>,
    answer: Answer,
}

impl ReachRow {
    fn port(&self, last: bool) -> Cell<'static> {
        self.ports.map(|(first, end)| u64::from(if last { end } else { first })).into()
    }
}

pub(super) const FIELDS: &[Field<ReachRow>] = &[
    Field::new("verdict", Kind::Text, "yes, only_if, unknown, no", |row| row.answer.verdict.word().into()),
    Field::new("src", Kind::Text, "who reaches, as it was asked", |row| row.of.from.as_str().into()),
    Field::new("dst", Kind::Text, "what is reached, as it was asked", |row| row.of.to.as_str().into()),
    Field::new("protocol", Kind::Text, "the protocol", |row| row.of.protocol.to_string().into()),
    Field::new(
        "first_port",
        Kind::Integer,
        "the first port of the range; null where there are none",
        |row| row.port(false),
    ),
    Field::new("last_port", Kind::Integer, "the last port of the range", |row| row.port(true)),
    Field::new("disposition", Kind::Text, "where the packet ended", |row| word(&row.answer.disposition)),
    Field::new("blocked_by", Kind::Text, "the hop that held the packet up: its kind and id", |row| {
        row.answer.blocked_by().map(|hop| format!("{} {}", hop.component, hop.id)).into()
    }),
    Field::new("code", Kind::Text, "why it is held up, in AWS's words", |row| {
        row.answer.blocked_by().and_then(|hop| hop.code).map(fathom_net::Code::word).into()
    }),
    Field::new("conditions", Kind::Json, "what must hold, where the verdict is only_if, a list", |row| {
        json(&row.answer.conditions)
    }),
    Field::new("missing", Kind::Json, "what was not read, with the call, a list", |row| {
        json(&row.answer.missing)
    }),
    Field::new("assumptions", Kind::Json, "what was taken to be so, a list", |row| {
        json(&row.answer.assumptions)
    }),
    Field::new("packet", Kind::Text, "the packet in words", |row| row.answer.packet.as_str().into()),
    Field::new("hops", Kind::Json, "each hop, there and back, a list", |row| json(&row.answer.hops)),
];

/// The function, over the estate of one query.
pub(crate) struct Function {
    source: Arc<dyn Source>,
    shared: Shared,
}

impl Function {
    pub(crate) fn new(source: Arc<dyn Source>, shared: Shared) -> Self {
        Self { source, shared }
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("reach")
    }
}

impl TableFunctionImpl for Function {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let wanted = Wanted::of(args.exprs()).map_err(DataFusionError::Plan)?;
        let schema = schema_of(&infos(FIELDS));
        let (source, shared) = (Arc::clone(&self.source), Arc::clone(&self.shared));
        Ok(Arc::new(Provider::new(source, Reader::Reach(Arc::new(wanted)), schema, shared)))
    }
}

impl Wanted {
    fn of(args: &[Expr]) -> Result<Self, String> {
        let values: Vec<&ScalarValue> = args.iter().filter_map(literal).collect();
        if values.len() != args.len() {
            return Err(format!("`{NAME}` takes texts and numbers, no columns; {FORM}"));
        }
        let (from, to, port, protocol) = match values.as_slice() {
            [from, to] => (from, to, None, None),
            [from, to, port] => (from, to, Some(port), None),
            [from, to, port, protocol] => (from, to, Some(port), Some(protocol)),
            _ => {
                return Err(format!(
                    "`{NAME}` takes two to four arguments, here are {}; {FORM}",
                    values.len()
                ));
            }
        };
        let place = |value: &ScalarValue| {
            text(value).map(str::to_owned).ok_or_else(|| format!("a place of `{NAME}` is a text; {FORM}"))
        };
        let protocol = match protocol {
            None => Protocol(fathom_net::traffic::TCP),
            Some(value) => {
                text(value).ok_or_else(|| format!("the protocol of `{NAME}` is a text; {FORM}"))?.parse()?
            }
        };
        let port = port.map(|value| of_port(value)).transpose()?.flatten();
        Ok(Self { from: place(from)?, to: place(to)?, port, protocol })
    }
}

fn literal(expr: &Expr) -> Option<&ScalarValue> {
    match expr {
        Expr::Literal(value, _) => Some(value),
        _ => None,
    }
}

/// A port; none where it is NULL.
fn of_port(value: &ScalarValue) -> Result<Option<u16>, String> {
    if value.is_null() {
        return Ok(None);
    }
    let number = match value {
        ScalarValue::Int64(Some(port)) => u16::try_from(*port).ok(),
        ScalarValue::Int32(Some(port)) => u16::try_from(*port).ok(),
        ScalarValue::UInt64(Some(port)) => u16::try_from(*port).ok(),
        _ => None,
    };
    number
        .map(Some)
        .ok_or_else(|| format!("`{value}` is no port of `{NAME}`: write a number from 0 to 65535"))
}

/// Works it out.
pub(super) fn read(source: &Arc<dyn Source>, ask: Ask, wanted: &Arc<Wanted>) -> Batches {
    let wanted = Arc::clone(wanted);
    worked_out(source, ask, FIELDS, move |network| answers(network, &wanted))
}

fn answers(network: &Network, wanted: &Arc<Wanted>) -> Result<Vec<ReachRow>, SourceError> {
    let place = |text: &str| {
        trace::find(network, text).map_err(|message| SourceError::from(NoAnswer { message, hint: None }))
    };
    let (from, to) = (place(&wanted.from)?, place(&wanted.to)?);
    let row = |ports, answer| ReachRow { of: Arc::clone(wanted), ports, answer };
    if wanted.port.is_none() && wanted.protocol.has_ports() {
        let found = trace::ports(network, &from, &to, wanted.protocol);
        return Ok(found.into_iter().map(|one| row(Some((one.first, one.last)), one.answer)).collect());
    }
    let traffic = Traffic::of(wanted.protocol, wanted.port.unwrap_or_default());
    let ports = wanted.port.filter(|_| wanted.protocol.has_ports()).map(|port| (port, port));
    Ok(vec![row(ports, ask(network, &Question::new(from, to, traffic)))])
}
