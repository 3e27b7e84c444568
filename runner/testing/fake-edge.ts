import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { ReportRequest } from '../../edge/contract/api.ts';
import {
  type Claim,
  ClaimRequest,
  HeartbeatRequest,
  ReleaseRequest,
  WAKE_MESSAGE,
} from '../../edge/contract/buffer.ts';
import { FakeLedger } from './fake-ledger.ts';

/** A fault in the answer to a call. */
export type Fault =
  /** Answers with this status and does no work. */
  | { readonly status: number; readonly body?: string; readonly location?: string }
  /** Drops the connection before or after the work. */
  | { readonly drop: 'before' | 'after' }
  /** Does the work. Answers when this promise resolves, or when the edge recovers. */
  | { readonly hold: Promise<unknown> }
  /** Does the work. Sends the answer as slowly as a link of this speed. */
  | { readonly bytesPerSecond: number };

/** A call that the edge has received. `answered` becomes true when the edge sends the answer. */
export interface Call {
  readonly worker: 'queue' | 'api';
  readonly path: string;
  readonly text: string;
  readonly at: number;
  readonly authorization: string | undefined;
  answered: boolean;
}

/** Both workers on loopback with a {@link FakeLedger}. They validate requests against the contract. */
export class FakeEdge {
  readonly ledger = new FakeLedger();
  readonly calls: Call[] = [];
  #faults = new Map<string, Fault[]>();
  #lasting = new Map<string, Fault>();
  #servers: Server[] = [];
  #recovered = Promise.withResolvers<void>();
  #link: Promise<void> = Promise.resolve();
  #underWay = new Map<string, number>();
  readonly #mostAtOnce = new Map<string, number>();
  /** The wake sockets. The edge refuses them until {@link acceptWakes} is called. */
  #wakes: WebSocketServer | undefined;
  queueUrl = '';
  apiUrl = '';
  /** The pause that answers to claims and reports request. */
  spaceMs: number | undefined;
  /** Behaves like the edge of version 0.1.0, which has neither read-ahead nor the release of a lease. */
  isOld = false;

  /** Starts both workers. They stop when the test ends. */
  static async start(test: TestContext): Promise<FakeEdge> {
    const edge = await FakeEdge.open();
    test.after(() => edge.close());
    return edge;
  }

  /** Starts both workers. {@link close} stops them. */
  static async open(): Promise<FakeEdge> {
    const edge = new FakeEdge();
    edge.queueUrl = await edge.#listen('queue');
    edge.apiUrl = await edge.#listen('api');
    return edge;
  }

  /** Makes the next calls to a path fail, one call per fault. */
  fail(path: string, ...faults: Fault[]): void {
    this.#faults.set(path, [...(this.#faults.get(path) ?? []), ...faults]);
  }

  /** Makes every call to a path fail until {@link recover}. */
  failAlways(path: string, fault: Fault): void {
    this.#lasting.set(path, fault);
  }

  recover(): void {
    this.#lasting.clear();
    this.#faults.clear();
    this.#recovered.resolve();
    this.#recovered = Promise.withResolvers();
  }

