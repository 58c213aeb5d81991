// The table of weaknesses, and that of things at which nobody looked.
import { Link } from "@tanstack/react-router";
import { count, counted, plain, shown } from "../../lib/text";
import { AsOf } from "../../parts/Answered";
import { KindIcon } from "../../parts/Name";
import { Severity } from "../../parts/Severity";
import { Badge } from "../../parts/state";
import { Empty } from "../../parts/states";
import table from "../../parts/Table.module.css";
import { Ways } from "./Feeds";
import { Exploited, From } from "./signs";
import styles from "./Vulnerabilities.module.css";
import { type Answer, called, epss, type Feed, fix, kev, key, KINDS, type Row, software, type Thing } from "./words";

export function Rows({ rows, feeds, judged, open }: { rows: Row[]; feeds: readonly Feed[]; judged: boolean; open?: string }) {
  return (
    <table className={table.table} aria-label="Weaknesses">
      <thead><tr><th scope="col">{judged ? "Why not" : "Class"}</th><th scope="col">Weakness</th><th scope="col">Severity</th><th scope="col">Exploited</th><th scope="col">On</th><th scope="col" data-beside>From the internet</th><th scope="col" data-beside>Software and fix</th><th scope="col" data-beside>Owner</th></tr></thead>
      <tbody>{rows.map((row) => <One key={key(row)} row={row} feeds={feeds} on={key(row) === open} />)}</tbody>
    </table>
  );
}

const PACKAGES = 2;

function One({ row, feeds, on }: { row: Row; feeds: readonly Feed[]; on: boolean }) {
  const { thing, packages, score } = row;
  const isUrgent = (row.class ?? 6) <= 2;
  return (
    <tr data-on={on ? "" : undefined}>
      <td data-name={row.class === null || row.class === undefined ? "Why not" : "Class"} className={styles.class}>{row.class === null || row.class === undefined ? <span className="wrap">{shown(row.judged ?? "", 200)}</span> : isUrgent ? <Badge state="broken" title="Of 1 to 6, the most urgent first">{row.class}</Badge> : <span title="Of 1 to 6, the most urgent first">{row.class}</span>}</td>
      <th scope="row"><span className={table.two}><Link from="/vulnerabilities" to="/vulnerabilities" search={(was) => ({ ...was, open: on ? undefined : key(row) })} resetScroll={false} aria-expanded={on} className="link wrap"><bdi>{shown(row.id, 80)}</bdi></Link>{row.title && row.title !== row.id && <span className="small muted wrap">{shown(row.title.replace(`${row.id} - `, ""), 120)}</span>}</span></th>
      <td data-name="Severity"><span className={table.two}><Severity of={row.severity} />{typeof score === "number" && <span className="small muted">{score.toFixed(1)}{row.scored_by && `, ${shown(row.scored_by, 40)}`}</span>}</span></td>
      <td data-name="Exploited"><span className={table.two}><Exploited of={row.exploitation} /><span className="small muted">{kev(row, feeds)}</span><span className="small muted">{epss(row, feeds)}</span></span></td>
      <td data-name="On" className={styles.on}><Where thing={thing} /></td>
      <td data-name="Internet" data-beside><span className={table.two}><From reach={thing.reached} />{thing.way && <span className="small muted wrap" title={shown(thing.way, 600)}>{shown(thing.way, 90)}</span>}</span></td>
      <td data-name="Software" data-beside><span className={table.two}>{packages.slice(0, PACKAGES).map((each) => <span key={`${each.name} ${each.version}`} className="wrap">{software(each)}</span>)}{packages.length > PACKAGES && <span className="small muted">and {count(packages.length - PACKAGES)} more</span>}{!packages.some((each) => each.fixed) && <span className="small muted wrap">{fix(row)}</span>}</span></td>
      <td data-name="Owner" className={styles.owner} data-beside>{thing.owner ? <bdi className="wrap">{shown(thing.owner, 60)}</bdi> : <Badge state="unknown">unknown</Badge>}</td>
    </tr>
  );
}

/** The thing, as a door to its page. */
export function Where({ thing }: { thing: Thing }) {
  return (
    <span className={table.two}>
      <span className="row"><KindIcon type={thing.resource_type} /><Link to="/resource" search={{ uid: thing.resource }} className="wrap" title={shown(thing.resource, 400)}><bdi>{called(thing)}</bdi></Link></span>
      <span className="small muted wrap">{KINDS[thing.software]} of {shown(thing.account, 20)}, {shown(thing.region, 40)}</span>
    </span>
  );
}

/** A thing without findings is not sound where nobody looked. */
export function NotLooked({ first }: { first: Answer }) {
  const { not_looked: all, not_looked_count: dark, things } = first;
  if (dark === 0) return <Empty title={things === 0 ? "Nothing with software in it" : "Somebody looked at everything"}><p>{things === 0 ? "No host, image or function was seen that you may see." : `A source says of each of ${counted(things, "thing")} what it found, or that it found nothing.`}</p></Empty>;
  return (
    <>
      <p className="wrap"><strong>Nobody looked at {count(dark)} of {counted(things, "host, image or function", "hosts, images and functions")}: what they have is not known.</strong> <AsOf of={first.as_of} /></p>
      <table className={table.table} aria-label="Things at which nobody looked">
        <thead><tr><th scope="col">What</th><th scope="col">From the internet</th><th scope="col">Why nobody looked</th><th scope="col">Owner</th></tr></thead>
        <tbody>
          {all.map((thing) => (
            <tr key={thing.resource}>
              <th scope="row" className={styles.on}><Where thing={thing} /></th>
              <td data-name="Internet"><From reach={thing.reached} /></td>
              <td data-name="Why">{thing.not_looked.length === 0 ? <span className="muted">no source says why</span> : thing.not_looked.map((each) => <p key={each} className="wrap">{plain(each)}</p>)}</td>
              <td data-name="Owner">{thing.owner ? <bdi className="wrap">{shown(thing.owner, 60)}</bdi> : <Badge state="unknown">unknown</Badge>}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {dark > all.length && <p className="small muted">and {count(dark - all.length)} more</p>}
      <div className={styles.ways}><Ways /></div>
    </>
  );
}
