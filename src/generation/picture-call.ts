import { canonicalJson, DurableError, recordId, type Deadline, type Hash } from '../core/index.ts';
import type { OnceRequest } from '../once/index.ts';
import type { GenerateInput } from '../records/index.ts';
import type { Moderate } from './moderation.ts';
import { payForPicture, type OrderDeps } from './pay.ts';
import type { Draft } from './picture-kind.ts';
import { enhancedPromptOf, writtenIn, type Wish } from './prompt.ts';
import type { Provider } from './providers/index.ts';
import { planAgain, planTerms, refusalOf } from './quota.ts';
import { findPerson, register, type Person, type UserDeps } from './users.ts';

/** Who asks (from the platform's context alone), and until when. */
export interface Visit {
  readonly openid: string;
  readonly deadline: Deadline;
}

export interface PictureCallDeps extends OrderDeps {
  readonly hash: Hash;
  readonly users: UserDeps;
  readonly moderate?: Moderate | undefined;
}

export interface Order {
  readonly visit: Visit;
  readonly input: GenerateInput & { readonly requestId: string };
  readonly provider: Provider;
  readonly nowMs: number;
}

/** One picture as a costly call: what it is named by, who pays, under which conditions, and how it is made. */
export function createPictureCall(deps: PictureCallDeps, { visit, input, provider, nowMs }: Order): OnceRequest {
  const { hash, users } = deps;
  const { requestId, prompt, character, style, emotion, mode, retryUnknown } = input;
  const wish: Wish = { prompt, character, style, emotion, mode };
  const draft: Draft = { ...wish, requestId, provider: provider.name };
  let person: Person | undefined;
  return {
    id: recordId(hash, visit.openid, requestId),
    hash: hash.sha256(canonicalJson(wish)).slice(0, 32),
    retryUnknown,
    draft: { ...draft },
    account: async (call) => (person = await findPerson(users, visit.openid, { ...call, nowMs })).document,
    terms: async (account) => {
      // An obvious refusal costs no check; but somebody new is registered whatever follows.
      if (person?.isRegistered) planTerms(account, nowMs);
      await admit(deps, visit, wish);
      if (person && !person.isRegistered) await register(users, person, visit.deadline);
      return planTerms(account, nowMs);
    },
    again: (account) => planAgain(account, nowMs),
    refusal: (account) => refusalOf(account, nowMs),
    pay: (context) => payForPicture(deps, provider, { context, prompt: enhancedPromptOf(wish) }),
  };
}

// Asked only where a picture would be ordered: an answer that is there already costs no check.
async function admit({ moderate }: PictureCallDeps, visit: Visit, wish: Wish): Promise<void> {
  if ((await moderate?.(writtenIn(wish), visit)) !== 'reject') return;
  throw new DurableError('PROMPT_REJECTED', 'the content check refused the prompt; nothing was taken');
}
