// The one form: who, does what, on what. Any of them may be left open.
import { useState } from "react";
import { get } from "../../api/client";
import * as ask from "../../api/queries";
import { kind, shown } from "../../lib/text";
import { KindIcon, label } from "../../parts/Name";
import { type Choice, Pick } from "../../parts/Pick";
import styles from "./Permissions.module.css";
import type { Question } from "./words";

const FOUND = 8;
const PRINCIPALS = ["AWS::IAM::User", "AWS::IAM::Role"];

async function resources(search: string, type: string[] | undefined, signal: AbortSignal): Promise<Choice[]> {
  const { resources: rows } = await ask.resources({ search, type, limit: FOUND }, signal);
  return rows.map((row) => ({ value: row.uid, shown: <><KindIcon type={row.type} /><bdi className="truncate">{label(row)}</bdi></>, beside: `${kind(row.type)} · ${shown(row.account, 20)}` }));
}

export const principals = (search: string, signal: AbortSignal): Promise<Choice[]> => resources(search, PRINCIPALS, signal);

export function Asking({ question, set }: { question: Question; set: (next: Partial<Question>) => void }) {
  const { principal, action, resource, context = [] } = question;
  const actions = async (search: string, signal: AbortSignal): Promise<Choice[]> => {
    // Those of the resource first; all where none of these is called so.
    const of = (on?: string) => get("/api/v1/permissions/actions", { search, on, limit: FOUND }, { signal });
    const own = resource?.startsWith("arn:") ? await of(resource) : undefined;
    const { actions: rows } = own?.total ? own : await of();
    return rows.map((row) => ({ value: row.action, shown: <code className="truncate">{row.action}</code>, beside: row.kind }));
  };
  return (
    <div className={styles.asking} role="search" aria-label="Question">
      <Pick name="principal" label="Who" open="anyone" value={principal} find={principals} onChange={(next) => set({ principal: next, kind: undefined })} />
      <Pick name={`action ${resource ?? ""}`} label="does what" open="anything" value={action} find={actions} onChange={(next) => set({ action: next })} />
      <Pick name="resource" label="on what" open="anything" value={resource} find={(text, signal) => resources(text, undefined, signal)} onChange={(next) => set({ resource: next })} />
      <Given context={context} set={(next) => set({ context: next.length ? next : undefined })} />
    </div>
  );
}

/** What is known of the request, such as from where it comes. */
function Given({ context, set }: { context: string[]; set: (next: string[]) => void }) {
  const [text, setText] = useState("");
  const [open, setOpen] = useState(context.length > 0);
  const fits = /^[^=\s]+=/.test(text.trim());
  if (!open) return <button type="button" className="button plain small" onClick={() => setOpen(true)}>Given…</button>;
  return (
    <form className={styles.given} onSubmit={(event) => { event.preventDefault(); if (!fits) return; set([...new Set([...context, text.trim()])]); setText(""); }}>
      <label className="small row">Given <input className="input" value={text} maxLength={500} placeholder="aws:SourceIp=203.0.113.9" spellCheck={false} onChange={(event) => setText(event.target.value)} /></label>
      <button type="submit" className="button" disabled={!fits}>Add</button>
      {context.map((each) => <button key={each} type="button" className="button small" title="Take away" onClick={() => set(context.filter((other) => other !== each))}><code>{shown(each, 80)}</code><span aria-hidden>×</span><span className="hidden">: take away</span></button>)}
    </form>
  );
}
