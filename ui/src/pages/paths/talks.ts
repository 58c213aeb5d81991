// What flow logs tell of one thing, in words.
import type { Schemas } from "../../api/client";
import { word } from "../../lib/sqltext";
import { count, counted, list, shown } from "../../lib/text";

export type Isolation = Schemas["IsolationAnswer"];
export type Talk = Schemas["TalkRow"];
export type Way = Schemas["TalkWay"];

export const WAYS: Record<Way, string> = { asks_it: "Who asks it", is_asked: "Whom it asks", either: "Who talks with it, either way", through: "Who sends through it" };

/** The answer in a sentence; a connection is one other on one port. */
export function breaks({ cover, total, asks_it, is_asked, days }: Pick<Isolation, "cover" | "total" | "asks_it" | "is_asked" | "days">): string {
  if (total === 0 && cover === "whole") return `By its flow logs of the last ${counted(days, "day")} nobody was seen talking to it, and it was seen talking to nobody.`;
  if (total === 0 && cover === "part") return "Nobody was seen talking to it in what flow logs cover; of the rest it is not known.";
  if (cover === "none" && total === 0) return "What breaks if it is isolated is not known: no flow logs tell who talks to it.";
  const rest = total - asks_it - is_asked;
  const parts = [asks_it > 0 ? `${counted(asks_it, "connection")} to it` : "", is_asked > 0 ? `${count(is_asked)} of its own` : "", rest > 0 ? `${count(rest)} of which the logs do not tell who asks, or that pass through it` : ""].filter(Boolean);
  const by = cover === "whole" ? `by its flow logs of the last ${counted(days, "day")}` : `as far as flow logs of the last ${counted(days, "day")} tell`;
  return `If it is isolated, ${list(parts)} ${total === 1 ? "breaks" : "break"}, ${by}.`;
}

/** What the choice between both halves says of this one. */
export const summary = ({ cover, total }: Pick<Isolation, "cover" | "total">): string => (total > 0 ? `${count(total)}${cover === "whole" ? "" : " or more"}` : cover === "whole" ? "0" : "not known");

/** Who talks, and what stands beneath the name. */
export function end(other: Talk["other"]): [name: string, beside: string] {
  const more = other.address_count - other.addresses.length;
  const at = `${other.addresses.slice(0, 3).map((each) => shown(each, 45)).join(", ")}${more > 0 || other.addresses.length > 3 ? ` and ${count(more + Math.max(0, other.addresses.length - 3))} more` : ""}`;
  if (other.withheld) return ["outside of what you may see", ""];
  switch (other.kind) {
    case "internet": return ["the internet", at];
    case "unknown": return [shown(other.addresses[0] ?? "nobody knows who", 60), shown(other.why ?? "", 300)];
    case "interface": return [shown(other.name ?? "a network interface", 80), at];
    default: return [shown(other.name?.trim() ? other.name : (other.uid?.split(/[/:]/).filter(Boolean).at(-1) ?? "a resource"), 120), at];
  }
}

/** `tcp 5432`, or the protocol alone where it has no ports. */
export const port = ({ protocol, port: of }: Pick<Talk, "protocol" | "port">): string => (of === null || of === undefined ? shown(protocol, 40) : `${shown(protocol, 20)} ${of}`);

const UNITS = ["KiB", "MiB", "GiB", "TiB"];

/** Bytes as people read them. */
export function size(bytes: number): string {
  let [value, unit] = [bytes, "B"];
  for (const next of UNITS) {
    if (value < 1024) break;
    [value, unit] = [value / 1024, next];
  }
  return unit === "B" ? `${count(bytes)} B` : `${value.toFixed(1)} ${unit}`;
}

/** The command that asks both halves. */
export const isolationLine = (of: string, days: number | undefined): string => `fathom blast-radius ${word(of)}${days === undefined ? "" : ` --days ${days}`}`;
