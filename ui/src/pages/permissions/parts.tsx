// What all answers share: the word of a decision, who somebody is, what was not seen.
import { Link } from "@tanstack/react-router";
import { Ban } from "lucide-react";
import type { ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { counted, shown } from "../../lib/text";
import { Ago } from "../../parts/Ago";
import { Badge } from "../../parts/state";
import styles from "./Permissions.module.css";
import { type Asker, type Decision, short, who } from "./words";

/** YES, ONLY IF, UNKNOWN or NO, with a sign of its own each. */
export function Says({ decision, children }: { decision: Decision | Schemas["SaysKind"]; children?: ReactNode }) {
  if (decision === "allowed") return <Badge state="understood">YES{children}</Badge>;
  if (decision === "only_if") return <Badge state="attention">ONLY IF{children}</Badge>;
  if (decision === "unknown") return <Badge state="unknown">UNKNOWN{children}</Badge>;
  return <span className={styles.no}><Ban aria-hidden className="icon" />NO{children}</span>;
}

/** Somebody; a user or role is a door to what it may do. */
export function Who({ asker }: { asker: Asker }) {
  if (asker.kind !== "user" && asker.kind !== "role" && asker.kind !== "root") return <bdi className="wrap">{who(asker)}</bdi>;
  return (
    <Link to="/permissions" search={{ principal: asker.principal }} className="wrap" title={shown(asker.principal, 400)}>
      <bdi>{asker.kind === "root" ? who(asker) : short(asker.principal)}</bdi>{asker.kind !== "root" && <span className="small muted"> {asker.kind} of {shown(asker.principal.split(":")[4] ?? "", 20)}</span>}
    </Link>
  );
}

export function AsOf({ of }: { of: Schemas["PermissionsAsOf"] }) {
  return <span className="small muted">As scan {of.scan} left it{of.finished_at && <>, <Ago at={of.finished_at} /></>}.</span>;
}

const SHOWN = 20;

/** What was not read that may decide. */
export function Gaps({ gaps }: { gaps: string[] }) {
  if (gaps.length === 0) return null;
  return (
    <details className={styles.gaps}>
      <summary><Badge state="unknown">{counted(gaps.length, "thing")} not seen</Badge> that may decide</summary>
      <ul>{gaps.slice(0, SHOWN).map((gap) => <li key={gap} className="wrap small">{shown(gap, 400)}</li>)}{gaps.length > SHOWN && <li className="small muted">and {gaps.length - SHOWN} more</li>}</ul>
    </details>
  );
}

/** Where the log and IAM say different things of use; neither is taken for the truth. */
export function Disagree({ all }: { all: Schemas["SourcesDisagree"][] }) {
  if (all.length === 0) return null;
  return (
    <details className={styles.gaps}>
      <summary><Badge state="attention">{counted(all.length, "thing")}</Badge> of which the log and IAM say different things</summary>
      <ul>{all.slice(0, SHOWN).map((each) => <li key={each.what} className="wrap small"><bdi>{shown(each.what, 200)}</bdi>: the log has {each.log ? <Ago at={each.log} /> : "no use"}, IAM {each.iam ? <Ago at={each.iam} /> : "none"}; {shown(each.because, 300)}.</li>)}{all.length > SHOWN && <li className="small muted">and {all.length - SHOWN} more</li>}</ul>
    </details>
  );
}

export function Notes({ notes }: { notes: string[] }) {
  return <>{notes.map((note) => <p key={note} className="row wrapped"><Badge state="attention">note</Badge><span className="wrap">{shown(note, 600)}.</span></p>)}</>;
}

/** Fetches what is left. */
export function More({ pages }: { pages: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown } }) {
  if (!pages.hasNextPage) return null;
  return <div><button type="button" className="button" disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>{pages.isFetchingNextPage ? "Fetching…" : "More"}</button></div>;
}
