// As much of a window as the console's files want when they are loaded; nothing is drawn in it.
import { vi } from "vitest";

const kept = new Map<string, string>();
const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value), removeItem: (key: string) => void kept.delete(key) };
vi.stubGlobal("window", Object.assign(new EventTarget(), { location: { origin: "http://localhost", pathname: "/", search: "", hash: "" } }));
vi.stubGlobal("sessionStorage", storage);
