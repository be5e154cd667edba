import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

export interface SiteWatchOptions {
  /** How often to look, in milliseconds. */
  intervalMs?: number;
  /** When what is known of the files began to be read, in Unix milliseconds: what has changed since is told. */
  since?: number;
}

const usualIntervalMs = 1000;
/** Times of files are behind the clock by up to this. */
const clockTickMs = 20;

/**
 * Notices when files of a site change: looks at names, sizes and times, again and again. The system's notifications would
 * tell sooner, but nothing of what another host does to a network folder, of a folder that is replaced, or of one that
 * vanishes and returns. A change is told once two looks in a row have found the same, lest a file be read that is half written.
 */
export class SiteWatch {
  /** Files and folders; of folders what is directly in them counts. They need not exist. */
  paths: readonly string[];
  /** Called for each change. */
  onChange: () => void = () => undefined;
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | null = null;
  #told = "";
  #seen = "";
  #closed = false;

  private constructor(paths: readonly string[], intervalMs: number) {
    this.paths = paths;
    this.#intervalMs = intervalMs;
  }

  /** Resolves after the first look: what changes from then on, or has changed `since`, is told. Keeps no event loop alive. */
  static async start(paths: readonly string[], options: SiteWatchOptions = {}): Promise<SiteWatch> {
    const watch = new SiteWatch(paths, options.intervalMs ?? usualIntervalMs);
    const { text, changedAt } = await watch.#print();
    watch.#seen = text;
    const since = (options.since ?? Number.POSITIVE_INFINITY) - clockTickMs;
    watch.#told = changedAt < since ? text : "";
    watch.#lookAfter(watch.#intervalMs);
    return watch;
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    const begin = performance.now();
    const { text } = await this.#print();
    if (this.#closed) return;
    const isSettled = text === this.#seen;
    this.#seen = text;
    if (isSettled && text !== this.#told) {
      this.#told = text;
      this.onChange();
    }
    // A folder on a slow disk must not be looked at all the time.
    this.#lookAfter(Math.max(this.#intervalMs, 10 * (performance.now() - begin)));
  }

  #lookAfter(pauseMs: number): void {
    this.#timer = setTimeout(() => void this.#look(), pauseMs);
    this.#timer.unref();
  }

  async #print(): Promise<Print> {
    return joined(await Promise.all(this.paths.map(printOf)));
  }
}

/** What files look like. */
interface Print {
  text: string;
  /** When the latest of their changes was, in Unix milliseconds. */
  changedAt: number;
}

function joined(prints: readonly Print[]): Print {
  const changedAt = prints.reduce((latest, print) => Math.max(latest, print.changedAt), Number.NEGATIVE_INFINITY);
  return { text: prints.map(({ text }) => text).join("\n"), changedAt };
}

async function printOf(path: string): Promise<Print> {
  const own = await printOfEntry(path);
  const names = await readdir(path).catch(() => []);
  return joined([own, ...(await Promise.all(names.sort().map((name) => printOfEntry(join(path, name)))))]);
}

/** Links count as what they lead to. */
async function printOfEntry(path: string): Promise<Print> {
  try {
    const { dev, ino, mode, uid, gid, size, mtimeNs, ctimeNs, ctimeMs } = await stat(path, { bigint: true });
    return { text: [path, dev, ino, mode, uid, gid, size, mtimeNs, ctimeNs].join(" "), changedAt: Number(ctimeMs) };
  } catch (error) {
    return { text: `${path} ${(error as NodeJS.ErrnoException).code}`, changedAt: Number.NEGATIVE_INFINITY };
  }
}
