// What came, went and changed between the moments that the reader chose.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Refused, words } from "../../api/problem";
import * as ask from "../../api/queries";
import { kind, shown } from "../../lib/text";
import { Ago } from "../../parts/Ago";
import { ChangeSign, Difference } from "../../parts/Difference";
import { ResourceLink } from "../../parts/Name";
import { Answer } from "../../parts/states";
import { useEnds } from "../../parts/time";
import styles from "./Overview.module.css";

const SHOWN = 8;

export function Changed() {
  const { since, until } = useEnds();
  // With one scan there is nothing to compare with.
  const trend = useQuery(ask.trend());
  const single = trend.data !== undefined && trend.data.trend.length < 2;
  const changes = useQuery({ ...ask.changes({ since, until, limit: 100 }), enabled: !trend.isPending && !single });
  // History may begin later than what was asked for, and the server says so.
  const none = changes.error instanceof Refused && changes.error.problem.code === "not_found";
  return (
    <section className={styles.panel} aria-labelledby="changes">
      <div className="row spread wrapped">
        <h2 id="changes">What changed</h2>
        <Link to="/changes" className="link small">all of it</Link>
      </div>
      {single ? <p className="muted">One scan so far. The second one shows what came, went and changed.</p> : none ? <p className="muted wrap">{words(changes.error).map((each) => shown(each, 600)).join(" ")}</p> : (
        <Answer of={changes} lines={5} label="Comparing two scans">
          {(data) => (
            <>
              <p className="small muted">From scan {data.since.id}{data.since.finished_at && <> (<Ago at={data.since.finished_at} />)</>} to scan {data.until.id}{data.until.finished_at && <> (<Ago at={data.until.finished_at} />)</>}</p>
              {data.changes.length === 0 ? <p className="muted">Nothing differs.</p> : (
                <ul className={styles.changes}>
                  {data.changes.slice(0, SHOWN).map((row) => (
                    <li key={row.uid}>
                      <div className="row"><ChangeSign what={row.what} before={row.understood_before} after={row.understood_after} /><ResourceLink resource={row} tab="history" /><span className="small muted truncate">{kind(row.type)}</span></div>
                      {row.difference && row.difference.changes.length > 0 && <Difference of={row.difference} max={2} />}
                    </li>
                  ))}
                </ul>
              )}
              {data.changes.length > SHOWN && <p className="small"><Link to="/changes" className="link">{data.changes.length - SHOWN}{data.next ? " and more" : " more"}</Link></p>}
            </>
          )}
        </Answer>
      )}
    </section>
  );
}
