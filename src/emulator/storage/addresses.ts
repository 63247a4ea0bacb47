import { createHmac } from 'node:crypto';
import { invalidParam } from '../cloud-error.ts';

const MAX_PATH_BYTES = 850;

/** Refuses paths that cloud storage does not take. */
export function assertCloudPath(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes === 0 || bytes > MAX_PATH_BYTES) {
    throw invalidParam(`cloudPath must have 1 to ${MAX_PATH_BYTES} bytes, this one has ${bytes}`);
  }
  if (path.startsWith('/') || path.includes('//') || path.split('/').some((part) => part === '.' || part === '..')) {
    throw invalidParam('cloudPath must not start with "/" and must not contain "//", "." or ".." as a folder');
  }
}

/** The two ways to name a stored file, and the signatures that open its addresses. */
export interface Addresses {
  fileId(path: string): string;
  /** The path in a file id of this environment, or undefined for anything else. */
  pathOf(fileId: string): string | undefined;
  sign(purpose: 'put' | 'get', text: string): string;
}

/** Addresses of environment `envId`, signed with `secret`. */
export function createAddresses(envId: string, secret: string): Addresses {
  const prefix = `cloud://${envId}.emu/`;
  return {
    fileId: (path) => prefix + path,
    pathOf(fileId) {
      // Another bucket's name is accepted, as long as it is this environment's.
      const match = /^cloud:\/\/([^./]+)(?:\.[^/]*)?\/(.+)$/s.exec(fileId);
      return match?.[1] === envId ? match[2] : undefined;
    },
    sign: (purpose, text) => createHmac('sha256', secret).update(`${purpose}\n${text}`).digest('hex').slice(0, 40),
  };
}
