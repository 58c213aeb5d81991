import { describe, expect, it } from "vitest";
import type { Schemas } from "../api/client";
import { beginOf } from "./ledger/begin";
import { type Known, nextSteps } from "./overview/next";
import { sentences } from "./resource/sentence";
import { aliases, complete, wordBefore } from "./sql/complete";
import { drawable } from "./sql/drawable";
import { standing } from "./sql/Kept";

const counted = (value: number) => ({ value, href: "/api/v1/resources" });
const share = { value: null, resources: counted(10), understood: counted(5), not_understood: counted(5), share: 0.5 };
const scan = { id: 3, finished_at: "2026-11-22T10:00:00Z" } as Schemas["ScanView"];
const known = (more: Partial<Omit<Known, "summary">> & { summary?: object }): Known => ({
  worst: [], groups: [], acceptances: [], now: new Date("2026-11-22T12:00:00Z"), mayScan: true, ...more,
  summary: { all: share, by_type: [], by_account: [], unknowns: counted(5), accepted: 0, coverage: [], last_scan: scan, ...more.summary } as unknown as Schemas["Summary"],
});
const unknown = (uid: string, because: string[]): Schemas["UnknownRow"] => ({ uid, type: "AWS::S3::Bucket", account: "1", region: "r", rank: 1, because, gaps: [{ part: "owner", detail: "" }, { part: "data_class", detail: "", accepted: {} as never }] });

describe("the next three things", () => {
  it("begin with what keeps everything else from being known", () => {
    const coverage = [{ outcome: "unknown", reason: "denied", rows: counted(10) }];
    const steps = nextSteps(known({ summary: { coverage }, worst: [unknown("arn:aws:s3:::a", ["may be reached from outside", "1 gap"])], groups: [{ part: "owner", type: "AWS::EC2::Volume", account: "1", count: 4 }] }));
    expect(steps.map((step) => step.title)).toEqual(["Grant the permissions that 10 reads lacked", "Explain S3 Bucket a", "State the owner of 4 × EC2 Volume"]);
    expect(steps[1]?.why).toBe("It may be reached from outside; nobody states its owner.");
  });
  it("are a scan where there was none, and nothing where all is well", () => {
    expect(nextSteps(known({ summary: { last_scan: null } })).map((step) => step.cli)).toEqual(["fathom scan"]);
    expect(nextSteps(known({}))).toEqual([]);
  });
  it("are no scan for who may not start one", () => {
    expect(nextSteps(known({ summary: { last_scan: null }, mayScan: false }))).toEqual([]);
    expect(nextSteps(known({ now: new Date("2026-11-24T00:00:00Z"), mayScan: false }))).toEqual([]);
  });
  it("say when the last look is old, and never name one thing twice", () => {
    expect(nextSteps(known({ now: new Date("2026-11-24T00:00:00Z") }))[0]?.title).toBe("Scan again");
    expect(nextSteps(known({ worst: [unknown("a", ["may be reached from outside"])] }))).toHaveLength(1);
    expect(nextSteps(known({ worst: ["a", "b", "c", "d"].map((uid) => unknown(uid, ["stores data"])) })).map((step) => step.key)).toEqual(["a", "b", "c"]);
  });
  it("lead to just what they speak of, whatever others wrote", () => {
    const [step] = nextSteps(known({ groups: [{ part: "owner", type: "x&y=z", account: "1", count: 2 }] }));
    expect(step?.to).toBe("/unexplained?type=x%26y%3Dz&account=1&gap=owner");
  });
});

describe("the sentence of a resource", () => {
  const detail = (more: object): Schemas["ResourceDetail"] => ({ resource: { exposed: false, stale: false, provider_made: false } as Schemas["ResourceRow"], statements: [], relations: { outgoing: [], incoming: [], truncated: false, withheld: 0 }, assignments: [], acceptances: [], versions: [], document: {}, ...more });
  const said = (part: string, value: string, holds = true) => ({ part, value, holds, source: "tag", origin: "", as_of: "" });
  it("says what holds, and not what was overruled", () => {
    expect(sentences(detail({ statements: [said("owner", "old", false), said("owner", "payments"), said("environment", "prod")] }))).toEqual(["It belongs to payments and is of environment prod."]);
  });
  it("says what is missing, apart from what could not be read", () => {
    const gaps = [{ part: "owner", detail: "" }, { part: "Policy", detail: "", reason: "denied" }];
    expect(sentences(detail({ unknown: { gaps } }))).toEqual(["No source says whose it is or what it is for.", "Nobody states its owner.", "It could not be read: Policy."]);
  });
});

