import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

export interface SiteWatchOptions {
  /** How often to look, in milliseconds. */
  intervalMs?: number;
}

const usualIntervalMs = 1000;

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

  /** Resolves after the first look: what changes from then on is told. Keeps no event loop alive. */
  static async start(paths: readonly string[], options: SiteWatchOptions = {}): Promise<SiteWatch> {
    const watch = new SiteWatch(paths, options.intervalMs ?? usualIntervalMs);
    watch.#told = await watch.#print();
    watch.#seen = watch.#told;
    watch.#lookAfter(watch.#intervalMs);
    return watch;
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    const begin = performance.now();
    const print = await this.#print();
    if (this.#closed) return;
    const isSettled = print === this.#seen;
    this.#seen = print;
    if (isSettled && print !== this.#told) {
      this.#told = print;
      this.onChange();
    }
    // A folder on a slow disk must not be looked at all the time.
    this.#lookAfter(Math.max(this.#intervalMs, 10 * (performance.now() - begin)));
  }

  #lookAfter(pauseMs: number): void {
    this.#timer = setTimeout(() => void this.#look(), pauseMs);
    this.#timer.unref();
  }

  async #print(): Promise<string> {
    return (await Promise.all(this.paths.map(printOf))).join("\n");
  }
}

async function printOf(path: string): Promise<string> {
  const own = await printOfEntry(path);
  const names = await readdir(path).catch(() => []);
  const entries = await Promise.all(names.sort().map((name) => printOfEntry(join(path, name))));
  return [own, ...entries].join("\n");
}

/** Links count as what they lead to. */
async function printOfEntry(path: string): Promise<string> {
  try {
    const { dev, ino, mode, uid, gid, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [path, dev, ino, mode, uid, gid, size, mtimeNs, ctimeNs].join(" ");
  } catch (error) {
    return `${path} ${(error as NodeJS.ErrnoException).code}`;
  }
}
