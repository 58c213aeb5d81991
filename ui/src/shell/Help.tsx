// The keys, on one sheet.
import { Dialog } from "../parts/Dialog";
import styles from "./Palette.module.css";

const KEYS: [string[], string][] = [
  [["Ctrl K"], "go to any resource, page or action"],
  [["/"], "search in this page"],
  [["j", "k"], "next and previous row of a list"],
  [["Enter", "o"], "open the row"],
  [["x"], "choose the row, where several can be chosen"],
  [["Ctrl Enter"], "ask the question in the SQL page; in the palette, copy the command"],
  [["Ctrl Space"], "complete in the SQL page"],
  [["Esc"], "close what lies over the page; leave a field"],
  [["?"], "this sheet"],
];

export function Help({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <dl className={styles.keys}>
        {KEYS.map(([keys, what]) => (
          <div key={what}><dt>{keys.map((key) => <kbd key={key}>{key}</kbd>)}</dt><dd>{what}</dd></div>
        ))}
      </dl>
    </Dialog>
  );
}
