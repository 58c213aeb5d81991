// Living with a gap until a date, or ending that before: the plan first, then one question.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useRef, useState } from "react";
import { post, remove, type Schemas } from "../../api/client";
import { inTurn } from "../../lib/inturn";
import { word } from "../../lib/sqltext";
import { count, counted, plain, shown } from "../../lib/text";
import { inDays, Plan } from "../../parts/Plan";
import { Chosen } from "../unexplained/Chosen";

type Acceptance = Schemas["AcceptanceView"];
interface Named { uid: string; type: string; name?: string | null }
interface Props { resources: Named[]; part: string; choices: string[]; onClose: () => void; onDone?: () => void }

export function Accept({ resources, part: first, choices, onClose, onDone }: Props) {
  const [reason, setReason] = useState("");
  const [until, setUntil] = useState(inDays(90));
  const [part, setPart] = useState(first);
  const [done, setDone] = useState(0);
  const all = part === "*";
  const one = resources.length === 1 ? resources[0] : undefined;
  const ids = { reason: useId(), until: useId(), part: useId() };
  const client = useQueryClient();
  const stop = useRef<AbortController>(undefined);
  const accept = useMutation({
    // One entry in the ledger each; what was done before a refusal or a stop stays done, and is not done again.
    mutationFn: () => {
      stop.current = new AbortController();
      return inTurn(resources.slice(done), stop.current.signal, async (resource) => {
        await post<Schemas["AcceptanceView"]>("/api/v1/acceptances", { uid: resource.uid, part, reason: reason.trim(), until });
        setDone((was) => was + 1);
      });
    },
    onSuccess: (finished) => {
      if (!finished) return;
      onDone?.();
      onClose();
    },
    onSettled: () => void client.invalidateQueries(),
  });
  return (
    <Plan
      title={all ? "Accept all gaps" : `Accept: ${plain(part)} unknown`} action="Accept" doing={one ? "Sealing…" : `Sealing, ${count(done)} of ${count(resources.length)}…`}
      busy={accept.isPending} error={accept.error} disabled={reason.trim() === ""} onRun={() => accept.mutate()} onClose={onClose} onStop={one ? undefined : () => stop.current?.abort()}
      cli={one && `fathom accept ${word(one.uid)}${all ? "" : ` --part ${word(part)}`} --reason ${word(reason.trim() || "…")} --until ${until}`}
      plan={[
        ["Concerns", <Chosen key="rows" rows={resources} />],
        ["Means", "It counts as accepted until that day, and comes back by itself. It does not count as understood. Nothing changes in the cloud."],
        ["Sealed", `${counted(resources.length, "entry", "entries")} in the ledger, with the reason`],
        ["Undo", "End the acceptance early, here or on the list."],
      ]}
    >
      <label htmlFor={ids.part} className="small">Gap</label>
      <div><select id={ids.part} className="input" value={part} disabled={done > 0} onChange={(event) => setPart(event.target.value)}>{choices.map((each) => <option key={each} value={each}>{plain(each)}</option>)}<option value="*">all gaps of {one ? "this resource" : "these resources"}</option></select></div>
      <label htmlFor={ids.reason} className="small">Reason</label>
      <textarea id={ids.reason} className="input" rows={3} data-first required maxLength={2000} value={reason} onChange={(event) => setReason(event.target.value)} />
      <label htmlFor={ids.until} className="small">Until the end of</label>
      <div><input id={ids.until} className="input" type="date" required min={inDays(0)} value={until} onChange={(event) => setUntil(event.target.value)} /></div>
      {done > 0 && !accept.isPending && <p className="small" role="status">{count(done)} of {counted(resources.length, "entry", "entries")} are sealed; the rest is as it was.</p>}
    </Plan>
  );
}

interface EndProps { resource: Named; acceptances: readonly [Acceptance, ...Acceptance[]]; onClose: () => void }

/** Ends an acceptance before its day; of several, one is chosen. */
export function EndAcceptance({ resource, acceptances, onClose }: EndProps) {
  const [part, setPart] = useState(acceptances[0].part);
  const acceptance = acceptances.find((each) => each.part === part) ?? acceptances[0];
  const choice = useId();
  const [reason, setReason] = useState("");
  const id = useId();
  const client = useQueryClient();
  const end = useMutation({
    mutationFn: () => remove("/api/v1/acceptances", undefined, { uid: resource.uid, part: acceptance.part, reason: reason.trim() }),
    onSuccess: () => { void client.invalidateQueries(); onClose(); },
  });
  return (
    <Plan
      title={acceptance.part === "*" ? "End the acceptance of all gaps" : `End the acceptance: ${plain(acceptance.part)}`} action="End it" busy={end.isPending} error={end.error} disabled={reason.trim() === ""} onRun={() => end.mutate()} onClose={onClose}
      plan={[
        ["Concerns", <Chosen key="rows" rows={[resource]} />],
        ["Means", `It was accepted until ${acceptance.until.slice(0, 10)} by ${shown(acceptance.by, 80)}: “${shown(acceptance.reason, 200)}”. It counts as open again at once.`],
        ["Undo", "Accept it again."],
      ]}
    >
      {acceptances.length > 1 && <><label htmlFor={choice} className="small">Which of {acceptances.length}</label><div><select id={choice} className="input" value={part} onChange={(event) => setPart(event.target.value)}>{acceptances.map((each) => <option key={each.part} value={each.part}>{each.part === "*" ? "all gaps" : plain(each.part)}, until {each.until.slice(0, 10)}</option>)}</select></div></>}
      <label htmlFor={id} className="small">Why it ends</label>
      <textarea id={id} className="input" rows={2} data-first required maxLength={2000} value={reason} onChange={(event) => setReason(event.target.value)} />
    </Plan>
  );
}
