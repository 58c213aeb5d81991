// Journeys through the page about the network, on the sample organisation: a group lets nobody in, and the interfaces of a public load balancer were not read.
import { describe, it } from "vitest";
import { ADDRESS } from "./browser";
import { AS_OF, everySize, idOf, journey } from "./journey";

// Ids are others with every recording of the sample; names stay.
const [FROM, TO] = await Promise.all(["payments-1", "payments-2"].map((name) => idOf("AWS::EC2::Instance", name)));

const LONG = "a-server-with-a-name-of-the-longest-kind-that-there-may-be-in-an-organisation-where-names-say-everything";

/** An estate of which more is open than a map can hold, in every kind of answer. */
function crowd(count: number): object {
  const hop = (component: string, id: string, of: object = {}) => ({ leg: "there", component, id, uid: `arn:aws:ec2:eu-west-1:111122223333:${component}/${id}`, resource_type: null, name: null, says: "forwarded", code: null, rule: "", withheld: false, ...of });
  const path = (verdict: string, hops: object[], of: object = {}) => ({ verdict, disposition: verdict === "unknown" ? "unknown" : "accepted", packet: "1.0.0.0 to 10.0.0.1, tcp 443", hops, decides: null, conditions: [], missing: [], assumptions: [], client_ports: null, ...of });
  const ports = (verdict: string, of: [number, number][], hops: object[], more: object = {}) => of.map(([first, last]) => ({ first, last, ...path(verdict, hops, more) }));
  const row = (id: string, of: object) => ({ id, uid: `arn:aws:ec2:eu-west-1:111122223333:network-interface/${id}`, resource_type: "AWS::EC2::NetworkInterface", name: null, component: "network_interface", server: null, kind: "interface", description: "", account: "111122223333", region: "eu-west-1", vpc: "vpc-0a1b2c3d", addresses: ["203.0.113.10"], protocol: "tcp", verdict: "yes", ports: [], ...of });
  const arn = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/shop/0123456789abcdef";
  const gateway = hop("internet_gateway", "igw-0a1b2c3d", { resource_type: "AWS::EC2::InternetGateway" });
  const shop = [gateway, hop("network_interface", "eni-front", { says: "delivered" }), hop("load_balancer", arn, { name: "shop" }), hop("network_interface", "eni-behind", { says: "delivered", name: "shop-worker-1" })];
  const rows = Array.from({ length: count }, (_, at) => {
    const verdict = ["yes", "only_if", "unknown"][at % 3] ?? "yes";
    const more = verdict === "only_if" ? { conditions: ["the client is in 198.51.100.0/24, 198.51.101.0/24 and 12 more ranges"] } : verdict === "unknown" ? { missing: ["AWS::EC2::NetworkAcl of account 111122223333 in eu-west-1 was not read: ec2:DescribeNetworkAcls is missing"] } : {};
    const by = at % 5 === 4 ? hop("internet_gateway", "igw-other", { name: "legacy" }) : gateway;
    return row(`eni-${String(at).padStart(17, "0")}`, { verdict, account: at % 4 ? "111122223333" : "444455556666", server: at % 2 ? { id: `i-${at}`, uid: `arn:aws:ec2:eu-west-1:111122223333:instance/i-${at}`, name: at === 3 ? LONG : `worker-${at}` } : null, description: at % 2 ? "" : "ELB app/inner/0123456789abcdef", ports: ports(verdict, at % 7 === 6 ? [[0, 65535]] : [[22, 22], [443, 443]], [by], more) });
  });
  const counts = (values: [string, number][]) => values.map(([value, count]) => ({ value, count }));
  return {
    rows: [row(arn, { uid: arn, resource_type: "AWS::ElasticLoadBalancingV2::LoadBalancer", name: "shop", component: "load_balancer", kind: "application", addresses: ["203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4"], ports: ports("yes", [[80, 80], [443, 443]], shop) }), ...rows],
    total: count + 1, next: null, interfaces: 5_210, load_balancers: 31, not_read_count: 1, not_read: ["AWS::EC2::NetworkAcl of 111122223333 in eu-west-1: ec2:DescribeNetworkAcls is missing"], faults: ["arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-1: `10.0.0.0/40` is no range of addresses such as 10.0.0.0/8"], as_of: AS_OF,
    facets: { verdict: counts([["yes", 21], ["only_if", 20], ["unknown", 20]]), port: counts([["443", 52], ["22", 51], ["3389", 8]]), protocol: counts([["tcp", count + 1]]), account: counts([["111122223333", 45], ["444455556666", 16]]) },
  };
}

