// What lies over the page: the browser's own dialog, which keeps the focus and closes with Escape.
import { X } from "lucide-react";
import { type ReactNode, useEffect, useId, useRef } from "react";
import styles from "./parts.module.css";

/** Without `onClose` it stays until what is in it ends it. */
export function Dialog({ title, onClose, children, wide, bare }: { title: string; onClose?: () => void; children: ReactNode; wide?: boolean; bare?: boolean }) {
  const ref = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const dialog = ref.current;
    const before = document.activeElement;
    dialog?.showModal();
    // By itself the browser takes the first thing that can have the focus: the button that closes.
    const first = dialog?.querySelector<HTMLElement>("[data-first]") ?? dialog?.querySelector<HTMLElement>("input, textarea, button.main");
    first?.focus();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    // A click beside it closes it, as Escape does.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions
    <dialog
      ref={ref} className={`${styles.dialog} ${wide ? styles.wide : ""} ${bare ? styles.bare : ""}`} aria-labelledby={heading}
      onCancel={(event) => { event.preventDefault(); onClose?.(); }}
      onClose={(event) => {
        // A second Escape closes it whatever was said to the first: what must stay, such as a secret shown once, is opened again.
        if (event.target !== ref.current || ref.current.open) return;
        if (onClose) onClose();
        else ref.current.showModal();
      }}
      onClick={(event) => { if (event.target === ref.current) onClose?.(); }}
    >
      <div className={styles.dialogBody}>
        <div className={bare ? "hidden" : "row spread"}>
          <h1 id={heading}>{title}</h1>
          {!bare && onClose && <button type="button" className="button plain" onClick={onClose} aria-label="Close"><X aria-hidden /></button>}
        </div>
        {children}
      </div>
    </dialog>
  );
}
