// The columns that the list of resources can show.
import type { ResourceRow as Row } from "../../api/types";
import { count, shown } from "../../lib/text";
import { Ago } from "../../parts/Ago";
import type { Column } from "../../parts/DataTable";
import { Kind, ResourceLink } from "../../parts/Name";
import { Badge, Understood } from "../../parts/state";

export const STANDARD = ["name", "type", "account", "region", "owner", "state"] as const;

/** `names` of accounts and networks, where one is known. */
export function columns(names: ReadonlyMap<string, string>): (Column<Row> & { meta: { name: string } })[] {
  return [
    { id: "name", header: "Name", cell: ({ row }) => <ResourceLink resource={row.original} />, meta: { name: "Name", width: "minmax(200px, 2fr)", order: "name" } },
    { id: "type", header: "Kind", cell: ({ row }) => <Kind type={row.original.type} />, meta: { name: "Kind", width: "minmax(140px, 1.3fr)", order: "type" } },
    { id: "id", header: "Id", cell: ({ row }) => <code title={shown(row.original.id, 300)}><bdi>{shown(row.original.id, 120)}</bdi></code>, meta: { name: "Id", width: "minmax(160px, 1.2fr)" } },
    { id: "uid", header: "Uid", cell: ({ row }) => <code title={shown(row.original.uid, 300)}><bdi>{shown(row.original.uid, 200)}</bdi></code>, meta: { name: "Uid", width: "minmax(260px, 2fr)", order: "uid" } },
    { id: "account", header: "Account", cell: ({ row }) => <bdi title={names.get(row.original.account)}>{shown(row.original.account, 40)}</bdi>, meta: { name: "Account", width: "126px", order: "account" } },
    { id: "region", header: "Region", cell: ({ row }) => shown(row.original.region, 40), meta: { name: "Region", width: "122px", order: "region" } },
    { id: "network", header: "Network", cell: ({ row }) => <Network uid={row.original.network} names={names} />, meta: { name: "Network", width: "minmax(130px, 1fr)" } },
    { id: "owner", header: "Owner", cell: ({ row }) => <Owner owner={row.original.owner} />, meta: { name: "Owner", width: "minmax(110px, 0.9fr)" } },
    { id: "assigned", header: "Assigned to", cell: ({ row }) => (row.original.assigned ? <bdi title={shown(row.original.assigned.note, 300)}>{shown(row.original.assigned.to, 60)}</bdi> : <span className="muted">–</span>), meta: { name: "Assigned to", width: "minmax(110px, 0.8fr)" } },
    { id: "state", header: "State", cell: ({ row }) => <State row={row.original} />, meta: { name: "State", width: "236px" } },
    { id: "tags", header: "Tags", cell: ({ row }) => <Tags tags={row.original.tags} />, meta: { name: "Tags", width: "minmax(180px, 1.4fr)" } },
    { id: "created", header: "Created", cell: ({ row }) => (row.original.created_at ? <Ago at={row.original.created_at} /> : <span className="muted">–</span>), meta: { name: "Created", width: "122px" } },
    { id: "first", header: "First seen", cell: ({ row }) => <Ago at={row.original.first_seen} />, meta: { name: "First seen", width: "122px", order: "first_seen" } },
    { id: "seen", header: "Last seen", cell: ({ row }) => (row.original.last_seen ? <Ago at={row.original.last_seen} /> : <span className="muted">–</span>), meta: { name: "Last seen", width: "122px", order: "last_seen" } },
  ];
}

function Owner({ owner }: { owner?: string | null }) {
  if (owner === undefined) return <span className="muted">–</span>;
  return owner === null ? <Badge state="unknown">nobody says</Badge> : <bdi title={shown(owner, 200)}>{shown(owner, 60)}</bdi>;
}

function Network({ uid, names }: { uid?: string | null; names: ReadonlyMap<string, string> }) {
  if (!uid) return <span className="muted">–</span>;
  return <bdi title={shown(uid, 300)}>{shown(names.get(uid) ?? uid.split(/[/:]/).at(-1) ?? uid, 60)}</bdi>;
}

function Tags({ tags }: { tags: Record<string, string> }) {
  const all = Object.entries(tags);
  const text = all.slice(0, 20).map(([key, value]) => `${shown(key, 60)}=${shown(value, 80)}`);
  return <span className="small" title={text.join("\n")}><bdi>{text.slice(0, 4).join(", ")}</bdi>{all.length > 4 && <span className="muted"> and {count(all.length - 4)} more</span>}</span>;
}

function State({ row }: { row: Row }) {
  return (
    <span className="row">
      {row.deleted_at ? <Badge state="broken">gone</Badge> : <Understood is={row.understood} />}
      {row.exposed && !row.deleted_at && <Badge state="attention" title="Its own settings say that it may be reached from outside">exposed</Badge>}
      {row.stale && <Badge state="unknown" title="The last scan could not say whether it still exists">stale</Badge>}
    </span>
  );
}
