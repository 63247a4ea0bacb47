/** The addresses of the local cloud. */
export { createControlRoutes } from './control-routes.ts';
export { createDatabaseActions } from './database-actions.ts';
export { createFileRoutes } from './file-routes.ts';
export { createFunctionActions } from './function-actions.ts';
export { createGateway } from './gateway.ts';
export { createHttpAccessRoutes } from './http-access.ts';
export { createInvokeRoute } from './invoke-route.ts';
export { createRequestJournal } from './request-journal.ts';
export { createStorageActions, type StorageParts } from './storage-actions.ts';
export { createTimerRoutes } from './timer-routes.ts';
