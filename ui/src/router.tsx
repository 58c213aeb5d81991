// The pages and their addresses. Every page but the first comes as a file of its own.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { choice, flag, many, number, one, parse, stringify } from "./lib/address";
import { patient } from "./lib/patient";
import { Skeleton } from "./parts/states";
import { Lost, PageFailed, Shell } from "./shell/Shell";

const root = createRootRoute({ component: Shell, notFoundComponent: Lost, errorComponent: PageFailed });
type Raw = Record<string, unknown>;
/** Every parameter may be left out. */
const optional = <T extends object>(search: T): Partial<T> => search;

const TABS = ["proof", "relations", "history", "raw"] as const;
export type Tab = (typeof TABS)[number];
const ORDERS = ["uid", "name", "type", "account", "region", "first_seen", "last_seen"] as const;
export const SPANS = ["1d", "7d", "30d"] as const;

const overview = createRoute({
  getParentRoute: () => root, path: "/",
  validateSearch: (raw: Raw) => optional({ since: choice(raw.since, SPANS), by: choice(raw.by, ["type", "account", "team"]) }),
  component: lazyRouteComponent(() => patient(() => import("./pages/overview/Overview")), "Overview"),
});
const resources = createRoute({
  getParentRoute: () => root, path: "/resources",
  validateSearch: (raw: Raw) => optional({
    search: one(raw.search), type: many(raw.type), account: many(raw.account), region: many(raw.region), understood: flag(raw.understood), tag: one(raw.tag),
    include_deleted: flag(raw.include_deleted) || undefined, order: choice(raw.order, ORDERS), descending: flag(raw.descending) || undefined,
  }),
  component: lazyRouteComponent(() => patient(() => import("./pages/resources/Resources")), "Resources"),
});
const resource = createRoute({
  getParentRoute: () => root, path: "/resource",
  validateSearch: (raw: Raw): { uid: string; tab?: Tab } => ({ uid: one(raw.uid) ?? "", tab: choice(raw.tab, TABS) }),
  component: lazyRouteComponent(() => patient(() => import("./pages/resource/Resource")), "Resource"),
});
const unexplained = createRoute({
  getParentRoute: () => root, path: "/unexplained",
  validateSearch: (raw: Raw) => optional({ type: many(raw.type), account: many(raw.account), include_accepted: flag(raw.include_accepted) || undefined }),
  component: lazyRouteComponent(() => patient(() => import("./pages/unexplained/Unexplained")), "Unexplained"),
});
const coverage = createRoute({
  getParentRoute: () => root, path: "/coverage",
  validateSearch: (raw: Raw) => optional({
    outcome: choice(raw.outcome, ["read", "empty", "unknown"]), reason: one(raw.reason), account: many(raw.account), region: many(raw.region), service: many(raw.service), type: many(raw.type),
  }),
  component: lazyRouteComponent(() => patient(() => import("./pages/coverage/Coverage")), "Coverage"),
});
const scans = createRoute({ getParentRoute: () => root, path: "/scans", component: lazyRouteComponent(() => patient(() => import("./pages/scans/Scans")), "Scans") });
const sql = createRoute({
  getParentRoute: () => root, path: "/sql",
  validateSearch: (raw: Raw) => optional({ q: one(raw.q), as_of: one(raw.as_of), view: choice(raw.view, ["table", "chart"]) }),
  component: lazyRouteComponent(() => patient(() => import("./pages/sql/Workbench")), "Workbench"),
});
const graph = createRoute({
  getParentRoute: () => root, path: "/graph",
  validateSearch: (raw: Raw) => optional({ uid: one(raw.uid), open: many(raw.open), view: choice(raw.view, ["picture", "list"]) }),
  component: lazyRouteComponent(() => patient(() => import("./pages/graph/Explorer")), "Explorer"),
});
const ledger = createRoute({
  getParentRoute: () => root, path: "/ledger",
  validateSearch: (raw: Raw) => optional({ from: number(raw.from), entry: number(raw.entry) }),
  component: lazyRouteComponent(() => patient(() => import("./pages/ledger/Ledger")), "Ledger"),
});

export const router = createRouter({
  routeTree: root.addChildren([overview, resources, resource, unexplained, coverage, scans, sql, graph, ledger]),
  parseSearch: (text) => parse(text.replace(/^\?/, "")),
  stringifySearch: stringify,
  defaultPendingMs: 300,
  defaultPendingComponent: () => <Skeleton lines={10} label="Fetching the page" />,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register { router: typeof router }
}
