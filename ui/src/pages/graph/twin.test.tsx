import { expect, it } from "vitest";
import { drawn } from "../../testing/drawn";
import type { GraphNode } from "./model";
import { Twin } from "./Stage";

it("the list of a graph says how many connections of a node it leaves out", async () => {
  const node = (id: string): GraphNode => ({ id, label: id, type: "t", form: "resource", opened: false, account: "1", region: "r", network: null });
  const graph = (edges: number) => ({ nodes: new Map([["a", node("a")], ["b", node("b")]]), edges: Array.from({ length: edges }, () => ({ from: "a", to: "b", kind: "k" })), cut: false });
  expect(await drawn(<Twin graph={graph(45)} opened={new Set()} />)).toContain("and 5 more: all of its relations");
  expect(await drawn(<Twin graph={graph(40)} opened={new Set()} />)).not.toContain("more");
});