/** A way through a load balancer, of which not all may be seen. */
function winding(): object {
  const hop = (leg: string, component: string, id: string, says: string, rule: string, of: object = {}) => ({ leg, component, id, uid: id ? `arn:aws:ec2:eu-west-1:111122223333:${component}/${id}` : null, resource_type: null, name: null, says, code: null, rule, withheld: false, ...of });
  const hops = [
    hop("there", "internet", "", "forwarded", "begins at 1.0.0.0"), hop("there", "internet_gateway", "igw-0a1b2c3d", "translated", "203.0.113.1 becomes 10.0.1.5"), hop("there", "network_acl", "acl-1", "allowed", "into subnet-1: rule 100 allows all traffic with 0.0.0.0/0"), hop("there", "security_group", "sg-front", "allowed", "inbound rule of front allows tcp 443 with 0.0.0.0/0", { name: "front" }), hop("there", "network_interface", "eni-front", "delivered", "10.0.1.5"),
    hop("back", "security_group", "sg-front", "allowed", "the answer of what was let in"), hop("back", "route_table", "rtb-1", "forwarded", "0.0.0.0/0 to igw-0a1b2c3d"),
    hop("there", "load_balancer", "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/shop/0123456789abcdef", "forwarded", "tcp 443 shop, rule default, to workers", { name: "shop" }), hop("there", "withheld", "", "forwarded", "", { uid: null, withheld: true }), hop("there", "security_group", "sg-workers", "blocked", "no inbound rule for tcp 8080 with 10.0.1.5", { name: LONG, code: "ENI_SG_RULES_MISMATCH" }),
  ];
  const end = (text: string, kind: string, name: string | null) => ({ text, kind, id: kind === "internet" ? null : text, uid: null, resource_type: null, name });
  return { from: end("internet", "internet", null), to: end("shop", "load_balancer", "shop"), protocol: "tcp", port: 443, total: 1, as_of: AS_OF, answers: [{ first: 443, last: 443, verdict: "no", disposition: "denied_in", packet: "1.0.0.0 to 203.0.113.1, tcp 443", hops, decides: 9, conditions: [], missing: [], assumptions: ["11.0.0.0 is no address of com.amazonaws.eu-west-1.s3"], client_ports: null }] };
}

