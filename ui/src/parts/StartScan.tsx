// The way to a scan, for who may start one: it concerns the whole estate.
import { Link } from "@tanstack/react-router";
import { Play } from "lucide-react";
import { May } from "../session/may";

export function StartScan({ first, main }: { first?: boolean; main?: boolean }) {
  return <div><May do="scan" say="start a scan" whole><Link to="/scans" hash="start" className={`button ${main ? "main" : ""}`}><Play aria-hidden />{first ? "Start the first scan" : "Start a scan"}</Link></May></div>;
}
