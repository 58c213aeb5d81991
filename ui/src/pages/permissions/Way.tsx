// One way step by step; each step opens what is asked for it, with the statements that decide and what must hold.
import { Link } from "@tanstack/react-router";
import { shown } from "../../lib/text";
import { Badge } from "../../parts/state";
import { accountOf, BEING, byLayer, type Climb, DECISIONS, goal, isAccount, type Step, type StepAsked } from "./climb";
import { Says } from "./parts";
import shared from "./Permissions.module.css";
import styles from "./Escalation.module.css";
import { condition, short, statement } from "./words";

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
        {step.asked.length > 0 && <ul className={shared.rows} aria-label="What is asked">{step.asked.map((each, at) => <Asked key={at} asked={each} step={step} plain={!owner && !gave} />)}</ul>}
      </div>
    </li>
  );
}

const GRANTS = ["Identity policies", "Resource policy", "Session policy", "Grants of the key", "S3 settings"];

function Asked({ asked, step, plain }: { asked: StepAsked; step: Step; plain: boolean }) {
  const layers = byLayer(asked.because);
  const granted = layers.filter(({ name }) => GRANTS.includes(name)).flatMap(({ reasons }) => reasons).map(statement);
  return (
    <li>
      <details>
        <summary>
          <Says decision={asked.decision} />
          <span className={shared.what}>
            <span className="wrap"><code>{shown(asked.action, 100)}</code> {asked.resource === "*" ? "" : <>on <bdi title={shown(asked.resource, 400)}>{short(asked.resource)}</bdi></>}</span>
            <span className="small muted wrap">{asked.conditions.length > 0 ? asked.conditions.map(condition).join("; ") : granted.length > 0 ? [...new Set(granted)].join("; ") : "no statement decides it"}</span>
          </span>
        </summary>
        <div className="stack">
          {asked.conditions.length > 0 && (
            <div className="stack">
              <h4>{asked.decision === "only_if" ? "Only if" : "Conditions"}</h4>
              <ul className={shared.conditions}>{asked.conditions.map((each, at) => <li key={at} className="wrap"><code>{condition(each)}</code> <span className="small muted">{statement(each)}</span></li>)}</ul>
            </div>
          )}
          {layers.map(({ name, reasons }) => (
            <div key={name}>
              <h4>{name}</h4>
              <ul>{reasons.map((each, at) => <li key={at} className="small wrap">{each.effect === "Deny" ? "denied" : "allowed"} by <bdi>{statement(each)}</bdi>{each.level && <> of <bdi>{shown(each.level, 120)}</bdi></>}</li>)}</ul>
            </div>
          ))}
          {asked.decision === "unknown" && <p className="row wrapped"><Badge state="unknown">not read</Badge><span className="small">What was not seen stands at the end of the page.</span></p>}
          {plain && step.actor.startsWith("arn:") && <p className="small"><Link to="/permissions" search={{ principal: step.actor, action: asked.action, resource: asked.resource }} className="link">Every layer of this answer</Link></p>}
        </div>
      </details>
    </li>
  );
}
