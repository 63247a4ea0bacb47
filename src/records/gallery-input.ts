/** What a mini program sends to look at what was made. */
import { either, readFields, text, type Field, type Fields } from './fields.ts';

export interface HistoryInput {
  /** From 1 to 1,000. */
  readonly page: number;
  /** From 1 to 50. */
  readonly pageSize: number;
  /** The `nextCursor` of an earlier answer. */
  readonly cursor?: string | undefined;
}

export interface WorkInput {
  readonly workId: string;
}

const whole = (name: string, most: number, otherwise: number): Field<number> =>
  either(
    {
      read: (value) =>
        Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most ? { value: Number(value) } : undefined,
      rule: `${name} 应为 1–${most} 的整数`,
    },
    otherwise,
  );

const historyFields: Fields<HistoryInput> = {
  page: whole('page', 1_000, 1),
  pageSize: whole('pageSize', 50, 10),
  cursor: either(
    text((cursor) => /^\d{1,15}-[\w-]{1,150}$/.test(cursor), 'cursor 无效，请使用上一页返回的 nextCursor'),
    undefined,
  ),
};

const workFields: Fields<WorkInput> = { workId: text((id) => /^[\w-]{1,64}$/.test(id), 'workId 无效') };

/** The data of `getHistory`. Throws `INPUT_INVALID` naming the field. */
export const parseHistory = (data: unknown): HistoryInput => readFields(historyFields, data);
/** The data of `deleteWork`. Throws `INPUT_INVALID` naming the field. */
export const parseWorkId = (data: unknown): WorkInput => readFields(workFields, data);
