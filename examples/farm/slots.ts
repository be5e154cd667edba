/** A place on a host where one process may run. */
export interface Slot {
  readonly host: string;
}

/** Hosts and their slots. All are this machine: a host is a name for some of the processes it runs at once. */
export class Slots {
  readonly #hosts: ReadonlyMap<string, number>;
  readonly #taken = new Map<Slot, string>();

  constructor(hosts: Readonly<Record<string, number>>) {
    this.#hosts = new Map(Object.entries(hosts));
  }

  /** The emptiest host's next slot for `holder`, from `avoid` only if no other has one; undefined if all are taken. */
  take(holder: string, avoid: string): Slot | undefined {
    const free = [...this.#hosts]
      .map(([host, slots]) => ({ host, free: slots - this.#heldOn(host).length }))
      .filter((candidate) => candidate.free > 0)
      .sort((a, b) => Number(a.host === avoid) - Number(b.host === avoid) || b.free - a.free);
    const [best] = free;
    if (best === undefined) return undefined;
    const slot: Slot = { host: best.host };
    this.#taken.set(slot, holder);
    return slot;
  }

  release(slot: Slot): void {
    this.#taken.delete(slot);
  }

  records(): Record<string, unknown>[] {
    return [...this.#hosts].map(([name, cpus]) => {
      const subjobs = this.#heldOn(name);
      return { name, status: "active", cpus, used: subjobs.length, subjobs };
    });
  }

  #heldOn(host: string): string[] {
    return [...this.#taken].filter(([slot]) => slot.host === host).map(([, holder]) => holder);
  }
}
