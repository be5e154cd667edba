import type { Callback } from "../config/configuration.js";
import { UcbError } from "../errors.js";
import type { Launcher } from "./launcher.js";
import type { ScriptCommand } from "./script-command.js";
import { type WarmKind, warmKind } from "./warm-kind.js";

/** How many runs in how long a time make a warm interpreter worth its memory, where `warm = auto` leaves it to us. */
const worthwhile = { runs: 3, withinMs: 60_000 };
/** Deaths in this time after which an interpreter is not started again. */
const hopeless = { deaths: 3, withinMs: 60_000 };

export interface WarmOptions {
  /** After how many forks an interpreter is replaced by a fresh one; 10,000 by default. */
  forks?: number | undefined;
  /** Milliseconds after which an interpreter that nobody needs is ended; five minutes by default. */
  idleMs?: number | undefined;
}

/** How a run is to be started: by this host, or by none, and why not where one was wanted. */
export interface WarmChoice {
  host: number | null;
  reason: string | null;
}

interface Host {
  readonly ticket: number;
  ready: boolean;
  forks: number;
}

interface Kind {
  readonly key: string;
  host: Host | null;
  /** Takes over when it is ready. */
  next: Host | null;
  usedAt: number;
  readonly deaths: number[];
  /** Why no more is started. */
  givenUp: string | null;
}

const cold: WarmChoice = { host: null, reason: null };

/**
 * The warm interpreters of one engine: started when they are first worth it, replaced when they have forked often or
 * died, ended when nobody needs them. Must be closed.
 */
export class WarmInterpreters {
  /** Told once of each interpreter that is given up. */
  onProblem: (error: UcbError) => void = () => {};
  readonly #launcher: Launcher;
  readonly #forks: number;
  readonly #idleMs: number;
  readonly #kinds = new Map<string, Kind>();
  /** Times of the last runs, by callback. */
  readonly #fired = new WeakMap<Callback, number[]>();
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(launcher: Launcher, options: WarmOptions = {}) {
    this.#launcher = launcher;
    this.#forks = options.forks ?? 10_000;
    this.#idleMs = options.idleMs ?? 300_000;
  }

  /** How many there are. */
  get size(): number {
    return [...this.#kinds.values()].reduce((sum, kind) => sum + this.#hostsOf(kind).length, 0);
  }

  /** Decides about a run that is started now, and starts an interpreter if one is due. */
  choose(callback: Callback, command: ScriptCommand, environment: Readonly<Record<string, string>>): WarmChoice {
    const { warm } = callback.options;
    if (warm === "no" || this.#closed) return cold;
    if (warm === "auto" && !this.#isWorthwhile(callback)) return cold;
    const description = warmKind(callback, command, environment);
    if (typeof description === "string") return { host: null, reason: description };
    const kind = this.#kindOf(description);
    if (kind.givenUp !== null) return { host: null, reason: kind.givenUp };
    kind.usedAt = performance.now();
    const host = this.#hostOf(kind, description);
    // Who insists waits for what takes no longer than a cold start; all others are cold until it is there.
    if (host === null || (!host.ready && warm === "auto")) return cold;
    host.forks += 1;
    return { host: host.ticket, reason: null };
  }

  /** Lets all of them end, when they have begun what they were asked for. */
  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const kind of this.#kinds.values()) this.#end(kind);
    this.#kinds.clear();
  }

  #isWorthwhile(callback: Callback): boolean {
    const now = performance.now();
    const times = [...(this.#fired.get(callback) ?? []), now].slice(-worthwhile.runs);
    this.#fired.set(callback, times);
    const [first = now] = times;
    return times.length === worthwhile.runs && now - first <= worthwhile.withinMs;
  }

  #kindOf({ key }: WarmKind): Kind {
    let kind = this.#kinds.get(key);
    if (kind === undefined) {
      kind = { key, host: null, next: null, usedAt: 0, deaths: [], givenUp: null };
      this.#kinds.set(key, kind);
    }
    return kind;
  }

  #hostOf(kind: Kind, description: WarmKind): Host | null {
    if (kind.host === null) kind.host = this.#start(kind, description);
    else if (kind.host.forks >= this.#forks && kind.next === null) kind.next = this.#start(kind, description);
    return kind.host;
  }

  #start(kind: Kind, { file, args, env }: WarmKind): Host | null {
    let host: Host | null = null;
    try {
      const ticket = this.#launcher.openHost(
        { file, args, env },
        {
          ready: () => host !== null && this.#becomeReady(kind, host),
          ended: (reason) => host !== null && this.#died(kind, host, reason),
        },
      );
      host = { ticket, ready: false, forks: 0 };
    } catch {
      // A launcher that is being closed; the run is about to hear of it.
      return null;
    }
    this.#watchIdle();
    return host;
  }

  #becomeReady(kind: Kind, host: Host): void {
    host.ready = true;
    if (kind.next !== host) return;
    if (kind.host !== null) this.#launcher.closeHost(kind.host.ticket);
    kind.host = host;
    kind.next = null;
  }

  #died(kind: Kind, host: Host, reason: string): void {
    if (kind.host === host) kind.host = null;
    if (kind.next === host) kind.next = null;
    const now = performance.now();
    kind.deaths.push(now);
    while (kind.deaths[0] !== undefined && now - kind.deaths[0] > hopeless.withinMs) kind.deaths.shift();
    // What does not come up once will not the next time either.
    if (host.ready && kind.deaths.length < hopeless.deaths) return;
    kind.givenUp = reason;
    this.onProblem(
      new UcbError("ERR_UCB_WARM", `scripts are started cold, because a warm interpreter cannot be had: ${reason}`, {
        hint: "remove what is wrong and reload, or set warm = no",
      }),
    );
  }

  #hostsOf(kind: Kind): Host[] {
    return [kind.host, kind.next].filter((host) => host !== null);
  }

  #end(kind: Kind): void {
    for (const host of this.#hostsOf(kind)) this.#launcher.closeHost(host.ticket);
    kind.host = null;
    kind.next = null;
  }

  #watchIdle(): void {
    if (this.#timer !== null || this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      const now = performance.now();
      for (const [key, kind] of this.#kinds) {
        if (now - kind.usedAt < this.#idleMs || kind.givenUp !== null) continue;
        this.#end(kind);
        this.#kinds.delete(key);
      }
      if (this.size > 0) this.#watchIdle();
    }, this.#idleMs / 2);
    this.#timer.unref();
  }
}
