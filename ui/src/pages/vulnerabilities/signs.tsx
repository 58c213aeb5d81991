// The words of a weakness that have a state of their own.
import { Badge } from "../../parts/state";
import { EXPLOITED, type Exploitation, REACHED, type Reach } from "./words";

export function Exploited({ of }: { of: Exploitation }) {
  if (of === "known") return <Badge state="broken">known</Badge>;
  if (of === "likely") return <Badge state="attention">likely</Badge>;
  return of === "unknown" ? <Badge state="unknown">not known</Badge> : <span>{EXPLOITED[of]}</span>;
}

/** Whether the internet comes to it: that it does is what must be seen first. */
export function From({ reach }: { reach: Reach }) {
  if (reach === "yes") return <Badge state="broken">reached</Badge>;
  if (reach === "only_if") return <Badge state="attention">only if</Badge>;
  return reach === "unknown" ? <Badge state="unknown">not known</Badge> : <span>{REACHED[reach]}</span>;
}
