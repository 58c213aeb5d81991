// What is accepted: one finding, or all that fit a rule, by whom and until when.
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { get } from "../../api/client";
import { shown } from "../../lib/text";
import { Ago } from "../../parts/Ago";
import { Missing } from "../../parts/Answered";
import { CopyLine } from "../../parts/Copy";
import { List } from "../../parts/List";
import { Badge } from "../../parts/state";
import { Empty } from "../../parts/states";
import table from "../../parts/Table.module.css";
import { May } from "../../session/may";
import { Withdraw } from "./Accept";
import { AcceptRule } from "./AcceptRule";
import { BRINGS } from "./Findings";
import { called, type Exception, lastDay } from "./words";

/** Findings whose names are fetched for the list. */
const NAMED_MAX = 1_000;

export function Exceptions({ views }: { views: ReactNode }) {
  const { ended } = useSearch({ from: "/findings" });
  const navigate = useNavigate({ from: "/findings" });
  const [end, setEnd] = useState<Exception>();
  const [ruling, setRuling] = useState(false);
  const asked = useQuery({ queryKey: ["findings", "exceptions", ended], queryFn: ({ signal }) => get("/api/v1/findings/exceptions", { ended }, { signal }) });
  // An exception of one finding has its id only; what that is stands with the findings that are accepted.
  const accepted = useQuery({ queryKey: ["findings", "accepted"], queryFn: ({ signal }) => get("/api/v1/findings", { state: ["accepted"], order: "severity", limit: NAMED_MAX }, { signal }), retry: false });
  const names = new Map(accepted.data?.rows.map((row) => [row.id, `${shown(row.title, 200)}: ${called(row)}`]));
  return (
    <List title="Findings" tools={<>{views}<label className="row small"><input type="checkbox" checked={ended ?? false} onChange={(event) => void navigate({ search: (was) => ({ ...was, ended: event.target.checked || undefined }), replace: true })} />those that ended too</label><May do="accept" whole><button type="button" className="button" onClick={() => setRuling(true)}>Accept by a rule…</button></May></>}>
      <div className={table.scrolled} role="region" aria-label="Exceptions, scrolls" tabIndex={0}>
        {!asked.data ? <Missing of={asked} label="Reading the exceptions" brings={BRINGS} /> : asked.data.exceptions.length === 0 ? <Empty title="Nothing is accepted"><p>A finding is accepted on its page. Many at once are accepted by a rule of patterns, which also takes what comes later; on the command line:</p><CopyLine text={'fathom findings accept --check "s3_*" --account 123456789012 --reason "…" --approver … --until YYYY-MM-DD'} /></Empty> : (
          <Rows all={asked.data.exceptions} names={names} end={setEnd} />
        )}
      </div>
      <CopyLine text={`fathom findings exceptions${ended ? " --all" : ""}`} />
      {ruling && <AcceptRule onClose={() => setRuling(false)} />}
      {end && <Withdraw exception={end} onClose={() => setEnd(undefined)} />}
    </List>
  );
}

export function Rows({ all, names, end }: { all: Exception[]; names: ReadonlyMap<string, string>; end: (exception: Exception) => void }) {
  return (
    <table className={table.table} aria-label="Exceptions">
      <thead><tr><th scope="col">Which</th><th scope="col">Until</th><th scope="col">Reason</th><th scope="col">Approved by</th><th scope="col">Accepted</th><th scope="col"><span className="hidden">End</span></th></tr></thead>
      <tbody>
        {all.map((each) => (
          <tr key={each.number}>
            <th scope="row" className="wrap">{each.rule.finding ? <Link to="/findings/$id" params={{ id: each.rule.finding }} className="link">{names.get(each.rule.finding) ?? shown(each.words, 300)}</Link> : shown(each.words, 300)}</th>
            <td data-name="Until"><span className={table.two}><span>{lastDay(each.until)}</span><State of={each} /></span></td>
            <td data-name="Reason" className="wrap"><bdi>{shown(each.reason, 400)}</bdi></td>
            <td data-name="Approved by" className="wrap"><bdi>{shown(each.approver, 80)}</bdi></td>
            <td data-name="Accepted" className="wrap"><bdi>{shown(each.by, 80)}</bdi>, <Ago at={each.at} /></td>
            <td>{holds(each) && <May do="accept"><button type="button" className="button" onClick={() => end(each)}>End…</button></May>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const holds = ({ ended_at, until }: Exception): boolean => !ended_at && new Date(until) > new Date();

function State({ of }: { of: Exception }) {
  if (of.ended_at) return <span className="small muted wrap">ended <Ago at={of.ended_at} />{of.ended_by && <> by <bdi>{shown(of.ended_by, 80)}</bdi></>}{of.ended_why && <>: “{shown(of.ended_why, 200)}”</>}</span>;
  return holds(of) ? <Badge state="progress">holds</Badge> : <span className="small muted">its day is past</span>;
}
