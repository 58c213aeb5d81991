import { describe, expect, it } from "vitest";
import { end } from "../../lib/ends";
import { drawn } from "../../testing/drawn";
import { DRAWN_MAX, drawnMap } from "./exposure";
import { Way } from "./Hops";
import { Around, Between } from "./Reach";
import { Rows as Guarded } from "./Firewall";
import { Rows as Open } from "./Unauthenticated";
import { type Exposed, type Hop, held, legs, type Path, type Place, range, reachLine, sentence, why } from "./words";

const AS_OF = { scan: 3, finished_at: null };
const hop = (of: Partial<Hop>): Hop => ({ leg: "there", component: "network_interface", id: "eni-1", uid: null, resource_type: null, name: null, says: "forwarded", code: null, rule: "", withheld: false, ...of });
const path = (of: Partial<Path>): Path => ({ verdict: "yes", disposition: "accepted", packet: "10.0.0.1 to 10.0.0.2, tcp 443", hops: [], decides: null, conditions: [], missing: [], assumptions: [], client_ports: null, ...of });
const place = (of: Partial<Place>): Place => ({ text: "i-1", kind: "instance", id: "i-1", uid: null, resource_type: null, name: null, ...of });
const INTERNET = place({ text: "internet", kind: "internet", id: null });
const BLOCKED = [hop({}), hop({ component: "security_group", id: "sg-1", name: "web", uid: "arn:sg", says: "blocked", code: "ENI_SG_RULES_MISMATCH", rule: "no inbound rule for tcp 443" })];

describe("words", () => {
  it("say of each answer what it means", () => {
    const [from, to] = [INTERNET, place({ name: "payments" })];
    expect(sentence(path({}), from, to, "tcp 443")).toBe("The internet reaches payments with tcp 443.");
    expect(sentence(path({ verdict: "no", disposition: "denied_in" }), to, from, "icmp")).toBe("payments does not reach the internet with icmp: it is not let in.");
    expect(sentence(path({ verdict: "unknown", disposition: "unknown" }), from, to, "tcp 443")).toBe("Whether the internet reaches payments with tcp 443 is not known.");
    expect(sentence(path({ verdict: "only_if" }), to, place({ kind: "address", text: "10.0.0.9", id: "eni-9" }), "tcp 1")).toBe("payments reaches 10.0.0.9 with tcp 1 only if something holds.");
  });
  it("name ranges of ports", () => {
    expect([{ first: 443, last: 443 }, { first: 0, last: 65_535 }, { first: 1024, last: 2047 }, { first: null, last: null }].map(range)).toEqual(["443", "all ports", "1024–2047", ""]);
  });
  it("say why in one line", () => {
    expect(why(path({ verdict: "no", hops: BLOCKED, decides: 1 }))).toBe("security group web: no inbound rule for tcp 443");
    expect(why(path({ verdict: "only_if", conditions: ["the client is in 198.51.100.0/24"] }))).toBe("if the client is in 198.51.100.0/24");
    expect(why(path({ verdict: "unknown", missing: ["a", "b"] }))).toBe("not seen: a and b");
    expect(held(path({ hops: BLOCKED, decides: null }))).toBeUndefined();
  });
  it("part the hops by their ways", () => {
    expect(legs([hop({}), hop({}), hop({ leg: "back" }), hop({})]).map((each) => [each.leg, each.hops.map(({ at }) => at)])).toEqual([["there", [0, 1]], ["back", [2]], ["there", [3]]]);
  });
  it("name a resource as an end, and the command", () => {
    expect(end({ type: "AWS::EC2::Instance", uid: "arn:x", id: "i-1" })).toBe("i-1");
    expect(end({ type: "AWS::ElasticLoadBalancingV2::LoadBalancer", uid: "arn:lb", id: "lb" })).toBe("arn:lb");
    expect(end({ type: "AWS::S3::Bucket", uid: "arn:b", id: "b" })).toBeUndefined();
    expect(reachLine({ from: "internet", to: "i-1", protocol: "udp", port: 53 })).toBe("fathom reach internet i-1 --proto udp --port 53");
  });
});

