// How much is understood of each kind, account and team.
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { Schemas } from "../../api/client";
import * as ask from "../../api/queries";
import { page } from "../../lib/address";
import { literal } from "../../lib/sqltext";
import { count, counted, kind, percent, shown } from "../../lib/text";
import { Door } from "../../parts/Door";
import { Share } from "../../parts/state";
import { Skeleton, Wrong } from "../../parts/states";
import { Tabs } from "../../parts/Tabs";
import styles from "./Overview.module.css";

interface Row { key: string; name: string; title: string; all: number; understood: number; to: string; missing: string; unknown?: boolean }

const SHOWN = 10;
const TEAMS = `select e.value as team, count(*) as resources, sum(cast(r.understood as int)) as understood
from resources r left join explanations e on e.uid = r.uid and e.part = 'owner' and e.holds
group by e.value order by 2 desc`;

/** What asks for one team's resources. */
function teamSql(team: string | null, open: boolean): string {
  const of = team === null
    ? "not exists (select 1 from explanations e where e.uid = r.uid and e.part = 'owner' and e.holds)"
    : `exists (select 1 from explanations e where e.uid = r.uid and e.part = 'owner' and e.holds and e.value = ${literal(team)})`;
  return `select r.uid, r.type, r.account, r.region, r.name, r.understood\nfrom resources r\nwhere ${of}${open ? "\n  and not r.understood" : ""}\norder by r.uid`;
}

const door = (q: string) => `/sql?q=${encodeURIComponent(q)}`;

export function By({ summary }: { summary: Schemas["Summary"] }) {
  const by = useSearch({ from: "/", select: (search) => search.by ?? "type" });
  const navigate = useNavigate({ from: "/" });
  const teams = useQuery({ ...ask.figures("teams", TEAMS), enabled: by === "team" });

  const rows: Row[] = by === "team"
    ? (teams.data?.rows ?? []).map(([team, all, understood]): Row => {
        const name = team === null ? null : String(team);
        return { key: name ?? "", name: name === null ? "nobody states an owner" : shown(name, 60), title: name ?? "", all: Number(all), understood: Number(understood), unknown: name === null, to: door(teamSql(name, false)), missing: door(teamSql(name, true)) };
      })
    : (by === "type" ? summary.by_type : summary.by_account).map((row): Row => ({
        key: row.value ?? "", name: by === "type" ? kind(row.value ?? "") : shown(row.value ?? "", 40), title: row.value ?? "", all: row.resources.value, understood: row.understood.value,
        to: page(row.resources.href), missing: page(row.not_understood.href),
      }));
  rows.sort((a, b) => b.all - b.understood - (a.all - a.understood) || b.all - a.all || a.name.localeCompare(b.name));
  const rest = rows.slice(SHOWN);

  return (
    <section className={styles.panel} aria-labelledby="by">
      <div className="row spread wrapped">
        <h2 id="by">Understood</h2>
        <Tabs label="By" value={by} options={[["type", "by kind"], ["account", "by account"], ["team", "by team"]]} onChange={(next) => void navigate({ search: (was) => ({ ...was, by: next }), replace: true })} />
      </div>
      {by === "team" && teams.error ? <Wrong error={teams.error} again={() => void teams.refetch()} /> : by === "team" && !teams.data ? <Skeleton lines={6} /> : (
        <table className={styles.table}>
          <thead><tr><th scope="col">{by === "type" ? "kind" : by}</th><th scope="col">share</th><th scope="col" className="number">unexplained</th><th scope="col" className="number">all</th></tr></thead>
          <tbody>
            {rows.slice(0, SHOWN).map((row) => (
              <tr key={row.key}>
                <td className="truncate" title={shown(row.title, 200)}><Door to={row.to} className={row.unknown ? "muted" : undefined}><bdi>{row.name}</bdi></Door></td>
                <td><div className={styles.bar}><Share understood={row.understood} all={row.all} label={row.name} /><span className="small muted number">{percent(row.understood, row.all)}</span></div></td>
                <td className="number">{row.all > row.understood ? <Door to={row.missing} className={styles.strong}>{count(row.all - row.understood)}</Door> : <span className="muted">0</span>}</td>
                <td className="number"><Door to={row.to}>{count(row.all)}</Door></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {rest.length > 0 && (
        <p className="small muted">
          {counted(rest.length, "more", "more")}, {rest.every((row) => row.all === row.understood) ? "all understood" : `${count(rest.reduce((sum, row) => sum + row.all - row.understood, 0))} unexplained`}:{" "}
          <Link to="/resources" search={{ understood: false }} className="link">all unexplained resources</Link>
        </p>
      )}
    </section>
  );
}
