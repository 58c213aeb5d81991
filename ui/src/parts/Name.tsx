// Resources as they are named everywhere: icon of the kind, name, and a way to the page.
import { Link } from "@tanstack/react-router";
import {
  Archive, Bell, Box, Boxes, Camera, Clock, Database, FileKey, Globe, HardDrive, Inbox, KeyRound, type LucideIcon, MapPin, Network, Route, ScrollText,
  Server, Shield, SlidersHorizontal, UserRound, UsersRound, Waypoints, Zap, Eye,
} from "lucide-react";
import { kind, shown } from "../lib/text";
import styles from "./parts.module.css";

const ICONS: [RegExp, LucideIcon][] = [
  [/^seen::/, Eye],
  [/IAM::User|::User$/, UserRound], [/IAM::Group|UserGroup$/, UsersRound], [/IAM::|Role$|Policy$/, FileKey],
  [/S3::|ECR::|Backup/, Archive], [/SecurityGroup|NetworkAcl|WAF|GuardDuty|Macie|Access/, Shield],
  [/Instance$|AutoScaling|Server/, Server], [/Lambda|StepFunctions/, Zap], [/Snapshot|Image$/, Camera], [/Volume|EFS|FileSystem/, HardDrive],
  [/RDS|DynamoDB|ElastiCache|Redshift|Athena|Glue|Lake/, Database], [/KMS|Secret|Parameter|Certificate|ACM/, KeyRound],
  [/Logs::|CloudTrail|Config::/, ScrollText], [/SQS|MQ|Kinesis/, Inbox], [/SNS|Alarm|Events/, Bell], [/Schedule/, Clock],
  [/RouteTable|Gateway/, Route], [/VPC|Subnet|NetworkInterface|Transit/, Network], [/Route53|CloudFront|Domain|Api/, Globe], [/PrefixList|Location|Region/, MapPin],
  [/ECS|EKS|Cluster/, Boxes], [/LoadBalancing/, Waypoints], [/Settings|Configuration/, SlidersHorizontal],
];

export function KindIcon({ type }: { type: string }) {
  const Icon = ICONS.find(([pattern]) => pattern.test(type))?.[1] ?? Box;
  return <Icon className={styles.kindIcon} aria-hidden />;
}

export const Kind = ({ type }: { type: string }) => <span title={shown(type, 200)}>{kind(type)}</span>;

interface Named { uid: string; type: string; name?: string | null; id?: string }

/** What people call it; the last part of its uid where nobody does. */
export function label({ uid, name, id }: Named): string {
  const short = id ?? uid.split(/[/:]/).filter(Boolean).at(-1) ?? uid;
  return shown(name?.trim() ? name : short, 200);
}

export function ResourceLink({ resource, tab }: { resource: Named; tab?: "history" | "relations" }) {
  return (
    <Link to="/resource" search={{ uid: resource.uid, tab }} className={styles.name} title={shown(resource.uid, 300)}>
      <KindIcon type={resource.type} />
      <bdi className="truncate">{label(resource)}</bdi>
    </Link>
  );
}
