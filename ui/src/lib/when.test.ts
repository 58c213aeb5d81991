import { describe, expect, it } from "vitest";
import { canBeMoment, fromLocal, momentWords } from "./when";

describe("moments", () => {
  it("are what the API may take, and nothing else", () => {
    for (const text of ["2026-11-22", "2026-11-22T08:00:00Z", "2026-11-22T08:00:00+02:00", "7d", "3 days ago", "scan:12", "12"]) expect(canBeMoment(text), text).toBe(true);
    for (const text of ["", "yesterday'; drop", "7 parsecs", "scan:", "22.11.2026", "<b>"]) expect(canBeMoment(text), text).toBe(false);
  });
  it("read as words", () => {
    expect(momentWords("7d")).toBe("7 days ago");
    expect(momentWords("1d")).toBe("1 day ago");
    expect(momentWords("scan:12")).toBe("scan 12");
    expect(momentWords("12")).toBe("scan 12");
    expect(momentWords("2026-11-22")).toBe("the end of 2026-11-22");
  });
  it("come from a local field as UTC", () => {
    expect(fromLocal("2026-11-22T08:00")).toBe(new Date(2026, 10, 22, 8).toISOString().replace(".000", ""));
    expect(fromLocal("")).toBeUndefined();
  });
});
