// The facets of resources: the same at the left of every list of them.
import type { Count, Facets, Filter } from "../api/types";
import { kind, list as join, plain } from "../lib/text";
import { Facet, type Option } from "./Facets";

type FlagName = "understood" | "exposed" | "stale";
type ListName = "type" | "account" | "region" | "owner" | "network" | "assigned_to";

interface Props { facets: Facets; filter: Filter; set: (next: Partial<Filter>) => void; hide?: readonly string[] }

const FLAGS: Record<FlagName, [string, string, string]> = {
  understood: ["Understood", "understood", "not understood"], exposed: ["Exposed", "exposed", "not exposed"], stale: ["Stale", "stale", "seen by the last scan"],
};
const LISTS: Record<ListName, [string, string]> = {
  type: ["Kind", ""], owner: ["Owner", "nobody says"], account: ["Account", ""], region: ["Region", ""], network: ["Network", "in no network"], assigned_to: ["Assigned to", "nobody"],
};
const ORDER: (FlagName | ListName)[] = ["understood", "exposed", "stale", "owner", "assigned_to", "type", "account", "region", "network"];

const named = (name: ListName, each: Count): Option => ({
  ...each, name: each.value === "" ? LISTS[name][1] : name === "type" ? kind(each.value) : each.label ? `${each.label} (${each.value.split(/[/:]/).at(-1) ?? each.value})` : name === "network" ? each.value.split(/[/:]/).at(-1) : undefined,
});

export function FilterFacets({ facets, filter, set, hide = [] }: Props) {
  return (
    <>
      {ORDER.filter((name) => !hide.includes(name)).map((name) => {
        const counts = facets[name];
        if (name in FLAGS) {
          const flag = name as FlagName;
          const [title, yes, no] = FLAGS[flag];
          // What is true of all, or of none, filters nothing.
          if (filter[flag] === undefined && counts.filter((each) => each.count > 0).length < 2 && flag !== "understood") return null;
          return (
            <Facet
              key={name} title={title} single options={counts.map((each) => ({ ...each, name: each.value === "true" ? yes : no }))} chosen={filter[flag] === undefined ? [] : [String(filter[flag])]}
              onChange={([value]) => set({ [flag]: value === undefined ? undefined : value === "true" })}
            />
          );
        }
        const list = name as ListName;
        if (!filter[list]?.length && counts.length === 1 && counts[0]?.value === "") return null;
        return <Facet key={name} title={LISTS[list][0]} options={counts.map((each) => named(list, each))} chosen={filter[list] ?? []} onChange={(chosen) => set({ [list]: chosen.length ? chosen : undefined })} />;
      })}
      {facets.cut.length > 0 && <p className="small muted">Only the most frequent values of {join(facets.cut.map(plain))} are listed.</p>}
    </>
  );
}
