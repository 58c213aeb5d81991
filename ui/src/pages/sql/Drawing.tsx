// An answer as a picture.
import Chart from "../../parts/Chart";
import { count, shown } from "../../lib/text";
import type { Plot } from "./drawable";
import styles from "./Workbench.module.css";

export default function Drawing({ plot }: { plot: Plot }) {
  if (plot.form === "lines") return <><Chart at={plot.at} lines={plot.lines} height={320} label={`${plot.lines.map((line) => shown(line.label, 60)).join(", ")} over time`} /><Rest rows={plot.more} /></>;
  const most = Math.max(1e-9, ...plot.bars.map((bar) => bar.value));
  return (
    <div className={styles.bars}>
      <table>
        <thead><tr><th scope="col">{shown(plot.name, 60)}</th><th scope="col" colSpan={2}>{shown(plot.value, 60)}</th></tr></thead>
        <tbody>
          {plot.bars.map((bar, at) => (
            <tr key={at}><th scope="row" className="truncate"><bdi>{shown(bar.name, 80)}</bdi></th><td className={styles.barCell}><span style={{ width: `${(bar.value / most) * 100}%` }} /></td><td className="number">{count(bar.value)}</td></tr>
          ))}
        </tbody>
      </table>
      <Rest rows={plot.more} />
    </div>
  );
}

const Rest = ({ rows }: { rows: number }) => rows > 0 && <p className="small muted">{rows === 1 ? "1 row is" : `${count(rows)} rows are`} not drawn.</p>;