describe("a way", () => {
  it("begins with what holds it up", async () => {
    const text = await drawn(<Way path={path({ verdict: "no", hops: BLOCKED, decides: 1 })} />);
    expect(text.indexOf("security group web sg-1 blocked no inbound rule for tcp 443 ENI_SG_RULES_MISMATCH")).toBeLessThan(text.indexOf("The packet"));
    expect(text.indexOf("security group")).toBeGreaterThanOrEqual(0);
  });
  it("says that a part of it is withheld", async () => {
    const text = await drawn(<Way path={path({ hops: [hop({}), hop({ withheld: true, component: "withheld", id: "" })], conditions: ["it depends"] })} />);
    expect(text).toContain("not for you to see sent on A part of the way that you may not see.");
    expect(text).toContain("Only if it depends");
  });
});

describe("between two", () => {
  const answer = (answers: object[]) => ({ from: INTERNET, to: place({ name: "payments" }), protocol: "tcp", port: null, answers, total: answers.length, as_of: AS_OF });
  const at = (port: number | undefined, answers: object[]) => drawn(<Between from="internet" to="i-1" protocol="tcp" port={port} />, [[["network", "reach", "internet", "i-1", "tcp", port], answer(answers)]]);
  it("tells one port with its way", async () => {
    expect(await at(443, [{ first: 443, last: 443, ...path({ verdict: "no", disposition: "denied_in", hops: BLOCKED, decides: 1 }) }])).toContain("NO The internet does not reach payments with tcp 443: it is not let in.");
  });
  it("tells open ports before closed ones", async () => {
    const text = await at(undefined, [{ first: 0, last: 442, ...path({ verdict: "no", hops: BLOCKED, decides: 1 }) }, { first: 443, last: 443, ...path({}) }, { first: 444, last: 65_535, ...path({ verdict: "unknown", missing: ["an ACL"] }) }]);
    expect(text).toContain("payments is reached from the internet on tcp 443, 444–65535 (not known).");
    expect(text.indexOf("Ports that are open, or may be")).toBeLessThan(text.indexOf("Ports that are closed"));
  });
  it("says where nothing is listened on", async () => {
    expect(await at(undefined, [])).toContain("Nothing to ask");
  });
});

describe("everybody at once", () => {
  const counts = { yes: 1, only_if: 0, unknown: 2, no: 7 };
  const row = { id: "eni-2", uid: "arn:eni-2", name: null, server: { id: "i-2", uid: "arn:i-2", name: "web" }, kind: "interface", description: "", account: "111122223333", region: "eu-west-1", vpc: "vpc-1", addresses: ["10.0.0.2"], verdict: "yes" };
  const page = { place: place({}), protocol: "tcp", port: 5432, internet: "no", rows: [row], total: 3, next: null, asked: 10, counts, as_of: AS_OF };
  it("is counted, with the internet", async () => {
    const text = await drawn(<Around text="i-1" isTo protocol="tcp" port={5432} />, [[["network", "around", "i-1", true, "tcp", 5432], { pages: [page], pageParams: [0] }]]);
    expect(text).toContain("Who reaches i-1 with tcp 5432?");
    expect(text).toContain("1 reach it, 0 only if, 2 not known. 10 network interfaces asked about, 7 cannot.");
    expect(text).toContain("NO The internet reaches it: the way");
    expect(text).toContain("web eni-2 YES 10.0.0.2");
  });
});

