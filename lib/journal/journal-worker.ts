/** The journal's thread: commits what it is sent, everything that has arrived in one transaction, and says what is durable. */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import type { Change, JournalReply, JournalRequest } from "./records.js";
import { DamagedJournal, JournalStore, type Retention } from "./store.js";

const { folder, retention } = workerData as { folder: string; retention: Retention };
const port = parentPort as MessagePort;

let store: JournalStore | null = null;
/** The parts so far of what the next replacement is to write. */
let snapshot: Change[] = [];
/** After a failure nothing may be written until the whole is replaced: what came between is missing. */
let broken = false;

open();

port.on("message", (request: JournalRequest) => {
  const requests = [request];
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
    requests.push(next.message as JournalRequest);
  }
  for (const group of groups(requests)) commit(group);
  for (const request of requests) if (request.kind === "finished") answer(request.limit);
  if (requests.some(({ kind }) => kind === "close")) void close();
});

function open(): void {
  try {
    store = new JournalStore(folder, retention);
    reply({ kind: "opened", state: store.read() });
  } catch (error) {
    const damaged = error instanceof DamagedJournal || /^MDB_(INVALID|CORRUPTED|VERSION|PAGE)/.test(messageOf(error));
    reply({ kind: "refused", code: damaged ? "damaged" : codeOf(error), message: messageOf(error) });
  }
}

function answer(limit: number): void {
  try {
    reply({ kind: "finished", runs: store?.finished(limit) ?? [] });
  } catch {
    // A file that failed has nothing to tell until it is opened anew.
    reply({ kind: "finished", runs: [] });
  }
}

type Applicable = Extract<JournalRequest, { sequence: number }>;

/** Requests that can share a transaction; a replacement begins a new one. */
function groups(requests: readonly JournalRequest[]): Applicable[][] {
  const all: Applicable[][] = [];
  for (const request of requests) {
    if (request.kind === "snapshot") snapshot = snapshot.concat(request.changes);
    if (!("sequence" in request)) continue;
    if (request.kind === "replace") {
      request.changes = snapshot.concat(request.changes);
      snapshot = [];
    }
    const last = all.at(-1);
    if (last === undefined || request.kind === "replace") all.push([request]);
    else last.push(request);
  }
  return all;
}

function commit(group: readonly Applicable[]): void {
  const [first] = group;
  const last = group.at(-1);
  if (first === undefined || last === undefined) return;
  const replace = first.kind === "replace";
  if (broken && !replace) return;
  try {
    if (store === null) throw new Error("the journal is not open");
    if (broken) {
      // LMDB may have given the file up after a failed write: only a new environment is known to be good.
      void store.close();
      store = new JournalStore(folder, retention);
    }
    store.apply(
      group.flatMap(({ changes }) => changes),
      replace,
    );
    broken = false;
    reply({ kind: "durable", sequence: last.sequence });
  } catch (error) {
    broken = true;
    reply({ kind: "failed", sequence: first.sequence, code: codeOf(error), message: messageOf(error) });
  }
}

async function close(): Promise<void> {
  await store?.close();
  reply({ kind: "closed" });
  port.close();
}

function reply(message: JournalReply): void {
  port.postMessage(message);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code ?? "");
}
