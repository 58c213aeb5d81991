// Living with a finding until a date, or ending that before: the plan first, then one question.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { post, remove, type Schemas } from "../../api/client";
import { word } from "../../lib/sqltext";
import { shown } from "../../lib/text";
import { inDays, Plan } from "../../parts/Plan";
import { called, type Exception, lastDay, type Row } from "./words";

/** The longest that something may be accepted, as the server has it. */
const DAYS_MAX = 366;

export function AcceptFinding({ row, onClose }: { row: Row; onClose: () => void }) {
  const [reason, setReason] = useState("");
  const [approver, setApprover] = useState("");
  const [until, setUntil] = useState(inDays(90));
  const ids = { reason: useId(), approver: useId(), until: useId() };
  const client = useQueryClient();
  const said = { reason: reason.trim(), approver: approver.trim() };
  const accept = useMutation({
    mutationFn: () => post<Exception>("/api/v1/findings/exceptions", { rule: { finding: row.id }, ...said, until } satisfies Omit<Schemas["FindingsToAccept"], "rule"> & { rule: Partial<Schemas["ExceptionRule"]> }),
    onSuccess: () => { void client.invalidateQueries(); onClose(); },
  });
  return (
    <Plan
      title="Accept the finding" action="Accept" busy={accept.isPending} error={accept.error} disabled={said.reason === "" || said.approver === ""} onRun={() => accept.mutate()} onClose={onClose}
      cli={`fathom findings accept ${row.id.slice(0, 12)} --reason ${word(said.reason || "…")} --approver ${word(said.approver || "…")} --until ${until}`}
      plan={[
        ["Concerns", <span key="it">{shown(row.title, 200)}: <bdi>{called(row)}</bdi></span>],
        ["Means", "It needs no work until that day, and then comes back by itself. Nothing changes in the cloud, and the check goes on failing."],
        ["Sealed", "1 entry in the ledger, with the reason and both names"],
        ["Undo", "End the exception early, here or on the list of exceptions."],
      ]}
    >
      <label htmlFor={ids.reason} className="small">Reason</label>
      <textarea id={ids.reason} className="input" rows={3} data-first required maxLength={2000} value={reason} onChange={(event) => setReason(event.target.value)} />
      <label htmlFor={ids.approver} className="small">Who approved it</label>
      <input id={ids.approver} className="input" required maxLength={200} autoComplete="off" value={approver} onChange={(event) => setApprover(event.target.value)} />
      <label htmlFor={ids.until} className="small">Until the end of</label>
      <div><input id={ids.until} className="input" type="date" required min={inDays(0)} max={inDays(DAYS_MAX)} value={until} onChange={(event) => setUntil(event.target.value)} /></div>
    </Plan>
  );
}

/** Ends an exception before its day. */
export function Withdraw({ exception, onClose }: { exception: Exception; onClose: () => void }) {
  const [reason, setReason] = useState("");
  const id = useId();
  const client = useQueryClient();
  const end = useMutation({
    mutationFn: () => remove("/api/v1/findings/exceptions/{number}", { number: exception.number }, { reason: reason.trim() } satisfies Schemas["FindingExceptionEnd"]),
    onSuccess: () => { void client.invalidateQueries(); onClose(); },
  });
  return (
    <Plan
      title={`End exception ${exception.number}`} action="End it" busy={end.isPending} error={end.error} disabled={reason.trim() === ""} onRun={() => end.mutate()} onClose={onClose}
      cli={`fathom findings withdraw ${exception.number} --reason ${word(reason.trim() || "…")}`}
      plan={[
        ["Concerns", shown(exception.words, 400)],
        ["Means", `It was accepted until ${lastDay(exception.until)} by ${shown(exception.by, 80)}: “${shown(exception.reason, 200)}”. What it took needs work again at once.`],
        ["Sealed", "1 entry in the ledger, with the reason"],
        ["Undo", "Accept it again."],
      ]}
    >
      <label htmlFor={id} className="small">Why it ends</label>
      <textarea id={id} className="input" rows={2} data-first required maxLength={2000} value={reason} onChange={(event) => setReason(event.target.value)} />
    </Plan>
  );
}
