/** The HTTP API of a master: JSON over HTTP, an OpenAPI document, hooks for schedulers. */
export { startHttpApi } from './server.ts';
export type { HttpApi, HttpApiOptions } from './server.ts';
