// Accounts and their networks as nested areas, and every node within its own.
import { grouped } from "../../lib/group";
import { type Box, inner, squarify } from "../../lib/treemap";
import type { Position } from "./arrange";
import type { Graph, GraphNode } from "./model";

export interface DrawnArea { key: string; name: string; what: "account" | "network" | "outside"; box: Box; count: number }

/** Room for one node, for an area's edge and for its title, in the graph's own units. */
const CELL = 40;
const EDGE = 14;
const TITLE = 26;
/** A line of text on the screen, and about how wide the whole is drawn there. */
const TEXT_PX = 18;
const ACROSS_PX = 1000;
/** Up to so many nodes find their places by what they are connected with; more stand in rows. */
const FORCED_MAX = 400;
const ROUNDS = 80;

/** Lays out the areas and every node that is not in `fixed`; `aspect` is the width of the whole by its height. */
export function inAreas(graph: Graph, known: Map<string, Position>, fixed: ReadonlySet<string>, aspect = 1.6): DrawnArea[] {
  // Laid out as one writes, from the top down; the picture counts from the bottom up.
  const down = new Map<string, Position>();
  for (const id of fixed) {
    const at = known.get(id);
    if (at) down.set(id, { x: at.x, y: -at.y });
  }
  const drawn = layOut(graph, down, fixed, aspect);
  for (const id of graph.nodes.keys()) {
    const at = down.get(id);
    if (at && !(fixed.has(id) && known.has(id))) known.set(id, { x: at.x, y: -at.y });
  }
  return drawn.map((area) => ({ ...area, box: { ...area.box, y: -(area.box.y + area.box.height) } }));
}

function layOut(graph: Graph, known: Map<string, Position>, fixed: ReadonlySet<string>, aspect: number): DrawnArea[] {
  const nodes = [...graph.nodes.values()];
  const room = (count: number) => (Math.ceil(Math.sqrt(count)) * CELL + 2 * EDGE) * (Math.ceil(Math.sqrt(count)) * CELL + EDGE + TITLE);
  const accounts = [...grouped(nodes, (node) => node.account)].map(([account, own]) => {
    const networks = [...grouped(own, (node) => node.network ?? "")].map(([network, members]) => ({ network, members, room: room(members.length) }));
    return { account, own, networks, room: networks.reduce((sum, each) => sum + each.room, 0) * 1.15 + room(1) };
  });
  const total = accounts.reduce((sum, each) => sum + each.room, 0);
  const width = Math.sqrt(total * aspect);
  // The more there is, the smaller it is drawn: an account's title keeps room for a line of text all the same.
  const title = Math.max(TITLE, (TEXT_PX * width) / ACROSS_PX);
  const drawn: DrawnArea[] = [];
  const boxes = new Map<string, Box>();
  for (const { item: account, box } of squarify(accounts, (each) => each.room, { x: 0, y: 0, width, height: total / width })) {
    const own = inner(box, EDGE / 2, EDGE / 2);
    drawn.push({ key: account.account, name: account.account, what: "account", box: own, count: account.own.length });
    const alone = account.networks.length === 1 && account.networks[0]?.network === "";
    for (const { item: part, box: place } of squarify(account.networks, (each) => each.room, inner(own, EDGE / 2, title))) {
      const area = alone ? place : inner(place, EDGE / 2, EDGE / 2);
      if (!alone) drawn.push({ key: `${account.account}\n${part.network}`, name: part.network ? (graph.nodes.get(part.network)?.label ?? part.network.split(/[/:]/).at(-1) ?? part.network) : "in no network", what: part.network ? "network" : "outside", box: area, count: part.members.length });
      const inside = inner(area, EDGE, alone ? EDGE : TITLE);
      rows(part.members, inside, known, fixed);
      for (const node of part.members) boxes.set(node.id, inside);
    }
  }
  if (nodes.length <= FORCED_MAX) force(graph, known, boxes, fixed);
  return drawn;
}

/** In rows, like beside like. */
function rows(members: GraphNode[], box: Box, known: Map<string, Position>, fixed: ReadonlySet<string>): void {
  const sorted = [...members].sort((a, b) => a.type.localeCompare(b.type) || a.label.localeCompare(b.label) || a.id.localeCompare(b.id));
  const columns = Math.max(1, Math.round(Math.sqrt((sorted.length * Math.max(1, box.width)) / Math.max(1, box.height))));
  const lines = Math.ceil(sorted.length / columns);
  sorted.forEach((node, at) => {
    if (fixed.has(node.id) && known.has(node.id)) return;
    // A single row goes up and down, so that a connection does not run through those between.
    const shift = lines === 1 && sorted.length > 1 ? (at % 2 ? 0.2 : -0.2) : 0;
    known.set(node.id, { x: box.x + ((at % columns) + 0.5) * (box.width / columns), y: box.y + (Math.floor(at / columns) + 0.5 + shift) * (box.height / lines) });
  });
}

/** Pulls what is connected together and pushes neighbours apart; nobody leaves the area. In plain arrays: it runs while somebody waits. */
function force(graph: Graph, known: Map<string, Position>, boxes: ReadonlyMap<string, Box>, fixed: ReadonlySet<string>): void {
  const ids = [...graph.nodes.keys()];
  const index = new Map(ids.map((id, place) => [id, place]));
  const x = Float64Array.from(ids, (id) => known.get(id)?.x ?? 0);
  const y = Float64Array.from(ids, (id) => known.get(id)?.y ?? 0);
  const from = Int32Array.from(graph.edges, (edge) => index.get(edge.from) ?? 0);
  const to = Int32Array.from(graph.edges, (edge) => index.get(edge.to) ?? 0);
  const far = 2.4 * CELL;
  const of = (all: Float64Array | Int32Array, at: number) => all[at] as number;
  for (let round = 0; round < ROUNDS; round++) {
    const px = new Float64Array(ids.length);
    const py = new Float64Array(ids.length);
    const push = (at: number, dx: number, dy: number) => {
      px[at] = of(px, at) + dx;
      py[at] = of(py, at) + dy;
    };
    for (let at = 0; at < from.length; at++) {
      const [a, b] = [of(from, at), of(to, at)];
      const dx = (of(x, b) - of(x, a)) * 0.04;
      const dy = (of(y, b) - of(y, a)) * 0.04;
      push(a, dx, dy);
      push(b, -dx, -dy);
    }
    for (let a = 0; a < ids.length; a++) {
      const ax = of(x, a);
      const ay = of(y, a);
      for (let b = a + 1; b < ids.length; b++) {
        const dx = of(x, b) - ax;
        if (dx > far || dx < -far) continue;
        const dy = of(y, b) - ay;
        const apart = Math.sqrt(dx * dx + dy * dy) || 0.01;
        if (apart > far) continue;
        const by = ((far - apart) / apart) * 0.28;
        push(a, -dx * by, -dy * by);
        push(b, dx * by, dy * by);
      }
    }
    const heat = 1 - round / ROUNDS;
    ids.forEach((id, at) => {
      const box = boxes.get(id);
      if (!box || fixed.has(id)) return;
      x[at] = Math.min(box.x + box.width, Math.max(box.x, of(x, at) + of(px, at) * heat));
      y[at] = Math.min(box.y + box.height, Math.max(box.y, of(y, at) + of(py, at) * heat));
    });
  }
  ids.forEach((id, at) => {
    if (!fixed.has(id)) known.set(id, { x: of(x, at), y: of(y, at) });
  });
}
