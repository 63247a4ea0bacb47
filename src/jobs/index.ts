/** Leases, checkpoints, what is due, heartbeats. */
export { createJobs, type Jobs, type RunOptions } from './jobs.ts';
export { type Done, type JobRun, type JobsDeps, type Outcome, type StartedOver, type Task } from './task.ts';
export { type Schedule, type Weekday } from './schedule.ts';
export { isReady, overdueJobs, type Job, type JobRow, type JobTable, type Overdue } from './table.ts';
