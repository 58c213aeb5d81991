// An edit that closes a way, what comes of it, and the ways to where it is made.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import * as ask from "../../api/queries";
import { useWhole } from "../../session/may";
import { keptIn } from "../permissions/climb";
import { type Edit, edited } from "./words";

/** `came` is what came of trying it. */
export function Edited({ edit, came }: { edit: Edit; came: string }) {
  const whole = useWhole();
  const isPolicy = edit.kind === "statement" && edit.layer === "identity_policies" && edit.uid !== null && edit.uid !== undefined;
  // The document of the holder says whether the policy is its own or one that others have too.
  const holder = useQuery({ ...ask.resource(edit.uid ?? ""), enabled: isPolicy, retry: false });
  const kept = edit.kind === "statement" && edit.of ? keptIn({ prevents: "", holder: edit.of, layer: edit.layer ?? "identity_policies", policy: edit.policy ?? "", statement: edit.statement ?? 0 }, holder.data?.document) : undefined;
  const isAws = kept?.of === "managed" && /^arn:[^:]*:iam::aws:/.test(kept.id);
  return (
    <>
      <p className="wrap"><strong>{edited(edit)}</strong></p>
      <p className="wrap">{came}</p>
      {kept?.of === "managed" && <p className="small wrap">{isAws ? "AWS writes this policy: detach it, or put one of your own in its place." : "The policy is a managed one: whoever else has it loses the same."}</p>}
      {kept && !isAws && whole && <p className="small"><Link to="/permissions" search={{ view: "what-if", of: kept.of, id: kept.id }} className="link">What else that edit would take</Link></p>}
      {edit.uid && <p className="small"><Link to="/resource" search={{ uid: edit.uid }} className="link">Where it is made</Link></p>}
      <p className="small muted">Nothing is changed by asking.</p>
    </>
  );
}
