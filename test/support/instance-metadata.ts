/**
 * The metadata service of a cloud instance (IMDSv2), as far as credentials of its role go: a token for a session, the
 * role's name, and keys that expire.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { S3Credentials } from './s3/index.ts';

export interface RoleCredentials extends S3Credentials {
  readonly sessionToken: string;
  readonly expiresAtMs: number;
}

const ROLE = 'trainer';
const SESSION = 'session-of-the-instance';
const CREDENTIALS_PATH = '/latest/meta-data/iam/security-credentials/';

export class InstanceMetadata implements AsyncDisposable {
  /** Which credentials the role has; may be changed at any time. */
  role: RoleCredentials;
  /** It refuses everything. */
  isAway = false;
  /** How often credentials were handed out. */
  given = 0;
  readonly #http: Server;

  static async start(role: RoleCredentials): Promise<InstanceMetadata> {
    const service = new InstanceMetadata(role);
    service.#http.listen(0, '127.0.0.1');
    await once(service.#http, 'listening');
    return service;
  }

  /** Not for callers: see the static method. */
  constructor(role: RoleCredentials) {
    this.role = role;
    this.#http = createServer((request, response) => {
      this.#answer(request, response);
    });
  }

  get endpoint(): string {
    return `http://127.0.0.1:${String((this.#http.address() as AddressInfo).port)}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#http.closeAllConnections();
    this.#http.close();
    await once(this.#http, 'close');
  }

  #answer({ method, url, headers }: IncomingMessage, response: ServerResponse): void {
    const asked = `${String(method)} ${String(url)}`;
    if (this.isAway) response.writeHead(503).end();
    else if (asked === 'PUT /latest/api/token') response.end(SESSION);
    else if (headers['x-aws-ec2-metadata-token'] !== SESSION) response.writeHead(401).end();
    else if (asked === `GET ${CREDENTIALS_PATH}`) response.end(ROLE);
    else if (asked === `GET ${CREDENTIALS_PATH}${ROLE}`) response.end(this.#credentials());
    else response.writeHead(404).end();
  }

  #credentials(): string {
    this.given += 1;
    const { accessKeyId, secretAccessKey, sessionToken, expiresAtMs } = this.role;
    return JSON.stringify({
      Code: 'Success',
      Type: 'AWS-HMAC',
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      Token: sessionToken,
      Expiration: new Date(expiresAtMs).toISOString(),
    });
  }
}
