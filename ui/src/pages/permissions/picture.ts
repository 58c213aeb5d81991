// Where the boxes and arrows of a picture stand, and where the keyboard leads in it.
import type { Arrow, Box, Tree } from "./branches";

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

/** What is reached from each. */
function underEach(boxes: Box[], into: Map<string, Arrow>): Map<string, Box[]> {
  const found = new Map<string, Box[]>();
  for (const box of boxes) {
    const from = into.get(box.id)?.from;
    if (from === undefined) continue;
    const known = found.get(from);
    if (known) known.push(box);
    else found.set(from, [box]);
  }
  return found;
}

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
  const children = underEach(boxes, into);
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

const INDENT = 30;

/** The same from top to bottom, each under what it is reached from and a little to the right: for where columns do not fit. */
export function stacked({ boxes, arrows }: Pick<Tree, "boxes" | "arrows">, room: number): Picture {
  const into = new Map(arrows.map((arrow) => [arrow.to, arrow]));
  const children = underEach(boxes, into);
  const at = new Map<string, PlacedBox>();
  const drawn: PlacedArrow[] = [];
  let [y, width] = [PAD, 0];
  // What is to be placed next stands last.
  const waiting = boxes.slice(0, 1);
  for (let box = waiting.pop(); box; box = waiting.pop()) {
    const x = PAD + box.depth * INDENT;
    const arrow = into.get(box.id);
    const from = arrow && at.get(arrow.from);
    const label = { x, width: Math.max(BOX.width, room - x - PAD), above: arrow ? lines(told(arrow), Math.max(BOX.width, room - x - PAD)) * LINE + 4 : 0, below: 0 };
    label.below = (arrow?.beside ?? []).reduce((sum, text) => sum + lines(text, label.width) * LINE, 0) + 4;
    const middle = y + (arrow ? label.above + label.below + (arrow.beside.length > 0 ? 4 : 0) : 0) + BOX.height / 2;
    at.set(box.id, { ...box, x, y: middle });
    if (arrow && from) drawn.push({ ...arrow, path: `M${from.x + INDENT / 2 - 3} ${from.y + BOX.height / 2}V${middle}H${x - 7}`, tip: { x, y: middle }, label: { ...label, y: y + label.above } });
    y = middle + BOX.height / 2 + PAD;
    width = Math.max(width, x + label.width + PAD);
    waiting.push(...[...(children.get(box.id) ?? [])].reverse());
  }
  return { width, height: y, boxes: boxes.flatMap((box) => at.get(box.id) ?? []), arrows: drawn };
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
