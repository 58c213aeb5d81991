// Where the boxes of the map stand: the internet, by which gateway or load balancer, and what is reached.
import { component, type Exposed, type Hop, type Ports, range, type Verdict } from "./words";

export interface Box { id: string; column: 0 | 1 | 2; name: string; is: string; verdict: Verdict; x: number; y: number;
  /** What is asked of whoever opens it. */
  ask?: { to: string; protocol: string; port?: number };
  type?: string;
}
export interface Line { from: string; to: string; verdict: Verdict; label: string; path: string; x: number; y: number }
export interface Drawn { boxes: Box[]; lines: Line[]; left: number; width: number; height: number }

/** So many are drawn; the list has the rest. */
export const DRAWN_MAX = 40;
export const BOX = { width: 216, height: 58 };
const COLUMNS = [8, 346, 714] as const;
const STEP = BOX.height + 14;
const PAD = 8;

const ORDER: Record<Verdict, number> = { no: 0, unknown: 1, only_if: 2, yes: 3 };
const best = (all: Verdict[]): Verdict => all.reduce((one, other) => (ORDER[other] > ORDER[one] ? other : one), "no");

/** Ranges of ports in words, the first few. */
export function ports(all: Pick<Ports, "first" | "last">[], protocol: string): string {
  const told = all.map(range).filter(Boolean);
  return `${protocol}${told.length ? ` ${told.slice(0, 4).join(", ")}` : ""}${told.length > 4 ? " …" : ""}`;
}

interface Entry { id: string; name: string; is: string; verdicts: Verdict[]; labels: string[]; type?: string; ask?: Box["ask"]; targets: Map<string, Target> }
interface Target { id: string; name: string; is: string; verdicts: Verdict[]; labels: string[]; type?: string; ask?: Box["ask"] }

const named = (hop: Hop): string => hop.name ?? hop.id;

/** By what a packet comes in, before it is at an interface. */
function gateway(row: Exposed): Hop | undefined {
  const there = row.ports.flatMap((each) => each.hops).filter((hop) => hop.leg === "there");
  return there.find((hop) => hop.component === "internet_gateway") ?? there.find((hop) => hop.withheld);
}

/** Where a load balancer sends what it takes. */
function behind(row: Exposed): { hop: Hop; verdict: Verdict }[] {
  return row.ports.flatMap((each) => {
    const at = each.hops.findLastIndex((hop) => hop.component === "load_balancer" && hop.says === "forwarded");
    const hop = at < 0 ? undefined : each.hops.slice(at + 1).find((one) => one.says === "delivered" && one.leg === "there");
    return hop ? [{ hop, verdict: each.verdict }] : [];
  });
}

function grouped(rows: Exposed[]): Entry[] {
  const found = new Map<string, Entry>();
  const entry = (id: string, make: () => Omit<Entry, "id" | "verdicts" | "labels" | "targets">): Entry => {
    const known = found.get(id) ?? { id, ...make(), verdicts: [], labels: [], targets: new Map<string, Target>() };
    found.set(id, known);
    return known;
  };
  const into = (of: Entry, target: Omit<Target, "verdicts" | "labels">, verdict: Verdict, label: string) => {
    const known = of.targets.get(target.id) ?? { ...target, verdicts: [], labels: [] };
    known.verdicts.push(verdict);
    if (label && !known.labels.includes(label)) known.labels.push(label);
    of.targets.set(target.id, known);
  };
  for (const row of rows) {
    const label = ports(row.ports, row.protocol);
    const ask = { to: row.id, protocol: row.protocol, port: row.ports[0]?.first ?? undefined };
    if (row.component === "load_balancer") {
      const of = entry(`lb ${row.id}`, () => ({ name: row.name ?? row.id, is: `${row.kind} load balancer`, type: row.resource_type ?? undefined, ask }));
      of.verdicts.push(row.verdict);
      of.labels.push(label);
      for (const { hop, verdict } of behind(row)) into(of, { id: `${of.id} ${hop.id}`, name: named(hop) || component(hop.component), is: component(hop.component), type: hop.resource_type ?? undefined }, verdict, "");
    } else {
      const hop = gateway(row);
      const of = entry(hop && !hop.withheld ? `gw ${hop.id}` : `gw of ${row.vpc}`, () => ({ name: hop && !hop.withheld ? named(hop) : "gateway", is: hop?.withheld ? "not for you to see" : hop ? component(hop.component) : "not known", type: hop?.resource_type ?? undefined }));
      of.verdicts.push(row.verdict);
      into(of, { id: `at ${row.id}`, name: row.server ? (row.server.name ?? row.server.id) : ((row.name ?? row.description) || row.id), is: row.addresses[0] ?? row.id, type: row.server ? "AWS::EC2::Instance" : "AWS::EC2::NetworkInterface", ask }, row.verdict, label);
    }
  }
  return [...found.values()];
}

/** The map of as many rows as can be read. */
export function drawnMap(all: Exposed[], total = all.length): Drawn {
  const rows = all.slice(0, DRAWN_MAX);
  const boxes: Box[] = [];
  const lines: Line[] = [];
  let y = PAD + BOX.height / 2;
  const entries = grouped(rows);
  const middle = (column: 0 | 1 | 2) => COLUMNS[column] + BOX.width;
  const root = { id: "internet", x: COLUMNS[0], y };
  const line = (from: { id: string; y: number }, to: Box, label: string) => {
    const begin = middle(to.column === 1 ? 0 : 1);
    lines.push({ from: from.id, to: to.id, verdict: to.verdict, label, path: `M${begin} ${from.y}H${begin + 16}V${to.y}H${to.x - 7}`, x: begin + 22, y: to.y });
  };
  for (const each of entries) {
    const box: Box = { id: each.id, column: 1, name: each.name, is: each.is, verdict: best(each.verdicts), x: COLUMNS[1], y, ask: each.ask, type: each.type };
    boxes.push(box);
    line(root, box, each.labels.join("; "));
    for (const target of each.targets.values()) {
      const to: Box = { id: target.id, column: 2, name: target.name, is: target.is, verdict: best(target.verdicts), x: COLUMNS[2], y, ask: target.ask, type: target.type };
      boxes.push(to);
      line(box, to, target.labels.join("; "));
      y += STEP;
    }
    if (each.targets.size === 0) y += STEP;
  }
  const first: Box = { ...root, column: 0, name: "The internet", is: "anybody there", verdict: best(rows.map((row) => row.verdict)) };
  return { boxes: [first, ...boxes], lines, left: total - rows.length, width: COLUMNS[2] + BOX.width + PAD, height: y - BOX.height / 2 + PAD };
}
