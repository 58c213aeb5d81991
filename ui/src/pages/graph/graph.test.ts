import { describe, expect, it } from "vitest";
import type { ApiNode, Around, GroupMembers } from "../../api/types";
import { inAreas } from "./areas";
import type { Position } from "./arrange";
import { shift } from "./glide";
import { ALIKE_MIN, build, code, groupId, groupKey, type Graph, NODES_MAX, way, whole } from "./model";
import { escape, picture } from "./svg";

const node = (uid: string, more: Partial<ApiNode> = {}): ApiNode => ({ uid, type: "AWS::EC2::Subnet", name: uid, account: "111122223333", region: "eu-west-1", network: null, owner: null, understood: true, exposed: false, stale: false, depth: 0, ...more });
const around = (root: string, more: Partial<Around> = {}): Around => ({ root, nodes: [node(root)], edges: [], loose: [], groups: [], complete: true, note: null, ...more });
const none = new Map<string, GroupMembers>();

describe("the graph", () => {
  const key = { of: "arn:aws:ec2:eu-west-1:111122223333:vpc/v", kind: "in_vpc", direction: "in" as const, type: "AWS::EC2::Subnet" };
  it("gathers what is alike until it is opened, and keeps it in the address", () => {
    const answer = around(key.of, { groups: [{ ...key, direction: "in" as never, at_least: false, count: 37, sample: [] }] });
    const closed = build([answer], none, new Set());
    expect([...closed.nodes.values()].map((each) => [each.form, each.label])).toEqual([["resource", key.of], ["group", "37 × EC2 Subnet"]]);
    expect(closed.edges).toEqual([{ from: groupId(key), to: key.of, kind: "in_vpc" }]);
    expect(groupKey(groupId(key))).toEqual(key);
    const members = new Map([[groupId(key), { nodes: [node("s1"), node("s2")], edges: [{ from: "s1", to: key.of, kind: "in_vpc" }, { from: "s2", to: key.of, kind: "in_vpc" }], total: 2, at_least: false, next: null }]]);
    const open = build([answer], members, new Set([groupId(key)]));
    expect([...open.nodes.keys()]).toEqual([key.of, "s1", "s2"]);
    expect(open.edges).toHaveLength(2);
  });
  it("keeps a group whose members did not come, and says where they are more", () => {
    const answer = around(key.of, { groups: [{ ...key, direction: "in" as never, at_least: false, count: 37, sample: [] }] });
    expect([...build([answer], none, new Set([groupId(key)])).nodes.values()].map((each) => each.form)).toEqual(["resource", "group"]);
    const members = (at_least: boolean) => new Map([[groupId(key), { nodes: [node("s1")], edges: [], total: 1, next: null, at_least }]]);
    expect(build([answer], members(false), new Set([groupId(key)])).cut).toBe(false);
    expect(build([answer], members(true), new Set([groupId(key)])).cut).toBe(true);
  });
  it("tells each connection once, though both ends tell of it", () => {
    const edge = { from: "a", to: "b", kind: "assumes" };
    const graph = build([around("a", { nodes: [node("a"), node("b")], edges: [edge] }), around("b", { nodes: [node("b"), node("a")], edges: [edge] })], none, new Set(["b"]));
    expect(graph.edges).toEqual([edge]);
    expect([...graph.nodes.values()].map((each) => each.opened)).toEqual([true, true]);
  });
  it("shows what was named and never seen, dashed, where it is named", () => {
    const loose = { from: "a", kind: "encrypted_by", reference: "arn:aws:kms:eu-west-1:9:key/k", expected: "AWS::KMS::Key", outside: true };
    const graph = build([around("a", { nodes: [node("a", { network: "vpc-1" })], loose: [loose] })], none, new Set());
    expect([...graph.nodes.values()].at(-1)).toMatchObject({ form: "unseen", label: "k", network: "vpc-1" });
    expect(graph.edges).toEqual([{ from: "a", to: `unseen ${loose.reference}`, kind: "encrypted_by", loose: true }]);
    const many = build([around("a", { loose: Array.from({ length: ALIKE_MIN }, (_, at) => ({ ...loose, reference: `k${at}` })) })], none, new Set());
    expect([...many.nodes.values()].map((each) => each.form)).toEqual(["resource", "group"]);
  });
  it("draws no more than can be drawn, and says so", () => {
    const nodes = Array.from({ length: NODES_MAX + 5 }, (_, at) => node(`n${at}`));
    const graph = whole({ nodes, edges: [], total: nodes.length, shown: nodes.length, complete: true, rest: [] });
    expect(graph.nodes.size).toBe(NODES_MAX);
    expect(graph.cut).toBe(true);
  });
  it("points each hop of a path as it is stated", () => {
    const graph = way({ found: true, hops: [{ from: "a", to: "b", kind: "uses", forward: true }, { from: "b", to: "c", kind: "in_vpc", forward: false }], nodes: [node("a"), node("b"), node("c")], length: 2, looked_at: 3, complete: true, sentence: "" });
    expect(graph.edges).toEqual([{ from: "a", to: "b", kind: "uses" }, { from: "c", to: "b", kind: "in_vpc" }]);
  });
  it("has letters for kinds", () => {
    expect(["AWS::EC2::VPC", "AWS::EC2::SecurityGroup", "AWS::S3::Bucket"].map(code)).toEqual(["VPC", "SG", "Bu"]);
  });
});

