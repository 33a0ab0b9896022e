// Shapes of the player's wire (docs/architecture.md) and of what its files share. Browsers never load this file.

export type NavName =
  | "previous" | "continue" | "choice" | "suspend-all" | "exit" | "exit-all" | "abandon" | "abandon-all";

/** What the server writes into the page. */
export interface Boot {
  /** Signed path under which `start` and `commit` are posted; ends in a slash. */
  run: string;
  session_id: string;
  title: string;
  standard: "scorm_1_2" | "scorm_2004_2nd" | "scorm_2004_3rd" | "scorm_2004_4th";
  strictness: "conformant" | "tolerant";
  limits: Record<string, number>;
  return_url: string | null;
  /** Origins that may hear what happens; "self" is the player's own. */
  origins: string[];
  language: string;
  commit_bytes_max: number;
  commit_seconds: number;
  renew_seconds: number;
  /** Values for the colours of player.css, by name without `--scorm-`. */
  colors?: Record<string, string>;
}

export type ElementValue = [name: string, value: string];

export interface CommitBody {
  sent_at: string;
  activity: string;
  view: number;
  /** Initialize was called within this commit. */
  initialized: boolean;
  /** Terminate was called within this commit. */
  terminated: boolean;
  elements: ElementValue[];
  tolerated: ElementValue[];
}

export interface Navigate {
  request: NavName;
  target: string | null;
}

export interface Reason {
  code: string;
  activities?: string[];
}

export interface Navigation {
  valid: string[];
  current: string | null;
  closed: Record<string, Reason>;
  absent: string[];
  jump: string[];
  status: Record<string, string>;
}

export interface Summary {
  state: string;
  completion_status: string;
  success_status: string;
  score: { scaled: number | null; raw: number | null; min: number | null; max: number | null } | null;
  progress_measure: number | null;
  version: number;
}

export interface Activity {
  id: string;
  title: string;
  url: string;
  sco: boolean;
  hidden: string[];
  data: Record<string, string>;
}

export interface View {
  launch: string;
  number: number;
  state: "running" | "choosing" | "ended";
  reason: string | null;
  problem: { code: string; message: string } | null;
  activity: Activity | null;
  navigation: Navigation;
  summary: Summary;
}

export interface TreeNode {
  id: string;
  title: string;
  children: TreeNode[];
  visible: boolean;
  deliverable: boolean;
}

export interface Start {
  recovered: { launch: string; acknowledged: number }[];
  tree: TreeNode | null;
  view: View;
}

export interface Answer {
  acknowledged: number;
  refused: { number: number; element: string; code: string; reason: string }[];
  summary: Summary;
  navigation: Navigation;
  view: View | null;
}

/** What became of one request. Only `fatal` ends the launch. */
export type Outcome<T> =
  | { kind: "ok"; data: T }
  | { kind: "fatal"; code: string }
  | { kind: "large" }
  | { kind: "retry"; seconds: number };

export interface Journal {
  /** Keeps one commit; false where the browser cannot. */
  write(launch: string, number: number, json: string): boolean;
  forget(launch: string, upTo: number): void;
  read(): { launch: string; commits: string[] }[];
}

export type SaveState = "saved" | "saving" | "offline";

/** Gives the text of a key in the learner's language, with `{names}` filled in. */
export type Translate = (key: string, values?: Record<string, string | number>) => string;
