// The picture of all stories: what an intruder has, in layers from left to right. Where a layer has more than can be read, what
// is of one kind stands as one box, which opens.
import { kind } from "../../lib/text";
import { type Answer, bare, is, type Kind, kinds, type Node, type Story } from "./words";

export const LAYERS = ["Begins with", "First foothold", "Becomes", "Takes"] as const;
/** Boxes of a layer, beyond which those of one kind stand as one. */
export const LAYER_MAX = 8;
/** Members of an opened group that are drawn. */
export const OPENED_MAX = 12;
export const BOX = { width: 178, height: 48 };
const GAP = { x: 66, more: 50, y: 10 };
const PAD = { x: 10, top: 34, bottom: 12 };

export interface Box { id: string; layer: number; kind: Kind; name: string; is: string; x: number; y: number;
  /** The keys of what stands in it. */
  members: string[];
  /** Places of the stories that pass it. */
  stories: number[];
  answer: Answer; withheld: boolean;
  /** The group that it is of, so that it can be closed. */
  of?: string; group: boolean }
export interface Line { from: string; to: string; count: number; answer: Answer; path: string; tip: { x: number; y: number; turn: number } }
export interface Drawn { boxes: Box[]; lines: Line[]; width: number; height: number }

const ORDER: Answer[] = ["yes", "only_if", "unknown"];
const surest = (one: Answer, other: Answer): Answer => (ORDER.indexOf(one) <= ORDER.indexOf(other) ? one : other);

const LAYER: Record<Kind, number> = { internet: 0, vendor: 0, access_key: 0, balancer: 1, listener: 1, server: 1, principal: 2, grown: 2, account: 3, data: 3, keys: 3, backups: 3, logs: 3 };

/** Which things are one box at first: an open port and the server behind it are one place. */
const place = (node: Node): string => `${node.kind === "listener" ? "server" : node.kind === "grown" ? "principal" : node.kind} ${node.withheld ? "withheld" : (node.id ?? "")}`;

interface Spot { key: string; node: Node; layer: number; stories: Set<number>; answer: Answer }

/** What a story passes, in its order, and between which of it the steps lead. */
export function passed({ from, steps }: Pick<Story, "from" | "steps">): { nodes: Node[]; pairs: [string, string][] } {
  const nodes = new Map<string, Node>(from.map((node) => [place(node), node]));
  const pairs: [string, string][] = [];
  for (const step of steps) {
    const to = place(step.gains);
    if (!nodes.has(to) || step.gains.kind === "server") nodes.set(to, step.gains);
    for (const node of step.with) {
      const one = place(node);
      if (!nodes.has(one)) nodes.set(one, node);
      if (one !== to) pairs.push([one, to]);
    }
  }
  return { nodes: [...nodes.values()], pairs };
}

/** In which layer something stands; whoever is named to begin with stands first. */
const layerOf = (node: Node, isStart: boolean): number => (isStart ? 0 : LAYER[node.kind]);

function spots(stories: readonly Story[]): Map<string, Spot> {
  const found = new Map<string, Spot>();
  stories.forEach((story, at) => {
    const starts = new Set(story.from.map(place));
    for (const node of passed(story).nodes) {
      const key = place(node);
      const known = found.get(key) ?? { key, node, layer: layerOf(node, starts.has(key)), stories: new Set<number>(), answer: story.answer };
      known.stories.add(at);
      known.answer = surest(known.answer, story.answer);
      found.set(key, known);
    }
  });
  return found;
}

/** What stands together: of one kind, type and account, or of one kind alone. */
const groupOf = ({ node, layer }: Spot, wide: boolean): string => [layer, node.kind === "listener" ? "server" : node.kind, ...(wide ? [] : [node.resource_type ?? "", node.account ?? ""])].join("|");

/** The boxes of one layer, the groups that are named in `open` with their members. */
function inLayer(all: Spot[], open: ReadonlySet<string>): Omit<Box, "x" | "y">[] {
  const single = (spot: Spot, of?: string): Omit<Box, "x" | "y"> => ({ id: spot.key, layer: spot.layer, kind: spot.node.kind, name: bare(spot.node), is: is(spot.node), members: [spot.key], stories: [...spot.stories], answer: spot.answer, withheld: spot.node.withheld, of, group: false });
  const sorted = [...all].sort((a, b) => b.stories.size - a.stories.size || a.key.localeCompare(b.key));
  if (sorted.length <= LAYER_MAX) return sorted.map((spot) => single(spot));
  const by = (wide: boolean) => {
    const groups = new Map<string, Spot[]>();
    for (const spot of sorted) groups.set(groupOf(spot, wide), [...(groups.get(groupOf(spot, wide)) ?? []), spot]);
    return groups;
  };
  const narrow = by(false);
  const groups = narrow.size <= LAYER_MAX ? narrow : by(true);
  return [...groups].flatMap(([id, members]) => {
    const [first] = members;
    if (!first) return [];
    if (members.length === 1) return [single(first)];
    if (open.has(id)) {
      const drawn = members.slice(0, OPENED_MAX).map((spot) => single(spot, id));
      return members.length > OPENED_MAX ? [...drawn, together(`${id} rest`, members.slice(OPENED_MAX), id)] : drawn;
    }
    return [together(id, members)];
  });
}

