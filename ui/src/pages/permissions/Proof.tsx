// One verdict step by step: every layer in the order in which it is asked, with the statements that decide.
import { Check, CircleDashed, CircleHelp, Ban, CircleX, Minus } from "lucide-react";
import { list, shown } from "../../lib/text";
import { Says } from "./parts";
import styles from "./Permissions.module.css";
import { condition, type KeyStep, layer, says, statement, type Verdict } from "./words";

const SIGNS = { allowed: Check, implicitly_denied: Ban, explicitly_denied: CircleX, only_if: CircleHelp, unknown: CircleDashed, not_applicable: Minus };
const UNKNOWN_SHOWN = 20;

/** The key as a step of its own, after the action's. */
export function OfKey({ step }: { step?: KeyStep | null }) {
  if (!step) return null;
  return (
    <div className="stack">
      <h3>And its key</h3>
      <p className="row wrapped"><Says decision={step.says} /><span className="wrap"><code>{step.needs.join(", ")}</code> of <bdi>{shown(step.key, 300)}</bdi>{step.via && <> through <code>{shown(step.via, 100)}</code></>}</span></p>
      {step.note && <p className="small wrap">{shown(step.note, 400)}.</p>}
      {step.verdict && <Proof verdict={step.verdict} />}
    </div>
  );
}

export function Proof({ verdict }: { verdict: Verdict }) {
  const { because, conditions, layers, blocked_by, unknown, missing_keys, faults } = verdict;
  const blocks = new Set<string>(blocked_by);
  return (
    <div className={styles.proof}>
      {conditions.length > 0 && (
        <div className="stack">
          <h3>{verdict.decision === "only_if" ? "Only if" : "Conditions"}</h3>
          <ul className={styles.conditions}>{conditions.map((each, at) => <li key={at} className="wrap"><code>{condition(each)}</code> <span className="small muted">{statement(each)}</span></li>)}</ul>
        </div>
      )}
      {missing_keys.length > 0 && <p className="small wrap">Whoever knows {list(missing_keys.map((each) => shown(each, 100)))} of the request adds it under “Given”, and gets an answer without conditions.</p>}
      {unknown.length > 0 && (
        <div className="stack">
          <h3>Not read</h3>
          <ul>{unknown.slice(0, UNKNOWN_SHOWN).map((each) => <li key={each} className="row"><Says decision="unknown" /><span className="wrap">{shown(each, 400)}</span></li>)}{unknown.length > UNKNOWN_SHOWN && <li className="small muted">and {unknown.length - UNKNOWN_SHOWN} more</li>}</ul>
        </div>
      )}
      <ol className={styles.steps} aria-label="Layers, in the order in which they are asked">
        {layers.map((each, at) => {
          const Sign = SIGNS[each.verdict];
          const own = because.filter((reason) => reason.layer === each.layer && (reason.level ?? null) === (each.level ?? null));
          return (
            <li key={at} data-says={each.verdict}>
              <Sign className="icon" aria-hidden />
              <div className="stack">
                <p className="wrap"><strong>{layer(each.layer)}</strong>{each.level && <> of <bdi>{shown(each.level, 120)}</bdi></>} <span className={styles.word}>{says(each.verdict)}</span>{blocks.has(each.layer) && each.verdict !== "allowed" && " – without it, nothing is allowed"}</p>
                {own.map((reason, index) => {
                  // A statement whose condition is open has not decided yet.
                  const open = conditions.some((one) => one.layer === reason.layer && one.policy === reason.policy && one.statement === reason.statement);
                  return <p key={index} className="small wrap">{reason.effect === "Deny" ? "denied" : "allowed"} by <bdi>{statement(reason)}</bdi>{open && ", if its conditions hold"}</p>;
                })}
              </div>
            </li>
          );
        })}
      </ol>
      {faults.length > 0 && <div className="stack"><h3>Policies that AWS would refuse</h3><ul>{faults.map((each) => <li key={each} className="small wrap">{shown(each, 400)}</li>)}</ul></div>}
    </div>
  );
}
