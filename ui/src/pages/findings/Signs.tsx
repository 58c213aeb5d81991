// Where a finding stands, and when it is to be fixed.
import { Ago } from "../../parts/Ago";
import { Badge } from "../../parts/state";
import { back, lastDay, type Row, STATES } from "./words";

export function Standing({ row }: { row: Row }) {
  if (row.state === "accepted") return <Badge state="progress">accepted{row.accepted && ` until ${lastDay(row.accepted.until)}`}</Badge>;
  if (row.state === "fixed") return <Badge state="understood">fixed</Badge>;
  if (!row.confirmed) return <Badge state="unknown" title="The last run of its check could not say whether it still fails">not confirmed</Badge>;
  return row.state === "reopened" ? <Badge state="attention">{back(row) || STATES.reopened}</Badge> : <span>{STATES.open}</span>;
}

export function Due({ row }: { row: Row }) {
  if (!row.due || row.state === "fixed") return null;
  return row.overdue ? <Badge state="broken">overdue since {row.due.slice(0, 10)}</Badge> : <span className="small muted">due <Ago at={row.due} /></span>;
}
