// Who can do what: one form, and the question follows from what is filled in.
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { lazy, Suspense } from "react";
import { get } from "../../api/client";
import { shown } from "../../lib/text";
import { CopyLine } from "../../parts/Copy";
import { Badge } from "../../parts/state";
import { Empty, Skeleton } from "../../parts/states";
import { Tabs } from "../../parts/Tabs";
import { useAt } from "../../parts/time";
import { Explained, Open, WhatCan, WhatOn, WhoCan } from "./Answers";
import { Asking } from "./Asking";
import styles from "./Permissions.module.css";
import { asks, command, type Question } from "./words";

// Asked rarely: its script comes when it is.
const WhatIf = lazy(() => import("./WhatIf").then((module) => ({ default: module.WhatIf })));
const Escalation = lazy(() => import("./Escalation").then((module) => ({ default: module.Escalation })));
const Grid = lazy(() => import("./Grid").then((module) => ({ default: module.Grid })));
const Unused = lazy(() => import("./Unused").then((module) => ({ default: module.Unused })));
const Keys = lazy(() => import("./Keys").then((module) => ({ default: module.Keys })));
const Secrets = lazy(() => import("./Secrets").then((module) => ({ default: module.Secrets })));
const VIEWS = [["ask", "Ask"], ["matrix", "Matrix"], ["what-if", "What if"], ["escalation", "Escalation"], ["unused", "Unused"], ["keys", "Keys"], ["secrets", "Secrets"]] as const;
const PARTS = { matrix: Grid, "what-if": WhatIf, escalation: Escalation, unused: Unused, keys: Keys, secrets: Secrets };

const TITLES = { explain: "Can it?", "who-can": "Who can?", "what-can": "What can it do?", "what-on": "Who can do what to it?", openings: "What is open to the outside?", "resource-lacks": "On what?" };

export function Permissions() {
  const search = useSearch({ from: "/permissions" });
  const { principal, action, resource, kind, context, from = "public", view = "ask" } = search;
  const navigate = useNavigate({ from: "/permissions" });
  const past = useAt().as_of !== undefined;
  const question: Question = { principal, action, resource, kind, context };
  const which = asks(question);
  const Part = view === "ask" ? undefined : PARTS[view];
  const set = (next: Partial<Question>) => void navigate({ search: (was) => ({ ...was, ...next }) });
  const cli = command({ ...question, from });
  // Another question begins anew: what is open in the answer to the one before is not of this one.
  const key = JSON.stringify(question);
  return (
    <div className={styles.page}>
      <div className="row spread wrapped"><h1>Permissions</h1>{(principal ?? action ?? resource) !== undefined && <button type="button" className="button plain" onClick={() => void navigate({ search: (was) => ({ as_of: was.as_of, since: was.since, view: was.view }) })}><X aria-hidden />Clear</button>}</div>
      <div className={styles.views}><Tabs label="What to ask" value={view} options={VIEWS} onChange={(next) => void navigate({ search: (was) => ({ ...was, view: next === "ask" ? undefined : next }) })} /></div>
      {view === "ask" && <Asking key={key} question={question} set={set} />}
      {past && <p className="row wrapped"><Badge state="attention">of now</Badge><span>Permissions are known as the last scan left them, whatever moment the page shows.</span></p>}
      {Part && <Suspense fallback={<Skeleton lines={6} label="Fetching the page" />}><Part /></Suspense>}
      {view === "ask" && <section className={styles.answer} aria-label="Answer" key={`answer ${key}`}>
        <h2>{TITLES[which]}</h2>
        {which === "explain" && <Explained query={{ principal: principal ?? "", kind, action: action ?? "", resource: resource ?? "", context }} />}
        {which === "who-can" && <WhoCan query={{ action: action ?? "", resource: resource ?? "", context }} />}
        {which === "what-can" && <WhatCan query={{ principal: principal ?? "", context }} />}
        {which === "what-on" && <WhatOn query={{ resource: resource ?? "", principal, context }} />}
        {which === "openings" && <Open from={from} context={context} onFrom={(next) => void navigate({ search: (was) => ({ ...was, from: next === "public" ? undefined : next }), replace: true })} />}
        {which === "resource-lacks" && <OnWhat action={action ?? ""} set={set} />}
      </section>}
      {view === "ask" && cli && <CopyLine text={cli} />}
    </div>
  );
}

/** An action alone: what it is asked of comes next. */
function OnWhat({ action, set }: { action: string; set: (next: Partial<Question>) => void }) {
  const known = useQuery({ queryKey: ["permissions", "action", action], queryFn: ({ signal }) => get("/api/v1/permissions/actions", { search: action, limit: 20 }, { signal }) });
  const row = known.data?.actions.find((each) => each.action.toLowerCase() === action.toLowerCase());
  return (
    <Empty title={row?.without_resource ? "This action is asked of no resource" : "Name what it is done to"}>
      {known.data && !row && <p className="wrap">The catalogue of {shown(known.data.catalogue, 20)} does not know <code>{shown(action, 100)}</code>; it may be new, or misspelt.</p>}
      {row && <p>{shown(row.service, 100)}: an action of the kind <strong>{row.kind}</strong>.</p>}
      {row?.without_resource ? <div><button type="button" className="button main" onClick={() => set({ resource: "*" })}>Ask for *</button></div> : <p>Write a name, an id or an ARN above; one of an object in a bucket is fine too.</p>}
    </Empty>
  );
}
