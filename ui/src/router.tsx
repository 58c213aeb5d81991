// The pages and their addresses. Every page but the first comes as a file of its own.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, retainSearchParams } from "@tanstack/react-router";
import { choice, flag, many, number, one, parse, some, stringify } from "./lib/address";
import { patient } from "./lib/patient";
import { Skeleton } from "./parts/states";
import { Lost, PageFailed, Shell } from "./shell/Shell";

type Raw = Record<string, unknown>;
/** Every parameter may be left out. */
const optional = <T extends object>(search: T): Partial<T> => search;

const root = createRootRoute({
  component: Shell, notFoundComponent: Lost, errorComponent: PageFailed,
  // The moment that is shown goes with whoever goes to another page.
  validateSearch: (raw: Raw) => optional({ as_of: short(raw.as_of), since: short(raw.since) }),
  search: { middlewares: [retainSearchParams(["as_of", "since"])] },
});
const short = (value: unknown) => one(value)?.slice(0, 100);
const text = (value: unknown) => one(value)?.trim().slice(0, 2048) || undefined;
/** Those of the words that are allowed. */
const words = <T extends string>(value: unknown, allowed: readonly T[]): T[] | undefined => {
  const said = many(value)?.flatMap((each) => allowed.find((one) => one === each) ?? []);
  return said?.length ? said : undefined;
};
/** Days as the server takes them. */
const days = (value: unknown) => { const said = number(value); return said !== undefined && said >= 1 && said <= 3650 ? said : undefined; };
/** A port of TCP or UDP. */
const port = (value: unknown) => { const said = number(value); return said !== undefined && said <= 65_535 ? said : undefined; };
/** The filter of every list of resources. */
const filter = (raw: Raw) => optional({
  search: one(raw.search), type: many(raw.type), account: many(raw.account), region: many(raw.region), owner: some(raw.owner), network: some(raw.network), assigned_to: some(raw.assigned_to),
  understood: flag(raw.understood), exposed: flag(raw.exposed), stale: flag(raw.stale), tag: many(raw.tag), first_seen_since: short(raw.first_seen_since),
});

/** How urgent a weakness is, the most urgent first. */
const CLASSES = ["1", "2", "3", "4", "5", "6"] as const;
const TABS = ["proof", "relations", "history", "activity", "drift", "raw"] as const;
export type Tab = (typeof TABS)[number];
const ORDERS = ["uid", "name", "type", "account", "region", "first_seen", "last_seen"] as const;

