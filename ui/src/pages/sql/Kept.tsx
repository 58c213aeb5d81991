// The kept questions, and which of them stands in the field: as it is kept, or changed since.
import { Trash2 } from "lucide-react";
import { shown } from "../../lib/text";
import { Badge } from "../../parts/state";
import type { Question } from "./saved";
import type { Questions } from "./useQuestions";
import styles from "./Workbench.module.css";

/** Which kept question the text is: the one that it began as, also where it was changed since, or one of the same words. */
export function standing<Q extends Question>(all: readonly Q[], from: string | undefined, text: string): { open: Q | undefined; changed: boolean } {
  const same = all.filter((each) => each.query === text);
  const open = same.find((each) => each.name === from) ?? same[0] ?? all.find((each) => each.name === from);
  return { open, changed: open !== undefined && open.query !== text };
}

interface Props { questions: Questions; open: Question | undefined; changed: boolean; onPick: (question: Question) => void }

export function Kept({ questions, open, changed, onPick }: Props) {
  return (
    <section className="stack">
      <h2>Kept</h2>
      {questions.all.length === 0 ? <p className="small muted">{questions.asking ? "Asking for them…" : questions.here ? "None in this browser, and the server did not tell of any. New ones stay in this browser." : "None yet."}</p> : (
        <ul>
          {questions.all.map((each) => {
            const current = each.name === open?.name;
            return (
              <li key={each.name}>
                <div className="row spread">
                  <button type="button" className={styles.example} aria-current={current || undefined} onClick={() => onPick(each)} title={shown(each.query, 300)}><bdi>{shown(each.name, 60)}</bdi></button>
                  <button type="button" className="button plain" onClick={() => void questions.forget(each)} aria-label={`Forget ${shown(each.name, 60)}`} title="Forget"><Trash2 aria-hidden /></button>
                </div>
                {current && changed && <p className="small"><Badge state="attention">changed, not kept</Badge></p>}
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}
