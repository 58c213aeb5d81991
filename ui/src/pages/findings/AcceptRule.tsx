// Living with all findings that fit a rule of patterns, until a date: what it takes is shown first, then it is asked once.
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { get, post, type Schemas } from "../../api/client";
import { Refused } from "../../api/problem";
import { useDelayed } from "../../lib/delayed";
import { word } from "../../lib/sqltext";
import { count, counted, list, shown } from "../../lib/text";
import { inDays, Plan } from "../../parts/Plan";
import { Severity } from "../../parts/Severity";
import { Skeleton, Wrong } from "../../parts/states";
import styles from "./Findings.module.css";
import { called, type Exception, SEVERITIES } from "./words";

type Patterns = Pick<Schemas["ExceptionRule"], "check" | "resource_type" | "account" | "owner" | "tag">;
export type Preview = Schemas["RulePreview"];

/** The longest that something may be accepted, as the server has it. */
const DAYS_MAX = 366;
const FIELDS: readonly (readonly [name: keyof Patterns, label: string, example: string])[] = [
  ["check", "Check", "s3_*"], ["resource_type", "Type", "AWS::S3::*"], ["account", "Account", "123456789012"], ["owner", "Owner", "team-*"], ["tag", "Tag", "purpose=website"],
];

/** The patterns that somebody wrote; what is empty takes everything. */
export const written = (text: Record<keyof Patterns, string>): Patterns => Object.fromEntries(FIELDS.flatMap(([name]) => (text[name].trim() ? [[name, text[name].trim()]] : []))) as Patterns;

/** The command that accepts the same. */
export const lineOf = (rule: Patterns, reason: string, approver: string, until: string): string =>
  `fathom findings accept${FIELDS.map(([name]) => (rule[name] ? ` --${name === "resource_type" ? "type" : name} ${word(rule[name])}` : "")).join("")} --reason ${word(reason || "…")} --approver ${word(approver || "…")} --until ${until}`;

export function AcceptRule({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState<Record<keyof Patterns, string>>({ check: "", resource_type: "", account: "", owner: "", tag: "" });
  const [reason, setReason] = useState("");
  const [approver, setApprover] = useState("");
  const [until, setUntil] = useState(inDays(90));
  const ids = { reason: useId(), approver: useId(), until: useId(), rule: useId() };
  const client = useQueryClient();
  const rule = written(text);
  const settled = useDelayed(JSON.stringify(rule), 250);
  const asked = JSON.parse(settled) as Patterns;
  const given = Object.keys(asked).length > 0;
  const preview = useQuery({ queryKey: ["findings", "preview", asked], enabled: given, placeholderData: keepPreviousData, retry: false, queryFn: ({ signal }) => get("/api/v1/findings/exceptions/preview", asked as never, { signal }) });
  const said = { reason: reason.trim(), approver: approver.trim() };
  const known = given && settled === JSON.stringify(rule) && preview.data && !preview.error && !preview.isPlaceholderData ? preview.data : undefined;
  const accept = useMutation({
    mutationFn: () => post<Exception>("/api/v1/findings/exceptions", { rule: asked, ...said, until } satisfies Omit<Schemas["FindingsToAccept"], "rule"> & { rule: Partial<Schemas["ExceptionRule"]> }),
    onSuccess: () => { void client.invalidateQueries(); onClose(); },
  });
  return (
    <Plan
      title="Accept by a rule" action="Accept" wide busy={accept.isPending} error={accept.error} disabled={!known || said.reason === "" || said.approver === ""} onRun={() => accept.mutate()} onClose={onClose}
      cli={lineOf(rule, said.reason, said.approver, until)}
      plan={[
        ["Means", "Every finding that fits needs no work until that day, also one that comes later. Nothing changes in the cloud, and the checks go on failing."],
        ["Sealed", "1 entry in the ledger, with the rule, the reason and both names"],
        ["Undo", "End the exception early, on the list of exceptions: all that it took needs work again at once."],
      ]}
    >
      <fieldset className="stack" style={{ border: 0, padding: 0, margin: 0 }}>
        <legend className="small muted">Findings that fit all of these; a star stands for any characters</legend>
        <div className={styles.rule}>
          {FIELDS.map(([name, label, example], at) => (
            <Pattern key={name} id={`${ids.rule}-${name}`} label={label} example={example} first={at === 0} value={text[name]} onChange={(value) => setText((was) => ({ ...was, [name]: value }))} />
          ))}
        </div>
      </fieldset>
      <div role="status" aria-live="polite" className="stack">
        {!given ? <p className="small muted">Write a pattern, and what it takes is shown here.</p> : preview.error ? (preview.error instanceof Refused && preview.error.problem.code === "invalid_parameter" ? <p className="wrap">{shown(preview.error.problem.detail, 300)}.</p> : <Wrong error={preview.error} again={() => void preview.refetch()} />) : known ? <Takes of={known} /> : <Skeleton lines={2} label="Looking what the rule takes" />}
      </div>
      <div className={styles.rule}>
        <label htmlFor={ids.reason} className="small">Reason</label>
        <textarea id={ids.reason} className="input" rows={2} required maxLength={2000} value={reason} onChange={(event) => setReason(event.target.value)} />
        <label htmlFor={ids.approver} className="small">Who approved it</label>
        <input id={ids.approver} className="input" required maxLength={200} autoComplete="off" value={approver} onChange={(event) => setApprover(event.target.value)} />
        <label htmlFor={ids.until} className="small">Until the end of</label>
        <div><input id={ids.until} className="input" type="date" required min={inDays(0)} max={inDays(DAYS_MAX)} value={until} onChange={(event) => setUntil(event.target.value)} /></div>
      </div>
    </Plan>
  );
}

function Pattern({ id, label, example, first, value, onChange }: { id: string; label: string; example: string; first: boolean; value: string; onChange: (value: string) => void }) {
  return (
    <>
      <label htmlFor={id} className="small">{label}</label>
      <input id={id} className="input mono" data-first={first || undefined} placeholder={example} maxLength={300} autoComplete="off" spellCheck={false} value={value} onChange={(event) => onChange(event.target.value)} />
    </>
  );
}

/** What a rule would take now. */
export function Takes({ of: { takes, overdue, accepted, resources, checks, some } }: { of: Preview }) {
  const all = SEVERITIES.reduce((sum, each) => sum + takes[each], 0);
  const beside = accepted > 0 && <span className="muted"> {counted(accepted, "other is accepted", "others are accepted")} already.</span>;
  if (all === 0) return <p className="wrap"><strong>It takes no finding that needs work now</strong>, only what comes later.{beside}</p>;
  return (
    <>
      <p className="wrap"><strong>It takes {counted(all, "finding")}: {list(SEVERITIES.filter((each) => takes[each] > 0).map((each) => `${count(takes[each])} ${each}`))}</strong>{overdue > 0 && `, ${count(overdue)} of them overdue`}; of {counted(resources, "resource")}, by {counted(checks.length, "check")}.{beside}</p>
      <ul className={styles.taken} aria-label="Findings that it takes">
        {some.map((each) => <li key={each.id}><Severity of={each.severity} /><span className="small wrap">{shown(each.title, 200)}: <bdi>{called({ name: each.name, resource: each.resource })}</bdi></span></li>)}
        {all > some.length && <li><span /><span className="small muted">and {count(all - some.length)} more</span></li>}
      </ul>
    </>
  );
}