describe("the map", () => {
  const exposed = (of: Partial<Exposed>): Exposed => ({ id: "eni-1", uid: null, resource_type: null, name: null, component: "network_interface", server: null, kind: "interface", description: "", account: "1", region: "r", vpc: "vpc-1", addresses: ["203.0.113.1"], protocol: "tcp", verdict: "yes", ports: [], ...of });
  const gateway = hop({ component: "internet_gateway", id: "igw-1" });
  const port = (first: number, hops: Hop[], verdict: "yes" | "unknown" = "yes") => ({ first, last: first, ...path({ verdict, hops }) });
  it("leads through the gateway to each interface", () => {
    const map = drawnMap([exposed({ ports: [port(443, [gateway]), port(80, [gateway])] }), exposed({ id: "eni-2", ports: [port(22, [gateway])], server: { id: "i-2", uid: null, name: "web" } })]);
    expect(map.boxes.map((box) => [box.column, box.name])).toEqual([[0, "The internet"], [1, "igw-1"], [2, "eni-1"], [2, "web"]]);
    expect(map.lines.map((line) => line.label)).toEqual(["", "tcp 443, 80", "tcp 22"]);
    expect(new Set(map.boxes.filter((box) => box.column === 2).map((box) => box.y)).size).toBe(2);
  });
  it("leads through a load balancer to what is behind it, and says what is not known", () => {
    const behind = [gateway, hop({ component: "load_balancer", id: "lb", says: "forwarded" }), hop({ id: "eni-9", says: "delivered" })];
    const balancer = { component: "load_balancer", id: "lb", name: "shop", kind: "application" };
    const map = drawnMap([exposed({ ...balancer, ports: [port(443, behind)] }), exposed({ ...balancer, id: "other", name: "old", verdict: "unknown", ports: [port(80, [hop({ component: "load_balancer", id: "other", says: "unknown" })], "unknown")] })]);
    expect(map.boxes.map((box) => [box.column, box.name, box.verdict])).toEqual([[0, "The internet", "yes"], [1, "shop", "yes"], [2, "eni-9", "yes"], [1, "old", "unknown"]]);
  });
  it("draws as much as can be read, and counts the rest", () => {
    const map = drawnMap(Array.from({ length: 100 }, (_, at) => exposed({ id: `eni-${at}`, ports: [port(443, [gateway])] })), 250);
    expect(map.boxes.filter((box) => box.column === 2)).toHaveLength(DRAWN_MAX);
    expect(map.left).toBe(250 - DRAWN_MAX);
  });
});

describe("what answers without asking who comes", () => {
  const row = { verdict: "yes", resource: "arn:aws:s3:::exports", uid: "arn:aws:s3:::exports", resource_type: "AWS::S3::Bucket", name: "exports", account: "111122223333", region: "eu-west-1", how: "policy", asks: "nothing", in_the_clear: false, says: "a bucket takes requests without a signature", proof: ["bucket policy, statement 0"], way: "the provider's own endpoint", ports: [], hops: [], conditions: [], missing: [], assumptions: [], rule: "r", source: "https://docs.aws.amazon.com" } as const;
  const told = (of: object) => drawn(<Open rows={[{ ...row, proof: [...row.proof], ports: [], hops: [], conditions: [], missing: [], assumptions: [], ...of }]} />);
  it("is told with its proof and its way", async () => {
    expect(await told({})).toContain("exports S3 Bucket YES nothing 111122223333 eu-west-1 a bucket takes requests without a signature bucket policy, statement 0 Way: the provider's own endpoint");
    expect(await told({ in_the_clear: true })).toContain("YES no encryption");
    expect(await told({ hops: BLOCKED })).toContain("Every hop of the packet and of its answer");
  });
  it("names the call without which it is not known, also of a whole type", async () => {
    const text = await told({ verdict: "unknown", resource: null, uid: null, name: null, missing: ["ListBuckets: s3:ListAllMyBuckets is missing"], asks: "any_account" });
    expect(text).toContain("every S3 Bucket of the account UNKNOWN any account of AWS");
    expect(text).toContain("Not seen ListBuckets: s3:ListAllMyBuckets is missing");
  });
});

describe("what answers the web", () => {
  it("stands with its firewall, and what was not read is said", async () => {
    const row = { guard: "only_counts" as const, resource: "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/shop/1", resource_type: "AWS::ElasticLoadBalancingV2::LoadBalancer", what: "load balancer", name: "shop", account: "111122223333", region: "eu-west-1", reached: "yes" as const, way: "through igw-1", acl: "arn:acl", acl_name: "front", cannot: null, conditions: [], missing: [], past: [{ resource: "arn:past", what: "bucket", name: null, reached: "unknown" as const, guard: "none" as const }] };
    const text = await drawn(<Guarded rows={[row, { ...row, guard: "unknown", resource: null, acl: null, acl_name: null, past: [], missing: ["wafv2:GetWebACLForResource"] }]} />);
    expect(text).toContain("shop load balancer only counts front");
    expect(text).toContain("past it bucket arn:past , which it asks, may be reached from the internet directly: none");
    expect(text).toContain("every ElasticLoadBalancingV2 LoadBalancer of the account not known");
    expect(text).toContain("not read: wafv2:GetWebACLForResource");
  });
});
