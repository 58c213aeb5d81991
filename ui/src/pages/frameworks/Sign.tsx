// How a control stands: pass is calm, what is not known or not tested is hatched.
import { Badge } from "../../parts/state";
import { MEANS, NAMES, type Standing } from "./words";

export function Sign({ of }: { of: Standing }) {
  if (of === "not_applicable") return <span title={MEANS[of]}>{NAMES[of]}</span>;
  return <Badge state={of === "fail" ? "broken" : of === "needs_evidence" ? "attention" : of === "pass" ? "understood" : "unknown"} title={MEANS[of]}>{NAMES[of]}</Badge>;
}
