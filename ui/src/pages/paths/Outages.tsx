// What fails if a resource or a zone goes, by what the last scans read of which thing needs which.
import { Link } from "@tanstack/react-router";
import { get, type Schemas } from "../../api/client";
import { count, counted, kind, shown } from "../../lib/text";
import { AsOf, Missing, More, usePages } from "../../parts/Answered";
import { KindIcon } from "../../parts/Name";
import { Badge } from "../../parts/state";
import table from "../../parts/Table.module.css";
import { BRINGS } from "./AttackPaths";
import { because, fails, type Gone, type Outcome } from "./outages";

/** The question, under one key wherever it is asked. */
export function useOutage({ of, zone, account }: Gone) {
  return usePages(["paths", "outage", of, zone, account], (cursor, signal) => get("/api/v1/outage", { of, zone, account, cursor }, { signal }), true);
}

export function Outages({ gone }: { gone: Gone }) {
  const pages = useOutage(gone);
  const first = pages.data?.pages[0];
  if (!first) return <Missing of={pages} label="Following what needs it" brings={BRINGS} />;
  const rows = pages.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <>
      <p className="wrap"><strong>{fails(first, gone)}</strong> {first.outside && "More has a part in it that is outside your scope. "}<AsOf of={first.as_of} /></p>
      {rows.length > 0 && (
        <table className={table.table} aria-label="What becomes of others">
          <thead><tr><th scope="col">What</th><th scope="col">Outcome</th><th scope="col">Because</th><th scope="col" className="number">After</th></tr></thead>
          <tbody>{rows.map((row) => <Row key={row.what.uid} row={row} />)}</tbody>
        </table>
      )}
      <More pages={pages} />
      <p className="small muted wrap">{first.unseen_needs ? `${counted(first.unseen_needs, "need leads", "needs lead")} to what was never seen: what these lead to is not told. ` : ""}What programs call without any setting that names it is not here: flow logs tell who talks to it.</p>
    </>
  );
}

function Outcome({ of, left }: { of: Outcome; left?: number | null }) {
  if (of === "fails") return <Badge state="broken">FAILS</Badge>;
  if (of === "unknown") return <Badge state="unknown">MAY FAIL</Badge>;
  return <span className={table.two}><span><Badge state="attention">GOES ON</Badge></span>{left !== null && left !== undefined && <span className="small muted">{count(left)} left</span>}</span>;
}

const named = ({ uid, name }: Schemas["OutageThing"]): string => shown(name?.trim() ? name : (uid.split(/[/:]/).filter(Boolean).at(-1) ?? uid), 120);

function Row({ row: { what, outcome, because: relation, lost, after, left } }: { row: Schemas["OutageRow"] }) {
  return (
    <tr>
      <th scope="row">
        <span className={table.two}>
          <span className="row"><KindIcon type={what.resource_type} /><Link to="/resource" search={{ uid: what.uid }} className="wrap" title={shown(what.uid, 400)}><bdi>{named(what)}</bdi></Link></span>
          <span className="small muted wrap">{kind(what.resource_type)} · {shown(what.account, 40)} · {shown(what.region, 40)}</span>
        </span>
      </th>
      <td data-name="Outcome"><Outcome of={outcome} left={left} /></td>
      <td data-name="Because"><span className="wrap">{because(relation)} {lost ? <Link to="/resource" search={{ uid: lost.uid }} className="link" title={shown(lost.uid, 400)}><bdi>{named(lost)}</bdi></Link> : <span className="muted">what you may not see</span>}</span></td>
      <td data-name="After" className="number">{count(after)}</td>
    </tr>
  );
}
