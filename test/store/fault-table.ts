import type { FaultRule } from '../../src/emulator/index.ts';
import type { Problem } from '../../src/store/cloudbase/index.ts';

/** What wx-server-sdk 4.0.2 throws: its `errCode`, its `code` where it has one, and how its text goes on after `<api>:fail `. */
export type Seen = readonly [errCode: number, text: string, code?: string | number];

/** One fault of the local cloud, and what a statement that met it sees. */
export interface FaultCase {
  readonly fault: FaultRule;
  /** Thrown by add, get and update, which know the server's refusals by number … */
  readonly numbered: Seen;
  /** … and by aggregate and createCollection, which know them by name. */
  readonly named: Seen;
  readonly problem: Problem;
  /** Whether an insert that met the fault is stored. */
  readonly isStored: boolean;
}

const SYSTEM = '-501001 resource system error.';
const HTML = "Unexpected token '<'";

const broken = (inject: 'reset-before' | 'reset-after', isStored: boolean): FaultCase => ({
  fault: { inject },
  numbered: [-501001, `${SYSTEM} read ECONNRESET`],
  named: [-1, 'read ECONNRESET', 'ECONNRESET'],
  problem: 'ambiguous',
  isStored,
});

const status = (number: number, text: string, problem: Problem): FaultCase => ({
  fault: { inject: 'status', status: number },
  numbered: [-501001, `${SYSTEM} ${number} ${text} | [http`],
  named: [-1, `${number} ${text} | [http`, number],
  problem,
  isStored: false,
});

const garbled = (fault: FaultRule, texts: readonly [numbered: string, named: string], isStored = false): FaultCase => ({
  fault,
  numbered: [-1, texts[0]],
  named: [-1, texts[1]],
  problem: 'ambiguous',
  isStored,
});

const refusal = (code: string, message: string, numbered: Seen, problem: Problem): FaultCase => ({
  fault: { inject: 'error', code, message },
  numbered: [numbered[0], `${numbered[1]} ${message}`],
  named: [-1, message, code],
  problem,
  isStored: false,
});

/** Every fault that the local cloud can inject into a database request, in the order of the protocol's fault table. */
export const FAULT_CASES: readonly FaultCase[] = [
  {
    fault: { inject: 'refused' },
    numbered: [-501001, `${SYSTEM} connect ECONNREFUSED 127.0.0.1:1`],
    named: [-1, 'connect ECONNREFUSED 127.0.0.1:1', 'SYS_ERR'],
    problem: 'transient',
    isStored: false,
  },
  broken('reset-before', false),
  broken('reset-after', true),
  {
    fault: { inject: 'cut' },
    numbered: [-501001, `${SYSTEM} aborted`],
    named: [-1, 'aborted', 'ECONNRESET'],
    problem: 'ambiguous',
    isStored: true,
  },

  status(400, 'Bad Request', 'permanent'),
  status(401, 'Unauthorized', 'auth'),
  status(403, 'Forbidden', 'auth'),
  status(404, 'Not Found', 'permanent'),
  status(413, 'Payload Too Large', 'too-large'),
  status(429, 'Too Many Requests', 'throttled'),
  status(500, 'Internal Server Error', 'ambiguous'),
  status(502, 'Bad Gateway', 'ambiguous'),
  status(503, 'Service Unavailable', 'ambiguous'),
  status(504, 'Gateway Timeout', 'ambiguous'),
  { ...status(500, 'Internal Server Error', 'ambiguous'), fault: { inject: 'status', status: 500, body: 'empty' } },

  // A page of a gateway hides even the status: it may be any.
  garbled({ inject: 'status', status: 502, body: 'html' }, [HTML, HTML]),
  garbled({ inject: 'status', status: 404, body: 'html' }, [HTML, HTML]),
  garbled({ inject: 'status', status: 200, body: 'html' }, [HTML, HTML]),
  garbled({ inject: 'status', status: 503, body: 'text' }, ['Unexpected non-whitespace', 'Unexpected non-whitespace']),
  garbled({ inject: 'status', status: 200, body: 'empty' }, ['Cannot read properties', 'Cannot read properties']),
  garbled({ inject: 'status-after', status: 502, body: 'html' }, [HTML, HTML], true),
  garbled(
    { inject: 'status-after', status: 200, body: 'empty' },
    ['Cannot read properties', 'Cannot read properties'],
    true,
  ),

  refusal('SYS_ERR', 'internal', [-501001, SYSTEM], 'ambiguous'),
  refusal('SERVER_TIMEOUT', 'slow', [-501002, '-501002 resource server timeout.'], 'ambiguous'),
  refusal('EXCEED_REQUEST_LIMIT', 'used up', [-501003, '-501003 exceed request limit.'], 'quota'),
  refusal(
    'EXCEED_CONCURRENT_REQUEST_LIMIT',
    'busy',
    [-501004, '-501004 exceed concurrent request limit.'],
    'throttled',
  ),
  refusal('INVALIID_ENV', 'no such env', [-501005, '-501005 invalid env.'], 'permanent'),
  refusal('INVALID_COMMON_PARAM', 'wrong', [-501006, '-501006 invalid common parameters.'], 'permanent'),
  refusal('INVALID_PARAM', 'wrong', [-501007, '-501007 invalid parameters.'], 'permanent'),
  refusal('INVALID_REQUEST_SOURCE', 'who', [-501008, '-501008 invalid request source.'], 'permanent'),
  refusal('RESOURCE_NOT_INITIAL', 'not yet', [-501009, '-501009 resource not initialized.'], 'permanent'),
  refusal('DATABASE_REQUEST_FAILED', 'bad operator', [-502001, '-502001 database request fail.'], 'permanent'),
  refusal(
    'DATABASE_REQUEST_FAILED',
    '[FailedOperation.Timeout] Execution request timeout',
    [-502001, '-502001 database request fail.'],
    'ambiguous',
  ),
  refusal(
    'DATABASE_REQUEST_FAILED',
    'operation exceeded time limit',
    [-502001, '-502001 database request fail.'],
    'ambiguous',
  ),
  refusal('DATABASE_INVALID_OPERRATOR', 'bad', [-502002, '-502002 database invalid command.'], 'permanent'),
  refusal('DATABASE_PERMISSION_DENIED', 'no', [-502003, '-502003 database permission denied.'], 'auth'),
  refusal(
    'DATABASE_COLLECTION_EXCEED_LIMIT',
    '400',
    [-502004, '-502004 database exceed collection limit.'],
    'permanent',
  ),

  // Names without a number of their own: for add, get and update only the message is left of them.
  refusal('EXCEED_RATELIMIT', '[EXCEED_RATELIMIT] slow down', [-501001, SYSTEM], 'throttled'),
  refusal('DATABASE_TIMEOUT', '[DATABASE_TIMEOUT] slow', [-501001, SYSTEM], 'ambiguous'),
  refusal('SIGN_EXPIRED', '[SIGN_EXPIRED] check the clock', [-501001, SYSTEM], 'auth'),
  refusal('INVALID_ENV', '[INVALID_ENV] not found', [-501001, SYSTEM], 'permanent'),
  refusal(
    'DATABASE_TRANSACTION_CONFLICT',
    '[ResourceUnavailable.TransactionBusy] Transaction is busy',
    [-501001, SYSTEM],
    'conflict',
  ),
  refusal('-602001', 'database query result size exceed limit (1MB)', [-501001, SYSTEM], 'too-large'),
  refusal('EXCEED_REQUEST_SIZE_LIMIT', '[EXCEED_REQUEST_SIZE_LIMIT] 5 MB', [-501001, SYSTEM], 'too-large'),
];