describe("the network", () => {
  it("begins with what the internet reaches, and what of that is not known", () =>
    journey("/", async (page) => {
      await page.getByRole("navigation").getByRole("link", { name: "Network" }).click();
      const table = page.getByRole("table", { name: "What the internet reaches" });
      await table.getByRole("rowheader", { name: /storefront/ }).waitFor();
      await page.getByText("By thing and protocol: 0 reached from the internet, 4 only if, 1 not known.").waitFor();
      await everySize(page, "network-exposed");
      await page.getByRole("checkbox", { name: /443/ }).check();
      await page.waitForURL(/port=443/);
      await table.getByRole("link", { name: /^443/ }).click();
      await page.waitForURL(/from=internet/);
      await page.getByText("Whether the internet reaches storefront with tcp 443 is not known.").waitFor();
      await page.getByRole("note", { name: "What holds it up" }).getByText("the interfaces of storefront were not seen", { exact: false }).waitFor();
      await everySize(page, "network-unknown");
      await page.goBack();
      await page.getByRole("checkbox", { name: /443/, checked: true }).waitFor();
      // The address holds what is chosen.
      await page.reload();
      await page.getByRole("checkbox", { name: /443/, checked: true }).waitFor();
      await page.getByRole("radio", { name: "Map" }).click();
      await page.waitForURL(/as=map/);
      await page.getByRole("region", { name: /^Map of what/ }).getByRole("link", { name: /storefront/ }).waitFor();
      await everySize(page, "network-map-unknown");
    }));

  it("is asked by keyboard, and the rule that decides stands first", () =>
    journey("/network?view=reach", async (page) => {
      await page.getByRole("heading", { name: "Name one end, or both" }).waitFor();
      await everySize(page, "network-begin");
      await page.getByRole("combobox", { name: "From", exact: true }).focus();
      await page.keyboard.type("payments-1");
      await page.locator("[role=listbox]:not([aria-busy])").getByRole("option", { name: /payments-1/ }).first().waitFor();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      await page.waitForURL(new RegExp(`from=${FROM}`));
      await page.getByRole("heading", { name: "On which port?" }).waitFor();
      await page.getByRole("combobox", { name: "To", exact: true }).focus();
      await page.keyboard.type("payments-2");
      await page.locator("[role=listbox]:not([aria-busy])").getByRole("option", { name: /payments-2/ }).first().waitFor();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      await page.waitForURL(new RegExp(`to=${TO}`));
      // Without a port, all of them.
      await page.getByText("payments-2 is reached from payments-1 on no port of tcp.").waitFor();
      await everySize(page, "network-ports");
      await page.getByRole("textbox", { name: "Port", exact: true }).focus();
      await page.keyboard.type("443");
      await page.keyboard.press("Enter");
      await page.waitForURL(/port=443/);
      await page.getByText("payments-1 does not reach payments-2 with tcp 443: it is not let in.").waitFor();
      const held = page.getByRole("note", { name: "What holds it up" });
      await held.getByText("no inbound rule for tcp 443 with 10.20.16.4").waitFor();
      const there = page.getByRole("region", { name: "There", exact: true });
      await there.getByText("10.20.0.0/16 to the VPC itself").waitFor();
      await page.getByText(`fathom reach ${FROM} ${TO} --port 443`).waitFor();
      await everySize(page, "network-reach");
      await held.getByRole("link").click();
      await page.waitForURL(/\/resource\?uid=.*security-group/);
      await page.goBack();
      await page.getByRole("button", { name: "Turn around" }).click();
      await page.getByText("payments-2 does not reach payments-1 with tcp 443", { exact: false }).waitFor();
    }));

  it("is reached from a server, tells who reaches it, and what is wrong with a question", () =>
    journey(`/resource?uid=${encodeURIComponent(`arn:aws:ec2:us-east-1:908249470583:instance/${FROM}`)}`, async (page) => {
      const facts = page.getByRole("complementary", { name: "Facts" });
      await facts.getByRole("link", { name: "Who reaches it" }).click();
      await page.getByRole("button", { name: /^8443|^443/ }).first().click();
      await page.getByRole("heading", { name: "Who reaches payments-1 with tcp 443?" }).waitFor();
      await page.getByText(/network interfaces asked about/).waitFor();
      await everySize(page, "network-who");
      await page.goto(`${ADDRESS}/network?from=${FROM}&port=443`);
      await page.getByRole("heading", { name: "What does payments-1 reach with tcp 443?" }).waitFor();
      await everySize(page, "network-what");
      await page.goto(`${ADDRESS}/network?from=internet&to=i-nowhere&port=22`);
      await page.getByRole("alert").filter({ hasText: "i-nowhere" }).waitFor();
      await everySize(page, "network-wrong");
      await page.goto(`${ADDRESS}/network?to=internet&port=443`);
      await page.getByRole("alert").filter({ hasText: "two ends" }).waitFor();
    }, { quiet: /status of 40[04]/ }));

  it("tells which web firewall stands before what answers the web", () =>
    journey("/network", async (page) => {
      await page.getByRole("radio", { name: "Web firewall" }).click();
      await page.waitForURL(/view=web/);
      await page.getByText(/with a firewall that stops something/).waitFor();
      await page.getByRole("table", { name: "What answers the web" }).getByRole("row").nth(1).waitFor();
      await everySize(page, "network-web");
      await page.getByText("fathom web-firewall", { exact: true }).waitFor();
    }));

  it("stays readable where much is open, and on a winding way", () =>
    journey("/network", async (page) => {
      await page.route(/\/network\/exposed/, (route) => route.fulfill({ json: crowd(60) }));
      await page.route(/\/network\/reach\?/, (route) => route.fulfill({ json: winding() }));
      await page.goto(`${ADDRESS}/network`);
      await page.getByText("By thing and protocol: 21 reached from the internet, 20 only if, 20 not known.").waitFor();
      await everySize(page, "network-exposed-crowd");
      await page.goto(`${ADDRESS}/network?as=map`);
      const map = page.getByRole("region", { name: /^Map of what/ });
      await map.getByRole("link", { name: /shop/ }).first().waitFor();
      await page.getByText("21 things more").waitFor();
      await everySize(page, "network-map");
      await map.getByRole("link", { name: /shop/ }).first().focus();
      await page.keyboard.press("Enter");
      await page.getByText("A part of the way that you may not see.").waitFor();
      await page.getByRole("heading", { name: "Behind the load balancer, there" }).waitFor();
      await everySize(page, "network-winding");
    }));
});
