// What nobody uses; and of one user or role, what it may do against what it did.
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { get } from "../../api/client";
import { count, counted, list, shown } from "../../lib/text";
import { Ago } from "../../parts/Ago";
import { CopyLine } from "../../parts/Copy";
import { Badge } from "../../parts/state";
import { Empty } from "../../parts/states";
import { Tabs } from "../../parts/Tabs";
import { Missing, usePages } from "./Answers";
import { principals } from "./Asking";
import { LeastPrivilege } from "./LeastPrivilege";
import { AsOf, Disagree, Gaps, More } from "./parts";
import shared from "./Permissions.module.css";
import { Pick } from "../../parts/Pick";
import styles from "./Report.module.css";
import { admin, DAYS, DAYS_MAX, line, looked, PRESETS, type Row, WHAT } from "./used";
import { short } from "./words";

export function Unused() {
  const { principal, days = DAYS, drop = false, what } = useSearch({ from: "/permissions" });
  const navigate = useNavigate({ from: "/permissions" });
  const set = (next: object, replace = false) => void navigate({ search: (was) => ({ ...was, ...next }), replace, resetScroll: !replace });
  return (
    <>
      <div className={shared.asking} role="search" aria-label="Question">
        <Pick name="principal" label="Who" open="everybody" value={principal} find={principals} onChange={(next) => set({ principal: next, kind: undefined })} />
        <Days days={days} set={(next) => set({ days: next === DAYS ? undefined : next }, true)} />
      </div>
      <section className={shared.answer} aria-label="Answer">
        <h2>{principal ? "What does it need?" : "What does nobody use?"}</h2>
        {principal ? <LeastPrivilege key={`${principal} ${days} ${String(drop)}`} principal={principal} days={days} drop={drop} setDrop={(next) => set({ drop: next || undefined }, true)} />
          : <Everything key={`${days} ${what ?? ""}`} days={days} what={what} setWhat={(next) => set({ what: next }, true)} />}
      </section>
      <CopyLine text={line({ principal, days, drop })} />
    </>
  );
}

/** For how long: one of the usual times, or another. */
function Days({ days, set }: { days: number; set: (days: number) => void }) {
  const [text, setText] = useState<string>();
  const typed = Number(text);
  const take = () => {
    if (text !== undefined && Number.isInteger(typed) && typed >= 1 && typed <= DAYS_MAX) set(typed);
    setText(undefined);
  };
  const isUsual = PRESETS.some((each) => each === days);
  return (
    <div className={styles.tools}>
      <div className={shared.field}>
        <span className="small" aria-hidden>Not used for, days</span>
        <Tabs label="Not used for, days" value={isUsual ? String(days) : ""} options={PRESETS.map((each) => [String(each), String(each)] as const)} onChange={(next) => set(Number(next))} />
      </div>
      <label className={`small ${shared.field}`}>or
        <input className={`input ${styles.days}`} type="number" min={1} max={DAYS_MAX} aria-label="Other days" value={text ?? (isUsual ? "" : String(days))} onChange={(event) => setText(event.target.value)} onBlur={take} onKeyDown={(event) => { if (event.key === "Enter") take(); }} />
      </label>
    </div>
  );
}

type What = Row["kind"];

export function Everything({ days, what, setWhat }: { days: number; what?: What; setWhat: (what: What | undefined) => void }) {
  const query = { days, kind: what ? [what] : undefined };
  const pages = usePages(["unused", query], (cursor, signal) => get("/api/v1/permissions/unused", { ...query, cursor }, { signal }));
  const first = pages.data?.pages[0];
  if (!first) return <Missing of={pages} label="Looking when everything was used last" />;
  const rows = pages.data?.pages.flatMap((page) => page.rows) ?? [];
  const options = [["", "All"], ...first.asked.map(({ kind }) => [kind, WHAT[kind].many] as const)] as const;
  return (
    <>
      <p className="wrap"><strong>{first.unused === 0 ? `Nothing that was looked at is unused for ${counted(days, "day")}.` : `${counted(first.unused, "thing")} ${first.unused === 1 ? "was" : "were"} not used for ${counted(days, "day")}.`}</strong> {first.unknown > 0 && <Badge state="unknown">{count(first.unknown)} not known</Badge>} {first.asked.length > 0 ? `Looked at ${list(looked(first.asked))}.` : "No user, role, key or password was scanned."} {first.young > 0 && `${counted(first.young, "thing")} never used and younger than that.`} <AsOf of={first.as_of} /></p>
      <p className="small muted wrap">When something was used last is what IAM tells, or the imported logs where they have a later use. Of roles IAM keeps it for 400 days.</p>
      {options.length > 2 && <div><Tabs label="What" value={what ?? ""} options={options} onChange={(next) => setWhat(next === "" ? undefined : next)} /></div>}
      {rows.length === 0 ? <Empty title="Nothing"><p>Nothing that was looked at was left unused for so long. Choose fewer days to see more.</p></Empty> : (
        <div className={styles.scroller} role="region" aria-label="What nobody uses, scrolls" tabIndex={0}>
          <table className={styles.table} aria-label="What nobody uses">
            <thead><tr><th scope="col">What</th><th scope="col">Account</th><th scope="col">Last used</th><th scope="col">How it is known</th><th scope="col">Next</th></tr></thead>
            <tbody>{rows.map((row) => <One key={`${row.kind} ${row.uid}`} row={row} days={days} />)}</tbody>
          </table>
        </div>
      )}
      <More pages={pages} />
      <Disagree all={first.disagreements} />
      <Gaps gaps={first.gaps} />
    </>
  );
}

function One({ row, days }: { row: Row; days: number }) {
  const owner = row.uid === row.principal ? undefined : short(row.principal);
  const strong = admin(row.admin);
  const isOwn = /:(user|role)\//.test(row.principal);
  return (
    <tr>
      <th scope="row">
        <span className={styles.two}>
          <Link to="/resource" search={{ uid: row.uid }} className="wrap" title={shown(row.uid, 400)}><bdi>{shown(row.name, 200)}</bdi></Link>
          <span className="small muted wrap">{WHAT[row.kind].one}{owner && <> of <bdi>{owner}</bdi></>}{row.active === false && ", inactive"}{row.provider_made && ", made by AWS"}</span>
          {strong && <span className={styles.badges}><Badge state="attention">{strong}</Badge></span>}
        </span>
      </th>
      <td data-name="Account">{shown(row.account, 40)}</td>
      <td data-name="Last used"><span className={styles.two}>{row.state === "unknown" ? <span><Badge state="unknown">not known</Badge></span> : row.last_used ? <Ago at={row.last_used} /> : <span>never</span>}{row.days !== null && row.days !== undefined && <span className="small muted">{counted(row.days, "day")} unused</span>}</span></td>
      <td data-name="How it is known" className="wrap">{shown(row.because, 400)}</td>
      <td data-name="Next">{isOwn && <Link to="/permissions" search={{ view: "unused", principal: row.principal, days: days === DAYS ? undefined : days }} className="link">What it needs</Link>}</td>
    </tr>
  );
}
