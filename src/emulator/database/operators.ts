import { Context } from 'mingo/core';
import * as accumulator from 'mingo/operators/accumulator';
import * as expression from 'mingo/operators/expression';
import * as pipeline from 'mingo/operators/pipeline';
import * as projection from 'mingo/operators/projection';
import * as query from 'mingo/operators/query';
import * as window from 'mingo/operators/window';
import type { Options } from 'mingo/types';
import { CloudError, requestFailed } from '../cloud-error.ts';

// Stages that write have no place behind a read action, as on the platform.
const { $merge: _merge, $out: _out, ...reading } = pipeline;

const context = Context.init({ accumulator, expression, pipeline: reading, projection, query, window });

/** What every filter and pipeline runs with: all reading operators, and no scripts sent by a client. */
export const ENGINE_OPTIONS: Partial<Options> = { context, scriptEnabled: false };

/** Runs a step of the query engine; what the engine objects to becomes a refusal of the request. */
export function refusing<T>(step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (error instanceof CloudError) throw error;
    throw requestFailed(`[FailedOperation] ${error instanceof Error ? error.message : String(error)}`);
  }
}
