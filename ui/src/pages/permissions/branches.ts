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
