// Where to begin: a resource, two of them, a part of the estate, or all of it.
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Network } from "lucide-react";
import { useState } from "react";
import * as ask from "../../api/queries";
import { count, counted, kind, shown } from "../../lib/text";
import { KindIcon, label } from "../../parts/Name";
import { PickResource } from "../../parts/PickResource";
import { StartScan } from "../../parts/StartScan";
import { Answer, Empty } from "../../parts/states";
import { useAt } from "../../parts/time";
import { useMayAsk } from "../../session/may";
import { Between } from "./Between";
import styles from "./Explorer.module.css";

const BUSIEST = `select r.uid, r.type, r.name, count(*) as connections
from resources r join (select from_uid as uid from edges where resolved union all select to_uid as uid from edges where resolved) e on e.uid = r.uid
group by r.uid, r.type, r.name order by connections desc, r.uid limit 15`;
const ACCOUNTS = 12;

export function Choose() {
  const navigate = useNavigate({ from: "/graph" });
  const [ends, setEnds] = useState<{ from?: string; to?: string }>({});
  const facets = useQuery(ask.facets(useAt()));
  const mayAsk = useMayAsk();
  const end = (next: { from?: string; to?: string }) => {
    const both = { ...ends, ...next };
    setEnds(both);
    if (both.from && both.to) void navigate({ search: both });
  };
  return (
    <div className={styles.page}>
      <h1>Graph</h1>
      <div className={styles.choices}>
        <section className="stack" aria-labelledby="one">
          <h2 id="one">Around a resource</h2>
          <PickResource label="Resource" onPick={({ uid }) => void navigate({ search: { uid } })} />
          {mayAsk && <Busiest />}
        </section>
        <div className="stack" style={{ gap: 24 }}>
          <section className="stack" aria-labelledby="two">
            <h2 id="two">Path between two</h2>
            <Between from={ends.from ? { uid: ends.from, type: "" } : undefined} to={ends.to ? { uid: ends.to, type: "" } : undefined} onFrom={({ uid }) => end({ from: uid })} onTo={({ uid }) => end({ to: uid })} />
          </section>
          <section className="stack" aria-labelledby="whole">
            <h2 id="whole">The estate, or an account of it</h2>
            <div><Link to="/graph" search={{ all: true }} className="button"><Network aria-hidden />The whole estate</Link></div>
            <ul className="stack" style={{ gap: 2 }}>
              {facets.data?.account.slice(0, ACCOUNTS).map((each) => (
                <li key={each.value} className="row"><Link to="/graph" search={{ all: true, account: [each.value] }}><bdi>{each.label ? `${shown(each.label, 60)} (${shown(each.value, 20)})` : shown(each.value, 40)}</bdi></Link><span className="small muted">{counted(each.count, "resource")}</span></li>
              ))}
              {(facets.data?.account.length ?? 0) > ACCOUNTS && <li className="small muted">and {count((facets.data?.account.length ?? 0) - ACCOUNTS)} more: begin at the <Link to="/map" className="link">map</Link></li>}
            </ul>
          </section>
        </div>
      </div>
    </div>
  );
}

function Busiest() {
  const busiest = useQuery(ask.figures("busiest", BUSIEST, useAt()));
  return (
    <>
      <h3>Most hangs on these</h3>
      <Answer of={busiest} lines={8} label="Looking for the most connected">
        {(data) => data.rows.length === 0 ? <Empty title="No connections yet"><p>The first scan brings them.</p><StartScan /></Empty> : (
          <ul className={styles.busiest} aria-label="Most connected">
            {data.rows.map(([uid, type, name, connections]) => (
              <li key={String(uid)}>
                <Link to="/graph" search={{ uid: String(uid) }} className="row"><KindIcon type={String(type)} /><bdi className="truncate">{label({ uid: String(uid), type: String(type), name: typeof name === "string" ? name : null })}</bdi></Link>
                <span className="muted small truncate">{kind(String(type))}</span><span className="number muted">{counted(Number(connections), "connection")}</span>
              </li>
            ))}
          </ul>
        )}
      </Answer>
    </>
  );
}
