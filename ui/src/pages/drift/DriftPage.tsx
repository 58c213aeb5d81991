// What differs from what was declared in code, and from what somebody approved.
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Tabs } from "../../parts/Tabs";
import { Baselines } from "./Baselines";
import { Code } from "./Code";

export function DriftPage() {
  const tab = useSearch({ from: "/drift", select: (search) => search.tab ?? "code" });
  const navigate = useNavigate({ from: "/drift" });
  const choice = (
    <Tabs
      label="Compared with" value={tab} options={[["code", "code"], ["baseline", "approved state"]]}
      onChange={(next) => void navigate({ search: { tab: next === "code" ? undefined : next }, replace: true })}
    />
  );
  return tab === "code" ? <Code choice={choice} /> : <Baselines choice={choice} />;
}
