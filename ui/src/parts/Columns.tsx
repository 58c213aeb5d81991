// Which columns a table shows.
import { Columns3 } from "lucide-react";
import { Menu } from "./Menu";

interface Props { all: readonly { id: string; name: string; fixed?: boolean }[]; shown: readonly string[]; standard: readonly string[]; onChange: (ids: string[] | undefined) => void }

export function Columns({ all, shown, standard, onChange }: Props) {
  const same = (ids: readonly string[]) => ids.length === standard.length && ids.every((id) => standard.includes(id));
  const toggle = (id: string) => {
    const next = all.map((each) => each.id).filter((each) => (each === id ? !shown.includes(id) : shown.includes(each)));
    onChange(same(next) ? undefined : next);
  };
  return (
    <Menu name="Columns" right label={<><Columns3 aria-hidden />Columns</>}>
      {() => (
        <>
          <ul>
            {all.map((each) => (
              <li key={each.id}><label className="row"><input type="checkbox" checked={shown.includes(each.id)} disabled={each.fixed} onChange={() => toggle(each.id)} />{each.name}</label></li>
            ))}
          </ul>
          <div><button type="button" className="button" disabled={same(shown)} onClick={() => onChange(undefined)}>As at first</button></div>
        </>
      )}
    </Menu>
  );
}
