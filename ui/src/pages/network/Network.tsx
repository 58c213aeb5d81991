// What reaches what over the network: what the internet reaches, what answers without asking who comes, or one end and another.
import { useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense } from "react";
import { patient } from "../../lib/patient";
import { Badge } from "../../parts/state";
import { Skeleton } from "../../parts/states";
import { Tabs } from "../../parts/Tabs";
import { useAt } from "../../parts/time";
import { Exposure } from "./Exposure";
import { Reach } from "./Reach";

const Unauthenticated = lazy(() => patient(() => import("./Unauthenticated")).then((module) => ({ default: module.Unauthenticated })));

const Firewall = lazy(() => patient(() => import("./Firewall")).then((module) => ({ default: module.Firewall })));

const VIEWS = [["exposed", "From the internet"], ["open", "Without sign-in"], ["web", "Web firewall"], ["reach", "Between two"]] as const;

export function Network() {
  const search = useSearch({ from: "/network" });
  const navigate = useNavigate({ from: "/network" });
  const past = useAt().as_of !== undefined;
  const view = search.view ?? (search.from ?? search.to ? "reach" : "exposed");
  const views: ReactNode = <Tabs label="What to ask" value={view} options={VIEWS} onChange={(next) => void navigate({ search: (was) => ({ as_of: was.as_of, since: was.since, view: next === "exposed" ? undefined : next }) })} />;
  const note: ReactNode = past && <p className="row wrapped"><Badge state="attention">of now</Badge><span>The network is known as the last scan left it, whatever moment the page shows.</span></p>;
  if (view === "open") return <Suspense fallback={<Skeleton lines={8} label="Fetching the page" />}><Unauthenticated views={views} note={note} /></Suspense>;
  if (view === "web") return <Suspense fallback={<Skeleton lines={8} label="Fetching the page" />}><Firewall views={views} note={note} /></Suspense>;
  return view === "reach" ? <Reach views={views} note={note} /> : <Exposure views={views} note={note} />;
}
