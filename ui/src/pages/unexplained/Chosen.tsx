// The resources that an action concerns, by name.
import { counted } from "../../lib/text";
import { label } from "../../parts/Name";

const SHOWN = 4;

export function Chosen({ rows }: { rows: { uid: string; type: string; name?: string | null }[] }) {
  return <>{rows.slice(0, SHOWN).map((row, at) => <span key={row.uid}>{at > 0 && ", "}<bdi>{label(row)}</bdi></span>)}{rows.length > SHOWN && ` and ${counted(rows.length - SHOWN, "more", "more")}`}</>;
}
