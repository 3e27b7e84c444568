import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { BEARER_TOKEN, TOKEN_CHARACTERS } from '../contract/text.ts';
import type { Wrangler } from './lib/wrangler.ts';

/** The secret of each kind of token. Both workers have both. */
export const TOKEN_SECRETS = { client: 'API_TOKENS', runner: 'RUNNER_TOKENS' } as const;
export type TokenKind = keyof typeof TOKEN_SECRETS;

/** In a list of tokens, the word that stands for a new token. */
const NEW = 'new';

const Secrets = z.array(z.object({ name: z.string() }));

/** Creates a token for each secret that neither worker has, and shows it once: it cannot be read again. */
export function ensureTokens(wrangler: Wrangler, configs: readonly string[]): void {
  const present = configs.map((config) => {
    const list = wrangler.read(['secret', 'list', '--format', 'json', '--config', config]);
    return new Set(Secrets.parse(JSON.parse(list)).map(({ name }) => name));
  });
  const missing = Object.values(TOKEN_SECRETS).filter((name) => present.every((names) => !names.has(name)));
  if (missing.length > 0) {
    const tokens = Object.fromEntries(missing.map((name) => [name, newToken()]));
    putSecrets(wrangler, configs, tokens);
    console.log('\nThe tokens of this deployment. They are shown only once, so keep them:');
    for (const [name, token] of Object.entries(tokens)) console.log(`  ${name}=${token}`);
  }
  for (const kind of ['client', 'runner'] as const) {
    const name = TOKEN_SECRETS[kind];
    const having = present.filter((names) => names.has(name)).length;
    if (having === 0 || having === configs.length) continue;
    console.warn(
      `Only one worker has the secret ${name}: set it on both with \`npm run deploy -- --set-tokens ${kind}\`.`,
    );
  }
}

/**
 * Sets all tokens of a kind on both workers.
 *
 * @param list - tokens separated by commas. The word `new` creates a token, which is shown once.
 * @throws {Error} if the list has no token, or one that the workers never accept. Nothing is changed in that case.
 */
export function setTokens(
  wrangler: Wrangler,
  configs: readonly string[],
  kind: TokenKind,
  list: string,
): void {
  const given = list.split(',').map((token) => token.trim());
  if (given.some((token) => !BEARER_TOKEN.test(token))) {
    throw new Error(
      `Expected tokens separated by commas, or \`${NEW}\`. A token has only ${TOKEN_CHARACTERS}. Nothing was changed`,
    );
  }
  const tokens = [...new Set(given)].map((token) => (token === NEW ? newToken() : token));
  const name = TOKEN_SECRETS[kind];
  putSecrets(wrangler, configs, { [name]: tokens.join(',') });
  console.log(
    `\n${name} has ${tokens.length === 1 ? 'one token' : `${tokens.length} tokens`} on both workers.`,
  );
  for (const token of tokens.filter((token) => !given.includes(token))) {
    console.log(`The new token. It is shown only once, so keep it:\n  ${token}`);
  }
}

function putSecrets(
  wrangler: Wrangler,
  configs: readonly string[],
  secrets: Readonly<Record<string, string>>,
): void {
  for (const config of configs) {
    wrangler.show(['secret', 'bulk', '--config', config], JSON.stringify(secrets));
  }
}

function newToken(): string {
  return randomBytes(32).toString('base64url');
}
