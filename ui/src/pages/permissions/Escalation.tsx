// Who can come to have more permissions than were given: everybody, or one with all steps.
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { get } from "../../api/client";
import { count, counted, shown } from "../../lib/text";
import { CopyLine } from "../../parts/Copy";
import { Empty } from "../../parts/states";
import { Missing, usePages } from "./Answers";
import { principals } from "./Asking";
import { called, type Climber, DECISIONS, done, escalate, goal, more, taken } from "./climb";
import { Cut, OneClimb } from "./OneClimb";
import { AsOf, Gaps, More, Says } from "./parts";
import { Pick } from "../../parts/Pick";
import shared from "./Permissions.module.css";
import styles from "./Escalation.module.css";

export function Escalation() {
  const { principal, to, more } = useSearch({ from: "/permissions" });
  const navigate = useNavigate({ from: "/permissions" });
  return (
    <>
      <div className={shared.asking} role="search" aria-label="Question">
        <Pick name="principal" label="Who" open="everybody" value={principal} find={principals} onChange={(next) => void navigate({ search: (was) => ({ ...was, principal: next, kind: undefined, to: undefined, more: undefined }) })} />
      </div>
      <section className={shared.answer} aria-label="Answer">
        <h2>{principal ? "What can it become?" : "Who can become more?"}</h2>
        {principal ? <OneClimb key={principal} principal={principal} to={to} more={more} choose={(one) => void navigate({ search: (was) => ({ ...was, ...one }), replace: true, resetScroll: false })} /> : <Everybody />}
      </section>
      <CopyLine text={escalate(principal, to)} />
    </>
  );
}

export function Everybody() {
  const pages = usePages(["escalations"], (cursor, signal) => get("/api/v1/permissions/escalations", { cursor }, { signal }));
  const first = pages.data?.pages[0];
  if (!first) return <Missing of={pages} label="Following what everybody can become" />;
  const rows = pages.data?.pages.flatMap((page) => page.rows) ?? [];
  const already = `${count(first.administrators)} of them may do everything in their account already`;
  return (
    <>
      <p className="wrap"><strong>{first.total === 0 ? "Nobody that was asked about can become more than it is." : `${count(first.total)} can become more than ${first.total === 1 ? "it is" : "they are"}.`}</strong> {counted(first.asked, "user, role and root user", "users, roles and root users")} asked about; {already}. <AsOf of={first.as_of} /></p>
      {first.cut && <Cut />}
      {rows.length === 0 ? <Empty title="Nobody"><p>Nobody that was asked about can become more than it is.</p></Empty> : (
        <table className={styles.table} aria-label="Who can become more">
          <thead><tr><th scope="col">Who</th><th scope="col">Can</th><th scope="col">Steps</th><th scope="col">First step</th></tr></thead>
          <tbody>{rows.map((row) => <Row key={`${row.principal.kind} ${row.principal.principal}`} row={row} />)}</tbody>
        </table>
      )}
      <More pages={pages} />
      <Gaps gaps={first.gaps} />
    </>
  );
}

function Row({ row }: { row: Climber }) {
  const { name, is } = called(row.principal);
  const [steps, others] = [taken(row.nearest), more(row)];
  return (
    <tr>
      <th scope="row"><Link to="/permissions" search={{ view: "escalation", principal: row.principal.principal }} className="wrap" title={shown(row.principal.principal, 400)}><bdi>{name}</bdi> <span className="small muted">{is}</span></Link></th>
      <td><span className={styles.can}><Says decision={DECISIONS[row.nearest.decision]} /><span className="wrap"><bdi>{goal(row.nearest)}</bdi>{others > 0 && <span className="muted"> and {count(others)} more</span>}</span></span></td>
      <td data-steps className="number">{count(steps.length)}<span className={styles.unit}>{steps.length === 1 ? "step" : "steps"}</span></td>
      <td className="wrap">{steps[0] && <bdi>{done(steps[0])}</bdi>}</td>
    </tr>
  );
}
