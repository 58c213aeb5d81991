import { describe, expect, it } from "vitest";
import { drawn } from "../../testing/drawn";
import { Isolated } from "./Isolated";
import { breaks, end, type Isolation, isolationLine, port, size, summary, type Talk } from "./talks";

const other = (of: Partial<Talk["other"]> = {}): Talk["other"] => ({ kind: "resource", uid: "arn:aws:ec2:eu-west-1:1:instance/i-2", name: "web", resource_type: "AWS::EC2::Instance", account: "1", owner: "shop", purpose: null, addresses: ["10.0.0.2"], address_count: 1, why: null, withheld: false, ...of });
const talk = (of: Partial<Talk> = {}): Talk => ({ other: other(), way: "asks_it", protocol: "tcp", port: 5432, told_by: "flags", answered: true, bytes: 2_048, packets: 9, days: 3, first_seen: "2026-11-01T00:00:00Z", last_seen: "2026-11-03T00:00:00Z", ...of });
const answer = (of: Partial<Isolation> = {}): Isolation => ({ cover: "whole", days: 30, since: "2026-10-04T00:00:00Z", interfaces: [], rows: [], total: 0, next: null, asks_it: 0, is_asked: 0, rejected: 0, unknown: [], as_of: { scan: 1, finished_at: null }, ...of });
const told = (of: Partial<Isolation>) => drawn(<Isolated of="x" />, [[["paths", "isolation", "x", undefined], { pages: [answer(of)], pageParams: [0] }]]);

describe("words of isolation", () => {
  it("tell what was seen from what no log covers", () => {
    expect(breaks(answer())).toBe("By its flow logs of the last 30 days nobody was seen talking to it, and it was seen talking to nobody.");
    expect(breaks(answer({ cover: "part" }))).toContain("of the rest it is not known");
    expect(breaks(answer({ cover: "none" }))).toContain("is not known");
    expect(breaks(answer({ total: 6, asks_it: 3, is_asked: 2 }))).toBe("If it is isolated, 3 connections to it, 2 of its own and 1 of which the logs do not tell who asks, or that pass through it break, by its flow logs of the last 30 days.");
    expect(breaks(answer({ total: 1, asks_it: 1, cover: "part", days: 1 }))).toBe("If it is isolated, 1 connection to it breaks, as far as flow logs of the last 1 day tell.");
    expect([answer(), answer({ cover: "none" }), answer({ cover: "part" }), answer({ cover: "part", total: 2 }), answer({ total: 2 })].map(summary)).toEqual(["0", "not known", "not known", "2 or more", "2"]);
  });
  it("name who talks, and nothing of what may not be seen", () => {
    expect(end(other())).toEqual(["web", "10.0.0.2"]);
    expect(end(other({ kind: "internet", addresses: ["1.0.0.1", "1.0.0.2", "1.0.0.3", "1.0.0.4"], address_count: 12 }))).toEqual(["the internet", "1.0.0.1, 1.0.0.2, 1.0.0.3 and 9 more"]);
    expect(end(other({ kind: "unknown", addresses: ["10.9.0.1"], why: "it is an address of nothing that a scan saw" }))).toEqual(["10.9.0.1", "it is an address of nothing that a scan saw"]);
    expect(end(other({ withheld: true, name: "secret", addresses: [] }))).toEqual(["outside of what you may see", ""]);
  });
  it("say ports, sizes and the command", () => {
    expect([port(talk()), port({ protocol: "icmp", port: null })]).toEqual(["tcp 5432", "icmp"]);
    expect([999, 2_048, 5 * 1024 ** 3].map(size)).toEqual(["999 B", "2.0 KiB", "5.0 GiB"]);
    expect([isolationLine("i-1", undefined), isolationLine("i-1", 90)]).toEqual(["fathom blast-radius i-1", "fathom blast-radius i-1 --days 90"]);
  });
});

describe("what breaks", () => {
  it("is told each way, with who answers for the other", async () => {
    const text = await told({ total: 2, asks_it: 1, is_asked: 1, rejected: 2, rows: [talk(), talk({ way: "is_asked", other: other({ kind: "internet", uid: null, name: null, owner: null, resource_type: null }), told_by: "ports", answered: false, port: 443 })] });
    expect(text).toMatch(/Who asks it.*web.*tcp 5432.*shop.*Whom it asks.*the internet.*tcp 443 which way is told by its number nothing came back/);
    expect(text).toContain("2 others were only ever rejected");
  });
  it("is not known without logs, with the way to them only where logs can tell", async () => {
    const text = await told({ cover: "none", interfaces: [{ interface: "eni-1", days: 0, first: null, last: null, logs: ["fl-1"] }], unknown: ["no flow logs cover eni-1"] });
    expect(text).toContain("UNKNOWN No flow logs cover eni-1.");
    expect(text).toContain("fathom import flow-logs");
    expect(await told({ cover: "none", unknown: ["it has no network interface that a scan saw"] })).not.toContain("fathom import");
  });
});
