// The pages in the rail, with the command that shows the same in a terminal.
import { ChartNoAxesCombined, CircleDashed, Database, type LucideIcon, Radar, ScrollText, Share2, TableProperties, ListChecks } from "lucide-react";

export interface Page { to: "/" | "/resources" | "/unexplained" | "/graph" | "/coverage" | "/scans" | "/sql" | "/ledger"; name: string; icon: LucideIcon; cli: string }

export const PAGES: Page[] = [
  { to: "/", name: "Overview", icon: ChartNoAxesCombined, cli: "fathom summary" },
  { to: "/resources", name: "Resources", icon: TableProperties, cli: 'fathom sql "select * from resources"' },
  { to: "/unexplained", name: "Unexplained", icon: CircleDashed, cli: "fathom unknown" },
  { to: "/graph", name: "Graph", icon: Share2, cli: 'fathom sql "select * from edges"' },
  { to: "/coverage", name: "Coverage", icon: ListChecks, cli: "fathom coverage" },
  { to: "/scans", name: "Scans", icon: Radar, cli: "fathom scans" },
  { to: "/sql", name: "SQL", icon: Database, cli: "fathom sql" },
  { to: "/ledger", name: "Ledger", icon: ScrollText, cli: "fathom ledger list" },
];
