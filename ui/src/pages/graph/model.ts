// The graph as data: who is in it, what connects them, and what is gathered because it is alike.
import type { ApiNode, Around, EstateGraph, GroupMembers, Loose, PathAnswer } from "../../api/types";
import { grouped } from "../../lib/group";
import { counted, kind } from "../../lib/text";

export interface GraphNode {
  id: string; label: string; type: string; form: "resource" | "unseen" | "group"; opened: boolean;
  /** Where it lies; what was never seen, and what is gathered, lies where it is referred to. */
  account: string; region: string; network: string | null;
  understood?: boolean; exposed?: boolean; stale?: boolean; owner?: string | null; count?: number;
}
export interface GraphEdge { from: string; to: string; kind: string; loose?: boolean }
export interface Graph { nodes: Map<string, GraphNode>; edges: GraphEdge[]; cut: boolean; note?: string }

/** From so many references alike on that lead to nothing seen, they are one node until somebody opens it. */
export const ALIKE_MIN = 6;
/** The most nodes that are drawn; more are said to be left out. */
export const NODES_MAX = 10_000;

/** A gathered group as it stands in the address. */
export interface GroupKey { of: string; kind: string; direction: "out" | "in"; type: string }
export const groupId = ({ direction, kind: means, type, of }: GroupKey): string => `group ${direction} ${means} ${type} ${of}`;
export function groupKey(id: string): GroupKey | undefined {
  const [, direction, means, type, of] = /^group (out|in) (\S+) (\S*) (.+)$/s.exec(id) ?? [];
  return direction && means && of ? { direction: direction as "out" | "in", kind: means, type: type ?? "", of } : undefined;
}
const looseId = (from: string, means: string, expected: string) => `loose ${means} ${expected} ${from}`;
/** What is opened by itself, without asking the server. */
export const isLoose = (id: string): boolean => id.startsWith("loose ");

class Builder {
  readonly graph: Graph = { nodes: new Map(), edges: [], cut: false };
  private readonly seen = new Set<string>();
  constructor(private readonly open: ReadonlySet<string>) {}

  add(node: GraphNode): boolean {
    const before = this.graph.nodes.get(node.id);
    if (before) {
      before.opened ||= node.opened;
      return true;
    }
    if (this.graph.nodes.size >= NODES_MAX) {
      this.graph.cut = true;
      return false;
    }
    this.graph.nodes.set(node.id, node);
    return true;
  }
  resource(node: ApiNode, opened = false): void {
    const { uid: id, type, account, region, network, understood, exposed, stale, owner } = node;
    this.add({ id, type, account, region, network: network ?? null, understood, exposed, stale, owner, form: "resource", opened, label: node.name || (id.split(/[/:]/).filter(Boolean).at(-1) ?? id) });
  }
  connect(from: string, to: string, means: string, loose = false): void {
    // Both ends tell of the same connection.
    const key = `${from}\n${to}\n${means}`;
    if (this.seen.has(key) || !this.graph.nodes.has(from) || !this.graph.nodes.has(to)) return;
    this.seen.add(key);
    this.graph.edges.push(loose ? { from, to, kind: means, loose } : { from, to, kind: means });
  }
  /** What a resource refers to and nobody has seen. */
  loose(all: readonly Loose[]): void {
    for (const alike of grouped(all, (each) => `${each.from}\n${each.kind}\n${each.expected}`).values()) {
      const [first] = alike;
      const near = first && this.graph.nodes.get(first.from);
      if (!first || !near) continue;
      const place = { account: near.account, region: near.region, network: near.network };
      const id = looseId(first.from, first.kind, first.expected);
      if (alike.length >= ALIKE_MIN && !this.open.has(id)) {
        const name = first.expected ? kind(first.expected) : "reference";
        this.add({ id, type: first.expected, form: "group", opened: false, label: counted(alike.length, `× ${name}, never seen`, `× ${name}, never seen`), count: alike.length, ...place });
        this.connect(first.from, id, first.kind, true);
      } else
        for (const each of alike) {
          const unseen = `unseen ${each.reference}`;
          if (this.add({ id: unseen, type: each.expected, form: "unseen", opened: false, label: each.reference.split(/[/:]/).filter(Boolean).at(-1) ?? each.reference, ...place })) this.connect(first.from, unseen, each.kind, true);
        }
    }
  }
}

/** The neighbourhoods of all that is opened, in one graph. */
export function build(answers: readonly Around[], members: ReadonlyMap<string, GroupMembers>, open: ReadonlySet<string>): Graph {
  const builder = new Builder(open);
  for (const answer of answers) for (const node of answer.nodes) builder.resource(node, node.uid === answer.root);
  for (const group of members.values()) for (const node of group.nodes) builder.resource(node);
  for (const answer of answers) {
    for (const edge of answer.edges) builder.connect(edge.from, edge.to, edge.kind);
    builder.loose(answer.loose);
    for (const each of answer.groups) {
      const id = groupId({ ...each, direction: each.direction as GroupKey["direction"] });
      const near = builder.graph.nodes.get(each.of);
      // Until its members are there, and where they cannot be had, the group itself stands for them.
      if (members.has(id) || !near) continue;
      const place = { account: near.account, region: near.region, network: near.network };
      if (!builder.add({ id, type: each.type, form: "group", opened: false, label: `${each.at_least ? "at least " : ""}${counted(each.count, `× ${kind(each.type)}`, `× ${kind(each.type)}`)}`, count: each.count, ...place })) continue;
      if (each.direction === "out") builder.connect(each.of, id, each.kind);
      else builder.connect(id, each.of, each.kind);
    }
    if (!answer.complete) builder.graph.cut = true;
    if (answer.note) builder.graph.note = answer.note;
  }
  for (const group of members.values()) {
    for (const edge of group.edges) builder.connect(edge.from, edge.to, edge.kind);
    if (group.next || group.at_least) builder.graph.cut = true;
  }
  return builder.graph;
}

/** The whole estate, or as much of it as is drawn. */
export function whole(answer: EstateGraph): Graph {
  const builder = new Builder(new Set());
  for (const node of answer.nodes) builder.resource(node);
  for (const edge of answer.edges) builder.connect(edge.from, edge.to, edge.kind);
  builder.graph.cut ||= !answer.complete;
  return builder.graph;
}

/** The way from one to another. */
export function way(answer: PathAnswer): Graph {
  const builder = new Builder(new Set());
  for (const node of answer.nodes) builder.resource(node);
  for (const hop of answer.hops) builder.connect(hop.forward ? hop.from : hop.to, hop.forward ? hop.to : hop.from, hop.kind);
  return builder.graph;
}

/** Two or three letters for a kind: `VPC`, `SG` for a SecurityGroup, `Bu` for a Bucket. */
export function code(type: string): string {
  const last = type.split("::").at(-1) ?? "";
  const capitals = last.replace(/[^A-Z0-9]/g, "");
  return capitals.length >= 2 ? capitals.slice(0, 3) : last.slice(0, 2);
}
