// Shapes of the player's wire (docs/architecture.md) and of what its files share. Browsers never load this file.

import type { Change } from "./datamodel";

export type { Change };

export type NavName =
  | "previous" | "continue" | "choice" | "suspend-all" | "exit" | "exit-all" | "abandon" | "abandon-all";

/** What the server writes into the page. */
export interface Boot {
  /** Signed path under which `start` and `commit` are posted; ends in a slash. */
  run: string;
  session_id: string;
  /** How keys of the session's journal begin: new ones as the first says, others may still be there. */
  journal: string[];
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
}

export interface CommitBody {
  sent_at: string;
  activity: string;
  view: number;
  /** Initialize was called within this commit. */
  initialized: boolean;
  /** Terminate was called within this commit. */
  terminated: boolean;
  elements: Change[];
  tolerated: [call: string, rule: string][];
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
  /** Why Continue or Previous is closed or would lead nowhere. */
  reasons: Partial<Record<string, Reason>>;
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
  /** Null: as it was, or in the view. */
  navigation: Navigation | null;
  view: View | null;
}

/** What became of one request. Only `fatal` ends the launch. */
export type Outcome<T> =
  | { kind: "ok"; data: T }
  | { kind: "fatal"; code: string }
  | { kind: "large" }
  | { kind: "retry"; seconds: number };

/** Post JSON and say what became of it. */
export type Post = (url: string, body: string, signal?: AbortSignal, keepalive?: boolean) => Promise<Outcome<any>>;

/** What is kept in the browser for one session. */
export type OpenJournal = (prefixes: Boot["journal"]) => Journal;

export interface Journal {
  /** Keeps one commit; false where the browser cannot. */
  write(launch: string, number: number, json: string): boolean;
  /** Removes what the server has acknowledged. */
  forget(launch: string, upTo: number): void;
  /** Commits as JSON, in order, of each launch that left some. */
  read(): [launch: string, commits: string[]][];
}

export type SaveState = "saved" | "saving" | "offline";

/** `navigated`: the learner's event was part of the request. */
export type Answered = (answer: Answer, navigated: boolean) => void;

/** The learner has chosen something. */
export type Chosen = (request: NavName, target?: string | null) => void;

export type CreateSender = (options: {
  boot: Boot;
  journal: Journal;
  launch: string;
  /** Number of the view that is shown. */
  view: () => number;
  answered: Answered;
  /** The launch is over. */
  refused: (code: string) => void;
  /** `kept`: the journal holds all that is not saved. */
  saving: (state: SaveState, kept: boolean) => void;
}) => Sender;

/** The sender of one run. */
export interface Sender {
  /** Put a commit into the journal, then into the queue. */
  add(commit: CommitBody, urgent: boolean): void;
  /** Something was set that no commit carries yet. */
  touch(): void;
  /** Send what the learner wants, after everything that waits. */
  navigate(navigate: Navigate): void;
  /** Try now, whatever pause was running. */
  retry(): void;
  /** Keep the launch alive, if nothing else has. */
  renew(): void;
  /** Whether the server would miss something if the page went away now, and cannot be reached. */
  stuck(): boolean;
  /** Send with a request that outlives the page. What does not fit stays in the journal. `leave`: the learner goes. */
  leave(leave: boolean): void;
  stop(): void;
}

/** A commit on its way. */
export interface Waiting {
  number: number;
  json: string;
  bytes: number;
  /** Whether the journal has it. */
  kept: boolean;
}

/** Gives the text of a key in the learner's language, with `{names}` filled in. */
export type Translate = (key: string, values?: Record<string, string | number>) => string;

/** What a course has around its content: the bar, and where it has several activities, buttons and menu. */
export type CreateControls = (options: {
  /** Null for a single activity, which has only the bar. */
  tree: TreeNode | null;
  chosen: Chosen;
  say: (sentence: string) => void;
}) => Controls;

export interface Controls {
  /** Show what can be done now; without navigation, nothing can. */
  update(navigation: Navigation | null, view?: View): void;
  /** What would have to be done first for a request, in words; empty where that is not known. */
  why: (...asked: Parameters<Chosen>) => string;
  /** Put the learner where a choice can be made. */
  choose(): void;
}

/** The bar's own part: progress and full screen. */
export type CreateBar = () => {
  /** How far the learner is: by activities where there are several to count, otherwise by a measure from 0 to 1. */
  progress(complete: boolean, measure: number | null, done?: number, all?: number): void;
};

/** The menu's tree. */
export type CreateMenu = (
  host: HTMLElement,
  root: TreeNode,
  chosen: (id: string) => void,
  say: (sentence: string) => void,
) => Menu;

export interface Menu {
  /** A reason in words; `otherwise` where it does not say what to do. */
  explain(reason?: Reason, otherwise?: string): string;
  update(navigation: Navigation): void;
  /** Whether there is anything to choose from. */
  useful(): boolean;
  /** How many of the activities that can be delivered are done. */
  progress(): [done: number, all: number];
  /** Put the learner on the current entry, or on the first that can be chosen. */
  focus(): void;
}

/** One entry of the menu. */
export interface Entry {
  node: TreeNode;
  parent: Entry | null;
  children: Entry[];
  /** The `treeitem`. */
  element: HTMLElement;
  /** Its status in words, for screen readers. */
  said: HTMLElement;
  /** Why it is closed, for screen readers. */
  reason: HTMLElement;
}

/** One delivery of an activity: its data and what it has called. */
export interface Delivery {
  cmi: import("./cmi.js").Cmi;
  view: number;
  activity: string;
  terminated: boolean;
  /** Its last word on exit was `suspend`. */
  suspends: boolean;
  /** Running while something was set that is in no commit yet. */
  timer: number;
}
