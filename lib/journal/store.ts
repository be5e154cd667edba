import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { type Database, open, type RootDatabase } from "lmdb";
import type { Run } from "../execute/run.js";
import type { Change, StoredProgress, StoredRun, StoredState, Table } from "./records.js";

/** How long finished runs are kept: until one of the two is reached. */
export interface Retention {
  ms: number;
  runs: number;
}

/** A file that LMDB cannot be trusted with: mapping a truncated one would end the whole process. */
export class DamagedJournal extends Error {}

/** The name of LMDB's file in the state folder. */
export const journalFile = "journal.mdb";
const pageBytes = 4096;
const lmdbMagic = 0xbeefc0de;
/** Offsets in each of LMDB's two first pages: behind the page header, and the last two of the meta page's fields. */
const metaStart = 24;
const lastPageAt = 144;
const transactionAt = 152;

/** What is kept of jobs, read from their table. */
export function jobsIn(table: Database<unknown, string>): StoredState["jobs"] {
  return [...table.getRange()].map(({ value }) => JSON.parse(value as string));
}

/** What is kept of what happened to jobs, read from its table. */
export function memoriesIn(table: Database<unknown, string>): StoredState["memories"] {
  return [...table.getRange()].map(({ key, value }) => [Number(key), Uint8Array.from(value as Uint8Array)]);
}

/** The tables in LMDB, written one transaction at a time, each on the disk when it returns. Belongs to one thread. */
export class JournalStore {
  readonly #root: RootDatabase;
  readonly #tables: Record<Table, Database<unknown, string>>;
  readonly #retention: Retention;

  /** @throws DamagedJournal, or what LMDB says */
  constructor(folder: string, retention: Retention) {
    const path = join(folder, journalFile);
    checkJournalFile(path);
    this.#root = open({ path, maxDbs: 8, overlappingSync: false });
    const table = (name: Table, encoding: "string" | "binary") =>
      this.#root.openDB<unknown, string>({ name, encoding, cache: false });
    this.#tables = {
      runs: table("runs", "string"),
      progress: table("progress", "string"),
      finished: table("finished", "string"),
      jobs: table("jobs", "string"),
      memories: table("memories", "binary"),
      times: table("times", "string"),
    };
    this.#retention = retention;
  }

  read(): StoredState {
    const { runs, jobs, memories, times } = this.#tables;
    return {
      runs: [...runs.getRange()].map(({ key, value }) => this.#run(key, value as string)),
      jobs: jobsIn(jobs),
      memories: memoriesIn(memories),
      times: [...times.getRange()].map(({ key, value }) => [key, value as string]),
    };
  }

  #run(id: string, value: string): StoredRun {
    const stored = { process: null, ...JSON.parse(value) } as StoredRun;
    const text = this.#tables.progress.get(id) as string | undefined;
    if (text === undefined) return stored;
    const progress = JSON.parse(text) as StoredProgress;
    return { ...stored, run: { ...stored.run, ...progress.run }, process: progress.process };
  }

  /** The newest finished runs, oldest first. */
  finished(limit: number): Run[] {
    const newest = [...this.#tables.finished.getRange({ reverse: true, limit })];
    return newest.map(({ value }) => JSON.parse(value as string) as Run).reverse();
  }

  /** Applies all or nothing, and is on the disk when it returns. */
  apply(changes: readonly Change[], replace: boolean): void {
    this.#root.transactionSync(() => {
      if (replace)
        for (const name of ["runs", "progress", "jobs", "memories", "times"] as const) this.#tables[name].clearSync();
      for (const [table, key, value] of changes) {
        if (value === null) this.#tables[table].removeSync(key);
        else this.#tables[table].putSync(key, value);
      }
      this.#compact();
    });
  }

  close(): Promise<void> {
    return this.#root.close();
  }

  /** Lets go of the oldest finished runs. Their keys begin with the time they fired, so the oldest come first. */
  #compact(): void {
    const { finished } = this.#tables;
    let surplus = finished.getCount() - this.#retention.runs;
    const oldest = Date.now() - this.#retention.ms;
    // A few more than one transaction adds, so that it always catches up and never takes long.
    for (const { key, value } of finished.getRange({ limit: 1000 })) {
      const { endedAt } = JSON.parse(value as string) as { endedAt: number };
      if (surplus <= 0 && endedAt >= oldest) return;
      finished.removeSync(key);
      surplus--;
    }
  }
}

/**
 * Makes sure that the file is as long as its own description says. Source: the layout of LMDB's two meta pages, each with
 * a magic number, the number of the last page in use and the number of the transaction that wrote it; the newer one holds.
 * @throws DamagedJournal
 */
export function checkJournalFile(path: string): void {
  if (!existsSync(path)) return;
  const descriptor = openSync(path, "r");
  try {
    const { size } = fstatSync(descriptor);
    if (size === 0) return;
    const pages = Buffer.alloc(2 * pageBytes);
    const read = readSync(descriptor, pages, 0, pages.length, 0);
    if (read < pages.length) throw new DamagedJournal(`${path} is cut off: it has ${size} bytes`);
    for (const start of [0, pageBytes]) {
      if (pages.readUInt32LE(start + metaStart) !== lmdbMagic)
        throw new DamagedJournal(`${path} is no journal, or damaged`);
    }
    const lastPages = [0, pageBytes].map((start) => Number(pages.readBigUInt64LE(start + lastPageAt)));
    const newest = pages.readBigUInt64LE(transactionAt) >= pages.readBigUInt64LE(pageBytes + transactionAt) ? 0 : 1;
    const needed = ((lastPages[newest] ?? 0) + 1) * pageBytes;
    if (size < needed) throw new DamagedJournal(`${path} is cut off: it has ${size} bytes of ${needed}`);
  } finally {
    closeSync(descriptor);
  }
}
