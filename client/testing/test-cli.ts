import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SingleClaim } from '../../edge/contract/buffer.ts';
import type { TestEdge } from '../../edge/testing/harness.ts';
import { openEdge } from '../../edge/testing/shared-edges.ts';
import type { CliRun } from './cli-run.ts';
import { type CliOptions, type CommandHost, runCli, startCommandHost } from './run-cli.ts';

/** Some tests start separate processes. This many at once keep the machine busy. */
export const TOGETHER = { concurrency: 3 };

/** The id of a task, as a command prints it. */
export const ID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;

let open: TestCli | undefined;
/** The command line for {@link openEdge}. The test files of a process share it. Call this outside of any suite. */
export function openCli(): TestCli {
  if (open) return open;
  const cli = new TestCli(openEdge());
  before(() => cli.start());
  after(() => cli.close());
  open = cli;
  return cli;
}

/** Runs commands against an edge. */
export class TestCli {
  readonly #edge: TestEdge;
  #host: CommandHost | undefined;
  #url = '';
  #folder = '';

  constructor(edge: TestEdge) {
    this.#edge = edge;
  }

  async start(): Promise<void> {
    [this.#url, this.#host] = await Promise.all([this.#edge.listen(), startCommandHost()]);
    this.#folder = await mkdtemp(join(tmpdir(), 'task-queue-cli-'));
  }

  async close(): Promise<void> {
    this.#host?.close();
    await rm(this.#folder, { recursive: true });
  }

  /** Runs a command. If an option concerns the process, it runs in a separate process. */
  run(args: readonly string[], { env, ...options }: CliOptions = {}): Promise<CliRun> {
    const settings = { API_WORKER_URL: this.#url, ...env };
    if (Object.keys(options).length > 0) return runCli(args, { ...options, env: settings });
    assert.ok(this.#host, 'The command line has not started');
    return this.#host.run(args, settings);
  }

  /** Runs a command that must succeed, and resolves to its output. */
  async done(args: readonly string[], options?: CliOptions): Promise<string> {
    const { ended, stdout, stderr } = await this.run(args, options);
    assert.equal(ended, 0, `${args.join(' ')}: ${stderr}`);
    return stdout.trimEnd();
  }

  /** Runs a command that must fail with a sentence and without a stack trace, and resolves to its output. */
  async fails(args: readonly string[], sentence: RegExp, options?: CliOptions): Promise<string> {
    const { ended, stdout, stderr } = await this.run(args, options);
    assert.equal(ended, 1, `${args.join(' ')}: ${stdout}${stderr}`);
    assert.match(stderr, sentence);
    assert.doesNotMatch(stderr, /^\s+at /m);
    return stdout;
  }

  /** Adds one test for each command that must be refused. */
  refuses(refusals: readonly (readonly [readonly string[], RegExp])[]): void {
    for (const [args, sentence] of refusals) {
      test(`${args.join(' ')} is refused with an explanation`, async () => {
        assert.equal(await this.fails(args, sentence), '');
      });
    }
  }

  /** Ends the ready task of a type as a consumer of single tasks does. */
  async end(type: string, outcome: { success: boolean; result?: unknown; error?: unknown }): Promise<void> {
    const [id] = await this.#edge.ready(type, 1);
    await this.#edge.buffer.read(`/tasks/${id}/claim`, SingleClaim, {});
    assert.equal((await this.#edge.api.post(`/tasks/${id}/complete`, outcome)).status, 200);
  }

  /** Writes a file for a command to read, and resolves to its path. */
  async file(name: string, content: string): Promise<string> {
    const path = join(this.#folder, name);
    await writeFile(path, content);
    return path;
  }
}

/** The values of an output that has one JSON value per line. */
export function lines(output: string): unknown[] {
  return output.split('\n').map((line) => JSON.parse(line));
}
