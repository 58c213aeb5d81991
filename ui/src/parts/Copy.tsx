// A line to take along: a command, an id, a question.
import { Check, Copy as CopyIcon } from "lucide-react";
import { useEffect, useState } from "react";
import { shown } from "../lib/text";
import styles from "./parts.module.css";

export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

export function CopyButton({ text, what = "Copy" }: { text: string; what?: string }) {
  const [state, setState] = useState<"" | "done" | "refused">("");
  useEffect(() => {
    if (!state) return;
    const timer = setTimeout(() => setState(""), 1500);
    return () => clearTimeout(timer);
  }, [state]);
  const says = state === "done" ? "Copied" : state === "refused" ? "The browser does not allow copying here" : what;
  return (
    <button
      type="button" className="button plain" aria-label={says} title={says}
      onClick={async () => setState((await copy(text)) ? "done" : "refused")}
    >
      {state === "done" ? <Check aria-hidden /> : <CopyIcon aria-hidden />}
    </button>
  );
}

export function CopyLine({ text }: { text: string }) {
  return (
    <div className={styles.line}>
      <code title={shown(text, 1000)}>{shown(text, 400)}</code>
      <CopyButton text={text} what="Copy the command" />
    </div>
  );
}
