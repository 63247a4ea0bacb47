import type { Clients, Reply } from './clients.ts';
import type { CloudControl } from './cloud-control.ts';
import type { History } from './history.ts';
import type { Lane } from './lane.ts';

/** A lane that is played on. */
export interface Scene {
  readonly lane: Lane;
  readonly cloud: CloudControl;
}

/** A history under way. */
export interface Course extends Scene {
  readonly history: History;
  readonly clients: Clients;
  /** Kinds of faults that met something. */
  readonly met: Set<string>;
  /** Processes and instances that were killed. */
  readonly kills: { count: number };
  /** What went wrong although nothing disturbed it. */
  readonly complaints: string[];
  /** For a reader. */
  note(what: string): void;
}

export type MaintenanceFunction = 'recoverFromBackup' | 'fixUserConsistency';

const TIMER = { Type: 'Timer', TriggerName: 'chaos', Message: '' };

/** Runs a maintenance function as its timer does. */
export async function maintain({ cloud, note }: Course, name: MaintenanceFunction): Promise<Reply> {
  const reply = await cloud.send(name, TIMER);
  note(`${name}: ${reply ? JSON.stringify(reply).slice(0, 160) : 'no answer'}`);
  return reply;
}
