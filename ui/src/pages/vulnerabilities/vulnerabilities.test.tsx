import { describe, expect, it } from "vitest";
import { drawn, signedIn } from "../../testing/drawn";
import { Feeds } from "./Feeds";
import { OneWeakness } from "./OneWeakness";
import { NotLooked, Rows } from "./Rows";
import { type Answer, called, epss, type Feed, kev, key, line, type Row, sentence, software, type Thing } from "./words";

const feed = (name: string, loaded: boolean): Feed => ({ feed: name, loaded, version: null, released_at: null, entries: loaded ? 1_401 : 0 });
const [LOADED, NONE] = [[feed("kev", true), feed("epss", true)], [feed("kev", false), feed("epss", false)]];
const thing = (of: Partial<Thing> = {}): Thing => ({ resource: "arn:aws:ec2:eu-west-1:111122223333:instance/i-1", software: "host", resource_type: "AWS::EC2::Instance", name: "web", account: "111122223333", region: "eu-west-1", owner: "payments", reached: "yes", way: "tcp 443 of 203.0.113.1", looked: ["Amazon Inspector"], not_looked: [], ...of });
const row = (of: Partial<Row> = {}): Row => ({ class: 1, because: ["attacked over the network"], id: "CVE-2024-1", also: [], title: null, state: "open", judged: null, thing: thing(), exploitation: "known", kev_since: "2024-08-19", epss: 0.9447, severity: "critical", score: 9.8, vector: null, scored_by: "NVD", attack: "network", packages: [{ name: "openssl", version: "3.0.1", fixed: "3.0.2", kind: "OS" }], fix: "available", first_seen: null, sources: ["Amazon Inspector"], ...of });
const answer = (of: Partial<Answer> = {}): Answer => ({ rows: [], total: 0, next: null, facets: { class: [], exploitation: [], reached: [], fixable: [], software: [], account: [], owner: [] }, things: 10, not_looked_count: 0, not_looked: [], feeds: NONE, reports_about_nothing: null, gaps: [], as_of: { scan: 1, finished_at: null }, ...of });

describe("words of weaknesses", () => {
  it("tell a list that was not asked from one that says no", () => {
    expect([kev({ kev_since: null }, LOADED), kev({ kev_since: null }, NONE), kev({ kev_since: "2024-08-19" }, LOADED)]).toEqual(["not in KEV", "KEV was not asked", "in KEV since 2024-08-19"]);
    expect([epss({ epss: null }, LOADED), epss({ epss: null }, NONE)]).toEqual(["EPSS does not have it", "EPSS was not asked"]);
  });
  it("round no chance to none or to certainty", () => {
    expect([0.9447, 0.00043, 0.00001, 0.99999, 1, 0].map((each) => epss({ epss: each }, LOADED))).toEqual(["EPSS 94.5 %", "EPSS 0.04 %", "EPSS below 0.01 %", "EPSS above 99.9 %", "EPSS 100.0 %", "EPSS 0.00 %"]);
  });
  it("name software with what mends it, and a thing by the end of its ARN where nobody names it", () => {
    expect(software({ name: "openssl", version: "3.0.1", fixed: "3.0.2", kind: null })).toBe("openssl 3.0.1, mended in 3.0.2");
    expect(called(thing({ name: " " }))).toBe("i-1");
  });
  it("say how many are urgent, and never that all is well where nobody looked", () => {
    expect(sentence(answer({ total: 7, facets: { ...answer().facets, class: [{ value: "1", count: 1 }, { value: "2", count: 3 }, { value: "5", count: 7 }] } }), false)).toContain("7 weaknesses, 3 of class 1 or 2");
    expect(sentence(answer({ total: 7, facets: { ...answer().facets, class: [{ value: "5", count: 7 }] } }), false)).toContain("none of class 1 or 2");
    expect(sentence(answer({ not_looked_count: 10 }), false)).toContain("not known: nobody looked");
    expect(sentence(answer({ not_looked_count: 4 }), false)).toContain("no weakness is known on 6 things");
    expect(sentence(answer({ things: 0 }), false)).toBe("No host, image or function was seen.");
  });
  it("give the command that asks the same, and none where it would ask something else", () => {
    expect(line({ fixable: true, class: 2, software: ["host", "image"], owner: ["payments"] }, undefined)).toBe("fathom vulnerabilities --fixable --class 2 --on host --on image --owner payments");
    expect(line({ exploitation: ["known"], reached: ["only_if", "yes"] }, "judged")).toBe("fathom vulnerabilities --kev --exposed --judged");
    expect([line({ exploitation: ["likely"] }, undefined), line({ reached: ["yes"] }, undefined), line({ account: ["1", "2"] }, undefined)]).toEqual([undefined, undefined, undefined]);
  });
});

describe("weaknesses", () => {
  it("stand with severity, exploitation, the thing, its way from the internet, and the fix", async () => {
    const text = await drawn(<Rows rows={[row(), row({ class: null, judged: "by vex.json: not affected", severity: null, exploitation: "unknown", thing: thing({ owner: null, reached: "unknown", way: "" }), packages: [], fix: "unknown" })]} feeds={LOADED} judged={false} />);
    expect(text).toContain("in KEV since 2024-08-19 EPSS 94.5 %");
    expect(text).toContain("openssl 3.0.1, mended in 3.0.2");
    expect(text).toContain("by vex.json: not affected");
    expect(text).toContain("not judged");
    expect(text).toContain("no source says whether there is a fix");
  });
  it("tell one with what its class is made of", async () => {
    const text = await drawn(<OneWeakness row={row({ attack: null, thing: thing({ way: "" }) })} feeds={LOADED} close={() => undefined} />);
    expect(text).toContain("Why it is of class 1 of 6 Attacked over the network.");
    expect(text).toContain("How is outside of what you may see.");
    expect(text).toContain("no source says from where");
    expect(key(row())).toBe("CVE-2024-1 arn:aws:ec2:eu-west-1:111122223333:instance/i-1");
  });
  it("are not known of things at which nobody looked", async () => {
    const text = await drawn(<NotLooked first={answer({ not_looked_count: 3, not_looked: [thing({ looked: [], not_looked: ["Amazon Inspector: UNMANAGED_EC2_INSTANCE"] }), thing({ resource: "arn:x:i-2", looked: [] })] })} />);
    expect(text).toContain("Nobody looked at 3 of 10 hosts, images and functions: what they have is not known.");
    expect(text).toContain("Amazon Inspector: UNMANAGED EC2 INSTANCE");
    expect(text).toContain("no source says why");
    expect(text).toContain("and 1 more");
    expect(await drawn(<NotLooked first={answer()} />)).toContain("Somebody looked at everything");
  });
  it("name the lists that were not loaded, and how they are", async () => {
    signedIn("analyst");
    expect(await drawn(<Feeds feeds={[feed("kev", true), feed("epss", false)]} />)).toContain("KEV: 1,401 weaknesses. EPSS not loaded");
    signedIn("viewer");
    expect(await drawn(<Feeds feeds={NONE} />)).not.toContain("fathom import");
  });
});
