// Keeps the page that is open in sight where a row of links is longer than the window.
import { useEffect } from "react";

export function useInSight(row: string, open: unknown): void {
  useEffect(() => {
    const show = () => document.querySelector(`${row} [aria-current="page"]`)?.scrollIntoView({ block: "nearest", inline: "center" });
    show();
    // A window that becomes narrow turns the column of links into a row.
    window.addEventListener("resize", show);
    return () => window.removeEventListener("resize", show);
  }, [row, open]);
}
