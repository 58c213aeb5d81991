// The picture of what somebody can become: which boxes and arrows there are, and where they stand. Each thing that is
// reached has one arrow to it, that of its last step, so that the picture is a tree from left to right.
import { accountOf, BEING, called, type Climb, isAccount, type Level, LEVELS, type Reached, type Step } from "./climb";
import { short } from "./words";

/** Boxes that are drawn; the list beneath has all. */
export const NODES_MAX = 60;

export interface Box { id: string; what: Reached["what"] | "start"; name: string; is: string;
  /** What is to be said of it besides: that it starts, has more permissions, is not sure. */
  note: string; level: Level; depth: number;
  /** Where it stands in the answer; none of who starts, and of what that is already. */
  at?: number }
export interface Arrow { from: string; to: string; title: string; level: Level;
  /** What the step uses, and as whom it is taken. */
  beside: string[] }
export interface Tree { boxes: Box[]; arrows: Arrow[];
  /** Of what can be reached, how many are not drawn. */
  left: number }

const WORST: Level[] = ["sure", "only_if", "unknown"];
const worse = (a: Level, b: Level): Level => WORST[Math.max(WORST.indexOf(a), WORST.indexOf(b))] ?? "unknown";
const START = "start";
const id = (what: Reached["what"], name: string) => `${what} ${name}`;
const keyOf = (step: Step) => [step.rule, step.actor, step.on, step.gains].join(" ");

/** What the steps of the answer lead to, each by its last step. */
function kinds(reached: readonly Reached[]): Map<string, { what: Reached["what"]; at: number }> {
  const found = new Map<string, { what: Reached["what"]; at: number }>();
  reached.forEach(({ what, steps }, at) => {
    const last = steps.at(-1);
    if (last && !found.has(keyOf(last))) found.set(keyOf(last), { what, at });
  });
  return found;
}

function guessed({ gains, actor }: Step): Reached["what"] {
  if (isAccount(gains)) return "account";
  if (gains === actor) return "more";
  return gains.includes(":user/") ? "user" : "role";
}

/** One step of a way, between two boxes. */
interface Move { from: string; to: string; what: Reached["what"]; step: Step; as?: string }

/** The boxes that a way passes, in its order. */
export function moves(principal: string, one: Reached, known: Map<string, { what: Reached["what"] }>): Move[] {
  const newest = new Map([[principal, START]]);
  let before = START;
  return one.steps.flatMap((step) => {
    // Whoever starts is the owner of its account already.
    if (step.rule === BEING && newest.get(step.actor) === START) {
      newest.set(step.gains, START);
      return [];
    }
    const owner = newest.get(accountOf(step.actor));
    const itself = newest.get(step.actor);
    const from = itself ?? owner ?? before;
    const what = known.get(keyOf(step))?.what ?? guessed(step);
    const to = id(what, step.gains);
    newest.set(step.gains, to);
    before = to;
    return [{ from, to, what, step, as: itself ? undefined : step.actor }];
  });
}

function is(what: Reached["what"], name: string): string {
  if (what === "account") return "the whole account";
  return `${name.includes(":user/") ? "user" : "role"} of ${accountOf(name)}`;
}

const note = (what: Reached["what"], level: Level) => [...(what === "more" ? ["more permissions"] : []), ...(level === "sure" ? [] : [LEVELS[level]])].join(", ");

/** Draws as many as fit; `wanted` is always among them. */
export function tree(answer: Climb, wanted = 0): Tree {
  const plain = grown(answer, answer.reached.map((_, at) => at));
  const one = answer.reached[wanted];
  if (!one || plain.boxes.some((box) => box.id === id(one.what, one.name))) return plain;
  return grown(answer, [wanted, ...answer.reached.keys()].filter((at, place, all) => all.indexOf(at) === place));
}

function grown({ principal: asker, reached }: Climb, order: number[]): Tree {
  const known = kinds(reached);
  const boxes = new Map<string, Box>([[START, { id: START, what: START, ...called(asker), note: "start", level: "sure", depth: 0 }]]);
  const arrows: Arrow[] = [];
  const places = new Map<string, number>();
  reached.forEach((one, at) => { if (!places.has(id(one.what, one.name))) places.set(id(one.what, one.name), at); });
  for (const at of order) {
    const one = reached[at];
    if (!one) continue;
    const way = moves(asker.principal, one, known);
    if (boxes.size + way.filter(({ to }) => !boxes.has(to)).length > NODES_MAX) continue;
    for (const { from, to, what, step, as } of way) {
      const parent = boxes.get(from);
      if (!parent || boxes.has(to)) continue;
      const place = places.get(to);
      const level = place === undefined ? worse(parent.level, step.decision) : (reached[place]?.decision ?? step.decision);
      boxes.set(to, { id: to, what, name: short(step.gains), is: is(what, step.gains), note: note(what, level), level, depth: parent.depth + 1, at: place });
      const uses = step.on !== step.gains && step.on !== step.actor && step.on !== "*" && step.on !== "" ? [`on ${short(step.on)}`] : [];
      arrows.push({ from, to, title: step.title, level: step.decision, beside: [...(as ? [`as ${short(as)}`] : []), ...uses] });
    }
  }
  return { boxes: [...boxes.values()], arrows, left: reached.filter((one) => !boxes.has(id(one.what, one.name))).length };
}

/** The boxes on the way to one, itself and the start among them. */
export function wayTo(answer: Climb, at: number): Set<string> {
  const one = answer.reached[at];
  return new Set([START, ...(one ? moves(answer.principal.principal, one, kinds(answer.reached)).map(({ to }) => to) : [])]);
}

