// The head of the list of what nobody can explain.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import * as ask from "../../api/queries";
import { count, kind, plain, shown } from "../../lib/text";
import { ResourceLink } from "../../parts/Name";
import { Answer } from "../../parts/states";
import { useAt } from "../../parts/time";
import styles from "./Overview.module.css";

export function Worst({ total }: { total: number }) {
  const at = useAt();
  const worst = useQuery(ask.worst(10, at));
  return (
    <section className={styles.panel} aria-labelledby="worst">
      <div className="row spread">
        <h2 id="worst">Worst unexplained</h2>
        {total > 0 && <Link to="/unexplained" search={at} className="link small">all {count(total)}</Link>}
      </div>
      <Answer of={worst} lines={6} label="Asking for the list">
        {({ unknowns }) => unknowns.length === 0 ? <p className="muted">Nothing: everything is understood or accepted.</p> : (
          <ol className={styles.worst}>
            {unknowns.slice(0, 8).map((row) => (
              <li key={row.uid}>
                <div className="row spread"><ResourceLink resource={row} /><span className="small muted truncate">{kind(row.type)}</span></div>
                <p className="small muted truncate" title={row.because.map((each) => shown(each, 80)).join(", ")}>
                  {row.because.filter((each) => !/^\d+ gaps?$/.test(each)).map((each) => shown(each, 60)).concat(`missing ${row.gaps.filter((gap) => !gap.accepted).map((gap) => plain(gap.part)).join(", ")}`).join(" · ")}
                </p>
              </li>
            ))}
          </ol>
        )}
      </Answer>
    </section>
  );
}
