// What becomes of a finding when its fix is made: words and small parts.
import { Link } from "@tanstack/react-router";
import type { Schemas } from "../../api/client";
import { shown } from "../../lib/text";
import { Badge } from "../../parts/state";

export const UNDO: Record<Schemas["FixUndoKind"], string> = {
  reversible: "can be taken back",
  replaces: "it makes a new one: the old one stays until you delete it",
  one_way: "it cannot be taken back",
};

/** What the check says of a copy of the estate with the change made. */
export function Then({ of: { then, withheld } }: { of: Schemas["FixAnswer"] }) {
  if (!then) return withheld ? null : <p className="row wrapped"><Badge state="unknown">not proven</Badge><span className="wrap">The fix does not say what it makes of the description: the next scan tells whether it holds.</span></p>;
  const choices = then.with_choices ? ", whatever you choose being as is said above" : "";
  if (then.status === "pass") return <p className="row wrapped"><Badge state="understood">passes then</Badge><span className="wrap">The check was asked of a copy of what the last scans read with the change made{choices}.</span></p>;
  if (then.status === "not_applicable") return <p className="row wrapped"><Badge state="understood">not about it any more</Badge><span className="wrap">The check was asked of a copy of what the last scans read with the change made.</span></p>;
  if (then.status === "fail") return <p className="row wrapped"><Badge state="broken">still fails then</Badge><span className="wrap">Something else is to be changed, too.</span></p>;
  return <p className="row wrapped"><Badge state="unknown">not known then</Badge><span className="wrap">{shown(then.missing.join(", "), 400)}</span></p>;
}

/** A resource by the end of its ARN. */
export function Called({ uid }: { uid: string }) {
  const name = uid.slice(Math.max(uid.lastIndexOf("/"), uid.lastIndexOf(":")) + 1) || uid;
  return <Link to="/resource" search={{ uid }} className="link" title={shown(uid, 400)}><bdi>{shown(name, 100)}</bdi></Link>;
}
