/**
 * How a command ends, for scripts and cron: the numbers are those of the CloudBase CLI, plus our own from 10.
 * They are never renumbered.
 */
export const exitCodes = {
  ok: 0,
  failed: 1,
  denied: 2,
  usage: 3,
  notFound: 4,
  cloud: 5,
  file: 6,
  problemsFound: 10,
  locked: 11,
  partial: 12,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** An end of the command that is not success, with the sentence that tells a person why. */
export class CommandFailure extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CommandFailure';
    this.exitCode = exitCode;
  }
}
