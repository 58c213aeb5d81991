// The three things worth doing next, worked out from what is known; no scores, an order that anyone can redo.
import type { Schemas } from "../../api/client";
import { stringify } from "../../lib/address";
import { word } from "../../lib/sqltext";
import { count, counted, kind, list, plain, shown } from "../../lib/text";

export interface Step { title: string; why: string; to: string; action: string; cli: string; key: string }

/** How many open gaps of one part one kind has in one account. */
export interface Group { part: string; type: string; account: string; count: number }

export interface Known {
  summary: Schemas["Summary"];
  worst: Schemas["UnknownRow"][];
  groups: Group[];
  acceptances: Schemas["AcceptanceView"][];
  /** What stops most ways of an intruder; none where that is not worked out yet. */
  first?: Schemas["FirstAnswer"];
  now: Date;
  /** Whether this person may start a scan. */
  mayScan: boolean;
}

const DAY_MS = 86_400_000;
/** Of what is equal otherwise, whoever knows the owner can ask about the rest. */
export const PARTS = ["owner", "purpose", "environment", "data_class", "creator_or_code"];

export function nextSteps(known: Known): Step[] {
  const all = [neverScanned, denied, running, closable, exposed, commonGap, oldLook, endingAcceptance, ...known.worst.map((row) => () => explain(row))];
  const steps: Step[] = [];
  for (const one of all) {
    const step = one(known);
    if (step && !steps.some((each) => each.key === step.key)) steps.push(step);
  }
  return steps.slice(0, 3);
}

function neverScanned({ summary, mayScan }: Known): Step | undefined {
  if (summary.last_scan || !mayScan) return undefined;
  return { key: "scan", title: "Look at the cloud for the first time", why: "Nothing was scanned yet, so nothing is known.", to: "/scans#start", action: "Start a scan", cli: "fathom scan" };
}

function denied({ summary }: Known): Step | undefined {
  const rows = summary.coverage.find((each) => each.reason === "denied")?.rows.value ?? 0;
  if (rows === 0) return undefined;
  return {
    key: "denied", title: `Grant the permissions that ${counted(rows, "read")} lacked`, why: "What may not be read stays unknown, and what was known of it grows old.",
    to: "/coverage?reason=denied", action: "See which", cli: "fathom permissions",
  };
}

function running({ summary }: Known): Step | undefined {
  const failures = summary.schedule?.failures ?? 0;
  if (failures === 0) return undefined;
  return { key: "schedule", title: `Find out why ${counted(failures, "scan")} in a row failed`, why: "The figures below are from before.", to: "/scans", action: "See the reason", cli: "fathom scans" };
}

/** The step that most ways of an intruder pass. */
function closable({ first }: Known): Step | undefined {
  const top = first?.first;
  if (!first || !top || top.step.withheld) return undefined;
  const [begin] = top.step.with;
  const who = begin?.name ?? begin?.id?.split(/[/:]/).at(-1) ?? "An intruder";
  return {
    key: "paths", title: `Close the step that ${count(top.jewel_count)} of ${counted(first.reached, "thing")} within reach of an intruder ${top.jewel_count === 1 ? "hangs" : "hang"} on`,
    why: `${shown(who, 80)} ${shown(top.step.title, 160)}; without that step nothing leads to ${top.jewel_count === 1 ? "it" : "them"}. The edit was tried.`, to: "/paths?view=fix-first", action: "See the edit", cli: "fathom paths",
  };
}

function explain(row: Schemas["UnknownRow"]): Step {
  const open = row.gaps.filter((gap) => !gap.accepted).map((gap) => plain(gap.part));
  const name = shown(row.name || (row.uid.split(/[/:]/).at(-1) ?? row.uid), 60);
  return {
    key: row.uid, title: `Explain ${kind(row.type)} ${name}`, why: `It ${list(row.because.filter((each) => !/gaps?$/.test(each)).map((each) => shown(each, 60))) || "is on the list"}; nobody states its ${list(open)}.`,
    to: `/resource?uid=${encodeURIComponent(row.uid)}`, action: "Open it", cli: `fathom explain ${word(row.uid)}`,
  };
}

function exposed({ worst }: Known): Step | undefined {
  const row = worst.find((each) => each.because.includes("may be reached from outside"));
  return row && explain(row);
}

function commonGap({ groups }: Known): Step | undefined {
  const [first] = [...groups].sort((a, b) => b.count - a.count || a.type.localeCompare(b.type) || a.account.localeCompare(b.account) || PARTS.indexOf(a.part) - PARTS.indexOf(b.part));
  if (!first || first.count < 2) return undefined;
  return {
    key: "group", title: `State the ${plain(first.part)} of ${counted(first.count, kind(first.type), `× ${kind(first.type)}`)}`,
    why: `All in account ${shown(first.account, 20)}; one rule in fathom.yaml can cover them all.`,
    to: `/unexplained${stringify({ type: [first.type], account: [first.account], gap: [first.part] })}`,
    action: "List them", cli: `fathom unknown --type ${word(first.type)} --account ${word(first.account)}`,
  };
}

function oldLook({ summary, now, mayScan }: Known): Step | undefined {
  const at = summary.last_scan?.finished_at;
  if (!at || !mayScan || summary.schedule || now.getTime() - new Date(at).getTime() < DAY_MS) return undefined;
  return { key: "scan", title: "Scan again", why: "The last look is more than a day old, and the server has no schedule.", to: "/scans#start", action: "Start a scan", cli: "fathom serve --every 6h" };
}

function endingAcceptance({ acceptances, now }: Known): Step | undefined {
  const soon = acceptances.filter((each) => new Date(each.until).getTime() - now.getTime() < 14 * DAY_MS);
  const [first] = soon;
  if (!first) return undefined;
  return {
    key: "acceptance", title: `Decide about ${counted(soon.length, "acceptance")} that end within 14 days`, why: "They come back to the list by themselves.",
    to: soon.length === 1 ? `/resource?uid=${encodeURIComponent(first.uid)}` : "/unexplained?include_accepted=true", action: "See them", cli: "fathom unknown --accepted",
  };
}
