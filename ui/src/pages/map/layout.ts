// Where each account, region and network lies on the map, and what its area says.
import type { Counts, Filter, Map as Estate } from "../../api/types";
import { type Box, inner, squarify } from "../../lib/treemap";

export interface Area {
  key: string;
  what: "account" | "region" | "network" | "outside";
  name: string;
  counts: Counts;
  /** What the list behind it asks for. */
  filter: Pick<Filter, "account" | "region" | "network">;
  children: Area[];
}
export interface Placed { area: Area; box: Box; depth: number; leaf: boolean }

// The account of what the provider shows to every account, such as the policies it writes: nobody's own.
const PROVIDER = "aws";

/** How many accounts are somebody's. */
export const owned = (estate: Estate) => estate.accounts.filter((account) => account.account !== PROVIDER).length;

/** The estate as areas within areas; a region without networks is not divided. */
export function areas(estate: Estate): Area[] {
  return estate.accounts.map((account): Area => ({
    key: account.account, what: "account", name: account.account === PROVIDER ? "What AWS itself keeps for all" : account.name ? `${account.name} (${account.account})` : account.account, counts: account.counts, filter: { account: [account.account] },
    children: account.regions.map((region): Area => {
      const filter = { account: [account.account], region: [region.region] };
      const key = `${account.account}\n${region.region}`;
      const parts: Area[] = region.networks.map((network) => ({ key: `${key}\n${network.uid}`, what: "network", name: network.name ?? network.uid.split(/[/:]/).at(-1) ?? network.uid, counts: network.counts, filter: { ...filter, network: [network.uid] }, children: [] }));
      if (parts.length > 0 && region.outside.resources > 0) parts.push({ key: `${key}\n`, what: "outside", name: "in no network", counts: region.outside, filter: { ...filter, network: [""] }, children: [] });
      return { key, what: "region", name: region.region, counts: region.counts, filter, children: parts };
    }),
  }));
}

/** Pixels between an area and what lies in it, and the height of its title. */
const EDGE = 3;
const TITLE = 20;
/** Smaller than this is not divided further. */
const DIVIDED_MIN = { width: 70, height: 58 };
/** Nothing is drawn narrower than about this, so that it can be seen and clicked. */
const NARROWEST_PX = 15;

/** Lays all areas out, outer ones first. Sizes go by the number of resources, the smallest a little larger than that. */
export function place(all: Area[], box: Box, depth = 0): Placed[] {
  const total = all.reduce((sum, area) => sum + area.counts.resources, 0);
  const floor = (total * NARROWEST_PX) / Math.max(1, Math.max(box.width, box.height));
  return squarify(all, (area) => Math.max(area.counts.resources, Math.min(floor, total / all.length)), box).flatMap(({ item: area, box: own }) => {
    const gap = { x: own.x + 1, y: own.y + 1, width: Math.max(0, own.width - 2), height: Math.max(0, own.height - 2) };
    const divided = area.children.length > 0 && gap.width >= DIVIDED_MIN.width && gap.height >= DIVIDED_MIN.height;
    return [{ area, box: gap, depth, leaf: !divided }, ...(divided ? place(area.children, inner(gap, EDGE, TITLE), depth + 1) : [])];
  });
}
