// What the API answers with (docs/api.md). Members at their default value are left out there, so
// almost everything is optional here.

export interface Event {
  id?: string;
  n?: number;
  shard?: number;
  seq?: number;
  kind: string;
  entity: string;
  version?: number;
  type: string;
  at: number;
  by?: string;
  cause?: string;
  correlation?: string;
  hash?: string;
  data?: Record<string, unknown>;
  text?: string;
  agent?: string;
}
export interface Session {
  id: string;
  roles: string[];
}
export interface Usage {
  input_tokens?: number;
  output_tokens?: number;
  cost_micros?: number;
  wall?: number;
}
export interface Lack {
  for?: string;
  text: string;
  do?: string;
}
export interface Cite {
  turn?: number;
  speaker?: string;
  at?: number;
  quote: string;
}
export interface Requirement {
  key: string;
  title: string;
  text?: string;
  criteria?: string[];
  cites?: Cite[];
}
export interface Statement {
  text: string;
  who?: string;
  cites?: Cite[];
}
export interface BriefContent {
  title?: string;
  goal?: string;
  requirements?: Requirement[];
  decisions?: Statement[];
  open_questions?: Statement[];
  out_of_scope?: Statement[];
  due?: string;
}
export interface Item {
  key: string;
  title: string;
  text?: string;
  role?: string;
  criteria?: string[];
  blocked_by?: string[];
  files?: string[];
  importance?: string;
  requirements?: string[];
  supersedes?: string;
}
export interface PlanContent {
  items?: Item[];
  note?: string;
  forecast_time?: number;
  forecast_cost_micros?: number;
}
interface Entity {
  id: string;
  status: string;
  version?: number;
  project?: string;
  why?: string;
}
export interface Brief extends Entity {
  content?: BriefContent;
  content_hash?: string;
  submitted_at?: number;
  source?: { name?: string; kind?: string; text?: string };
}
export interface Plan extends Entity {
  brief?: string;
  number?: number;
  content?: PlanContent;
  content_hash?: string;
  findings?: string[];
  failure?: string;
}
export interface Approval extends Entity {
  subject: string;
  question: string;
  content_hash?: string;
  opened_at?: number;
  deadline?: number;
  how?: string;
  owner?: string;
  decided_by?: string;
  notes?: string;
}
export interface RunItem {
  item: Item;
  ticket: string;
  plan?: string;
  outcome?: string;
  commit?: string;
  why?: string;
  used?: Usage;
}
export interface Run extends Entity {
  brief?: string;
  plan?: string;
  plan_version?: number;
  by_hand?: boolean;
  items?: RunItem[];
  used?: Usage;
  question?: string;
  created_at?: number;
  ended_at?: number;
  lacks?: Lack;
}
export interface Holder {
  token?: number;
  is?: string;
  attempt?: string;
  stage?: number;
  agent?: string;
  daemon?: string;
  engine?: string;
  profile?: string;
  attempt_number?: number;
  since?: number;
  expires?: number;
  why?: string;
  summary?: string;
}
export interface Evidence {
  branch?: string;
  base?: string;
  head?: string;
  files?: string[];
  insertions?: number;
  deletions?: number;
  command?: string;
  exit_code?: number;
  log_digest?: string;
  log_bytes?: number;
  commits?: string[];
}
export interface Message {
  id: string;
  cause?: string;
  correlation?: string;
  kind?: string;
  from: string;
  to: string;
  engine?: string;
  deadline?: number;
  hops?: number;
  /** Each has a text, data, or the name of a file. */
  parts?: { text?: string; data?: unknown; media_type?: string; file?: string }[];
}
export interface Wait {
  owner: string;
  action: string;
  deadline?: number;
  question?: Message;
}
export interface Review {
  stage?: string;
  by: string;
  approved?: boolean;
  notes?: string[];
  head?: string;
}
export interface GateResult {
  gate: string;
  passed?: boolean;
  message?: string;
  proof?: Evidence;
}
export interface Remark {
  id: string;
  at?: number;
  by?: string;
  text: string;
  reply_to?: string;
  metrics?: Record<string, string>;
  blockers?: string[];
  next_steps?: string[];
}
export interface Stage {
  name: string;
  kind?: string;
  role?: string;
  gates?: { name: string }[];
}
/** What happens with a ticket, as the server says it in one sentence. */
export interface Situation {
  text: string;
  /** Who or what it waits for; not there where it is being worked, or over. */
  for?: string;
  /** What a person can do about it. */
  do?: string;
  since?: number;
  until?: number;
}
export interface Ticket extends Entity {
  now?: Situation;
  brief?: string;
  plan?: string;
  run?: string;
  item: Item;
  stages?: Stage[];
  attempts?: number;
  rounds?: number;
  round?: number;
  repository?: string;
  target_branch?: string;
  by_hand?: boolean;
  supersedes?: string;
  resolver?: string;
  opened_at?: number;
  changed_at?: number;
  run_active?: boolean;
  blocked_by?: string[];
  open_blockers?: string[];
  stage_index?: number;
  retry_at?: number;
  last_token?: number;
  holder?: Holder;
  workers?: { agent?: string; daemon?: string; author?: boolean; stage?: number }[];
  waits?: Wait[];
  proof?: Evidence;
  reviews?: Review[];
  gate_results?: GateResult[];
  merged_as?: string;
  used?: Usage;
  counted?: { sent_by?: Record<string, number>; tries?: number; uncounted?: number };
  conversation?: Message[];
  comments?: Remark[];
  lacks?: Lack;
}
export interface Agent extends Entity {
  spec: { name: string; role: string; engine?: string; capacity?: number };
  hired_at?: number;
  inbox?: Message[];
  outbox?: Message[];
  answered?: number;
  /** How often it was started again after a crash, since the server started. */
  restarts?: number;
  leases?: (string | { ticket: string })[];
  waits?: { owner: string; action: string; deadline?: number; message: string; asked_by: string; content?: string }[];
}
export interface Daemon extends Entity {
  name?: string;
  slots?: number;
  drained?: boolean;
  /** When it said something last, since the server's start. */
  heard_at?: number;
  runners?: { profile: string; version?: string; slots?: number }[];
  repositories?: string[];
  enrolled_at?: number;
  changed_at?: number;
}
export interface Account {
  reserved?: number;
  spent?: number;
  granted?: number;
  dry?: boolean;
  parent?: string;
}
export interface Budget extends Entity {
  scopes?: Record<string, Account>;
}
export interface Project extends Entity {
  name?: string;
  lacks?: Lack | Lack[];
  created_at?: number;
}
