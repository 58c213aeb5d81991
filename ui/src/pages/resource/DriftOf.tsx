// What code declares it, and what of it is otherwise.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import * as ask from "../../api/queries";
import { shown } from "../../lib/text";
import { Answer, Empty } from "../../parts/states";
import { DriftRow } from "../drift/DriftRow";

export function DriftOf({ uid }: { uid: string }) {
  const drift = useQuery(ask.driftOf(uid));
  return (
    <Answer of={drift} lines={5} label="Comparing with the code">
      {(data) => {
        const row = data.rows.find((each) => each.uid === uid) ?? data.rows[0];
        if (data.state === "no_code") return <Empty title="No code is named that could be compared"><p className="wrap">{shown(data.hint ?? "", 400)} <Link to="/drift" className="link">How to name it</Link></p></Empty>;
        return row ? <DriftRow row={row} bare /> : <Empty title="Nothing is said about it"><p>It is not among what was compared. <Link to="/drift" className="link">All that was</Link></p></Empty>;
      }}
    </Answer>
  );
}
