import { CommandFailure, exitCodes } from '../exit-codes.ts';

/** Asks the local cloud, and fails with its own words where it refuses. */
export async function request(address: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(address, init);
  if (response.ok) return response;
  throw new CommandFailure(exitCodes.failed, `the local cloud refused ${address}: ${await response.text()}`);
}
