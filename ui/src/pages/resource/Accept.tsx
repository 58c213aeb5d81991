// Living with a gap until a date: the plan first, then one question.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { post, type Schemas } from "../../api/client";
import { plain } from "../../lib/text";
import { Dialog } from "../../parts/Dialog";
import { label } from "../../parts/Name";
import { Wrong } from "../../parts/states";

interface Props { detail: { resource: { uid: string; type: string; name?: string | null } }; gap: { part: string }; choices?: string[]; onClose: () => void }

/** A day so many days from now, as the API takes it. */
const day = (from: Date, days: number): string => new Date(from.getTime() + days * 86_400_000).toISOString().slice(0, 10);

export function Accept({ detail: { resource }, gap, choices, onClose }: Props) {
  const now = new Date();
  const [reason, setReason] = useState("");
  const [until, setUntil] = useState(day(now, 90));
  const [part, setPart] = useState(gap.part);
  const all = part === "*";
  const ids = { reason: useId(), until: useId(), part: useId() };
  const client = useQueryClient();
  const accept = useMutation({
    mutationFn: () => post<Schemas["AcceptanceView"]>("/api/v1/acceptances", { uid: resource.uid, part, reason: reason.trim(), until }),
    onSuccess: () => {
      void client.invalidateQueries();
      onClose();
    },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    accept.mutate();
  }
  return (
    <Dialog title={all ? "Accept all gaps" : `Accept: ${plain(part)} unknown`} onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        <p className="wrap">
          For <strong><bdi>{label(resource)}</bdi></strong> this counts as accepted until that day, and comes back by itself. It does not count as understood. It is sealed in the ledger with the reason; nothing changes in the cloud. To end it early, accept it again until today.
        </p>
        <label htmlFor={ids.part} className="small">Gap</label>
        <div><select id={ids.part} className="input" value={part} onChange={(event) => setPart(event.target.value)}>{(choices ?? [gap.part]).map((each) => <option key={each} value={each}>{plain(each)}</option>)}<option value="*">all gaps of this resource</option></select></div>
        <label htmlFor={ids.reason} className="small">Reason</label>
        <textarea id={ids.reason} className="input" rows={3} data-first required maxLength={2000} value={reason} onChange={(event) => setReason(event.target.value)} />
        <label htmlFor={ids.until} className="small">Until the end of</label>
        <div><input id={ids.until} className="input" type="date" required min={day(now, 0)} value={until} onChange={(event) => setUntil(event.target.value)} /></div>
        {accept.error && <Wrong error={accept.error} />}
        <div className="row"><button type="submit" className="button main" disabled={accept.isPending || reason.trim() === ""}>{accept.isPending ? "Sealing…" : "Accept"}</button><button type="button" className="button" onClick={onClose}>Cancel</button></div>
      </form>
    </Dialog>
  );
}
