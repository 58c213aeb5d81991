import { describe, expect, it } from "vitest";
import type { Schemas } from "../../api/client";
import { Refused } from "../../api/problem";
import * as ask from "../../api/queries";
import { drawn, signedIn } from "../../testing/drawn";
import { Changed } from "./Changed";
import { LastScan } from "./LastScan";
import { Movement, Next, TrendLine } from "./Overview";

const refused = new Refused({ code: "scope_limited", status: 403, title: "Forbidden", detail: "the trend counts the whole estate", type: "" } as never);
const trend = ask.trend().queryKey;
const counted = { value: 0, href: "" };
const summary = { all: { resources: counted, understood: counted, not_understood: counted }, unknowns: counted, coverage: [], last_scan: { id: 3, accounts: [], regions: [], calls: 1, finished_at: new Date().toISOString() }, schedule: { next_at: null, failures: 0 } } as unknown as Schemas["Summary"];

describe("what the first page could not ask", () => {
  it("is not told as one scan", async () => {
    expect(await drawn(<Movement />)).toBe("");
    expect(await drawn(<Movement />, [[trend, refused]])).toBe("");
    expect(await drawn(<Movement />, [[trend, { trend: [] }]])).toContain("One scan so far");
  });
  it("is said in the place of the line", async () => {
    expect(await drawn(<TrendLine />, [[trend, refused]])).toContain("The trend counts the whole estate.");
  });
  it("does not keep the changes from being asked", async () => {
    const changes = { since: { id: 1 }, until: { id: 2 }, changes: [], next: null };
    const said = await drawn(<Changed />, [[trend, refused], [ask.changes({ since: undefined, until: undefined, limit: 100 }).queryKey, changes]]);
    expect(said).toContain("Nothing differs.");
  });
  it("is no coverage of nothing", async () => {
    expect(await drawn(<LastScan summary={summary} />)).toContain("unknown Which calls failed");
    expect(await drawn(<LastScan summary={summary} />)).not.toContain("0 read");
    const coverage = [{ outcome: "read", reason: null, rows: { value: 7, href: "" } }] as never;
    expect(await drawn(<LastScan summary={{ ...summary, coverage }} />)).toContain("7 read 0 empty 0 unknown");
  });
  it("is named under what is next, and nothing is called closed", async () => {
    signedIn("analyst");
    const facets = ask.unknownFacets({}).queryKey;
    const none = { type: [], account: [], gap: [], total: 0 };
    const [worst, acceptances, first] = [ask.worst(10).queryKey, ask.acceptances.queryKey, ask.firstToFix.queryKey];
    const failed = await drawn(<Next summary={summary} />, [[facets, none], [worst, refused], [acceptances, refused], [first, refused]]);
    expect(failed).toContain("It could not be asked the worst of the list and which acceptances end.");
    expect(failed).not.toContain("Nothing is open");
    const [nothing, begun] = [[facets, none], [[worst, { unknowns: [] }], [acceptances, { acceptances: [] }]]] as const;
    expect(await drawn(<Next summary={summary} />, [nothing, ...begun, [first, refused]])).toContain("Nothing is open");
    // What an intruder would have to pass comes once it is worked out.
    expect(await drawn(<Next summary={summary} />, [nothing, ...begun, [first, { worked_out: false, first: null, reached: 0 }]])).toContain("Nothing is open");
    const step = (more: object) => ({ worked_out: true, reached: 9, first: { step: { title: "reads the secret", with: [{ id: "arn:aws:iam::1:role/web", name: null }], withheld: false, ...more }, jewel_count: 4, jewels: [], edit: { kind: "role" } } });
    const told = await drawn(<Next summary={summary} />, [nothing, ...begun, [first, step({})]]);
    expect(told).toContain("Close the step that 4 of 9 things within reach of an intruder hang on web reads the secret;");
    expect(await drawn(<Next summary={summary} />, [nothing, ...begun, [first, step({ withheld: true })]])).toContain("Nothing is open");
  });
});
