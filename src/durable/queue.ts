/** Runs what it is given one after the other. */
export type Queue = <T>(work: () => Promise<T>) => Promise<T>;

/** A queue with nothing in it; what fails keeps nothing waiting. */
export function createQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}
