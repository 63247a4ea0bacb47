/** Runs work with a bound on how much of it is under way; the rest waits its turn. */
export interface Queue {
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** A queue that lets `limit` pieces of work run at once. */
export function createQueue(limit: number): Queue {
  const waiting: (() => void)[] = [];
  let running = 0;
  return {
    async run(work) {
      if (running < limit) running += 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        // The place goes straight to the next in line, so that nobody can slip in between.
        if (next === undefined) running -= 1;
        else next();
      }
    },
  };
}