const overview = createRoute({
  getParentRoute: () => root, path: "/",
  validateSearch: (raw: Raw) => optional({ by: choice(raw.by, ["type", "account", "region", "team"]) }),
  component: lazyRouteComponent(() => patient(() => import("./pages/overview/Overview")), "Overview"),
});
const resources = createRoute({
  getParentRoute: () => root, path: "/resources",
  validateSearch: (raw: Raw) => optional({
    ...filter(raw), include_deleted: flag(raw.include_deleted) || undefined, order: choice(raw.order, ORDERS), descending: flag(raw.descending) || undefined, columns: many(raw.columns),
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
  validateSearch: (raw: Raw) => optional({ ...filter(raw), gap: many(raw.gap), include_accepted: flag(raw.include_accepted) || undefined }),
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
  validateSearch: (raw: Raw) => optional({ q: one(raw.q), view: choice(raw.view, ["table", "chart"]) }),
  component: lazyRouteComponent(() => patient(() => import("./pages/sql/Workbench")), "Workbench"),
});
const graph = createRoute({
  getParentRoute: () => root, path: "/graph",
  validateSearch: (raw: Raw) => optional({
    uid: one(raw.uid), open: many(raw.open), from: one(raw.from), to: one(raw.to), direction: choice(raw.direction, ["out"]), all: flag(raw.all) || undefined, account: many(raw.account), region: many(raw.region), type: many(raw.type), network: some(raw.network),
    view: choice(raw.view, ["picture", "list"]), areas: flag(raw.areas),
  }),
  component: lazyRouteComponent(() => patient(() => import("./pages/graph/Explorer")), "Explorer"),
});
const map = createRoute({
  getParentRoute: () => root, path: "/map",
  validateSearch: (raw: Raw) => optional({ ...filter(raw), view: choice(raw.view, ["picture", "list"]) }),
  component: lazyRouteComponent(() => patient(() => import("./pages/map/OrganisationMap")), "OrganisationMap"),
});
const changes = createRoute({
  getParentRoute: () => root, path: "/changes",
  validateSearch: (raw: Raw) => optional({ type: many(raw.type), account: many(raw.account), region: many(raw.region) }),
  component: lazyRouteComponent(() => patient(() => import("./pages/changes/Changes")), "Changes"),
});
const drift = createRoute({
  getParentRoute: () => root, path: "/drift",
  validateSearch: (raw: Raw) => optional({
    tab: choice(raw.tab, ["code", "baseline"]), verdict: many(raw.verdict), type: many(raw.type), account: many(raw.account), region: many(raw.region), file: many(raw.file), search: one(raw.search),
    baseline: one(raw.baseline), explained: flag(raw.explained) || undefined,
  }),
  component: lazyRouteComponent(() => patient(() => import("./pages/drift/DriftPage")), "DriftPage"),
});
const permissions = createRoute({
  getParentRoute: () => root, path: "/permissions",
  validateSearch: (raw: Raw) => optional({
    principal: text(raw.principal), action: text(raw.action), resource: text(raw.resource), context: many(raw.context)?.slice(0, 50),
    kind: choice(raw.kind, ["anyone", "any_account", "outside", "federated", "service", "root", "user", "role"]), from: choice(raw.from, ["public", "external", "federated", "confined", "cross_account", "service"]),
    view: choice(raw.view, ["ask", "matrix", "what-if", "escalation", "unused", "keys", "secrets"]), to: text(raw.to), more: flag(raw.more) || undefined, of: choice(raw.of, ["principal", "managed", "resource", "scp", "rcp"]), id: text(raw.id),
    // The grid: what it is about, which part of it, and the cell that is open together with `principal`.
    by: choice(raw.by, ["type", "account", "resource"]), account: many(raw.account), principal_kind: words(raw.principal_kind, ["root", "user", "role"]), who: text(raw.who), type: many(raw.type), owner: many(raw.owner), on: text(raw.on),
    access: words(raw.access, ["admin", "write", "data", "tagging", "read", "list"]), row: number(raw.row), column: number(raw.column), cell: text(raw.cell), as: choice(raw.as, ["grid", "list"]),
    days: days(raw.days), drop: flag(raw.drop) || undefined, what: choice(raw.what, ["access_key", "password", "user", "role"]), key: text(raw.key), secret: text(raw.secret),
  }),
  component: lazyRouteComponent(() => patient(() => import("./pages/permissions/Permissions")), "Permissions"),
});
const network = createRoute({
  getParentRoute: () => root, path: "/network",
  validateSearch: (raw: Raw) => optional({
    view: choice(raw.view, ["reach", "exposed", "open", "web"]), guard: words(raw.guard, ["none", "cannot", "unknown", "empty", "only_counts", "stops"]), from: text(raw.from), to: text(raw.to), port: port(raw.port), protocol: many(raw.protocol)?.slice(0, 20),
    account: many(raw.account), verdict: words(raw.verdict, ["yes", "only_if", "unknown"]), as: choice(raw.as, ["map", "list"]),
    internal: flag(raw.internal) || undefined, asks: words(raw.asks, ["nothing", "application", "any_account", "credentials"]), in_the_clear: flag(raw.in_the_clear), type: many(raw.type),
  }),
  component: lazyRouteComponent(() => patient(() => import("./pages/network/Network")), "Network"),
});
const paths = createRoute({
  getParentRoute: () => root, path: "/paths",
  validateSearch: (raw: Raw) => optional({
    view: choice(raw.view, ["stories", "fix-first", "blast"]), entry: words(raw.entry, ["internet", "vendor", "leaked_key", "given"]), jewel: words(raw.jewel, ["administrators", "data", "keys", "backups", "logs"]),
    answer: words(raw.answer, ["yes", "only_if", "unknown"]), from: text(raw.from), to: text(raw.to), story: text(raw.story), as: choice(raw.as, ["picture", "list"]), open: many(raw.open)?.slice(0, 20), through: text(raw.through), of: text(raw.of), half: choice(raw.half, ["isolated", "fails"]), days: days(raw.days),
  }),
  component: lazyRouteComponent(() => patient(() => import("./pages/paths/AttackPaths")), "AttackPaths"),
});
const vulnerabilities = createRoute({
  getParentRoute: () => root, path: "/vulnerabilities",
  validateSearch: (raw: Raw) => optional({
    view: choice(raw.view, ["judged", "not-looked"]), class: choice(raw.class, CLASSES) === undefined ? undefined : number(raw.class), exploitation: words(raw.exploitation, ["known", "likely", "unknown", "unlikely"]), reached: words(raw.reached, ["yes", "only_if", "unknown", "no"]), fixable: flag(raw.fixable) || undefined,
    software: words(raw.software, ["host", "image", "function"]), account: many(raw.account), owner: many(raw.owner), id: text(raw.id), resource: text(raw.resource), open: text(raw.open),
  }),
  component: lazyRouteComponent(() => patient(() => import("./pages/vulnerabilities/Vulnerabilities")), "Vulnerabilities"),
});
const findings = createRoute({
  getParentRoute: () => root, path: "/findings",
  validateSearch: (raw: Raw) => optional({
    view: choice(raw.view, ["teams", "trend", "accepted"]), by: choice(raw.by, ["account"]), ended: flag(raw.ended) || undefined, state: words(raw.state, ["open", "reopened", "accepted", "fixed"]), severity: words(raw.severity, ["critical", "high", "medium", "low"]), check: many(raw.check), service: many(raw.service), framework: text(raw.framework), control: text(raw.control),
    account: many(raw.account), owner: some(raw.owner), confirmed: flag(raw.confirmed), turned_since: short(raw.turned_since), resource: text(raw.resource), overdue: flag(raw.overdue) || undefined, q: text(raw.q), order: choice(raw.order, ["severity", "due"]),
  }),
  component: lazyRouteComponent(() => patient(() => import("./pages/findings/Findings")), "Findings"),
});
const finding = createRoute({ getParentRoute: () => root, path: "/findings/$id", component: lazyRouteComponent(() => patient(() => import("./pages/findings/Finding")), "Finding") });
const frameworks = createRoute({ getParentRoute: () => root, path: "/frameworks", component: lazyRouteComponent(() => patient(() => import("./pages/frameworks/Frameworks")), "Frameworks") });
const framework = createRoute({
  getParentRoute: () => root, path: "/frameworks/$id",
  validateSearch: (raw: Raw) => optional({ status: words(raw.status, ["fail", "unknown", "needs_evidence", "untested", "not_applicable", "pass"]) }),
  component: lazyRouteComponent(() => patient(() => import("./pages/frameworks/Framework")), "Framework"),
});
const protection = createRoute({
  getParentRoute: () => root, path: "/protection",
  validateSearch: (raw: Raw) => optional({ class: choice(raw.class, ["restricted", "confidential", "internal", "public"]), account: many(raw.account), owner: some(raw.owner), system: some(raw.system)?.slice(0, 1), layer: text(raw.layer) }),
  component: lazyRouteComponent(() => patient(() => import("./pages/protection/Protection")), "Protection"),
});
const reports = createRoute({
  getParentRoute: () => root, path: "/reports",
  validateSearch: (raw: Raw) => optional({ framework: text(raw.framework), account: many(raw.account), owner: some(raw.owner) }),
  component: lazyRouteComponent(() => patient(() => import("./pages/reports/Report")), "Report"),
});
const ledger = createRoute({
  getParentRoute: () => root, path: "/ledger",
  validateSearch: (raw: Raw) => optional({ from: number(raw.from), entry: number(raw.entry) }),
  component: lazyRouteComponent(() => patient(() => import("./pages/ledger/Ledger")), "Ledger"),
});

const settingsSearch = (raw: Raw) => optional({ id: number(raw.id) });
const settingsPage = lazyRouteComponent(() => patient(() => import("./pages/settings/Settings")), "Settings");
const settings = createRoute({ getParentRoute: () => root, path: "/settings", validateSearch: settingsSearch, component: settingsPage });
const settingsPart = createRoute({ getParentRoute: () => root, path: "/settings/$part", validateSearch: settingsSearch, component: settingsPage });

export const router = createRouter({
  routeTree: root.addChildren([overview, resources, resource, unexplained, map, changes, drift, coverage, scans, sql, graph, permissions, network, paths, vulnerabilities, findings, finding, frameworks, framework, protection, reports, ledger, settings, settingsPart]),
  parseSearch: (text) => parse(text.replace(/^\?/, "")),
  stringifySearch: stringify,
  defaultPendingMs: 300,
  defaultPendingComponent: () => <Skeleton lines={10} label="Fetching the page" />,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register { router: typeof router }
}
