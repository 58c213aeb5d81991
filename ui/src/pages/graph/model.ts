// The graph as data: who is in it, what connects them, and what is gathered because it is alike.
import type { Schemas } from "../../api/client";
import { grouped } from "../../lib/group";
import { counted, kind } from "../../lib/text";

export interface GraphNode { id: string; label: string; type: string; form: "resource" | "unseen" | "group"; opened: boolean; members?: string[] }
export interface GraphEdge { from: string; to: string; kind: string }
export interface Graph { nodes: Map<string, GraphNode>; edges: GraphEdge[]; cut: boolean }

/** From so many neighbours alike on, they are one node until somebody opens it. */
export const ALIKE_MIN = 6;
/** The most nodes that are drawn; more are said to be left out. */
export const NODES_MAX = 10_000;

type Detail = Schemas["ResourceDetail"];

/** The neighbourhood of all resources in `details`; `open` names those and the groups that are opened. */
export function build(details: Detail[], open: ReadonlySet<string>): Graph {
  const graph: Graph = { nodes: new Map(), edges: [], cut: false };
  const known = new Set(details.map((detail) => detail.resource.uid));
  const seen = new Set<string>();
  for (const { resource } of details) graph.nodes.set(resource.uid, { id: resource.uid, label: resource.name || resource.id, type: resource.type, form: "resource", opened: true });
  for (const detail of details) {
    const self = detail.resource.uid;
    if (detail.relations.truncated) graph.cut = true;
    for (const direction of ["outgoing", "incoming"] as const) {
      const alike = grouped(detail.relations[direction], (each) => `${each.kind}\n${each.type ?? ""}`);
      for (const relations of alike.values()) {
        const [first] = relations;
        if (!first) continue;
        const id = `group ${direction} ${first.kind} ${first.type ?? ""} ${self}`;
        // One that is opened itself, or that another way has brought in, is never hidden in a group.
        const loose = relations.filter((each) => !each.uid || !known.has(each.uid));
        const gather = loose.length >= ALIKE_MIN && !open.has(id);
        if (gather) {
          const members = loose.map((each) => each.uid ?? each.unresolved ?? "");
          add(graph, { id, label: counted(loose.length, kind(first.type ?? "reference"), `× ${kind(first.type ?? "reference")}`), type: first.type ?? "", form: "group", opened: false, members });
          connect(graph, seen, direction, self, id, first.kind);
        }
        for (const each of relations) {
          if (gather && loose.includes(each)) continue;
          const other = each.uid ?? `unseen ${each.unresolved ?? ""}`;
          const named = each.name || (each.uid ?? each.unresolved ?? "").split(/[/:]/).filter(Boolean).at(-1) || other;
          if (!add(graph, { id: other, label: named, type: each.type ?? "", form: each.uid ? "resource" : "unseen", opened: false })) continue;
          connect(graph, seen, direction, self, other, each.kind);
        }
      }
    }
  }
  return graph;
}

function add(graph: Graph, node: GraphNode): boolean {
  if (graph.nodes.has(node.id)) return true;
  if (graph.nodes.size >= NODES_MAX) {
    graph.cut = true;
    return false;
  }
  graph.nodes.set(node.id, node);
  return true;
}

function connect(graph: Graph, seen: Set<string>, direction: "outgoing" | "incoming", self: string, other: string, means: string): void {
  const [from, to] = direction === "outgoing" ? [self, other] : [other, self];
  // Both ends tell of the same connection.
  const key = `${from}\n${to}\n${means}`;
  if (seen.has(key)) return;
  seen.add(key);
  graph.edges.push({ from, to, kind: means });
}

/** Two or three letters for a kind: `VPC`, `SG` for a SecurityGroup, `Bu` for a Bucket. */
export function code(type: string): string {
  const last = type.split("::").at(-1) ?? "";
  const capitals = last.replace(/[^A-Z0-9]/g, "");
  return capitals.length >= 2 ? capitals.slice(0, 3) : last.slice(0, 2);
}
