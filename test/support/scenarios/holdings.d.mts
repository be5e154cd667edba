/** Numbers of what a process holds. */
export interface Holdings {
  descriptors: number;
  threads: number;
  children: number;
}

export function holdings(pid?: number): Holdings;
export function settledHoldings(): Promise<Holdings>;
export function heldBeyond(before: Holdings, pid?: number): Promise<Holdings>;
export function launcherThreads(): string[];
export function childrenOf(pid?: number): number[];
