// One resource beside its declaration: what was declared, what is there, who changed it last.
import type { Drift } from "../../api/types";
import { counted, kind, shown } from "../../lib/text";
import { Ago } from "../../parts/Ago";
import { value } from "../../parts/Difference";
import { KindIcon, ResourceLink } from "../../parts/Name";
import { Badge } from "../../parts/state";
import styles from "./Drift.module.css";
import { VERDICT } from "./words";

const SHOWN = 12;

export function DriftRow({ row, bare }: { row: Drift; bare?: boolean }) {
  const { name, state } = VERDICT[row.verdict];
  const [declared] = row.declared_by;
  return (
    <div className={styles.row}>
      <div className="row wrapped">
        {state ? <Badge state={state}>{name}</Badge> : <span className={styles.plain}>{name}</span>}
        {!bare && (row.uid ? <ResourceLink resource={{ uid: row.uid, type: row.type, name: row.name }} /> : <span className={styles.unseen}><KindIcon type={row.type} /><bdi className="truncate">{shown(row.name ?? declared?.address ?? row.type, 160)}</bdi></span>)}
        {!bare && <span className="small muted">{kind(row.type)}{row.account && <> · <bdi>{shown(row.account, 40)}</bdi></>}{row.region && <> · {shown(row.region, 40)}</>}</span>}
      </div>
      {row.differences.length > 0 && <Differences of={row.differences} />}
      {row.declared_by.length > 0 && (
        <p className="small muted wrap">declared in {row.declared_by.slice(0, 4).map((each, at) => (
          <span key={at}>{at > 0 && "; "}<code title={`${shown(each.language, 40)}${each.module ? `, module ${shown(each.module, 200)}` : ""}`}>{shown(each.file, 160)}</code> as <code>{shown(each.address, 200)}</code></span>
        ))}{row.declared_by.length > 4 && ` and ${row.declared_by.length - 4} more`}</p>
      )}
      {row.last_change && <p className="small wrap">last changed <Ago at={row.last_change.at} /> by {shown(row.last_change.who, 300)} <span className="muted">({shown(row.last_change.operation, 80)})</span></p>}
      {row.notes.map((note) => <p key={note} className="small muted wrap">{shown(note, 300)}</p>)}
      {row.not_compared.length > 0 && (
        <details className="small">
          <summary className="muted">{counted(row.not_compared.length, "attribute")} not compared</summary>
          <ul>{row.not_compared.slice(0, 60).map((each) => <li key={each.attribute} className="wrap"><code>{shown(each.attribute, 120)}</code> <span className="muted">{shown(each.why, 200)}</span></li>)}</ul>
        </details>
      )}
    </div>
  );
}

/** Attribute by attribute: declared, and what is there. */
export function Differences({ of }: { of: Drift["differences"] }) {
  return (
    <table className={styles.differences}>
      <thead><tr><th scope="col">attribute</th><th scope="col">declared</th><th scope="col">is</th></tr></thead>
      <tbody>
        {of.slice(0, SHOWN).map((each, at) => (
          <tr key={at}>
            <th scope="row" className="wrap"><code title={each.by_name ? "Compared by its name: no map says that both mean the same" : shown(`${each.file} ${each.address}`, 300)}>{shown(each.attribute, 160)}</code>{each.by_name && <span className="muted"> (by name)</span>}</th>
            <td className="wrap" data-side="declared"><Side of={each.declared} withheld={each.withheld} as="del" /></td>
            <td className="wrap" data-side="is"><Side of={each.actual} withheld={each.withheld} as="ins" /></td>
          </tr>
        ))}
        {of.length > SHOWN && <tr><td colSpan={3} className="muted">and {of.length - SHOWN} more</td></tr>}
      </tbody>
    </table>
  );
}

/** One side of a difference: a value, that there is none, or that it may not be read. */
function Side({ of, withheld, as: As }: { of: unknown; withheld: boolean; as: "del" | "ins" }) {
  if (withheld) return <Badge state="unknown" title="Whoever may read documents sees it">not for your role</Badge>;
  if (of === undefined || of === null) return <span className="muted">nothing</span>;
  return <As><bdi>{value(of, 400) || '""'}</bdi></As>;
}
