// What a policy would give and take; each row opens the proof before and after.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { post, type Schemas } from "../../api/client";
import { Refused } from "../../api/problem";
import { count, counted, shown } from "../../lib/text";
import { Badge } from "../../parts/state";
import { Empty, Skeleton, Wrong } from "../../parts/states";
import { AsOf, Gaps, More, Says } from "./parts";
import { Proof } from "./Proof";
import type { Proposal } from "./proposal";
import styles from "./Permissions.module.css";
import { short, who } from "./words";

type Row = Schemas["ChangedRowView"];
type Answer = Schemas["WhatIfAnswer"];
const ACTIONS_SHOWN = 40;

const EFFECTS = {
  gained: { state: "broken", word: "GAINED" }, lost: { state: "understood", word: "LOST" }, now_conditional: { state: "attention", word: "NOW ONLY IF" },
  now_sure: { state: "broken", word: "NOW ALWAYS" }, now_unknown: { state: "unknown", word: "NOW UNKNOWN" },
} as const;

export function Changes({ proposal }: { proposal: Proposal }) {
  const pages = useInfiniteQuery({
    queryKey: ["permissions", "what-if", proposal], initialPageParam: 0,
    queryFn: ({ signal, pageParam }) => post<Answer>("/api/v1/permissions/what-if", { change: proposal, cursor: pageParam }, signal), getNextPageParam: (last: Answer) => last.next ?? undefined,
  });
  const first = pages.data?.pages[0];
  if (!first) {
    const wrong = pages.error instanceof Refused && ["not_found", "invalid_parameter"].includes(pages.error.problem.code);
    return pages.error ? <Wrong error={pages.error} again={wrong ? undefined : () => void pages.refetch()} /> : <Skeleton lines={6} label="Asking with and without it" />;
  }
  const rows = pages.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <section className={styles.answer} aria-label="What changes">
      <p className="wrap"><strong>{first.total === 0 ? "Nothing that was asked about would change." : `${count(first.gained)} gained, ${count(first.lost)} lost, ${count(first.altered)} on other conditions.`}</strong> {counted(first.questions, "question")} about {counted(first.principals, "user, role and root user", "users, roles and root users")}. <AsOf of={first.as_of} /></p>
      {first.not_asked > 0 && <p className="row wrapped"><Badge state="unknown">{counted(first.not_asked, "question")} not asked</Badge><span>These are too many: name less in the policy for a whole answer.</span></p>}
      {first.not_shown > 0 && <p className="row wrapped"><Badge state="unknown">{counted(first.not_shown, "permission")} not listed</Badge><span>They are counted above.</span></p>}
      {first.unmatched.length > 0 && <p className="row wrapped"><Badge state="unknown">{counted(first.unmatched.length, "pattern")} unmatched</Badge><span className="wrap">No scan saw anything of <code>{shown(first.unmatched.slice(0, 3).join(", "), 300)}</code>{first.unmatched.length > 3 && ` and ${first.unmatched.length - 3} more`}.</span></p>}
      {rows.length === 0 ? <Empty title="No difference"><p>Everyone who was asked about may do what they may now.</p></Empty> : (
        <ul className={styles.rows} aria-label="Changes">{rows.map((row) => <Changed key={`${row.effect} ${row.kind} ${row.principal} ${row.resource} ${row.access} ${row.before ?? ""} ${row.after ?? ""}`} row={row} proposal={proposal} />)}</ul>
      )}
      <More pages={pages} />
      <Gaps gaps={first.gaps} />
    </section>
  );
}

function Changed({ row, proposal }: { row: Row; proposal: Proposal }) {
  const [open, setOpen] = useState(false);
  const [action, setAction] = useState(row.actions[0] ?? "");
  const { state, word } = EFFECTS[row.effect];
  const isOwn = row.kind === "user" || row.kind === "role";
  const names = row.actions.slice(0, 3).map((each) => shown(each, 80)).join(", ");
  return (
    <li>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <Badge state={state}>{word}</Badge>
          <span className={styles.what}>
            <span className="wrap"><strong>{row.access}</strong> {names}{row.actions.length > 3 && ` and ${count(row.actions.length - 3)} more`}{row.effect === "gained" && row.after === "only_if" && ", only if"}{row.effect === "gained" && row.after === "unknown" && ", not known"}</span>
            <span className="small wrap"><bdi>{isOwn ? short(row.principal) : who(row)}</bdi> <span className="muted">{isOwn && `${row.kind} of ${shown(row.principal.split(":")[4] ?? "", 20)} `}on <code>{row.resource === "*" ? "no resource" : shown(row.resource, 200)}</code></span></span>
          </span>
        </summary>
        {open && (
          <div className="stack">
            {row.actions.length > 1 && (
              <ul className={styles.choices} aria-label="Actions">
                {row.actions.slice(0, ACTIONS_SHOWN).map((each) => <li key={each}><button type="button" className="button small" aria-pressed={each === action} onClick={() => setAction(each)}><code>{shown(each, 80)}</code></button></li>)}
                {row.actions.length > ACTIONS_SHOWN && <li className="small muted">and {count(row.actions.length - ACTIONS_SHOWN)} more</li>}
              </ul>
            )}
            <Both row={row} action={action} proposal={proposal} />
            {isOwn && <p className="small"><Link to="/permissions" search={{ principal: row.principal }} className="link">What it can do now</Link></p>}
          </div>
        )}
      </details>
    </li>
  );
}

function Both({ row, action, proposal }: { row: Row; action: string; proposal: Proposal }) {
  const request = { change: proposal, principal: row.principal, kind: row.kind, action, resource: row.resource };
  const asked = useQuery({ queryKey: ["permissions", "what-if", "proof", request], queryFn: ({ signal }) => post<Schemas["WhatIfProof"]>("/api/v1/permissions/what-if/explain", request, signal) });
  if (!asked.data) return asked.error ? <Wrong error={asked.error} again={() => void asked.refetch()} /> : <Skeleton lines={4} label="Asking every layer twice" />;
  const sides = [["Now", asked.data.before], ["With the change", asked.data.after]] as const;
  return (
    <div className={styles.both}>
      {sides.map(([name, verdict]) => (
        <section key={name} aria-label={name} className="stack">
          <h3 className="row">{name} <Says decision={verdict?.decision ?? "implicitly_denied"} /></h3>
          {verdict ? <Proof verdict={verdict} /> : <p className="small muted">The resource does not let it in.</p>}
        </section>
      ))}
    </div>
  );
}