export interface PlacedBox extends Box { x: number; y: number }
export interface PlacedArrow extends Arrow { path: string; tip: { x: number; y: number }; label: { x: number; y: number; above: number; below: number; width: number } }
export interface Picture { width: number; height: number; boxes: PlacedBox[]; arrows: PlacedArrow[] }

export const BOX = { width: 196, height: 66 };
const LINE = 16;
const GAP = { least: 132, most: 210, beside: 40 };
/** As wide as a letter of small text may be on any system. */
const LETTER = 7.4;
const PAD = 10;

const lines = (text: string, width: number) => Math.ceil((text.length * LETTER) / width);

/** Places boxes in columns by their steps, and what comes of one beside it. */
export function placed({ boxes, arrows }: Pick<Tree, "boxes" | "arrows">): Picture {
  const into = new Map(arrows.map((arrow) => [arrow.to, arrow]));
  const depths = Math.max(0, ...boxes.map((box) => box.depth));
  const x = [PAD];
  const widths = [0];
  for (let depth = 1; depth <= depths; depth++) {
    const texts = boxes.filter((box) => box.depth === depth).flatMap((box) => { const arrow = into.get(box.id); return arrow ? [told(arrow), ...arrow.beside] : []; });
    const gap = Math.min(GAP.most, Math.max(GAP.least, Math.max(0, ...texts.map((text) => text.length)) * LETTER + GAP.beside));
    widths[depth] = gap - GAP.beside;
    x[depth] = (x[depth - 1] ?? 0) + BOX.width + gap;
  }
  // How much room each needs above and beneath its middle, and then everything that comes of it together.
  const label = (box: Box) => {
    const arrow = into.get(box.id);
    const width = widths[box.depth] ?? 0;
    return { width, above: arrow ? lines(told(arrow), width) * LINE + 4 : 0, below: arrow ? arrow.beside.reduce((sum, text) => sum + lines(text, width) * LINE, 0) + 4 : 0 };
  };
  const need = new Map(boxes.map((box) => { const { above, below } = label(box); return [box.id, Math.max(BOX.height / 2, above, below) + PAD / 2] as const; }));
  const children = new Map<string, Box[]>();
  for (const box of boxes) { const from = into.get(box.id)?.from; if (from !== undefined) children.set(from, [...(children.get(from) ?? []), box]); }
  // Each stands at the height of the first that comes of it: of much, the beginning is what is seen first. Whoever is
  // reached stands after what it is reached from, so that backwards all are told before they are asked.
  const rooms = new Map<string, { above: number; all: number }>();
  const room = (box?: Box) => (box && rooms.get(box.id)) ?? { above: 0, all: 0 };
  for (const box of [...boxes].reverse()) {
    const own = need.get(box.id) ?? 0;
    const under = children.get(box.id) ?? [];
    const first = room(under[0]).above;
    const above = Math.max(own, first);
    rooms.set(box.id, { above, all: Math.max(above + own, above - first + under.reduce((sum, each) => sum + room(each).all, 0)) });
  }
  const middles = new Map<string, number>();
  const start = boxes[0];
  if (start) middles.set(start.id, PAD + room(start).above);
  for (const box of boxes) {
    const under = children.get(box.id) ?? [];
    let top = (middles.get(box.id) ?? 0) - room(under[0]).above;
    for (const each of under) {
      middles.set(each.id, top + room(each).above);
      top += room(each).all;
    }
  }
  const at = new Map(boxes.map((box) => [box.id, { ...box, x: x[box.depth] ?? 0, y: middles.get(box.id) ?? 0 }]));
  const drawn = arrows.flatMap((arrow): PlacedArrow[] => {
    const [from, to] = [at.get(arrow.from), at.get(arrow.to)];
    if (!from || !to) return [];
    const [begin, end, bend] = [from.x + BOX.width, to.x, from.x + BOX.width + 14];
    return [{ ...arrow, path: `M${begin} ${from.y}H${bend}V${to.y}H${end - 7}`, tip: { x: end, y: to.y }, label: { x: bend + 8, y: to.y, ...label(to) } }];
  });
  return { width: (x[depths] ?? 0) + BOX.width + PAD, height: room(start).all + 2 * PAD, boxes: [...at.values()], arrows: drawn };
}

/** What stands above an arrow. */
export function told({ title, level }: Pick<Arrow, "title" | "level">): string {
  return level === "sure" ? title : `${title} (${level === "only_if" ? "only if" : "unknown"})`;
}

/** Where a key leads: along the arrows to either side, and up and down in the column. Only what can be chosen counts. */
export function beside(boxes: PlacedBox[], arrows: Pick<PlacedArrow, "from" | "to">[], from: PlacedBox, key: string): PlacedBox | undefined {
  const can = (box?: PlacedBox) => box?.at !== undefined;
  if (key === "ArrowUp" || key === "ArrowDown") {
    const column = boxes.filter((box) => box.depth === from.depth && can(box)).sort((a, b) => a.y - b.y);
    return column[column.indexOf(from) + (key === "ArrowDown" ? 1 : -1)];
  }
  if (key === "ArrowLeft") {
    let up: PlacedBox | undefined = from;
    do { const before: PlacedBox | undefined = up; up = boxes.find((box) => box.id === arrows.find((arrow) => arrow.to === before.id)?.from); } while (up && !can(up));
    return up;
  }
  if (key !== "ArrowRight") return undefined;
  return boxes.filter((box) => can(box) && arrows.some((arrow) => arrow.from === from.id && arrow.to === box.id)).sort((a, b) => a.y - b.y)[0];
}
