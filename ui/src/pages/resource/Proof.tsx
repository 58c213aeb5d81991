// Part by part: what holds, who says so, who says otherwise, and what is missing.
import { FileCode2 } from "lucide-react";
import { useState } from "react";
import { word } from "../../lib/sqltext";
import { plain, shown } from "../../lib/text";
import { Ago } from "../../parts/Ago";
import { CopyLine } from "../../parts/Copy";
import { Badge } from "../../parts/state";
import { Empty } from "../../parts/states";
import type { Schemas } from "../../api/client";
import { useMay } from "../../session/may";
import { Explain } from "../unexplained/Explain";
import { Accept, EndAcceptance } from "./Accept";
import type { Detail } from "./Resource";
import styles from "./Resource.module.css";

const ORDER = ["owner", "purpose", "environment", "data_class", "creator", "declared_by"];

export function Proof({ detail, past }: { detail: Detail; past: boolean }) {
  const { statements, unknown, resource } = detail;
  const may = useMay("accept") && !past;
  const [accept, setAccept] = useState<Schemas["GapView"]>();
  const [end, setEnd] = useState<Schemas["AcceptanceView"]>();
  const [explain, setExplain] = useState(false);
  const parts = [...new Set(statements.map((each) => each.part))].sort((a, b) => place(a) - place(b) || a.localeCompare(b));
  const gaps = unknown?.gaps ?? [];
  if (parts.length === 0 && gaps.length === 0) return <Empty title="Nothing is demanded of it, and nothing is said"><p>Its kind asks for no explanation, and everything about it could be read.</p></Empty>;
  return (
    <div className={styles.proof}>
      {gaps.length > 0 && (
        <section aria-labelledby="missing" className="stack">
          <h2 id="missing">Missing</h2>
          {gaps.map((gap) => (
            <div key={gap.part} className={styles.gap}>
              <div className="stack">
                <div className="row wrapped"><strong>{plain(gap.part)}</strong>{gap.reason && <Badge state="unknown">{plain(gap.reason)}</Badge>}{gap.accepted && <Badge state="progress">accepted until {gap.accepted.until.slice(0, 10)}</Badge>}</div>
                <p className="wrap">{shown(gap.detail, 500)}</p>
                {gap.accepted && <p className="small muted wrap">{shown(gap.accepted.by, 80)}, <Ago at={gap.accepted.at} />: {shown(gap.accepted.reason, 500)}</p>}
              </div>
              {may && (gap.accepted ? <button type="button" className="button plain" onClick={() => setEnd(gap.accepted ?? undefined)}>End…</button> : <button type="button" className="button" onClick={() => setAccept(gap)}>Accept…</button>)}
            </div>
          ))}
          {may && gaps.some((gap) => !gap.reason && !gap.accepted) && <div><button type="button" className="button" onClick={() => setExplain(true)}><FileCode2 aria-hidden />Lines for fathom.yaml that explain it…</button></div>}
          {may && <CopyLine text={`fathom accept ${word(resource.uid)} --part ${word(gaps[0]?.part ?? "*")} --reason "…" --until YYYY-MM-DD`} />}
        </section>
      )}
      {parts.length > 0 && (
        <section aria-labelledby="said" className="stack">
          <h2 id="said">Said by sources</h2>
          <table className={styles.statements}>
            <thead><tr><th scope="col">part</th><th scope="col">value</th><th scope="col">source</th><th scope="col">where exactly</th><th scope="col">as of</th></tr></thead>
            {parts.map((part) => (
              <tbody key={part}>
                {statements.filter((each) => each.part === part).sort((a, b) => Number(b.holds) - Number(a.holds)).map((each, at) => (
                  <tr key={at} className={each.holds ? undefined : styles.weaker}>
                    <th scope="row">{at === 0 ? plain(part) : <span className="hidden">{plain(part)}</span>}</th>
                    <td className="wrap">{each.holds ? <strong><bdi>{shown(each.value, 300)}</bdi></strong> : <><span className="muted">also said: </span><bdi>{shown(each.value, 300)}</bdi></>}</td>
                    <td>{plain(each.source)}</td>
                    <td className="wrap"><bdi>{shown(each.origin, 300)}</bdi></td>
                    <td><Ago at={each.as_of} /></td>
                  </tr>
                ))}
              </tbody>
            ))}
          </table>
        </section>
      )}
      {accept && <Accept resources={[resource]} part={accept.part} choices={[accept.part]} onClose={() => setAccept(undefined)} />}
      {end && <EndAcceptance resource={resource} acceptances={[end]} onClose={() => setEnd(undefined)} />}
      {explain && <Explain rows={[{ ...resource, gaps }]} teams={[]} onClose={() => setExplain(false)} />}
    </div>
  );
}

function place(part: string): number {
  const at = ORDER.indexOf(part);
  return at < 0 ? ORDER.length : at;
}
