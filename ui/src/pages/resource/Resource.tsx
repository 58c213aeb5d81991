// One resource: what it is in a sentence, facts at the side, and the proof.
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Share2 } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import type { Schemas } from "../../api/client";
import * as ask from "../../api/queries";
import { type Problem, Refused, sentence } from "../../api/problem";
import { literal, word } from "../../lib/sqltext";
import { end } from "../../lib/ends";
import { shown } from "../../lib/text";
import { momentWords } from "../../lib/when";
import { CopyButton, CopyLine } from "../../parts/Copy";
import { Kind, KindIcon, label } from "../../parts/Name";
import { Badge, Understood } from "../../parts/state";
import { Answer, Empty } from "../../parts/states";
import { useAt } from "../../parts/time";
import { Tabs } from "../../parts/Tabs";
import { useMay, useMayAsk, useWhole } from "../../session/may";
import { Activity } from "./Activity";
import { Assigned } from "./Assigned";
import { DriftOf } from "./DriftOf";
import { Facts } from "./Facts";
import { History } from "./History";
import { Proof } from "./Proof";
import { Raw } from "./Raw";
import { Relations } from "./Relations";
import styles from "./Resource.module.css";
import { sentences } from "./sentence";

/** Parts that know only the present. */
const PRESENT_TABS: ReadonlySet<string> = new Set(["history", "activity", "drift"]);

export type Detail = Schemas["ResourceDetail"];

export function Resource() {
  const { uid } = useSearch({ from: "/resource" });
  const at = useAt();
  const detail = useQuery({ ...ask.resource(uid, at), enabled: uid !== "" });
  if (uid === "") return <Headless><Empty title="No resource is named"><p>The address lacks <code>uid</code>. <Link to="/resources" className="link">All resources</Link></p></Empty></Headless>;
  if (detail.error instanceof Refused && detail.error.problem.code === "not_found" && !detail.data)
    return <Headless><NotKnown uid={uid} problem={detail.error.problem} /></Headless>;
  if (detail.data) return <Known detail={detail.data} />;
  return <Headless uid={uid}><Answer of={detail} lines={10} label="Asking for the resource">{() => null}</Answer></Headless>;
}

/** The page of a resource of which nothing is known but what the address says. */
function Headless({ uid, children }: { uid?: string; children: ReactNode }) {
  return (
    <div className={styles.page}>
      <div className={styles.head}><h1>Resource</h1>{uid && <p className="wrap small muted"><code>{shown(uid, 400)}</code></p>}</div>
      {children}
    </div>
  );
}

/** Never seen, gone, not there at the moment that is shown, or kept from this person: which of them, the server says. */
export function NotKnown({ uid, problem: { detail, hint } }: { uid: string; problem: Pick<Problem, "detail" | "hint"> }) {
  const { as_of } = useAt();
  const whole = useWhole();
  const mayAsk = useMayAsk();
  return (
    <Empty title={!whole ? "Not seen, or not for you to see" : as_of ? "Not seen at that moment" : "No such resource is known"}>
      <p className="wrap mono">{shown(uid, 400)}</p>
      <p className="wrap">{sentence(shown(detail, 600))}{hint && !hint.includes("/api/") && ` ${sentence(shown(hint, 600))}`} <Link to="/resources" search={{ search: uid }} className="link">Search for it</Link></p>
      {as_of && <p>The page shows the estate as of {momentWords(shown(as_of, 60))}. <Link to="/resource" search={{ uid, as_of: undefined }} className="link">Look at it now</Link></p>}
      {mayAsk && <p>It may be named by others all the same: <Link to="/sql" search={{ q: `select from_uid, kind, path from edges where to_uid = ${literal(uid)}` }} className="link">who refers to it</Link>.</p>}
    </Empty>
  );
}

/** Ways to who may do what; the server answers these only to who sees everything. */
function Allowed({ resource }: { resource: Detail["resource"] }) {
  const whole = useWhole();
  if (!whole || resource.deleted_at || !resource.uid.startsWith("arn:")) return null;
  return (
    <div className="stack">
      <h3>Permissions</h3>
      <Link to="/permissions" search={{ resource: resource.uid }} className="link">Who can do what to it</Link>
      {/^AWS::IAM::(User|Role)$/.test(resource.type) && <Link to="/permissions" search={{ principal: resource.uid }} className="link">What it can do</Link>}
    </div>
  );
}

/** Ways to what reaches it over the network, and what it reaches. */
function Reached({ resource }: { resource: Detail["resource"] }) {
  const may = useMay("read_estate");
  const place = end(resource);
  if (!may || resource.deleted_at || place === undefined) return null;
  const isBalancer = resource.type.includes("LoadBalancing");
  return (
    <div className="stack">
      <h3>Network</h3>
      <Link to="/network" search={{ view: "reach", from: "internet", to: place }} className="link">From the internet</Link>
      {!isBalancer && <Link to="/network" search={{ view: "reach", to: place }} className="link">Who reaches it</Link>}
      {!isBalancer && <Link to="/network" search={{ view: "reach", from: place }} className="link">What it reaches</Link>}
    </div>
  );
}