describe("areas", () => {
  const nodes = Array.from({ length: 90 }, (_, at) => node(`n${at}`, { account: at % 3 ? "1" : "2", network: at % 5 ? `vpc-${at % 2}` : null }));
  const graph: Graph = build([around("n0", { nodes, edges: nodes.slice(1).map((each) => ({ from: "n0", to: each.uid, kind: "k" })) })], none, new Set());
  it("hold every node that is in them, and no other", () => {
    const at = new Map<string, Position>();
    const areas = inAreas(graph, at, new Set());
    const networks = areas.filter((area) => area.what !== "account");
    expect(areas.filter((area) => area.what === "account").map((area) => area.count).sort()).toEqual([30, 60]);
    for (const each of graph.nodes.values()) {
      const place = at.get(each.id) ?? { x: -1, y: -1 };
      const holds = networks.filter(({ box }) => place.x >= box.x && place.x <= box.x + box.width && place.y >= box.y && place.y <= box.y + box.height);
      expect(holds.map((area) => area.key)).toEqual([`${each.account}\n${each.network ?? ""}`]);
    }
  });
  it("leave what somebody pinned where it is", () => {
    const at = new Map<string, Position>([["n4", { x: -500, y: -500 }]]);
    inAreas(graph, at, new Set(["n4"]));
    expect(at.get("n4")).toEqual({ x: -500, y: -500 });
  });
  it("are quick also with 10,000 nodes", () => {
    const many = whole({ nodes: Array.from({ length: 10_000 }, (_, at) => node(`n${at}`, { account: `a${at % 20}`, network: `v${at % 200}` })), edges: [], total: 10_000, shown: 10_000, complete: true, rest: [] });
    const at = new Map<string, Position>();
    inAreas(many, at, new Set());
    expect(at.size).toBe(10_000);
    expect(new Set([...at.values()].map(({ x, y }) => `${x.toFixed(2)} ${y.toFixed(2)}`)).size).toBe(10_000);
  });
});

describe("the picture as a file", () => {
  it("holds what others wrote as text", () => {
    expect(escape(`<script>"&'`)).toBe("&lt;script&gt;&quot;&amp;&#39;");
    const text = picture({ width: 100, height: 50, ground: "#fff", text: "#000", line: "#888", areas: [], edges: [], nodes: [{ x: 10, y: 10, radius: 5, fill: "#123", unknown: true, exposed: true, label: '</text><script>alert(1)</script>', code: "VPC" }], hatch: ["#ccc", "#999"], attention: "#840" });
    expect(text).not.toContain("<script>");
    expect(text).toContain("&lt;script&gt;");
    expect(text).toContain('fill="url(#unknown)"');
  });
});

describe("a picture that is moved instead of drawn", () => {
  it("is shifted by where its corner went, and scaled by how far apart its corners are now", () => {
    expect(shift(200, { x: 30, y: -10 }, { x: 230, y: 90 })).toEqual({ x: 30, y: -10, scale: 1 });
    expect(shift(200, { x: -100, y: -50 }, { x: 300, y: 150 })).toEqual({ x: -100, y: -50, scale: 2 });
  });

  it("without any width stays as large as it is", () => expect(shift(0, { x: 0, y: 0 }, { x: 0, y: 0 }).scale).toBe(1));
});
