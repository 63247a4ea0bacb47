/** Collections of this library. They must exist: no write creates one. */
export const collections = {
  users: 'users',
  works: 'works',
  emergencyBackup: 'emergency_backup',
  /** Leases, checkpoints and heartbeats of the maintenance jobs. */
  jobs: 'durable_jobs',
  integrityReports: 'integrity_reports',
  /** What the groups were told, and when each robot may be used again. */
  alerts: 'durable_alerts',
} as const;

/** Version written into every record and letter, so that a later reader knows what it looks at. */
export const SCHEMA_VERSION = 1;
