// The one control of time: now or a moment, and what to compare with. It stands in the address and stays from page to page.
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useRouterState } from "@tanstack/react-router";
import { Clock, History } from "lucide-react";
import { type SyntheticEvent, useId, useState } from "react";
import { sentence } from "../api/problem";
import * as ask from "../api/queries";
import { shown } from "../lib/text";
import { canBeMoment, fromLocal, momentWords } from "../lib/when";
import { Ago } from "../parts/Ago";
import { Menu } from "../parts/Menu";
import { TIMED, type Times, useTimes } from "../parts/time";
import styles from "./TimeControl.module.css";

const SCANS = 8;
const SPANS = [["", "the scan before"], ["1d", "1 day before"], ["7d", "7 days before"], ["30d", "30 days before"]] as const;

export function TimeControl() {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const { as_of, since } = useTimes();
  const can = TIMED[path];
  if (!can) return <span className={`small muted ${styles.present}`} title="This page knows only the present"><Clock className="icon" aria-hidden />now</span>;
  const words = as_of ? momentWords(shown(as_of, 60)) : "Now";
  const against = can.since && since ? `, against ${momentWords(shown(since, 60))}` : "";
  return (
    <Menu
      name="Time" right className={`button ${as_of ? styles.past : ""}`} title={as_of ? "The page shows the estate as it was" : "The page shows the estate as the last scan left it"}
      label={<>{as_of ? <History aria-hidden /> : <Clock aria-hidden />}<span className="truncate">{words}<span className={styles.against}>{against}</span></span></>}
    >
      {(close) => <Panel can={can} as_of={as_of} since={since} close={close} />}
    </Menu>
  );
}

/** Said above the page, so that nobody takes the past for the present. */
export function PastNotice() {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const { as_of } = useTimes();
  const navigate = useNavigate();
  const here = as_of !== undefined && TIMED[path] !== undefined;
  // What stands in the place of a state that is not kept any more is the same for every question.
  const summary = useQuery({ ...ask.summary({ as_of }), enabled: here });
  if (!here) return null;
  const note = summary.data?.as_of?.note;
  return (
    <p className={styles.notice}>
      <History className="icon" aria-hidden /><span>The estate as of {momentWords(shown(as_of, 60))}. What one could do about it concerns the present.{note && ` ${sentence(shown(note, 300))}`}</span>
      <button type="button" className="button" onClick={() => void navigate({ to: ".", search: ((was: Times) => ({ ...was, as_of: undefined })) as never })}>Back to now</button>
    </p>
  );
}

function Panel({ can, as_of, since, close }: Times & { can: { as_of: boolean; since: boolean }; close: () => void }) {
  const navigate = useNavigate();
  const scans = useQuery(ask.scans);
  const [text, setText] = useState(as_of && !as_of.startsWith("scan:") ? as_of : "");
  const [wrong, setWrong] = useState(false);
  const ids = { text: useId(), wrong: useId(), local: useId(), since: useId() };
  const set = (next: Times) => void navigate({ to: ".", search: ((was: Times) => ({ ...was, ...next })) as never });
  const moment = (value: string | undefined) => {
    set({ as_of: value });
    close();
  };
  function submit(event: SyntheticEvent) {
    event.preventDefault();
    if (canBeMoment(text)) moment(/^\d{1,12}$/.test(text.trim()) ? `scan:${text.trim()}` : text.trim());
    else setWrong(true);
  }
  const ended = (scans.data?.scans ?? []).filter((scan) => scan.state === "finished").slice(0, SCANS);
  return (
    <>
      <h2>Show the estate</h2>
      <ul className={styles.moments}>
        <li><button type="button" className="button plain" aria-pressed={!as_of} onClick={() => moment(undefined)}>now, as the last scan left it</button></li>
        {ended.slice(1).map((scan) => (
          <li key={scan.id}>
            <button type="button" className="button plain" aria-pressed={as_of === `scan:${scan.id}`} onClick={() => moment(`scan:${scan.id}`)}>as of scan {scan.id}{scan.finished_at && <span className="muted">, <Ago at={scan.finished_at} /></span>}</button>
          </li>
        ))}
      </ul>
      <form className="stack" onSubmit={submit}>
        <label className="stack small" htmlFor={ids.local}>As of a moment, in your time
          <input id={ids.local} type="datetime-local" className="input" onChange={(event) => { const at = fromLocal(event.target.value); if (at) { setText(at); setWrong(false); } }} />
        </label>
        <label className="small" htmlFor={ids.text}>or a time, a day, <code>7d</code>, <code>scan:12</code></label>
        <div className="row">
          <input id={ids.text} className="input" value={text} maxLength={100} aria-invalid={wrong || undefined} aria-describedby={wrong ? ids.wrong : undefined} onChange={(event) => { setText(event.target.value); setWrong(false); }} />
          <button type="submit" className="button" disabled={text.trim() === ""}>Show</button>
        </div>
        {wrong && <p id={ids.wrong} className="small" role="alert">That is no moment: a time like 2026-11-22T08:00:00Z, a day like 2026-11-22, how long ago like 7d, or a scan like scan:12.</p>}
      </form>
      {can.since && (
        <label className="stack small" htmlFor={ids.since}>Compare with
          <select id={ids.since} className="input" value={since ?? ""} onChange={(event) => { set({ since: event.target.value || undefined }); }}>
            {SPANS.map(([value, name]) => <option key={value} value={value}>{name}</option>)}
            {ended.slice(1).map((scan) => <option key={scan.id} value={`scan:${scan.id}`}>scan {scan.id}</option>)}
            {since && !SPANS.some(([value]) => value === since) && !ended.slice(1).some((scan) => `scan:${scan.id}` === since) && <option value={since}>{momentWords(shown(since, 60))}</option>}
          </select>
        </label>
      )}
    </>
  );
}
