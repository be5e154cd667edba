import { native } from "../native.js";

/**
 * The service manager that has started this process, if there is one that wants to know how it does. Source: sd_notify(3),
 * sd_watchdog_enabled(3) of systemd.
 */
export class ServiceManager {
  readonly #address: string | null;
  #watchdog: NodeJS.Timeout | null = null;

  constructor(environment: Readonly<Record<string, string | undefined>> = process.env) {
    this.#address = environment.NOTIFY_SOCKET || null;
    const everyMs = watchdogMs(environment);
    if (this.#address === null || everyMs === null) return;
    // The event loop turns: that is what it wants to know.
    this.#watchdog = setInterval(() => this.#tell("WATCHDOG=1"), everyMs / 2);
    this.#watchdog.unref();
  }

  ready(status: string): void {
    this.#tell(`READY=1\nSTATUS=${oneLine(status)}`);
  }

  reloading(): void {
    this.#tell(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
  }

  stopping(): void {
    this.#tell("STOPPING=1");
  }

  close(): void {
    if (this.#watchdog !== null) clearInterval(this.#watchdog);
  }

  #tell(text: string): void {
    if (this.#address === null) return;
    try {
      native.serviceNotify(this.#address, text);
    } catch {
      // A manager that cannot be told is one that does not wait for it, or notices by itself.
    }
  }
}

function watchdogMs({ WATCHDOG_USEC, WATCHDOG_PID }: Readonly<Record<string, string | undefined>>): number | null {
  const ms = Number(WATCHDOG_USEC) / 1000;
  const isOurs = WATCHDOG_PID === undefined || Number(WATCHDOG_PID) === process.pid;
  return isOurs && ms > 0 ? ms : null;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}
