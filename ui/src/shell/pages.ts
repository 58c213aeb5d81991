// The pages in the rail, with the command that shows the same in a terminal.
import { Bug, ChartNoAxesCombined, CircleDashed, ClipboardCheck, Database, Flag, Footprints, KeyRound, type LucideIcon, Network, Radar, ScrollText, Share2, TableProperties, ListChecks, LayoutGrid, GitCompareArrows, History, Settings, ShieldCheck } from "lucide-react";
import { isWhole, type Permission } from "../session/may";
import type { Who } from "../session/session";

export interface Page { to: "/" | "/resources" | "/unexplained" | "/map" | "/graph" | "/permissions" | "/network" | "/paths" | "/vulnerabilities" | "/findings" | "/frameworks" | "/protection" | "/drift" | "/changes" | "/coverage" | "/scans" | "/sql" | "/ledger" | "/settings"; name: string; icon: LucideIcon; cli: string;
  /** Who may not do this has no use for the page. */
  needs?: Permission;
  /** Whether its answers are for those only who see all accounts and teams. */
  whole?: boolean;
}

export const PAGES: Page[] = [
  { to: "/", name: "Overview", icon: ChartNoAxesCombined, cli: "fathom summary" },
  { to: "/resources", name: "Resources", icon: TableProperties, cli: 'fathom sql "select * from resources"' },
  { to: "/unexplained", name: "Unexplained", icon: CircleDashed, cli: "fathom unknown" },
  { to: "/map", name: "Map", icon: LayoutGrid, cli: 'fathom sql "select account, region, count(*) from resources group by 1, 2"' },
  { to: "/graph", name: "Graph", icon: Share2, cli: 'fathom sql "select * from edges"' },
  { to: "/permissions", name: "Permissions", icon: KeyRound, cli: "fathom public", needs: "read_estate", whole: true },
  { to: "/network", name: "Network", icon: Network, cli: "fathom exposed", needs: "read_estate" },
  { to: "/paths", name: "Attack paths", icon: Footprints, cli: "fathom paths", needs: "read_estate" },
  { to: "/vulnerabilities", name: "Vulnerabilities", icon: Bug, cli: "fathom vulnerabilities", needs: "read_estate" },
  { to: "/findings", name: "Findings", icon: Flag, cli: "fathom findings", needs: "read_estate" },
  { to: "/frameworks", name: "Frameworks", icon: ClipboardCheck, cli: "fathom frameworks", needs: "read_estate" },
  { to: "/protection", name: "Protection", icon: ShieldCheck, cli: "fathom protection", needs: "read_estate" },
  { to: "/changes", name: "Changes", icon: History, cli: "fathom diff" },
  { to: "/drift", name: "Drift", icon: GitCompareArrows, cli: "fathom drift" },
  { to: "/coverage", name: "Coverage", icon: ListChecks, cli: "fathom coverage" },
  { to: "/scans", name: "Scans", icon: Radar, cli: "fathom scans" },
  { to: "/sql", name: "SQL", icon: Database, cli: "fathom sql", needs: "query_sql", whole: true },
  { to: "/ledger", name: "Ledger", icon: ScrollText, cli: "fathom ledger list", needs: "read_ledger", whole: true },
  { to: "/settings", name: "Settings", icon: Settings, cli: "fathom people list" },
];

/** Whether the page has something for this person. */
export const isFor = (page: Page, who: Who | undefined): boolean =>
  (!page.needs || (who?.permissions.includes(page.needs) ?? false)) && (!page.whole || isWhole(who));

/** The page of an address; those below it count to it. */
export const pageAt = (path: string): Page | undefined =>
  PAGES.find((page) => page.to === path || (page.to !== "/" && path.startsWith(`${page.to}/`)));
