/** Alerts to group robots of WeCom, Feishu and DingTalk: grouped, limited, told once, and told when it is over. */
export { createNotifier, type Notifier, type NotifierOptions, type NotifyReport } from './notifier.ts';
export { readChannel, type Channel } from './channel.ts';
export type { Alert } from './alert.ts';
export type { Language } from './texts.ts';
