// Shapes of the data model, for the type check of cmi.js and the checks. Browsers never load this file.

/** What a row says beside its name and type; see core/datamodel/element.py for the meaning of each. */
export interface Facts {
  access?: "ro" | "wo" | "rw";
  limit?: number;
  minimum?: number;
  maximum?: number;
  default?: string;
  vocabulary?: string[];
  reserved?: string[];
  requires?: string[];
  write_once?: boolean;
  unique?: boolean;
  clears?: string[];
  override?: string[];
  appends?: boolean;
  blank_unset?: boolean;
  per_session?: boolean;
  guarded?: boolean;
  targeted?: boolean;
  asked?: boolean;
  limit_option?: string;
  since?: number;
  publishes?: boolean;
  grows?: boolean;
}

export interface Row extends Facts {
  name: string;
  /** The data type; "[]" is a collection, "{}" a group. */
  type: string;
  vocabulary: string[];
  /** Its format depends on the interaction's type. */
  typed: boolean;
  /** An element, neither a collection nor a group. */
  leaf: boolean;
  /** Its name within its record. */
  own: string;
  /** Where records keep its value; 0 when they do not. */
  slot: number;
  /** Its number, from 1, among what other elements of its record require. */
  meets: number;
  /** Nothing but its type, its length and what it requires can speak against a value. */
  free: boolean;
  /** A value of this length is not too long, whatever else. */
  short: number;
  /** Its name begins with an underscore. */
  keyword: boolean;
  requires: string[];
  check: Check;
}

/** The check of one part of a value. */
export type Part = (text: string, table: Table) => string;

export type Check = (value: string, row: Row, kind: string, table: Table) => string;

/** Name, the code of the call in each state (0: allowed), the code when the player could not do it. */
export type Call = [name: string, notInitialized: number, running: number, terminated: number, failure: number];

/** ISO 639 codes, ISO 3166 codes; in lower case. */
export type Languages = [languages: Set<string>, countries: Set<string>];

export interface Table {
  standard: string;
  rows: [name: string, type: string, facts?: Facts][];
  /** Why a call is refused: the code when getting, when setting, the sentence. */
  reasons: Record<string, (number | string)[]>;
  errors: Record<string, string>;
  expects: Record<string, string>;
  calls: Call[];
  /** What a misplaced call is told in each of the three states; then a wrong argument, then a failure. */
  states: string[];
  limits: Record<string, number>;
  checks: Record<string, Check>;
  single_pattern?: string[];
  /** Navigation requests that take a target; set by Cmi. */
  targets?: string[];
  /** Set by Cmi from its options. */
  languages?: Languages;
}

export interface Node {
  children: Map<string, Node>;
  row?: Row;
  record?: Node;
  /** Elements of the record around it, by their names in there. */
  rows: Map<string, Row>;
}

/** A value, kept when it is removed. */
export interface Held {
  record: Values;
  row: Row;
  value: string | undefined;
  /** What the next commit says of it; null when it was removed, undefined when it says nothing. */
  change: string | null | undefined;
}

/** A name and its value; null when that was removed. */
export type Change = [name: string, value: string | null];

/** The values of one record, or those outside of all collections. */
export interface Values {
  /** The names' part before its elements, with its dot. */
  prefix: string;
  list: List;
  index: number;
  /** By the rows' slots. */
  held: Held[];
  /** How many requirements have been met: each list of them begins like every longer one. */
  met: number;
}

/** A collection, or what stands around the elements outside of all. */
export interface List {
  /** Its name with a dot. */
  base: string;
  /** The elements of its records, by their names in there. */
  rows: Map<string, Row>;
  /** Those that exist, then those that were removed or may come. */
  records: Values[];
  /** How many exist. */
  size: number;
  /** How many indices need no closer look when a value is set. */
  open: number;
  /** Up to which size that includes the next index; less than 0 where only the LMS adds a record. */
  most: number;
}

/** What a name stands for. */
export interface Place {
  name: string;
  row: Row;
  /** Why it is no element that has a value. */
  reason: string;
  /** The value of a keyword. */
  answer: string;
  record: Values;
  /** The outermost record around it. */
  outer: Values;
  /** All records around it, from the outermost. */
  steps: Values[];
}

/** Why a value is refused, and what the sentence adds. */
export type Why = [reason: string, detail?: string | number] | undefined;

export interface CmiOptions {
  strictness?: "conformant" | "tolerant";
  limits?: Record<string, number>;
  /** Edition of SCORM 2004. */
  edition?: number;
  /** Answers for `adl.nav.request_valid.*`, full name in; without it the answers come from the values. */
  navigationValid?: (name: string) => string;
  /** The default export of languages.js; needed where strictness is conformant and the standard 2004. */
  languages?: Languages;
}

/** Gives `API` or `API_1484_11`. */
export type CreateApi = (version: "1.2" | "2004", cmi: import("./cmi.js").Cmi, hooks: Hooks) => Record<string, string | ((argument?: any, value?: any) => string)>;

/** What the player does; the first three answer false where they could not. `changed` follows each accepted SetValue. */
export interface Hooks {
  initialize(): boolean;
  commit(): boolean;
  terminate(): boolean;
  changed(): void;
}