/** Several as one box; `rest` for those of an opened group that are not drawn. */
function together(id: string, members: Spot[], rest?: string): Omit<Box, "x" | "y"> {
  const nodes = members.map(({ node }) => node);
  const [first] = members as [Spot];
  const same = (of: (node: Node) => string): string | undefined => { const all = new Set(nodes.map(of)); return all.size === 1 ? [...all][0] : undefined; };
  const type = same((node) => node.resource_type ?? "");
  const roles = nodes.every((node) => node.kind === "principal" && node.id?.includes(":role/"));
  const what = rest ? "more" : type ? `× ${kind(type)}` : roles ? "roles" : kinds(first.node.kind, members.length);
  const account = same((node) => node.account ?? "");
  return {
    id, layer: first.layer, kind: first.node.kind, name: `${members.length} ${what}`, is: first.node.kind === "account" || first.node.kind === "vendor" ? "" : account === undefined ? `of ${new Set(nodes.map((node) => node.account)).size} accounts` : account && `of ${account}`, members: members.map(({ key }) => key),
    stories: [...new Set(members.flatMap(({ stories }) => [...stories]))], answer: members.map(({ answer }) => answer).reduce(surest), withheld: first.node.withheld, of: rest, group: true,
  };
}

/** Where boxes and lines stand. */
export function layered(stories: readonly Story[], open: readonly string[] = []): Drawn {
  const found = spots(stories);
  const opened = new Set(open);
  const columns = LAYERS.map((_, layer) => inLayer([...found.values()].filter((spot) => spot.layer === layer), opened));
  // A layer with nothing in it takes no room.
  const place = columns.map((_, layer) => columns.slice(0, layer).filter((column) => column.length > 0).length);
  const shown = columns.filter((column) => column.length > 0).length;
  const wide = BOX.width + GAP.x + (LAYERS.length - shown) * GAP.more;
  const x = (layer: number) => PAD.x + (place[layer] ?? 0) * wide;
  const most = Math.max(1, ...columns.map((column) => column.length));
  const tall = most * (BOX.height + GAP.y);
  const boxes = columns.flatMap((column, layer) => {
    const top = PAD.top + (tall - column.length * (BOX.height + GAP.y)) / 2;
    // A long layer beside short ones: the short ones stay at the top, where they are seen first.
    const begin = most > LAYER_MAX + 4 ? PAD.top : top;
    return column.map((box, at): Box => ({ ...box, x: x(layer), y: begin + at * (BOX.height + GAP.y) + BOX.height / 2 }));
  });
  const boxOf = new Map(boxes.flatMap((box) => box.members.map((member) => [member, box] as const)));
  const pairs = new Map<string, { from: Box; to: Box; count: number; answer: Answer }>();
  for (const story of stories) {
    const told = new Set<string>();
    for (const [one, other] of passed(story).pairs) {
      const [from, to] = [boxOf.get(one), boxOf.get(other)];
      if (!from || !to || from === to) continue;
      const id = `${from.id} > ${to.id}`;
      if (told.has(id)) continue;
      told.add(id);
      const known = pairs.get(id);
      pairs.set(id, { from, to, count: (known?.count ?? 0) + 1, answer: known ? surest(known.answer, story.answer) : story.answer });
    }
  }
  const lines = [...pairs.values()].map(({ from, to, count, answer }) => ({ from: from.id, to: to.id, count, answer, ...curve(from, to) }));
  return { boxes, lines, width: PAD.x + Math.max(0, shown - 1) * wide + BOX.width + PAD.x + 10, height: PAD.top + tall + PAD.bottom };
}

/** From the right side of one box to the left side of another; within a layer around its right side. */
function curve(from: Box, to: Box): { path: string; tip: Line["tip"] } {
  const begin = from.x + BOX.width;
  if (from.layer < to.layer) {
    const end = to.x - 8;
    const bend = Math.max(24, (end - begin) / 2);
    return { path: `M${begin} ${from.y}C${begin + bend} ${from.y} ${end - bend} ${to.y} ${end} ${to.y}`, tip: { x: to.x, y: to.y, turn: 0 } };
  }
  if (from.layer === to.layer) {
    const out = begin + 14 + Math.min(26, Math.abs(to.y - from.y) / 12);
    return { path: `M${begin} ${from.y + 8}C${out} ${from.y + 8} ${out} ${to.y - 8} ${begin + 8} ${to.y - 8}`, tip: { x: begin, y: to.y - 8, turn: 180 } };
  }
  const end = to.x + BOX.width + 8;
  const bend = Math.max(24, (from.x - end) / 2);
  return { path: `M${from.x} ${from.y + 14}C${from.x - bend} ${from.y + 14} ${end + bend} ${to.y + 14} ${end} ${to.y + 14}`, tip: { x: to.x + BOX.width, y: to.y + 14, turn: 180 } };
}

/** The box that arrows of the keyboard lead to. */
export function beside(boxes: readonly Box[], from: Box, key: string): Box | undefined {
  const step = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[key];
  if (!step) return undefined;
  const [sideways = 0, down = 0] = step;
  if (down !== 0) {
    const column = boxes.filter((box) => box.layer === from.layer);
    return column[column.indexOf(from) + down];
  }
  const others = boxes.filter((box) => (sideways > 0 ? box.layer > from.layer : box.layer < from.layer));
  const near = sideways > 0 ? Math.min(...others.map((box) => box.layer)) : Math.max(...others.map((box) => box.layer));
  return others.filter((box) => box.layer === near).sort((a, b) => Math.abs(a.y - from.y) - Math.abs(b.y - from.y))[0];
}
