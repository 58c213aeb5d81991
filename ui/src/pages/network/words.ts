// What answers about the network are called, in words.
import type { Schemas } from "../../api/client";
import { word } from "../../lib/sqltext";
import { list, plain, shown } from "../../lib/text";

export type Verdict = Schemas["NetworkVerdict"];
export type Hop = Schemas["PacketHop"];
export type Path = Schemas["PathView"];
export type Ports = Schemas["PortsView"];
export type Place = Schemas["PlaceView"];
export type Exposed = Schemas["ExposedRow"];

export const PROTOCOLS = [["tcp", "TCP"], ["udp", "UDP"], ["icmp", "ICMP echo"], ["icmpv6", "ICMPv6 echo"]] as const;
export const hasPorts = (protocol: string): boolean => protocol === "tcp" || protocol === "udp";

/** What is usually found behind a port, for whoever reads a number. */
const SERVICES: Record<string, string> = {
  21: "FTP", 22: "SSH", 23: "Telnet", 80: "HTTP", 443: "HTTPS", 445: "SMB", 1433: "SQL Server", 1521: "Oracle", 2375: "Docker", 3306: "MySQL", 3389: "RDP", 5432: "PostgreSQL", 6379: "Redis", 8080: "HTTP", 9200: "Elasticsearch", 27017: "MongoDB",
};
export const service = (port: string): string | undefined => SERVICES[port];

export const VERDICTS: Record<Verdict, string> = { yes: "reached", only_if: "only if", unknown: "not known", no: "not reached" };

const ENDS: Record<Schemas["PacketEnd"], string> = {
  accepted: "it arrives, and the answer comes back", denied_in: "it is not let in", denied_out: "it is not let out", no_route: "nothing leads there", null_routed: "a route drops it",
  exits_network: "it leaves the network, and the answer comes back", unknown: "what decides was not read",
};
export const ends = (path: Pick<Path, "disposition">): string => ENDS[path.disposition];

const SAYS: Record<Schemas["HopSays"], string> = { allowed: "allowed", blocked: "blocked", forwarded: "sent on", translated: "exchanged", delivered: "arrives", unknown: "not known" };
export const says = (hop: Hop): string => SAYS[hop.says];

const NAMES: Record<string, string> = { network_acl: "network ACL", nat_gateway: "NAT gateway", vpc: "VPC", vpc_peering: "VPC peering", vpc_endpoint: "VPC endpoint", vpn_gateway: "VPN gateway", vpc_block_public_access: "VPC Block Public Access", withheld: "not for you to see" };
export const component = (name: string): string => NAMES[name] ?? plain(name);

/** `443`, `1024–65535`, `all ports`; nothing for what has no ports. */
export function range({ first, last }: { first?: number | null; last?: number | null }): string {
  if (first === null || first === undefined || last === null || last === undefined) return "";
  if (first === 0 && last === 65_535) return "all ports";
  return first === last ? String(first) : `${first}–${last}`;
}

/** What is sent: `tcp 443`, `icmp`. */
export const packet = (protocol: string, ports: { first?: number | null; last?: number | null }): string => [shown(protocol, 20), range(ports)].filter(Boolean).join(" ");

/** An end as people say it. */
export function called(place: Pick<Place, "kind" | "text" | "name" | "id">): string {
  if (place.kind === "internet") return "the internet";
  return shown(place.name ?? (place.kind === "address" || place.kind === "beyond" ? place.text : place.id ?? place.text), 120);
}

/** The answer in a sentence. */
export function sentence(path: Pick<Path, "verdict" | "disposition">, from: Place, to: Place, what: string): string {
  const who = called(from);
  const [begin, with_] = [from.kind === "internet" ? "The internet" : who, `${called(to)} with ${what}`];
  if (path.verdict === "yes") return `${begin} reaches ${with_}.`;
  if (path.verdict === "only_if") return `${begin} reaches ${with_} only if something holds.`;
  if (path.verdict === "unknown") return `Whether ${who} reaches ${with_} is not known.`;
  return `${begin} does not reach ${with_}: ${ends(path)}.`;
}

/** The hop that held the packet up. */
export const held = (path: Path): Hop | undefined => (path.decides === null || path.decides === undefined ? undefined : path.hops[path.decides]);

/** Why, in one line: the conditions, what is missing, or the hop that blocks. */
export function why(path: Path): string {
  if (path.conditions.length > 0) return `if ${list(path.conditions)}`;
  if (path.missing.length > 0) return `not seen: ${list(path.missing)}`;
  const hop = held(path);
  return hop ? `${component(hop.component)}${hop.id ? ` ${hop.name ?? hop.id}` : ""}${hop.rule ? `: ${hop.rule}` : ""}` : "";
}

export interface Leg { leg: Hop["leg"]; hops: { hop: Hop; at: number }[] }

/** Hops in the ways that they are walked: there, back, and behind a load balancer again. */
export function legs(hops: Hop[]): Leg[] {
  const found: Leg[] = [];
  hops.forEach((hop, at) => {
    const last = found.at(-1);
    if (last && last.leg === hop.leg) last.hops.push({ hop, at });
    else found.push({ leg: hop.leg, hops: [{ hop, at }] });
  });
  return found;
}

/** The command that asks the same. */
export const reachLine = ({ from, to, protocol, port }: { from: string; to: string; protocol: string; port?: number }): string =>
  `fathom reach ${word(from)} ${word(to)}${protocol === "tcp" ? "" : ` --proto ${word(protocol)}`}${port === undefined ? "" : ` --port ${port}`}`;

export const exposedLine = ({ protocol, port }: { protocol?: string[]; port?: number }): string =>
  `fathom exposed${(protocol ?? []).map((each) => ` --proto ${word(each)}`).join("")}${port === undefined ? "" : ` --port ${port}`}`;
