/** The HTTP server. */
export { BODY_LIMITS, readBody, readJson } from './body.ts';
export { asRefusal, bodyOf, emptyReply, jsonReply, linesReply, send, type Exchange, type Reply } from './exchange.ts';
export { HttpRefusal } from './refusal.ts';
export { startServer, type HttpServer, type Route } from './server.ts';
