/** Collections of the generation records. They must exist: no write creates one. */
export const collections = {
  users: 'users',
  works: 'works',
  emergencyBackup: 'emergency_backup',
} as const;

/** Version written into every record and letter, so that a later reader knows what it looks at. */
export const SCHEMA_VERSION = 1;
