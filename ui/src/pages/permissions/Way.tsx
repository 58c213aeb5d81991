// One way step by step; each step opens what is asked for it, with the statements that decide and what must hold.
import { shown } from "../../lib/text";
import { Asked } from "./Asked";
import { accountOf, BEING, type Climb, DECISIONS, goal, isAccount, type Step } from "./climb";
import { Says } from "./parts";
import shared from "./Permissions.module.css";
import styles from "./Escalation.module.css";
import { short } from "./words";

export function Way({ answer, at }: { answer: Climb; at: number }) {
  const one = answer.reached[at];
  if (!one) return null;
  const { principal } = answer.principal;
  return (
    <section className="stack" aria-label="Step by step">
      <h3>Step by step: <bdi>{goal(one)}</bdi></h3>
      <ol className={styles.way} aria-label={`Steps to ${goal(one)}`}>
        {one.steps.map((step, place) => {
          // Whoever may do everything in an account takes steps as anybody in it.
          const before = one.steps.slice(0, place);
          const isKnown = step.actor === principal || before.some((each) => each.gains === step.actor);
          const owner = isKnown ? undefined : before.find((each) => each.gains === accountOf(step.actor))?.gains;
          return <Taken key={place} step={step} owner={owner} gave={before.some((each) => each.gains === step.actor && each.actor === step.actor)} />;
        })}
      </ol>
    </section>
  );
}

function Name({ name }: { name: string }) {
  return <bdi className="wrap" title={shown(name, 400)}>{isAccount(name) ? `root user of ${name}` : short(name)}</bdi>;
}

/** What a step leads to, as a sentence's part. */
function gained({ gains, actor, on }: Step): string {
  if (isAccount(gains)) return `has account ${gains}`;
  if (gains === actor) return "has more permissions";
  return on === gains ? "" : `is ${short(gains)}`;
}

function Taken({ step, owner, gave }: { step: Step; owner?: string; gave: boolean }) {
  const isOn = step.on !== step.actor && step.on !== "*" && step.on !== "";
  const told = gained(step);
  if (step.rule === BEING)
    return <li data-being><p className={styles.can}><Says decision={DECISIONS[step.decision]} /><span><strong><Name name={step.actor} /></strong> {shown(step.title, 160)}{isAccount(step.gains) && step.gains !== step.actor && <> <code>{step.gains}</code></>}.</span></p></li>;
  return (
    <li>
      <div className="stack">
        <p className={styles.can}><Says decision={DECISIONS[step.decision]} /><span className="wrap"><strong><Name name={step.actor} /></strong> {shown(step.title, 160)}{isOn && <>: <bdi title={shown(step.on, 400)}>{short(step.on)}</bdi></>}{told && `, and ${told}`}.</span></p>
        {owner && <p className="small muted wrap">Whoever may do everything in account {owner} can be {short(step.actor)} with any permissions.</p>}
        {step.asked.length > 0 && <ul className={shared.rows} aria-label="What is asked">{step.asked.map((each, at) => <Asked key={at} asked={each} actor={!owner && !gave ? step.actor : undefined} />)}</ul>}
      </div>
    </li>
  );
}
