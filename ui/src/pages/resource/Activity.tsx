// Who made it and who changed it, by the provider's own log.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import * as ask from "../../api/queries";
import type { ActivityEvent, Who } from "../../api/types";
import { word } from "../../lib/sqltext";
import { count, plain, shown } from "../../lib/text";
import { Ago } from "../../parts/Ago";
import { CopyLine } from "../../parts/Copy";
import { ChangeSign } from "../../parts/Difference";
import { Badge } from "../../parts/state";
import { Answer, Empty } from "../../parts/states";
import styles from "./Resource.module.css";

const SIGNS: Record<string, string> = { created: "added", deleted: "gone", changed: "changed" };

export function Activity({ uid }: { uid: string }) {
  const [limit, setLimit] = useState(50);
  const activity = useQuery({ ...ask.activity(uid, limit), placeholderData: keepPreviousData });
  return (
    <Answer of={activity} lines={6} label="Reading what the provider logged">
      {(data) => data.state === "no_log" ? (
        <Empty title="The provider's log was not read">
          <p>With CloudTrail, Fathom says who created a resource and who changed it last, down to the person or pipeline behind the role.</p>
          <CopyLine text="fathom scan --cloudtrail lookup" />
        </Empty>
      ) : (
        <div className={styles.proof}>
          <section className="stack" aria-labelledby="made">
            <h2 id="made">Made by</h2>
            {data.creation ? (
              <>
                <p className="wrap"><Person who={data.creation.who} />, <Ago at={data.creation.at} /></p>
                <p className="small muted wrap">{shown(data.creation.operation, 80)}{data.creation.from && <> from <bdi>{shown(data.creation.from, 80)}</bdi></>}; event <code>{shown(data.creation.event, 80)}</code> in <bdi>{shown(data.creation.source, 200)}</bdi></p>
              </>
            ) : <p className="row wrapped"><Badge state="unknown">unknown</Badge><span className="wrap">{shown(data.creation_unknown ?? "The log does not say.", 400)}</span></p>}
          </section>
          <section className="stack" aria-labelledby="events">
            <h2 id="events">Calls that concern it</h2>
            {data.events.length === 0 ? <p className="muted">None was kept.</p> : (
              <ol className={styles.history}>
                {data.events.map((event) => <Event key={`${event.event} ${event.action} ${event.at}`} event={event} />)}
              </ol>
            )}
            {data.total > data.events.length && <div><button type="button" className="button" disabled={limit >= 500} onClick={() => setLimit(500)}>{count(data.total - data.events.length)} more</button></div>}
          </section>
          <CopyLine text={`fathom activity ${word(uid)}`} />
        </div>
      )}
    </Answer>
  );
}

function Event({ event }: { event: ActivityEvent }) {
  return (
    <li>
      <div className="row wrapped">
        {SIGNS[event.action] ? <ChangeSign what={SIGNS[event.action] ?? ""} /> : <span className="small muted">{plain(event.action)}</span>}
        <code>{shown(event.operation, 100)}</code><Ago at={event.at} />
      </div>
      <p className="wrap"><Person who={event.who} /></p>
      <p className="small muted wrap">{event.from && <>from <bdi>{shown(event.from, 80)}</bdi>, </>}{shown(event.account, 20)} {shown(event.region, 30)}; event <code>{shown(event.event, 80)}</code> in <bdi>{shown(event.source, 200)}</bdi></p>
    </li>
  );
}

function Person({ who }: { who: Who }) {
  return <span title={who.through.length ? `through ${who.through.map((each) => shown(each, 120)).join(", ")}` : undefined}><strong><bdi>{shown(who.name, 160)}</bdi></strong> <span className="muted">({plain(who.kind)}{who.tool && <>, with <bdi>{shown(who.tool, 80)}</bdi></>})</span>{who.sentence && <> – {shown(who.sentence, 300)}</>}</span>;
}