describe("the question in the field", () => {
  const all = [{ name: "one", query: "select 1" }, { name: "two", query: "select 2" }, { name: "again", query: "select 1" }];
  it("is the kept one that it began as, also where it was changed since", () => {
    expect(standing(all, "two", "select 2")).toEqual({ open: all[1], changed: false });
    expect(standing(all, "two", "select 2, 3")).toEqual({ open: all[1], changed: true });
    expect(standing(all, "again", "select 1")).toEqual({ open: all[2], changed: false });
  });
  it("is the kept one of the same words, and else none", () => {
    expect(standing(all, undefined, "select 2")).toEqual({ open: all[1], changed: false });
    expect(standing(all, "one", "select 2")).toEqual({ open: all[1], changed: false });
    expect(standing(all, undefined, "select 3")).toEqual({ open: undefined, changed: false });
    expect(standing(all, "forgotten", "select 3")).toEqual({ open: undefined, changed: false });
  });
});

describe("completion", () => {
  const tables = [
    { name: "resources", description: "", columns: [{ name: "uid", kind: "text", description: "" }, { name: "region", kind: "text", description: "" }] },
    { name: "unknowns", description: "", columns: [{ name: "rank", kind: "integer", description: "" }] },
  ];
  const offers = (text: string) => complete(text, text.length, tables).map((offer) => offer.text);
  it("knows tables after from, and columns of what is asked", () => {
    expect(offers("select * from re")).toEqual(["resources"]);
    const text = "select re from resources";
    expect(complete(text, 9, tables)[0]?.text).toBe("region");
  });
  it("follows other names of tables", () => {
    expect(aliases("from resources r join unknowns as u using (uid)")).toEqual(new Map([["resources", "resources"], ["r", "resources"], ["unknowns", "unknowns"], ["u", "unknowns"]]));
    const text = "select u. from resources r join unknowns u using (uid)";
    expect(complete(text, 9, tables).map((offer) => offer.text)).toEqual(["rank"]);
  });
  it("offers the shorter name first, and nothing within a text", () => {
    const more = [{ name: "resource_versions", description: "", columns: [] }, ...tables];
    expect(complete("select * from res", 17, more).map((offer) => offer.text)).toEqual(["resources", "resource_versions"]);
    const text = "select * from resources where uid = 're";
    expect(complete(text, text.length, tables)).toEqual([]);
  });
  it("finds the word at the caret", () => {
    expect(wordBefore("select r.na", 11)).toEqual({ word: "na", of: "r", from: 9 });
    expect(wordBefore("select ", 7)).toEqual({ word: "", of: undefined, from: 7 });
  });
});

describe("the page of the ledger", () => {
  it("is the newest, the one that is named, or one with the entry that is opened", () => {
    expect(beginOf(1300, 200, undefined, undefined)).toBe(1100);
    expect(beginOf(1300, 200, 400, 950)).toBe(400);
    const begin = beginOf(1300, 200, undefined, 950);
    expect(begin <= 950 && 950 < begin + 200).toBe(true);
    expect(beginOf(1300, 200, undefined, 1250)).toBe(1100);
    expect(beginOf(1300, 200, undefined, 20)).toBe(0);
    expect(beginOf(50, 200, undefined, 20)).toBe(0);
  });
});

describe("what can be drawn", () => {
  const answer = (columns: [string, string][], rows: unknown[][]) => ({ columns: columns.map(([name, kind]) => ({ name, kind })), rows, truncated: false, millis: 1 });
  it("is values over time, in order", () => {
    const plot = drawable(answer([["at", "timestamp"], ["n", "integer"]], [["2026-01-02T00:00:00Z", 2], ["2026-01-01T00:00:00Z", 1]]));
    expect(plot).toEqual({ form: "lines", at: [1767225600, 1767312000], lines: [{ label: "n", values: [1, 2] }], more: 0 });
  });
  it("is values by name", () => {
    expect(drawable(answer([["type", "text"], ["n", "integer"]], [["a", 2], [null, 1]]))).toMatchObject({ form: "bars", bars: [{ name: "a", value: 2 }, { name: "null", value: 1 }] });
  });
  it("says how many rows it leaves out", () => {
    expect(drawable(answer([["at", "timestamp"], ["n", "integer"]], [["2026-01-02T00:00:00Z", 2], [null, 9], ["2026-01-01T00:00:00Z", 1]]))?.more).toBe(1);
    expect(drawable(answer([["type", "text"], ["n", "integer"]], [["a", 2], ["b", -1], ["c", null], ["d", 1]]))?.more).toBe(2);
    expect(drawable(answer([["type", "text"], ["n", "integer"]], Array.from({ length: 70 }, (_, at) => [`t${at}`, at])))?.more).toBe(10);
  });
  it("is nothing without figures", () => {
    expect(drawable(answer([["a", "text"], ["b", "text"]], [["x", "y"], ["x", "z"]]))).toBeUndefined();
  });
});
