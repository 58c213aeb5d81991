// The frameworks, and how the estate stands to each.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { get, type Schemas } from "../../api/client";
import { count, shown } from "../../lib/text";
import { AsOf, Missing } from "../../parts/Answered";
import { CopyLine } from "../../parts/Copy";
import { Badge } from "../../parts/state";
import { Empty } from "../../parts/states";
import table from "../../parts/Table.module.css";
import { useAt } from "../../parts/time";
import styles from "./Frameworks.module.css";
import { type Framework, NAMES, type Standing, STANDINGS } from "./words";

export const BRINGS = "settings, policies and networks; the checks of every control are asked of them by themselves";

export function Frameworks() {
  const past = useAt().as_of !== undefined;
  const asked = useQuery({ queryKey: ["frameworks"], queryFn: ({ signal }) => get("/api/v1/frameworks", undefined, { signal }) });
  return (
    <div className={styles.page}>
      <h1>Frameworks</h1>
      {past && <p className="row wrapped"><Badge state="attention">of now</Badge><span>Controls stand as the last scan left the estate, whatever moment the page shows.</span></p>}
      {asked.data ? <All answer={asked.data} /> : <Missing of={asked} label="Asking the checks of every control" brings={BRINGS} />}
      <CopyLine text="fathom frameworks" />
    </div>
  );
}

export function All({ answer: { frameworks, as_of } }: { answer: Schemas["FrameworksAnswer"] }) {
  if (frameworks.length === 0) return <Empty title="No framework"><p>No framework could be read.</p></Empty>;
  return (
    <>
      <p className="wrap">What auditors ask about, and what checks answer of it. A control that passes is one of which no check found anything wrong: it is no statement that you comply. <AsOf of={as_of} /></p>
      <table className={`${table.table} ${styles.frameworks}`} aria-label="Frameworks">
        <thead><tr><th scope="col">Framework</th><th scope="col" className={styles.barHead}>Controls</th>{STANDINGS.map((each) => <th key={each} scope="col" className="number">{NAMES[each]}</th>)}</tr></thead>
        <tbody>{frameworks.map((each) => <One key={each.id} framework={each} />)}</tbody>
      </table>
    </>
  );
}

function One({ framework }: { framework: Framework }) {
  const { id, title, counts, controls } = framework;
  return (
    <tr>
      <th scope="row"><span className={table.two}><Link to="/frameworks/$id" params={{ id }} className="link wrap">{shown(title, 120)}</Link><code className="muted">{shown(id, 60)}</code></span></th>
      <td data-name="Controls"><span className={styles.share}><Bar framework={framework} /><span className="small muted">{count(controls)}</span></span></td>
      {STANDINGS.map((each) => (
        <td key={each} data-name={NAMES[each]} data-none={counts[each] === 0 ? "" : undefined} className="number">
          {counts[each] === 0 ? <span className="muted">0</span> : <Link to="/frameworks/$id" params={{ id }} search={{ status: [each] }} className="link" aria-label={`${count(counts[each])} ${NAMES[each]}, of ${shown(id, 60)}`}>{count(counts[each])}</Link>}
        </td>
      ))}
    </tr>
  );
}

/** Shares of the controls; the figures stand beside it. */
export function Bar({ framework: { counts, controls } }: { framework: Pick<Framework, "counts" | "controls"> }) {
  return <span className={styles.bar} aria-hidden>{STANDINGS.map((each: Standing) => counts[each] > 0 && <span key={each} data-is={each} title={`${count(counts[each])} ${NAMES[each]}`} style={{ flexGrow: counts[each] / Math.max(1, controls) }} />)}</span>;
}
