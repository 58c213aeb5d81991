// Filters, order and columns of a page under a name. They are kept on the server for whoever is signed in; where it keeps none, nothing shows.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Bookmark, Trash2 } from "lucide-react";
import { useState } from "react";
import { put, remove } from "../api/client";
import * as ask from "../api/queries";
import type { View } from "../api/types";
import { parse } from "../lib/address";
import { shown } from "../lib/text";
import { Menu } from "./Menu";
import { Wrong } from "./states";

const NAME_MAX = 120;

/** `query` is the address's part after the question mark as it is now. */
export function Views({ page, query }: { page: "/resources" | "/unexplained"; query: string }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const views = useQuery(ask.views(page));
  const [name, setName] = useState("");
  const renew = () => client.invalidateQueries({ queryKey: ["views", page] });
  const keep = useMutation({ mutationFn: () => put<View>("/api/v1/views", { page, name: name.trim(), kind: "view", query }), onSuccess: () => { setName(""); void renew(); } });
  const forget = useMutation({ mutationFn: (view: View) => remove("/api/v1/views/{id}", { id: view.id }), onSuccess: renew });
  if (!views.data) return null;
  const all = views.data.views.filter((view) => view.kind === "view");
  const current = all.find((view) => view.query === query);
  return (
    <Menu name="Saved views" label={<><Bookmark aria-hidden /><bdi className="truncate">{current ? shown(current.name, 30) : "Views"}</bdi></>}>
      {(close) => (
        <>
          {all.length === 0 ? <p className="small muted">No view is saved yet.</p> : (
            <ul>
              {all.map((view) => (
                <li key={view.id} className="row spread">
                  <button type="button" className="button plain" aria-current={view === current || undefined} onClick={() => { close(); void navigate({ to: page, search: parse(view.query.replace(/^\?/, "")) as never }); }}><bdi className="truncate">{shown(view.name, 60)}</bdi></button>
                  <button type="button" className="button plain" aria-label={`Forget ${shown(view.name, 60)}`} title="Forget" onClick={() => forget.mutate(view)}><Trash2 aria-hidden /></button>
                </li>
              ))}
            </ul>
          )}
          <form className="stack" onSubmit={(event) => { event.preventDefault(); if (name.trim()) keep.mutate(); }}>
            <label className="stack small">Save what is shown as<input className="input" value={name} maxLength={NAME_MAX} onChange={(event) => setName(event.target.value)} /></label>
            <div><button type="submit" className="button" disabled={name.trim() === "" || keep.isPending}>{all.some((view) => view.name === name.trim()) ? "Replace" : "Save"}</button></div>
          </form>
          {(keep.error ?? forget.error) && <Wrong error={keep.error ?? forget.error} once />}
        </>
      )}
    </Menu>
  );
}
