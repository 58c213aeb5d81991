// One weakness of one thing, with what its class was worked out of.
import { Link } from "@tanstack/react-router";
import { X } from "lucide-react";
import { useEffect, useRef } from "react";
import { sentence } from "../../api/problem";
import { end } from "../../lib/ends";
import { shown } from "../../lib/text";
import { Ago } from "../../parts/Ago";
import { Severity } from "../../parts/Severity";
import { Badge } from "../../parts/state";
import table from "../../parts/Table.module.css";
import { Where } from "./Rows";
import { Exploited, From } from "./signs";
import { ATTACKS, epss, type Feed, fix, kev, type Row, software, state } from "./words";

export function OneWeakness({ row, feeds, close }: { row: Row; feeds: readonly Feed[]; close: () => void }) {
  const place = useRef<HTMLElement>(null);
  // Whoever reads with a screen reader is told what was opened.
  useEffect(() => place.current?.focus({ preventScroll: true }), []);
  const { thing, score } = row;
  const name = end({ type: thing.resource_type, uid: thing.resource, id: thing.resource.split("/").at(-1) ?? thing.resource });
  return (
    <section ref={place} tabIndex={-1} className={table.opened} aria-label="The weakness with its proof">
      <div className="row spread"><h2 className="wrap"><bdi>{shown(row.id, 80)}</bdi></h2><button type="button" className="button plain" onClick={close}><X aria-hidden />Close</button></div>
      <Where thing={thing} />
      <section className="stack" aria-label="Why">
        <h3>{row.class === null || row.class === undefined ? "Why it does not count" : `Why it is of class ${row.class} of 6`}</h3>
        {row.judged && <p className="wrap">{sentence(shown(row.judged, 600))}</p>}
        <ul className={table.said}>{row.because.map((each, at) => <li key={at} className="wrap">{sentence(shown(each, 400))}</li>)}</ul>
      </section>
      <dl className={table.facts}>
        <div><dt>severity</dt><dd><span className={table.two}><span className="row wrapped"><Severity of={row.severity} />{typeof score === "number" && score.toFixed(1)}{row.scored_by && <span className="muted">by {shown(row.scored_by, 60)}</span>}</span>{row.vector && <code className="wrap">{shown(row.vector, 200)}</code>}</span></dd></div>
        <div><dt>exploited</dt><dd className="wrap"><Exploited of={row.exploitation} /> {kev(row, feeds)}; {epss(row, feeds)}</dd></div>
        <div><dt>internet</dt><dd><span className={table.two}><From reach={thing.reached} /><span className="wrap">{thing.way ? shown(thing.way, 1000) : "How is outside of what you may see."}</span>{name && <Link to="/network" search={{ view: "reach", from: "internet", to: name }} className="link small">The way of the packet</Link>}</span></dd></div>
        <div><dt>attacked</dt><dd className="wrap">{row.attack ? ATTACKS[row.attack] : <Badge state="unknown">no source says from where</Badge>}</dd></div>
        <div><dt>software</dt><dd><ul className="stack">{row.packages.map((each) => <li key={`${each.name} ${each.version}`} className="wrap">{software(each)}{each.kind && <span className="muted"> ({shown(each.kind, 40)})</span>}</li>)}</ul>{row.packages.length === 0 && <Badge state="unknown">no source says which</Badge>}</dd></div>
        <div><dt>fix</dt><dd className="wrap">{row.fix === "unknown" ? <Badge state="unknown">{fix(row)}</Badge> : fix(row)}</dd></div>
        <div><dt>state</dt><dd className="wrap">{state(row)}</dd></div>
        <div><dt>seen</dt><dd className="wrap">{row.first_seen ? <>since <Ago at={row.first_seen} /></> : "since when is not known"}, by {row.sources.map((each) => shown(each, 80)).join(", ")}</dd></div>
        {row.also.length > 0 && <div><dt>also called</dt><dd className="wrap">{row.also.map((each) => shown(each, 80)).join(", ")}</dd></div>}
      </dl>
      <p className="row wrapped small"><Link to="/vulnerabilities" search={{ id: row.id }} className="link">Where else it is</Link><Link to="/vulnerabilities" search={{ resource: thing.resource }} className="link">What else it has</Link><Link to="/paths" search={{ view: "blast", of: thing.resource }} className="link">What falls with it</Link></p>
    </section>
  );
}
