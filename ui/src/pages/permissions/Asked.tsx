// An action that a step asks for: the statements that decide, and what must hold.
import { Link } from "@tanstack/react-router";
import { shown } from "../../lib/text";
import { Badge } from "../../parts/state";
import { byLayer, type StepAsked } from "./climb";
import { Says } from "./parts";
import shared from "./Permissions.module.css";
import { condition, short, statement } from "./words";

const GRANTS = ["Identity policies", "Resource policy", "Session policy", "Grants of the key", "S3 settings"];

/** With an actor there is a way to every layer of the answer. */
export function Asked({ asked, actor }: { asked: StepAsked; actor?: string }) {
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
          {actor?.startsWith("arn:") && <p className="small"><Link to="/permissions" search={{ principal: actor, action: asked.action, resource: asked.resource }} className="link">Every layer of this answer</Link></p>}
        </div>
      </details>
    </li>
  );
}