  /** Accepts wake sockets from now on. */
  acceptWakes(): void {
    const wakes = new WebSocketServer({ noServer: true });
    this.#wakes = wakes;
    this.#servers[0]?.on('upgrade', (request, socket, head) => {
      wakes.handleUpgrade(request, socket, head, (client) => wakes.emit('connection', client, request));
    });
  }

  get wakeSockets(): WebSocket[] {
    return [...(this.#wakes?.clients ?? [])];
  }

  /** Notifies every runner with a wake socket that work is ready. */
  wake(): void {
    for (const socket of this.wakeSockets) socket.send(WAKE_MESSAGE);
  }

  /** The highest number of calls to a path that were under way at the same time. */
  mostAtOnce(path: string): number {
    return this.#mostAtOnce.get(path) ?? 0;
  }

  callsTo(path: string): Call[] {
    return this.calls.filter((call) => call.path === path);
  }

  get claims(): ClaimRequest[] {
    return this.callsTo('/tasks/claim').map((call) => ClaimRequest.parse(JSON.parse(call.text)));
  }

  get heartbeats(): z.output<typeof HeartbeatRequest>[] {
    return this.callsTo('/tasks/heartbeat').map((call) => HeartbeatRequest.parse(JSON.parse(call.text)));
  }

  get releases(): ReleaseRequest[] {
    return this.callsTo('/tasks/release').map((call) => ReleaseRequest.parse(JSON.parse(call.text)));
  }

  get reports(): z.output<typeof ReportRequest>[] {
    return this.callsTo('/tasks/complete').map((call) => ReportRequest.parse(JSON.parse(call.text)));
  }

  async close(): Promise<void> {
    for (const socket of this.wakeSockets) socket.terminate();
    await Promise.all(
      this.#servers.map((server) => {
        server.closeAllConnections();
        return new Promise((resolve) => server.close(resolve));
      }),
    );
  }

  async #listen(worker: Call['worker']): Promise<string> {
    const server = createServer((request, response) => void this.#serve(worker, request, response));
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('Expected a port');
    return `http://127.0.0.1:${address.port}`;
  }

  async #serve(worker: Call['worker'], request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    const { authorization } = request.headers;
    const body = await text(request);
    const call: Call = { worker, path, text: body, at: performance.now(), authorization, answered: false };
    this.calls.push(call);
    this.#count(path, 1);
    response.on('close', () => this.#count(path, -1));

    const fault = this.#faults.get(path)?.shift() ?? this.#lasting.get(path);
    if (fault && 'drop' in fault && fault.drop === 'before') return void request.socket.destroy();
    if (fault && 'status' in fault) {
      const internal = JSON.stringify({ error: 'Something broke', code: 'internal' });
      if (fault.location) response.setHeader('location', fault.location);
      return void response.writeHead(fault.status).end(fault.body ?? internal);
    }
    const answer = this.#answer(worker, path, body);
    if (fault && 'drop' in fault) return void request.socket.destroy();
    if (fault && 'hold' in fault) await Promise.race([fault.hold, this.#recovered.promise]);
    const json = JSON.stringify(answer.body);
    if (fault && 'bytesPerSecond' in fault) await this.#transfer(json, fault.bytesPerSecond, response);
    call.answered = !response.destroyed;
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(json);
  }

  /** Waits as long as a slow link takes for one answer at a time. Stops if the reader disconnects. */
  async #transfer(json: string, bytesPerSecond: number, response: ServerResponse): Promise<void> {
    const before = this.#link;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#link = promise;
    await before;
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    if (!response.destroyed) {
      const ms = (Buffer.byteLength(json) / bytesPerSecond) * 1000;
      await sleep(ms, undefined, { signal: gone.signal }).catch(() => {});
    }
    resolve();
  }

  #count(path: string, change: 1 | -1): void {
    const underWay = (this.#underWay.get(path) ?? 0) + change;
    this.#underWay.set(path, underWay);
    this.#mostAtOnce.set(path, Math.max(underWay, this.mostAtOnce(path)));
  }

  #claim(request: ClaimRequest): Partial<Claim> {
    const { tasks, next, ...answer } = this.ledger.claim(request);
    if (!this.isOld) return { tasks, ...answer, next, ...this.#space() };
    return { tasks: tasks.map(({ priority, ...task }) => task), ...answer };
  }

  #space(): { spaceMs?: number } {
    return this.spaceMs === undefined ? {} : { spaceMs: this.spaceMs };
  }

  #answer(worker: Call['worker'], path: string, text: string): { status: number; body: unknown } {
    const { ledger } = this;
    switch (`${worker} ${path}`) {
      case 'queue /health':
        return health('queue-buffer-v2');
      case 'api /health':
        return health('task-api-v2');
      case 'queue /tasks/claim':
        return checked(this.isOld ? OldClaimRequest : ClaimRequest, text, (request) => this.#claim(request));
      case 'queue /tasks/heartbeat':
        return checked(this.isOld ? OldHeartbeatRequest : HeartbeatRequest, text, (request) =>
          ledger.heartbeat(request),
        );
      case 'queue /tasks/release':
        return checked(this.isOld ? OldReleaseRequest : ReleaseRequest, text, (request) =>
          ledger.release(request),
        );
      case 'api /tasks/complete':
        return checked(ReportRequest, text, (request) => ({ ...ledger.complete(request), ...this.#space() }));
      default:
        return { status: 404, body: { error: 'No such route', code: 'not_found' } };
    }
  }
}

/** The requests of version 0.1.0. It drops unknown fields, and each task that it grants has started. */
const OldClaimRequest = z.object({
  ...ClaimRequest.shape,
  wants: z.array(z.object({ types: z.array(z.string()).min(1), limit: z.int().min(1).max(1000) })),
});
const OldHeartbeatRequest = z.object({
  leases: z.array(HeartbeatRequest.shape.leases.element.omit({ started: true })),
});
const OldReleaseRequest = ReleaseRequest.required();

function health(service: string) {
  return { status: 200, body: { status: 'healthy', timestamp: new Date().toISOString(), service } };
}

function checked<Schema extends z.ZodType>(
  schema: Schema,
  text: string,
  answer: (request: z.output<Schema>) => unknown,
): { status: number; body: unknown } {
  const request = schema.safeParse(JSON.parse(text));
  if (request.success) return { status: 200, body: answer(request.data) };
  return { status: 400, body: { error: request.error.message, code: 'invalid_request' } };
}
