// How the console looks here.
import { useSyncExternalStore } from "react";
import { Tabs } from "../../parts/Tabs";
import { themes } from "../../shell/theme";
import { Head } from "./Head";
import styles from "./Settings.module.css";

export function Appearance() {
  const theme = useSyncExternalStore(themes.subscribe, themes.get);
  return (
    <>
      <Head title="Appearance" sentence="Kept in this browser." />
      <div className={styles.sections}>
        <section className={styles.section}>
          <div className={styles.top}>
            <h3 id="theme">Theme</h3>
            <Tabs label="Theme" value={theme} options={[["system", "As the system"], ["light", "Light"], ["dark", "Dark"]]} onChange={(next) => themes.set(next)} />
          </div>
        </section>
        <section className={styles.section}>
          <h3>Times</h3>
          <p>All times are shown in the zone of this browser, {Intl.DateTimeFormat().resolvedOptions().timeZone || "which it does not tell"}. What is sealed in the ledger is in UTC.</p>
        </section>
      </div>
    </>
  );
}
