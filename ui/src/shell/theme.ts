// Light, dark, or as the system has it.
const KEY = "fathom.theme";
export type Theme = "system" | "light" | "dark";

let theme: Theme = (["light", "dark"] as const).find((each) => each === localStorage.getItem(KEY)) ?? "system";
const listeners = new Set<() => void>();

function apply(): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  for (const listener of listeners) listener();
}
const system = window.matchMedia("(prefers-color-scheme: dark)");
system.addEventListener("change", apply);
apply();

export const themes = {
  get: (): Theme => theme,
  /** Which of both is seen: what is drawn on a canvas has to be drawn anew when it changes. */
  seen: (): "light" | "dark" => (theme === "system" ? (system.matches ? "dark" : "light") : theme),
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  set(next: Theme): void {
    theme = next;
    if (next === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
    apply();
  },
  next: (): Theme => ({ system: "light", light: "dark", dark: "system" } as const)[theme],
};

/** A token's colour as it is now, for what is drawn on a canvas. */
export function colour(token: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}
