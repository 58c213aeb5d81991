// Where nodes stand: what is there keeps its place, what is new appears beside what brought it.
import type Graphology from "graphology";

export interface Position { x: number; y: number }
/** Lets forces act; nodes in `fixed` stay. */
type Settle = (graph: Graphology, iterations: number, fixed: string[]) => void;

const RADIUS = 40;
/** The golden angle: neighbours never stand in one line. */
const TURN = Math.PI * (3 - Math.sqrt(5));

export function arrange(graph: Graphology, known: Map<string, Position>, start: string, settle: Settle): void {
  const fixed = graph.filterNodes((id) => known.has(id));
  if (!known.has(start)) known.set(start, { x: 0, y: 0 });
  const placed = new Set(fixed).add(start);
  const waiting = [...placed];
  let turn = 0;
  for (let at = 0; at < waiting.length; at++) {
    const from = waiting[at] as string;
    const centre = known.get(from) ?? { x: 0, y: 0 };
    graph.forEachNeighbor(from, (id) => {
      if (placed.has(id)) return;
      placed.add(id);
      const angle = TURN * turn++;
      const far = RADIUS * (1 + Math.sqrt(turn) / 6);
      known.set(id, { x: centre.x + far * Math.cos(angle), y: centre.y + far * Math.sin(angle) });
      waiting.push(id);
    });
  }
  graph.forEachNode((id) => graph.mergeNodeAttributes(id, known.get(id) ?? { x: RADIUS * Math.cos(TURN * turn), y: RADIUS * Math.sin(TURN * turn++) }));
  const fresh = graph.order - fixed.length;
  if (fresh > 0 && graph.order > 2) settle(graph, graph.order > 3000 ? 12 : graph.order > 600 ? 50 : 160, fixed);
  graph.forEachNode((id, { x, y }) => known.set(id, { x: x as number, y: y as number }));
}
