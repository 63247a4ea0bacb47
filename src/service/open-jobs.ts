import { createRetrier, retried } from '../durable/index.ts';
import { createJobs, type Jobs } from '../jobs/index.ts';
import { collections } from '../records/index.ts';
import type { Ports } from './runtime.ts';

/** The table of jobs, each statement with bounded retry. */
export function openJobs(ports: Ports): Jobs {
  const retrier = createRetrier(ports);
  return createJobs({
    ...ports,
    attempt: (deadline, run) => retried(retrier, { key: collections.jobs, deadline }, run),
  });
}
