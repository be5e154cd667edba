declare module "qlobber" {
  interface QlobberOptions {
    separator?: string;
    wildcard_one?: string;
    wildcard_some?: string;
    cache_adds?: boolean;
    cache_splits?: number;
  }
  class Qlobber<T> {
    constructor(options?: QlobberOptions);
    add(topic: string, value: T): this;
    match(topic: string): T[];
  }
  const qlobber: { Qlobber: typeof Qlobber };
  export default qlobber;
}
