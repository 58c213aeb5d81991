// What it leads to and what leads to it, by what the connection means.
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Schemas } from "../../api/client";
import { grouped } from "../../lib/group";
import { literal } from "../../lib/sqltext";
import { counted, kind, plain, shown } from "../../lib/text";
import { ResourceLink } from "../../parts/Name";
import { Badge } from "../../parts/state";
import { Empty } from "../../parts/states";
import { useMayAsk } from "../../session/may";
import type { Detail } from "./Resource";
import styles from "./Resource.module.css";

type Relation = Schemas["Relation"];
const SHOWN = 12;

export function Relations({ detail: { relations, resource } }: { detail: Detail }) {
  const mayAsk = useMayAsk();
  const { withheld } = relations;
  if (relations.outgoing.length + relations.incoming.length + withheld === 0) return <Empty title="No connections"><p>Its document names nothing else, and nothing that was seen names it.</p></Empty>;
  return (
    <div className={styles.proof}>
      <Side title="Leads to" note="stated by its own document" all={relations.outgoing} />
      <Side title="Led to by" note="stated by theirs" all={relations.incoming} />
      {withheld > 0 && <p className="row wrapped"><Badge state="unknown">not for you to see</Badge><span>{counted(withheld, "connection")} {withheld === 1 ? "leads" : "lead"} to what you may not see.</span></p>}
      {relations.truncated && <p>There are more{mayAsk ? <>: <Link to="/sql" search={{ q: `select from_uid, kind, to_uid, path from edges where from_uid = ${literal(resource.uid)} or to_uid = ${literal(resource.uid)}` }} className="link">all of them in SQL</Link></> : "."}</p>}
    </div>
  );
}

function Side({ title, note, all }: { title: string; note: string; all: Relation[] }) {
  const groups = grouped(all, (each) => each.kind);
  if (all.length === 0) return null;
  return (
    <section className="stack">
      <h2>{title} <span className="muted small">{note}</span></h2>
      <dl className={styles.relations}>
        {[...groups].map(([means, each]) => <Group key={means} means={means} all={each} />)}
      </dl>
    </section>
  );
}

function Group({ means, all }: { means: string; all: Relation[] }) {
  const [open, setOpen] = useState(false);
  return (
    <div>
      <dt>{plain(means)}</dt>
      <dd>
        <ul>
          {all.slice(0, open ? 500 : SHOWN).map((each, at) => (
            <li key={at} className="row">
              {each.uid ? <><ResourceLink resource={{ uid: each.uid, type: each.type ?? "", name: each.name }} /><span className="small muted truncate">{kind(each.type ?? "")}</span></> : (
                <><Badge state="unknown" title="The reference leads to nothing that was seen">not seen</Badge><code className="truncate" title={shown(each.unresolved ?? "", 400)}>{shown(each.unresolved ?? "", 200)}</code>{each.type && <span className="small muted truncate">{kind(each.type)}</span>}</>
              )}
            </li>
          ))}
        </ul>
        {all.length > SHOWN && !open && <button type="button" className="button plain" onClick={() => setOpen(true)}>{counted(all.length - SHOWN, "more", "more")}</button>}
      </dd>
    </div>
  );
}
