import { describe, expect, it } from "vitest";
import { drawn } from "../../testing/drawn";
import { One } from "./Framework";
import { All } from "./Frameworks";
import { answered, type Control, type Framework, sentence } from "./words";

const counts = (of: Partial<Framework["counts"]> = {}): Framework["counts"] => ({ fail: 2, unknown: 1, needs_evidence: 1, untested: 0, not_applicable: 0, pass: 1, ...of });
const framework: Framework = { id: "house-rules", title: "House rules", source: "https://intranet.example/rules", controls: 5, counts: counts() };
const control = (of: Partial<Control> = {}): Control => ({ control: "1", topic: "nothing is open to the world", status: "fail", counts: { fail: 3, unknown: 1, pass: 12, not_applicable: 4 }, evidence: null, checks: [{ id: "s3_open", title: "The bucket is closed", severity: "high", counts: { fail: 3, unknown: 1, pass: 12, not_applicable: 4 } }], ...of });
const AS_OF = { scan: 1, finished_at: null };
const page = (controls: Control[], status?: Control["status"][]) => drawn(<One answer={{ framework, controls, gaps: ["AWS::S3::Bucket of account 1 was not read"], as_of: AS_OF }} status={status} />, [], "/frameworks/house-rules");

describe("frameworks", () => {
  it("say how controls stand, and never that nothing is left", () => {
    expect(sentence(framework)).toBe("Of 5 controls 2 fail, 1 is not known, 1 asks for evidence and 1 passes.");
    expect(sentence({ controls: 1, counts: counts({ fail: 0, unknown: 0, needs_evidence: 0, pass: 1 }) })).toBe("Of 1 control none fails and 1 passes.");
    expect([answered({ fail: 3, unknown: 0, pass: 12 }), answered({ fail: 0, unknown: 0, pass: 0 })]).toEqual(["3 fail, 12 pass", "nothing that it is about"]);
  });
  it("lead from each figure to its controls", async () => {
    const html = await drawn(<All answer={{ frameworks: [framework], as_of: AS_OF }} />, [], "/", true);
    expect(html).toContain("2 fail, of house-rules");
    expect(html).toMatch(/status=[^"]*needs_evidence/);
  });
  it("tell of each control what checks answered and what somebody must show", async () => {
    const text = await page([control(), control({ control: "2", topic: "alarms are looked at", status: "needs_evidence", checks: [], counts: { fail: 0, unknown: 0, pass: 0, not_applicable: 0 }, evidence: "the list of who looked" }), control({ control: "3", status: "untested", checks: [], counts: { fail: 0, unknown: 0, pass: 0, not_applicable: 0 } })]);
    expect(text).toContain("1 check: 3 fail, 1 unknown, 12 pass");
    expect(text).toMatch(/The bucket is closed s3_open · 3 fail , 1 unknown, 12 pass, not about 4/);
    expect(await page([control({ checks: [...control().checks, { id: "s3_calm", title: "It holds", severity: "low", counts: { fail: 0, unknown: 0, pass: 9, not_applicable: 0 } }] })])).toContain("and 1 check of which nothing fails and nothing is unknown");
    expect(text).toContain("To show: the list of who looked");
    expect(text).toContain("no check tests it yet");
    expect(text).toContain("it is no statement that you comply");
    expect(text).toContain("1 thing not seen");
  });
  it("are cut to what was chosen", async () => {
    const text = await page([control(), control({ control: "2", topic: "alarms", status: "pass" })], ["pass"]);
    expect(text).toContain("alarms");
    expect(text).not.toContain("open to the world");
  });
});
