// How much is understood of each kind, account, region and team.
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { Filter, Summary } from "../../api/types";
import { count, counted, kind, percent, shown } from "../../lib/text";
import { Share } from "../../parts/state";
import { useAt } from "../../parts/time";
import { Tabs } from "../../parts/Tabs";
import styles from "./Overview.module.css";

type Dimension = "type" | "account" | "region" | "team";
interface Row { key: string; name: string; all: number; understood: number; to: Filter; unknown?: boolean }

const SHOWN = 10;
const FILTERS: Record<Dimension, keyof Filter> = { type: "type", account: "account", region: "region", team: "owner" };

export function By({ summary }: { summary: Summary }) {
  const by = useSearch({ from: "/", select: (search): Dimension => search.by ?? "type" });
  const navigate = useNavigate({ from: "/" });
  const at = useAt();
  const shares = { type: summary.by_type, account: summary.by_account, region: summary.by_region, team: summary.by_owner }[by];
  const rows = shares.map((share): Row => {
    const value = share.value ?? "";
    return {
      key: value, all: share.resources.value, understood: share.understood.value, to: { [FILTERS[by]]: [value] }, unknown: value === "",
      name: value === "" ? "nobody states an owner" : by === "type" ? kind(value) : shown(value, 60),
    };
  });
  rows.sort((a, b) => b.all - b.understood - (a.all - a.understood) || b.all - a.all || a.name.localeCompare(b.name));
  const rest = rows.slice(SHOWN);

  return (
    <section className={styles.panel} aria-labelledby="by">
      <div className="row spread wrapped">
        <h2 id="by">Understood</h2>
        <Tabs label="By" value={by} options={[["type", "kind"], ["account", "account"], ["region", "region"], ["team", "team"]]} onChange={(next) => void navigate({ search: (was) => ({ ...was, by: next }), replace: true })} />
      </div>
      {rows.length === 0 ? <p className="muted">Nothing to count.</p> : (
        <table className={styles.table}>
          <thead><tr><th scope="col">{by === "type" ? "kind" : by}</th><th scope="col">share</th><th scope="col" className="number">unexplained</th><th scope="col" className="number">all</th></tr></thead>
          <tbody>
            {rows.slice(0, SHOWN).map((row) => (
              <tr key={row.key}>
                <td className="truncate" title={shown(row.key, 200)}><Link to="/resources" search={{ ...row.to, ...at }} className={row.unknown ? "muted" : undefined}><bdi>{row.name}</bdi></Link></td>
                <td><div className={styles.bar}><Share understood={row.understood} all={row.all} label={row.name} /><span className="small muted number">{percent(row.understood, row.all)}</span></div></td>
                <td className="number">{row.all > row.understood ? <Link to="/resources" search={{ ...row.to, understood: false, ...at }} className={styles.strong}>{count(row.all - row.understood)}</Link> : <span className="muted">0</span>}</td>
                <td className="number"><Link to="/resources" search={{ ...row.to, ...at }}>{count(row.all)}</Link></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {rest.length > 0 && (
        <p className="small muted">
          {counted(rest.length, "more", "more")}, {rest.every((row) => row.all === row.understood) ? "all understood" : `${count(rest.reduce((sum, row) => sum + row.all - row.understood, 0))} unexplained`}:{" "}
          <Link to="/resources" search={{ understood: false, ...at }} className="link">all unexplained resources</Link>
        </p>
      )}
    </section>
  );
}
