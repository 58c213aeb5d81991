// What opens below a button and stays until it is left: choices, not a list of commands.
import { type ReactNode, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import styles from "./Menu.module.css";

interface Props { label: ReactNode; name: string; title?: string; className?: string; right?: boolean; children: (close: () => void) => ReactNode }

/** Pixels between button and panel, and between panel and the window's edge. */
const GAP = 4;
const EDGE = 8;

export function Menu({ label, name, title, className = "button", right, children }: Props) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const id = useId();
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  // In the layer above everything, so that no table cuts it off.
  useLayoutEffect(() => {
    const element = panel.current;
    const anchor = button.current?.getBoundingClientRect();
    if (!open || !element || !anchor) return;
    element.showPopover();
    const { width, height } = element.getBoundingClientRect();
    const left = Math.min(Math.max(EDGE, right ? anchor.right - width : anchor.left), Math.max(EDGE, window.innerWidth - width - EDGE));
    const below = anchor.bottom + GAP + height <= window.innerHeight - EDGE || anchor.top - GAP - height < EDGE;
    element.style.left = `${left}px`;
    element.style.top = `${below ? Math.min(anchor.bottom + GAP, Math.max(EDGE, window.innerHeight - height - EDGE)) : anchor.top - GAP - height}px`;
    element.querySelector<HTMLElement>("input:not([type=hidden]), button, a, select")?.focus();
  }, [open, right]);
  useEffect(() => {
    if (!open) return;
    const inside = (target: EventTarget | null) => target instanceof Node && (panel.current?.contains(target) || button.current?.contains(target));
    const outside = (event: Event) => {
      if (!inside(event.target)) setOpen(false);
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      setOpen(false);
      button.current?.focus();
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    document.addEventListener("scroll", outside, true);
    document.addEventListener("keydown", escape, true);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
      document.removeEventListener("scroll", outside, true);
      document.removeEventListener("keydown", escape, true);
    };
  }, [open]);
  return (
    <>
      <button ref={button} type="button" className={className} title={title} aria-expanded={open} aria-controls={open ? id : undefined} aria-haspopup="dialog" onClick={() => setOpen(!open)}>{label}</button>
      {/* What is handed on closes the panel when somebody asks, not while it is drawn. */}
      {/* eslint-disable-next-line react-hooks/refs */}
      {open && <div ref={panel} id={id} popover="manual" role="dialog" aria-label={name} className={styles.panel}>{children(close)}</div>}
    </>
  );
}
