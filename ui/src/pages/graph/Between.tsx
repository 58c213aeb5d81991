// Both ends of a path, and whether connections count against their direction too.
import { ArrowLeftRight } from "lucide-react";
import { PickResource } from "../../parts/PickResource";
import { Tabs } from "../../parts/Tabs";
import styles from "./Explorer.module.css";

interface Picked { uid: string; type: string; name?: string | null }
interface Props { from?: Picked; to?: Picked; onFrom: (picked: Picked) => void; onTo: (picked: Picked) => void; onTurn?: () => void; direction?: string; onDirection?: (direction: "both" | "out") => void }

export function Between({ from, to, onFrom, onTo, onTurn, direction, onDirection }: Props) {
  return (
    <div className={styles.between}>
      <PickResource label="From" value={from} onPick={onFrom} />
      {onTurn && <button type="button" className="button plain" aria-label="Turn around" title="Turn around" disabled={!from || !to} onClick={onTurn}><ArrowLeftRight aria-hidden /></button>}
      <PickResource label="To" value={to} onPick={onTo} />
      {onDirection && <Tabs label="Direction" value={direction === "out" ? "out" : "both"} options={[["both", "any direction"], ["out", "as stated"]]} onChange={onDirection} />}
    </div>
  );
}