/** Ways to how an intruder would come by it, and what would fall with it. */
function Walked({ resource }: { resource: Detail["resource"] }) {
  const may = useMay("read_estate");
  if (!may || resource.deleted_at || !resource.uid.startsWith("arn:")) return null;
  return (
    <div className="stack">
      <h3>Attack paths</h3>
      <Link to="/paths" search={{ view: "blast", of: resource.uid }} className="link">What falls with it</Link>
      <Link to="/paths" search={{ to: resource.uid }} className="link">How one comes by it</Link>
    </div>
  );
}

/** Ways to what checks found on it, and to the weaknesses of what has software in it. */
function Weak({ resource }: { resource: Detail["resource"] }) {
  const may = useMay("read_estate");
  if (!may || resource.deleted_at) return null;
  return (
    <div className="stack">
      <h3>Findings</h3>
      <Link to="/findings" search={{ resource: resource.uid }} className="link">What checks found on it</Link>
      {/^AWS::(EC2::Instance|ECR::Image|Lambda::Function)$/.test(resource.type) && <Link to="/vulnerabilities" search={{ resource: resource.uid }} className="link">Its weaknesses</Link>}
    </div>
  );
}

function Known({ detail }: { detail: Detail }) {
  const { resource, relations } = detail;
  const tab = useSearch({ from: "/resource", select: (search) => search.tab ?? "proof" });
  const navigate = useNavigate({ from: "/resource" });
  const name = label(resource);
  const past = useAt().as_of !== undefined;
  useEffect(() => { document.title = `${name.slice(0, 80)} · Fathom`; }, [name]);
  const edges = relations.outgoing.length + relations.incoming.length + relations.withheld;
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <p className="row small muted wrapped">
          <KindIcon type={resource.type} /><Link to="/resources" search={{ type: [resource.type] }}><Kind type={resource.type} /></Link>·
          <Link to="/resources" search={{ account: [resource.account] }}><bdi>{shown(resource.account, 40)}</bdi></Link>·
          <Link to="/resources" search={{ region: [resource.region] }}>{shown(resource.region, 40)}</Link>
        </p>
        <h1 className="wrap"><bdi>{shown(resource.name || resource.id, 160)}</bdi></h1>
        <div className={styles.sentence}>
          <span className="row wrapped">
            {resource.deleted_at ? <Badge state="broken">gone</Badge> : <Understood is={resource.understood} />}
            {resource.exposed && !resource.deleted_at && <Badge state="attention">exposed</Badge>}
            {resource.stale && <Badge state="unknown">stale</Badge>}
          </span>
          <p className="wrap">{sentences(detail).join(" ")}</p>
        </div>
        <div className="row small muted"><code className="truncate" title={shown(resource.uid, 600)}>{shown(resource.uid, 200)}</code><CopyButton text={resource.uid} what="Copy the uid" /></div>
      </div>
      <div className={styles.columns}>
        <div className={styles.body}>
          <div className="row spread">
            <Tabs
              label="Parts" value={tab} panel="panel" onChange={(next) => void navigate({ search: (was) => ({ ...was, tab: next === "proof" ? undefined : next }), replace: true })}
              options={[["proof", "Proof"], ["relations", `Relations ${edges}${relations.truncated ? "+" : ""}`], ["history", "History"], ["activity", "Activity"], ["drift", "Drift"], ["raw", "Raw"]]}
            />
            <Link to="/graph" search={{ uid: resource.uid }} className="button"><Share2 aria-hidden />Graph</Link>
          </div>
          <div id="panel" role="tabpanel" aria-labelledby={`tab-${tab}`} tabIndex={0} className={styles.panel}>
            {past && PRESENT_TABS.has(tab) && <p className="row wrapped"><Badge state="attention">of now</Badge><span>What stands here is as of now, whatever moment the page shows.</span></p>}
            {tab === "proof" && <Proof detail={detail} past={past} />}
            {tab === "relations" && <Relations detail={detail} />}
            {tab === "history" && <History uid={resource.uid} />}
            {tab === "activity" && <Activity uid={resource.uid} />}
            {tab === "drift" && <DriftOf uid={resource.uid} />}
            {tab === "raw" && <Raw detail={detail} />}
          </div>
        </div>
        <aside className={styles.side} aria-label="Facts">
          <Facts detail={detail} />
          <Allowed resource={resource} />
          <Reached resource={resource} />
          <Walked resource={resource} />
          <Weak resource={resource} />
          <Assigned resource={resource} assignments={detail.assignments} past={past} />
          <CopyLine text={`fathom explain ${word(resource.uid)}`} />
        </aside>
      </div>
    </div>
  );
}
