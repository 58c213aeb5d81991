import { describe, expect, it } from "vitest";
import { drawn } from "../../testing/drawn";
import { AllKeys } from "./Keys";
import { LeastPrivilege } from "./LeastPrivilege";
import { AllSecrets } from "./Secrets";
import { Twin } from "./Twin";
import { Everything } from "./Unused";
import type { Grid } from "./grid";
import type { Least, Row } from "./used";

const AS_OF = { scan: 3, finished_at: null };
const ME = "arn:aws:iam::111122223333:user/ann";
const pages = (key: unknown[], answer: object) => [[["permissions", ...key], { pages: [answer], pageParams: [0] }]] as const;

describe("what nobody uses", () => {
  const row: Row = { state: "unused", kind: "access_key", uid: "AKIA1", principal: ME, account: "111122223333", name: "AKIA1", admin: "yes", active: false, provider_made: false, created: null, last_used: null, days: 400, because: "never used" };
  const answer = { days: 90, since: "2026-01-01T00:00:00Z", rows: [] as Row[], total: 0, unused: 0, unknown: 0, next: null, asked: [{ kind: "user", count: 2 }, { kind: "access_key", count: 1 }], young: 1, disagreements: [], gaps: [], as_of: AS_OF };
  const all = (of: object) => drawn(<Everything days={90} setWhat={() => undefined} />, pages(["unused", { days: 90, kind: undefined }], { ...answer, ...of }));
  it("may be nothing, as far as was looked", async () => {
    const text = await all({});
    expect(text).toContain("Nothing that was looked at is unused for 90 days. Looked at 2 users and 1 access key. 1 thing never used and younger than that.");
  });
  it("is told with how that is known, and apart from what is not known", async () => {
    const text = await all({ rows: [row, { ...row, state: "unknown", kind: "role", uid: "arn:aws:iam::111122223333:role/r", principal: "arn:aws:iam::111122223333:role/r", name: "r", active: null, admin: "unknown", days: null, because: "it was not read" }], total: 2, unused: 1, unknown: 1 });
    expect(text).toContain("1 thing was not used for 90 days. 1 not known");
    expect(text).toContain("AKIA1 access key of ann , inactive administrator 111122223333 never 400 days unused never used What it needs");
    expect(text).toContain("r role perhaps administrator 111122223333 not known it was not read");
  });
});

describe("what one needs", () => {
  const answer = { principal: ME, since: "2026-01-01T00:00:00Z", until: "2026-04-01T00:00:00Z", days: 90, places: [], silent: [], policies: ["own"], granted: 2, used: [], never_used: [], never_used_count: 0, never_tried: [], never_tried_count: 0, remembered: null, disagreements: [], unseen: [{ reason: "no_log", because: "no log", count: 2, groups: [{ service: "s3", access: "read", actions: ["s3:GetObject", "s3:ListBucket"] }] }], not_mapped: [], drops_unseen: false, policy: null, policy_chars: 0, proof: null, notes: ["no log was read."], as_of: AS_OF } as Least;
  const one = (of: Partial<Least>) => drawn(<LeastPrivilege principal="ann" days={90} drop={false} setDrop={() => undefined} />, [[["permissions", "least-privilege", { principal: "ann", days: 90, drop_unseen: false }], { ...answer, ...of }]]);
  it("is not known where no log was read", async () => {
    const text = await one({});
    expect(text).toContain("ann has 2 actions; which of these it uses is not known.");
    expect(text).toContain("no log read No log of its account was read for these 90 days");
    expect(text).toContain("There is none; the notes above say why.");
  });
  it("comes with the proof, and says where that is not known", async () => {
    const proposed = { policy: {}, proof: { allowed: 3, not_granted: [], not_wider: null, because: ["a pattern is too long"] } };
    expect(await one(proposed)).toContain("not known whether wider a pattern is too long");
    expect(await one({ ...proposed, proof: { ...proposed.proof, not_wider: true } })).toContain("no wider It allows nothing that is not granted today.");
  });
});

const NOBODY = { users: 0, roles: 0, roots: 0, services: 0, outside: 0, only_if: 0, unknown: 0 };

describe("keys and secrets", () => {
  const list = { rows: [] as object[], total: 0, next: null, gaps: [], as_of: AS_OF };
  const key = { key: "arn:aws:kms:eu-west-1:111122223333:key/1", account: "111122223333", region: "eu-west-1", aliases: ["alias/payments"], custody: "customer", state: "PendingDeletion", deletion: "2026-12-24T00:00:00Z", spec: null, rotation: { state: "off", every_days: null, why: null }, replicas: [], use_action: "kms:Decrypt", users: { ...NOBODY, roles: 2, unknown: 1 }, used_by: [], administrators: NOBODY, administered_by: [], grants: [{ id: "g", name: null, grantee: "AIDA1", state: "gone", retiring: null, operations: ["Decrypt"], age_days: 900, forgotten: true }], grants_count: 1, encrypts: [], encrypts_count: 3, concerns: ["it will be deleted, and 3 things are encrypted with it"], gaps: ["the policy was not read"] };
  it("say what to look at", async () => {
    const text = await drawn(<AllKeys />, pages(["keys", undefined], { ...list, rows: [key], total: 1 }));
    expect(text).toContain("1 key, 1 with something to look at.");
    expect(text).toContain("PendingDeletion, on 2026-12-24 look it will be deleted, and 3 things are encrypted with it 1 thing not seen 2 roles 1 not known nobody off 1 1 forgotten 3");
    expect(await drawn(<AllKeys />, pages(["keys", undefined], list))).toContain("No key was scanned.");
  });
  it("tell reading from decrypting", async () => {
    const secret = { secret: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db", resource_type: "AWS::SecretsManager::Secret", name: "db", account: "111122223333", key: "no scan saw it", readers: { ...NOBODY, users: 1 }, read_by: [], without_key: 4, rotation: { state: "unknown", every_days: null, why: "not read" }, rotated_at: null, changed_at: null, used_at: null, deleted_at: null, concerns: [], gaps: [] };
    const text = await drawn(<AllSecrets />, pages(["secrets", undefined], { ...list, rows: [secret], total: 1 }));
    expect(text).toContain("db SecretsManager Secret · 111122223333");
    expect(text).toContain("1 user 4 may ask and cannot decrypt not known not known never, as AWS tells");
  });
});

describe("the grid as a list", () => {
  it("says how much is in each row", async () => {
    const column = { key: "AWS::S3::Bucket", resource_type: "AWS::S3::Bucket", account: null, resources: 2, without_actions: 0, not_asked: 0, gaps: [], gaps_count: 0 };
    const answer: Grid = { rows: [{ kind: "user", principal: ME, cells: [[{ access: "data", decision: "allowed", actions: 2, resources: 1 }], []] }, { kind: "root", principal: "111122223333", cells: [[], []] }], columns: [column, { ...column, key: "AWS::SQS::Queue" }], rows_total: 2, columns_total: 2, resources_total: 4, questions: 1, gaps: [], as_of: AS_OF };
    const text = await drawn(<Twin answer={answer} by="type" open={() => undefined} />);
    expect(text).toContain("ann user of 111122223333 · something on 1 of 2 columns");
    expect(text).toContain("root user 111122223333 · something on 0 of 2 columns");
  });
});
