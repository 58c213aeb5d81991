// Kept questions: on the server for whoever is signed in, in this browser where it keeps none.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { put, remove } from "../../api/client";
import * as ask from "../../api/queries";
import type { View } from "../../api/types";
import { type Question, saved } from "./saved";

const PAGE = "/sql";

export interface Questions { all: (Question & { id?: number })[]; here: boolean; asking: boolean; keep: (question: Question) => Promise<void>; forget: (question: Question & { id?: number }) => Promise<void> }

export function useQuestions(): Questions {
  const client = useQueryClient();
  const own = useSyncExternalStore(saved.subscribe, saved.get);
  const { data, isPending } = useQuery(ask.views(PAGE));
  const renew = () => client.invalidateQueries({ queryKey: ["views", PAGE] });
  const kept = (data?.views ?? []).filter((view) => view.kind === "sql").map(({ id, name, query }) => ({ id, name, query }));
  return {
    all: [...kept, ...own.filter((each) => !kept.some((other) => other.name === each.name))],
    here: data === undefined,
    asking: isPending,
    keep: async (question) => {
      if (!data) {
        saved.add(question);
        return;
      }
      await put<View>("/api/v1/views", { page: PAGE, name: question.name, kind: "sql", query: question.query });
      saved.remove(question.name);
      await renew();
    },
    forget: async (question) => {
      if (question.id !== undefined) await remove("/api/v1/views/{id}", { id: question.id });
      saved.remove(question.name);
      await renew();
    },
  };
}
